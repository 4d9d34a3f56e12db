"""Framing: FF JSON with images inside, beside a copy and `base64-simd` of the same bytes in plain Rust."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from benches import scene
from benches.event import DEVICE, KEY, sample_of
from benches.floor import FramingFloor
from benches.method import compare
from benches.report import Result, ways_table
from cammra_edge import FrameFormat, Profile, Tcp
from cammra_edge.payload import Renderer

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE_BYTES = 300_000
PROFILE = Profile("bench", Tcp("127.0.0.1:7001"), device_id="GATE-1", events={"new"})


def run(*, quick: bool) -> Result:
    photo = scene.photo()
    sample = sample_of(photo, FrameFormat.NV12_FULL)
    whole = sample.json()
    body = json.loads(whole)
    jpeg = (photo.jpeg * 2)[:IMAGE_BYTES]
    images = {next(iter(sample.images)): jpeg}
    renderer = Renderer(PROFILE, profile_id=1, device=DEVICE)
    floor = FramingFloor(whole, jpeg)

    def in_python() -> bytes:
        coded = base64.b64encode(jpeg).decode()
        array = [{"ImageType": "vehicle", "ImageFormat": "jpg", "BinaryImage": coded}]
        return json.dumps(body | {"ImageArray": array}).encode()

    ways: dict[str, Callable[[], object]] = {
        "memcpy + base64-simd, in Rust": floor.write,
        "cammra_edge": lambda: renderer.render(sample.event, images, packet=4711, boundary_key=KEY),
        "base64.b64encode alone": lambda: base64.b64encode(jpeg),
        "b64encode + json.dumps": in_python,
    }
    measured = compare(ways, reference="memcpy + base64-simd, in Rust", rounds=9 if quick else 41)
    table = ways_table("FF JSON with a 300 kB image inside (TCP)", measured, reference="floor")
    result = Result(tables=[table])
    result.bars["json_images"] = measured[1].ratio
    return result
