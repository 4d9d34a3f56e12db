"""What `observe` costs the recogniser's thread: CPU time of that thread alone, call by call."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from benches import scene
from benches.event import DEVICE, PROFILE
from benches.floor import EventFloor
from benches.method import compare, quartiles
from benches.report import Result, Table, number
from cammra_edge import Engine, FrameFormat, ImageKind, Profile, TrackingSettings

if TYPE_CHECKING:
    from types import FrameType

    from cammra_edge import PlateRead

EXPECTED = {
    "Tracker.observe",
    "len",
    "monotonic_ns",
    "next",
    "tuple.__new__",
    *(f"deque.{name}" for name in ("append", "remove")),
    *(
        f"{lock}.{name}"
        for lock in ("lock", "RLock")
        for name in ("acquire", "release", "__enter__", "__exit__", "_is_owned")
    ),
}
"""Tracking, a queue, locks and the clock: all that may run on the recogniser's thread."""

STEP = 0.06
"""A shot is replaced when another read is better by more than 0.05."""


def run(*, quick: bool) -> Result:
    photo = scene.photo()
    result = Result()
    floor = EventFloor(photo.nv12, scene.VEHICLE, scene.PLATE, b"{}")
    copied = compare({"memcpy": floor.copy_crop}, reference="memcpy", rounds=15)[0]
    rows: list[tuple[str, str, str, str, str]] = []
    for name, key, samples in (
        ("10 reads, no event, no better shot", "observe_quiet_us", _quiet(photo, quick=quick)),
        (
            "10 reads, one better shot of 640x400 NV12",
            "observe_shot_us",
            _shots(photo, quick=quick),
        ),
        (
            "10 reads and a new vehicle: event, first shot",
            "observe_event_us",
            _events(photo, quick=quick),
        ),
    ):
        low, middle, high = quartiles(samples)
        result.bars[key] = middle
        rows.append(
            (
                name,
                number(middle),
                number(min(samples)),
                f"{low:.1f} to {high:.1f}",
                f"{len(samples):,}",
            )
        )
    rows.append(
        ("copying the crop's pixels, in C", number(copied.us), number(copied.best_us), "", "")
    )
    called = _called(photo)
    result.bars["observe_event_foreign"] = float(len(called - EXPECTED))
    result.bars["observe_shot_limit_us"] = 25 + 1.5 * copied.us
    result.tables.append(
        Table(
            "`observe` on the calling thread (NV12, 1080p)",
            ("call", "median µs", "best µs", "quartiles", "calls"),
            tuple(rows),
            "CPU time of the calling thread. With an event it calls these C functions and no other: "
            f"{', '.join(f'`{name}`' for name in sorted(called))}.",
        )
    )
    return result


def _called(photo: scene.Photo) -> set[str]:
    """Every C function that `observe` calls on this thread when a new vehicle makes an event."""
    engine, frame = _settled(photo, confidence=0.9)
    reads, at = [*scene.ten_reads(), scene.a_read(1000)], scene.at_frame(frame)
    called: set[str] = set()

    def note(_frame: FrameType, event: str, argument: Any) -> None:  # noqa: ANN401 - the interpreter's own
        if event == "c_call":
            called.add(argument.__qualname__)

    sys.setprofile(note)
    try:
        engine.observe(photo.nv12, reads, at)
    finally:
        sys.setprofile(None)
    return called - {"setprofile"}


def _engine() -> Engine:
    """Not started: the cost of its other threads is not the calling thread's."""
    only_vehicle = Profile(
        "bench", PROFILE.protocol, device_id="GATE-1", events={"new"}, image=ImageKind.VEHICLE_CROP
    )
    return Engine(
        device=DEVICE,
        profiles=[only_vehicle],
        frame_format=FrameFormat.NV12_FULL,
        # New vehicles stand where others were: each is to be one of its own.
        tracking=TrackingSettings(lost_after_s=3600.0, relink=False),
    )


def _settled(photo: scene.Photo, *, confidence: float) -> tuple[Engine, int]:
    """An engine whose ten vehicles have said New and Reliable, and the next frame's number."""
    engine = _engine()
    reads = scene.ten_reads(confidence=confidence)
    for frame in range(60):
        engine.observe(photo.nv12, reads, scene.at_frame(frame))
    return engine, 60


def _observed_us(engine: Engine, photo: scene.Photo, reads: list[PlateRead], frame: int) -> float:
    at = scene.at_frame(frame)
    started = time.thread_time_ns()
    engine.observe(photo.nv12, reads, at)
    return (time.thread_time_ns() - started) / 1000


def _quiet(photo: scene.Photo, *, quick: bool) -> list[float]:
    engine, frame = _settled(photo, confidence=0.9)
    reads = scene.ten_reads()
    samples = []
    for _ in range(2_000 if quick else 20_000):
        samples.append(_observed_us(engine, photo, reads, frame))
        frame += 1
    return samples


def _shots(photo: scene.Photo, *, quick: bool) -> list[float]:
    samples = []
    for _ in range(2 if quick else 10):
        engine, frame = _settled(photo, confidence=0.3)
        confidences = [0.3] * scene.VEHICLES
        for vehicle in range(scene.VEHICLES):
            while confidences[vehicle] < 0.9:
                confidences[vehicle] += STEP
                reads = [
                    scene.a_read(track, confidence=confidence)
                    for track, confidence in enumerate(confidences)
                ]
                samples.append(_observed_us(engine, photo, reads, frame))
                frame += 1
    return samples


def _events(photo: scene.Photo, *, quick: bool) -> list[float]:
    samples = []
    for _ in range(2 if quick else 10):
        engine, frame = _settled(photo, confidence=0.9)
        settled = scene.ten_reads()
        for number_ in range(100):
            reads = [*settled, scene.a_read(1000 + number_)]
            samples.append(_observed_us(engine, photo, reads, frame))
            frame += 1
    return samples
