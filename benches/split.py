"""Where one event's time and bytes go: the engine's own steps, one after the other on one thread.

The steps are the functions that the engine's threads call, with a real outbox (fsync) and a real receiver in another
process. CPU time is this thread's; wall time shows the waits for disk and network.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benches import scene
from benches.event import DEVICE, KEY
from benches.listener import Listener
from benches.path import written_bytes
from benches.report import Result, Table, number
from cammra_edge import FrameFormat, HttpPost, OutboxSettings, Profile, Settings, TrackingSettings
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.lists import ListIndex
from cammra_edge.engine.assembly import event_from, with_images
from cammra_edge.message import Attempt, Body
from cammra_edge.outbox import NewEvent, Outbox, Wanted
from cammra_edge.payload import Renderer
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = {
    "observe": "track, and copy the crops' pixels",
    "encode": "assemble the event, encode two crops",
    "store": "put into the outbox, fsync",
    "take": "take from the outbox",
    "frame": "render JSON and multipart body",
    "send": "POST, and read the answer",
    "settle": "settle the delivery",
}


class _Watch:
    """Times steps, in CPU time of this thread and in wall time."""

    def __init__(self) -> None:
        self.cpu_us: dict[str, list[float]] = defaultdict(list)
        self.wall_us: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, cpu = time.monotonic_ns(), time.thread_time_ns()
        yield
        self.cpu_us[name].append((time.thread_time_ns() - cpu) / 1000)
        self.wall_us[name].append((time.monotonic_ns() - wall) / 1000)


def run(*, quick: bool) -> Result:
    photo = scene.photo()
    result = Result()
    for frame_format in (FrameFormat.RGB8, FrameFormat.NV12_FULL, FrameFormat.JPEG):
        result.tables.append(_split(photo, frame_format, 60 if quick else 400, result))
    return result


def _split(photo: scene.Photo, frame_format: FrameFormat, events: int, result: Result) -> Table:
    watch = _Watch()
    sizes: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="cammra-bench-") as folder, Listener() as listener:
        _walk(photo, frame_format, events, watch, sizes, Path(folder), listener.url)
    rows = [
        (
            f"{step}: {words}",
            number(statistics.median(watch.cpu_us[step])),
            number(statistics.median(watch.wall_us[step])),
            f"{sizes[step]:,.0f}" if step in sizes else "",
        )
        for step, words in STEPS.items()
    ]
    cpu_us = sum(statistics.median(times) for times in watch.cpu_us.values())
    wall_us = sum(statistics.median(times) for times in watch.wall_us.values())
    rows.append(("all", number(cpu_us), number(wall_us), ""))
    if frame_format is FrameFormat.NV12_FULL:
        result.bars["split_event_us"] = cpu_us
    return Table(
        f"One event step by step, {frame_format} source",
        ("step", "CPU µs", "wall µs", "bytes"),
        tuple(rows),
    )


def _walk(  # noqa: PLR0913, PLR0917 - what the steps share
    photo: scene.Photo,
    frame_format: FrameFormat,
    events: int,
    watch: _Watch,
    sizes: dict[str, float],
    folder: Path,
    url: str,
) -> None:
    profile = Profile("bench", HttpPost(url), device_id="GATE-1", events={"new"}, two_images=True)
    # All vehicles stand in one place: each is to be one of its own.
    apart = TrackingSettings(relink=False)
    tracker = Tracker(Settings(profiles=[profile], frame_format=frame_format, tracking=apart))
    outbox = Outbox(OutboxSettings(path=folder / "outbox"), clock=SYSTEM_CLOCK)
    renderer = Renderer(profile, profile_id=1, device=DEVICE)
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    lists = ListIndex(())
    frame = photo.frame(frame_format)
    jpegs = bodies = 0
    written = written_bytes()
    for number_, reads in scene.ever_new_vehicles(events):
        with watch.step("observe"):
            track_events = tracker.observe(frame, reads, scene.at_frame(number_))
        (new,) = (event for event in track_events if event.kind == "new")
        with watch.step("encode"):
            event = event_from(new, stream_id="bench", car_id=number_ + 1, lists=lists)
            event, images = with_images(event, new.shot, profile.image_specs())
            keys = tuple(ref.image_key for ref in event.images)
            wanted = [Wanted(profile_id=1, image_keys=keys)]
            batch = [NewEvent(event=event, images=images, wanted_by=wanted)]
        with watch.step("store"):
            outbox.put(batch)
        with watch.step("take"):
            delivery = outbox.take(1)
        assert delivery is not None
        with watch.step("frame"):
            message = renderer.render(
                delivery.event, delivery.images, packet=delivery.packet, boundary_key=KEY
            )
        assert isinstance(message, Body)
        attempt = Attempt(event_id=delivery.event.event_id, packet=delivery.packet)
        with watch.step("send"):
            outcome = sink.send(message, attempt)
        assert isinstance(outcome, Delivered), outcome
        with watch.step("settle"):
            outbox.done(delivery)
        jpegs += sum(map(len, images.values()))
        bodies += len(message.content)
    sink.close()
    outbox.close()
    sizes |= {
        "observe": _copied_bytes(frame_format),
        "encode": jpegs / events,
        "store": (written_bytes() - written) / events,
        "frame": bodies / events,
        "send": bodies / events,
    }


def _copied_bytes(frame_format: FrameFormat) -> float:
    """0 for a JPEG frame, of which only a reference is kept."""
    bytes_per_px = {FrameFormat.RGB8: 3.0, FrameFormat.NV12_FULL: 1.5}.get(frame_format, 0.0)
    return sum(box[2] * box[3] for box in (scene.VEHICLE, scene.PLATE)) * bytes_per_px
