"""What `observe` costs the recogniser's thread: µs per call, through the Python door.

Prints each figure beside its bar, and exits with 1 when one is missed. Takes the smallest of several medians: the cost
of the code when nothing else has the core.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.recordings import recordings

from cammra_edge.config import Settings, TrackingSettings
from cammra_edge.model import Direction, FrameFormat, FrameTime, ImageKind, PlateRead
from cammra_edge.profile import HttpPost, Profile
from cammra_edge.recording import Recording
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WIDTH, HEIGHT = 1920, 1080
FRAME_NS = 40_000_000
ROUNDS = 7
CALLS = 400
OBSERVE_BAR_US = 25.0
CROWD_BAR_US = 250.0
LINES_BAR = 5000.0
CROP_BYTES = 640 * 400 * 3 // 2


def tracker_with(
    *kinds: ImageKind, size: tuple[int, int] = (WIDTH, HEIGHT), plates: bool = True
) -> Tracker:
    profiles = tuple(Profile(f"wants {k}", HttpPost("http://127.0.0.1:1/"), image=k) for k in kinds)
    return Tracker(
        Settings(
            profiles=profiles,
            frame_format=FrameFormat.NV12_FULL,
            frame_size=size,
            tracking=TrackingSettings(vehicles_without_plate=not plates),
        )
    )


def reads_of(confidence: float, vehicles: int = 10) -> list[PlateRead]:
    return [
        PlateRead(
            track=track,
            text=f"1AB12{track:02}",
            confidence=confidence,
            vehicle=(30.0 + 120 * track, 300.0, 640.0, 400.0),
            plate=(200.0 + 120 * track, 600.0, 160.0, 48.0),
            country="CZE",
            direction=Direction.IN,
        )
        for track in range(vehicles)
    ]


def median_us(call: Callable[[int], object], calls: int = CALLS) -> float:
    took: list[int] = []
    for index in range(calls):
        before = time.perf_counter_ns()
        call(index)
        took.append(time.perf_counter_ns() - before)
    return statistics.median(took) / 1e3


def quiet_us(frame: object) -> float:
    """Ten reads, no event, no better shot."""
    tracker = tracker_with(ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP)
    reads, step = reads_of(0.9), itertools.count()

    def observe(_: int) -> None:
        ns = next(step) * FRAME_NS
        tracker.observe(frame, reads, FrameTime(ns, ns))  # type: ignore[arg-type]

    median_us(observe, 50)
    return min(median_us(observe) for _ in range(ROUNDS))


def shot_us(frame: object) -> tuple[float, float]:
    """Ten reads, one of them a better shot of 640x400; and the same without."""
    with_shot: list[float] = []
    without: list[float] = []
    for _ in range(ROUNDS):
        tracker = tracker_with(ImageKind.VEHICLE_CROP)
        base = reads_of(0.1)
        ladder = [[*base[:9], reads_of(0.1 + 0.06 * rung)[9]] for rung in range(14)]
        took: list[list[int]] = [[], []]
        for step in range(28):
            ns = step * FRAME_NS
            before = time.perf_counter_ns()
            tracker.observe(frame, ladder[step // 2], FrameTime(ns, ns))  # type: ignore[arg-type]
            took[step % 2].append(time.perf_counter_ns() - before)
        assert tracker.counters()["shots_taken"] == 10 + 13
        with_shot.append(statistics.median(took[0][4:]) / 1e3)
        without.append(statistics.median(took[1][4:]) / 1e3)
    return min(with_shot), min(without)


def memcpy_us() -> float:
    source = bytearray(CROP_BYTES)
    return min(median_us(lambda _: bytes(source)) for _ in range(ROUNDS))


def crowd_us() -> float:
    """The drone's 136 vehicles at once, with those without a plate."""
    recording = Recording.open(recordings() / "drone")
    frames = list(recording.frames())
    size = (recording.width, recording.height)
    best: list[float] = []
    for _ in range(ROUNDS):
        tracker = tracker_with(size=size, plates=False)

        def observe(index: int, tracker: Tracker = tracker) -> None:
            tracker.observe(None, frames[index].reads, frames[index].at)

        best.append(median_us(observe, len(frames)))
    return min(best)


def lines_per_s() -> float:
    """The motorway in a loop, through the tracker alone."""
    recording = Recording.open(recordings() / "motorway")
    frames = list(recording.frames(loops=3))
    tracker = tracker_with(size=(recording.width, recording.height))
    before = time.perf_counter()
    for frame in frames:
        tracker.observe(None, frame.reads, frame.at)
    return len(frames) / (time.perf_counter() - before)


def table(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(
        "  ".join(f"{cell:<{36 if not at else 12}}" for at, cell in enumerate(row)) for row in rows
    )


def main() -> int:
    luma, chroma = bytearray(WIDTH * HEIGHT), bytearray(WIDTH * HEIGHT // 2)
    frame = (
        memoryview(luma).cast("B", (HEIGHT, WIDTH)),
        memoryview(chroma).cast("B", (HEIGHT // 2, WIDTH)),
    )
    copy_us = memcpy_us()
    shot, same = shot_us(frame)
    figures = [
        ("10 reads, no frame", quiet_us(None), OBSERVE_BAR_US, "µs"),
        ("10 reads, NV12 frame", quiet_us(frame), OBSERVE_BAR_US, "µs"),
        ("10 reads, one better shot 640x400", shot, OBSERVE_BAR_US + 1.5 * copy_us, "µs"),
        ("  the same without the shot", same, OBSERVE_BAR_US, "µs"),
        ("136 vehicles (drone)", crowd_us(), CROWD_BAR_US, "µs"),
    ]
    lines = lines_per_s()
    rows = [("what", "took", "bar", "")]
    rows += [
        (name, f"{took:.1f} {unit}", f"<= {bar:.0f} {unit}", "ok" if took <= bar else "MISSED")
        for name, took, bar, unit in figures
    ]
    rows.append(
        (
            "motorway, tracking alone",
            f"{lines:.0f} lines/s",
            f">= {LINES_BAR:.0f}",
            "ok" if lines >= LINES_BAR else "MISSED",
        )
    )
    rows.append(("memcpy of the crop", f"{copy_us:.1f} µs", "", ""))
    print(table(rows))
    return int(any(row[3] == "MISSED" for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
