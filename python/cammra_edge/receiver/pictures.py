"""Checks the pictures of an event against the contract, and against what the event says of them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from cammra_edge.receiver.arrival import Picture, Way
from cammra_edge.receiver.contract import SHOWN, Member, box_of, shown
from cammra_edge.recording.jpegs import whole_jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PICTURE_NAME = re.compile(r"\d{14}_\d{1,6}(lp|lpup|roi)_[A-Za-z0-9]*_\d+\.jpg", re.ASCII)
_LONGEST_NAME = 120
_MOST_PICTURES = 2


def picture_problems(
    body: Mapping[str, object], pictures: Sequence[Picture], way: Way
) -> list[str]:
    """What is wrong with an event's pictures, and where the event contradicts them."""
    return [*_each_picture(pictures, way), *_together(body, pictures, way)]


def _together(body: Mapping[str, object], pictures: Sequence[Picture], way: Way) -> Iterator[str]:
    kind = body.get(Member.IMAGE_TYPE)
    if (
        pictures
        and pictures[0].kind
        and kind != pictures[0].kind
        and (kind, pictures[0].kind) != ("frame", "vehicle")
    ):
        yield f"{Member.IMAGE_TYPE} is {shown(kind)} but the first picture is a {pictures[0].kind}"
    if len(pictures) == _MOST_PICTURES and pictures[1].kind != "plate":
        yield f"the second picture is a {pictures[1].kind or 'picture of no kind'}: want the plate"
    uris = body.get(Member.IMAGES_URI)
    if isinstance(uris, list):
        if len(uris) != len(pictures):
            yield f"{Member.IMAGES_URI} lists {len(uris)} pictures, {len(pictures)} came"
        listed = {str(uri).rpartition("/")[2] for uri in uris}
        if way is Way.MULTIPART and listed != {picture.name for picture in pictures}:
            yield f"{Member.IMAGES_URI} names other pictures than those that came"
    yield from _box_in_picture(body, pictures)


def _each_picture(pictures: Sequence[Picture], way: Way) -> Iterator[str]:
    if len(pictures) > _MOST_PICTURES:
        yield f"{len(pictures)} pictures: want at most {_MOST_PICTURES}"
    for number, picture in enumerate(pictures, start=1):
        why = picture_problem(picture.jpeg)
        if why:
            yield f"picture {number} {why}"
        if way is Way.MULTIPART and not _PICTURE_NAME.fullmatch(picture.name[-_LONGEST_NAME:]):
            yield f"picture {number} is named {picture.name!r:.{SHOWN}}: want <time>_<µs>lpup|roi_<plate>_<n>.jpg"
    if (
        way is Way.MULTIPART
        and [picture.part for picture in pictures] != ["image", "image2"][: len(pictures)]
    ):
        yield f"parts are {', '.join(picture.part for picture in pictures)}: want image, then image2"


def _box_in_picture(body: Mapping[str, object], pictures: Sequence[Picture]) -> Iterator[str]:
    box = box_of(body.get(Member.PLATE_COORDINATES_RELATIVE))
    if not pictures or not pictures[0].width or box is None or box[2] <= 0 or box[3] <= 0:
        return
    left, top, width, height = box
    inside = (
        left < pictures[0].width
        and top < pictures[0].height
        and left + width > 0
        and top + height > 0
    )
    if not inside:
        size = f"{pictures[0].width}x{pictures[0].height}"
        yield f"{Member.PLATE_COORDINATES_RELATIVE} is {list(box)}: lies outside the {size} picture"


def picture_problem(jpeg: bytes) -> str:
    """Why a picture does not open; empty when it does. Pillow decodes it, where it is installed."""
    if not whole_jpeg(jpeg):
        return f"is not a whole JPEG ({len(jpeg)} bytes)"
    try:
        from PIL import Image  # noqa: PLC0415 - an extra; without it the JPEG's structure has to do
    except ImportError:
        return ""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"does not decode: {error}"
    return ""
