"""A wall clock set after the start: open vehicles tell their times by it, and each event says whether it was set."""

from __future__ import annotations

import pytest

from cammra_edge.model import FrameTime, ImageKind
from tests.native.streams import MS_NS, read, tracker_of
from tests.native.test_tracking_shots import PLATE, VEHICLE, frame, shooting

NOW_NS = 1_700_000_000_000_000_000
MINUTE_MS = 60_000


def unset(ms: float) -> FrameTime:
    """By a clock that began in 1970 with the stream."""
    return FrameTime(round(ms * MS_NS), round(ms * MS_NS), clock_synced=False)


def synced(ms: float, *, flag: bool | None = True, off_ms: float = 0) -> FrameTime:
    """By a clock that is right."""
    return FrameTime(round(ms * MS_NS), NOW_NS + round((ms + off_ms) * MS_NS), clock_synced=flag)


def test_a_new_before_the_clock_is_set_says_1970_and_its_lost_does_not() -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AAA111")], unset(100))
    assert (new.first_utc_ns, new.at_utc_ns, new.clock_synced) == (100 * MS_NS, 100 * MS_NS, False)
    assert tracker.observe(None, [read("AAA111")], synced(500)) == []
    reliable, lost = tracker.tick(synced(20_000))
    right = NOW_NS + 100 * MS_NS
    assert (reliable.first_utc_ns, reliable.clock_synced) == (right, True)
    assert (lost.first_utc_ns, lost.clock_synced) == (right, True)
    assert reliable.at_utc_ns == NOW_NS + 1100 * MS_NS
    assert lost.at_utc_ns == NOW_NS + 10_500 * MS_NS


def test_a_timer_that_is_due_when_the_clock_is_set_tells_by_the_new_clock() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], unset(0))
    reliable, lost = tracker.observe(None, [], synced(60_000))
    assert (reliable.at_utc_ns, reliable.first_utc_ns) == (NOW_NS + 1000 * MS_NS, NOW_NS)
    assert (lost.at_utc_ns, lost.clock_synced) == (NOW_NS + 10_000 * MS_NS, True)


def test_a_clock_that_jumps_before_it_is_called_set_is_told_by_all_the_same() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], unset(0))
    tracker.observe(None, [read("AAA111")], synced(400, flag=False))
    tracker.observe(None, [read("AAA111")], synced(800))
    assert {event.first_utc_ns for event in tracker.finish()} == {NOW_NS}


@pytest.mark.parametrize(
    ("off_ms", "told_ms"), [(-MINUTE_MS, 0), (MINUTE_MS, 0), (MINUTE_MS + 1, MINUTE_MS + 1)]
)
def test_a_correction_of_a_minute_or_less_changes_no_time(off_ms: float, told_ms: float) -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], synced(0, flag=False))
    tracker.observe(None, [read("AAA111")], synced(400, off_ms=off_ms))
    (lost,) = [event for event in tracker.finish() if event.kind == "lost"]
    assert lost.first_utc_ns == NOW_NS + told_ms * MS_NS
    assert lost.clock_synced


@pytest.mark.parametrize("before", [True, None])
@pytest.mark.parametrize("after", [True, False, None])
def test_only_a_clock_that_was_not_set_and_then_is_changes_anything(
    *, before: bool | None, after: bool | None
) -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], unset(0)._replace(clock_synced=before))
    tracker.observe(None, [read("AAA111")], synced(400, flag=after))
    assert {event.first_utc_ns for event in tracker.finish()} == {0}


def test_a_frame_of_which_nothing_is_known_leaves_the_clock_unset() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], unset(0))
    tracker.tick(FrameTime(100 * MS_NS, 100 * MS_NS))
    tracker.observe(None, [read("AAA111")], synced(400))
    assert {event.first_utc_ns for event in tracker.finish()} == {NOW_NS}


def test_the_time_of_a_picture_and_of_what_challenges_is_told_by_the_new_clock() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    seen = read("1AB1234", vehicle=VEHICLE, plate=PLATE)
    tracker.observe(frame(50), [seen], unset(0))
    for ms in (40, 80):
        tracker.observe(None, [seen], unset(ms))
    tracker.observe(None, [read("9XX0077")], unset(1000))
    events = tracker.observe(None, [read("9XX0077")], synced(1040))
    events += tracker.finish()
    assert {event.text for event in events} == {"1AB1234", "9XX0077"}
    first = [event for event in events if event.text == "1AB1234"]
    assert {event.image_utc_ns for event in first} == {NOW_NS}
    other = [event.first_utc_ns for event in events if event.text == "9XX0077"]
    assert set(other) == {NOW_NS + 1000 * MS_NS}


@pytest.mark.parametrize("flag", ["yes", 1, 0.0, object()])
def test_a_flag_of_another_type_is_not_known(flag: object) -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AAA111")], FrameTime(0, 0, flag))  # type: ignore[arg-type]
    assert new.clock_synced is None
