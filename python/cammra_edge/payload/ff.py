"""The FF JSON event, as CAMMRA AI and AXIS License Plate Verifier send it.

Invariants, held by `tests/payload/test_ff.py`:

1. Keys and their order are those of the vendor's sample of 2023; every scalar is a string.
2. Lost reports New's capture times, and the frame time "0".
3. `plateASCII` is ASCII, and any text whatsoever gives valid JSON.
4. The same event, images and profile give the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind, ImageKind
from cammra_edge.payload import fields, naming

if TYPE_CHECKING:
    from cammra_edge.model import Device, Event, ImageRef, Rect, VehicleInfo

_NS_PER_MS = 1_000_000
_NS_PER_US = 1000
_IMAGE_DIRECTORIES = 100

_WIRE_TYPES = {
    ImageKind.VEHICLE_CROP: "vehicle",
    ImageKind.FULL_FRAME: "frame",
    ImageKind.DOWNSIZED_FRAME: "frame",
    ImageKind.PLATE_CROP: "plate",
}


def wire_type(kind: ImageKind) -> str:
    """What `imageType` and `ImageType` call that image."""
    return _WIRE_TYPES[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedImage:
    """One image that goes with an event, and the name it goes by."""

    ref: ImageRef
    file_name: str
    directory: str

    @property
    def is_plate(self) -> bool:
        """Whether it is the license plate crop."""
        return self.ref.spec.kind is ImageKind.PLATE_CROP


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What an event says about who sent it: the camera, and the profile it goes by."""

    device: Device
    profile_id: int
    device_id: str
    packet: int
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class EventJson:
    """The object in two halves: `ImageArray`, where there is one, goes between them."""

    head: bytes
    tail: bytes

    def whole(self) -> bytes:
        """The object without `ImageArray`."""
        return self.head + self.tail


def named_image(event: Event, ref: ImageRef, *, zone_name: str, packet: int) -> NamedImage:
    """Gives an image the name it has on the wire."""
    name = naming.image_file_name(
        event.image_utc_ns or event.at_utc_ns,
        zone_name,
        plate_crop=ref.spec.kind is ImageKind.PLATE_CROP,
        plate=event.plate.text,
        packet=packet,
    )
    return NamedImage(ref=ref, file_name=name, directory=str(packet % _IMAGE_DIRECTORIES))


def captured_utc_ns(event: Event) -> int:
    """The capture time on the wire: New and Lost report the first read, the others their own frame."""
    return event.first_utc_ns if event.kind in {EventKind.NEW, EventKind.LOST} else event.at_utc_ns


def event_json(
    event: Event, sender: Sender, images: tuple[NamedImage, ...], *, image_type: str | None = None
) -> EventJson:
    """Render the event object.

    Args:
        event: What happened.
        sender: Who says so.
        images: The images that go with it, the selected one first.
        image_type: For `imageType`; by default that of the first image, empty without one.
    """
    device = sender.device
    captured_ns = captured_utc_ns(event)
    captured_ms = captured_ns // _NS_PER_MS
    at = naming.local_time(captured_ns, device.time_zone)
    frame_us = 0 if event.kind is EventKind.LOST else captured_ns // _NS_PER_US
    plate = quoted(event.plate.text)
    context = next((image for image in images if not image.is_plate), None)
    plate_crop = next((image for image in images if image.is_plate), None)
    if image_type is None:
        image_type = wire_type(images[0].ref.spec.kind) if images else ""
    first_shown = images[0].ref if images else None
    head = _HEAD % {
        fields.PACKET_COUNTER: sender.packet,
        fields.CAPTURE_TIMESTAMP: captured_ms,
        fields.FRAME_TIMESTAMP: frame_us,
        fields.CAPTURE_TS: captured_ms * _NS_PER_MS,
        fields.DATETIME: f"{at:%Y%m%d %H%M%S}{captured_ms % 1000:03d}",
        fields.PLATE_TEXT: plate,
        fields.PLATE_UNICODE: plate,
        fields.PLATE_UTF8: plate,
        fields.PLATE_ASCII: quoted(naming.ascii_text(event.plate.text)),
        fields.PLATE_COUNTRY: quoted(event.plate.country),
        fields.PLATE_ISO3166_2: quoted(event.plate.iso3166_2),
        fields.PLATE_REGION: quoted(event.plate.region),
        fields.PLATE_REGION_CODE: quoted(event.plate.region_code),
        fields.PLATE_LIST: quoted(event.listed.name),
        fields.PLATE_LIST_MODE: quoted(event.listed.mode),
        fields.PLATE_LIST_DESCRIPTION: quoted(event.listed.description),
        fields.PLATE_CONFIDENCE: f"{event.plate.confidence:.6f}",
        fields.CAR_STATE: event.kind.value,
        fields.ROI_ID: event.roi_id,
        fields.GEOTAG: _geotag(sender.latitude, sender.longitude),
        fields.IMAGE_TYPE: image_type,
        fields.PLATE_IMAGE_TYPE: "jpeg",
        fields.PLATE_IMAGE_SIZE: "0",
        fields.CAR_MOVE_DIRECTION: event.direction.value,
        fields.TIME_PROCESSING: "0",
        fields.PLATE_COORDINATES: _coordinates(event.plate_box),
        fields.PLATE_COORDINATES_RELATIVE: _coordinates(box_in_image(event.plate_box, first_shown)),
        fields.CAR_ID: event.car_id,
        fields.GEO_TARGET: quoted(device.geo_target),
        fields.IMAGES_URI: _uris(plate_crop, context),
    }
    tail = _TAIL % {
        fields.IMAGE_FILE: _path(context),
        fields.IMAGE_FILE_2: _path(plate_crop),
        fields.PROFILE_ID: sender.profile_id,
        fields.VEHICLE_INFO: _vehicle_info(event.info),
        fields.CAMERA_INFO: _camera_info(device.serial, device.model, device.ip, device.mac),
        fields.SENSOR_PROVIDER_ID: quoted(sender.device_id),
    }
    # A lone surrogate, the only text that UTF-8 cannot write, becomes "?".
    return EventJson(head.encode(errors="replace"), tail.encode(errors="replace"))


