"""When a vehicle says what: the published timeline, and every rule at its edge."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cammra_edge.config import Region, Settings, TrackingSettings
from cammra_edge.model import Direction, VehicleInfo
from tests.native.streams import at_ms, read, told, tracker_of


def test_the_published_timeline_of_one_vehicle() -> None:
    """The vendor's timeline (PROTOCOL 8), reads every 50 ms.

    The direction is known from .150 on and counts at its third agreeing read; the text changes at .250 and
    counts 150 ms later, when it outweighs the old one, but goes a quarter of a second after the update before;
    Lost comes 10 s after the last read.
    """
    tracker = tracker_of()
    events = []
    for ms in range(100, 851, 50):
        text = "AA7690EQ" if ms < 250 else "AA7690EO"
        direction = Direction.UNKNOWN if ms < 150 else Direction.IN
        events += tracker.observe(
            None, [read(text, direction=direction, confidence=0.7)], at_ms(ms)
        )
    events += tracker.tick(at_ms(10_850))
    assert told(events) == [
        ("new", 100.0, "AA7690EQ", "unknown"),
        ("update", 250.0, "AA7690EQ", "in"),
        ("update", 500.0, "AA7690EO", "in"),
        ("reliable", 1_100.0, "AA7690EO", "in"),
    ]
    events += tracker.tick(at_ms(10_900))
    assert told(events)[4:] == [("lost", 10_850.0, "AA7690EO", "in")]
    assert [event.changed for event in events if event.kind == "update"] == [
        ("direction",),
        ("plate",),
    ]
    assert {event.vehicle_no for event in events} == {1}


def test_a_clear_vehicle_is_reliable_by_agreement_and_not_by_the_timer() -> None:
    tracker = tracker_of()
    events = []
    for step in range(10):
        box = (800, 300 + 12 * step, 300, 200)
        events += tracker.observe(
            None, [read("1AB1234", vehicle=box, confidence=0.95)], at_ms(40 * step)
        )
    kinds = [(event.kind, event.at_mono_ns // 1_000_000) for event in events]
    assert kinds == [("new", 0), ("update", 160), ("reliable", 160)]
    assert events[-1].direction == "in"
    assert events[-1].confidence == pytest.approx(0.95)


def test_reliable_comes_after_a_second_when_agreement_does_not() -> None:
    tracker = tracker_of()
    assert [e.kind for e in tracker.observe(None, [read("1AB1234")], at_ms(0))] == ["new"]
    assert tracker.next_deadline_mono_ns() == at_ms(1000).mono_ns
    assert tracker.tick(at_ms(999.999999)) == []
    assert told(tracker.tick(at_ms(1000))) == [("reliable", 1000.0, "1AB1234", "unknown")]
    assert tracker.tick(at_ms(5000)) == []


def test_lost_comes_after_more_than_ten_seconds() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("1AB1234")], at_ms(0))
    tracker.observe(None, [read("1AB1234")], at_ms(2000))
    assert tracker.next_deadline_mono_ns() == at_ms(12_000).mono_ns + 1
    assert tracker.tick(at_ms(12_000)) == []
    lost = tracker.tick(at_ms(12_000.000001))
    assert told(lost) == [("lost", 12_000.0, "1AB1234", "unknown")]
    assert lost[0].first_utc_ns == at_ms(0).utc_ns
    assert lost[0].at_utc_ns == at_ms(12_000).utc_ns
    assert tracker.next_deadline_mono_ns() is None


def test_a_read_at_the_last_moment_keeps_the_vehicle() -> None:
    tracker = tracker_of()
    for ms in (0, 10_000, 20_000):
        events = tracker.observe(None, [read("1AB1234")], at_ms(ms))
        assert "lost" not in [event.kind for event in events]
    assert [e.kind for e in tracker.observe(None, [read("1AB1234")], at_ms(30_001))] == [
        "lost",
        "new",
    ]


def test_timers_give_their_own_moments_however_late_they_are_looked_at() -> None:
    late, punctual = tracker_of(), tracker_of()
    for tracker in (late, punctual):
        tracker.observe(None, [read("AAA111", 1)], at_ms(0))
        tracker.observe(None, [read("BBB222", 2)], at_ms(300))
    events = []
    for ms in range(400, 12_000, 100):
        events += punctual.tick(at_ms(ms))
    assert told(late.tick(at_ms(60_000))) == told(events)
    moments = [event.at_mono_ns for event in events]
    assert all(a <= b for a, b in pairwise(moments))


def test_a_vehicle_that_goes_before_its_reliable_still_gets_it() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("1AB1234")], at_ms(0))
    assert told(tracker.finish()) == [
        ("reliable", 0.0, "1AB1234", "unknown"),
        ("lost", 0.0, "1AB1234", "unknown"),
    ]
    assert tracker.finish() == []


def test_one_bad_read_never_changes_the_report() -> None:
    tracker = tracker_of()
    events = []
    for step, text in enumerate(["1AB1234", "1AB1234", "7XY9999", "1AB1234", "1AB1234"] * 4):
        bad = text != "1AB1234"
        confidence = 1.0 if bad and step < 5 else 0.4
        if bad and step > 5:
            continue
        events += tracker.observe(None, [read(text, confidence=confidence)], at_ms(40 * step))
    events += tracker.finish()
    assert {event.text for event in events} == {"1AB1234"}


def test_reads_of_different_length_are_aligned_before_they_vote() -> None:
    tracker = tracker_of()
    events = []
    texts = ["1AB1234", "11AB1234", "AB1234", "1AB1234", "1AB123", "1AB12345", "1AB1234"]
    for step, text in enumerate(texts):
        events += tracker.observe(None, [read(text)], at_ms(40 * step))
    events += tracker.finish()
    assert {event.text for event in events} == {"1AB1234"}


def test_a_growing_plate_is_reported_as_it_grows() -> None:
    tracker = tracker_of()
    events = []
    texts = ["XX YY3"] * 2 + ["XX YY38"] * 5 + ["XX YY380"] * 9 + ["XX YY3803"] * 40
    for step, text in enumerate(texts):
        events += tracker.observe(None, [read(text)], at_ms(40 * step))
    reported = [event.text for event in events if event.kind == "new" or "plate" in event.changed]
    assert reported == ["XX YY3", "XX YY38", "XX YY380", "XX YY3803"]


def test_what_changes_together_is_one_update() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("1AB1234", country="DEU")], at_ms(0))
    events = []
    for step in range(1, 9):
        changed = read("1AB1230", country="CZE", direction=Direction.OUT, roi=2)
        events += tracker.observe(None, [changed], at_ms(20 * step))
    updates = [event.changed for event in events if event.kind == "update"]
    assert updates == [("plate", "direction", "region", "country")]
    assert (events[0].roi_id, events[0].attributes) == (2, {"country": "CZE"})


def test_attributes_are_a_majority_and_their_changes_are_named() -> None:
    tracker = tracker_of()
    skoda = VehicleInfo(make="SKODA", model="Rapid", colour="BLUE", confidence_mmr=0.9)
    events = tracker.observe(None, [read("1AB1234", info=skoda, region="Hannover")], at_ms(0))
    assert events[0].attributes == {
        "region": "Hannover",
        "colour": "BLUE",
        "make": "SKODA",
        "model": "Rapid",
    }
    assert events[0].confidence_mmr == pytest.approx(0.9)
    assert events[0].confidence_colour is None
    for step in range(1, 5):
        seat = VehicleInfo(make="SEAT", model="Rapid", colour="BLUE")
        events += tracker.observe(
            None, [read("1AB1234", info=seat, region="Celle")], at_ms(40 * step)
        )
    assert [event.changed for event in events[1:]] == [("plate_region", "make")]


def test_the_result_delay_gathers_reads_and_keeps_the_time_of_the_first() -> None:
    tracker = tracker_of(result_delay_s=0.5)
    for step, text in enumerate(["1AB1239", "1AB1234", "1AB1234", "1AB1234"]):
        assert tracker.observe(None, [read(text)], at_ms(100 * step)) == []
    new = tracker.tick(at_ms(500))
    assert told(new) == [("new", 0.0, "1AB1234", "unknown")]
    assert new[0].reads == 4


def test_without_the_result_delay_over_a_vehicle_says_all_at_its_end() -> None:
    tracker = tracker_of(result_delay_s=30.0, lost_after_s=1.0)
    tracker.observe(None, [read("1AB1234")], at_ms(0))
    assert [e.kind for e in tracker.tick(at_ms(1001))] == ["new", "reliable", "lost"]


def lower_half(roi_id: int = 1) -> Region:
    corners = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
    return Region(roi_id=roi_id, polygon=corners)


def test_reads_outside_every_region_neither_start_a_vehicle_nor_keep_it() -> None:
    tracker = tracker_of(regions=(lower_half(),))
    above, below = (900, 100, 100, 30), (900, 900, 100, 30)
    assert tracker.observe(None, [read("1AB1234", plate=above)], at_ms(0)) == []
    assert tracker.counters()["open_tracks"] == 0
    assert [e.kind for e in tracker.observe(None, [read("1AB1234", plate=below)], at_ms(100))] == [
        "new"
    ]
    for ms in range(1000, 10_101, 1000):
        tracker.observe(None, [read("1AB1234", plate=above)], at_ms(ms))
    assert [e.kind for e in tracker.tick(at_ms(10_101))] == ["lost"]
    assert tracker.counters()["reads_outside_regions"] == 11


def test_the_recognisers_region_goes_before_the_polygons() -> None:
    tracker = tracker_of(regions=(lower_half(), lower_half(roi_id=2)))
    above = (900, 100, 100, 30)
    assert tracker.observe(None, [read("AAA111", 1, plate=above, roi=2)], at_ms(0))[0].roi_id == 2
    assert tracker.observe(None, [read("BBB222", 2, plate=above, roi=7)], at_ms(1)) == []
    assert tracker.observe(None, [read("CCC333", 3, plate=above, roi=0)], at_ms(2)) == []
    assert tracker.observe(None, [read("DDD444", 4)], at_ms(3))[0].roi_id == 1


def drive(y_from: int, y_step: int, regions: tuple[Region, ...] = ()) -> str:
    tracker = tracker_of(regions=regions)
    for step in range(20):
        box = (800, y_from + y_step * step, 300, 200)
        tracker.observe(None, [read("1AB1234", vehicle=box)], at_ms(40 * step))
    return tracker.finish()[-1].direction


def test_the_boxes_tell_the_direction_along_the_arrow() -> None:
    assert drive(100, 20) == "in"
    assert drive(800, -20) == "out"
    assert drive(500, 0) == "unknown"
    upwards = Region(arrow=((0.5, 1.0), (0.5, 0.0)))
    assert drive(100, 20, regions=(upwards,)) == "out"


def test_the_recognisers_direction_goes_before_the_boxes() -> None:
    tracker = tracker_of()
    for step in range(20):
        box = (800, 100 + 20 * step, 300, 200)
        told_now = Direction.OUT if step < 6 else None
        tracker.observe(None, [read("1AB1234", vehicle=box, direction=told_now)], at_ms(40 * step))
    assert tracker.finish()[-1].direction == "out"


def test_vehicles_without_a_plate_start_at_their_first_box_when_asked_for() -> None:
    box = (800, 100, 300, 200)
    silent = tracker_of()
    assert silent.observe(None, [read(None, vehicle=box)], at_ms(0)) == []
    assert silent.finish() == []
    asked = tracker_of(vehicles_without_plate=True)
    events = asked.observe(None, [read(None, vehicle=box, confidence=0.4)], at_ms(0))
    assert [(e.kind, e.text, e.confidence, e.reads) for e in events] == [("new", "", 0.0, 0)]
    for step in range(1, 5):
        events += asked.observe(None, [read("1AB1234", vehicle=box)], at_ms(40 * step))
    assert [(e.kind, e.text, e.changed) for e in events[1:]] == [("update", "1AB1234", ("plate",))]


def test_other_settings_hold_from_the_next_frame_on() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("1AB1234")], at_ms(0))
    tracker.apply(Settings(tracking=TrackingSettings(lost_after_s=0.5)))
    assert [e.kind for e in tracker.tick(at_ms(501))] == ["reliable", "lost"]
