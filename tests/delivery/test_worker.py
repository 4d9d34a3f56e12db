from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.delivery.gate import HOPELESS_TRIES
from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped, Outbox
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, Outcome, TryLater
from tests.fakes import JPEG, NS, FakeSink, a_life, new_event, profile, render_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cammra_edge.message import Attempt, Message
    from cammra_edge.model import Event
    from tests.delivery.conftest import Rig


def test_each_event_arrives_once_with_its_packet(rig: Rig) -> None:
    rig.outbox.put([*a_life(1, image=JPEG), *a_life(2)])
    rig.run()
    assert rig.sink.packets() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert rig.worker.status().delivered == 8
    assert rig.worker.status().state == "idle"


def test_a_receiver_that_is_away_is_tried_with_one_event_ever_more_rarely(rig: Rig) -> None:
    rig.outbox.put([*a_life(1), *a_life(2)])
    rig.sink.answers = [TryLater(quoted("connection refused"))] * 8
    assert rig.run(0.49) == 1
    assert rig.run(0.02) == 1  # 0.5 s after the first
    assert rig.run(0.98) == 0
    assert rig.run(0.02) == 1  # 1 s after the second
    assert rig.worker.status().state == "retrying"
    assert rig.worker.status().why == "connection refused"
    assert rig.worker.status().next_try_s == pytest.approx(2.0, abs=0.1)
    rig.run(300)
    assert rig.worker.status().next_try_s == 0
    assert [attempt.packet for attempt in rig.sink.tried[:3]] == [1, 1, 1]
    assert sorted(rig.sink.packets()) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert_in_order_per_vehicle(rig)
    assert rig.worker.status().retried == 8


def test_a_retry_says_its_number_and_sends_the_same_bytes(rig: Rig) -> None:
    rig.outbox.put([new_event(image=JPEG)])
    rig.sink.answers = [TryLater(quoted("HTTP 503")), TryLater(quoted("HTTP 503"))]
    rig.run(10)
    assert [(attempt.packet, attempt.number) for attempt in rig.sink.tried] == [
        (1, 1),
        (1, 2),
        (1, 3),
    ]
    assert len({attempt.event_id for attempt in rig.sink.tried}) == 1


@pytest.mark.parametrize(("asked_s", "waited_s"), [(30.0, 30.0), (0.0, 1.0), (1e12, 3600.0)])
def test_a_receivers_retry_after_is_kept(rig: Rig, asked_s: float, waited_s: float) -> None:
    rig.outbox.put([new_event()])
    rig.sink.answers = [TryLater(quoted("HTTP 429"), after_s=asked_s)]
    assert rig.run() == 1
    assert rig.run(waited_s - 0.01) == 0
    assert rig.run(0.02) == 1


@pytest.mark.parametrize("jump_days", [-1, 1, -20_000])
def test_a_wall_clock_that_jumps_moves_no_retry_and_expires_nothing(
    rig: Rig, jump_days: int
) -> None:
    rig.worker_with(expires_s={EventKind.NEW: 100.0})
    rig.outbox.put([new_event(1), new_event(2)])
    rig.sink.answers = [TryLater(quoted("away")), TryLater(quoted("busy"), after_s=30.0)]
    assert rig.run() == 1
    rig.clock.now_utc_ns += jump_days * 86_400 * NS
    assert rig.run(0.49) == 0
    assert rig.run(0.02) == 1
    rig.clock.now_utc_ns -= 2 * jump_days * 86_400 * NS
    assert rig.run(29.9) == 0
    rig.run(1)
    assert rig.sink.packets() == [1, 2]
    assert rig.worker.status().expired == 0


def test_one_event_that_always_fails_does_not_hold_up_other_vehicles(rig: Rig) -> None:
    class Poisoned(FakeSink):
        def send(self, message: Message, attempt: object) -> Outcome:
            outcome = super().send(message, attempt)  # type: ignore[arg-type]
            if rig.sink.tried[-1].packet == 1:
                rig.sink.taken.pop()
                return TryLater(quoted("HTTP 500"))
            return outcome

    rig.sink = Poisoned()
    rig.worker_with()
    rig.outbox.put([*a_life(1), *a_life(2), *a_life(3)])
    rig.run(30)
    assert rig.sink.packets() == [5, 6, 7, 8, 9, 10, 11, 12]
    rig.outbox.put(a_life(4))
    rig.run(1)
    assert len(rig.sink.packets()) == 12
    for number in range(5, 5 + HOPELESS_TRIES):
        rig.run(120)
        rig.outbox.put([new_event(number)])
    rig.run(120)
    (parked,) = rig.outbox.parking.listed(1)
    assert parked.packet == 1
    assert parked.why == "failed 10 times while others were delivered: HTTP 500"
    # Its vehicle goes on, and nobody else is held up.
    assert set(rig.sink.packets()) == set(range(2, 17 + HOPELESS_TRIES))
    assert rig.worker.status().queue_events == 0


