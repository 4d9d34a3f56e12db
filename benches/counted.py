"""The hot paths one by one, for callgrind to count: `python -m benches.counted FOLDER`, inside valgrind.

Nothing is timed and nothing needs numpy: `benches.instructions` has written the frames to files. Each path is warmed up
first, so that its steady state is counted.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from benches.broker import Broker
from benches.listener import Listener
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings, Settings, TrackingSettings
from cammra_edge.config.lists import MAX_PATTERNS, ListEntry, ListIndex, PlateList
from cammra_edge.engine import Engine
from cammra_edge.engine.assembly import event_from, event_id_from, with_images
from cammra_edge.framing import multipart_body
from cammra_edge.imaging import encode_image
from cammra_edge.message import Attempt, Body
from cammra_edge.model import Device, FrameFormat, FrameTime, ImageKind, ImageSpec, PlateRead
from cammra_edge.outbox import NewEvent, Outbox, Wanted
from cammra_edge.payload import Renderer
from cammra_edge.profile import Caller, HttpPost, Mqtt, Profile, Tcp
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.http import HttpSink
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cammra_edge.model import Event

WIDTH, HEIGHT = 1920, 1080
VEHICLE = (560, 360, 640, 400)
PLATE = (800, 640, 160, 48)
WARM = 3
FRAME_NS = 40_000_000
PROFILE = Profile(
    "bench",
    HttpPost("http://127.0.0.1/events"),
    device_id="GATE-1",
    events={"new"},
    two_images=True,
)
DEVICE = Device(serial="B8A44F960ACE", model="AXIS Q1805-LE", time_zone="UTC")
KEY = bytes(range(32))

Job = tuple[str, int, "Callable[[], object]"]
"""Name, number of counted calls, and the job."""


def main() -> int:
    """Count every path; callgrind writes one part of its file for each."""
    folder = Path(sys.argv[1])
    counter = ctypes.CDLL(str(folder / "count.so"))
    gc.disable()
    # One after the other: each path is counted while what it needs is still open.
    for name, calls, job in chain(
        _images(folder),
        _observed(folder),
        _photographed(folder),
        _delivered(folder),
        _whole(folder),
    ):
        for _ in range(WARM):
            job()
        counter.count_begin()
        for _ in range(calls):
            job()
        counter.count_end(f"{name}/{calls}".encode())
    return 0


def _images(folder: Path) -> Iterator[Job]:
    nv12, rgb = _nv12(folder), memoryview((folder / "rgb").read_bytes())
    rgb = rgb.cast("B", (HEIGHT, WIDTH, 3))
    jpeg, rows = (folder / "jpeg").read_bytes(), (folder / "rows").read_bytes()
    crop = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=85)
    lossless = ImageSpec(kind=ImageKind.VEHICLE_CROP)
    small = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, quality=85, fit=(640, 360))
    full = FrameFormat.NV12_FULL
    of_floor = _floor(folder, "nv12")
    yield "C floor: plate crop, NV12", 5, lambda: of_floor(PLATE)
    yield "C floor: vehicle crop, NV12", 2, lambda: of_floor(VEHICLE)
    yield "plate crop, NV12", 5, lambda: encode_image(nv12, full, crop, PLATE)
    yield "vehicle crop, NV12", 2, lambda: encode_image(nv12, full, crop, VEHICLE)
    yield (
        "vehicle crop, NV12 video range",
        2,
        lambda: encode_image(nv12, FrameFormat.NV12, crop, VEHICLE),
    )
    yield "vehicle crop, RGB", 2, lambda: encode_image(rgb, FrameFormat.RGB8, crop, VEHICLE)
    yield "downsized 640x360, NV12", 1, lambda: encode_image(nv12, full, small)
    yield "vehicle crop, MJPEG", 1, lambda: encode_image(jpeg, FrameFormat.JPEG, crop, VEHICLE)
    yield (
        "plate crop, MJPEG with restart markers, lossless",
        2,
        lambda: encode_image(rows, FrameFormat.JPEG, lossless, PLATE),
    )


def _photographed(folder: Path) -> Iterator[Job]:
    """The crops of an event of a photograph."""
    frame = _nv12(folder, "photograph")
    crop = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=85)
    of_floor = _floor(folder, "photograph")
    for name, calls, box in (("plate", 5, PLATE), ("vehicle", 2, VEHICLE)):
        yield f"C floor: {name} crop of a photograph", calls, partial(of_floor, box)
        yield (
            f"{name} crop of a photograph",
            calls,
            partial(encode_image, frame, FrameFormat.NV12_FULL, crop, box),
        )


def _floor(folder: Path, file: str) -> Callable[[tuple[int, int, int, int]], int]:
    """Plain C over the same libjpeg-turbo, for crops of this frame."""
    library = ctypes.CDLL(str(folder / "image.so"))
    library.floor_ready()
    frame = bytearray((folder / file).read_bytes())
    pixels = (ctypes.c_ubyte * len(frame)).from_buffer(frame)
    luma = ctypes.addressof(pixels)
    planes = (ctypes.c_void_p(luma), ctypes.c_void_p(luma + WIDTH * HEIGHT), WIDTH)

    def encode(box: tuple[int, int, int, int]) -> int:
        assert pixels is not None
        return int(library.floor_nv12(*planes, *box, 1))

    return encode


def _observed(folder: Path) -> Iterator[Job]:
    nv12 = _nv12(folder)
    tracking = TrackingSettings(lost_after_s=3600.0)
    settings = Settings(
        profiles=[PROFILE], device=DEVICE, frame_format=FrameFormat.NV12_FULL, tracking=tracking
    )
    engine = Engine(settings)
    times = map(_at, range(1_000_000))
    reads = [_read(track, 0.9) for track in range(10)]
    for _ in range(60):
        engine.observe(nv12, reads, next(times))
    yield "observe, 10 reads, nothing to say", 20, lambda: engine.observe(nv12, reads, next(times))
    growing = (_read(500, 0.2 + 0.06 * step) for step in range(12))
    yield (
        "observe, a better shot of 640x400",
        5,
        lambda: engine.observe(nv12, [next(growing)], next(times)),
    )
    tracks = iter(range(1000, 2000))
    # All are in one place: without new numbers for known vehicles.
    opening = Engine(replace(settings, tracking=replace(tracking, relink=False)))
    yield (
        "observe, a new vehicle",
        5,
        lambda: opening.observe(nv12, [_read(next(tracks), 0.9)], next(times)),
    )


def _delivered(folder: Path) -> Iterator[Job]:
    event, images = _event(folder)
    vehicle, plate = images.values()

    renderer = Renderer(PROFILE, profile_id=1, device=DEVICE)

    def rendered(packet: int = 4711) -> bytes:
        message = renderer.render(event, images, packet=packet, boundary_key=KEY)
        return message.content  # type: ignore[union-attr]  # multipart is a Body

    yield "FF JSON and multipart body", 20, rendered
    content = rendered()
    start = content.index(b"\r\n\r\n") + 4
    json_bytes = content[start : content.index(b"\r\n--", start)]
    parts = [
        ("event", "event.json", "application/json", json_bytes),
        ("image", "vehicle.jpg", "image/jpeg", vehicle),
        ("image2", "plate.jpg", "image/jpeg", plate),
    ]
    yield "multipart body, JSON ready", 20, lambda: multipart_body("b" * 56, parts)
    over_tcp = Renderer(
        replace(PROFILE, protocol=Tcp("127.0.0.1:7001")), profile_id=1, device=DEVICE
    )
    yield (
        "FF JSON with images inside",
        20,
        lambda: over_tcp.render(event, images, packet=4711, boundary_key=KEY),
    )
    with Listener() as receiver:
        protocol = HttpPost(receiver.url)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        message = Body(content=bytes(53_000), content_type="multipart/form-data; boundary=b")
        attempt = Attempt(event_id="0" * 32, packet=4711)
        yield "send: POST of 53 kB on a kept connection", 50, lambda: sink.send(message, attempt)
        sink.close()
    with Broker() as broker:
        way = Mqtt(broker.url)
        publisher = open_sink(way, clock=SYSTEM_CLOCK, caller=Caller(serial=DEVICE.serial, key="k"))
        by_mqtt = Renderer(
            replace(PROFILE, protocol=way, image=None), profile_id=1, device=DEVICE
        ).render(event, {}, packet=4711, boundary_key=KEY)
        yield "send: an event by MQTT", 50, lambda: publisher.send(by_mqtt, attempt)
        publisher.close()
    yield from _stored(folder, event, images)
    # Every pattern fits up to its last character, and no two are one.
    stars = [ListEntry(f"{'?' * 27}*{number:04}") for number in range(MAX_PATTERNS)]
    lists = ListIndex([PlateList("worst", entries=stars)])
    yield f"plate lists, the worst of {MAX_PATTERNS:,} patterns", 1, lambda: lists.find("A" * 32)


def _whole(folder: Path) -> Iterator[Job]:
    with Listener() as receiver:
        yield from _whole_to(folder, receiver.url)


def _whole_to(folder: Path, url: str) -> Iterator[Job]:
    """From `observe` to the receiver's last byte: every thread's instructions count."""
    # The last one: the counts of threads that have ended are lost to whatever is counted after them.
    frame = _nv12(folder, "photograph")
    tracking = TrackingSettings(lost_after_s=3600.0, relink=False)
    engine = Engine(
        profiles=[replace(PROFILE, protocol=HttpPost(url))],
        device=DEVICE,
        frame_format=FrameFormat.NV12_FULL,
        tracking=tracking,
        outbox=OutboxSettings(path=folder / "whole"),
    )
    numbers = iter(range(1_000))

    def event() -> None:
        number = next(numbers)
        engine.observe(frame, [_read(2000 + number, 0.9)], _at(number))
        engine.drain()

    with engine.running(live=False, local_socket=False):
        yield "whole event of a photograph, observe to the receiver's last byte", 10, event


class _StoppedClock:
    """Time that stands still, so that nothing depends on how long counting takes."""

    def mono_ns(self) -> int:
        return 1_000_000_000

    def utc_ns(self) -> int:
        return 1_763_800_000_000_000_000


def _stored(folder: Path, event: Event, images: Mapping[str, bytes]) -> Iterator[Job]:
    """An event of 53 kB for one profile; and what a second profile costs more. All events are made before."""
    calls = 20
    outbox = Outbox(OutboxSettings(path=folder / "outbox"), clock=_StoppedClock())
    first, second = (outbox.profile_id(f"bench {number}") for number in (1, 2))
    events = iter([_numbered(event, images, number, [first]) for number in range(calls + WARM)])

    def through_the_outbox() -> None:
        outbox.put([next(events)])
        delivery = outbox.take(first)
        assert delivery is not None
        outbox.done(delivery)

    yield "outbox: put, take, done", calls, through_the_outbox
    for number in range(500, 500 + calls + WARM):
        outbox.put([_numbered(event, images, number, [first])])
    yield "outbox: take", calls, lambda: outbox.take(first)
    for number in range(1000, 1000 + calls + WARM):
        outbox.put([_numbered(event, images, number, [first, second])])
        delivery = outbox.take(first)
        assert delivery is not None
        outbox.done(delivery)

    def second_profile() -> None:
        delivery = outbox.take(second)
        assert delivery is not None
        outbox.done(delivery)

    yield "outbox: take and done of a second profile", calls, second_profile


def _numbered(
    event: Event, images: Mapping[str, bytes], number: int, wanted_by: list[int]
) -> NewEvent:
    refs = tuple(replace(ref, image_key=f"{number}-{ref.image_key}") for ref in event.images)
    named = replace(
        event,
        event_id=event_id_from("bench", number, event.kind, 1),
        vehicle_no=number,
        car_id=number,
        images=refs,
    )
    jpegs = {f"{number}-{key}": jpeg for key, jpeg in images.items()}
    wanted = [Wanted(profile_id=profile_id) for profile_id in wanted_by]
    return NewEvent(event=named, images=jpegs, wanted_by=wanted)


def _event(folder: Path) -> tuple[Event, dict[str, bytes]]:
    tracker = Tracker(Settings(profiles=[PROFILE], frame_format=FrameFormat.NV12_FULL))
    (new,) = tracker.observe(_nv12(folder, "photograph"), [_read(1, 0.9)], _at(0))
    event = event_from(new, stream_id="bench", car_id=1, lists=ListIndex(()))
    return with_images(event, new.shot, PROFILE.image_specs())


def _nv12(folder: Path, file: str = "nv12") -> memoryview:
    return memoryview((folder / file).read_bytes()).cast("B", (HEIGHT * 3 // 2, WIDTH))


def _at(number: int) -> FrameTime:
    return FrameTime(number * FRAME_NS, 1_763_800_000_000_000_000 + number * FRAME_NS)


def _read(track: int, confidence: float) -> PlateRead:
    return PlateRead(
        track=track,
        text=f"1AB{track % 10_000:04d}",
        confidence=confidence,
        vehicle=VEHICLE,
        plate=PLATE,
        country="CZE",
    )


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a regular exit would take valgrind as long again
