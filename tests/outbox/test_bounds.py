from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped
from cammra_edge.outbox.bounds import Limits
from tests.fakes import new_event

if TYPE_CHECKING:
    from cammra_edge.outbox import Delivery
    from tests.outbox.conftest import Bench

PICTURE = bytes(100_000)


def drain(bench: Bench, profile_id: int = 1) -> list[Delivery]:
    taken = []
    while (delivery := bench.outbox.take(profile_id)) is not None:
        taken.append(delivery)
        bench.outbox.done(delivery)
    return taken


def test_the_count_is_kept_and_overtaken_updates_go_first(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_events=100)
    outbox = bench.reopen()
    outbox.put([new_event(n) for n in range(1, 91)])
    outbox.put([new_event(1, n, kind=EventKind.UPDATE) for n in range(2, 12)])
    outbox.put([new_event(91)])
    kept = drain(bench)
    assert outbox.tally(1).dropped == {Dropped.STALE_UPDATE.value: 6}
    assert [one.event.ordinal for one in kept if one.event.vehicle_no == 1] == [1, 8, 9, 10, 11]
    assert len([one for one in kept if one.event.kind is EventKind.NEW]) == 91


def test_when_only_news_are_left_the_oldest_go(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_events=100)
    outbox = bench.reopen()
    for vehicle_no in range(1, 201):
        outbox.put([new_event(vehicle_no)])
        assert outbox.waiting(1).events <= 100
    kept = [one.event.vehicle_no for one in drain(bench)]
    assert kept == list(range(201 - len(kept), 201))
    assert len(kept) >= 95
    assert outbox.tally(1).dropped == {Dropped.OVERFLOW.value: 200 - len(kept)}


def test_a_great_surplus_goes_page_by_page_and_a_large_outbox_frees_no_more_than_it_needs(
    bench: Bench,
) -> None:
    bench.settings = replace(bench.settings, max_events=1_000)
    outbox = bench.reopen()
    outbox.put([new_event(n) for n in range(1, 2_501)])
    assert [one.event.vehicle_no for one in drain(bench)] == list(range(1_551, 2_501))
    bench.settings = replace(bench.settings, max_events=12_000)
    outbox = bench.reopen()
    outbox.put([new_event(n) for n in range(3_000, 15_001)])
    assert outbox.waiting(1).events == 11_500


def test_overtaken_updates_go_before_others_whatever_their_vehicle(bench: Bench) -> None:
    """Of two vehicles told by turns, each keeps its last Update; what flies or was tried stays."""
    bench.settings = replace(bench.settings, max_events=10)
    outbox = bench.reopen()
    outbox.put([new_event(n % 2, n, kind=EventKind.UPDATE) for n in range(10)])
    flying = outbox.take(1)
    assert flying is not None
    outbox.put([new_event(7)])
    outbox.done(flying)
    told = [(one.event.vehicle_no, one.event.ordinal) for one in drain(bench)]
    assert outbox.tally(1).dropped == {Dropped.STALE_UPDATE.value: 2}
    assert sorted(told) == [(0, 4), (0, 6), (0, 8), (1, 3), (1, 5), (1, 7), (1, 9), (7, 1)]


def test_bytes_cost_the_images_of_updates_then_images_then_events(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_bytes=2_000_000)
    outbox = bench.reopen()
    outbox.put([new_event(n, image=PICTURE) for n in range(1, 13)])
    outbox.put([new_event(n, 2, kind=EventKind.UPDATE, image=PICTURE) for n in range(1, 7)])
    assert outbox.status().bytes < 2_000_000
    outbox.put([new_event(n, 1, image=PICTURE) for n in range(21, 24)])
    assert outbox.status().bytes < 2_000_000
    dropped = outbox.tally(1).dropped
    assert dropped == {Dropped.UPDATE_IMAGE.value: 3}
    outbox.put([new_event(n, 1, image=PICTURE) for n in range(31, 36)])
    dropped = outbox.tally(1).dropped
    assert dropped[Dropped.UPDATE_IMAGE.value] == 6
    assert dropped[Dropped.IMAGE.value] >= 2
    kept = drain(bench)
    assert len(kept) == 26  # every event, though not every picture
    bare = [one for one in kept if not one.images]
    assert len(bare) == sum(dropped.values())
    assert {one.event.missing[0].why for one in bare} == {
        "the outbox was full and let its picture go"
    }
    assert all(one.event.vehicle_no < 20 for one in bare)


