"""A recording with a mark on every read of the track that was recorded, so that events tell whose reads they are of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cammra_edge.recogniser import PlateFollower
from cammra_edge.recording import Recording
from tests.native.streams import by_vehicle, tracker_of
from tests.recordings import recordings
from tests.simulator.marks import Heard, info_of, marks_for, parts_of

if TYPE_CHECKING:
    from cammra_edge.model import Box
    from cammra_edge.recording.reader import RecordedFrame
    from cammra_edge.tracking import TrackEvent

CLEAR_READS = 3
"""A recorded track has a plate of its own where so many reads are equal."""


@dataclass(frozen=True, slots=True)
class Told:
    """A vehicle that was told of, and how many reads of each recorded track it is made of."""

    events: list[TrackEvent]
    parts: Counter[int]


@dataclass(frozen=True, slots=True)
class Track:
    """A recorded track: its reads with a text."""

    reads: list[Heard]
    boxes: list[Box | None]

    def last_before(self, mono_ns: int) -> tuple[int, Box | None] | None:
        """When and where it was read last before a moment."""
        seen = [
            (read.mono_ns, box)
            for read, box in zip(self.reads, self.boxes, strict=True)
            if read.mono_ns < mono_ns
        ]
        return seen[-1] if seen else None

    @property
    def plate(self) -> str | None:
        """The text that most of its reads have, if it is clear."""
        text, count = Counter(read.text for read in self.reads).most_common(1)[0]
        return text if count >= CLEAR_READS else None


def tracks_of(name: str) -> dict[int, Track]:
    """The recorded tracks that have a text, in the order in which they appear."""
    tracks: dict[int, Track] = {}
    for frame in Recording.open(recordings() / name).frames():
        for read in frame.reads:
            if read.text:
                track = tracks.setdefault(read.track, Track([], []))
                track.reads.append(Heard(frame.at.mono_ns, read.track, read.text, read.confidence))
                track.boxes.append(read.vehicle)
    return tracks


def told_of(name: str, *, follow: bool = False) -> list[Told]:
    """What is told of a recording; with `follow` by the numbers that `PlateFollower` gives."""
    recording = Recording.open(recordings() / name)
    tracks = tracks_of(name)
    spans = [(track.reads[0].mono_ns, track.reads[-1].mono_ns) for track in tracks.values()]
    marks = marks_for(spans)
    infos = {track: info_of(mark) for track, mark in zip(tracks, marks, strict=True)}
    tracker = tracker_of((recording.width, recording.height))
    follower = PlateFollower() if follow else None
    events: list[TrackEvent] = []
    for frame in recording.frames():
        numbers = _followed(follower, frame) if follower else [read.track for read in frame.reads]
        reads = [
            replace(read, track=number, info=infos.get(read.track))
            for read, number in zip(frame.reads, numbers, strict=True)
            if number is not None
        ]
        events += tracker.observe(None, reads, frame.at)
    events += tracker.finish()
    heard = [track.reads for track in tracks.values()]
    numbers_of = list(tracks)
    told = []
    for of_one in by_vehicle(events).values():
        parts = parts_of(of_one, marks, heard)
        told.append(
            Told(of_one, Counter({numbers_of[index]: count for index, count in parts.items()}))
        )
    return told


def _followed(follower: PlateFollower, frame: RecordedFrame) -> list[int | None]:
    """A number for each read with a plate's box."""
    boxes = [read.plate for read in frame.reads if read.plate is not None]
    numbers = iter(follower.follow(boxes, frame.at.mono_ns))
    return [None if read.plate is None else next(numbers) for read in frame.reads]
