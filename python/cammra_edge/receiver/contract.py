"""Holds one event against the contract that receivers depend on, and says in words what is wrong.

Source: the vendor's samples and field list, `docs/ref/wire.md`. The vendor's own sample passes
(`tests/receiver/test_contract.py`), and every rule here has a case there that breaks it.
"""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cammra_edge.payload import fields
from cammra_edge.receiver.arrival import Picture, Way
from cammra_edge.recording.jpegs import whole_jpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_NAMES = tuple(field.name for field in fields.EVENT)
_TEXTS = tuple(field.name for field in fields.EVENT if field.text)
_DIGITS = re.compile(r"\d{1,20}", re.ASCII)
_CONFIDENCE = re.compile(r"[01]\.\d{6}", re.ASCII)
_DATETIME = re.compile(r"\d{8} \d{9}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{3}|XX|", re.ASCII)
_EVENT_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}\.json", re.ASCII)
_PICTURE_NAME = re.compile(r"\d{14}_\d{1,6}(lp|lpup|roi)_[A-Za-z0-9]*_\d+\.jpg", re.ASCII)
_SAFE_LENGTH = 120
_KINDS = ("new", "reliable", "update", "lost")
_ONE_OF = {
    fields.CAR_STATE: _KINDS,
    fields.CAR_MOVE_DIRECTION: ("in", "out", "unknown"),
    fields.IMAGE_TYPE: ("", *fields.IMAGE_TYPES),
    fields.PLATE_IMAGE_TYPE: ("jpeg",),
    fields.PLATE_LIST_MODE: ("", "allow", "block"),
}
_COUNTERS = (
    fields.PACKET_COUNTER,
    fields.CAPTURE_TIMESTAMP,
    fields.FRAME_TIMESTAMP,
    fields.CAPTURE_TS,
    fields.ROI_ID,
    fields.CAR_ID,
    fields.PROFILE_ID,
)
_FAR_ZONE = timedelta(hours=14)
_ZONE_STEP = timedelta(minutes=15)
_NS_PER_MS = 1_000_000
_MOST_PICTURES = 2
_SHOWN = 60


def parse_event(raw: bytes) -> tuple[dict[str, object], list[str]]:
    """The event's members, and what is wrong with its JSON; no members when it is none."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(sorted({name for name in names if names.count(name) > 1}))
        return found

    try:
        body = json.loads(raw.decode("utf-8"), object_pairs_hook=members)
    except UnicodeDecodeError:
        return {}, ["the JSON is not UTF-8"]
    except (ValueError, RecursionError) as error:
        return {}, [f"is no JSON: {error}"]
    if not isinstance(body, dict):
        return {}, ["is no JSON object"]
    return body, [f"{name} stands there twice" for name in twice]


def problems(body: Mapping[str, object]) -> list[str]:
    """Everything that is wrong with an event's members, each as one sentence that names the member."""
    return [*_keys(body), *_types(body), *_words(body), *_times(body), *_plates(body)]


def picture_problems(
    body: Mapping[str, object], pictures: Sequence[Picture], way: Way
) -> list[str]:
    """Everything that is wrong with its pictures, and where text and pictures tell different stories."""
    return [*_each_picture(pictures, way), *_together(body, pictures, way)]


def event_part_problems(file_name: str | None, content_type: str) -> Iterator[str]:
    """What is wrong with how the event's part is labelled."""
    if file_name is None:
        yield "part event has no file name: receivers that take it from their files lose it"
    elif not _EVENT_NAME.fullmatch(file_name):
        yield f"part event is named {file_name!r:.{_SHOWN}}: want a safe name that ends in .json"
    if content_type != "application/json":
        yield f"part event has Content-Type {content_type!r:.{_SHOWN}}: want application/json"


def _keys(body: Mapping[str, object]) -> Iterator[str]:
    there = [name for name in body if name != fields.IMAGE_ARRAY]
    missing = [name for name in _NAMES if name not in body]
    unknown = [name for name in there if name not in _NAMES]
    if missing:
        yield f"missing: {', '.join(missing)}"
    if unknown:
        yield f"not in the contract: {', '.join(unknown)[:_SHOWN]}"
    known = [name for name in there if name in _NAMES]
    if known != [name for name in _NAMES if name in body]:
        yield "the members are not in the vendor's order"
    every = list(body)
    if fields.IMAGE_ARRAY in body:
        at = every.index(fields.IMAGE_ARRAY)
        if every[at + 1 : at + 2] != [fields.IMAGE_ARRAY_BEFORE]:
            yield f"{fields.IMAGE_ARRAY} does not stand before {fields.IMAGE_ARRAY_BEFORE}"


