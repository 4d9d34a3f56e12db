"""The sender of the sign of life, against real sockets."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.delivery import KeepaliveStatus
from cammra_edge.delivery.keepalive import KeepaliveSender
from cammra_edge.model import Device
from cammra_edge.payload.keepalive import Status
from cammra_edge.profile import Keepalive, Timeouts
from cammra_edge.sinks.base import Delivered, TryLater
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering, headers_of

if TYPE_CHECKING:
    import pytest


def sender(
    port: int,
    *,
    period_s: float | None = None,
    enabled: bool = True,
    timeouts: Timeouts = PATIENT,
) -> KeepaliveSender:
    settings = Keepalive(
        f"http://{LOOPBACK}:{port}/alive",
        enabled=enabled,
        auth="basic",
        user="root",
        password="pass",
        device_id="GATE-1",
        timeouts=timeouts,
    )
    return KeepaliveSender(
        settings, Device(), lambda: Status(now_utc_ns=0), period_s=period_s, clock=SYSTEM_CLOCK
    )


def test_one_is_a_post_with_basic_unasked() -> None:
    with Scripted(answering(answer())) as server:
        assert isinstance(sender(server.port).send_one(), Delivered)
    (request,) = server.received
    assert request.startswith(b"POST /alive HTTP/1.1\r\n")
    assert headers_of(request)["authorization"] == "Basic cm9vdDpwYXNz"
    assert json.loads(request.partition(b"\r\n\r\n")[2])["ALPV"]["device_ID"] == "GATE-1"


def test_they_go_at_their_period_and_stopping_does_not_wait() -> None:
    with Scripted(answering(answer())) as server:
        running = sender(server.port, period_s=0.02)
        running.start()
        server.wait_received(3)
        running.stop()
    with Scripted(answering(answer())) as server:
        slow = sender(server.port)
        slow.start()
        server.wait_received(1)
        began = time.monotonic()
        slow.stop()
        assert time.monotonic() - began < 30  # the period is minutes
        assert len(server.received) == 1


def test_a_failed_one_is_told_once_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    with Scripted(answering(answer("503 Busy"))) as server:
        running = sender(server.port, period_s=0.02)
        assert isinstance(running.send_one(), TryLater)
        assert len(server.received) == 1
        running.start()
        server.wait_received(5)
        running.stop()
    assert len([record for record in caplog.records if "keepalive failed" in record.message]) == 1


def test_switched_off_it_sends_nothing() -> None:
    with Scripted(answering(answer())) as server:
        silent = sender(server.port, enabled=False, period_s=0.01)
        silent.start()
        silent.stop()
    assert server.received == []


def test_it_says_how_the_last_one_went_and_when_the_next_one_goes() -> None:
    with Scripted(answering(answer("503 Busy"), answer("503 Busy"), answer())) as server:
        one = sender(server.port)
        assert one.status() == KeepaliveStatus()
        one.send_one()
        one.send_one()
        failing = one.status()
        assert (failing.sent, failing.failed) == (2, 2)
        assert "503" in failing.why
        assert failing.last_utc_ns > 0
        one.send_one()
        well = one.status()
        assert (well.sent, well.failed, well.why) == (3, 0, "")
    with Scripted(answering(answer())) as server:
        running = sender(server.port, period_s=3_000.0)
        running.start()
        while not running.status().next_s:
            time.sleep(0.01)
        assert 0 < running.status().next_s <= 3_000
        running.stop()
