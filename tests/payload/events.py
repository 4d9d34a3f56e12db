"""Events for the tests of this room: the vendor's sample of 2023, rebuilt."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cammra_edge.framing import EventForm
from cammra_edge.model import (
    Candidate,
    Device,
    Direction,
    Event,
    EventKind,
    ImageKind,
    ImageRef,
    ImageSpec,
    Plate,
    Rect,
    VehicleInfo,
)
from cammra_edge.payload import naming
from cammra_edge.profile.sender import Sender

BOUNDARY_KEY = b"0123456789abcdef"

SAMPLE_DEVICE = Device(
    serial="ACCC8EBFB452",
    model="AXIS Q1700-LE",
    ip="10.0.3.177",
    time_zone="Europe/Kyiv",
)


def unchecked_device(**texts: str) -> Device:
    """A device with texts that its checks would refuse: what renders must not rely on them."""
    device = Device(time_zone="UTC")
    for name, text in texts.items():
        object.__setattr__(device, name, text)
    return device


SENDER = Sender(
    device=SAMPLE_DEVICE,
    profile_id=2,
    device_id="defaultID",
    latitude=55.70421,
    longitude=13.19366,
)

SAMPLE_EVENT = Event(
    event_id="0123456789abcdef0123456789abcdef",
    stream_id="sample",
    vehicle_no=1,
    car_id=54950,
    kind=EventKind.UPDATE,
    ordinal=2,
    at_utc_ns=1_702_297_625_507_641_000,
    first_utc_ns=1_702_297_625_100_000_000,
    image_utc_ns=1_702_297_625_954_662_000,
    plate=Plate(
        text="HWR6677", confidence=0.73721, country="DEU", region="Hannover", region_code="H"
    ),
    direction=Direction.OUT,
    plate_box=Rect(514, 570, 120, 28),
    info=VehicleInfo(view="front", kind="CAR", colour="BLACK"),
    previous_plate="HWR667",
    candidates=(
        Candidate(text="HWR6677", confidence=0.75),
        Candidate(text="HWR667", confidence=0.25),
    ),
    reliable_by="agreement",
    final=False,
    image_text="HWR6677",
    last_utc_ns=1_702_297_625_507_000_000,
    clock_synced=True,
)


def image_ref(
    kind: ImageKind, key: str, shows: Rect, *, width: int = 0, height: int = 0
) -> ImageRef:
    return ImageRef(
        spec=ImageSpec(kind=kind, fit=(640, 360) if kind is ImageKind.DOWNSIZED_FRAME else None),
        image_key=key,
        width=width or shows.width,
        height=height or shows.height,
        shows=shows,
        size_bytes=4,
    )


VEHICLE = image_ref(ImageKind.VEHICLE_CROP, "v", Rect(400, 300, 640, 400))
PLATE = image_ref(ImageKind.PLATE_CROP, "p", Rect(504, 560, 140, 48))
FULL = image_ref(ImageKind.FULL_FRAME, "f", Rect(0, 0, 1920, 1080))
DOWNSIZED = image_ref(ImageKind.DOWNSIZED_FRAME, "d", Rect(0, 0, 1920, 1080), width=640, height=360)

JPEGS = {
    "v": b"\xff\xd8\xff\xe0vehicle\xff\xd9",
    "p": b"\xff\xd8\xff\xe0plate\xff\xd9",
    "f": b"\xff\xd8\xff\xe0frame\xff\xd9",
    "d": b"\xff\xd8\xff\xe0downsized\xff\xd9",
}

EVENT = replace(SAMPLE_EVENT, images=(VEHICLE, PLATE, FULL, DOWNSIZED))


def sent_members() -> dict[str, Any]:
    """The members of an event that tells everything and carries its images inside."""
    form = EventForm(SENDER, [VEHICLE.spec], words=naming, extended=True)
    content = form.with_images(EVENT, JPEGS, 7)
    members: dict[str, Any] = json.loads(content)
    return members


def with_text(text: str) -> Event:
    return replace(EVENT, plate=replace(EVENT.plate, text=text))
