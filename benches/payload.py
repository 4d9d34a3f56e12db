"""Framing: FF JSON with images inside, beside a copy and `base64-simd` of the same bytes in plain Rust."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from benches import scene
from benches.event import sample
from benches.floor import FramingFloor
from benches.method import compare
from benches.report import Result, ways_table
from cammra_edge import FrameFormat
from cammra_edge.framing import json_with_images

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE_BYTES = 300_000


def run(*, quick: bool) -> Result:
    photo = scene.photo()
    made = sample(photo, FrameFormat.NV12_FULL)
    whole = made.json()
    splice_at = whole.index(b'"imageFile"')
    body = json.loads(whole)
    jpeg = (photo.jpeg * 2)[:IMAGE_BYTES]
    images = [("vehicle", "jpg", jpeg)]
    floor = FramingFloor(whole, jpeg)

    def in_python() -> bytes:
        coded = base64.b64encode(jpeg).decode()
        array = [{"ImageType": "vehicle", "ImageFormat": "jpg", "BinaryImage": coded}]
        return json.dumps(body | {"ImageArray": array}).encode()

    ways: dict[str, Callable[[], object]] = {
        "memcpy + base64-simd, in Rust": floor.write,
        "cammra_edge": lambda: json_with_images(whole, splice_at, images),
        "base64.b64encode alone": lambda: base64.b64encode(jpeg),
        "b64encode + json.dumps": in_python,
    }
    measured = compare(ways, reference="memcpy + base64-simd, in Rust", rounds=9 if quick else 41)
    table = ways_table("FF JSON with a 300 kB image inside (TCP)", measured, reference="floor")
    result = Result(tables=[table])
    result.bars["json_images"] = measured[1].ratio
    return result
