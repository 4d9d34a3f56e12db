"""Fills templates with an event. `profile` has read and checked them, so nothing can fail here.

Every value is escaped for its template's target: whatever a plate says, it stays inside its element, string, cell or
parameter (`tests/payload/test_template.py`, with hostile texts).
"""

from __future__ import annotations

import base64
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from cammra_edge.model import Direction, Rect, Repeat
from cammra_edge.payload import countries, naming, utmc
from cammra_edge.profile.fields import FIELDS, Kind
from cammra_edge.profile.form import Escape, Section, Text, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cammra_edge.model import Event, ImageRef
    from cammra_edge.profile import FormContent
    from cammra_edge.profile.form import Form, Node, Part
    from cammra_edge.profile.sender import Sender

_NS_PER_US = 1000
_US_PER_MS = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_IN_XML = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&apos;",
        "\r": "&#13;",
        "\n": "&#10;",
        "\t": "&#9;",
    }
)
_TIME_VARIABLE = re.compile(r"%(:z|[YmdHMSvfz])")
_DIRECTION_CODES = {Direction.UNKNOWN: 0, Direction.IN: 2, Direction.OUT: 3}
_TOWARD_CAMERA = {Direction.IN: "true", Direction.OUT: "false"}
_NO_BOX = Rect(0, 0, 0, 0)
_LONGEST_NUMBER = 9

_BARE = frozenset({Kind.WHOLE, Kind.NUMBER, Kind.PIXEL})
"""Digits, which break out of nothing."""
_SIDES = ("left", "top", "width", "height")

_WORDS = {True: "true", False: "false", None: ""}
_NO_REPEAT = Repeat(count=0, first_utc_ns=0, last_utc_ns=0)

Plain = str | int | float | datetime | bytes


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("?", text).translate(_IN_XML)


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _csv(text: str) -> str:
    return '"' + _CONTROL.sub(" ", text).replace('"', '""') + '"'


def _url(text: str) -> str:
    return quote(text.encode(errors="replace"), safe="")


def _raw(text: str) -> str:
    return _CONTROL.sub(" ", text)


_ESCAPES: dict[Escape, Callable[[str], str]] = {
    Escape.XML: _xml,
    Escape.JSON: _json,
    Escape.CSV: _csv,
    Escape.URL: _url,
    Escape.RAW: _raw,
}


