"""The FF JSON event, as CAMMRA AI and AXIS License Plate Verifier send it.

Invariants, held by `tests/payload/test_ff.py`:

1. Keys and their order are those of the vendor's sample of 2023; every scalar is a string.
2. Lost reports New's capture times, and the frame time "0".
3. `plateASCII` is ASCII, and any text whatsoever gives valid JSON.
4. The same event, images and profile give the same bytes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.model import EventKind, ImageKind, VehicleInfo
from cammra_edge.payload import fields, naming

if TYPE_CHECKING:
    from cammra_edge.model import Device, Event, ImageRef, Rect

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_NS_PER_US = 1000
_IMAGE_DIRECTORIES = 100
_NOTHING_KNOWN = VehicleInfo()
_NEW, _LOST, _PLATE_CROP = EventKind.NEW, EventKind.LOST, ImageKind.PLATE_CROP

_WIRE_TYPES = {
    ImageKind.VEHICLE_CROP: "vehicle",
    ImageKind.FULL_FRAME: "frame",
    ImageKind.DOWNSIZED_FRAME: "frame",
    ImageKind.PLATE_CROP: "plate",
}


def wire_type(kind: ImageKind) -> str:
    """What `imageType` and `ImageType` call that image."""
    return _WIRE_TYPES[kind]


# The three below are named tuples: one is made several times for each delivery, and a frozen dataclass takes five times
# as long.
class NamedImage(NamedTuple):
    """One image that goes with an event, and the name it goes by."""

    ref: ImageRef
    file_name: str
    directory: str

    @property
    def is_plate(self) -> bool:
        """Whether it is the license plate crop."""
        return self.ref.spec.kind is _PLATE_CROP


class Sender(NamedTuple):
    """What an event says about who sent it: the camera, and the profile it goes by."""

    device: Device
    profile_id: int
    device_id: str
    packet: int
    latitude: float
    longitude: float


class EventJson(NamedTuple):
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
        plate_crop=ref.spec.kind is _PLATE_CROP,
        plate=event.plate.text,
        packet=packet,
    )
    return NamedImage(ref, name, str(packet % _IMAGE_DIRECTORIES))


def captured_utc_ns(event: Event) -> int:
    """The capture time on the wire: New and Lost report the first read, the others their own frame."""
    # Not `in {…}`: an enum's hash is slow, and every event comes by here twice.
    first = event.kind is _NEW or event.kind is _LOST
    return event.first_utc_ns if first else event.at_utc_ns


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
    at = naming.local_stamp(captured_ns // _NS_PER_S, device.time_zone)
    frame_us = 0 if event.kind is _LOST else captured_ns // _NS_PER_US
    plate = quoted(event.plate.text)
    context = plate_crop = ""
    for image in reversed(images):
        path = f"{image.directory}/{image.file_name}"
        if image.is_plate:
            plate_crop = path
        else:
            context = path
    if image_type is None:
        image_type = wire_type(images[0].ref.spec.kind) if images else ""
    first_shown = images[0].ref if images else None
    head = (
        _HEAD
        % (
            sender.packet,  # packetCounter
            captured_ms,  # capture_timestamp
            frame_us,  # frame_timestamp
            captured_ms * _NS_PER_MS,  # capture_ts
            f"{at[:8]} {at[8:]}{captured_ms % 1000:03d}",  # datetime
            plate,  # plateText
            plate,  # plateUnicode
            plate,  # plateUTF8
            quoted(naming.ascii_text(event.plate.text)),  # plateASCII
            quoted(event.plate.country),  # plateCountry
            quoted(event.plate.iso3166_2),  # plateISO3166-2
            quoted(event.plate.region),  # plateRegion
            quoted(event.plate.region_code),  # plateRegionCode
            quoted(event.listed.name),  # plateList
            quoted(event.listed.mode),  # plateListMode
            quoted(event.listed.description),  # plateListDescription
            f"{event.plate.confidence:.6f}",  # plateConfidence
            event.kind,  # carState
            event.roi_id,  # roiID
            _geotag(sender.latitude, sender.longitude),  # geotag
            image_type,  # imageType
            "jpeg",  # plateImageType
            "0",  # plateImageSize
            event.direction,  # carMoveDirection
            "0",  # timeProcessing
            _coordinates(event.plate_box),  # plateCoordinates
            _coordinates(box_in_image(event.plate_box, first_shown)),  # plateCoordinatesRelative
            event.car_id,  # carID
            quoted(device.geo_target),  # GEOtarget
            _uris(plate_crop, context),  # imagesURI
        )
    )
    tail = _TAIL % (
        context and fields.IMAGE_FILE_PREFIX + context,  # imageFile
        plate_crop and fields.IMAGE_FILE_PREFIX + plate_crop,  # imageFile2
        sender.profile_id,  # profileID
        "{}" if event.info == _NOTHING_KNOWN else _vehicle_info(event.info),  # vehicle_info
        _camera_info(device.serial, device.model, device.ip, device.mac),  # camera_info
        quoted(sender.device_id),  # sensorProviderID
    )
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


def _uris(*paths: str) -> str:
    # Names are made by `naming`, so nothing in them needs escaping.
    return "[" + ",".join([f'"{fields.IMAGE_URI_PREFIX}{path}"' for path in paths if path]) + "]"


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
    value = '"%s"' if field.text and field.name not in _READY_QUOTED else "%s"
    return f'"{field.name}":{value}'


def _templates() -> tuple[str, str]:
    """Both halves, with a place for each value in the table's order: filling by name takes twice as long."""
    split = [field.name for field in fields.EVENT].index(fields.IMAGE_ARRAY_BEFORE)
    members = [_member(field) for field in fields.EVENT]
    return "{" + ",".join(members[:split]) + ",", ",".join(members[split:]) + "}"


_HEAD, _TAIL = _templates()
