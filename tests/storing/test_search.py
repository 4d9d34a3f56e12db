"""A search finds the newest events that fit, whatever segment they lie in, and asks the ledger what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.model import Direction, Event, EventKind, ListMatch
from cammra_edge.outbox import records
from cammra_edge.plates import list_key
from cammra_edge.storing import Ledger, LogGroup, LogSearch, log_scan
from tests.storing.logs import EVENT, STORE_ID, TEXT, content_of, event_no

if TYPE_CHECKING:
    from collections.abc import Sequence

WAITS, PARKED, DELIVERED, UNWANTED = 1, 2, 4, 32
PER_SEGMENT = 3
QUERY: dict[str, Any] = {
    "plate": "",
    "one_off": False,
    "from_utc_ns": None,
    "to_utc_ns": None,
    "direction": None,
    "roi": None,
    "list_name": "",
    "kinds": [*map(str, EventKind)],
    "min_confidence": 0.0,
    "states": 0,
    "before_seq": 0,
    "limit": 50,
}


class Store:
    """Events in segments of three, all of which one profile wants, and the ledger of them."""

    def __init__(self, events: Sequence[Event], wanted: Sequence[int] = (1,)) -> None:
        self.ledger = Ledger(1000)
        self.groups: dict[int, LogGroup] = {}
        for seq, event in enumerate(events, 1):
            segment = 1 + (seq - 1) // PER_SEGMENT
            group = self.groups.setdefault(segment, LogGroup(STORE_ID, segment, 64))
            group.event(
                event,
                seq=seq,
                event_id=records.id_bytes(event.event_id),
                stored_ns=seq,
                image_nos=[0] * len(event.images),
                wanted=[(profile, seq, 0, 0) for profile in wanted],
            )
        for group in self.groups.values():
            self.ledger.apply(group)

    def payload(self, seq: int) -> bytes:
        place = self.ledger.place(seq)
        assert place is not None
        segment, offset, length = place
        group = self.groups[segment]
        at = offset - group.offset
        frame = content_of(group)[at : at + length]
        return frame[16 : 16 + int.from_bytes(frame[8:12], "little")]

    def found(self, **asked: object) -> list[tuple[int, int, int, int, int, bool, int]]:
        search = LogSearch(**{**QUERY, **asked})
        for segment in sorted(self.groups, reverse=True):
            search.segment(self.ledger, segment, self.groups[segment].digests())
        return search.found()

    def seqs(self, **asked: object) -> list[int]:
        return [row[0] for row in self.found(**asked)]


def plates(*texts: str) -> list[Event]:
    return [event_no(number, text) for number, text in enumerate(texts, 1)]


def test_plates_are_compared_in_their_normal_form() -> None:
    store = Store(
        plates("ab-123", "AB 123", "\u0410\u0412123", "AB124", "B123", "粤AB123", "ÄB123")
    )
    assert store.seqs(plate="aB.1-23") == [3, 2, 1]
    assert store.seqs(plate="\u0410\u0412123") == [3, 2, 1]
    assert store.seqs(plate="粤*") == [6]
    assert store.seqs(plate="*123") == [7, 6, 5, 3, 2, 1]
    assert store.seqs(plate="?B12?") == [7, 4, 3, 2, 1]
    one_off = [(row[0], row[5]) for row in store.found(plate="ab123", one_off=True)]
    assert one_off == [(7, False), (6, False), (5, False), (4, False)] + [
        (seq, True) for seq in (3, 2, 1)
    ]


def _variants() -> list[Event]:
    one = event_no(1)
    return [
        one,
        replace(one, at_utc_ns=77),
        replace(one, direction=Direction.OUT),
        replace(one, roi_id=5),
        replace(one, kind=EventKind.LOST),
        replace(one, listed=ListMatch(name="staff")),
        replace(one, plate=replace(one.plate, confidence=0.1)),
    ]


@pytest.mark.parametrize(
    ("asked", "seqs"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"to_utc_ns": 78}, [2]),
        ({"from_utc_ns": 77, "to_utc_ns": 78}, [2]),
        ({"from_utc_ns": 78, "to_utc_ns": 79}, []),
        ({"direction": "out"}, [3]),
        ({"roi": 5}, [4]),
        ({"kinds": ["lost"]}, [5]),
        ({"list_name": "staff"}, [6]),
        ({"min_confidence": 0.2, "kinds": ["new"]}, [6, 4, 3, 2, 1]),
        ({"before_seq": 3}, [2, 1]),
        ({"limit": 2}, [7, 6]),
        ({"limit": 2, "before_seq": 6}, [5, 4]),
        ({"roi": 5, "direction": "out"}, []),
    ],
)
def test_all_that_is_asked_must_hold(asked: dict[str, Any], seqs: list[int]) -> None:
    events = [
        replace(event, event_id=f"{seq:032x}", vehicle_no=seq, car_id=seq)
        for seq, event in enumerate(_variants(), 1)
    ]
    assert Store(events).seqs(**asked) == seqs


def test_states_are_those_of_the_ledger() -> None:
    store = Store(plates("A1", "A2", "A3"))
    store.ledger.done(1, 1)
    store.ledger.park(2, 1, 3, 99, "why", "words")
    assert [row[6] for row in store.found()] == [WAITS, PARKED, DELIVERED]
    assert store.seqs(states=PARKED | DELIVERED) == [2, 1]
    assert store.seqs(states=UNWANTED) == []
    unwanted = Store(plates("A1"), wanted=())
    assert unwanted.seqs(states=UNWANTED) == [1]
    assert unwanted.seqs(states=WAITS) == []


def test_an_event_that_was_copied_is_found_once_and_as_it_stands() -> None:
    store = Store(plates("A1", "A2", "A3", "A4"))
    store.ledger.done(1, 1)
    copies = LogGroup(STORE_ID, 9, 64)
    copies.again(store.ledger, 2, store.payload(2))
    texts = LogGroup(STORE_ID, 10, 64)
    texts.text(store.ledger, store.payload(1), b"{}")
    for group in (copies, texts):
        store.ledger.apply(group)
        store.groups[group.segment] = group
    rows = {seq: (segment, kind, states) for seq, segment, *_, kind, _, states in store.found()}
    assert rows == {
        4: (2, EVENT, WAITS),
        3: (1, EVENT, WAITS),
        2: (9, EVENT, WAITS),
        1: (1, EVENT, DELIVERED),
    }
    del store.groups[1]
    assert [row[:2] for row in store.found()] == [(4, 2), (2, 9), (1, 10)]
    assert store.found()[-1][4:] == (TEXT, True, DELIVERED)
    assert store.seqs(limit=1) == [4]


def test_it_says_what_it_still_looks_for() -> None:
    store = Store(plates("A1", "A2", "A3", "A4"))
    search = LogSearch(**{**QUERY, "limit": 2})
    assert search.lowest_seq == 0
    assert not search.segment(store.ledger, 2, store.groups[2].digests())
    assert search.lowest_seq == 0
    assert search.segment(store.ledger, 1, store.groups[1].digests())
    assert search.lowest_seq == 3


def test_a_direction_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="want a direction"):
        LogSearch(**{**QUERY, "direction": "up"})


@given(st.binary(max_size=400))
def test_digests_of_any_kind_are_looked_through(digests: bytes) -> None:
    search = LogSearch(**QUERY)
    search.segment(Ledger(10), 1, digests)
    assert all(row[1] == 1 for row in search.found())


_TEXTS = st.text(st.sampled_from("ABÄ1-"), max_size=6)


def _is_off(one: str, other: str) -> bool:
    """By at most one character, tried one by one."""
    if len(one) < len(other):
        one, other = other, one
    fewer = {one[:at] + one[at + 1 :] for at in range(len(one))}
    if len(one) > len(other):
        return other in fewer
    return sum(a != b for a, b in zip(one, other, strict=True)) <= 1


@given(st.lists(_TEXTS, max_size=8), _TEXTS)
def test_a_search_finds_what_a_look_at_each_finds(texts: list[str], asked: str) -> None:
    store = Store(plates(*texts))
    key = list_key(asked)
    numbered = [(seq, list_key(text)) for seq, text in enumerate(texts, 1)]
    exact = [seq for seq, text in numbered if not key or text == key]
    near = [seq for seq, text in numbered if not key or _is_off(text, key)]
    assert store.seqs(plate=asked) == exact[::-1]
    assert store.seqs(plate=asked, one_off=True) == near[::-1]


def test_what_is_taken_along_reads_back() -> None:
    store = Store(plates("A1", "A2"))
    group = LogGroup(STORE_ID, 9, 64)
    assert group.settled(store.ledger) == 0
    assert group.size == 0
    store.ledger.done(1, 1)
    assert group.settled(store.ledger) == store.ledger.pending == 1
    group.ids(store.ledger, store.groups[1].digests())
    content = content_of(group)
    assert log_scan(STORE_ID, 9, content, 64) == (group.digests(), 64 + len(content), [])
    store.ledger.apply(group)
    assert store.ledger.pending == 0
    again = Ledger(1000)
    again.replay(1, store.groups[1].digests())
    again.replay(9, group.digests())
    assert not again.waits(1, 1)
    assert again.waits(2, 1)
    only_ids = Ledger(1000)
    only_ids.replay(9, group.digests())
    ids = [records.id_bytes(event_no(number).event_id) for number in (1, 2, 3)]
    assert [only_ids.seq_of(event_id) is not None for event_id in ids] == [True, True, False]
