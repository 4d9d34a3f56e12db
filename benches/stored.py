"""What the benches of the store put into an outbox: events like that of the scene, each a vehicle's only one."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benches.event import KEY, PROFILE, RENDERER
from benches.scene import PLATE, START_UTC_NS, VEHICLE
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.message import Body
from cammra_edge.model import (
    Device,
    Direction,
    Event,
    EventKind,
    ImageKind,
    ImageRef,
    ImageSpec,
    Plate,
    Rect,
)
from cammra_edge.outbox import NewEvent, Wanted
from cammra_edge.payload import Renderer
from cammra_edge.profile import HttpPost
from cammra_edge.sinks.http import HttpSink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cammra_edge.message import Message
    from cammra_edge.outbox import Outbox

VEHICLE_BYTES, PLATE_BYTES = 46_900, 4_300
"""Of the two crops in the scene's event of 53 kB."""

SECOND_NS = 1_000_000_000
_CROPS = (
    (ImageKind.VEHICLE_CROP, VEHICLE),
    (ImageKind.PLATE_CROP, PLATE),
)


@dataclass(frozen=True)
class Pictures:
    """The JPEGs of every event, of so many bytes each."""

    sizes: tuple[int, ...] = (VEHICLE_BYTES, PLATE_BYTES)

    def of(self, number: int) -> tuple[bytes, ...]:
        """Random ones, the same for the same number."""
        draw = random.Random(number)  # noqa: S311 - not a secret
        return tuple(draw.randbytes(size) for size in self.sizes)


def new_event(
    number: int,
    jpegs: Sequence[bytes],
    *,
    wanted_by: Sequence[int] = (1,),
    plate: str = "",
    kind: EventKind = EventKind.LOST,
) -> NewEvent:
    """The event of vehicle `number`, one second after the one before it."""
    at_utc_ns = START_UTC_NS + number * SECOND_NS
    refs = tuple(
        ImageRef(
            spec=ImageSpec(kind=crop),
            image_key=f"{number:x}-{crop.value.replace(' ', '-')}",
            width=box[2],
            height=box[3],
            shows=Rect(*box),
            size_bytes=len(jpeg),
        )
        for (crop, box), jpeg in zip(_CROPS[-len(jpegs) :] if jpegs else (), jpegs, strict=True)
    )
    event = Event(
        event_id=f"{number:032x}",
        stream_id="bench",
        vehicle_no=number,
        car_id=number,
        kind=kind,
        ordinal=1,
        at_utc_ns=at_utc_ns,
        first_utc_ns=at_utc_ns - SECOND_NS,
        last_utc_ns=at_utc_ns,
        image_utc_ns=at_utc_ns,
        plate=Plate(text=plate or f"1AB{number % 10_000:04}", confidence=0.9, country="CZE"),
        direction=(Direction.IN, Direction.OUT)[number % 2],
        vehicle_box=Rect(*VEHICLE),
        plate_box=Rect(*PLATE),
        final=True,
        images=refs,
    )
    images = {ref.image_key: jpeg for ref, jpeg in zip(refs, jpegs, strict=True)}
    return NewEvent(
        event=event,
        images=images,
        wanted_by=[Wanted(profile_id=profile_id) for profile_id in wanted_by],
    )


def rendered(event: Event, images: Mapping[str, bytes], packet: int) -> Message:
    """The body of the scene's profile."""
    message = RENDERER.render(event, images, packet=packet, boundary_key=KEY)
    assert isinstance(message, Body)
    return message


def body_bytes(put: NewEvent) -> int:
    """How long the body of an event is that its profile is sent."""
    message = rendered(put.event, put.images, 4711)
    assert isinstance(message, Body)
    return len(message.content)


def worker_of(outbox: Outbox, url: str, *, key: str = "bench") -> DeliveryWorker:
    """Who delivers what was put for the profile of that key, the first one being number 1."""
    profile = replace(PROFILE, name=key, key=key, protocol=HttpPost(url), events=set(EventKind))
    number = outbox.profile_id(key)
    renderer = Renderer(profile, profile_id=number, device=Device(serial="B8A44F960ACE"))

    def render(event: Event, images: Mapping[str, bytes], packet: int) -> Message | None:
        return renderer.render(event, images, packet=packet, boundary_key=KEY)

    sink = HttpSink(profile.protocol, clock=SYSTEM_CLOCK)
    return DeliveryWorker(profile, outbox, sink, render, clock=SYSTEM_CLOCK)


def all_delivered(outbox: Outbox, profile_id: int = 1) -> bool:
    """Whether nothing waits any more."""
    return outbox.waiting(profile_id).events == 0
