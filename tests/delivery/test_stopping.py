"""Everything that sends is stopped together: tries get one grace, then they are broken off and not settled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.delivery.keepalive import KeepaliveSender
from cammra_edge.delivery.stopping import stop_all
from cammra_edge.model import Device
from cammra_edge.outbox import Outbox
from cammra_edge.phrases import quoted
from cammra_edge.profile import Keepalive, Timeouts
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, Outcome, TryLater
from cammra_edge.sinks.deadline import Deadline
from tests.delivery.test_keepalive import sender
from tests.fakes import FakeSink, new_event, profile, render_text
from tests.servers import SLACK_S, Scripted

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.message import Attempt, Message


class Hanging(FakeSink):
    """Answers once it is broken off, or released."""

    def __init__(self, *answers: Outcome) -> None:
        super().__init__(answers=list(answers))
        self.hangs = threading.Event()
        self.released = threading.Event()

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        self.hangs.set()
        self.released.wait(SLACK_S)
        return super().send(message, attempt)

    def break_off(self) -> None:
        super().break_off()
        self.released.set()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    yield box
    box.close()


def worker_of(outbox: Outbox, sink: FakeSink, name: str = "gate") -> DeliveryWorker:
    return DeliveryWorker(profile(name), outbox, sink, render_text, clock=SYSTEM_CLOCK)


def soon() -> Deadline:
    return Deadline(SYSTEM_CLOCK, 0.05)


@pytest.mark.parametrize(
    "outcome",
    [TryLater(quoted("cut")), GiveUp(quoted("cut")), Misconfigured(quoted("cut"))],
    ids=["later", "never", "misconfigured"],
)
def test_a_try_that_is_broken_off_is_as_if_it_had_not_been_made(
    outbox: Outbox, tmp_path: Path, outcome: Outcome
) -> None:
    sink = Hanging(outcome)
    worker = worker_of(outbox, sink)
    outbox.put([new_event(1), new_event(2)])
    worker.start()
    assert sink.hangs.wait(SLACK_S)
    stop_all([worker], soon())
    assert sink.broken_off.is_set()
    assert worker.ended
    assert worker.journal.tries() == ()
    outbox.close()
    again = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    first, second = again.take(1), again.take(1)
    assert first is not None
    assert second is not None
    assert [(one.packet, one.attempts) for one in (first, second)] == [(1, 0), (2, 0)]
    again.close()


def test_what_the_receiver_has_taken_at_the_last_moment_counts(outbox: Outbox) -> None:
    sink = Hanging(Delivered())
    worker = worker_of(outbox, sink)
    outbox.put([new_event(1)])
    worker.start()
    assert sink.hangs.wait(SLACK_S)
    stop_all([worker], soon())
    assert outbox.waiting(1).events == 0
    assert [made.outcome for made in worker.journal.tries()] == ["delivered"]


def test_a_try_that_ends_in_time_is_settled_and_nothing_is_broken_off(outbox: Outbox) -> None:
    sink = Hanging(TryLater(quoted("busy")))
    worker = worker_of(outbox, sink)
    outbox.put([new_event(1)])
    worker.start()
    assert sink.hangs.wait(SLACK_S)
    threading.Timer(0.05, sink.released.set).start()
    stop_all([worker], Deadline(SYSTEM_CLOCK, SLACK_S))
    assert not sink.broken_off.is_set()
    assert [made.outcome for made in worker.journal.tries()] == ["retry"]


def test_a_sink_that_never_returns_is_left_alone_and_settles_nothing_later(outbox: Outbox) -> None:
    class Stuck(Hanging):
        def break_off(self) -> None:
            self.broken_off.set()

    stuck, well = Stuck(GiveUp(quoted("late"))), FakeSink()
    workers = [worker_of(outbox, stuck), worker_of(outbox, well, "other")]
    outbox.put([new_event(1, wanted_by=(1, 2))])
    for worker in workers:
        worker.start()
    assert stuck.hangs.wait(SLACK_S)
    assert workers[1].wait_until_idle(SLACK_S)
    stop_all(workers, soon())
    assert not workers[0].ended
    assert workers[1].ended
    stuck.released.set()
    assert workers[0].join(Deadline(SYSTEM_CLOCK, SLACK_S))
    assert stuck.closed
    assert outbox.parking.listed() == []
    assert outbox.waiting(1).events == 1


def test_a_sign_of_life_that_hangs_is_broken_off_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def mute(connection: socket.socket, _: int, server: Scripted) -> None:
        while received := connection.recv(4096):
            server.received.append(received)

    hour = Timeouts(connect_s=3600, write_s=3600, answer_s=3600, total_s=3600)
    with Scripted(mute) as server:
        alive = sender(server.port, timeouts=hour)
        alive.start()
        server.wait_received(1)
        stop_all([alive], soon())
        assert alive.join(Deadline(SYSTEM_CLOCK, SLACK_S))
    assert "keepalive failed" not in caplog.text


def test_a_sign_of_life_that_was_never_sent_has_ended() -> None:
    off = KeepaliveSender(
        Keepalive(), Device(), lambda: pytest.fail("not asked for"), clock=SYSTEM_CLOCK
    )
    off.start()
    stop_all([off], soon())
    assert off.join()
