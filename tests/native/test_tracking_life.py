"""The figure of a life in `docs/design/tracking.md`, played."""

from __future__ import annotations

import pytest

from tests.native.streams import MS_NS, at_ms, by_vehicle, counted, play, read, tracker_of
from tests.native.test_tracking_identity import CAR, FAR_AWAY

OWN, OTHER = "1AB1234", "9XX0077"


def test_a_vehicle_goes_on_under_another_number_and_ends_when_its_box_is_gone() -> None:
    """Number 7 is read, read, shown and read; 0.5 s later number 9 begins where it was expected, and is then shown."""
    tracker = tracker_of()
    events = play(
        tracker,
        [
            (0, [read(OWN, 7, vehicle=CAR)]),
            (200, [read(OWN, 7, vehicle=CAR)]),
            (400, [read(None, 7, vehicle=CAR)]),
            (500, [read(OWN, 7, vehicle=CAR)]),
            (1_100, [read(OWN, 9, vehicle=CAR, country="CZE")]),
            (1_200, [read(None, 9, vehicle=CAR)]),
            (1_300, [read(OWN, 9, vehicle=CAR, country="CZE")]),
            *((1_400 + 100 * step, [read(None, 9, vehicle=CAR)]) for step in range(30)),
        ],
    )
    events += tracker.tick(at_ms(60_000))
    told = [(event.kind, event.at_mono_ns // MS_NS, event.track) for event in events]
    assert told == [
        ("new", 0, 7),
        ("reliable", 500, 7),
        ("update", 1_300, 9),
        ("lost", 14_300, 9),
    ]
    assert {event.vehicle_no for event in events} == {1}
    assert counted(tracker, "relinked") == [1]


@pytest.mark.parametrize("is_another_body", [True, False])
def test_what_is_far_from_the_plate_is_withdrawn_and_then_another_vehicle(
    *, is_another_body: bool
) -> None:
    """S S S S S C S S C C C C C: where it comes back in the same box, it is a second plate of the same body."""
    tracker = tracker_of()
    frames = []
    for step, letter in enumerate("SSSSSCSSCCCCC"):
        is_there = letter == "C" and step > 5 and is_another_body
        text = OTHER if letter == "C" else OWN
        frames.append((100.0 * step, [read(text, 7, vehicle=FAR_AWAY if is_there else CAR)]))
    vehicles = by_vehicle(play(tracker, frames) + tracker.finish())
    ends = [(own[0].text, own[0].at_mono_ns // MS_NS) for own in vehicles.values()]
    assert ends == ([(OWN, 0), (OTHER, 800)] if is_another_body else [(OWN, 0)])
    if is_another_body:
        lost = vehicles[1][-1]
        assert (lost.kind, lost.text, lost.at_mono_ns // MS_NS) == ("lost", OWN, 700)


@pytest.mark.parametrize(("silent_ms", "vehicles"), [(1_900, 1), (2_100, 2)])
def test_the_place_of_a_standing_car_is_held_for_two_seconds(
    silent_ms: float, vehicles: int
) -> None:
    """Neither box nor read for so long, and a new number without a text in its place: after that it is another's."""
    tracker = tracker_of(vehicles_without_plate=True)
    events = play(tracker, [(40.0 * step, [read(OWN, 1, vehicle=CAR)]) for step in range(10)])
    back = 360 + silent_ms
    events += play(tracker, [(back + 40.0 * s, [read(None, 2, vehicle=CAR)]) for s in range(5)])
    assert len(by_vehicle(events + tracker.finish())) == vehicles
