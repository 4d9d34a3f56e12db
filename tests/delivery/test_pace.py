"""A backlog goes as fast as it is told to, and what happens now does not wait for it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import EventKind
from tests.delivery.conftest import Rig
from tests.fakes import NS, FakeSink, a_life, new_event

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.message import Attempt, Message
    from cammra_edge.sinks.base import Outcome


class Timed(FakeSink):
    """Remembers when which packet came."""

    def __init__(self, rig: Rig) -> None:
        super().__init__()
        self.rig = rig
        self.times: list[tuple[int, int]] = []

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        self.times.append((self.rig.clock.now_mono_ns, attempt.packet))
        return super().send(message, attempt)


def a_rig(folder: Path, **settings: object) -> tuple[Rig, Timed]:
    rig = Rig(folder)
    rig.sink = sink = Timed(rig)
    rig.worker_with(**settings)
    return rig, sink


def most_within(times_ns: list[int], span_ns: int) -> int:
    """The most that came within any such span."""
    return max(sum(begin <= at < begin + span_ns for at in times_ns) for begin in times_ns)


@pytest.mark.parametrize("order", ["in_order", "live_first"])
@pytest.mark.parametrize("drain_per_s", [0.5, 10.0, 400.0])
def test_a_backlog_goes_no_faster_than_it_is_told_to(
    tmp_path: Path, order: str, drain_per_s: float
) -> None:
    rig, sink = a_rig(tmp_path, order=order, drain_per_s=drain_per_s)
    rig.outbox.put([new_event(n) for n in range(1, 301)])
    rig.clock.advance(11)
    rig.run(301 / drain_per_s)
    assert sorted(rig.sink.packets()) == list(range(1, 301))
    times_ns = [at for at, _ in sink.times]
    span_s = max(1.0, 3 / drain_per_s)
    assert most_within(times_ns, round(span_s * NS)) <= drain_per_s * (span_s + 0.025) + 1
    rig.outbox.close()


def test_what_happens_now_goes_at_once_and_each_vehicle_keeps_its_order(tmp_path: Path) -> None:
    rig, sink = a_rig(tmp_path, drain_per_s=1.0)
    rig.outbox.put([new_event(n) for n in range(1, 101)])
    rig.clock.advance(600)
    began_ns = rig.clock.now_mono_ns
    rig.run(5)
    chance = random.Random(3)  # noqa: S311 - a simulation
    stored: dict[int, int] = {}
    for n in range(1, 41):
        # Every fourth of them is of a vehicle whose New waits in the backlog.
        vehicle_no, ordinal = (100 - n, 2) if n % 4 == 0 else (1000 + n, 1)
        rig.outbox.put([new_event(vehicle_no, ordinal, kind=EventKind.UPDATE)])
        stored[100 + n] = rig.clock.now_mono_ns
        rig.run(chance.random())
    rig.run(200)
    came = {packet: at for at, packet in sink.times}
    assert sorted(came) == list(range(1, 141)), "each once"
    for packet, at in stored.items():
        n = packet - 100
        if n % 4:
            assert came[packet] == at, "it waits for nobody"
        else:
            assert came[packet] >= came[100 - n], "its New goes before it"
    backlog = [at for at, packet in sink.times if packet <= 100]
    assert most_within(backlog, NS) <= 2
    assert backlog[0] == began_ns, "it begins at once"
    rig.outbox.close()


def test_a_turn_that_the_backlog_has_not_used_is_not_lost(tmp_path: Path) -> None:
    rig, sink = a_rig(tmp_path, drain_per_s=0.5)
    rig.outbox.put([new_event(n) for n in range(1, 21)])
    assert rig.run() == 20, "they happen now"
    rig.outbox.put([new_event(n) for n in range(21, 23)])
    rig.clock.advance(11)
    assert rig.run() == 1
    assert rig.run(2) == 1
    assert len(sink.times) == 22
    rig.outbox.close()


def test_nothing_is_asked_for_while_the_backlog_waits_for_its_turn(tmp_path: Path) -> None:
    """The thread sleeps until then, or until something new is stored."""
    rig, _ = a_rig(tmp_path, drain_per_s=0.1)
    rig.outbox.put([new_event(n) for n in range(1, 4)])
    rig.clock.advance(11)
    rig.run()
    due_ns = rig.worker._due_mono_ns()
    assert due_ns is not None
    assert due_ns - rig.clock.now_mono_ns == pytest.approx(10 * NS, abs=0.025 * NS)
    assert not rig.worker.step()
    rig.outbox.close()


def test_without_the_setting_everything_that_waited_goes_at_once(tmp_path: Path) -> None:
    rig, _ = a_rig(tmp_path)
    rig.outbox.put([one for n in range(1, 101) for one in a_life(n)])
    rig.clock.advance(600)
    assert rig.run() == 400
    rig.outbox.close()


def test_parallel_connections_share_one_pace(tmp_path: Path) -> None:
    rig, _ = a_rig(tmp_path, drain_per_s=1.0, window=4)
    rig.outbox.put([new_event(n) for n in range(1, 9)])
    rig.clock.advance(11)
    asked: list[bool] = []

    class Meanwhile(FakeSink):
        def send(self, message: Message, attempt: Attempt) -> Outcome:
            asked.append(rig.worker.step())  # another connection asks
            return super().send(message, attempt)

    assert rig.worker.step(Meanwhile())
    assert asked == [False]
    rig.outbox.close()