def test_a_refused_event_is_parked_at_once_and_the_next_goes(rig: Rig) -> None:
    rig.outbox.put([new_event(1), new_event(2), new_event(3)])
    rig.sink.answers = [Delivered(), GiveUp(quoted("HTTP 413: body too big"))]
    rig.run()
    assert rig.sink.packets() == [1, 3]
    assert [parked.why for parked in rig.outbox.parking.listed(1)] == ["HTTP 413: body too big"]


def test_five_refused_in_a_row_pause_the_profile_and_keep_the_rest(rig: Rig) -> None:
    rig.outbox.put([new_event(n) for n in range(1, 11)])
    rig.sink.answers = [GiveUp(quoted("HTTP 404"))] * 100
    assert rig.run(60) == 5
    status = rig.worker.status()
    assert (status.state, status.alarm, status.queue_events) == ("paused", True, 5)
    assert "HTTP 404" in status.why
    rig.run(3600)  # rare probes meet the same answer: nothing more is parked
    assert len(rig.outbox.parking.listed(1)) == 5
    rig.sink.answers.clear()
    rig.worker.resume()
    rig.run()
    assert rig.sink.packets() == [6, 7, 8, 9, 10]


def test_a_delivery_between_refusals_keeps_the_profile_going(rig: Rig) -> None:
    rig.outbox.put([new_event(n) for n in range(1, 12)])
    refusals: list[Outcome] = [GiveUp(quoted("HTTP 422"))] * 4
    rig.sink.answers = [*refusals, Delivered(), *refusals]
    rig.run()
    assert rig.sink.packets() == [5, 10, 11]
    assert rig.worker.status().alarm is False


def test_refused_credentials_pause_with_an_alarm_and_keep_everything(rig: Rig) -> None:
    rig.outbox.put(a_life(1))
    rig.sink.answers = [Misconfigured(quoted("HTTP 401: user or password refused"))]
    assert rig.run(800) == 1
    status = rig.worker.status()
    assert (status.state, status.queue_events, status.parked_now) == ("paused", 4, 0)
    rig.run(200)  # a rare probe finds that it was mended at the other end
    assert rig.sink.packets() == [1, 2, 3, 4]
    assert rig.worker.status().alarm is False


def test_a_late_barrier_event_is_never_sent(rig: Rig) -> None:
    rig.worker_with(expires_s={EventKind.RELIABLE: 5.0})
    rig.outbox.put(a_life(1))
    rig.sink.answers = [TryLater(quoted("no route"))] * 5
    rig.run(120)
    assert rig.sink.packets() == [1, 3, 4]
    assert rig.worker.status().expired == 1


class PanicError(BaseException):
    """As PyO3 has it: a panic of the Rust half is no `Exception`."""


@pytest.mark.parametrize("trouble", [KeyError, PanicError])
def test_what_cannot_be_rendered_is_parked(rig: Rig, trouble: type[BaseException]) -> None:
    def broken(event: Event, images: Mapping[str, bytes], packet: int) -> Message | None:
        if packet == 1:
            raise trouble("text")
        return render_text(event, images, packet)

    rig.worker._render = broken
    rig.outbox.put([new_event(1), new_event(2)])
    rig.run()
    assert rig.sink.packets() == [2]
    assert rig.outbox.parking.listed(1)[0].why == f"cannot be rendered: {trouble.__name__}"


def test_nothing_to_send_is_counted(rig: Rig) -> None:
    rig.worker._render = lambda *_: None
    rig.outbox.put([new_event(1), new_event(2)])
    rig.run()
    assert rig.worker.status().dropped == {Dropped.NOTHING_TO_SEND.value: 2}
    assert rig.worker.status().queue_events == 0


def test_a_sink_that_raises_costs_a_retry_only(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeSink):
        def send(self, message: Message, attempt: object) -> Outcome:
            if not self.tried:
                self.tried.append(attempt)  # type: ignore[arg-type]
                raise ValueError("a header with a line break")
            return super().send(message, attempt)  # type: ignore[arg-type]

    rig.sink = Broken()
    rig.worker_with()
    rig.outbox.put([new_event(1)])
    rig.run(5)
    assert rig.sink.packets() == [1]
    assert "sink failed" in caplog.text


