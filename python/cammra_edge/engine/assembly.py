"""From what a track says to the event that is stored: numbers, names and encoded images.

Runs on the encoder's thread. Pure but for the encoding: the same track event, stream and wishes make
the same `Event`, byte for byte (held by `tests/engine/test_assembly.py` and the replay tests).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cammra_edge.errors import ImageError
from cammra_edge.model import (
    Direction,
    Event,
    EventKind,
    ImageKind,
    ImageRef,
    ImageSpec,
    MissingImage,
    Plate,
    Rect,
    VehicleInfo,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.tracking import Shot, TrackEvent


def event_id_from(stream_id: str, vehicle_no: int, kind: EventKind, ordinal: int) -> str:
    """The id of an event: the same at every replay of the same stream, 32 hex digits."""
    text = f"{stream_id}\n{vehicle_no}\n{kind}\n{ordinal}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def image_key_from(stream_id: str, shot_no: int, spec: ImageSpec) -> str:
    """The name of an image in the outbox: equal for equal wishes of one shot, however many events carry it."""
    fit = "x".join(map(str, spec.fit)) if spec.fit else ""
    wish = (spec.kind, spec.quality or "", spec.subsampling, spec.max_bytes or "", fit)
    text = "\n".join(map(str, (stream_id, shot_no, *wish)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def assemble(
    said: TrackEvent,
    specs: Iterable[ImageSpec],
    *,
    stream_id: str,
    car_id: int,
    why_no_images: str = "",
) -> tuple[Event, dict[str, bytes]]:
    """One event and the bytes of its images, by image key.

    Args:
        said: What the track said.
        specs: Every profile's wishes for this event; equal ones are encoded once.
        stream_id: The camera's run or the recording.
        car_id: The vehicle's number on the wire.
        why_no_images: Not empty: leave the images out, for this reason.
    """
    refs: list[ImageRef] = []
    missing: dict[ImageKind, MissingImage] = {}
    jpegs: dict[str, bytes] = {}
    for spec in dict.fromkeys(specs):
        try:
            ref, jpeg = _encode(said.shot, spec, stream_id, why_no_images)
        except ImageError as error:
            missing[spec.kind] = MissingImage(kind=spec.kind, why=str(error))
        else:
            refs.append(ref)
            jpegs[ref.image_key] = jpeg
    known = said.attributes
    kind = EventKind(said.kind)
    event = Event(
        event_id=event_id_from(stream_id, said.vehicle_no, kind, said.ordinal),
        stream_id=stream_id,
        vehicle_no=said.vehicle_no,
        car_id=car_id,
        kind=kind,
        ordinal=said.ordinal,
        at_utc_ns=said.at_utc_ns,
        first_utc_ns=said.first_utc_ns,
        image_utc_ns=said.image_utc_ns,
        plate=Plate(
            text=said.text,
            confidence=said.confidence,
            country=known.get("country", ""),
            region=known.get("region", ""),
            region_code=known.get("region_code", ""),
            iso3166_2=known.get("iso3166_2", ""),
        ),
        direction=Direction(said.direction),
        roi_id=said.roi_id,
        vehicle_box=Rect(*said.vehicle_box) if said.vehicle_box else None,
        plate_box=Rect(*said.plate_box) if said.plate_box else None,
        info=VehicleInfo(
            view=known.get("view", ""),
            kind=known.get("kind", ""),
            colour=known.get("colour", ""),
            make=known.get("make", ""),
            model=known.get("model", ""),
            confidence_mmr=said.confidence_mmr,
            confidence_colour=said.confidence_colour,
        ),
        changed=said.changed,
        images=tuple(refs),
        missing=tuple(missing.values()),
        image_text=said.image_text,
    )
    return event, jpegs


def _encode(
    shot: Shot | None, spec: ImageSpec, stream_id: str, why_no_images: str
) -> tuple[ImageRef, bytes]:
    if why_no_images:
        raise ImageError(why_no_images)
    if shot is None:
        raise ImageError("no frame came with the read")
    jpeg, width, height, shows = shot.encode(
        spec.kind,
        quality=spec.quality,
        subsampling=spec.subsampling,
        max_bytes=spec.max_bytes,
        fit=spec.fit,
    )
    ref = ImageRef(
        spec=spec,
        image_key=image_key_from(stream_id, shot.shot_no, spec),
        width=width,
        height=height,
        shows=Rect(*shows),
        size_bytes=len(jpeg),
    )
    return ref, jpeg
