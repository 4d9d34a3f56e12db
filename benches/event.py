"""One event: from the caller's frame to the bytes of the POST, beside its floor and its peers.

All get the same frame and give the whole body (JSON, headers, two JPEGs) in the same quality: 85, 4:2:0, vehicle crop
640x400 and plate crop 160x48.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benches import peers, scene
from benches.floor import EventFloor
from benches.method import compare
from benches.report import Result, ways_table
from cammra_edge import Device, FrameFormat, HttpPost, ImageKind, Profile, Settings
from cammra_edge.config.lists import ListIndex
from cammra_edge.engine.assembly import event_from, image_key_from
from cammra_edge.framing import multipart_body
from cammra_edge.imaging import encode_image
from cammra_edge.message import Body
from cammra_edge.model import ImageRef, ImageSpec
from cammra_edge.payload import Renderer
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.message import Message
    from cammra_edge.model import Event

VEHICLE_CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP)
PLATE_CROP = ImageSpec(kind=ImageKind.PLATE_CROP)
PROFILE = Profile(
    "bench",
    HttpPost("http://127.0.0.1/events"),
    device_id="GATE-1",
    events={"new"},
    two_images=True,
)
DEVICE = Device(serial="B8A44F960ACE", model="AXIS Q1805-LE", time_zone="UTC")
RENDERER = Renderer(PROFILE, profile_id=1, device=DEVICE)
KEY = bytes(range(32))


@dataclass(frozen=True)
class Sample:
    """A real event of the scene: what the engine makes of one read."""

    event: Event
    images: Mapping[str, bytes]

    def body(self) -> bytes:
        message = RENDERER.render(self.event, self.images, packet=4711, boundary_key=KEY)
        assert isinstance(message, Body)
        return message.content

    def parts(self) -> list[tuple[str, str, str, bytes]]:
        """The body's parts for `multipart_body`, the JSON ready."""
        vehicle, plate = self.images.values()
        return [
            ("event", "20251122_1AB1000_4711.json", "application/json", self.json()),
            ("image", "20251122roi_1AB1000_4711.jpg", "image/jpeg", vehicle),
            ("image2", "20251122lpup_1AB1000_4711.jpg", "image/jpeg", plate),
        ]

    def json(self) -> bytes:
        content = self.body()
        start = content.index(b"\r\n\r\n") + 4
        return content[start : content.index(b"\r\n--", start)]


def sample_of(photo: scene.Photo, frame_format: FrameFormat) -> Sample:
    """One event through tracker, assembly and encoder."""
    tracker = Tracker(Settings(profiles=[PROFILE], frame_format=frame_format))
    (new,) = tracker.observe(photo.frame(frame_format), [scene.a_read(1000)], scene.at_frame(0))
    event = event_from(new, stream_id="bench", car_id=1, lists=ListIndex(()))
    refs, images = [], {}
    for spec, box in ((VEHICLE_CROP, scene.VEHICLE), (PLATE_CROP, scene.PLATE)):
        image = encode_image(photo.frame(frame_format), frame_format, spec, box)
        key = image_key_from("bench", 1, spec)
        images[key] = image.jpeg
        refs.append(
            ImageRef(
                spec=spec,
                image_key=key,
                width=image.width,
                height=image.height,
                shows=image.shows,
                size_bytes=len(image.jpeg),
            )
        )
    return Sample(replace(event, images=tuple(refs)), images)


def ours(photo: scene.Photo, frame_format: FrameFormat, sample: Sample) -> Callable[[], Message]:
    """Both crops straight from the caller's frame, then the payload."""
    frame, event = photo.frame(frame_format), sample.event
    vehicle_key, plate_key = sample.images

    def make() -> Message:
        vehicle = encode_image(frame, frame_format, VEHICLE_CROP, scene.VEHICLE)
        plate = encode_image(frame, frame_format, PLATE_CROP, scene.PLATE)
        images = {vehicle_key: vehicle.jpeg, plate_key: plate.jpeg}
        return RENDERER.render(event, images, packet=4711, boundary_key=KEY)

    return make


def run(*, quick: bool, simd: bool = False) -> Result:
    """All of it; with `simd` only pillow-simd, which has Pillow's place in this process."""
    photo = scene.photo()
    result = Result()
    rounds = 9 if quick else 41
    sample = sample_of(photo, FrameFormat.RGB8)
    if simd:
        _simd(result, photo, sample, rounds)
        return result
    body = json.loads(sample.json())
    _rgb(result, photo, sample, body, rounds)
    _nv12(result, photo, body, rounds)
    _body_only(result, sample, body, rounds)
    return result


