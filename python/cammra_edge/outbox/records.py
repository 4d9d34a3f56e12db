"""The record of an event: the event itself and all that is needed to rebuild its deliveries.

`{"v":1,"at":stored_ns,"w":[[profile,packet,keys|null],…],"i":[image numbers],"e":{event}}`. So a single record
found in a broken file is enough to deliver the event with its own packet numbers again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from cammra_edge.model import Event, MissingImage
from cammra_edge.outbox.codec import bytes_from, plain_from, value_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

RECORD_VERSION = 1
GONE = "the outbox was full and let its picture go"
DAMAGED = "its picture is damaged on disk"
NOT_STORED = "its picture did not reach the outbox"
ID_BYTES = 16
_HEX_DIGITS = 2 * ID_BYTES


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """Who wants the event, under which number, with which images (`None`: all)."""

    profile_id: int
    packet: int
    image_keys: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record, parsed."""

    stored_ns: int
    wanted: tuple[WantedRecord, ...]
    image_nos: tuple[int, ...]
    event: Event


def id_bytes(event_id: str) -> bytes:
    """An event id in 16 bytes: its 32 hex digits, or a hash of any other text."""
    if len(event_id) == _HEX_DIGITS:
        try:
            return bytes.fromhex(event_id)
        except ValueError:
            pass
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).digest()


def ids_from(stored: bytes) -> frozenset[str]:
    """The event ids of a vehicle, which are stored one after the other."""
    return frozenset(stored[at : at + ID_BYTES].hex() for at in range(0, len(stored), ID_BYTES))


def bytes_from_event(
    event: Event,
    *,
    stored_ns: int,
    wanted: Iterable[tuple[int, int, Sequence[str] | None]],
    image_nos: Sequence[int],
) -> bytes:
    """The record's bytes."""
    return bytes_from(
        {
            "v": RECORD_VERSION,
            "at": stored_ns,
            "w": [[profile, packet, keys and list(keys)] for profile, packet, keys in wanted],
            "i": list(image_nos),
            "e": plain_from(event),
        }
    )


def record_from(body: bytes) -> Record:
    """The record of these bytes.

    Raises:
        ValueError, TypeError, KeyError: They are not one.
    """
    plain: Any = json.loads(body)
    event = value_from(Event, plain["e"])
    image_nos = tuple(map(int, plain["i"]))
    if len(event.images) < len(
        image_nos
    ):  # a newer version stored images of kinds that this one does not know
        keys = [image["image_key"] for image in plain["e"]["images"]]
        numbers = dict(zip(keys, image_nos, strict=True))
        image_nos = tuple(numbers[image.image_key] for image in event.images)
    return Record(
        stored_ns=int(plain["at"]),
        wanted=tuple(
            WantedRecord(int(profile), int(packet), None if keys is None else tuple(keys))
            for profile, packet, keys in plain["w"]
        ),
        image_nos=image_nos,
        event=event,
    )


def with_wanted(body: bytes, change: Callable[[int, int], tuple[int, int]]) -> bytes:
    """The record with each profile number and packet as `change` makes them."""
    plain: Any = json.loads(body)
    plain["w"] = [[*change(profile, packet), keys] for profile, packet, keys in plain["w"]]
    return bytes_from(plain)


def event_with_images(
    record: Record, profile_id: int, load: Callable[[int], bytes | None]
) -> tuple[Event, dict[str, bytes]]:
    """The event as this profile gets it; what cannot be loaded stands in `missing`."""
    keys = next(
        (wanted.image_keys for wanted in record.wanted if wanted.profile_id == profile_id), None
    )
    found: dict[str, bytes] = {}
    missing = list(record.event.missing)
    kept = []
    for image, no in zip(record.event.images, record.image_nos, strict=True):
        if keys is not None and image.image_key not in keys:
            kept.append(image)
            continue
        try:
            data = load(no) if no else None
            why = GONE if no else NOT_STORED
        except ValueError:
            data, why = None, DAMAGED
        if data is None:
            missing.append(MissingImage(kind=image.spec.kind, why=why))
        else:
            kept.append(image)
            found[image.image_key] = data
    if len(kept) == len(record.event.images):
        return record.event, found
    return replace(record.event, images=tuple(kept), missing=tuple(missing)), found
