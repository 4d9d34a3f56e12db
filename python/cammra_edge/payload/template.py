"""Templates filled with an event. Reading and checking them is `profile`'s; here nothing can fail any more.

Every value is escaped for the target of its template, whatever the plate says: it stays inside its
element, string, cell or parameter (`tests/payload/test_template.py`, with hostile texts).
"""

from __future__ import annotations

import base64
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from cammra_edge.model import Direction
from cammra_edge.payload import naming, utmc
from cammra_edge.profile.form import FIELDS, Escape, Kind, Section, Text, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cammra_edge.model import Event, Sender
    from cammra_edge.profile import FormContent
    from cammra_edge.profile.form import Form, Node, Part

_NS_PER_MS = 1_000_000
_MS_PER_S = 1000
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
_TIME_VARIABLE = re.compile(r"%([YmdHMSvz])")
_DIRECTION_CODES = {Direction.UNKNOWN: 0, Direction.IN: 2, Direction.OUT: 3}

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
        attached: Sequence[tuple[str, bytes, bool]],
        content: FormContent,
    ) -> None:
        nothing = ("", b"")
        image_name, image = next(((name, jpeg) for name, jpeg, _ in attached), nothing)
        plate_name, plate_image = next(
            ((name, jpeg) for name, jpeg, is_plate in attached if is_plate), nothing
        )
        box = event.plate_box
        device, info = sender.device, event.info
        self.zone_name = device.time_zone
        self._values: dict[str, Plain] = {
            "plate": event.plate.text,
            "plate_ascii": naming.ascii_text(event.plate.text),
            "tag": utmc.tag(event.plate.text, content.tag_bits),
            "tag_bits": content.tag_bits,
            "country": event.plate.country,
            "region": event.plate.region,
            "region_code": event.plate.region_code,
            "confidence": event.plate.confidence,
            "event": event.kind.value,
            "direction": event.direction.value,
            "direction_code": _DIRECTION_CODES[event.direction],
            "toward_camera": {Direction.IN: "true", Direction.OUT: "false"}.get(
                event.direction, ""
            ),
            "roi": event.roi_id,
            "time": _EPOCH + timedelta(milliseconds=event.captured_utc_ns // _NS_PER_MS),
            "event_id": event.event_id,
            "uuid": _uuid(event.event_id),
            "vehicle_uuid": _uuid(f"{event.stream_id}/{event.vehicle_no}"),
            "car_id": event.car_id,
            "packet": packet,
            "profile_id": sender.profile_id,
            "device_id": sender.device_id,
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
            "list_name": event.listed.name,
            "list_mode": event.listed.mode,
            "plate_left": box.x if box else 0,
            "plate_top": box.y if box else 0,
            "plate_width": box.width if box else 0,
            "plate_height": box.height if box else 0,
            "plate_right": box.x + box.width if box else 0,
            "plate_bottom": box.y + box.height if box else 0,
            "image": image,
            "plate_image": plate_image,
            "image_name": image_name,
            "plate_image_name": plate_name,
            "user": content.user,
            "test": "true" if event.test else "",
        }

    def image(self, field: str) -> bytes:
        """The JPEG that a field stands for; empty without one."""
        value = self._values[field]
        return value if isinstance(value, bytes) else b""

    def filled(self, nodes: tuple[Node, ...], escape: Escape) -> bytes:
        """A text with its fields replaced."""
        made: list[bytes] = []
        for node in nodes:
            match node:
                case Text(content=content):
                    made.append(content)
                case Value(field=field, form=form):
                    made.append(self._formed(field, form, escape))
                case Section(field=field, inner=inner):
                    if self._values[field] not in {"", b""}:
                        made.append(self.filled(inner, escape))
        return b"".join(made)

    def _formed(self, field: str, form: str, escape: Escape) -> bytes:
        value = self._values[field]
        if isinstance(value, bytes):
            encoded = base64.b64encode(value)
            return quote(encoded, safe="").encode() if escape is Escape.URL else encoded
        if isinstance(value, datetime):
            text = _time(value, form, self.zone_name)
        elif isinstance(value, str):
            text = _text(value, form)
        else:
            text = _number(value, form)
        bare = FIELDS[field] in {Kind.WHOLE, Kind.NUMBER} and escape is not Escape.RAW
        return (text if bare else _ESCAPES[escape](text)).encode(errors="replace")


def form_parts(form: Form, values: Values) -> list[tuple[str, str, str, bytes]]:
    """Name, file name, type and content of each part; a part whose image is missing is left out."""
    made = [(part, _content(part, form, values)) for part in form.parts]
    return [
        (
            part.name,
            naming.file_name(values.filled(part.filename, Escape.RAW).decode()),
            part.content_type,
            content,
        )
        for part, content in made
        if content or not part.image
    ]


def _content(part: Part, form: Form, values: Values) -> bytes:
    return values.image(part.image) if part.image else values.filled(part.content, form.escape)


def _uuid(name: str) -> str:
    import uuid  # noqa: PLC0415 - few templates ask for one, and every start would pay for it

    return str(uuid.uuid5(uuid.NAMESPACE_OID, name.encode(errors="replace").decode()))


def _text(value: str, form: str) -> str:
    if form == "upper":
        return value.upper()
    if form == "lower":
        return value.lower()
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
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // _MS_PER_S:03d}Z"
        case "iso_local":
            return local.isoformat(timespec="milliseconds")
        case "unix":
            return str(int(value.timestamp()))
        case "unix_ms":
            return str((value - _EPOCH) // timedelta(milliseconds=1))
        case _:
            at = local if form.startswith("local ") else value
            return _TIME_VARIABLE.sub(
                lambda found: _part_of_time(at, found[1]),
                form.removeprefix("local ").removeprefix("utc "),
            )


def _part_of_time(at: datetime, variable: str) -> str:
    return f"{at.microsecond // _MS_PER_S:03d}" if variable == "v" else at.strftime(f"%{variable}")
