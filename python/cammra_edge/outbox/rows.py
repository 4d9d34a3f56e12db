"""The rows of the outbox, as the rooms inside pass them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Event
    from cammra_edge.outbox.values import NewEvent

ALL_IMAGES = (1 << 64) - 1
"""Of a delivery that carries every image."""
MOST_PICKED = 64
"""Images among which a delivery can choose."""


class DeliveryRow(NamedTuple):
    """One waiting delivery as the queue needs it, in the ledger's order."""

    seq: int
    profile_id: int
    packet: int
    attempts: int
    car_id: int
    kind: str
    stored_ns: int
    size_bytes: int
    pictures: int = 1


class WantedRow(NamedTuple):
    """Who gets an event: profile, packet, its images as bits (`ALL_IMAGES`), their bytes."""

    profile_id: int
    packet: int
    images: int
    size_bytes: int


class ImageRow(NamedTuple):
    """One JPEG to be stored."""

    no: int
    image_key: str
    data: bytes


class EventRow(NamedTuple):
    """One event to be stored, with everything that hangs on it.

    `image_nos` are in the order of the event's images, 0 where one is stored nowhere; `pictures` are the JPEGs at
    hand, by image key; `new` is what it was put as.
    """

    seq: int
    event_id: bytes
    event: Event
    stored_ns: int
    image_nos: tuple[int, ...]
    images: tuple[ImageRow, ...]
    pictures: Mapping[str, bytes]
    wanted: tuple[WantedRow, ...]
    new: NewEvent
