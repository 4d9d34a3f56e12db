"""What the ledger says of groups that were written: who waits, what is held, what goes when there is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped
from cammra_edge.outbox.records import id_bytes
from cammra_edge.storing import Ledger, LogGroup, log_read, log_vehicle_hash
from tests.fakes import new_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.outbox import NewEvent

STORE = bytes(range(16))
ALL = 2**64 - 1
PICTURE = bytes(100_000)
NOTHING_FLIES: set[int] = set()


class Bench:
    """A log of one segment and its ledger; events are put in order, and wanted by profiles."""

    def __init__(self, known_events: int = 1000) -> None:
        self.ledger = Ledger(known_events)
        self.segment = 7
        self.offset = 64
        self.digests: dict[int, bytes] = {}
        self.payloads: dict[int, bytes] = {}
        self.seq = 0
        self.no = 0
        self.packets: dict[int, int] = {}
        self.now_ns = 0

    def group(self) -> LogGroup:
        return LogGroup(STORE, self.segment, self.offset)

    def add(self, group: LogGroup, new: NewEvent) -> int:
        nos = []
        for key, jpeg in new.images.items():
            no = self.ledger.image_no(key)
            if not no:
                self.no += 1
                no = self.no
                group.image(no, key, jpeg)
            nos.append(no)
        self.seq += 1
        self.now_ns += 1
        size = sum(len(jpeg) for jpeg in new.images.values())
        wanted = []
        for one in new.wanted_by:
            packet = self.packets[one.profile_id] = self.packets.get(one.profile_id, 0) + 1
            wanted.append((one.profile_id, packet, ALL, size))
        group.event(
            new.event,
            seq=self.seq,
            event_id=id_bytes(new.event.event_id),
            stored_ns=self.now_ns,
            image_nos=nos,
            wanted=wanted,
        )
        return self.seq

    def put(self, *events: NewEvent) -> list[int]:
        group = self.group()
        seqs = [self.add(group, event) for event in events]
        self.write(group)
        return seqs

    def write(self, group: LogGroup | None = None) -> None:
        """On disk, with what is pending."""
        group = self.group() if group is None else group
        group.settled(self.ledger)
        self.ledger.apply(group)
        self.offset += group.size
        self.digests[self.segment] = self.digests.get(self.segment, b"") + group.digests()

    def replayed(self) -> Ledger:
        """As a start finds it now."""
        ledger = Ledger(1000)
        for segment, digests in sorted(self.digests.items()):
            assert ledger.replay(segment, digests) == 0
        return ledger

    def waiting(self, profile: int = 1) -> list[int]:
        return [row[0] for row in self.ledger.waiting(profile, 0, 10_000)]

    def make_room(
        self,
        *,
        max_bytes: int | None = None,
        max_events: int | None = None,
        in_flight: set[int] = NOTHING_FLIES,
        profile: int | None = None,
        in_memory: bool = False,
    ) -> dict[tuple[int, str], int]:
        losses = self.ledger.make_room(max_bytes, max_events, in_flight, profile, in_memory)
        self.write()
        assert answers(self.replayed()) == answers(self.ledger)
        return {(profile, why): count for profile, why, count in losses}


def answers(ledger: Ledger) -> tuple[object, ...]:
    return (
        [ledger.waiting(profile, 0, 10_000) for profile in (1, 2, 3)],
        ledger.parked(None, (0, 0), 10_000),
        ledger.totals(),
        ledger.held,
        ledger.held_in_memory,
        ledger.segments(),
        ledger.open_vehicles(),
        ledger.packets,
        ledger.highest,
    )


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
    assert ledger.knows(id_bytes(first.event.event_id))
    assert not ledger.knows(bytes(16))
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
    assert bench.ledger.knows(id_bytes(new_event(1).event.event_id))


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
