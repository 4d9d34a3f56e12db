"""From a track event to the event that is stored: numbers, names and encoded images.

Runs on the encoder's thread. Pure: the same track event, stream and image specs make the same `Event`, byte for
byte (held by `tests/end_to_end/test_motorway.py` and `test_restart.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cammra_edge.errors import CammraError
from cammra_edge.model import (
    NOTHING_KNOWN,
    VEHICLE_TEXTS,
    Candidate,
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
    """An event's id, 32 hex digits: the same whenever the same stream is replayed."""
    text = f"{stream_id}\n{vehicle_no}\n{kind}\n{ordinal}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def image_key_from(stream_id: str, shot_no: int, spec: ImageSpec) -> str:
    """An image's name in the outbox: the same shot and spec give the same key."""
    fit = "x".join(map(str, spec.fit)) if spec.fit else ""
    how = (spec.kind, spec.quality or "", spec.subsampling, spec.max_bytes or "", fit)
    text = "\n".join(map(str, (stream_id, shot_no, *how)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def event_from(track_event: TrackEvent, *, stream_id: str, car_id: int, lists: ListIndex) -> Event:
    """The event that receivers get, without images.

    Args:
        track_event: What happened to the vehicle.
        stream_id: The camera's run or the recording.
        car_id: The vehicle's number on the wire.
        lists: The plate lists to look the plate up in.
    """
    attributes = track_event.attributes
    kind = EventKind(track_event.kind)
    return Event(
        event_id=event_id_from(stream_id, track_event.vehicle_no, kind, track_event.ordinal),
        stream_id=stream_id,
        vehicle_no=track_event.vehicle_no,
        car_id=car_id,
        kind=kind,
        ordinal=track_event.ordinal,
        at_utc_ns=track_event.at_utc_ns,
        first_utc_ns=track_event.first_utc_ns,
        last_utc_ns=track_event.last_utc_ns,
        image_utc_ns=track_event.image_utc_ns,
        plate=Plate(
            text=track_event.text,
            confidence=track_event.confidence,
            country=attributes.get("country", ""),
            region=attributes.get("region", ""),
            region_code=attributes.get("region_code", ""),
            iso3166_2=attributes.get("iso3166_2", ""),
        ),
        direction=Direction(track_event.direction),
        roi_id=track_event.roi_id,
        vehicle_box=Rect(*track_event.vehicle_box) if track_event.vehicle_box else None,
        plate_box=Rect(*track_event.plate_box) if track_event.plate_box else None,
        info=_info_from(track_event, attributes),
        changed=track_event.changed,
        previous_plate=track_event.previous_text,
        candidates=tuple(
            Candidate(text=text, confidence=support) for text, support in track_event.candidates
        ),
        reliable_by=track_event.reliable_by,
        final=kind is EventKind.LOST,
        clock_synced=track_event.clock_synced,
        image_text=track_event.image_text,
        listed=lists.find(track_event.text),
    )


def _info_from(track_event: TrackEvent, attributes: Mapping[str, str]) -> VehicleInfo:
    known: dict[str, Any] = {name: attributes[name] for name in VEHICLE_TEXTS if name in attributes}
    mmr, colour = track_event.confidence_mmr, track_event.confidence_colour
    if not known and mmr is None and colour is None:
        return NOTHING_KNOWN
    return VehicleInfo(**known, confidence_mmr=mmr, confidence_colour=colour)


def with_images(
    event: Event,
    shot: Shot | None,
    specs: Iterable[ImageSpec],
    *,
    why_none: str = "",
    libjpeg_turbo: bool = False,
) -> tuple[Event, dict[str, bytes]]:
    """The event with its images, and their bytes by image key.

    Args:
        event: As `event_from` made it.
        shot: The pixels; `None` when no frame came with the read.
        specs: What every profile that wants the event asks for; equal ones are encoded once.
        why_none: Where not empty, images are left out for this reason.
        libjpeg_turbo: As the setting of that name.
    """
    wanted = tuple(dict.fromkeys(specs))
    if shot is None or why_none:
        why = why_none or "no frame came with the read"
        kinds = dict.fromkeys(spec.kind for spec in wanted)
        without = tuple(MissingImage(kind=kind, why=why) for kind in kinds)
        return replace(event, images=(), missing=without), {}
    refs: list[ImageRef] = []
    missing: dict[ImageKind, MissingImage] = {}
    jpegs: dict[str, bytes] = {}
    # All in one crossing to the encoder.
    for spec, made in zip(wanted, shot.encode(wanted, libjpeg_turbo=libjpeg_turbo), strict=True):
        if isinstance(made, CammraError):
            missing[spec.kind] = MissingImage(kind=spec.kind, why=str(made))
            continue
        jpeg, width, height, shows = made
        key = image_key_from(event.stream_id, shot.shot_no, spec)
        jpegs[key] = jpeg
        refs.append(
            ImageRef(
                spec=spec,
                image_key=key,
                width=width,
                height=height,
                shows=Rect(*shows),
                size_bytes=len(jpeg),
            )
        )
    return replace(event, images=tuple(refs), missing=tuple(missing.values())), jpegs


def last_words(left: OpenVehicle) -> list[Event]:
    """The events due to a vehicle that a crash or power cut left open: its Reliable if it had none, and its Lost."""
    last = left.event
    kept = tuple(ref for ref in last.images if ref.image_key in left.held_image_keys)
    gone = tuple(
        MissingImage(kind=ref.spec.kind, why="delivered and deleted before the restart")
        for ref in last.images
        if ref not in kept
    )
    kinds = [EventKind.LOST] if _was_reliable(left) else [EventKind.RELIABLE, EventKind.LOST]
    return [
        replace(
            last,
            kind=kind,
            ordinal=ordinal,
            event_id=event_id_from(last.stream_id, last.vehicle_no, kind, ordinal),
            changed=(),
            previous_plate="",
            reliable_by=last.reliable_by or "end",
            recalled=(),
            final=kind is EventKind.LOST,
            images=kept,
            missing=last.missing + gone,
        )
        for ordinal, kind in enumerate(kinds, start=last.ordinal + 1)
    ]


def _was_reliable(left: OpenVehicle) -> bool:
    """Whether the vehicle has had its Reliable; it has where it has had more events than are remembered."""
    last = left.event
    if len(left.event_ids) < last.ordinal:
        return True
    ids = (
        event_id_from(last.stream_id, last.vehicle_no, EventKind.RELIABLE, ordinal)
        for ordinal in range(1, last.ordinal + 1)
    )
    return not left.event_ids.isdisjoint(ids)
