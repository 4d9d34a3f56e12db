"""The judge counts right: cases made by hand, each with what is wrong in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.simulator.bars import is_best, missed, total, worse_than
from tests.simulator.drive import Drive, Told
from tests.simulator.judge import Tally, by_rule, has_run, judge, owner_of
from tests.simulator.marks import Heard
from tests.simulator.traffic import Kind, Vehicle

MS_NS = 1_000_000
END_NS = 60_000 * MS_NS
WHOLE = ("new", "reliable", "lost")


@dataclass(frozen=True, slots=True)
class Event:
    """An event as the tracker might say it."""

    kind: str
    text: str
    at_mono_ns: int = 0
    first_mono_ns: int = 0
    confidence: float = 0.9
    reads: int = 20
    vehicle_no: int = 1
    track: int = 1
    confidence_mmr: float | None = None
    confidence_colour: float | None = None
    reliable_by: str | None = None


def car(number: int, *plates: str) -> Vehicle:
    return Vehicle(number, Kind.LORRY if len(plates) > 1 else Kind.PASSING, plates)


def reads(text: str, count: int = 5, track: int = 1, from_ms: int = 0) -> list[Heard]:
    return [Heard((from_ms + 40 * at) * MS_NS, track, text, 0.9) for at in range(count)]


def life(text: str, *, first_ms: int = 0, **parts: int) -> Told:
    """New, Reliable and Lost with one text, of so many reads of each vehicle: `v0=5`."""
    events = [
        Event(kind, text, at_mono_ns=END_NS, first_mono_ns=first_ms * MS_NS) for kind in WHOLE
    ]
    return Told(events, Counter({int(name[1:]): count for name, count in parts.items()}))


def judged(vehicles: list[Vehicle], heard: list[list[Heard]], *told: Told) -> Tally:
    return judge(Drive(vehicles, heard, list(told), {}))


def only(tally: Tally, **counts: int) -> None:
    """Of what may be wrong with vehicles, there is this much and nothing else."""
    names = ("repeats", "swallowed", "swallowed_near", "joined", "joined_near")
    assert {name: getattr(tally, name) for name in names} == {**dict.fromkeys(names, 0), **counts}


FIRST, SECOND, NEAR, HALF = "KH05ZZK", "FJ14ZHY", "KH05ZZL", "KH14ZHY"


def test_a_vehicle_that_is_told_once_with_its_plate_is_right() -> None:
    tally = judged([car(0, FIRST)], [reads(FIRST)], life(FIRST, v0=5))
    only(tally)
    assert (tally.vehicles, tally.told, tally.right, tally.judged) == (1, 1, 1, 1)
    assert missed(tally) == []


def test_a_vehicle_with_another_text_is_not_right() -> None:
    tally = judged([car(0, FIRST)], [reads(FIRST)], life(NEAR, v0=5))
    only(tally)
    assert (tally.right, tally.ours, tally.reliable) == (0, 1, 1)


def test_a_vehicle_that_is_told_three_times_is_repeated_twice() -> None:
    told = [life(FIRST, v0=5), life(FIRST, v0=2), life("X", v0=1)]
    tally = judged([car(0, FIRST)], [reads(FIRST, 8)], *told)
    only(tally, repeats=2)
    assert tally.right == 0
    assert missed(tally) == ["repeats: 2.0000 > 0.01"]


def test_a_vehicle_whose_reads_are_in_no_event_is_swallowed() -> None:
    tally = judged(
        [car(0, FIRST), car(1, SECOND)], [reads(FIRST), reads(SECOND)], life(FIRST, v0=5)
    )
    only(tally, swallowed=1)


def test_it_is_swallowed_by_a_near_one_where_less_than_half_of_the_plates_differs() -> None:
    for plate, counts in ((NEAR, {"swallowed_near": 1}), (HALF, {"swallowed": 1})):
        tally = judged(
            [car(0, FIRST), car(1, plate)], [reads(FIRST), reads(plate)], life(FIRST, v0=5)
        )
        only(tally, **counts)


def test_what_came_under_another_number_has_not_swallowed_it() -> None:
    heard = [reads(FIRST), reads(NEAR, track=2)]
    tally = judged([car(0, FIRST), car(1, NEAR)], heard, life(FIRST, v0=5))
    only(tally, swallowed=1)


def test_two_reads_or_three_that_differ_are_not_swallowed() -> None:
    vehicles = [car(0, FIRST), car(1, SECOND)]
    few = reads(SECOND, 2)
    only(judged(vehicles, [reads(FIRST), few], life(FIRST, v0=5)))
    torn = [reads(text, 1)[0] for text in ("ABC", "X", "77")]
    only(judged(vehicles, [reads(FIRST), torn], life(FIRST, v0=5)))


def test_one_report_of_two_vehicles_is_joined_and_the_second_one_swallowed() -> None:
    heard = [reads(FIRST), reads(SECOND, 3)]
    tally = judged([car(0, FIRST), car(1, SECOND)], heard, life(FIRST, v0=5, v1=3))
    only(tally, joined=1, swallowed=1)
    assert tally.right == 0


def test_a_second_plate_that_an_update_tells_is_joined_but_not_swallowed() -> None:
    told = life(FIRST, v0=5, v1=3)
    events = [*told.events[:2], Event("update", SECOND), Event("lost", SECOND)]
    tally = judged(
        [car(0, FIRST), car(1, SECOND)],
        [reads(FIRST), reads(SECOND, 3)],
        Told(events, told.parts),
    )
    only(tally, joined=1)


def test_the_misread_text_of_a_joined_vehicle_tells_of_whom_it_is_nearest_to() -> None:
    told = life(FIRST, v0=5, v1=4)
    events = [*told.events[:2], Event("update", "FJ14ZH"), Event("lost", FIRST)]
    heard = [reads(FIRST), reads(SECOND, 4)]
    only(judged([car(0, FIRST), car(1, SECOND)], heard, Told(events, told.parts)), joined=1)


def test_plates_two_edits_apart_are_joined_near() -> None:
    for plate, name in (("KH05ZYL", "joined_near"), ("KH05YYL", "joined")):
        heard = [reads(FIRST), reads(plate, 4)]
        told = [life(FIRST, v0=5, v1=3), life(plate, v1=1)]
        only(judged([car(0, FIRST), car(1, plate)], heard, *told), **{name: 1})


def test_two_stray_reads_do_not_join_vehicles() -> None:
    heard = [reads(FIRST), reads(SECOND, 9)]
    told = [life(FIRST, v0=5, v1=2), life(SECOND, v1=7)]
    tally = judged([car(0, FIRST), car(1, SECOND)], heard, *told)
    only(tally)
    assert tally.right == 2


def test_a_motorcycle_that_another_vehicle_takes_over_whole_is_joined() -> None:
    heard = [reads(FIRST, 2), reads(SECOND, from_ms=500)]
    vehicles = [car(0, FIRST), car(1, SECOND)]
    tally = judged(vehicles, heard, life(SECOND, v0=2, v1=5))
    only(tally, joined=1)
    late = [reads(FIRST, 2, from_ms=200), reads(SECOND)]
    only(judged(vehicles, late, life(SECOND, v0=2, v1=5)))


def test_a_lorry_may_have_either_plate_and_its_other_one_is_not_swallowed() -> None:
    heard = [reads(FIRST) + reads(SECOND, from_ms=400)]
    for text in (FIRST, SECOND):
        tally = judged([car(0, FIRST, SECOND)], heard, life(text, v0=10))
        only(tally)
        assert tally.right == 1


@pytest.mark.parametrize(("texts", "is_run"), [
    (["AB1", "AB1", "AB1"], True), (["AB1", "AB1"], False), (["AB1", "AB1", "AB12"], True),
    (["AB1", "AB2", "AB3"], True), (["AB1", "AB2", "XB2"], False), (["A", "BC", "DEF"], False),
    (["AB1", "XXX", "AB1", "YYY", "AB"], True), ([], False),
])  # fmt: skip
def test_a_run_is_three_reads_within_an_edit_of_each_other(texts: list[str], is_run: bool) -> None:  # noqa: FBT001
    assert has_run(texts) is is_run


def test_a_report_belongs_to_the_vehicle_whose_plate_it_has_or_else_to_the_one_with_most_reads() -> (
    None
):
    vehicles = [car(0, FIRST), car(1, SECOND), car(2, NEAR)]
    assert owner_of(life(FIRST, v0=3, v1=9), vehicles) == 0
    assert owner_of(life("KH05ZZ", v0=3, v1=9), vehicles) == 0
    assert owner_of(life("7Q", v0=3, v1=9), vehicles) == 1
    assert owner_of(life("7Q", v1=3, v0=3), vehicles) == 0
    assert owner_of(life(NEAR, v0=30, v2=2), vehicles) == 0
    assert owner_of(life(NEAR, v0=1, v2=2), vehicles) == 2


def test_garbage_joins_nobody() -> None:
    """Two vehicles whose numbers were swapped where neither could be read."""
    garbage = [*reads("Q7", 9), *reads("X", 9, from_ms=360)]
    heard = [
        [*garbage, *reads(FIRST, 4, track=2, from_ms=720)],
        [*reads("W8", 18, track=2), *reads(SECOND, 4, from_ms=720)],
    ]
    told = [whole(SECOND, track=1, v0=18, v1=4), whole(FIRST, track=2, v1=18, v0=4)]
    only(judged([car(0, FIRST), car(1, SECOND)], heard, *told))


def test_reads_of_an_unknown_track_number_are_taken_for_legible_ones() -> None:
    heard = [reads(FIRST), [*reads("Q7", 4, track=8), *reads(SECOND, 4, track=9)]]
    told = [whole(FIRST, track=1, v0=5, v1=4), life(SECOND, v1=4)]
    only(judged([car(0, FIRST), car(1, SECOND)], heard, *told), joined=1)


def whole(text: str, *, track: int, **parts: int) -> Told:
    told = life(text, **parts)
    events = [replace(made(told, at), track=track) for at in range(3)]
    return Told(events, told.parts)


def test_the_simple_rules_take_the_most_frequent_the_surest_and_the_last_read() -> None:
    told = [("AAA", 0.5), ("BBB", 0.9), ("AAA", 0.6), ("CCC", 0.9), ("DDD", 0.1)]
    heard = [Heard(at, 1, text, confidence) for at, (text, confidence) in enumerate(told)]
    assert by_rule(heard) == {"frequent": "AAA", "surest": "CCC", "last": "DDD"}
    assert by_rule(heard[1:])["frequent"] == "BBB"


def test_texts_are_judged_by_the_same_reads() -> None:
    """Of the report with the most reads of a vehicle, and of those reads."""
    heard = [[*reads(FIRST, 4), *reads(NEAR, 6, from_ms=200), *reads("KH", 2, from_ms=600)]]
    told = [life(FIRST, v0=4), life(FIRST, first_ms=200, v0=6)]
    tally = judged([car(0, FIRST)], heard, *told)
    assert (tally.judged, tally.ours) == (1, 0)
    assert (tally.frequent, tally.surest, tally.last) == (1, 1, 1)
    assert is_best(tally)
    assert worse_than(tally) == []


def test_being_worse_than_one_simple_rule_is_noticed() -> None:
    tally = Tally(ours=2, frequent=2, surest=1, last=5)
    assert worse_than(tally) == ["surest"]
    assert not is_best(tally)
    assert not is_best(Tally(ours=2, frequent=2, surest=3, last=5))


def sure(by: str | None, text: str, **fields: Any) -> Told:  # noqa: ANN401 - any field
    events = [Event(kind, text, **fields) for kind in WHOLE]
    events[1] = replace(events[1], reliable_by=by)
    return Told(events, Counter({0: 5}))


def test_reliable_is_counted_by_its_reason() -> None:
    told = [
        sure("agreement", FIRST),
        sure("agreement", NEAR),
        sure("timeout", FIRST),
        sure(None, "X"),
    ]
    tally = judged([car(0, FIRST)], [reads(FIRST, 20)], *told)
    assert (tally.sure, tally.agreed, tally.agreed_right, tally.timed_right) == (4, 2, 1, 1)


def changes(*events: tuple[str, int, str]) -> Tally:
    told = [Event(kind, text, at_mono_ns=at_ms * MS_NS) for kind, at_ms, text in events]
    told.insert(1, Event("reliable", told[0].text))
    return judged([car(0, FIRST)], [reads(FIRST)], Told(told, Counter({0: 5})))


def test_updates_within_two_hundred_milliseconds_of_the_one_before_are_counted() -> None:
    tally = changes(
        ("new", 0, "A"), ("update", 10, "B"), ("update", 209, "C"), ("update", 409, "D"),
        ("lost", 410, "D"),
    )  # fmt: skip
    assert (tally.updates, tally.close_updates) == (3, 1)


def test_texts_that_go_back_are_counted() -> None:
    tally = changes(
        ("new", 0, "A"), ("update", 500, "B"), ("update", 900, "A"), ("lost", 9_000, "C")
    )
    assert (tally.changes, tally.back) == (3, 1)


def test_a_confidence_that_jumps_is_counted_from_the_tenth_read_on() -> None:
    for reads_so_far, jumps in ((9, 0), (10, 1)):
        told = life(FIRST, v0=5)
        new = replace(made(told, 0), confidence=0.5, reads=reads_so_far)
        tally = judged([car(0, FIRST)], [reads(FIRST)], Told([new, *told.events[1:]], told.parts))
        assert tally.jumps == jumps


def made(told: Told, at: int) -> Event:
    event = told.events[at]
    assert isinstance(event, Event)
    return event


def test_equal_reads_are_told_with_their_confidence() -> None:
    told = life(FIRST, v0=5)
    low = Told([*told.events[:2], replace(made(told, 2), confidence=0.8)], told.parts)
    vehicles, heard = [car(0, FIRST)], [reads(FIRST)]
    assert judged(vehicles, heard, told).uneven == 0
    assert judged(vehicles, heard, low).uneven == 1
    percent = [[read._replace(confidence=90.0) for read in heard[0]]]
    assert judged(vehicles, percent, low).uneven == 0


def test_tallies_add_up() -> None:
    assert total([Tally(vehicles=2, ours=1), Tally(vehicles=3, back=4)]) == Tally(
        vehicles=5, ours=1, back=4
    )


def test_bars_are_shares_of_the_vehicles() -> None:
    just = Tally(vehicles=1000, swallowed_near=10, joined=1, joined_near=10, repeats=10)
    assert missed(just) == []
    for name in ("swallowed", "swallowed_near", "joined", "joined_near", "repeats"):
        worse = replace(just, **{name: getattr(just, name) + 1})
        assert [line.partition(":")[0].replace(", ", "_") for line in missed(worse)] == [name]
