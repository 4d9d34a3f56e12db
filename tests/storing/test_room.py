"""What the ledger lets go of when there is too much, and in which order."""

from __future__ import annotations

import pytest

from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped
from tests.fakes import new_event
from tests.storing.ledgers import NOTHING_FLIES, PICTURE, Bench, answers


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_of_what_is_too_much_overtaken_updates_go_first(bench: Bench) -> None:
    seqs = bench.put(
        *(new_event(number % 2, number, kind=EventKind.UPDATE) for number in range(10)),
        new_event(7),
    )
    bench.ledger.attempts(seqs[1], 1, 1)
    losses = bench.make_room(max_events=10, in_flight={seqs[0]})
    assert losses == {(1, Dropped.STALE_UPDATE): 2}
    assert bench.waiting() == [*seqs[:2], *seqs[4:]]


def test_pictures_go_before_events_and_those_of_updates_first(bench: Bench) -> None:
    new = [new_event(number, image=PICTURE) for number in (1, 2)]
    update = new_event(3, kind=EventKind.UPDATE, image=PICTURE)
    tried, fresh, updated = bench.put(*new, update)
    bench.ledger.attempts(tried, 1, 1)
    assert bench.make_room(max_bytes=400_000) == {}
    assert bench.make_room(max_bytes=250_000) == {(1, Dropped.UPDATE_IMAGE): 1}
    assert bench.ledger.images(updated) == [(3, 0, 0, 0)]
    assert bench.make_room(max_bytes=150_000) == {(1, Dropped.IMAGE): 1}
    assert [bool(row[8]) for row in bench.ledger.waiting(1, 0, 9)] == [True, False, False]
    assert bench.make_room(max_bytes=1000) == {(1, Dropped.OVERFLOW): 2}
    assert bench.waiting() == [tried]
    assert bench.ledger.images(tried)[0][1] == bench.segment
    assert not bench.ledger.waits(fresh, 1)


def test_a_picture_stays_while_another_profile_claims_it(bench: Bench) -> None:
    bench.put(*(new_event(number, wanted_by=(1, 2), image=PICTURE) for number in (1, 2)))
    assert bench.make_room(max_bytes=150_000, profile=1) == {(1, Dropped.IMAGE): 1}
    assert [row[8] for row in bench.ledger.waiting(1, 0, 9)] == [0, 1]
    assert [row[8] for row in bench.ledger.waiting(2, 0, 9)] == [1, 1]
    assert bench.ledger.images(1)[0][1] == bench.segment


def test_one_profiles_bound_leaves_others_and_parked_ones_alone(bench: Bench) -> None:
    seqs = bench.put(*(new_event(number, wanted_by=(1, 2)) for number in range(1, 21)))
    bench.ledger.park(seqs[0], 1, 1, 0, "HTTP 400", "")
    assert bench.make_room(max_events=10, profile=1) == {(1, Dropped.OVERFLOW): 10}
    assert bench.waiting(1) == seqs[11:]
    assert bench.waiting(2) == seqs
    assert len(bench.ledger.parked(1, (0, 0), 9)) == 1


def test_parked_ones_go_beyond_a_tenth_and_then_last(bench: Bench) -> None:
    seqs = bench.put(*(new_event(number) for number in range(1, 21)))
    for seq in seqs:
        bench.ledger.park(seq, 1, 1, 0, "HTTP 400", "")
    bench.put(new_event(30))
    assert bench.make_room(max_events=20) == {(1, Dropped.PARKED_OVERFLOW): 2}
    assert bench.waiting() == [21]
    assert bench.make_room(max_events=1) == {
        (1, Dropped.PARKED_OVERFLOW): 18,
        (1, Dropped.OVERFLOW): 1,
    }


def test_room_in_memory_is_made_of_what_is_only_there(bench: Bench) -> None:
    bench.put(*(new_event(number) for number in range(1, 6)))
    group = bench.group()
    seqs = [bench.add(group, new_event(number)) for number in range(6, 16)]
    bench.ledger.apply_in_memory(group)
    losses = bench.ledger.make_room(None, 8, NOTHING_FLIES, None, in_memory=True)
    assert losses == [(1, Dropped.OVERFLOW, 3)]
    assert bench.waiting() == [*range(1, 6), *seqs[3:]]


def test_what_is_too_old_is_dropped_though_it_was_tried(bench: Bench) -> None:
    bench.put(*(new_event(number, wanted_by=(1, 2)) for number in range(1, 6)))
    bench.ledger.attempts(1, 1, 3)
    bench.ledger.park(2, 1, 1, 0, "HTTP 400", "")
    assert bench.ledger.drop_older(4, {3}) == [(1, 1), (2, 2)]
    assert bench.waiting(1) == [3, 4, 5]
    assert bench.waiting(2) == [3, 4, 5]
    bench.write()
    assert answers(bench.replayed()) == answers(bench.ledger)