class Values:
    """What the fields stand for in one event."""

    def __init__(
        self,
        event: Event,
        sender: Sender,
        packet: int,
        attached: Sequence[tuple[str, bytes, bool, int]],
        content: FormContent,
    ) -> None:
        nothing = ("", b"")
        image_name, image = next(((name, jpeg) for name, jpeg, *_ in attached), nothing)
        plate_name, plate_image = next(
            ((name, jpeg) for name, jpeg, is_plate, _ in attached if is_plate), nothing
        )
        selected = event.images[attached[0][3]] if attached else None
        device, info, plate = sender.device, event.info, event.plate
        access_point = content.access_point
        repeat = event.repeat or _NO_REPEAT
        self.zone_name = device.time_zone
        boxes = {"plate": event.plate_box or _NO_BOX, "vehicle": event.vehicle_box or _NO_BOX}
        self._in_image = _sides(
            {name: _in_image(box, selected) for name, box in boxes.items()} if selected else boxes
        )
        self._values: dict[str, Plain] = _sides(boxes) | {
            "plate": plate.text,
            "plate_ascii": naming.ascii_text(plate.text),
            "tag": utmc.tag(plate.text, content.tag_bits),
            "tag_bits": content.tag_bits,
            "country": plate.country,
            "country_2": countries.alpha_2(plate.country),
            "iso3166_2": plate.iso3166_2,
            "region": plate.region,
            "region_code": plate.region_code,
            "confidence": plate.confidence,
            "char_confidences": ",".join([_number(plate.confidence, "percent")] * len(plate.text)),
            "event": event.kind.value,
            "event_number": event.ordinal,
            "changed": ",".join(event.changed),
            "previous_plate": event.previous_plate,
            "candidates": ",".join(one.text for one in event.candidates),
            "candidate_confidences": ",".join(
                _number(one.confidence, "percent") for one in event.candidates
            ),
            "reliable_by": event.reliable_by or "",
            "image_text": event.image_text,
            "final": "true" if event.final else "",
            "clock_synced": _WORDS[event.clock_synced],
            "repeat_count": repeat.count,
            "repeat_first_time": _known_time(repeat.first_utc_ns),
            "repeat_last_time": _known_time(repeat.last_utc_ns),
            "direction": event.direction.value,
            "direction_code": _DIRECTION_CODES[event.direction],
            "access_point": int(event.direction is Direction.OUT)
            if access_point is None
            else access_point,
            "toward_camera": _TOWARD_CAMERA.get(event.direction, ""),
            "roi": event.roi_id,
            "time": _at(event.captured_utc_ns),
            "event_time": _at(event.at_utc_ns),
            "first_time": _at(event.first_utc_ns),
            "last_time": _at(event.last_utc_ns or event.at_utc_ns),
            "image_time": _at(event.image_utc_ns or event.captured_utc_ns),
            "event_id": event.event_id,
            "uuid": _uuid(event.event_id),
            "vehicle_uuid": _uuid(f"{event.stream_id}/{event.vehicle_no}"),
            "car_id": event.car_id,
            "packet": packet,
            "profile_id": sender.profile_id,
            "device_id": sender.device_id,
            "device_number": _whole(sender.device_id, sender.profile_id),
            "serial": device.serial,
            "mac": device.bare_mac,
            "model": device.model,
            "ip": device.ip,
            "latitude": sender.latitude,
            "longitude": sender.longitude,
            "vehicle_view": info.view,
            "vehicle_type": info.kind,
            "vehicle_colour": info.colour,
            "vehicle_make": info.make,
            "vehicle_model": info.model,
            "vehicle_confidence": _sure(info.confidence_mmr, info.make or info.model or info.kind),
            "colour_confidence": _sure(info.confidence_colour, info.colour),
            "list_name": event.listed.name,
            "list_mode": event.listed.mode,
            "list_description": event.listed.description,
            "list_meant": event.listed.meant,
            "image": image,
            "plate_image": plate_image,
            "image_name": image_name,
            "plate_image_name": plate_name,
            "image_count": len(attached),
            "image_width": selected.width if selected else 0,
            "image_height": selected.height if selected else 0,
            "user": content.user,
            "test": "true" if event.test else "",
        }

    def image(self, field: str) -> bytes:
        """The JPEG that a field stands for; empty without one."""
        value = self._values[field]
        return value if isinstance(value, bytes) else b""

    def filled(self, nodes: tuple[Node, ...], escape: Escape) -> bytes:
        """A text with its fields replaced."""
        pieces: list[bytes] = []
        for node in nodes:
            match node:
                case Text(content=content):
                    pieces.append(content)
                case Value():
                    pieces.append(self._formed(node, escape))
                case Section(field=field, inner=inner, absent=absent):
                    if (self._values[field] in {"", b""}) is absent:
                        pieces.append(self.filled(inner, escape))
        return b"".join(pieces)

    def _formed(self, node: Value, escape: Escape) -> bytes:
        form = node.form
        in_image = form == "image"
        value = (self._in_image if in_image else self._values)[node.field]
        if isinstance(value, bytes):
            encoded = base64.b64encode(value)
            return quote(encoded, safe="").encode() if escape is Escape.URL else encoded
        if isinstance(value, datetime):
            text = _time(value, form, self.zone_name)
        elif node.words is not None:
            text = node.words.get(str(value), node.words.get("*", str(value)))
        elif isinstance(value, str):
            text = _text(value, form) if value else ""
        else:
            text = _number(value, "" if in_image else form)
        bare = FIELDS[node.field] in _BARE and node.words is None and escape is not Escape.RAW
        return (text if bare else _ESCAPES[escape](text)).encode(errors="replace")


