"""A system that has no threads to give costs no event and no settings."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.outbox import Outbox
from tests.fakes import FakeSink, new_event, profile, render_text
from tests.servers import SLACK_S

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("given", [0, 1])
def test_a_worker_goes_on_with_the_threads_that_there_are_and_gets_the_rest_later(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    given: int,
) -> None:
    start = threading.Thread.start
    left = [given]

    def scarce(thread: threading.Thread) -> None:
        if thread.name.startswith("delivery"):
            if not left[0]:
                raise RuntimeError("can't start new thread")
            left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    outbox = Outbox(OutboxSettings(path=tmp_path / "outbox"), clock=SYSTEM_CLOCK)
    sinks = [FakeSink() for _ in range(3)]
    more = iter(sinks[1:])
    worker = DeliveryWorker(
        profile(window=3),
        outbox,
        sinks[0],
        render_text,
        clock=SYSTEM_CLOCK,
        more_sinks=more.__next__,
    )
    outbox.put([new_event(1)])
    worker.start()
    worker.start()  # once is enough
    assert "no thread to deliver with" in caplog.text
    assert worker.wait_until_idle(SLACK_S if given else 0.0) is bool(given)
    left[0] = 3 - given
    outbox.put([new_event(2)])
    assert worker.wait_until_idle(SLACK_S)
    assert left[0] == 0
    worker.stop()
    assert worker.ended
    outbox.close()
    assert sorted(packet for sink in sinks for packet in sink.packets()) == [1, 2]
    assert [sink.closed for sink in sinks] == [True] * 3


def test_a_worker_that_never_got_a_thread_ends_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    outbox = Outbox(OutboxSettings(path=tmp_path / "outbox"), clock=SYSTEM_CLOCK)
    sink = FakeSink()
    worker = DeliveryWorker(profile(), outbox, sink, render_text, clock=SYSTEM_CLOCK)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        worker.start()
        worker.stop()
    outbox.close()
    assert sink.closed