def _rgb(
    result: Result, photo: scene.Photo, sample: Sample, body: dict[str, Any], rounds: int
) -> None:
    floor = EventFloor(photo.rgb, scene.VEHICLE, scene.PLATE, sample.json())
    ways = compare(
        {
            "C floor": floor.event,
            "cammra_edge": ours(photo, FrameFormat.RGB8, sample),
            **peers.event_ways(photo.rgb, body),
        },
        reference="C floor",
        rounds=rounds,
    )
    result.tables.append(
        ways_table(
            "One event from an RGB frame", ways, reference="floor", note=_size(sample.body())
        )
    )
    result.bars["event_rgb"] = ways[1].ratio
    result.plots += [("event from RGB", way.name, way.ratio) for way in ways]


def _simd(result: Result, photo: scene.Photo, sample: Sample, rounds: int) -> None:
    body = json.loads(sample.json())
    ways = {
        name: way
        for name, way in peers.event_ways(photo.rgb, body).items()
        if name.startswith("pillow-simd")
    }
    floor = EventFloor(photo.rgb, scene.VEHICLE, scene.PLATE, sample.json())
    ours_too = {
        "C floor": floor.event,
        "cammra_edge": ours(photo, FrameFormat.RGB8, sample),
        **ways,
    }
    note = "" if ways else "pillow-simd is not installed here: `make bench` builds it where it can."
    result.tables.append(
        ways_table(
            "One event from an RGB frame, pillow-simd in Pillow's place",
            compare(ours_too, reference="C floor", rounds=rounds),
            reference="floor",
            note=note,
        )
    )


def _nv12(result: Result, photo: scene.Photo, body: dict[str, Any], rounds: int) -> None:
    sample = sample_of(photo, FrameFormat.NV12_FULL)
    floor = EventFloor(photo.nv12, scene.VEHICLE, scene.PLATE, sample.json())
    ways: dict[str, Callable[[], object]] = {
        "C floor": floor.event,
        "cammra_edge": ours(photo, FrameFormat.NV12_FULL, sample),
    }
    if peers.module("cv2") is not None and peers.module("httpx") is not None:
        ways["OpenCV, whole frame to BGR, + json + httpx files="] = peers.opencv_nv12_event(
            photo.nv12, body
        )
        ways["OpenCV, crops to BGR, + json + httpx files="] = peers.opencv_nv12_crops_event(
            photo.nv12, body
        )
    rgb_ways = peers.event_ways(photo.rgb, body)
    ways |= {
        f"{name} (RGB frame given)": way
        for name, way in rgb_ways.items()
        if name.startswith("Pillow") and name.endswith("httpx files=")
    }
    measured = compare(ways, reference="C floor", rounds=rounds)
    result.tables.append(
        ways_table(
            "One event from an NV12 frame", measured, reference="floor", note=_size(sample.body())
        )
    )
    result.bars["event_nv12"] = measured[1].ratio
    result.plots += [("event from NV12", way.name, way.ratio) for way in measured]
    for way in measured:
        times = way.ratio / measured[1].ratio
        if "whole frame" in way.name:
            result.bars["event_nv12_opencv"] = times
        elif way.name.startswith("Pillow"):
            result.bars["event_nv12_pillow"] = times


def _body_only(result: Result, sample: Sample, body: dict[str, Any], rounds: int) -> None:
    vehicle, plate = sample.images.values()
    parts = sample.parts()
    text = sample.json()
    ways: dict[str, Callable[[], object]] = {
        "cammra_edge, FF JSON and body": sample.body,
        "cammra_edge, JSON ready": lambda: multipart_body("b" * 56, parts),
    }
    if peers.module("httpx") is not None:
        ways["json.dumps + httpx files="] = lambda: peers.with_httpx(
            json.dumps(body).encode(), vehicle, plate
        )
        ways["httpx files=, JSON ready"] = lambda: peers.with_httpx(text, vehicle, plate)
    if peers.module("urllib3") is not None:
        ways["json.dumps + urllib3"] = lambda: peers.with_urllib3(
            json.dumps(body).encode(), vehicle, plate
        )
    measured = {
        way.name: way
        for way in compare(ways, reference="cammra_edge, FF JSON and body", rounds=rounds)
    }
    result.tables.append(
        ways_table("The body alone, both JPEGs ready", measured.values(), reference="ours", note="")
    )
    result.bars["multipart_us"] = measured["cammra_edge, JSON ready"].us
    if "json.dumps + httpx files=" in measured:
        result.bars["payload_httpx"] = measured["json.dumps + httpx files="].ratio


def _size(body: bytes) -> str:
    return f"The body has {len(body):,} bytes."
