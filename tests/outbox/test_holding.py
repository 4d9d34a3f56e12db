"""What is held is stored and not taken, holds up its own vehicle only, and goes or is dropped when told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.outbox import Wanted
from tests.fakes import a_life, new_event

if TYPE_CHECKING:
    from cammra_edge.outbox import NewEvent, Outbox
    from tests.outbox.conftest import Bench


def held(new: NewEvent) -> NewEvent:
    return replace(new, wanted_by=[Wanted(profile_id=1, held=True)])


def take(outbox: Outbox) -> tuple[int, int] | None:
    delivery = outbox.take(1)
    return None if delivery is None else (delivery.event.vehicle_no, delivery.event.ordinal)


def test_what_is_held_holds_up_its_own_vehicle_until_it_is_released(bench: Bench) -> None:
    outbox = bench.outbox
    new, *others = a_life(1)
    outbox.put([held(new), *others, new_event(2)])
    assert [take(outbox), take(outbox)] == [(2, 1), None]
    assert outbox.next_due(1) is None
    assert outbox.waiting(1).events == 5
    outbox.holding.release(1, [new.event.event_id])
    assert [take(outbox), take(outbox)] == [(1, 1), None]


def test_live_first_holds_it_too(bench: Bench) -> None:
    from cammra_edge.outbox import TakeRules  # noqa: PLC0415 - here alone

    new = new_event(1)
    bench.outbox.put([held(new)])
    rules = TakeRules(live_first=True)
    assert bench.outbox.take(1, rules) is None
    bench.outbox.holding.release(1, [new.event.event_id])
    assert bench.outbox.take(1, rules) is not None


def test_a_release_wakes_who_sends(bench: Bench) -> None:
    woken: list[int] = []
    new = new_event(1)
    bench.outbox.put([held(new)])
    bench.outbox.listen(1, lambda: woken.append(1))
    bench.outbox.holding.release(1, [new.event.event_id])
    assert woken == [1]


def test_what_is_dropped_is_counted_and_stays_so(bench: Bench) -> None:
    new, *others = a_life(1)
    bench.outbox.put([held(new), *others])
    bench.outbox.holding.release(1, [new.event.event_id], drop=True)
    for _ in range(2):
        assert bench.outbox.waiting(1).events == 3
        assert dict(bench.outbox.tally(1).dropped) == {"repeat": 1}
        bench.reopen()
    assert take(bench.outbox) == (1, 2)


def test_after_a_start_it_is_held_when_told_again(bench: Bench) -> None:
    new = new_event(1)
    bench.outbox.put([held(new)])
    bench.crash().holding.hold(1, [new.event.event_id, "0" * 32])
    assert take(bench.outbox) is None
    bench.outbox.holding.release(1, [new.event.event_id, "0" * 32], drop=True)
    assert dict(bench.outbox.tally(1).dropped) == {"repeat": 1}


def test_what_went_already_is_not_dropped(bench: Bench) -> None:
    new = new_event(1)
    bench.outbox.put([new])
    delivery = bench.outbox.take(1)
    assert delivery is not None
    bench.outbox.done(delivery)
    bench.outbox.holding.hold(1, [new.event.event_id])
    bench.outbox.holding.release(1, [new.event.event_id], drop=True)
    assert dict(bench.outbox.tally(1).dropped) == {}


def test_what_is_kept_back_is_counted_once_and_over_restarts(bench: Bench) -> None:
    new = replace(new_event(1, wanted_by=()), kept_back={1: "rois", 2: "lists"})
    bench.outbox.put([new])
    bench.outbox.put([new])
    bench.outbox.put([replace(new_event(2, wanted_by=()), kept_back={1: "rois", 2: "events"})])
    for _ in range(2):
        assert dict(bench.outbox.tally(1).kept_back) == {"rois": 2}
        assert dict(bench.outbox.tally(2).kept_back) == {"lists": 1, "events": 1}
        assert bench.outbox.tally(1).put == 0
        bench.reopen()
    bench.crash()
    assert dict(bench.outbox.tally(1).kept_back) == {"rois": 2}
