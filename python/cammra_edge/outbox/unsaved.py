"""What is only in memory, while the disk takes nothing: records and pictures, to be written when it is back.

Bounded by the ledger's own `make_room`; what is settled stays too, as far as there is room, so that the log knows of
it later. Of what had to go, the ids are kept. Not thread-safe: the outbox has the lock.
Held by `tests/outbox/test_storage.py`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cammra_edge.outbox.rows import EventRow
    from cammra_edge.storing import LogGroup

_FRAME = struct.Struct("<IBBHII")  # magic, kind, zeros, length of the payload, CRC
_EVENT = 4
_ALIGNMENT = 8
IDS_KEPT_BYTES = 8 << 20


class Unsaved:
    """Records by their event's place, pictures by their number."""

    def __init__(self) -> None:
        self.payloads: dict[int, bytes] = {}
        self.pictures: dict[int, tuple[str, bytes]] = {}
        self.digests: list[bytes] = []
        self.size_bytes = 0
        self.events = 0

    def add(self, group: LogGroup, rows: Iterable[EventRow]) -> None:
        """Keep what a group holds that could not be written."""
        for payload in payloads_of(group):
            self.payloads[int.from_bytes(payload[:8], "little")] = payload
            self.size_bytes += len(payload)
            self.events += 1
        self.digests.append(group.digests())
        for row in rows:
            for image in row.images:
                self.pictures[image.no] = (image.image_key, image.data)
                self.size_bytes += len(image.data)

    def prune(self, live: Collection[int], needed: Collection[int], max_bytes: int) -> None:
        """Let go of pictures that nobody needs, and of settled events beyond the bound.

        Args:
            live: Events that wait, are parked, or are their open vehicle's last.
            needed: Numbers of the images of these.
            max_bytes: How much may stay.
        """
        if self.size_bytes <= max_bytes:
            return
        for no in self.pictures.keys() - needed:
            self.size_bytes -= len(self.pictures.pop(no)[1])
        for seq in [seq for seq in self.payloads if seq not in live]:
            if self.size_bytes <= max_bytes:
                break
            self.size_bytes -= len(self.payloads.pop(seq))
        while sum(map(len, self.digests)) > IDS_KEPT_BYTES:
            del self.digests[0]

    def clear(self) -> None:
        """All that can be saved is."""
        self.__init__()  # type: ignore[misc]  # as it began

    def __bool__(self) -> bool:
        return bool(self.payloads or self.pictures or self.digests)


def payloads_of(group: LogGroup) -> list[bytes]:
    """The payloads of the EVENT frames in a group."""
    content = memoryview(b"".join(group.buffers()))
    found, at = [], 0
    while at + _FRAME.size <= len(content):
        _, kind, _, _, length, _ = _FRAME.unpack_from(content, at)
        start = at + _FRAME.size
        if kind == _EVENT:
            found.append(bytes(content[start : start + length]))
        at = -(-(start + length) // _ALIGNMENT) * _ALIGNMENT
    return found
