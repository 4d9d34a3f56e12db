"""What was said is found again: by plate, time, direction, state, after a restart, while the disk is ill."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import Direction, EventKind, ListMatch, Plate
from cammra_edge.outbox import EventQuery, EventState, NewEvent, history
from cammra_edge.outbox.log import Log
from tests.fakes import JPEG, NS, a_life, fall_ill, new_event

if TYPE_CHECKING:
    from cammra_edge.outbox import FoundEvent
    from tests.outbox.conftest import Bench

BEGAN = 1_760_000_000 * NS


def said(vehicle_no: int, plate: str, **fields: object) -> NewEvent:
    """One New of a vehicle with this plate, at a second of its own."""
    new = new_event(vehicle_no, image=JPEG)
    at = BEGAN + vehicle_no * NS
    event = replace(new.event, plate=Plate(text=plate, confidence=0.9), at_utc_ns=at, **fields)  # type: ignore[arg-type]
    return replace(new, event=event)


def find(bench: Bench, **query: object) -> list[FoundEvent]:
    answer = bench.outbox.history.search(EventQuery(**query))  # type: ignore[arg-type]
    return list(answer.events)


def vehicles(bench: Bench, **query: object) -> list[int]:
    return [found.event.vehicle_no for found in find(bench, **query)]


@pytest.fixture
def town(bench: Bench) -> Bench:
    """Five vehicles, of which two were delivered and one was parked."""
    bench.outbox.put(
        [
            said(1, "34A-368.37", direction=Direction.IN),
            said(2, "34A 23126", direction=Direction.OUT, roi_id=2),
            said(3, "34a36838", listed=ListMatch(name="staff", mode="allow")),
            replace(said(4, "\u0410\u0412 1234"), wanted_by=()),
            said(5, "B\udc8099"),
        ]
    )
    for _ in range(2):
        delivery = bench.outbox.take(1)
        assert delivery is not None
        bench.outbox.done(delivery)
    parked = bench.outbox.take(1)
    assert parked is not None
    bench.outbox.park(parked, why="HTTP 400")
    return bench


@pytest.mark.parametrize("again", [False, True])
def test_each_filter_finds_what_it_names(town: Bench, *, again: bool) -> None:
    if again:
        town.reopen()
    assert vehicles(town) == [5, 4, 3, 2, 1]
    assert vehicles(town, plate="34A36837") == [1]
    assert vehicles(town, plate="34a-*") == [3, 2, 1]
    assert vehicles(town, plate="34A3683?") == [3, 1]
    assert vehicles(town, plate="AB1234") == [4]
    assert vehicles(town, plate="B*99") == [5]
    assert vehicles(town, from_utc_ns=BEGAN + 2 * NS, to_utc_ns=BEGAN + 4 * NS) == [3, 2]
    assert vehicles(town, direction=Direction.OUT) == [2]
    assert vehicles(town, region=2) == [2]
    assert vehicles(town, list_name="staff") == [3]
    assert vehicles(town, kinds={EventKind.LOST}) == []
    assert vehicles(town, min_confidence=0.95) == []
    assert vehicles(town, state=EventState.DELIVERED) == [2, 1]
    assert vehicles(town, state=EventState.PARKED) == [3]
    assert vehicles(town, state=EventState.WAITING) == [5]
    assert vehicles(town, state=EventState.UNWANTED) == [4]
    assert vehicles(town, plate="34A*", state=EventState.DELIVERED, region=2) == [2]


@pytest.mark.parametrize("looked", [2, 512])
def test_what_became_of_it_for_one_profile_is_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, looked: int
) -> None:
    monkeypatch.setattr(history, "_LEAST_LOOK", looked)
    for key in ("gate", "barrier"):
        bench.outbox.profile_id(key)
    for number in range(1, 41):
        wanted = ((1, 2), (1,), (2,), ())[number % 4]
        bench.outbox.put(
            [
                replace(
                    said(number, "34A36837"),
                    wanted_by=new_event(number, wanted_by=wanted).wanted_by,
                )
            ]
        )
    while delivery := bench.outbox.take(1):
        bench.outbox.done(delivery)
    for again in (False, True):
        if again:
            bench.reopen()
        bench.outbox.flush()
        assert vehicles(bench, profile="gate", limit=100) == [
            n for n in range(40, 0, -1) if n % 4 < 2
        ]
        assert vehicles(bench, profile="gate", state="delivered", limit=7) == [
            40,
            37,
            36,
            33,
            32,
            29,
            28,
        ]
        assert vehicles(bench, profile="gate", state="waiting") == []
        assert vehicles(bench, profile="barrier", state="delivered") == []
        assert vehicles(bench, profile="barrier", state="waiting", cursor="10") == [8, 6, 4, 2]
        assert vehicles(bench, profile="barrier", state="unwanted", limit=4) == [39, 37, 35, 33]
        assert vehicles(bench, profile="nobody") == []
        pages, cursor = list[int](), ""
        while cursor != "end":
            page = bench.outbox.history.search(EventQuery(profile="gate", limit=3, cursor=cursor))
            pages += [found.event.vehicle_no for found in page.events]
            cursor = page.cursor or "end"
        assert pages == [n for n in range(40, 0, -1) if n % 4 < 2]


def test_a_search_reads_no_event_but_those_that_it_finds(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.outbox.put([said(number, f"34A{number:05}") for number in range(1, 2001)])
    reads: list[int] = []
    plain = Log.read

    def read(log: Log, segment: int, offset: int, length: int) -> tuple[int, bytes]:
        reads.append(offset)
        return plain(log, segment, offset, length)

    monkeypatch.setattr(Log, "read", read)
    for query, found in (
        ({"plate": "34A00007"}, 1),
        ({"plate": "*0190?"}, 10),
        ({"plate": "34B*"}, 0),
        ({}, 50),
    ):
        reads.clear()
        assert len(vehicles(bench, **query)) == found
        assert len(reads) == found, query


def test_one_character_off_is_found_and_marked(town: Bench) -> None:
    found = find(town, plate="34A36837", one_off=True)
    assert [(one.event.vehicle_no, one.exact) for one in found] == [(3, False), (1, True)]


def test_pages_follow_one_another_without_gap_or_repeat(bench: Bench) -> None:
    for begin in range(1, 31, 10):
        bench.outbox.put([said(n, f"AB{n:04}") for n in range(begin, begin + 10)])
    seen: list[int] = []
    cursor = ""
    while True:
        page = bench.outbox.history.search(EventQuery(plate="AB*", cursor=cursor, limit=7))
        seen += [found.event.vehicle_no for found in page.events]
        cursor = page.cursor
        if not cursor:
            break
    assert seen == list(range(30, 0, -1))


def test_an_event_is_found_as_it_was_put_and_with_its_picture(town: Bench) -> None:
    new = said(6, "XY 77")
    town.outbox.put([new])
    (found,) = find(town, plate="XY77")
    assert found.event == new.event
    (key,) = found.image_keys
    assert town.outbox.history.image(found.seq, key) == JPEG
    assert town.outbox.history.image(found.seq, "another") is None
    for seq in (-1, 0, 10**30):
        assert town.outbox.history.image(seq, key) is None
        assert town.outbox.history.event(seq) is None
    assert town.outbox.history.event(found.seq) == found
    assert town.outbox.history.event(found.seq + 1) is None


def test_a_picture_shared_by_two_events_is_found_with_both(bench: Bench) -> None:
    bench.outbox.put([new_event(1, image=JPEG, image_key="shot")])
    bench.outbox.put([new_event(1, 2, kind=EventKind.LOST, image_key="shot")])
    for found in find(bench):
        assert bench.outbox.history.image(found.seq, "shot") == JPEG


def test_what_is_only_in_memory_is_found_too(bench: Bench) -> None:
    bench.outbox.put([said(1, "AA1")])
    heal = fall_ill()
    bench.outbox.put([said(2, "AA2")])
    assert vehicles(bench, plate="AA?") == [2, 1]
    (found,) = find(bench, plate="AA2")
    assert bench.outbox.history.image(found.seq, found.image_keys[0]) == JPEG
    heal()
    bench.clock.advance(1.1)
    bench.outbox.tick()
    assert vehicles(bench, plate="AA?") == [2, 1]


def test_the_status_says_how_far_back_it_remembers(bench: Bench) -> None:
    assert bench.outbox.history.status().events == 0
    bench.outbox.put(a_life(1, image=JPEG))
    status = bench.outbox.history.status()
    assert (status.events, status.oldest_text_utc_ns) == (4, BEGAN + 1)
    assert status.oldest_picture_utc_ns == BEGAN + 1
    assert status.bytes > 0
    assert status.bound == ""


def test_what_is_settled_and_not_yet_written_is_not_told_as_waiting(bench: Bench) -> None:
    bench.outbox.profile_id("gate")
    bench.outbox.put([new_event(1)])
    assert bench.outbox.history.outcomes([1]) == {1: {"gate": EventState.WAITING}}
    delivery = bench.outbox.take(1)
    assert delivery is not None
    bench.outbox.done(delivery)
    assert bench.outbox.history.outcomes([1]) == {1: {}}
    bench.outbox.flush()
    assert bench.outbox.history.outcomes([1]) == {1: {"gate": EventState.DELIVERED}}


def test_how_each_delivery_stands_is_told_by_the_profile_s_key(bench: Bench) -> None:
    for key in ("gate", "barrier", "vms"):
        bench.outbox.profile_id(key)
    bench.outbox.put([new_event(n, wanted_by=(1, 2)) for n in range(1, 4)])
    for no, settles in ((1, bench.outbox.done), (2, lambda one: bench.outbox.park(one, why="no"))):
        delivery = bench.outbox.take(no)
        assert delivery is not None
        settles(delivery)
    bench.outbox.giving.give("gate", "vms")
    for _ in range(2):
        outcomes = bench.outbox.history.outcomes([1, 2, 99])
        assert outcomes == {
            1: {"gate": EventState.DELIVERED, "barrier": EventState.PARKED},
            2: {
                "gate": EventState.DROPPED,
                "barrier": EventState.WAITING,
                "vms": EventState.WAITING,
            },
        }
        bench.reopen()
