"""What a record in the log says of an event, and the event as one profile gets it.

The record's layout is the log's own (`docs/design/outbox.md`); of it, this room knows where the event's JSON begins.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from cammra_edge.model import Event, MissingImage
from cammra_edge.outbox.codec import value_from
from cammra_edge.outbox.log import DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GONE = "the outbox was full and let its picture go"
DAMAGED = "its picture is damaged on disk"
NOT_STORED = "its picture did not reach the outbox"
ID_BYTES = 16
_HEX_DIGITS = 2 * ID_BYTES
_HEAD_BYTES = 78
_DELIVERY_BYTES = 38
_NO_BYTES = 8


def id_bytes(event_id: str) -> bytes:
    """An event id in 16 bytes: its 32 hex digits, or a hash of any other text."""
    if len(event_id) == _HEX_DIGITS:
        try:
            return bytes.fromhex(event_id)
        except ValueError:
            pass
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).digest()


def event_from(payload: bytes) -> Event:
    """The event of a record.

    Raises:
        ValueError, TypeError, KeyError: There is none in it.
    """
    try:
        return value_from(Event, json.loads(json_from(payload)))
    except RecursionError as error:
        raise DamagedError("a record goes deeper than any of ours") from error


def json_from(payload: bytes) -> bytes:
    """The event's JSON: what follows head, image numbers, deliveries and brief."""
    try:
        at = _HEAD_BYTES
        at += 1 + _NO_BYTES * payload[at]
        deliveries = payload[at]
        at += 1
        for _ in range(deliveries):
            at += _DELIVERY_BYTES
            for _why_and_words in range(2):
                at += 2 + int.from_bytes(payload[at : at + 2], "little")
        for _plate_and_list in range(2):
            at += 1 + payload[at]
    except IndexError as error:
        raise DamagedError("a record ends too early") from error
    return payload[at + 4 :]


def image_nos(payload: bytes, event: Event, nos: Sequence[int]) -> Sequence[int]:
    """The numbers of an event's images, in its order, where a record holds images of kinds that we do not know."""
    if len(nos) == len(event.images):
        return nos
    plain: Any = json.loads(json_from(payload))
    keys = [image["image_key"] for image in plain.get("images", ())]
    by_key = dict(zip(keys, nos, strict=False))
    return [by_key.get(image.image_key, 0) for image in event.images]


def event_for(
    event: Event,
    bits: int,
    nos: Sequence[int],
    load: Callable[[str, int], bytes | None],
) -> tuple[Event, dict[str, bytes]]:
    """The event as a profile gets it; what cannot be loaded stands in `missing`.

    Args:
        event: As it was put.
        bits: Which of its images the profile carries.
        nos: The images' numbers, 0 where one is stored nowhere.
        load: Fetches a JPEG by key and number; `None` when it is gone.

    Raises:
        StorageError: The disk does not let us.
    """
    found: dict[str, bytes] = {}
    missing = list(event.missing)
    kept = []
    for place, (image, no) in enumerate(zip(event.images, nos, strict=True)):
        if not bits >> place & 1:
            kept.append(image)
            continue
        try:
            data = load(image.image_key, no) if no else None
            why = GONE if no else NOT_STORED
        except DamagedError:
            data, why = None, DAMAGED
        if data is None:
            missing.append(MissingImage(kind=image.spec.kind, why=why))
        else:
            kept.append(image)
            found[image.image_key] = data
    if len(kept) == len(event.images):
        return event, found
    return replace(event, images=tuple(kept), missing=tuple(missing)), found