def _types(body: Mapping[str, object]) -> Iterator[str]:
    for name in _TEXTS:
        if name in body and not isinstance(body[name], str):
            yield f"{name} is {_shown(body[name])}: want a text, as all scalars are"
    for name, (fits, want) in _SHAPES.items():
        if name in body and not fits(body[name]):
            yield f"{name} is {_shown(body[name])}: want {want}"


def _is_place(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), int | float) and not isinstance(value.get(name), bool)
        for name in ("lat", "lon")
    )


def _is_box(value: object) -> bool:
    return _box(value) is not None


def _is_object_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(member, str) for member in value.values())


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(member, str) for member in value)


_SHAPES: dict[str, tuple[Callable[[object], bool], str]] = {
    fields.GEOTAG: (_is_place, "an object with the numbers lat and lon"),
    fields.PLATE_COORDINATES: (_is_box, "four whole numbers"),
    fields.PLATE_COORDINATES_RELATIVE: (_is_box, "four whole numbers"),
    fields.VEHICLE_INFO: (_is_object_of_texts, "an object of texts"),
    fields.CAMERA_INFO: (_is_object_of_texts, "an object of texts"),
    fields.IMAGES_URI: (_is_list_of_texts, "a list of texts"),
}


def is_test(body: Mapping[str, object]) -> bool:
    """Whether a camera's Test made it: that one has no number among the packets, nor its vehicle one of its own."""
    return body.get(fields.PACKET_COUNTER) == body.get(fields.CAR_ID) == "0"


def _words(body: Mapping[str, object]) -> Iterator[str]:
    for name, wanted in _ONE_OF.items():
        value = body.get(name)
        if isinstance(value, str) and value not in wanted:
            yield f"{name} is {_shown(value)}: want {' or '.join(word or 'empty' for word in wanted)}"
    for name in _COUNTERS:
        value = body.get(name)
        if isinstance(value, str) and not _DIGITS.fullmatch(value):
            yield f"{name} is {_shown(value)}: want digits"
    if is_test(body):
        return
    for name in (fields.PACKET_COUNTER, fields.CAR_ID, fields.PROFILE_ID):
        if body.get(name) == "0":
            yield f"{name} is '0': it counts from 1"


def _times(body: Mapping[str, object]) -> Iterator[str]:
    captured, exact = (
        _number(body, name) for name in (fields.CAPTURE_TIMESTAMP, fields.CAPTURE_TS)
    )
    if captured is not None and exact is not None and exact != captured * _NS_PER_MS:
        yield f"{fields.CAPTURE_TS} is {exact}: want {fields.CAPTURE_TIMESTAMP} followed by 000000"
    frame = _number(body, fields.FRAME_TIMESTAMP)
    if body.get(fields.CAR_STATE) == "lost" and frame not in (None, 0):
        yield f"{fields.FRAME_TIMESTAMP} is {frame}: want 0 in lost"
    local = body.get(fields.DATETIME)
    if not isinstance(local, str):
        return
    if not _DATETIME.fullmatch(local):
        yield f"{fields.DATETIME} is {_shown(local)}: want YYYYMMDD HHMMSSFFF"
        return
    try:
        at = datetime.strptime(local + "000", "%Y%m%d %H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        yield f"{fields.DATETIME} is {_shown(local)}: is no time"
        return
    if captured is not None:
        zone = at - (
            datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(captured, 1 << 45))
        )
        if abs(zone) > _FAR_ZONE or zone % _ZONE_STEP:
            yield f"{fields.DATETIME} is {local}: is {fields.CAPTURE_TIMESTAMP} in no time zone"


