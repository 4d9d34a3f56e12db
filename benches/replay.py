"""The recorded streams through the whole engine at full speed, each in a loop.

`motorway` and `drone` have no pictures: they show tracking, JSON and outbox alone, on tmpfs where there is one.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benches import scene
from benches.event import DEVICE
from benches.listener import Listener
from benches.report import Result, Table, number
from cammra_edge import Engine, FrameFormat, HttpPost, OutboxSettings, Profile, TrackingSettings
from cammra_edge.recording import Recording

if TYPE_CHECKING:
    from cammra_edge.recording.reader import RecordedFrame

DRAIN_S = 120.0


def run(*, quick: bool) -> Result:
    folder = scene.recordings()
    result = Result()
    if folder is None:
        why = "no recordings: CAMMRA_RECORDINGS names their folder"
        result.bars |= {"drone_us": why, "motorway_lines_per_s": why}
        return result
    rows = [
        _replayed(folder / "toll-lane", result, loops=1 if quick else 5),
        _replayed(folder / "street", result, loops=1 if quick else 4, no_plates=True),
        _replayed(folder / "motorway", result, seconds=2.0 if quick else 10.0),
        _replayed(folder / "drone", result, loops=1 if quick else 10, no_plates=True),
    ]
    result.tables.append(
        Table(
            "Recorded streams at full speed",
            (
                "recording",
                "frames/s",
                "lines/s",
                "events",
                "calling thread µs/frame",
                "all CPU µs/frame",
                "frames per CPU second",
            ),
            tuple(rows),
            "Frames, reads and events as recorded; New, Reliable, Update and Lost to one HTTP profile.",
        )
    )
    return result


def _replayed(
    path: Path,
    result: Result,
    *,
    loops: int | None = None,
    seconds: float | None = None,
    no_plates: bool = False,
) -> tuple[str, ...]:
    recording = Recording.open(path)
    with (
        tempfile.TemporaryDirectory(prefix="cammra-bench-", dir=_memory()) as folder,
        Listener() as listener,
    ):
        profile = Profile(
            "bench",
            HttpPost(listener.url),
            device_id="GATE-1",
            events={"new", "reliable", "update", "lost"},
            image="vehicle crop" if recording.frames_path else None,
        )
        engine = Engine(
            device=DEVICE,
            profiles=[profile],
            frame_format=FrameFormat.JPEG,
            frame_size=(recording.width, recording.height),
            outbox=OutboxSettings(path=Path(folder) / "outbox", max_events=1_000_000),
            tracking=TrackingSettings(vehicles_without_plate=no_plates),
        )
        with engine.running(live=False):
            figures = _run(engine, recording, loops, seconds)
            engine.finish()
            engine.drain(DRAIN_S)
            events = sum(engine.status().events.values())
    frames_seen, lines, wall_s, calling_us, cpu_us = figures
    if path.name == "drone":
        result.bars["drone_us"] = calling_us
    if path.name == "motorway":
        result.bars["motorway_lines_per_s"] = lines / wall_s
    return (
        path.name,
        f"{frames_seen / wall_s:,.0f}",
        f"{lines / wall_s:,.0f}",
        f"{events:,}",
        number(calling_us),
        number(cpu_us),
        f"{1e6 / cpu_us:,.0f}",
    )


def _run(
    engine: Engine, recording: Recording, loops: int | None, seconds: float | None
) -> tuple[int, int, float, float, float]:
    """Frames, lines with reads, wall seconds, and per frame the calling thread's and all threads' µs."""
    frames = lines = calling_ns = 0
    began, spent = time.monotonic(), time.process_time_ns()
    for frame in recording.frames(loops=loops):
        if seconds is not None and time.monotonic() - began > seconds:
            break
        engine.wait_for_room()
        calling_ns += _observed_ns(engine, frame)
        frames += 1
        lines += bool(frame.reads)
    engine.drain(DRAIN_S)
    wall_s = time.monotonic() - began
    cpu_us = (time.process_time_ns() - spent) / frames / 1000
    return frames, lines, wall_s, calling_ns / frames / 1000, cpu_us


def _observed_ns(engine: Engine, frame: RecordedFrame) -> int:
    started = time.thread_time_ns()
    engine.observe(frame.jpeg, frame.reads, frame.at)
    return time.thread_time_ns() - started


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own is made in it
