"""Finding and reaching an address: a dead one, a slow name server, and none of them for longer than the try."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.model import Device
from cammra_edge.profile import HttpPost, Profile, Timeouts
from cammra_edge.sinks import dial, names, open_sink
from cammra_edge.sinks.base import TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.trial import trial
from tests.servers import LOOPBACK, PATIENT, SLACK_S, Scripted, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = Timeouts(connect_s=0.5, total_s=1)


@pytest.fixture
def deaf_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that says nothing until the test is over."""
    over = threading.Event()
    real = socket.getaddrinfo

    def wait_for_it(host: str, port: int, *, type: int, flags: int = 0) -> object:  # noqa: A002 - socket's own
        if not flags & socket.AI_NUMERICHOST:
            over.wait()
        return real(host, port, type=type, flags=flags)

    monkeypatch.setattr(socket, "getaddrinfo", wait_for_it)
    yield
    over.set()


@pytest.mark.usefixtures("deaf_resolver")
def test_a_name_server_that_is_silent_holds_nobody_up() -> None:
    profile = Profile("p", HttpPost("http://receiver.invalid/", timeouts=SHORT))
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    began = time.monotonic()
    outcome = sink.send(Body(content=b"{}"), Attempt(event_id="e" * 32, packet=7))
    assert time.monotonic() - began < SHORT.total_s + SLACK_S
    sink.close()
    assert isinstance(outcome, TryLater)
    assert "no name server answered for receiver.invalid" in outcome.why
    told = list(trial(profile, profile_id=1, device=Device(), clock=SYSTEM_CLOCK))
    assert [(step.name, step.state) for step in told[:2]] == [("dns", "running"), ("dns", "failed")]
    assert "no name server" in told[1].detail


@pytest.mark.usefixtures("deaf_resolver")
def test_an_address_needs_no_name_server() -> None:
    assert [entry[4] for entry in names.resolved(LOOPBACK, 7, 0.01)] == [(LOOPBACK, 7)]
    assert [entry[4][:2] for entry in names.resolved("::1", 7, 0.01)] == [("::1", 7)]


def hangs_up(_: socket.socket, __: int, ___: Scripted) -> None:
    """All that it takes to be there."""


def test_a_dead_first_address_costs_only_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(hangs_up) as server:
        two = [
            socket.getaddrinfo(LOOPBACK, port, type=socket.SOCK_STREAM)[0]
            for port in (free_port(), server.port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: two)
        deadline = Deadline(SYSTEM_CLOCK, PATIENT.total_s)
        with dial.dial("two.example", server.port, deadline, PATIENT) as sock:
            assert sock.getpeername() == (LOOPBACK, server.port)