def box_in_image(box: Rect | None, image: ImageRef | None) -> tuple[int, int, int, int] | None:
    """The box in the image's own pixels; in the frame's where there is no image."""
    if box is None or image is None or not image.shows.width or not image.shows.height:
        return box
    across = image.width / image.shows.width
    down = image.height / image.shows.height
    return (
        round((box.x - image.shows.x) * across),
        round((box.y - image.shows.y) * down),
        round(box.width * across),
        round(box.height * down),
    )


def _coordinates(box: tuple[int, int, int, int] | None) -> str:
    if box is None:
        return "[0,0,0,0]"
    left, top, width, height = box
    return f"[{left},{top},{width},{height}]"


@lru_cache(maxsize=16)
def _geotag(latitude: float, longitude: float) -> str:
    return f'{{"lat":{_json_number(latitude)},"lon":{_json_number(longitude)}}}'


def _json_number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else "0.0"


def _uris(*images: NamedImage | None) -> str:
    # Names are made by `naming`, so nothing in them needs escaping.
    listed = (
        f'"{fields.IMAGE_URI_PREFIX}{image.directory}/{image.file_name}"'
        for image in images
        if image is not None
    )
    return f"[{','.join(listed)}]"


def _path(image: NamedImage | None) -> str:
    return "" if image is None else f"{fields.IMAGE_FILE_PREFIX}{image.directory}/{image.file_name}"


@lru_cache(maxsize=256)
def _vehicle_info(info: VehicleInfo) -> str:
    """Only what is known; make goes as `brand` (the manual) and `make` (newer receivers)."""
    known = [
        (fields.VEHICLE_VIEW, info.view),
        (fields.VEHICLE_TYPE, info.kind),
        (fields.VEHICLE_COLOR, info.colour),
        (fields.VEHICLE_BRAND, info.make),
        (fields.VEHICLE_MAKE, info.make),
        (fields.VEHICLE_MODEL, info.model),
        (fields.VEHICLE_CONFIDENCE_MMR, _confidence(info.confidence_mmr)),
        (fields.VEHICLE_CONFIDENCE_COLOR, _confidence(info.confidence_colour)),
    ]
    return "{" + ",".join(f'"{key}":{quoted(value)}' for key, value in known if value) + "}"


def _confidence(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


@lru_cache(maxsize=16)
def _camera_info(serial: str, product: str, address: str, mac: str) -> str:
    members = [
        (fields.CAMERA_SERIAL, serial),
        (fields.CAMERA_PRODUCT, product),
        (fields.CAMERA_IP, address),
        (fields.CAMERA_MAC, mac_without_colons(mac or serial)),
    ]
    return "{" + ",".join(f'"{key}":{quoted(value)}' for key, value in members) + "}"


def mac_without_colons(mac: str) -> str:
    """`AC:CC:8E:BF:B4:52` is `ACCC8EBFB452`."""
    return mac.replace(":", "").replace("-", "").upper()


_READY_QUOTED = {
    fields.PLATE_TEXT,
    fields.PLATE_UNICODE,
    fields.PLATE_UTF8,
    fields.PLATE_ASCII,
    fields.PLATE_COUNTRY,
    fields.PLATE_ISO3166_2,
    fields.PLATE_REGION,
    fields.PLATE_REGION_CODE,
    fields.PLATE_LIST,
    fields.PLATE_LIST_MODE,
    fields.PLATE_LIST_DESCRIPTION,
    fields.GEO_TARGET,
    fields.SENSOR_PROVIDER_ID,
}
"""Texts from outside: escaped and quoted one by one. Our own numbers and words are quoted by the template."""


def _member(field: fields.Field) -> str:
    value = f"%({field.name})s"
    return f'"{field.name}":' + (
        f'"{value}"' if field.text and field.name not in _READY_QUOTED else value
    )


def _templates() -> tuple[str, str]:
    split = [field.name for field in fields.EVENT].index(fields.IMAGE_ARRAY_BEFORE)
    members = [_member(field) for field in fields.EVENT]
    return "{" + ",".join(members[:split]) + ",", ",".join(members[split:]) + "}"


_HEAD, _TAIL = _templates()