def form_parts(form: Form, values: Values) -> list[tuple[str, str, str, bytes]]:
    """Name, file name, type and content of each part; a part whose image is missing is left out."""
    contents = [(part, _content(part, form, values)) for part in form.parts]
    return [
        (
            part.name,
            naming.file_name(values.filled(part.filename, Escape.RAW).decode()),
            part.content_type,
            content,
        )
        for part, content in contents
        if content or not part.image
    ]


def _content(part: Part, form: Form, values: Values) -> bytes:
    return values.image(part.image) if part.image else values.filled(part.content, form.escape)


def _at(utc_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=utc_ns // _NS_PER_US)


def _known_time(utc_ns: int) -> datetime | str:
    """A time; nothing where there is none."""
    return _at(utc_ns) if utc_ns else ""


def _sure(confidence: float | None, text: str) -> float:
    """A confidence; where nobody gave one, 1 for a known text and 0 for none."""
    return float(bool(text)) if confidence is None else confidence


def _whole(text: str, otherwise: int) -> int:
    """The number that a text of digits writes."""
    good = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if good else otherwise


def _in_image(box: Rect, image: ImageRef) -> Rect:
    """A box of the frame in an image's pixels, cut to what the image shows."""
    shows = image.shows
    left, right = (
        _scaled(x - shows.x, image.width, shows.width) for x in (box.x, box.x + box.width)
    )
    top, bottom = (
        _scaled(y - shows.y, image.height, shows.height) for y in (box.y, box.y + box.height)
    )
    return Rect(left, top, right - left, bottom - top)


def _scaled(pixels: int, to: int, shown: int) -> int:
    return min(max(round(pixels * to / shown), 0), to) if shown else 0


def _sides(boxes: Mapping[str, Rect]) -> dict[str, Plain]:
    """The fields that stand for the boxes."""
    sides: dict[str, Plain] = {}
    for name, box in boxes.items():
        sides |= {f"{name}_{side}": pixels for side, pixels in zip(_SIDES, box, strict=True)}
        sides |= {f"{name}_right": box.x + box.width, f"{name}_bottom": box.y + box.height}
    return sides


def _uuid(name: str) -> str:
    import uuid  # noqa: PLC0415 - few templates ask for one, and every start would pay for it

    return str(uuid.uuid5(uuid.NAMESPACE_OID, name.encode(errors="replace").decode()))


def _text(value: str, form: str) -> str:
    if form == "upper":
        return value.upper()
    if form == "lower":
        return value.lower()
    if form == "url":
        return _url(value)
    return value[: int(form)] if form else value


def _number(value: float, form: str) -> str:
    if not math.isfinite(value):
        value = 0.0
    if form == "percent":
        return str(round(value * 100))
    if form.startswith("."):
        return f"{value:{form}f}"
    return f"{value:{form}d}" if isinstance(value, int) else repr(float(value))


def _time(value: datetime, form: str, zone_name: str) -> str:
    local = naming.in_zone(value, zone_name)
    match form:
        case "" | "iso":
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // _US_PER_MS:03d}Z"
        case "iso_local":
            return local.isoformat(timespec="milliseconds")
        case "unix":
            return str(int(value.timestamp()))
        case "unix_ms":
            return str((value - _EPOCH) // timedelta(milliseconds=1))
        case "unix_us":
            return str((value - _EPOCH) // timedelta(microseconds=1))
        case _:
            at = local if form.startswith("local ") else value
            return _TIME_VARIABLE.sub(
                lambda found: _part_of_time(at, found[1]),
                form.removeprefix("local ").removeprefix("utc "),
            )


def _part_of_time(at: datetime, variable: str) -> str:
    match variable:
        case "v":
            return f"{at.microsecond // _US_PER_MS:03d}"
        case ":z":
            return at.isoformat()[-len("+00:00") :]
        case _:
            return at.strftime(f"%{variable}")
