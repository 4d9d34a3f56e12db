"""What the ledger says of groups that were written: who waits, what is held, what outlives a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import EventKind
from cammra_edge.outbox.records import id_bytes
from cammra_edge.storing import log_read, log_vehicle_hash
from tests.fakes import new_event
from tests.storing.ledgers import ALL, NOTHING_FLIES, PICTURE, STORE, Bench, answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.storing import Ledger


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_was_put_waits_for_those_who_want_it(bench: Bench) -> None:
    first = new_event(1, wanted_by=(1, 2), image=PICTURE)
    (seq,) = bench.put(first)
    second = bench.put(new_event(2, kind=EventKind.LOST, wanted_by=(2,)))[0]
    ledger = bench.ledger
    (row,) = ledger.waiting(1, 0, 9)
    assert row[:7] == (seq, 1, 1, 0, first.event.car_id, "new", 1)
    assert row[7] > 100_000
    assert row[8] == 1
    assert [(row[0], row[2]) for row in ledger.waiting(2, 0, 9)] == [(seq, 1), (second, 2)]
    assert ledger.waiting(2, seq, 9) == ledger.waiting(2, 0, 9)[1:]
    assert ledger.waiting(2, 0, 1) == ledger.waiting(2, 0, 9)[:1]
    assert ledger.waiting_of(2, first.event.car_id) == ledger.waiting(2, 0, 1)
    assert ledger.waits(seq, 2)
    assert not ledger.waits(second, 1)
    assert ledger.packets == {1: 1, 2: 2}
    assert ledger.highest == (2, 1, 2)
    assert ledger.held[1] == 2
    assert 100_000 < ledger.held[0] < 103_000
    assert ledger.seq_of(id_bytes(first.event.event_id)) is not None
    assert ledger.seq_of(bytes(16)) is None
    assert ledger.car_id(log_vehicle_hash("run-1", 1)) == first.event.car_id
    assert ledger.car_id(log_vehicle_hash("run-1", 3)) is None
    key = first.event.images[0].image_key
    assert ledger.image_no(key) == 1
    assert ledger.image_no("another") == 0
    ((no, *place),) = ledger.images(seq)
    assert (no, tuple(place)) == (1, ledger.image(1))
    assert ledger.place(seq) is not None
    assert ledger.open_vehicles() == [
        (first.event.car_id, seq, [id_bytes(first.event.event_id)]),
    ]
    assert answers(bench.replayed()) == answers(ledger)


@pytest.mark.parametrize(
    ("settle", "state"),
    [
        (lambda ledger, seq: ledger.done(seq, 1), 4),
        (lambda ledger, seq: ledger.expire(seq, 1), 8),
        (lambda ledger, seq: ledger.drop(seq, 1, "coalesced"), 16),
    ],
)
def test_what_is_settled_is_known_until_its_segment_goes(
    bench: Bench, settle: Callable[[Ledger, int], bool], state: int
) -> None:
    (seq,) = bench.put(new_event(1, kind=EventKind.LOST, image=PICTURE))
    assert settle(bench.ledger, seq)
    assert not settle(bench.ledger, seq)
    assert bench.ledger.pending == 1
    assert bench.waiting() == []
    assert bench.ledger.held == (0, 0)
    assert bench.ledger.states(seq) == state
    assert bench.ledger.live_in(bench.segment) == []
    assert answers(bench.replayed()) != answers(bench.ledger)
    bench.write()
    assert bench.ledger.pending == 0
    replayed = bench.replayed()
    assert answers(replayed) == answers(bench.ledger)
    assert replayed.states(seq) == state
    bench.ledger.forget_segment(bench.segment)
    assert bench.ledger.states(seq) == 0
    assert bench.ledger.place(seq) is None
    assert bench.ledger.image(1) is None
    assert bench.ledger.segments() == []


def test_what_is_settled_while_a_group_is_written_stays_pending(bench: Bench) -> None:
    first, second = bench.put(new_event(1), new_event(2))
    bench.ledger.done(first, 1)
    group = bench.group()
    assert group.settled(bench.ledger) == 1
    bench.ledger.done(second, 1)
    bench.ledger.apply(group)
    assert bench.ledger.pending == 1


def test_parked_ones_come_in_pages_and_wait_again(bench: Bench) -> None:
    seqs = bench.put(*(new_event(number, wanted_by=(1, 2)) for number in range(1, 5)))
    for seq in seqs[:3]:
        assert bench.ledger.park(seq, 2, 3, 99, "HTTP 400", "no \udcff\u4eac")
    assert bench.ledger.park(seqs[3], 1, 1, 98, "HTTP 422", "")
    rows = bench.ledger.parked(None, (0, 0), 9)
    assert [row[:2] for row in rows] == [(1, 4), (2, 1), (2, 2), (2, 3)]
    event_id = id_bytes(new_event(1).event.event_id)
    assert rows[1] == (2, 1, 1, "new", 3, "HTTP 400", "no \udcff\u4eac", 99, event_id)
    assert bench.ledger.parked(None, rows[1][:2], 1) == rows[2:3]
    assert bench.ledger.parked(2, (0, 0), 9) == rows[1:]
    assert bench.ledger.delivery(1, 2) == (
        *(1, 3, 2, 0, ALL, bench.ledger.waiting(1, 0, 1)[0][7]),
        *("HTTP 400", "no \udcff\u4eac", 99),
    )
    assert bench.ledger.unpark(2, 1) == [(1, 2)]
    assert bench.ledger.waiting(2, 0, 1)[0][:4] == (1, 2, 1, 3)
    assert bench.ledger.discard(2) == [(2, 2), (3, 2)]
    assert bench.ledger.unpark(None, 3) == []
    assert bench.ledger.parked(None, (0, 0), 9) == rows[:1]
    bench.write()
    assert answers(bench.replayed()) == answers(bench.ledger)


def test_a_backlog_moves_with_new_numbers_unless_it_is_wanted_or_flies(bench: Bench) -> None:
    bench.put(new_event(1, wanted_by=(1, 2)), *(new_event(number) for number in range(2, 6)))
    bench.ledger.done(1, 2)
    bench.ledger.attempts(2, 1, 7)
    bench.ledger.park(3, 1, 8, 99, "HTTP 400", "")
    assert bench.ledger.give(1, 2, 2, {5}) == (3, 1, 1)
    rows = bench.ledger.waiting(2, 0, 9)
    assert [(seq, packet, attempts) for seq, _, packet, attempts, *_ in rows] == [
        (2, 2, 0),
        (4, 4, 0),
    ]
    assert [row[:5] for row in bench.ledger.parked(None, (0, 0), 9)] == [(2, 3, 3, "new", 8)]
    assert bench.waiting() == [5]
    assert bench.ledger.give(1, 1, 9, NOTHING_FLIES) == (0, 0, 0)
    bench.write()
    assert answers(bench.replayed()) == answers(bench.ledger)


def test_what_the_disk_refused_is_only_in_memory_until_it_is_written(bench: Bench) -> None:
    (old,) = bench.put(new_event(1, kind=EventKind.LOST))
    bench.ledger.done(old, 1)
    group = bench.group()
    seq = bench.add(group, new_event(2, image=PICTURE))
    group.settled(bench.ledger)
    bench.ledger.apply_in_memory(group)
    bench.ledger.apply_in_memory(group)
    assert (bench.waiting(), bench.ledger.pending) == ([seq], 1)
    assert bench.ledger.place(seq) == (0, 0, 0)
    assert bench.ledger.images(seq) == [(1, 0, 0, 0)]
    assert bench.ledger.live_in(0) == [seq]
    assert bench.ledger.held_in_memory == bench.ledger.held
    assert [segment for segment, *_ in bench.ledger.segments()] == [bench.segment]
    bench.ledger.attempts(seq, 1, 3)
    bench.write(group)
    assert bench.ledger.held_in_memory == (0, 0)
    assert bench.ledger.live_in(0) == []
    bench.write()
    assert answers(bench.replayed()) == answers(bench.ledger)


def test_a_segments_last_live_events_move_and_what_it_said_outlives_it(bench: Bench) -> None:
    first = bench.group()
    kept = bench.add(first, new_event(1, wanted_by=(1, 2), image=PICTURE))
    bench.add(first, new_event(2, kind=EventKind.LOST))
    bench.write(first)
    place = bench.ledger.place(kept)
    assert place is not None
    _, offset, length = place
    frame = b"".join(first.buffers())[offset - first.offset :][:length]
    _, payload = log_read(STORE, bench.segment, offset, frame)
    old, bench.segment, bench.offset = bench.segment, 8, 64
    bench.ledger.done(kept, 2)
    bench.ledger.done(2, 1)
    bench.write()
    assert bench.ledger.live_in(old) == [kept]
    group = bench.group()
    group.image(1, new_event(1, image=PICTURE).event.images[0].image_key, PICTURE)
    group.again(bench.ledger, kept, payload)
    bench.write(group)
    assert bench.ledger.live_in(old) == []
    assert answers(bench.replayed()) == answers(bench.ledger)
    bench.ledger.carry(old, bench.digests[old])
    bench.write()
    bench.ledger.forget_segment(old)
    del bench.digests[old]
    # All but the highest numbers, which STATE frames tell.
    assert answers(bench.replayed())[:-2] == answers(bench.ledger)[:-2]
    assert (bench.waiting(1), bench.waiting(2)) == ([kept], [])


def test_erased_events_wait_no_longer_and_open_no_vehicle(bench: Bench) -> None:
    bench.put(new_event(1, wanted_by=(1, 2), image=PICTURE), new_event(2))
    bench.ledger.done(1, 2)
    assert bench.ledger.erase([1, 9]) == [(1, 1)]
    assert [seq for _, seq, _ in bench.ledger.open_vehicles()] == [2]
    assert bench.ledger.states(1) == 4 | 16
    assert bench.ledger.held[1] == 1
    assert bench.ledger.seq_of(id_bytes(new_event(1).event.event_id)) is not None


def test_the_state_of_a_replay_is_what_was_said_last(bench: Bench) -> None:
    for json in (b'{"a": 1, "b": {"c": 2}}', b"not json", b"[1]", b'{"b": {"d": 3}}'):
        group = bench.group()
        group.state(json)
        bench.write(group)
    assert bench.replayed().state() == {"a": 1, "b": {"d": 3}}
    assert bench.ledger.state() == {}


def test_profiles_get_other_numbers_at_once(bench: Bench) -> None:
    bench.put(new_event(1, wanted_by=(1,)), new_event(2, wanted_by=(2,)))
    bench.ledger.renumber([(1, 2), (2, 3)])
    assert [bench.waiting(profile) for profile in (1, 2, 3)] == [[], [1], [2]]


def test_numbers_that_no_segment_has_are_refused(bench: Bench) -> None:
    for segment in (0, 2**32):
        with pytest.raises(ValueError, match="a segment has number"):
            bench.ledger.replay(segment, b"")
    assert bench.ledger.replay(1, b"\x04\xff\xff\xff\xffgarbage") == 1