def test_what_was_tried_or_is_in_flight_is_neither_changed_nor_dropped(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_events=20, max_bytes=1_100_000)
    outbox = bench.reopen()
    outbox.put([new_event(1, image=PICTURE), new_event(2, image=PICTURE)])
    tried, flying = outbox.take(1), outbox.take(1)
    assert tried is not None
    assert flying is not None
    outbox.postpone(tried, due_mono_ns=bench.clock.mono_ns() + 1)
    for vehicle_no in range(3, 103):
        outbox.put([new_event(vehicle_no, image=PICTURE)])
    outbox.postpone(flying, due_mono_ns=0)
    bench.clock.advance(1)
    first, second = outbox.take(1), outbox.take(1)
    assert first is not None
    assert second is not None
    assert (first.event, first.images) == (tried.event, tried.images)
    assert (second.event, second.images) == (flying.event, flying.images)
    assert outbox.waiting(1).events <= 20


def test_one_profiles_bound_leaves_the_others_alone(bench: Bench) -> None:
    outbox = bench.outbox
    outbox.limit(1, Limits(max_events=10))
    outbox.put([new_event(n, wanted_by=(1, 2)) for n in range(1, 51)])
    assert outbox.waiting(1).events <= 10
    assert len(drain(bench, 2)) == 50
    assert outbox.tally(2).dropped == {}
    assert [one.event.vehicle_no for one in drain(bench, 1)] == list(range(42, 51))


def test_a_picture_stays_while_another_profile_claims_it(bench: Bench) -> None:
    outbox = bench.outbox
    outbox.limit(1, Limits(max_bytes=150_000))
    outbox.put([new_event(n, wanted_by=(1, 2), image=PICTURE) for n in (1, 2)])
    assert [bool(one.images) for one in drain(bench, 1)] == [False, True]
    assert [bool(one.images) for one in drain(bench, 2)] == [True, True]
    outbox.flush()
    assert outbox.status().bytes <= 2 * 100_000  # kept for the open vehicles' Lost
    assert outbox.status().events == 0


def test_parked_events_go_last_but_do_not_fill_the_outbox_for_ever(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_events=20)
    outbox = bench.reopen()
    outbox.put([new_event(n) for n in range(1, 21)])
    while (delivery := outbox.take(1)) is not None:
        outbox.park(delivery, why="HTTP 400")
    outbox.put([new_event(30)])
    assert outbox.tally(1).dropped == {Dropped.PARKED_OVERFLOW.value: 2}
    assert [one.event.vehicle_no for one in drain(bench)] == [30]
    assert outbox.waiting(1).parked == 18


def test_one_profiles_bound_leaves_what_is_parked_alone(bench: Bench) -> None:
    outbox = bench.outbox
    outbox.limit(1, Limits(max_events=10))
    outbox.put([new_event(n) for n in range(1, 11)])
    while (delivery := outbox.take(1)) is not None:
        outbox.park(delivery, why="HTTP 400")
    outbox.put([new_event(n) for n in range(11, 31)])
    assert outbox.tally(1).dropped == {Dropped.OVERFLOW.value: 11}
    assert (outbox.waiting(1).events, outbox.waiting(1).parked) == (9, 10)


def test_the_count_of_bytes_stays_true(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_bytes=1_100_000)
    outbox = bench.reopen()
    for n in range(1, 40):
        outbox.put([new_event(n, image=bytes(n * 2000), wanted_by=(1, 2))])
        if n % 3 == 0:
            delivery = outbox.take(1 + n % 2)
            if delivery is not None:
                outbox.done(delivery)
    outbox.flush()
    said = outbox.status()
    assert said.bytes
    found = bench.reopen().status()
    assert (said.bytes, said.events) == (found.bytes, found.events)
    for profile_id in (1, 2):
        drain(bench, profile_id)
    bench.outbox.put([new_event(n, 2, kind=EventKind.LOST, wanted_by=()) for n in range(1, 40)])
    assert (bench.outbox.status().bytes, bench.outbox.status().events) == (0, 0)
