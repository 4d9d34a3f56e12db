"""The rows of the outbox's tables, as the rooms inside pass them on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class DeliveryRow(NamedTuple):
    """One delivery as the queue needs it."""

    seq: int
    profile_id: int
    packet: int
    attempts: int
    car_id: int
    kind: str
    stored_ns: int
    size_bytes: int
    pictures: int = 1


class ImageRow(NamedTuple):
    """One JPEG to be stored."""

    no: int
    image_key: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event to be stored, with everything that hangs on it."""

    seq: int
    event_id: bytes
    body: bytes
    image_nos: tuple[int, ...]
    images: tuple[ImageRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    stream_id: str
    vehicle_no: int
    car_id: int
    last: bool


@dataclass(slots=True)
class Settled:
    """What became of deliveries since the last commit; written together."""

    gone: list[tuple[int, int]] = field(default_factory=list)
    parked: list[tuple[int, int, str, str, int, int]] = field(default_factory=list)
    attempts: dict[tuple[int, int], int] = field(default_factory=dict)

    def merge(self, later: Settled) -> None:
        """Take in what happened after this."""
        self.gone += later.gone
        self.parked += later.parked
        self.attempts |= later.attempts

    def __len__(self) -> int:
        return len(self.gone) + len(self.parked) + len(self.attempts)

    def keys(self) -> set[tuple[int, int]]:
        """Deliveries that wait no longer, though the file may still say so."""
        return {*self.gone, *(row[:2] for row in self.parked)}


class OpenRow(NamedTuple):
    """The last event of a vehicle that has no Lost yet."""

    car_id: int
    image_nos: tuple[int, ...]
    body: bytes | None


def numbers_from(text: str) -> tuple[int, ...]:
    """Image numbers out of their column."""
    return tuple(int(part) for part in text.split(",") if part)


def text_from(numbers: Iterable[int]) -> str:
    """Image numbers as their column holds them."""
    return ",".join(map(str, numbers))
