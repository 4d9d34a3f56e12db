"""What challenges a vehicle has shots of its own: another car is shown from its first read on, and by nothing else."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.model import ImageKind
from tests.budget import examples
from tests.native.streams import at_ms, by_vehicle, counted, read
from tests.native.test_tracking_shots import PLATE, VEHICLE, frame, shade_of, shooting

if TYPE_CHECKING:
    from cammra_edge.model import Box
    from cammra_edge.tracking import Tracker, TrackEvent

AHEAD: Box = (420, 60, 220, 240)


def look(
    tracker: Tracker,
    ms: float,
    text: str,
    shade: int,
    track: int = 1,
    **fields: Any,  # noqa: ANN401 - any field
) -> list[TrackEvent]:
    seen = read(text, track, **{"vehicle": VEHICLE, "plate": PLATE, **fields})
    return tracker.observe(frame(shade), [seen], at_ms(ms))


def test_a_second_car_under_the_same_number_is_shown_by_its_own_frames_from_the_first_on() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    events = []
    for step in range(20):
        events += look(tracker, 100 * step, "FIRST11", 50)
    for step, shade in enumerate([100, *[150] * 38, 200]):
        confidence = {100: 0.9, 150: 0.8, 200: 0.99}[shade]
        events += look(tracker, 2_500 + 100 * step, "SECOND22", shade, confidence=confidence)
    events += tracker.finish()
    first, second = by_vehicle(events).values()
    assert {(e.text, e.image_text, shade_of(e)) for e in first} == {("FIRST11", "FIRST11", 50)}
    assert {(e.text, e.image_text) for e in second} == {("SECOND22", "SECOND22")}
    new, lost = second[0], second[-1]
    assert (new.kind, shade_of(new), new.image_utc_ns) == ("new", 100, at_ms(2_500).utc_ns)
    assert (lost.kind, shade_of(lost), lost.image_utc_ns) == ("lost", 200, at_ms(6_400).utc_ns)


def test_of_a_car_that_goes_before_it_is_told_there_is_a_picture_all_the_same() -> None:
    """Its last reads take over where the stream ends, and not where they were read."""
    tracker = shooting(ImageKind.PLATE_CROP)
    for step in range(20):
        look(tracker, 100 * step, "FIRST11", 50)
    for step in range(4):
        look(tracker, 2_000 + 100 * step, "SECOND22", 100)
    assert counted(tracker, "taken_over") == [0]
    _, second = by_vehicle(tracker.finish()).values()
    assert [(e.kind, e.text, shade_of(e)) for e in second] == [
        (kind, "SECOND22", 100) for kind in ("new", "reliable", "lost")
    ]


def test_each_further_read_is_copied_only_where_it_is_the_best() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    look(tracker, 0, "FIRST11", 50)
    for step in range(1, 20):
        look(tracker, 100 * step, "FIRST11", 50)
    shots = []
    for step, confidence in enumerate([0.7, 0.74, 0.72, 0.75, 0.8, 0.84, 0.86]):
        look(tracker, 2_000 + 40 * step, "SECOND22", 100, confidence=confidence)
        shots += counted(tracker, "shots_taken")
    assert shots == [2, 2, 2, 2, 3, 3, 4]
    assert counted(tracker, "taken_over") == [0]


def test_what_is_withdrawn_keeps_no_pixels() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    for step in range(10):
        look(tracker, 100 * step, "FIRST11", 50)
    before = counted(tracker, "shot_bytes")
    look(tracker, 1_000, "SECOND22", 100)
    assert counted(tracker, "shot_bytes") > before
    look(tracker, 1_100, "FIRST11", 50)
    assert counted(tracker, "shot_bytes") == before
    assert {(e.text, shade_of(e)) for e in tracker.finish()} == {("FIRST11", 50)}


def test_a_vehicle_whose_first_read_was_wrong_is_shown_by_the_right_ones_from_their_first_on() -> (
    None
):
    tracker = shooting(ImageKind.PLATE_CROP, shots_per_track=1)
    look(tracker, 0, "QQ77KW", 50)
    events = look(tracker, 40, "1AB1234", 100, confidence=0.99)
    for step in range(2, 20):
        events += look(tracker, 40 * step, "1AB1234", 150)
    events += tracker.finish()
    assert counted(tracker, "vehicles") == [1]
    assert {(e.text, e.image_text, shade_of(e)) for e in events} == {("1AB1234", "1AB1234", 100)}


def test_what_was_read_under_another_cars_number_shows_the_car_that_it_is_of() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    here, there = ({"vehicle": VEHICLE, "plate": PLATE}, {"vehicle": AHEAD, "plate": None})
    events: list[TrackEvent] = []
    for step in range(40):
        swapped = step >= 20
        one = read("FIRST11", 2 if swapped else 1, **here)
        other = read("SECOND22", 1 if swapped else 2, confidence=0.99 if swapped else 0.8, **there)
        events += tracker.observe(frame(50 if step < 20 else 150), [one, other], at_ms(40 * step))
    events += tracker.finish()
    assert [own[0].text for own in by_vehicle(events).values()] == ["FIRST11", "SECOND22"]
    for own in by_vehicle(events).values():
        assert {event.text for event in own} == {own[0].text}
        assert {event.image_text for event in own} == {own[0].text}


TEXTS = ("1AB1234", "1AB1284", "9XX0077", "9XX0071", "4ZZ5555", "ABC")


@pytest.mark.parametrize("budget", [1 << 20, 1 << 24])
def test_pixels_are_counted_as_they_are_whatever_takes_over_from_whom(budget: int) -> None:
    """What is kept at the end is one shot, and so is what is counted: nothing was let go of twice, or never."""
    last = (1 << 40) // 1_000_000
    for seed in range(examples(80)):
        chance = random.Random(seed)  # noqa: S311 - a test
        tracker = shooting(*ImageKind, shot_budget_bytes=budget)
        ms = 0
        for _ in range(120):
            ms += chance.choice((40, 40, 40, 700))
            reads = [
                read(
                    chance.choice(TEXTS),
                    track,
                    confidence=chance.random(),
                    vehicle=chance.choice((VEHICLE, AHEAD)),
                    plate=PLATE,
                )
                for track in range(3)
                if chance.random() < 0.8
            ]
            tracker.observe(frame(50), reads, at_ms(ms))
            assert counted(tracker, "shot_bytes")[0] <= budget
        seen = read("7EE7777", 99, vehicle=VEHICLE, plate=PLATE)
        tracker.observe(frame(50), [seen], at_ms(ms + 60_000))
        assert counted(tracker, "open_tracks") == [1]
        fresh = shooting(*ImageKind, shot_budget_bytes=budget)
        fresh.observe(frame(50), [seen], at_ms(0))
        assert counted(tracker, "shot_bytes") == counted(fresh, "shot_bytes")
        tracker.tick(at_ms(last))
        assert counted(tracker, "shot_bytes") == [0]
