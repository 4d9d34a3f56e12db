"""What the tracker takes from the settings: every field, and of a missing region the same as of the usual one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from cammra_edge import _native
from cammra_edge.config import Region, Settings, TrackingSettings
from cammra_edge.errors import FrameError
from cammra_edge.model import FrameFormat
from cammra_edge.tracking import Tracker
from tests.native.streams import at_ms, plain, read, tracker_of

if TYPE_CHECKING:
    from cammra_edge.tracking import TrackEvent

WIDTH, HEIGHT = 1920, 1080


class Noted:
    """Settings that note which of their fields are read."""

    def __init__(self, settings: object, names: set[str]) -> None:
        self._settings, self._names = settings, names

    def __getattr__(self, name: str) -> object:
        self._names.add(name)
        value = getattr(self._settings, name)
        return Noted(value, self._names) if isinstance(value, TrackingSettings) else value


def test_every_tracking_setting_is_read() -> None:
    names: set[str] = set()
    _native.Tracker(Noted(Settings(), names), [])  # type: ignore[arg-type]  # stands for them
    ours = {field.name for field in fields(TrackingSettings)}
    assert names == ours | {"tracking", "frame_format", "frame_size"}


def drive(tracker: Tracker) -> list[TrackEvent]:
    """Vehicles into all directions, some beyond the edge."""
    events = []
    starts = [(x, y) for x in (-30, 900, 1900) for y in (-30, 500, 1070)]
    for step in range(12):
        reads = [
            read(
                f"AAA{track}{way}",
                track=10 * track + way,
                plate=(x + 25 * step * across, y + 25 * step * down, 60, 15),
            )
            for track, (x, y) in enumerate(starts)
            for way, (across, down) in enumerate([(0, 1), (0, -1), (1, 0), (1, 1), (-1, -1)])
        ]
        events += tracker.observe(None, reads, at_ms(40 * step))
    return events + tracker.finish()


def test_no_region_is_the_whole_frame_as_the_usual_region_is() -> None:
    events = drive(tracker_of((WIDTH, HEIGHT)))
    assert {event.direction for event in events} == {"in", "out", "unknown"}
    assert plain(events) == plain(drive(tracker_of((WIDTH, HEIGHT), regions=[Region()])))


def test_frames_are_read_as_the_latest_settings_say() -> None:
    gray = memoryview(bytes(16)).cast("B", (4, 4))
    tracker = Tracker(Settings(frame_format=FrameFormat.GRAY8))
    tracker.observe(gray, [], at_ms(0))
    tracker.apply(Settings(frame_format=FrameFormat.BGR8))
    with pytest.raises(FrameError, match=r"height, width, 3"):
        tracker.observe(gray, [], at_ms(1))
