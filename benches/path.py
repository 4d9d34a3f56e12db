"""The whole event path at work: engine, outbox with fsync, delivery over HTTP to a receiver in another process.

A camera's loop on one 1080p frame, once with ten vehicles that have nothing to say, once with a new vehicle in every
frame: an event with vehicle crop and plate crop each time. Each source has its own process, so that its peak memory is
its own. Nothing is pinned: encoder, worker and receiver run where they can.
"""

from __future__ import annotations

import os
import resource
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches import scene
from benches.event import DEVICE
from benches.floor import EventFloor
from benches.listener import Listener
from benches.method import cost, percentile
from benches.report import Result, Table, number
from cammra_edge import (
    Engine,
    FrameFormat,
    HttpPost,
    OutboxSettings,
    Profile,
    TrackingSettings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge import PlateRead

SOURCES = {
    "rgb": FrameFormat.RGB8,
    "nv12": FrameFormat.NV12_FULL,
    "mjpeg": FrameFormat.JPEG,
}
RATE_PER_S = 20
DRAIN_S = 60.0
_KIB = 1024


@dataclass(slots=True)
class Findings:
    """What one source costs."""

    frames_per_s: float = 0.0
    quiet_us: float = 0.0
    busy_us: float = 0.0
    cpu_us_per_event: float = 0.0
    events_per_s: float = 0.0
    written_per_event: float = 0.0
    body_bytes: float = 0.0
    first_p50_ms: float = 0.0
    first_p99_ms: float = 0.0
    last_p50_ms: float = 0.0
    last_p99_ms: float = 0.0
    floor_ms: float = 0.0
    fsync_p50_ms: float = 0.0
    fsync_p99_ms: float = 0.0
    idle_mib: float = 0.0
    peak_mib: float = 0.0


def run(*, quick: bool, source: str) -> Result:
    findings = Findings()
    frame = scene.photo().frame(SOURCES[source])
    forget_peak()
    findings.idle_mib = resident_mib()
    with tempfile.TemporaryDirectory(prefix="cammra-bench-") as folder:
        _quiet(findings, source, frame, Path(folder) / "quiet", 300 if quick else 2_000)
        _sustained(findings, source, frame, Path(folder) / "busy", 300 if quick else 2_000)
        _paced(findings, source, frame, Path(folder) / "paced", RATE_PER_S * (4 if quick else 20))
        _flushed(findings, Path(folder) / "flushed", RATE_PER_S * (1 if quick else 5))
    findings.peak_mib = peak_mib()
    findings.floor_ms = _floor_ms() + findings.fsync_p50_ms
    result = Result()
    result.tables.append(_table(source, findings))
    if source == "nv12":
        result.bars |= {
            "wall_sustained": 1000 / findings.events_per_s / findings.floor_ms,
            "wall_p50": findings.last_p50_ms / findings.floor_ms,
            "wall_p99": findings.last_p99_ms / findings.floor_ms,
            "event_cpu_us": findings.cpu_us_per_event,
        }
    return result


@contextmanager
def delivering(source: str, folder: Path, url: str, *, remembers: bool = True) -> Iterator[Engine]:
    """A running engine with one HTTP profile that wants New with both crops; `remembers` also what nobody wanted."""
    kept: dict[str, Any] = {} if remembers else {"history_days": 0}
    profile = Profile("bench", HttpPost(url), device_id="GATE-1", events={"new"}, two_images=True)
    engine = Engine(
        device=DEVICE,
        profiles=[profile],
        frame_format=SOURCES[source],
        outbox=OutboxSettings(path=folder / "outbox", **kept),
        # All vehicles stand in one place: each is to be one of its own.
        tracking=TrackingSettings(lost_after_s=2.0, relink=False),
    )
    with engine.running(live=False):
        yield engine


def _quiet(findings: Findings, source: str, frame: scene.Frame, folder: Path, frames: int) -> None:
    reads = scene.ten_reads()
    with Listener() as listener, delivering(source, folder, listener.url) as engine:
        for number_ in range(60):
            engine.observe(frame, reads, scene.at_frame(number_))
        engine.drain(DRAIN_S)
        began, spent = time.monotonic_ns(), time.thread_time_ns()
        for number_ in range(60, 60 + frames):
            engine.observe(frame, reads, scene.at_frame(number_))
        findings.quiet_us = (time.thread_time_ns() - spent) / frames / 1000
        findings.frames_per_s = frames * 1e9 / (time.monotonic_ns() - began)


def _sustained(
    findings: Findings, source: str, frame: scene.Frame, folder: Path, events: int
) -> None:
    with Listener() as listener, delivering(source, folder, listener.url) as engine:
        for number_, reads in scene.ever_new_vehicles(
            20
        ):  # the connection is open, caches are warm
            engine.observe(frame, reads, scene.at_frame(number_))
        engine.drain(DRAIN_S)
        calling_ns = 0
        before = _Spent()
        for number_, reads in scene.ever_new_vehicles(events):
            engine.wait_for_room()
            started = time.thread_time_ns()
            engine.observe(frame, [_later(reads[0].track)], scene.at_frame(20 + number_))
            calling_ns += time.thread_time_ns() - started
        engine.drain(DRAIN_S)
        after = _Spent()
    posts = sorted(post.last_mono_ns for post in listener.posts)[-events:]
    assert len(listener.posts) == events + 20, "an event is missing at the receiver"
    findings.busy_us = calling_ns / events / 1000
    findings.events_per_s = events * 1e9 / (posts[-1] - before.mono_ns)
    findings.cpu_us_per_event = (after.cpu_ns - before.cpu_ns) / events / 1000
    findings.written_per_event = (after.written - before.written) / events
    findings.body_bytes = sum(post.size_bytes for post in listener.posts) / len(listener.posts)


def _later(track: int) -> PlateRead:
    return scene.a_read(track + 100_000)


class _Spent:
    """What the process has used so far."""

    def __init__(self) -> None:
        self.mono_ns = time.monotonic_ns()
        self.cpu_ns = time.process_time_ns()
        self.written = written_bytes()


def _paced(findings: Findings, source: str, frame: scene.Frame, folder: Path, events: int) -> None:
    """A new vehicle every 50 ms, by the wall clock."""
    seen_ns: list[int] = []
    pause = threading.Event()
    with Listener() as listener, delivering(source, folder, listener.url) as engine:
        for number_, reads in scene.ever_new_vehicles(RATE_PER_S):
            engine.observe(frame, reads, scene.at_frame(number_))
        engine.drain(DRAIN_S)
        began = time.monotonic_ns()
        for number_ in range(events):
            due_ns = began + number_ * 1_000_000_000 // RATE_PER_S
            pause.wait(max(0, due_ns - time.monotonic_ns()) / 1e9)
            seen_ns.append(time.monotonic_ns())
            engine.observe(frame, [_later(number_)], scene.at_frame(RATE_PER_S + number_))
        engine.drain(DRAIN_S)
    posts = listener.posts[-events:]
    first_ms = [(post.first_mono_ns - at) / 1e6 for post, at in zip(posts, seen_ns, strict=True)]
    last_ms = [(post.last_mono_ns - at) / 1e6 for post, at in zip(posts, seen_ns, strict=True)]
    findings.first_p50_ms, findings.first_p99_ms = (
        percentile(first_ms, 0.5),
        percentile(first_ms, 0.99),
    )
    findings.last_p50_ms, findings.last_p99_ms = percentile(last_ms, 0.5), percentile(last_ms, 0.99)


def _flushed(findings: Findings, path: Path, times: int) -> None:
    """What the disk alone needs to keep as many bytes as one event writes."""
    content = bytes(round(findings.body_bytes))
    took_ms = []
    with path.open("ab", buffering=0) as file:
        for _ in range(times):
            started = time.monotonic_ns()
            file.write(content)
            os.fsync(file.fileno())
            took_ms.append((time.monotonic_ns() - started) / 1e6)
    findings.fsync_p50_ms, findings.fsync_p99_ms = (
        percentile(took_ms, 0.5),
        percentile(took_ms, 0.99),
    )


def _floor_ms() -> float:
    """What the event alone costs in C on the machine as it is now: bars of wall time are told by it."""
    photo = scene.photo()
    floor = EventFloor(photo.nv12, scene.VEHICLE, scene.PLATE, b"{}")
    return cost(floor.event, rounds=11).us / 1000


def _table(source: str, findings: Findings) -> Table:
    rows = (
        ("frames/s at full speed, 10 reads, no event", f"{findings.frames_per_s:,.0f}"),
        ("calling thread, µs per frame without an event", number(findings.quiet_us)),
        ("calling thread, µs per frame with an event", number(findings.busy_us)),
        ("all threads, CPU µs per event", number(findings.cpu_us_per_event)),
        ("events/s sustained, fsync, one HTTP receiver", f"{findings.events_per_s:,.0f}"),
        ("bytes sent per event, header included", f"{findings.body_bytes:,.0f}"),
        ("bytes written to disk per event", f"{findings.written_per_event:,.0f}"),
        (
            "frame to first byte, p50 / p99 ms at 20 events/s",
            _pair(findings.first_p50_ms, findings.first_p99_ms),
        ),
        (
            "frame to last byte, p50 / p99 ms at 20 events/s",
            _pair(findings.last_p50_ms, findings.last_p99_ms),
        ),
        (
            "the disk's own fsync of one event's bytes, p50 / p99 ms",
            _pair(findings.fsync_p50_ms, findings.fsync_p99_ms),
        ),
        ("the C floor of an event + that fsync, p50, ms", number(findings.floor_ms)),
        (
            "memory above frame and imports at the peak, MiB",
            f"{findings.peak_mib - findings.idle_mib:.1f}",
        ),
    )
    return Table(f"Event path, {source} source", ("what", source), rows)


def _pair(left: float, right: float) -> str:
    return f"{left:.1f} / {right:.1f}"


def resident_mib() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / _KIB / _KIB


def forget_peak() -> None:
    """Measure this process's peak memory from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """Peak memory of this process since `forget_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / _KIB


def written_bytes() -> int:
    """Bytes that this process has written to the disk so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))