def test_a_problem_is_logged_once_and_without_the_plate(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rig.outbox.put(a_life(1))
    rig.sink.answers = [TryLater(quoted("connection refused"))] * 6
    rig.run(600)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "1AB0001" not in caplog.text


def test_a_profile_that_is_off_sends_nothing_and_keeps_its_queue(rig: Rig) -> None:
    rig.worker_with(enabled=False)
    rig.outbox.put([new_event(1)])
    assert rig.run(10) == 0
    assert rig.worker.status().state == "off"
    assert rig.worker.status().queue_events == 1


def test_the_journal_tells_of_every_try(rig: Rig) -> None:
    rig.outbox.put([new_event(1), new_event(2)])
    rig.sink.answers = [
        TryLater(quoted("HTTP 503")),
        Delivered(quoted("HTTP 200")),
        GiveUp(quoted("HTTP 400")),
    ]
    rig.run(5)
    told = [
        (made.packet, made.number, made.outcome, made.why) for made in rig.worker.journal.tries()
    ]
    assert told == [
        (1, 1, "retry", "HTTP 503"),
        (1, 2, "delivered", "HTTP 200"),
        (2, 1, "parked", "HTTP 400"),
    ]


def test_threads_deliver_what_is_put_and_stop_when_told(tmp_path: Path) -> None:
    outbox = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    sink = FakeSink()
    worker = DeliveryWorker(profile(), outbox, sink, render_text, clock=SYSTEM_CLOCK)
    worker.start()
    for vehicle_no in range(1, 26):
        outbox.put(a_life(vehicle_no))
    assert worker.wait_until_idle(30)
    worker.stop()
    outbox.close()
    assert sink.packets() == list(range(1, 101))
    assert sink.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("delivery-1")]


def test_no_thread_spins_while_another_probes(tmp_path: Path) -> None:
    """Eight connections, a receiver that hangs at the probe: the seven others must sleep meanwhile."""
    hanging = threading.Event()
    release = threading.Event()

    class Hanging(FakeSink):
        def send(self, message: Message, attempt: Attempt) -> Outcome:
            if attempt.number == 1:
                return TryLater(quoted("away"))
            hanging.set()
            release.wait(30)
            return super().send(message, attempt)

    outbox = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    outbox.put([new_event(n) for n in range(1, 9)])
    worker = DeliveryWorker(
        profile(window=8),
        outbox,
        Hanging(),
        render_text,
        draw=lambda: 0.0,
        more_sinks=Hanging,
        clock=SYSTEM_CLOCK,
    )
    worker.start()
    try:
        assert hanging.wait(20)
        tick, ticks = outbox.tick, []
        outbox.tick = lambda: ticks.append(1) or tick()  # type: ignore[method-assign, func-returns-value]
        assert not worker.wait_until_idle(0.5)
        assert len(ticks) < 50
    finally:
        release.set()
        worker.stop()
        outbox.close()


def assert_in_order_per_vehicle(rig: Rig) -> None:
    seen: dict[int, list[int]] = {}
    for _, message in rig.sink.taken:
        _, vehicle, _, ordinal, *_ = message.content.decode().split(" ")  # type: ignore[union-attr]
        seen.setdefault(int(vehicle), []).append(int(ordinal))
    assert all(ordinals == sorted(ordinals) for ordinals in seen.values())


def test_a_worker_that_retires_holds_up_its_successor_with_one_vehicle_only(tmp_path: Path) -> None:
    hanging, release = threading.Event(), threading.Event()

    class Hanging(FakeSink):
        def send(self, message: Message, attempt: Attempt) -> Outcome:
            super().send(message, attempt)
            hanging.set()
            release.wait(60)
            return GiveUp(quoted("HTTP 404: the path of before"))

    outbox = Outbox(OutboxSettings(path=tmp_path / "o"), clock=SYSTEM_CLOCK)
    outbox.put([*a_life(1), *a_life(2)])
    old = DeliveryWorker(profile(), outbox, Hanging(), render_text, clock=SYSTEM_CLOCK)
    old.start()
    assert hanging.wait(30)
    old.retire()
    sink = FakeSink()
    new = DeliveryWorker(profile(), outbox, sink, render_text, clock=SYSTEM_CLOCK)
    new.start()
    try:
        assert not new.wait_until_idle(0.2)
        give_up_s = time.monotonic() + 30
        while len(sink.packets()) < 4 and time.monotonic() < give_up_s:
            time.sleep(0.01)
        assert sink.packets() == [5, 6, 7, 8]
        release.set()
        assert new.wait_until_idle(30)
    finally:
        release.set()
        old.stop()
        new.stop()
    assert sink.packets() == [5, 6, 7, 8, 1, 2, 3, 4]
    assert outbox.parking.listed() == []
    outbox.close()
