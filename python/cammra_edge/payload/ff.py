"""The FF JSON event, as CAMMRA AI and AXIS License Plate Verifier send it.

Invariants, held by `tests/payload/test_ff.py`:

1. Keys and their order are those of the vendor's sample of 2023; every scalar is a string.
2. Lost reports New's capture times, and the frame time "0".
3. `plateASCII` is ASCII, and any text whatsoever gives valid JSON.
4. The same event, images and profile give the same bytes.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge import framing
from cammra_edge.model import NOTHING_KNOWN, ImageKind
from cammra_edge.payload import fields, naming

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.model import Device, ImageRef, ImageSpec, VehicleInfo

_WIRE_TYPES = {
    ImageKind.VEHICLE_CROP: "vehicle",
    ImageKind.FULL_FRAME: "frame",
    ImageKind.DOWNSIZED_FRAME: "frame",
    ImageKind.PLATE_CROP: "plate",
}
_TOLD = {
    fields.PACKET_COUNTER: "packet",
    fields.CAPTURE_TIMESTAMP: "captured ms",
    fields.FRAME_TIMESTAMP: "frame us",
    fields.CAPTURE_TS: "captured ns",
    fields.DATETIME: "local time",
    fields.PLATE_TEXT: "text",
    fields.PLATE_UNICODE: "text",
    fields.PLATE_UTF8: "text",
    fields.PLATE_ASCII: "ascii",
    fields.PLATE_COUNTRY: "country",
    fields.PLATE_ISO3166_2: "iso3166-2",
    fields.PLATE_REGION: "region",
    fields.PLATE_REGION_CODE: "region code",
    fields.PLATE_LIST: "list name",
    fields.PLATE_LIST_MODE: "list mode",
    fields.PLATE_LIST_DESCRIPTION: "list description",
    fields.PLATE_CONFIDENCE: "confidence",
    fields.CAR_STATE: "kind",
    fields.ROI_ID: "roi",
    fields.IMAGE_TYPE: "image type",
    fields.CAR_MOVE_DIRECTION: "direction",
    fields.PLATE_COORDINATES: "plate box",
    fields.PLATE_COORDINATES_RELATIVE: "plate box in image",
    fields.CAR_ID: "car id",
    fields.IMAGES_URI: "image uris",
    fields.IMAGE_FILE: "image file",
    fields.IMAGE_FILE_2: "plate image file",
    fields.VEHICLE_INFO: "vehicle info",
}
"""What the members tell that are not the same in every event, in the words of `cammra_core::ff`."""


def wire_type(kind: ImageKind) -> str:
    """What `imageType` and `ImageType` call that image."""
    return _WIRE_TYPES[kind]


class NamedImage(NamedTuple):
    """One image that goes with an event, and the name it goes by."""

    ref: ImageRef
    file_name: str
    directory: str

    @property
    def is_plate(self) -> bool:
        """Whether it is the license plate crop."""
        return self.ref.spec.kind is ImageKind.PLATE_CROP


class Sender(NamedTuple):
    """What an event says about who sent it: the camera, and the profile it goes by."""

    device: Device
    profile_id: int
    device_id: str
    latitude: float
    longitude: float


def event_form(sender: Sender, specs: Iterable[ImageSpec]) -> framing.EventForm:
    """The event object of one sender, who sends these images; what no event changes is written once, here."""
    device = sender.device
    constant = {
        fields.GEOTAG: _geotag(sender.latitude, sender.longitude),
        fields.PLATE_IMAGE_TYPE: _written("jpeg"),
        fields.PLATE_IMAGE_SIZE: _written("0"),
        fields.TIME_PROCESSING: _written("0"),
        fields.GEO_TARGET: _written(device.geo_target),
        fields.PROFILE_ID: _written(str(sender.profile_id)),
        fields.CAMERA_INFO: _camera_info(device),
        fields.SENSOR_PROVIDER_ID: _written(sender.device_id),
    }
    return framing.EventForm(
        [(name, constant.get(name) or _TOLD[name]) for name, _ in fields.EVENT],
        split_before=fields.IMAGE_ARRAY_BEFORE,
        uri_prefix=fields.IMAGE_URI_PREFIX,
        file_prefix=fields.IMAGE_FILE_PREFIX,
        wishes=[(spec, wire_type(spec.kind)) for spec in specs],
        zone_name=device.time_zone,
        words=_Words,
    )


def _written(value: str | dict[str, str]) -> bytes:
    """A lone surrogate, the only text that UTF-8 cannot write, becomes "?"."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _geotag(latitude: float, longitude: float) -> bytes:
    return f'{{"lat":{_json_number(latitude)},"lon":{_json_number(longitude)}}}'.encode()


def _json_number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else "0.0"


@lru_cache(maxsize=256)
def _vehicle_info(info: VehicleInfo) -> bytes:
    """Only what is known; make goes as `brand` (the manual) and `make` (newer receivers)."""
    known = {
        fields.VEHICLE_VIEW: info.view,
        fields.VEHICLE_TYPE: info.kind,
        fields.VEHICLE_COLOR: info.colour,
        fields.VEHICLE_BRAND: info.make,
        fields.VEHICLE_MAKE: info.make,
        fields.VEHICLE_MODEL: info.model,
        fields.VEHICLE_CONFIDENCE_MMR: _confidence(info.confidence_mmr),
        fields.VEHICLE_CONFIDENCE_COLOR: _confidence(info.confidence_colour),
    }
    return _written({name: value for name, value in known.items() if value})


def _confidence(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _camera_info(device: Device) -> bytes:
    return _written(
        {
            fields.CAMERA_SERIAL: device.serial,
            fields.CAMERA_PRODUCT: device.model,
            fields.CAMERA_IP: device.ip,
            fields.CAMERA_MAC: mac_without_colons(device.mac or device.serial),
        }
    )


def mac_without_colons(mac: str) -> str:
    """`AC:CC:8E:BF:B4:52` is `ACCC8EBFB452`."""
    return mac.replace(":", "").replace("-", "").upper()


class _Words:
    """Zones, alphabets and makes: what the form asks Python for."""

    local_stamp = staticmethod(naming.local_stamp)
    ascii_text = staticmethod(naming.ascii_text)
    file_token = staticmethod(naming.file_token)
    vehicle_info = staticmethod(_vehicle_info)
    nothing_known = NOTHING_KNOWN
