"""A segment with events, as tests write it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cammra_edge.outbox import records
from cammra_edge.storing import LogGroup, log_events, log_read
from tests.fakes import JPEG, new_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.model import Event

STORE_ID = bytes(range(16))
SEGMENT = 7
SIZE = 1 << 16
ALL_IMAGES = 2**64 - 1
IMAGE, EVENT, SETTLED, STATE, TEXT, IDS, ERASED, ERASE, DIRECTORY = range(3, 12)
ERASE_DONE = 12


@dataclass(frozen=True)
class Frame:
    """Where a digest says that a frame is."""

    kind: int
    offset: int
    length: int


def event_no(number: int, text: str = "ABC123") -> Event:
    event = new_event().event
    return replace(
        event,
        event_id=f"{number:032x}",
        vehicle_no=number,
        car_id=number,
        plate=replace(event.plate, text=text),
    )


def add(group: LogGroup, number: int, event: Event) -> int:
    """One event with all of its images; tells the length of its payload."""
    nos = [100 * number + at for at, _ in enumerate(event.images)]
    for no, image in zip(nos, event.images, strict=True):
        group.image(no, image.image_key, JPEG)
    return group.event(
        event,
        seq=number,
        event_id=records.id_bytes(event.event_id),
        stored_ns=number,
        image_nos=nos,
        wanted=[(1, number, ALL_IMAGES, len(JPEG) * len(nos))],
    )


def new_segment(*events: Event) -> LogGroup:
    """Numbers count from 1."""
    group = LogGroup(STORE_ID, SEGMENT, 0)
    group.header(0, SIZE)
    group.state(b'{"counter":1}')
    for number, event in enumerate(events, 1):
        add(group, number, event)
    return group


def content_of(group: LogGroup) -> bytes:
    return b"".join(group.buffers())


def records_of(group: LogGroup, store_id: bytes = STORE_ID) -> list[bytes]:
    """The payloads of its events and texts."""
    content = content_of(group)
    places = [place[1:3] for place in log_events(group.digests())]
    return [
        log_read(store_id, group.segment, offset, content[offset - group.offset :][:length])[1]
        for offset, length in places
    ]


def frames_of(digests: bytes) -> Iterator[Frame]:
    """Of events, texts and images, whose digests begin with their place."""
    at = 0
    while at < len(digests):
        kind, length = digests[at], int.from_bytes(digests[at + 1 : at + 5], "little")
        place = digests[at + 5 : at + 17]
        if kind in {IMAGE, EVENT, TEXT}:
            begin, end = int.from_bytes(place[:8], "little"), int.from_bytes(place[8:], "little")
            yield Frame(kind, begin, end)
        at += 5 + length