def _plates(body: Mapping[str, object]) -> Iterator[str]:
    texts = {
        body.get(name) for name in (fields.PLATE_TEXT, fields.PLATE_UNICODE, fields.PLATE_UTF8)
    }
    if len(texts) > 1 and all(isinstance(text, str) for text in texts):
        yield f"{fields.PLATE_TEXT}, {fields.PLATE_UNICODE} and {fields.PLATE_UTF8} differ"
    plain = body.get(fields.PLATE_ASCII)
    if isinstance(plain, str) and not plain.isascii():
        yield f"{fields.PLATE_ASCII} is not ASCII"
    confidence = body.get(fields.PLATE_CONFIDENCE)
    if isinstance(confidence, str) and not (
        _CONFIDENCE.fullmatch(confidence) and float(confidence) <= 1
    ):
        yield f"{fields.PLATE_CONFIDENCE} is {_shown(confidence)}: want 0.000000 to 1.000000"
    country = body.get(fields.PLATE_COUNTRY)
    if isinstance(country, str) and not _COUNTRY.fullmatch(country):
        yield f"{fields.PLATE_COUNTRY} is {_shown(country)}: want three letters, XX or nothing"


def _together(body: Mapping[str, object], pictures: Sequence[Picture], way: Way) -> Iterator[str]:
    kind = body.get(fields.IMAGE_TYPE)
    if (
        pictures
        and pictures[0].kind
        and kind != pictures[0].kind
        and (kind, pictures[0].kind) != ("frame", "vehicle")
    ):
        yield f"{fields.IMAGE_TYPE} is {_shown(kind)} but the first picture is a {pictures[0].kind}"
    if len(pictures) == _MOST_PICTURES and pictures[1].kind != "plate":
        yield f"the second picture is a {pictures[1].kind or 'picture of no kind'}: want the plate"
    uris = body.get(fields.IMAGES_URI)
    if isinstance(uris, list):
        if len(uris) != len(pictures):
            yield f"{fields.IMAGES_URI} lists {len(uris)} pictures, {len(pictures)} came"
        listed = {str(uri).rpartition("/")[2] for uri in uris}
        if way is Way.MULTIPART and listed != {picture.name for picture in pictures}:
            yield f"{fields.IMAGES_URI} names other pictures than those that came"
    yield from _box_in_picture(body, pictures)


def _each_picture(pictures: Sequence[Picture], way: Way) -> Iterator[str]:
    if len(pictures) > _MOST_PICTURES:
        yield f"{len(pictures)} pictures: want at most {_MOST_PICTURES}"
    for number, picture in enumerate(pictures, start=1):
        why = picture_problem(picture.jpeg)
        if why:
            yield f"picture {number} {why}"
        if way is Way.MULTIPART and not _PICTURE_NAME.fullmatch(picture.name[-_SAFE_LENGTH:]):
            yield f"picture {number} is named {picture.name!r:.{_SHOWN}}: want <time>_<µs>lpup|roi_<plate>_<n>.jpg"
    if (
        way is Way.MULTIPART
        and [picture.part for picture in pictures] != ["image", "image2"][: len(pictures)]
    ):
        yield f"parts are {', '.join(picture.part for picture in pictures)}: want image, then image2"


def _box_in_picture(body: Mapping[str, object], pictures: Sequence[Picture]) -> Iterator[str]:
    box = _box(body.get(fields.PLATE_COORDINATES_RELATIVE))
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
        yield f"{fields.PLATE_COORDINATES_RELATIVE} is {list(box)}: lies outside the {size} picture"


def picture_problem(jpeg: bytes) -> str:
    """Why a picture does not open; empty when it does. Decoded with Pillow, where that is installed."""
    if not whole_jpeg(jpeg):
        return f"is no whole JPEG ({len(jpeg)} bytes)"
    try:
        from PIL import Image  # noqa: PLC0415 - an extra: without it the JPEG's structure must do
    except ImportError:
        return ""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"does not decode: {error}"
    return ""


def _shown(value: object) -> str:
    return repr(value)[:_SHOWN]


def _number(body: Mapping[str, object], name: str) -> int | None:
    value = body.get(name)
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else None


def _box(value: object) -> tuple[int, int, int, int] | None:
    if not isinstance(value, list) or len(value) != 4:  # noqa: PLR2004 - left, top, width, height
        return None
    if not all(isinstance(side, int) and not isinstance(side, bool) for side in value):
        return None
    left, top, width, height = value
    return (left, top, width, height)
