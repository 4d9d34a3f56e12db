"""Hands a site's reads to the native tracker, frame by frame, as the engine does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.config import Settings
from cammra_edge.model import FrameTime, PlateRead
from cammra_edge.tracking import Tracker
from tests.simulator.marks import Heard, info_of, marks_of, parts_of
from tests.simulator.noise import Noise, Reader, Text
from tests.simulator.numbers import Numbers, numbering
from tests.simulator.traffic import FRAME_SIZE, S_NS, Site, Vehicle

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from tests.simulator.said import Said


EPOCH_NS = 1_700_000_000 * S_NS


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one vehicle, and what it was made of."""

    events: Sequence[Said]
    parts: Counter[int]
    """Reads by true vehicle."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What was true, what was read, and what was said."""

    vehicles: list[Vehicle]
    heard: list[list[Heard]]
    """By true vehicle."""
    told: list[Told]
    counters: dict[str, int]


Texts = list[list[Text | None]]
"""What is read in each frame of each vehicle."""


def texts_of(site: Site, noise: Noise, seed: int) -> Texts:
    """Read once, whichever tracker numbers the reads."""
    reader = Reader(noise, site.number, seed)
    return [
        [
            reader.read(seen.vehicle, seen.plate, seen.height_px, frame.mono_ns)
            if seen.plate
            else None
            for seen in frame.glimpses
        ]
        for frame in site.frames
    ]


def drive(site: Site, texts: Texts, numbers: Numbers, seed: int) -> Drive:
    """Everything that a tracker says about a site's vehicles."""
    tracker = Tracker(Settings(frame_size=FRAME_SIZE))
    marks = marks_of(site)
    infos = [info_of(mark) for mark in marks]
    heard: list[list[Heard]] = [[] for _ in site.vehicles]
    tracks = numbering(numbers, site, seed)
    events: list[Said] = []
    for frame, frame_texts in zip(site.frames, texts, strict=True):
        reads = []
        for seen, track, text in zip(
            frame.glimpses, tracks.numbers(frame), frame_texts, strict=True
        ):
            if track is None:
                continue
            if text is None or not text.text:
                reads.append(PlateRead(track=track, vehicle=seen.box))
                continue
            heard[seen.vehicle].append(Heard(frame.mono_ns, track, *text))
            reads.append(
                PlateRead(
                    track=track,
                    text=text.text,
                    confidence=text.confidence,
                    vehicle=seen.box,
                    plate=seen.plate_box,
                    info=infos[seen.vehicle],
                )
            )
        events += tracker.observe(None, reads, _at(frame.mono_ns))
    events += tracker.tick(_at(site.frames[-1].mono_ns + 60 * S_NS))
    events += tracker.finish()
    return Drive(site.vehicles, heard, _told(events, marks, heard), tracker.counters())


def _told(events: Sequence[Said], marks: list[int], heard: list[list[Heard]]) -> list[Told]:
    by_number: dict[int, list[Said]] = {}
    for event in events:
        by_number.setdefault(event.vehicle_no, []).append(event)
    return [Told(told, parts_of(told, marks, heard)) for told in by_number.values()]


def _at(mono_ns: int) -> FrameTime:
    return FrameTime(mono_ns, EPOCH_NS + mono_ns)
