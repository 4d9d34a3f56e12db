"""Recorded streams and hand-made reads, fed to a tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cammra_edge.config import Settings, TrackingSettings
from cammra_edge.model import FrameTime, PlateRead
from cammra_edge.recording import Recording
from cammra_edge.tracking import Tracker, TrackEvent
from tests.recordings import recordings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EPOCH_NS = 1_700_000_000_000_000_000
MS_NS = 1_000_000


def tracker_of(frame_size: tuple[int, int] | None = (1920, 1080), **rules: Any) -> Tracker:  # noqa: ANN401 - any setting
    return Tracker(Settings(tracking=TrackingSettings(**rules), frame_size=frame_size))


def at_ms(ms: float) -> FrameTime:
    ns = round(ms * MS_NS)
    return FrameTime(ns, EPOCH_NS + ns)


def read(text: str | None, track: int = 1, **fields: Any) -> PlateRead:  # noqa: ANN401 - any field
    return PlateRead(track=track, text=text, **{"confidence": 0.9, **fields})


def play(tracker: Tracker, frames: Iterable[tuple[float, Sequence[PlateRead]]]) -> list[TrackEvent]:
    events: list[TrackEvent] = []
    for ms, reads in frames:
        events += tracker.observe(None, reads, at_ms(ms))
    return events


def times(
    text: str | None,
    count: int,
    *,
    start_ms: float = 0,
    every_ms: float = 100,
    **fields: Any,  # noqa: ANN401 - any field
) -> list[tuple[float, list[PlateRead]]]:
    return [(start_ms + every_ms * step, [read(text, **fields)]) for step in range(count)]


def lives(events: Iterable[TrackEvent]) -> list[tuple[str, str]]:
    """First and last text of each vehicle."""
    return [(own[0].text, own[-1].text) for own in by_vehicle(events).values()]


def counted(tracker: Tracker, *names: str) -> list[int]:
    """What the tracker has counted, by these names."""
    counters = tracker.counters()
    return [counters[name] for name in names]


def told(events: Iterable[TrackEvent]) -> list[tuple[str, float, str, str]]:
    """Kind, time in ms, text and direction of each event."""
    return [(e.kind, e.at_mono_ns / MS_NS, e.text, e.direction) for e in events]


def replay(name: str, **rules: Any) -> list[TrackEvent]:  # noqa: ANN401 - any setting
    recording = Recording.open(recordings() / name)
    tracker = tracker_of((recording.width, recording.height), **rules)
    events: list[TrackEvent] = []
    for frame in recording.frames():
        events += tracker.observe(None, frame.reads, frame.at)
    return events + tracker.finish()


def by_vehicle(events: Iterable[TrackEvent]) -> dict[int, list[TrackEvent]]:
    vehicles: dict[int, list[TrackEvent]] = {}
    for event in events:
        vehicles.setdefault(event.vehicle_no, []).append(event)
    return vehicles


FIELDS = tuple(name for name in dir(TrackEvent) if not name.startswith("_") and name != "shot")


def plain(events: Iterable[TrackEvent]) -> str:
    """Everything the events say, as text; a shot by its number."""
    lines = []
    for event in events:
        fields = {name: getattr(event, name) for name in FIELDS}
        lines.append(f"{fields} shot={event.shot.shot_no if event.shot else None}")
    return "\n".join(lines)
