"""How reads are weighed: reliability, confidence, presence, region, direction, and how often a vehicle speaks."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.config import Region
from cammra_edge.model import Direction
from tests.native.streams import MS_NS, at_ms, read, replay, tracker_of

if TYPE_CHECKING:
    from cammra_edge.tracking import Tracker, TrackEvent

BOX = (800.0, 300.0, 300.0, 200.0)


def see(
    tracker: Tracker,
    ms: float,
    text: str | None = "1AB1234",
    **fields: Any,  # noqa: ANN401 - any field
) -> list[TrackEvent]:
    return tracker.observe(None, [read(text, **fields)], at_ms(ms))


def reliable_of(events: list[TrackEvent]) -> TrackEvent:
    (reliable,) = [event for event in events if event.kind == "reliable"]
    return reliable


# ---- reliability ---------------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.95, 0.3, 0.0])
def test_reads_that_agree_are_reliable_however_sure_the_recogniser_is(confidence: float) -> None:
    tracker = tracker_of()
    events: list[TrackEvent] = []
    for step in range(5):
        events += see(tracker, 40 * step, confidence=confidence, direction=Direction.IN)
    reliable = reliable_of(events)
    assert (reliable.at_mono_ns, reliable.reliable_by) == (at_ms(80).mono_ns, "agreement")
    assert reliable.confidence == pytest.approx(confidence)


def test_every_event_from_reliable_on_says_by_what_and_new_does_not() -> None:
    tracker = tracker_of()
    events = see(tracker, 0) + tracker.tick(at_ms(1_000))
    for step in range(4):
        events += see(tracker, 1_100 + 100 * step, "1AB1235")
    events += tracker.finish()
    assert [(e.kind, e.reliable_by) for e in events] == [
        ("new", None),
        ("reliable", "timeout"),
        ("update", "timeout"),
        ("lost", "timeout"),
    ]
    other = tracker_of()
    see(other, 0)
    assert [(e.kind, e.reliable_by) for e in other.finish()] == [
        ("reliable", "end"),
        ("lost", "end"),
    ]


def test_a_text_that_another_one_rivals_is_not_reliable_by_agreement() -> None:
    tracker = tracker_of()
    events: list[TrackEvent] = []
    for step in range(24):
        events += see(
            tracker, 40 * step, "1AB1234" if step % 2 else "1AB1284", direction=Direction.IN
        )
    assert "reliable" not in [event.kind for event in events]


def test_agreement_waits_for_a_direction_for_half_of_the_time() -> None:
    tracker = tracker_of()
    events: list[TrackEvent] = []
    for step in range(20):
        events += see(tracker, 40 * step)
    assert reliable_of(events).at_mono_ns == at_ms(520).mono_ns


def test_more_support_can_be_asked_for() -> None:
    for support, by in [(0.5, "agreement"), (0.9, "end")]:
        tracker = tracker_of(reliable_support=support)
        events: list[TrackEvent] = []
        for step in range(16):
            text = "7XY9999" if step % 5 == 4 else "1AB1234"
            text = "1AB12" if step % 5 == 2 else text
            events += see(tracker, 40 * step, text, direction=Direction.IN)
        assert reliable_of(events + tracker.finish()).reliable_by == by


def test_far_plates_do_not_start_the_timer_where_a_least_height_is_set() -> None:
    tracker = tracker_of(reliable_plate_height=30)
    events: list[TrackEvent] = []
    for step in range(30):
        height = 12 if step < 20 else 40
        events += see(tracker, 100 * step, plate=(900, 400, 4 * height, height), confidence=0.1)
    assert reliable_of(events).at_mono_ns == at_ms(2_500).mono_ns
    usual = tracker_of(reliable_support=1.0)
    see(usual, 0, plate=(900, 400, 48, 12))
    assert reliable_of(usual.tick(at_ms(1_000))).at_mono_ns == at_ms(1_000).mono_ns


# ---- confidence ----------------------------------------------------------------------------


def test_one_equal_read_of_forty_has_at_most_half_of_its_confidence() -> None:
    tracker = tracker_of(result_delay_s=60.0)
    see(tracker, 0, confidence=0.95)
    for step in range(1, 40):
        see(tracker, 40 * step, f"1AB12{60 + step}", confidence=0.95)
    (new, *_) = tracker.finish()
    assert new.confidence <= 0.475


def test_from_the_tenth_read_on_the_confidence_does_not_leap_while_the_text_stays() -> None:
    tracker = tracker_of(reliable_support=1.0, lost_after_s=0.1)
    events: list[TrackEvent] = []
    for step in range(12):
        events += see(tracker, 20 * step, confidence=0.1)
    events += see(tracker, 240, confidence=0.1, country="DEU")
    for step in range(300):
        events += see(tracker, 260 + 20 * step, confidence=1.0, country="CZE")
    events += tracker.finish()
    steady = [event for event in events if event.reads >= 10]
    assert len(steady) >= 3
    assert all(abs(a.confidence - b.confidence) <= 0.2 + 1e-9 for a, b in pairwise(steady))


# ---- presence ------------------------------------------------------------------------------


def parked(tracker: Tracker, seconds: float) -> list[TrackEvent]:
    """Its box is always there, and trembles; its plate is read for half a second of every twelve."""
    noise = Random(1)  # noqa: S311 - seeded, to be repeatable
    events: list[TrackEvent] = []
    for frame in range(round(seconds * 10)):
        off = noise.uniform(-10, 10)
        text = "1AB1234" if frame % 120 < 5 else None
        events += see(tracker, 100 * frame, text, vehicle=(800 + off, 300 + off, 300, 200))
    return events


def test_a_parked_car_is_told_once_though_its_plate_flickers_for_ten_minutes() -> None:
    tracker = tracker_of()
    events = parked(tracker, 600)
    assert [event.kind for event in events] == ["new", "reliable"]
    events = tracker.tick(at_ms(700_000))
    assert [(e.kind, e.at_mono_ns, e.direction) for e in events] == [
        ("lost", at_ms(599_900 + 10_000).mono_ns, "unknown")
    ]


def test_without_boxes_it_is_gone_ten_seconds_after_its_last_read() -> None:
    tracker = tracker_of()
    events = see(tracker, 0)
    for step in range(1, 102):
        events += see(tracker, 100 * step, None)
    assert events[-1].kind == "lost"
    assert events[-1].at_mono_ns == at_ms(10_000).mono_ns


def test_a_box_that_jumps_is_no_longer_the_same_body() -> None:
    tracker = tracker_of()
    for step in range(10):
        see(tracker, 100 * step, vehicle=BOX)
    events: list[TrackEvent] = []
    for step in range(10, 140):
        events += see(tracker, 100 * step, None, vehicle=(50, 800, 300, 200))
    (lost,) = [event for event in events if event.kind == "lost"]
    assert lost.at_mono_ns == at_ms(10_900).mono_ns


def test_a_box_that_reaches_into_a_region_is_presence_though_its_plate_is_outside() -> None:
    lower = Region(polygon=((0, 0.5), (1, 0.5), (1, 1), (0, 1)))
    tracker = tracker_of(regions=(lower,))
    see(tracker, 0, vehicle=(800, 500, 300, 200), plate=(900, 650, 100, 30))
    for step in range(1, 150):
        reaching = (800, 380, 300, 200)
        events = see(tracker, 100 * step, vehicle=reaching, plate=(900, 500, 100, 30))
        assert "lost" not in [event.kind for event in events]


def test_a_stay_can_have_an_end_and_is_not_told_anew() -> None:
    tracker = tracker_of(longest_stay_s=60.0)
    events = parked(tracker, 200) + tracker.finish()
    assert [(e.kind, e.at_mono_ns // MS_NS) for e in events if e.kind in {"new", "lost"}] == [
        ("new", 0),
        ("lost", 60_000),
    ]


def test_the_vehicle_that_was_not_there_for_longest_makes_room() -> None:
    tracker = tracker_of(max_tracks=2)
    see(tracker, 0, "AAA111", track=1, vehicle=BOX)
    see(tracker, 100, "BBB222", track=2)
    see(tracker, 200, None, track=1, vehicle=BOX)
    events = see(tracker, 300, "CCC333", track=3)
    assert [(e.kind, e.text) for e in events if e.kind == "lost"] == [("lost", "BBB222")]


# ---- region and direction ------------------------------------------------------------------

DOWN = Region(roi_id=1, polygon=((0, 0), (1, 0), (1, 0.5), (0, 0.5)))
LOWER = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))


def through(second: Region, stop_at: int = 60) -> list[TrackEvent]:
    """A car that comes down through two regions, and stops."""
    tracker = tracker_of((1920, 1080), regions=(DOWN, second))
    events: list[TrackEvent] = []
    for step in range(80):
        y = 100 + 12.0 * min(step, stop_at)
        events += see(tracker, 40 * step, vehicle=(800, y, 300, 200), plate=(900, y + 100, 100, 30))
    return events + tracker.finish()


def test_another_region_with_another_arrow_has_a_direction_of_its_own() -> None:
    upwards = Region(roi_id=2, polygon=LOWER, arrow=((0.5, 1.0), (0.5, 0.0)))
    told = [(e.roi_id, e.direction) for e in through(upwards) if e.kind == "update"]
    assert told == [(1, "in"), (2, "unknown"), (2, "out")]


def test_a_car_that_stops_in_another_region_keeps_no_direction_of_the_old_one() -> None:
    sideways = Region(roi_id=2, polygon=LOWER, arrow=((0.0, 0.5), (1.0, 0.5)))
    lost = through(sideways, stop_at=32)[-1]
    assert (lost.roi_id, lost.direction) == (2, "unknown")


def test_another_region_with_the_same_arrow_keeps_the_direction() -> None:
    told = through(Region(roi_id=2, polygon=LOWER, arrow=((0.4, 0.0), (0.5, 1.0))))
    assert [(e.roi_id, e.direction) for e in told if e.kind == "update"] == [(1, "in"), (2, "in")]


@pytest.mark.parametrize("jitter_px", [10, 40])
def test_a_parked_car_whose_box_trembles_has_no_direction(jitter_px: float) -> None:
    tracker, noise = tracker_of(), Random(2)  # noqa: S311 - seeded
    events: list[TrackEvent] = []
    for frame in range(6_000):
        x, y = (noise.uniform(-jitter_px, jitter_px) for _ in range(2))
        events += see(tracker, 100 * frame, vehicle=(800 + x, 300 + y, 300, 200))
    assert {event.direction for event in events} == {"unknown"}
    assert [event.kind for event in events] == ["new", "reliable"]


def test_a_car_at_a_barrier_keeps_its_direction() -> None:
    tracker, noise = tracker_of(), Random(3)  # noqa: S311 - seeded
    events: list[TrackEvent] = []
    for frame in range(600):
        y = 100 + 15 * min(frame, 20) + noise.uniform(-5, 5)
        events += see(tracker, 100 * frame, vehicle=(800, y, 300, 200))
    told = [event.direction for event in events if "direction" in event.changed]
    assert told == ["in"]


# ---- how often it speaks -------------------------------------------------------------------


def test_changes_that_follow_within_the_interval_go_as_one_at_its_end() -> None:
    tracker = tracker_of(reliable_support=1.0)
    events: list[TrackEvent] = []
    for step in range(10):
        events += see(
            tracker,
            40 * step,
            direction=Direction.IN if step >= 1 else None,
            country="CZE" if step >= 3 else "DEU" if step == 0 else "",
            region="Brno" if step >= 5 else "Celle" if step == 0 else "",
        )
    events += tracker.tick(at_ms(900))
    told = [(e.at_mono_ns // MS_NS, e.changed) for e in events if e.kind == "update"]
    assert told == [(120, ("direction",)), (370, ("country", "plate_region"))]
    again = tracker_of(reliable_support=1.0, update_interval_s=0)
    events = []
    for step in range(10):
        events += see(
            again, 40 * step, country="CZE" if step >= 3 else "DEU", direction=Direction.IN
        )
    assert len([event for event in events if event.kind == "update"]) == 2


def test_reliable_takes_along_what_is_held_back() -> None:
    tracker = tracker_of(reliable_reads=100, reliable_after_s=0.3)
    events: list[TrackEvent] = []
    for step in range(10):
        country = "CZE" if step >= 4 else "DEU"
        events += see(tracker, 30 * step, country=country, direction=Direction.IN)
    events += tracker.tick(at_ms(2_000))
    told = [(e.kind, e.at_mono_ns // MS_NS, e.attributes.get("country")) for e in events]
    assert told == [("new", 0, "DEU"), ("update", 60, "DEU"), ("reliable", 300, "CZE")]


def test_a_third_of_the_vehicles_of_the_motorway_agree_and_their_text_stays() -> None:
    events = replay("motorway")
    last = {event.vehicle_no: event.text for event in events if event.kind == "lost"}
    stays: dict[str | None, list[bool]] = {}
    for event in events:
        if event.kind == "reliable":
            same = event.text == last[event.vehicle_no]
            stays.setdefault(event.reliable_by, []).append(same)
    agreed, timed = stays["agreement"], stays["timeout"]
    assert len(agreed) >= len(last) / 3
    assert sum(agreed) / len(agreed) > sum(timed) / len(timed)


def test_no_two_updates_of_the_motorway_follow_each_other_at_once() -> None:
    moments: dict[int, list[int]] = {}
    for event in replay("motorway"):
        if event.kind == "update":
            moments.setdefault(event.vehicle_no, []).append(event.at_mono_ns)
    assert sum(map(len, moments.values())) > 20
    gaps = [b - a for own in moments.values() for a, b in pairwise(own)]
    assert min(gaps) >= 250 * MS_NS
