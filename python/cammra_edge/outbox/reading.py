"""The log as its readers see it: by place, by segment, by number. Any thread, at any time.

Held by `tests/outbox/test_log.py` and `tests/outbox/test_shelf.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.segment import DamagedError, StorageError

if TYPE_CHECKING:
    from cammra_edge.outbox.segment import Purpose
    from cammra_edge.outbox.shelf import Shelf
    from cammra_edge.outbox.tail import Tail


class LogReading:
    """What is read of the segments on a shelf, and of those that the tail writes to."""

    def __init__(self, shelf: Shelf, tail: Tail) -> None:
        self._shelf = shelf
        self._tail = tail

    @property
    def store_id(self) -> bytes:
        """Names this store; another one, perhaps, after a `heal` that was the first to find the disk."""
        return self._shelf.store_id

    def read(self, segment: int, offset: int, length: int) -> tuple[int, bytes]:
        """Kind and payload of a frame.

        Raises:
            DamagedError: It does not verify, or its segment is not there.
            StorageError: The disk does not let us.
        """
        return self._shelf.read(segment, offset, length)

    def raw(self, segment: int, offset: int, length: int) -> bytes:
        """The bytes as they lie there, unverified. Raises as `read`."""
        return self._shelf.raw(segment, offset, length)

    def digests(self, segment: int) -> bytes:
        """Digests of a segment's frames: of an open one from memory, of another from its directory (or by a scan)."""
        held = self._tail.held(segment)
        if held is not None:
            return b"".join(tuple(held.digests))
        found = self._shelf.directory(segment)
        return self.scan(segment)[0] if found is None else found[2]

    def scan(self, segment: int) -> tuple[bytes, int, list[tuple[int, int]]]:
        """Digests of all frames that verify, where the last of them ends, and the broken ranges before that.

        Raises:
            DamagedError, StorageError: As `read`.
        """
        return self._shelf.scan(segment)

    def directory(self, segment: int) -> tuple[int, bytes] | None:
        """Offset and frame of a closed segment's directory; `None` where it has none. Raises as `read`."""
        if self.is_open(segment):
            return None
        found = self._shelf.directory(segment)
        return None if found is None else found[:2]

    def end_of(self, segment: int) -> int | None:
        """Where the next group of an open segment goes; `None` where it is closed."""
        held = self._tail.held(segment)
        return None if held is None else held.end

    def lost(self) -> tuple[int, ...]:
        """Segments that are no longer in the folder; `read` still reads those whose file is held open."""
        return tuple(sorted(self._shelf.lost))

    def numbers(self, purpose: Purpose | None = None) -> tuple[int, ...]:
        """The segments that are there, in order; the open ones and the lost ones among them."""
        segments = tuple(self._shelf.segments.values())
        return tuple(
            sorted(
                segment.number
                for segment in segments
                if purpose is None or segment.purpose is purpose
            )
        )

    def is_open(self, segment: int) -> bool:
        """Is this a segment that groups are still written to?"""
        return self._tail.held(segment) is not None

    @property
    def size_bytes(self) -> int:
        """Length of all segments' files, and of the spare one."""
        segments = tuple(self._shelf.segments.values())
        return self._tail.segment_bytes + sum(segment.file_bytes for segment in segments)

    @property
    def segment_bytes(self) -> int:
        """Length of a segment, but of one that begins with a longer group."""
        return self._tail.segment_bytes

    def filled_bytes(self, segment: int) -> int:
        """How much of a closed segment holds frames; all of it where that cannot be read."""
        try:
            directory = self.directory(segment)
            return self.scan(segment)[1] if directory is None else directory[0]
        except (DamagedError, StorageError):
            return self.bytes_of(segment)

    def bytes_of(self, segment: int) -> int:
        """Length of a segment's file; 0 if there is none."""
        found = self._shelf.segments.get(segment)
        return found.file_bytes if found is not None else 0

    @property
    def since_ns(self) -> int:
        """Since when (`mono_ns`) the disk has not answered a write or a read; 0: it has nothing to answer."""
        return self._shelf.since_ns
