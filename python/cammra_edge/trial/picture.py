"""The test event and its picture, drawn dot by dot, so that it needs no drawing library and no camera."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from cammra_edge.errors import CammraError
from cammra_edge.imaging import EncodedImage, encode_image
from cammra_edge.model import (
    Direction,
    Event,
    EventKind,
    FrameFormat,
    ImageKind,
    ImageRef,
    ImageSpec,
    MissingImage,
    Plate,
    Rect,
)

if TYPE_CHECKING:
    from cammra_edge.profile import Profile

WIDTH, HEIGHT = 640, 360
VEHICLE = Rect(120, 60, 400, 260)
PLATE = Rect(220, 230, 200, 48)
_DOT = 6
# "TEST" in dots, five wide and seven high, a space between the letters.
_LETTERS = (
    "##### ##### ##### #####",
    "  #   #     #       #  ",
    "  #   #     #       #  ",
    "  #   ####  #####   #  ",
    "  #   #         #   #  ",
    "  #   #         #   #  ",
    "  #   ##### #####   #  ",
)


@lru_cache(maxsize=1)
def frame() -> memoryview:
    """A grey frame: a gradient, a vehicle's box, a bright plate that says TEST."""
    pixels = bytearray(x * 160 // WIDTH + 40 for _ in range(HEIGHT) for x in range(WIDTH))
    _fill(pixels, VEHICLE, 90)
    _fill(pixels, PLATE, 235)
    left = PLATE.x + (PLATE.width - len(_LETTERS[0]) * _DOT) // 2
    top = PLATE.y + (PLATE.height - len(_LETTERS) * _DOT) // 2
    for row, dots in enumerate(_LETTERS):
        for column, dot in enumerate(dots):
            if dot == "#":
                _fill(pixels, Rect(left + column * _DOT, top + row * _DOT, _DOT, _DOT), 16)
    return memoryview(bytes(pixels)).cast("B", (HEIGHT, WIDTH))


def _fill(pixels: bytearray, box: Rect, level: int) -> None:
    for y in range(box.y, box.y + box.height):
        start = y * WIDTH + box.x
        pixels[start : start + box.width] = bytes([level]) * box.width


def encoded(spec: ImageSpec) -> EncodedImage:
    """The picture as a profile wants it."""
    box = {ImageKind.VEHICLE_CROP: VEHICLE, ImageKind.PLATE_CROP: PLATE}.get(spec.kind)
    return encode_image(frame(), FrameFormat.GRAY8, spec, box)


def event(profile: Profile, plate: str, now_utc_ns: int) -> tuple[Event, dict[str, bytes]]:
    """A synthetic event of a kind that the profile gets, and the images it wants by their keys."""
    images: dict[str, bytes] = {}
    refs: list[ImageRef] = []
    missing: list[MissingImage] = []
    for spec in profile.image_specs():
        try:
            image = encoded(spec)
        except CammraError as error:
            missing.append(MissingImage(kind=spec.kind, why=str(error)))
            continue
        key = f"test-{len(refs)}"
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
    return Event(
        event_id=secrets.token_hex(16),
        stream_id="test",
        vehicle_no=1,
        car_id=0,
        kind=next((kind for kind in EventKind if kind in profile.events), EventKind.NEW),
        ordinal=1,
        at_utc_ns=now_utc_ns,
        first_utc_ns=now_utc_ns,
        image_utc_ns=now_utc_ns if refs else 0,
        plate=Plate(text=plate, confidence=1.0),
        direction=Direction.IN,
        vehicle_box=VEHICLE,
        plate_box=PLATE,
        images=tuple(refs),
        missing=tuple(missing),
        test=True,
    ), images
