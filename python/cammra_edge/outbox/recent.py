"""What was stored just now, for the workers: they have it from memory, not back from disk.

An event leaves when nobody waits for it any more, or when newer ones need its room. Not thread-safe: the outbox has
the lock. Held by `tests/outbox/test_recent.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Event
    from cammra_edge.outbox.rows import EventRow

RECENT_BYTES = 8 << 20
TEXT_BYTES = 4096
"""What an event without pictures is counted as."""


@dataclass(slots=True)
class _Stored:
    event: Event
    pictures: Mapping[str, bytes]
    waiting: int
    size_bytes: int


class Recent:
    """Events by their place, with the pictures that came with them."""

    def __init__(self, max_bytes: int = RECENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._stored: dict[int, _Stored] = {}
        self.size_bytes = 0

    def put(self, row: EventRow) -> None:
        """An event was stored; it stays until as many as want it have it."""
        if not row.wanted:
            return
        size_bytes = TEXT_BYTES + sum(map(len, row.pictures.values()))
        self._stored[row.seq] = _Stored(row.event, row.pictures, len(row.wanted), size_bytes)
        self.size_bytes += size_bytes
        while self.size_bytes > self._max_bytes:
            self.size_bytes -= self._stored.pop(next(iter(self._stored))).size_bytes

    def get(self, seq: int) -> tuple[Event, Mapping[str, bytes]] | None:
        """An event and its pictures, while they are at hand."""
        stored = self._stored.get(seq)
        return None if stored is None else (stored.event, stored.pictures)

    def settled(self, seq: int) -> None:
        """One profile waits for it no longer."""
        stored = self._stored.get(seq)
        if stored is None:
            return
        stored.waiting -= 1
        if stored.waiting <= 0:
            self.forget(seq)

    def forget(self, seq: int) -> None:
        """Let go of an event; harmless when it has gone."""
        stored = self._stored.pop(seq, None)
        if stored is not None:
            self.size_bytes -= stored.size_bytes

    def clear(self) -> None:
        """Let go of all."""
        self._stored.clear()
        self.size_bytes = 0
