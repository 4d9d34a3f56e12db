"""A profile's memory of plates: who is told, who is a repeat, and what is told of repeats later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.engine import repeats
from cammra_edge.engine.repeats import PlateMemory
from cammra_edge.model import Direction, Event, EventKind, Plate, Recalled, Repeat
from cammra_edge.outbox import Erasure
from cammra_edge.profile import HttpPost, Profile
from tests.fakes import NS
from tests.simulator.edits import edits

LOST_AFTER_NS = 10 * NS
BEGAN_NS = 1_760_000_000 * NS


def profile(**settings: Any) -> Profile:  # noqa: ANN401 - any setting
    made = Profile("gate", HttpPost("http://127.0.0.1:9/"), events=frozenset(EventKind))
    return replace(made, **({"repeat_window_s": 300.0, "repeat_holds_new": True} | settings))


def memory(**settings: Any) -> PlateMemory:  # noqa: ANN401 - as above
    return PlateMemory(profile(**settings), LOST_AFTER_NS)


def a_life(  # noqa: PLR0913 - what a test may want to differ
    vehicle_no: int,
    came_s: float,
    left_s: float,
    *,
    text: str = "1AB1234",
    direction: Direction = Direction.IN,
    roi_id: int = 1,
) -> list[Event]:
    """New, Reliable and Lost of a vehicle that came and left at these seconds."""
    came_ns, left_ns = (BEGAN_NS + round(at_s * NS) for at_s in (came_s, left_s))
    new = Event(
        event_id=f"{vehicle_no:030x}01",
        stream_id="run-1",
        vehicle_no=vehicle_no,
        car_id=vehicle_no,
        kind=EventKind.NEW,
        ordinal=1,
        at_utc_ns=came_ns,
        first_utc_ns=came_ns,
        last_utc_ns=came_ns,
        plate=Plate(text=text, confidence=0.9),
        direction=direction,
        roi_id=roi_id,
    )
    reliable_ns = came_ns + NS
    reliable = replace(
        new,
        event_id=f"{vehicle_no:030x}02",
        kind=EventKind.RELIABLE,
        ordinal=2,
        at_utc_ns=reliable_ns,
        last_utc_ns=reliable_ns,
        reliable_by="agreement",
    )
    lost = replace(
        reliable,
        event_id=f"{vehicle_no:030x}03",
        kind=EventKind.LOST,
        ordinal=3,
        at_utc_ns=left_ns + LOST_AFTER_NS,
        last_utc_ns=left_ns,
        final=True,
    )
    return [new, reliable, lost]


def verdicts(asked: PlateMemory, events: list[Event]) -> list[str]:
    return [asked.judge(event).verdict for event in events]


TOLD = ["held", "told", "told"]
REPEATED = ["held", "repeat", "repeat"]


@pytest.mark.parametrize(
    ("back_after_s", "becomes"), [(11, REPEATED), (299.9, REPEATED), (300, TOLD), (301, TOLD)]
)
def test_who_comes_back_within_the_window_is_not_told(
    back_after_s: float, becomes: list[str]
) -> None:
    asked = memory()
    assert verdicts(asked, a_life(1, 0, 20)) == TOLD
    assert verdicts(asked, a_life(2, 20 + back_after_s, 400)) == becomes


def test_the_next_that_goes_tells_how_many_repeats_there_were_and_when() -> None:
    asked = memory()
    first, second, third, fourth = (
        a_life(number, came, came + 5) for number, came in enumerate((0, 100, 250, 570), start=1)
    )
    assert verdicts(asked, first + second + third) == TOLD + REPEATED + REPEATED
    held, reliable, lost = map(asked.judge, fourth)
    repeat = Repeat(count=2, first_utc_ns=second[0].first_utc_ns, last_utc_ns=third[-1].at_utc_ns)
    assert held == Recalled(profile="gate", verdict="held", repeat=repeat)
    assert reliable == lost == Recalled(profile="gate")


def test_a_new_that_was_read_wrong_leaves_it_to_reliable_to_tell_of_repeats() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5) + a_life(2, 10, 15))
    new, reliable, lost = a_life(3, 400, 405)
    misread = replace(new, plate=replace(new.plate, text="1AB"))
    repeats = [asked.judge(event).repeat for event in (misread, reliable, lost)]
    assert [repeat and repeat.count for repeat in repeats] == [None, 1, None]


def test_a_held_new_of_a_repeat_takes_no_count_with_it() -> None:
    asked = memory()
    for number, came in enumerate((0, 10, 20), start=1):
        verdicts(asked, a_life(number, came, came + 5))
    repeat = asked.judge(a_life(4, 400, 405)[1]).repeat
    assert repeat is not None
    assert repeat.count == 2


def test_what_only_decides_tells_of_no_repeats() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5) + a_life(2, 10, 15))
    _, reliable, lost = a_life(3, 400, 405)
    assert asked.judge(reliable, tells=False).repeat is None
    assert asked.judge(lost).repeat is not None


@pytest.mark.parametrize(("every_s", "times_told"), [(60, 1), (300, 1), (305, 12), (360, 10)])
def test_a_plate_that_stays_or_keeps_coming_back_is_told_once(
    every_s: int, times_told: int
) -> None:
    """An hour: there for 5 s each time, so that 300 s lie between two from every 305 s on."""
    asked = memory()
    told = [
        came
        for number, came in enumerate(range(0, 3600, every_s), start=1)
        if verdicts(asked, a_life(number, came, came + 5)) == TOLD
    ]
    assert told == list(range(0, 3600, every_s))[:times_told]


def test_after_a_stay_the_next_that_goes_tells_of_all_of_it() -> None:
    asked = memory()
    comes = range(0, 3600, 60)
    lives = [a_life(number, came, came + 5) for number, came in enumerate(comes, start=1)]
    for life in lives:
        verdicts(asked, life)
    back = a_life(99, 3900, 3910)
    assert asked.judge(back[0]).repeat == Repeat(
        count=59, first_utc_ns=lives[1][0].first_utc_ns, last_utc_ns=lives[-1][-1].at_utc_ns
    )


def test_a_repeat_is_one_of_the_plate_that_was_told_and_not_of_one_that_was_near_to_that() -> None:
    asked = memory(repeat_distance=1)
    verdicts(asked, a_life(1, 0, 5, text="1AB1234"))
    assert verdicts(asked, a_life(2, 200, 205, text="1AB1235")) == REPEATED
    assert verdicts(asked, a_life(3, 400, 405, text="1AB1265")) == TOLD
    assert verdicts(asked, a_life(4, 402, 406, text="1AB1224")) == REPEATED


def test_a_stay_longer_than_a_start_looks_back_goes_on_all_the_same() -> None:
    asked, started_late = memory(), memory()
    lives = [a_life(number, 60 * number, 60 * number + 5) for number in range(20)]
    for number, life in enumerate(lives):
        for event in life:
            recalled = asked.judge(event)
            if number > 10:
                started_late.note(event, recalled)
    after = a_life(20, 1200, 1205)
    assert verdicts(asked, after) == verdicts(started_late, after) == REPEATED


@pytest.mark.parametrize(
    ("other", "becomes"),
    [
        ({"direction": Direction.IN}, REPEATED),
        ({"direction": Direction.UNKNOWN}, REPEATED),
        ({"direction": Direction.OUT}, TOLD),
        ({"roi_id": 2}, TOLD),
        ({"text": "1ab-12 34"}, REPEATED),
        ({"text": "1AB1235"}, TOLD),
    ],
)
def test_a_repeat_has_the_same_plate_direction_and_region(
    other: dict[str, object], becomes: list[str]
) -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5))
    assert verdicts(asked, a_life(2, 30, 40, **other)) == becomes  # type: ignore[arg-type]


def test_whose_direction_was_unknown_may_have_been_any() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5, direction=Direction.UNKNOWN))
    assert verdicts(asked, a_life(2, 30, 40, direction=Direction.OUT)) == REPEATED


@pytest.mark.parametrize(
    ("distance", "text", "becomes"),
    [(0, "1AB123", TOLD), (1, "1AB123", REPEATED), (1, "1AB12", TOLD), (2, "1A81235", REPEATED)],
)
def test_so_many_letters_may_differ(distance: int, text: str, becomes: list[str]) -> None:
    asked = memory(repeat_distance=distance)
    verdicts(asked, a_life(1, 0, 5))
    assert verdicts(asked, a_life(2, 30, 40, text=text)) == becomes


def test_what_was_kept_back_is_told_once_by_the_plate_that_is_near_enough() -> None:
    asked = memory(repeat_distance=2)
    verdicts(asked, a_life(1, 0, 5, text="1AB1234"))
    verdicts(asked, a_life(2, 10, 15, text="1AB1244"))
    near, same = a_life(3, 400, 405, text="1AB1255"), a_life(4, 800, 805, text="1AB1234")
    assert [one.repeat and one.repeat.count for one in map(asked.judge, near)] == [1, None, None]
    assert [one.repeat for one in map(asked.judge, same)] == [None, None, None]


def test_vehicles_without_a_plate_are_never_repeats() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5, text=""))
    assert verdicts(asked, a_life(2, 10, 15, text="")) == TOLD


def test_without_holding_a_new_goes_and_then_everything_of_its_vehicle() -> None:
    asked = memory(repeat_holds_new=False)
    verdicts(asked, a_life(1, 0, 5))
    assert verdicts(asked, a_life(2, 10, 15)) == ["told", "told", "told"]
    assert verdicts(asked, a_life(3, 20, 25)[1:]) == ["repeat", "repeat"]  # New is not wanted


def test_an_update_before_reliable_is_early_and_one_behind_it_is_not() -> None:
    asked = memory()
    new, reliable, lost = a_life(1, 0, 5)
    early = replace(new, kind=EventKind.UPDATE, ordinal=2)
    late = replace(reliable, kind=EventKind.UPDATE, ordinal=4)
    events = [new, early, reliable, late, lost]
    assert verdicts(asked, events) == ["held", "held", "told", "told", "told"]


def test_a_vehicle_is_no_repeat_of_itself_whatever_its_text_becomes() -> None:
    asked = memory()
    new, reliable, lost = a_life(1, 0, 100)
    update = replace(
        reliable, kind=EventKind.UPDATE, ordinal=3, plate=replace(new.plate, text="1AB1284")
    )
    assert verdicts(asked, [new, reliable, update, lost]) == ["held", "told", "told", "told"]
    assert verdicts(asked, a_life(2, 110, 120, text="1AB1284")) == REPEATED


def test_two_vehicles_with_one_plate_at_one_time_are_told_once() -> None:
    asked = memory()
    first, second = a_life(1, 0, 50), a_life(2, 20, 60)
    assert verdicts(asked, first[:2] + second[:2]) == TOLD[:2] + REPEATED[:2]
    assert asked.judge(first[2]).repeat == Repeat(
        count=1, first_utc_ns=second[0].at_utc_ns, last_utc_ns=second[1].at_utc_ns
    )
    assert verdicts(asked, second[2:]) == ["repeat"]


def test_a_clock_that_jumps_makes_no_repeats() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5))
    assert verdicts(asked, a_life(2, -86_400, -86_300)) == TOLD


def test_a_presence_without_reads_counts() -> None:
    """Parked for an hour with its plate read at first alone: the window begins when it leaves."""
    asked = memory()
    new, reliable, lost = a_life(1, 0, 3600)
    verdicts(asked, [new, reliable, replace(lost, last_utc_ns=reliable.at_utc_ns)])
    assert verdicts(asked, a_life(2, 3611, 3620)) == REPEATED


def test_what_was_decided_is_taken_up_from_the_events() -> None:
    """Whatever the point at which a run ends: another one, fed with what was stored, goes on as if it had not."""
    lives = [
        a_life(number, came, came + 8, text=text)
        for number, (came, text) in enumerate(
            [(0, "A1"), (3, "B2"), (12, "A1"), (30, "B2"), (305, "A1"), (320, "B2"), (330, "A1")],
            start=1,
        )
    ]
    events = sorted((event for life in lives for event in life), key=lambda event: event.at_utc_ns)
    asked = memory()
    wanted = [asked.judge(event) for event in events]
    assert {one.verdict for one in wanted} == {"held", "told", "repeat"}
    assert any(one.repeat for one in wanted)
    for end in range(len(events)):
        other = memory()
        for event, recalled in zip(events[:end], wanted, strict=False):
            other.note(event, recalled)
        assert [other.judge(event) for event in events[end:]] == wanted[end:]


@pytest.mark.parametrize(
    ("what", "becomes"),
    [
        (Erasure(everything=True), TOLD),
        (Erasure(plate="1ab1234"), TOLD),
        (Erasure(plate="1AB*"), TOLD),
        (Erasure(plate="2AB1234"), REPEATED),
        (Erasure(before_utc_ns=BEGAN_NS + 60 * NS), TOLD),
        (Erasure(before_utc_ns=BEGAN_NS), REPEATED),
    ],
)
def test_a_plate_that_is_erased_is_not_remembered(what: Erasure, becomes: list[str]) -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5))
    asked.forget(what)
    assert verdicts(asked, a_life(2, 30, 40)) == becomes


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MOST_PLATES", 3)
    monkeypatch.setattr(repeats, "MOST_VEHICLES", 3)
    asked = memory()
    for number in range(1, 11):
        verdicts(asked, a_life(number, number, number + 1, text=f"AB{number}")[:2])
    assert (len(asked._plates), len(asked._decided)) == (3, 3)
    assert verdicts(asked, a_life(11, 20, 21, text="AB10")) == REPEATED
    assert verdicts(asked, a_life(12, 20, 21, text="AB1")) == TOLD


SHORT = st.text("AB1", max_size=7)


def test_two_settings_of_one_memory_are_followed_from_the_next_vehicle_on() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5))
    asked.apply(profile(repeat_window_s=10.0), LOST_AFTER_NS)
    assert verdicts(asked, a_life(2, 14, 15)) == REPEATED
    assert verdicts(asked, a_life(3, 25, 26)) == TOLD


def test_what_is_told_whatever_comes_of_it_is_no_repeat() -> None:
    asked = memory()
    verdicts(asked, a_life(1, 0, 5) + a_life(2, 10, 15))
    new, reliable, lost = a_life(3, 20, 25)
    held = asked.judge(new)
    assert held.repeat is not None
    asked.tell([(new.stream_id, new.vehicle_no)])
    assert verdicts(asked, [reliable, lost]) == ["told", "told"]
    assert asked.judge(a_life(4, 400, 405)[1]).repeat is None  # the New has told of it


@given(SHORT, SHORT, st.integers(1, 2))
def test_a_memory_finds_every_plate_that_is_near_enough(one: str, other: str, most: int) -> None:
    asked = memory(repeat_distance=most)
    verdicts(asked, a_life(1, 0, 5, text=one))
    is_near = bool(one and other) and edits(one.lower(), other.lower()) <= most
    assert verdicts(asked, a_life(2, 20, 25, text=other)) == (REPEATED if is_near else TOLD)
