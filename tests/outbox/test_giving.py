"""A backlog given to another profile: what moves, under which numbers, and what does not move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.outbox import Dropped, Outbox, Wanted
from tests.fakes import JPEG, a_life, fall_ill, new_event

if TYPE_CHECKING:
    from tests.outbox.conftest import Bench

OLD, NEW = 1, 2


@pytest.fixture
def outbox(bench: Bench) -> Outbox:
    assert [bench.outbox.profile_id(key) for key in ("old", "new")] == [OLD, NEW]
    return bench.outbox


def taken(outbox: Outbox) -> list[tuple[int, int, int]]:
    """Vehicle, ordinal and packet of everything that waits for the new profile."""
    found = []
    while (delivery := outbox.take(NEW)) is not None:
        found.append((delivery.event.vehicle_no, delivery.event.ordinal, delivery.packet))
        outbox.done(delivery)
    return found


def test_everything_moves_in_its_order_and_goes_on_after_the_new_profiles_numbers(
    bench: Bench, outbox: Outbox
) -> None:
    outbox.put([*a_life(1, wanted_by=(OLD,)), new_event(2, wanted_by=(NEW,))])
    woken: list[int] = []
    outbox.listen(NEW, lambda: woken.append(NEW))
    assert outbox.giving.give("old", "new") == 4
    assert woken == [NEW]
    assert outbox.take(OLD) is None
    outbox.put([new_event(3, wanted_by=(NEW,))])
    assert taken(outbox) == [(1, 1, 2), (1, 2, 3), (1, 3, 4), (1, 4, 5), (2, 1, 1), (3, 1, 6)]
    assert outbox.tally(OLD).dropped == {Dropped.GIVEN.value: 4}
    assert (outbox.tally(OLD).put, outbox.tally(NEW).put) == (4, 6)
    assert outbox.waiting(OLD).events == outbox.waiting(NEW).events == 0
    outbox.close()
    assert taken(bench.open()) == []


def test_a_kill_afterwards_undoes_nothing_and_gives_no_number_twice(
    bench: Bench, outbox: Outbox
) -> None:
    outbox.put([new_event(1, wanted_by=(OLD,)), new_event(2, wanted_by=(OLD,))])
    outbox.giving.give("old", "new")
    outbox = bench.crash()
    outbox.put([new_event(3, wanted_by=(NEW,))])
    assert outbox.take(OLD) is None
    assert taken(outbox) == [(1, 1, 1), (2, 1, 2), (3, 1, 3)]


def test_an_event_that_both_wanted_keeps_the_number_it_has_there(outbox: Outbox) -> None:
    outbox.put([new_event(1, wanted_by=(OLD, NEW)), new_event(2, wanted_by=(OLD,))])
    delivered = outbox.take(NEW)
    assert delivered is not None
    outbox.done(delivered)
    assert outbox.giving.give("old", "new") == 1
    assert taken(outbox) == [(2, 1, 2)]
    assert outbox.status().events == 1 or outbox.status().events == 0


def test_pictures_go_along_as_they_were_stored_for_the_old_profile(
    bench: Bench, outbox: Outbox
) -> None:
    event = new_event(1, wanted_by=(OLD,), image=JPEG)
    key = event.event.images[0].image_key
    wanted = [Wanted(profile_id=OLD, image_keys=(key,))]
    bare = replace(new_event(2, image=JPEG), wanted_by=[Wanted(profile_id=OLD, image_keys=())])
    outbox.put([replace(event, wanted_by=wanted), bare])
    before = outbox.waiting(OLD).size_bytes
    outbox.giving.give("old", "new")
    assert outbox.waiting(NEW).size_bytes == before
    outbox = bench.reopen()
    first, second = outbox.take(NEW), outbox.take(NEW)
    assert first is not None
    assert second is not None
    assert (list(first.images.values()), list(second.images.values())) == ([JPEG], [])


def test_what_is_parked_stays_parked_with_the_new_profile(outbox: Outbox) -> None:
    outbox.put([new_event(1, wanted_by=(OLD,)), new_event(2, wanted_by=(OLD,))])
    for _ in range(2):
        delivery = outbox.take(OLD)
        assert delivery is not None
        if delivery.event.vehicle_no == 1:
            outbox.park(delivery, why="HTTP 422")
        else:
            outbox.postpone(delivery, due_mono_ns=10**18)
    assert outbox.giving.give("old", "new") == 2
    (parked,) = outbox.parking.listed()
    assert (parked.profile_id, parked.packet, parked.attempts, parked.why) == (
        NEW,
        1,
        1,
        "HTTP 422",
    )
    assert (outbox.waiting(NEW).events, outbox.waiting(NEW).parked) == (1, 1)
    delivery = outbox.take(NEW)  # nothing of the old profile's waiting time holds here
    assert delivery is not None
    assert (delivery.packet, delivery.attempts) == (2, 0)


def test_what_is_being_tried_stays_where_it_is(outbox: Outbox) -> None:
    outbox.put([new_event(1, wanted_by=(OLD,)), new_event(2, wanted_by=(OLD,))])
    flying = outbox.take(OLD)
    assert flying is not None
    assert outbox.giving.give("old", "new") == 1
    outbox.done(flying)
    assert taken(outbox) == [(2, 1, 1)]
    assert outbox.tally(OLD).delivered == 1


def test_a_long_backlog_moves_at_once(outbox: Outbox) -> None:
    outbox.put([new_event(number, wanted_by=(OLD,)) for number in range(1, 1001)])
    assert outbox.giving.give("old", "new") == 1000
    assert taken(outbox) == [(number, 1, number) for number in range(1, 1001)]


def test_a_disk_that_refuses_moves_nothing_and_says_so(outbox: Outbox) -> None:
    outbox.put([new_event(1, wanted_by=(OLD,))])
    heal = fall_ill()
    with pytest.raises(OutboxError, match="does not take it now"):
        outbox.giving.give("old", "new")
    heal()
    assert (outbox.waiting(OLD).events, outbox.waiting(NEW).events) == (1, 0)
    assert (outbox.tally(OLD).dropped, outbox.tally(NEW).put) == ({}, 0)


def test_only_a_known_profile_gives_and_not_to_itself(outbox: Outbox) -> None:
    for giver, taker in (("moon", "new"), ("new", "new")):
        with pytest.raises(ConfigError, match="old, new"):
            outbox.giving.give(giver, taker)
    assert outbox.profile_ids() == {"old": OLD, "new": NEW}
