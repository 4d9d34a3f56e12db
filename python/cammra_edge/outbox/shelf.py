"""The segments that are there, by number, and the files that are held open to read them.

Any thread reads. A file that was read stays open, the longest unused one is let go of; one that is no longer in its
folder stays open until it is forgotten, since nothing else leads to what is in it.
Held by `tests/outbox/test_shelf.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from typing import TYPE_CHECKING

from cammra_edge.outbox.segment import (
    DamagedError,
    Handle,
    Segment,
    StorageError,
    found_segment,
    key_of,
    read_directory,
    scan,
)
from cammra_edge.storing import log_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.clock import Clock

HANDLES_KEPT = 64
TOO_MANY = frozenset({errno.EMFILE, errno.ENFILE})
_WORDS = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk fails (input/output error)",
    errno.ENOENT: "it is not there",
    errno.EACCES: "this user may not",
    errno.EMFILE: "too many files are open in this process",
    errno.ENFILE: "too many files are open on this machine",
    errno.EFBIG: "files may not be that long here",
}


def _is_same(found: Segment, known: Segment) -> bool:
    """Does a file say of itself what is known of a segment?"""
    return (found.number, found.store_id, found.file_bytes) == (
        known.number,
        known.store_id,
        known.file_bytes,
    )


def words_of(error: OSError) -> str:
    """What the disk says, in plain words."""
    return _WORDS.get(error.errno or 0) or error.strerror or str(error)


class Shelf:
    """The segments of one store; empty at first."""

    def __init__(self, clock: Clock, *, read_only: bool) -> None:
        self.store_id = os.urandom(16)
        self.segments: dict[int, Segment] = {}
        self.lost: set[int] = set()
        self._clock = clock
        self._flags = os.O_RDONLY if read_only else os.O_RDWR
        self._handles: dict[int, Handle] = {}
        self._guard = threading.Lock()
        self._asked: list[int] = []

    # -- what is there ---------------------------------------------------------------------------

    def add(self, segment: Segment, handle: Handle | None = None) -> None:
        """A segment is there, under a new path perhaps."""
        self.segments[segment.number] = segment
        self.lost.discard(segment.number)
        with self._guard:
            self._handles.pop(segment.number, None)
            if handle is not None:
                self._keep(segment.number, handle)

    def drop(self, number: int) -> None:
        """A segment is there no longer."""
        self.segments.pop(number, None)
        self.lost.discard(number)
        with self._guard:
            self._handles.pop(number, None)

    def drop_handle(self, number: int) -> None:
        """Let go of a segment's file; the next reader opens it again."""
        with self._guard:
            self._handles.pop(number, None)

    def clear(self) -> None:
        """Let go of every file."""
        with self._guard:
            self._handles.clear()

    def in_place(self, segment: Segment) -> bool:
        """Is the file at the segment's path still the one it was?

        FAT numbers a file anew each time that it is met again, so where nobody holds it open, its header tells.
        """
        try:
            status = segment.path.stat()
            if key_of(status) == segment.key:
                return True
            with self._guard:
                is_held = segment.number in self._handles
            found = None if is_held else found_segment(segment.path)
        except OSError:
            return False
        if found is None or not _is_same(found, segment):
            return False
        segment.key = found.key
        return True

    def look(self) -> list[Segment]:
        """Segments that have just been found gone; `lost` has them from now on."""
        gone = [
            segment
            for number, segment in sorted(self.segments.items())
            if number not in self.lost and not self.in_place(segment)
        ]
        self.lost.update(segment.number for segment in gone)
        return gone

    # -- reading ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Something is asked of the disk meanwhile (`since_ns`)."""
        since_ns = self.began()
        try:
            yield
        finally:
            self.answered(since_ns)

    def began(self) -> int:
        """Something is asked of the disk now; hand what this returns to `answered`. Quicker than `asking`."""
        since_ns = self._clock.mono_ns()
        self._asked.append(since_ns)
        return since_ns

    def answered(self, since_ns: int) -> None:
        """The disk has answered."""
        self._asked.remove(since_ns)

    @property
    def since_ns(self) -> int:
        """When what the disk has not answered yet was asked; 0: it has nothing to answer."""
        return min(tuple(self._asked), default=0)

    def handle(self, number: int) -> Handle:
        """A segment's open file.

        Raises:
            DamagedError: It is not there.
            OSError: It cannot be opened.
        """
        with self._guard:
            handle = self._handles.pop(number, None)
            if handle is not None:
                self._handles[number] = handle
                return handle
        segment = self.segments.get(number)
        if segment is None or number in self.lost:
            raise DamagedError(f"segment {number} is not there")
        try:
            handle = Handle(segment.path, self._flags)
        except FileNotFoundError:
            raise DamagedError(f"segment {number} is not there") from None
        except OSError as error:
            if error.errno in TOO_MANY:
                self.let_go()
                handle = Handle(segment.path, self._flags)
            elif error.errno in (errno.EROFS, errno.EACCES) and self._flags != os.O_RDONLY:
                handle = Handle(segment.path, os.O_RDONLY)
            else:
                raise
        with self._guard:
            self._keep(number, handle)
        return handle

    def _keep(self, number: int, handle: Handle) -> None:
        self._handles[number] = handle
        if len(self._handles) > HANDLES_KEPT:
            for old in self._handles:
                if old not in self.lost and old != number:
                    del self._handles[old]
                    break

    def let_go(self) -> None:
        """Give the process its descriptors back, but for those that nothing else leads to."""
        with self._guard:
            for number in [number for number in self._handles if number not in self.lost]:
                del self._handles[number]

    def raw(self, number: int, offset: int, length: int) -> bytes:
        """The bytes at a place, as they are.

        Raises:
            DamagedError: The segment is not there, or shorter.
            StorageError: The disk does not let us.
        """
        segment = self.segments.get(number)
        if segment is not None and offset + length > segment.file_bytes:
            raise DamagedError(f"segment {number} ends before {offset + length}")
        since_ns = self.began()
        try:
            content = self._bytes_at(number, offset, length)
        except OSError as error:
            raise StorageError(f"cannot read segment {number}: {words_of(error)}") from error
        finally:
            self.answered(since_ns)
        if len(content) < length:
            raise DamagedError(f"segment {number} ends before {offset + length}")
        return content

    def _bytes_at(self, number: int, offset: int, length: int) -> bytes:
        try:
            handle = self.handle(
                number
            )  # held until the read is over: only then may its descriptor be given again
            return os.pread(handle.fd, length, offset)
        except OSError:
            if number in self.lost:
                raise
            self.drop_handle(number)  # the disk may have gone and come back under the file we hold
            handle = self.handle(number)
            return os.pread(handle.fd, length, offset)

    def read(self, number: int, offset: int, length: int) -> tuple[int, bytes]:
        """Kind and payload of the frame at a place.

        Raises:
            DamagedError: It does not verify, or its segment is not there.
            StorageError: The disk does not let us.
        """
        frame = self.raw(number, offset, length)
        try:
            return log_read(self.store_id, number, offset, frame)
        except ValueError as error:
            raise DamagedError(f"segment {number} is damaged at {offset}: {error}") from error

    def directory(self, number: int) -> tuple[int, bytes, bytes] | None:
        """Offset, frame and digests of a segment's directory; `None` where it has none. Raises as `raw`."""
        with self.asking():
            try:
                handle = self.handle(number)
                return read_directory(handle.fd, self.segments[number])
            except OSError as error:
                raise StorageError(f"cannot read segment {number}: {words_of(error)}") from error

    def scan(self, number: int, start: int = 0) -> tuple[bytes, int, list[tuple[int, int]]]:
        """Digests, end of the last good frame and broken ranges of a segment, from `start` on. Raises as `raw`."""
        with self.asking():
            try:
                handle = self.handle(number)
                return scan(handle.fd, self.segments[number], self.store_id, start)
            except OSError as error:
                raise StorageError(f"cannot read segment {number}: {words_of(error)}") from error
