"""What a record in the log says of an event, and the event as one profile gets it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from cammra_edge.model import Event, MissingImage
from cammra_edge.outbox.codec import plain_in, value_from
from cammra_edge.outbox.log import DamagedError
from cammra_edge.outbox.packing import unpacked
from cammra_edge.storing import log_event, log_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GONE = "the outbox was full and let its picture go"
DAMAGED = "its picture is damaged on disk"
NOT_STORED = "its picture did not reach the outbox"
ID_BYTES = 16
_HEX_DIGITS = 2 * ID_BYTES


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
        plain = plain_in(json_from(payload))
    except ValueError as error:
        raise DamagedError(f"a record cannot be read: {error}") from error
    return value_from(Event, plain)


def json_from(payload: bytes) -> bytes:
    """The event's JSON, which may have been packed.

    Raises:
        DamagedError: There is none.
    """
    try:
        return unpacked(log_event(payload)[0])
    except ValueError as error:
        raise DamagedError(f"a record cannot be read: {error}") from error


def picture_from(payload: bytes) -> tuple[str, bytes]:
    """Key and JPEG of a picture's record.

    Raises:
        DamagedError: There is none.
    """
    try:
        _, image_key, jpeg = log_image(payload)
    except ValueError as error:
        raise DamagedError(f"a picture cannot be read: {error}") from error
    return image_key, jpeg


def image_nos(payload: bytes, event: Event, nos: Sequence[int]) -> Sequence[int]:
    """The numbers of an event's images, in its order, where a record holds images of kinds that we do not know."""
    if len(nos) == len(event.images):
        return nos
    plain = plain_in(json_from(payload))
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
