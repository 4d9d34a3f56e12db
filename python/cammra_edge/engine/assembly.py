"""From what a track says to the event that is stored: numbers, names and encoded images.

Runs on the encoder's thread. Pure but for the encoding: the same track event, stream and wishes make
the same `Event`, byte for byte (held by `tests/end_to_end/test_motorway.py` and `test_restart.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.errors import FrameError, ImageError
from cammra_edge.model import (
    NOTHING_KNOWN,
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
    from collections.abc import Iterable, Mapping

    from cammra_edge.config.lists import ListIndex
    from cammra_edge.imaging import Shot
    from cammra_edge.outbox import OpenVehicle
    from cammra_edge.tracking import TrackEvent


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


def event_from(said: TrackEvent, *, stream_id: str, car_id: int, lists: ListIndex) -> Event:
    """What the track said as the event that receivers get, its images still to come.

    Args:
        said: What the track said.
        stream_id: The camera's run or the recording.
        car_id: The vehicle's number on the wire.
        lists: The plate lists to look the plate up in.
    """
    known = said.attributes
    kind = EventKind(said.kind)
    return Event(
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
        info=_info_from(said, known),
        changed=said.changed,
        image_text=said.image_text,
        listed=lists.find(said.text),
    )


def _info_from(said: TrackEvent, known: Mapping[str, str]) -> VehicleInfo:
    info = VehicleInfo(
        view=known.get("view", ""),
        kind=known.get("kind", ""),
        colour=known.get("colour", ""),
        make=known.get("make", ""),
        model=known.get("model", ""),
        confidence_mmr=said.confidence_mmr,
        confidence_colour=said.confidence_colour,
    )
    return NOTHING_KNOWN if info == NOTHING_KNOWN else info


def with_images(
    event: Event, shot: Shot | None, specs: Iterable[ImageSpec], *, why_none: str = ""
) -> tuple[Event, dict[str, bytes]]:
    """The event with its images, and their bytes by image key.

    Args:
        event: As `event_from` made it.
        shot: The pixels; `None` when no frame came with the read.
        specs: The wishes of every profile that wants the event; equal ones are encoded once.
        why_none: Not empty: leave the images out, for this reason.
    """
    refs: list[ImageRef] = []
    missing: dict[ImageKind, MissingImage] = {}
    jpegs: dict[str, bytes] = {}
    for spec in dict.fromkeys(specs):
        try:
            ref, jpeg = _encode(event.stream_id, shot, spec, why_none)
        except (ImageError, FrameError) as error:
            missing[spec.kind] = MissingImage(kind=spec.kind, why=str(error))
        else:
            refs.append(ref)
            jpegs[ref.image_key] = jpeg
    return replace(event, images=tuple(refs), missing=tuple(missing.values())), jpegs


def _encode(
    stream_id: str, shot: Shot | None, spec: ImageSpec, why_none: str
) -> tuple[ImageRef, bytes]:
    if why_none:
        raise ImageError(why_none)
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


def last_words(left: OpenVehicle) -> list[Event]:
    """What a vehicle that a crash or power cut left open still has to say: the Reliable that it lacks, and its Lost."""
    last = left.event
    held = tuple(ref for ref in last.images if ref.image_key in left.held_image_keys)
    gone = tuple(
        MissingImage(kind=ref.spec.kind, why="delivered and deleted before the restart")
        for ref in last.images
        if ref not in held
    )
    kinds = [EventKind.LOST] if _was_reliable(left) else [EventKind.RELIABLE, EventKind.LOST]
    return [
        replace(
            last,
            kind=kind,
            ordinal=ordinal,
            event_id=event_id_from(last.stream_id, last.vehicle_no, kind, ordinal),
            changed=(),
            images=held,
            missing=last.missing + gone,
        )
        for ordinal, kind in enumerate(kinds, start=last.ordinal + 1)
    ]


def _was_reliable(left: OpenVehicle) -> bool:
    """Whether the vehicle has had its Reliable; ids that are no longer known are of long ago, when it came."""
    last = left.event
    if len(left.event_ids) < last.ordinal:
        return True
    ids = (
        event_id_from(last.stream_id, last.vehicle_no, EventKind.RELIABLE, ordinal)
        for ordinal in range(1, last.ordinal + 1)
    )
    return not left.event_ids.isdisjoint(ids)
