from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped, Outbox
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, Outcome, TryLater
from tests.fakes import FakeSink, a_life, new_event, profile, render_text

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.message import Attempt, Message
    from tests.delivery.conftest import Rig


def texts(rig: Rig) -> list[str]:
    return [message.content.decode().strip() for _, message in rig.sink.taken]  # type: ignore[union-attr]


def test_live_first_sends_what_happens_now_before_a_long_backlog(rig: Rig) -> None:
    rig.worker_with(order="live_first")
    rig.outbox.put([new_event(n) for n in range(1, 1001)])
    rig.clock.advance(600)
    rig.worker.step()
    rig.outbox.put([new_event(2000, kind=EventKind.RELIABLE)])
    rig.worker.step()
    rig.worker.step()
    assert texts(rig) == ["1 1 new 1", "1001 2000 reliable 1", "2 2 new 1"]
    rig.run()
    assert sorted(rig.sink.packets()) == list(range(1, 1002))


def test_live_first_pulls_the_vehicles_own_backlog_forward(rig: Rig) -> None:
    rig.worker_with(order="live_first")
    rig.outbox.put([new_event(n) for n in range(1, 501)])
    rig.clock.advance(600)
    rig.outbox.put([new_event(400, 2, kind=EventKind.UPDATE)])
    rig.worker.step()
    rig.worker.step()
    rig.worker.step()
    assert texts(rig) == ["400 400 new 1", "501 400 update 2", "1 1 new 1"]
    rig.run()
    assert sorted(rig.sink.packets()) == list(range(1, 502))


def test_overtaken_updates_are_left_out_where_that_is_set(rig: Rig) -> None:
    events = [
        new_event(1, 1),
        *[new_event(1, n, kind=EventKind.UPDATE) for n in (2, 3, 4)],
        new_event(1, 5, kind=EventKind.LOST),
        new_event(2, 1, kind=EventKind.UPDATE),
    ]
    rig.worker_with(coalesce_updates=True)
    rig.outbox.put(events)
    rig.run()
    assert texts(rig) == ["1 1 new 1", "4 1 update 4", "5 1 lost 5", "6 2 update 1"]
    assert rig.worker.status().dropped == {Dropped.COALESCED.value: 2}


def test_an_update_that_was_tried_is_not_left_out(rig: Rig) -> None:
    rig.worker_with(coalesce_updates=True)
    rig.outbox.put([new_event(1, 1, kind=EventKind.UPDATE)])
    rig.sink.answers = [TryLater(quoted("HTTP 503"))]
    rig.run()
    rig.outbox.put([new_event(1, 2, kind=EventKind.UPDATE)])
    rig.run(5)
    assert rig.sink.packets() == [1, 2]


def test_nothing_older_than_the_profiles_age_is_sent(rig: Rig) -> None:
    rig.worker_with(max_age_s=60.0, expires_s={"reliable": 5.0})
    rig.outbox.put(a_life(1))
    rig.clock.advance(61)
    rig.outbox.put([new_event(2)])
    rig.run()
    assert rig.sink.packets() == [5]
    assert rig.worker.status().expired == 4


@pytest.mark.parametrize("order", ["in_order", "live_first"])
def test_a_window_overlaps_round_trips_and_keeps_each_vehicles_order(
    tmp_path: Path, order: str
) -> None:
    """Eight connections meet at a barrier: they are in flight together, never two of one vehicle."""
    barrier = threading.Barrier(8)
    lock = threading.Lock()
    flying: set[str] = set()
    arrived: list[tuple[int, int]] = []

    class Slow(FakeSink):
        def send(self, message: Message, attempt: Attempt) -> Outcome:
            _, vehicle, _, ordinal, *_ = message.content.decode().split(" ")  # type: ignore[union-attr]
            with lock:
                assert vehicle not in flying
                flying.add(vehicle)
            if int(ordinal) == 1:
                barrier.wait(20)
            with lock:
                flying.remove(vehicle)
                arrived.append((int(vehicle), int(ordinal)))
            return super().send(message, attempt)

    outbox = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    outbox.put([one for vehicle_no in range(1, 9) for one in a_life(vehicle_no)])
    worker = DeliveryWorker(
        profile(order=order, window=8),
        outbox,
        Slow(),
        render_text,
        more_sinks=Slow,
        clock=SYSTEM_CLOCK,
    )
    worker.start()
    try:
        assert worker.wait_until_idle(30)
    finally:
        worker.stop()
        outbox.close()
    assert len(arrived) == 32
    for vehicle_no in range(1, 9):
        assert [ordinal for vehicle, ordinal in arrived if vehicle == vehicle_no] == [1, 2, 3, 4]


def test_a_sink_that_hangs_delays_only_its_own_profile(tmp_path: Path) -> None:
    release = threading.Event()

    class Hanging(FakeSink):
        def send(self, message: Message, attempt: Attempt) -> Outcome:
            release.wait(30)
            return super().send(message, attempt)

    outbox = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    hanging = DeliveryWorker(profile(), outbox, Hanging(), render_text, clock=SYSTEM_CLOCK)
    quick_sink = FakeSink()
    quick = DeliveryWorker(profile("second"), outbox, quick_sink, render_text, clock=SYSTEM_CLOCK)
    hanging.start()
    quick.start()
    try:
        for vehicle_no in range(1, 21):
            outbox.put(a_life(vehicle_no, wanted_by=(1, 2)))
        assert quick.wait_until_idle(30)
        assert hanging.status().delivered == 0
        release.set()
        assert hanging.wait_until_idle(30)
    finally:
        release.set()
        hanging.stop()
        quick.stop()
        outbox.close()
    assert len(quick_sink.taken) == 80


def test_a_probe_after_an_outage_is_one_event_even_with_a_window(rig: Rig) -> None:
    rig.worker_with(window=8)
    rig.outbox.put([new_event(n) for n in range(1, 9)])
    rig.sink.answers = [TryLater(quoted("away"))]
    rig.worker.step()
    rig.clock.advance(0.5)
    seen: list[bool] = []

    class Probing(FakeSink):
        def send(self, message: Message, attempt: Attempt) -> Outcome:
            if not self.tried:
                seen.append(rig.worker.step())  # another connection asks meanwhile
            super().send(message, attempt)
            return Delivered()

    assert rig.worker.step(Probing())
    assert seen == [False]
    rig.run()
    assert len(rig.sink.taken) == 7


def test_a_profiles_own_bound_is_kept(rig: Rig) -> None:
    rig.worker_with(max_queue_events=20)
    rig.outbox.put([new_event(n) for n in range(1, 41)])
    assert rig.worker.status().queue_events <= 20
    assert rig.worker.status().dropped == {Dropped.OVERFLOW.value: 21}
