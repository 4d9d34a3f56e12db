"""The end of the log: which segments groups are written to, and how a write is made safe.

A group goes behind the last one of its purpose and is flushed; one that does not fit begins a segment. A write or a
flush that failed is never believed and never repeated in place: nobody knows what lies there now, so the segment is
given up behind its last good place, and what is written again goes into a new one.
Held by `tests/outbox/test_tail.py` and `tests/outbox/test_healing.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.outbox import segment as files
from cammra_edge.outbox.folder import FRESH, SPARE, Folder
from cammra_edge.outbox.segment import Group, Handle, Purpose, Segment, name_of, size_for, write_all
from cammra_edge.outbox.shelf import TOO_MANY

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.outbox.shelf import Shelf


class Place(NamedTuple):
    """Where the next group goes.

    Args:
        segment: Number of the segment.
        offset: Where in it; 0: a new segment, whose group begins with `header(purpose, size)` and the whole STATE.
        purpose: What the segment holds.
        size: Length of the whole segment.
    """

    segment: int
    offset: int
    purpose: Purpose
    size: int


@dataclass(slots=True)
class OpenSegment:
    """A segment that groups are written to."""

    segment: Segment
    handle: Handle
    end: int
    path: str
    named: bool
    digests: list[bytes] = field(default_factory=list)
    digests_bytes: int = 0

    def took(self, digests: bytes, end: int) -> None:
        """A group lies there."""
        self.digests.append(digests)
        self.digests_bytes += len(digests)
        self.end = end

    def tell_instead(self, digests: bytes) -> None:
        """Its groups said this, which is as long as what they did say."""
        self.digests[:] = [digests]

    def room(self, *, settlements: bool) -> int:
        """Bytes of frames and digests that still fit."""
        size = self.segment.size
        return size - self.end - self.digests_bytes - _overhead(size, settlements=settlements)


def _overhead(size: int, *, settlements: bool) -> int:
    """What a segment needs besides frames and their digests, and keeps free unless for settlements."""
    ending = files.TRAILER_BYTES + files.FRAME_HEAD_BYTES + 8
    return ending if settlements else ending + files.spare_of(size)


class Tail:
    """Writes groups of one store into segments of `segment_bytes`; `flushes` says whether a flush is wanted at all.

    Attributes:
        folder: Where; `None` while there is none.
        next_number: Of the next segment; none is given twice.
        last_begun: The last segment whose file has its name, safely where that is asked for.
        wants_spare: A segment was begun since `have_spare`.
    """

    def __init__(self, shelf: Shelf, segment_bytes: int, *, flushes: bool) -> None:
        self.segment_bytes = segment_bytes
        self.folder: Folder | None = None
        self.next_number = 1
        self.last_begun = 0
        self._shelf = shelf
        self._flushes = flushes
        self._open: dict[Purpose, OpenSegment] = {}
        self._given_up: list[OpenSegment] = []
        self._planned = Place(0, 0, Purpose.EVENTS, 0)
        self.wants_spare = False

    def place(self, size: int, purpose: Purpose, *, settlements: bool) -> Place:
        """Where a group of about `size` bytes goes."""
        held = self._open.get(purpose)
        if held is not None and held.room(settlements=settlements) >= size:
            return Place(held.segment.number, held.end, purpose, held.segment.size)
        self._planned = Place(self.next_number, 0, purpose, size_for(size, self.segment_bytes))
        return self._planned

    def fits(self, group: Group, *, settlements: bool) -> bool:
        """Does a group fit where it was built for?"""
        needed = group.size + len(group.digests())
        if not group.offset:
            size = self._planned.size
            return needed + _overhead(size, settlements=settlements) <= size
        held = self.held(group.segment)
        return held is not None and needed <= held.room(settlements=settlements)

    def held(self, number: int) -> OpenSegment | None:
        """The open segment with this number."""
        for held in self._open.values():
            if held.segment.number == number:
                return held
        return None

    def go_on(self, segment: Segment, handle: Handle, end: int, digests: bytes) -> None:
        """Write on in a segment of an earlier process.

        Who was killed may not have flushed what is there and is delivered from now on: a power cut must not take it
        back, and its numbers be given again. Where it cannot be made safe, the next group begins another segment.
        """
        if self._flushes and self.folder is not None:
            try:
                os.fdatasync(handle.fd)
                self.folder.sync()
            except OSError:
                return
        held = OpenSegment(segment, handle, end, str(segment.path), named=False)
        held.took(digests, end)
        self._open[segment.purpose] = held
        self.wants_spare = True

    # -- writing ---------------------------------------------------------------------------------

    def append(self, group: Group, *, flush: bool) -> None:
        """Write a group behind what its segment holds.

        Raises:
            OSError: The disk does not let us; the segment is given up.
        """
        held = self.held(group.segment)
        if held is None or held.end != group.offset:
            raise OSError(errno.ESTALE, "its place was given up")
        try:
            status = os.stat(held.path)  # noqa: PTH116 - a `Path` costs as much as the call
            if (status.st_dev, status.st_ino) != held.segment.key:
                raise FileNotFoundError(errno.ENOENT, held.path)
            self._check_lock()
            end = write_all(held.handle.fd, group.buffers(), group.offset, group.size)
            if flush and self._flushes:
                os.fdatasync(held.handle.fd)
                if not held.named:
                    self._sync_name(held)
            self._check_lock()
        except OSError:
            self.give_up(held)
            raise
        held.took(group.digests(), end)

    def begin(self, group: Group, *, flush: bool) -> None:
        """Write a group into a new file, flush it, give the file its name, flush that.

        Raises:
            OSError: The disk does not let us; the segment that was open stays so.
        """
        number, _, purpose, size = self._planned
        folder = self.folder
        if folder is None or not folder.in_place:
            raise FileNotFoundError(errno.ENOENT, "")
        if number != group.segment or number < self.next_number:
            raise OSError(errno.ESTALE, "its place was given up")
        file, handle = self._new_file(folder, size)
        self.next_number = number + 1  # the file holds frames of this number from now on
        path = folder.path / name_of(number, purpose)
        key = files.key_of(os.fstat(handle.fd))
        store_id = self._shelf.store_id
        segment = Segment(number, purpose, path, size, size, store_id, files.FORMAT, key)
        held = OpenSegment(segment, handle, 0, str(path), named=False)
        end = write_all(handle.fd, group.buffers(), 0, group.size)
        if self._flushes:
            os.fdatasync(handle.fd)
        file.rename(path)
        try:
            if flush or not self._flushes:
                self._sync_name(held)
        except OSError:
            with contextlib.suppress(OSError):
                path.rename(file)
            raise
        self._check_lock()
        self._shelf.add(segment, handle)
        held.took(group.digests(), end)
        self.end(purpose)
        self._open[purpose] = held
        self._end_given_up()
        self.wants_spare = True

    def _check_lock(self) -> None:
        """Who has the lock now reads what was written before, and may have written to the same place since."""
        if self.folder is not None and not self.folder.lock.in_place:
            raise FileNotFoundError(errno.ENOENT, str(self.folder.lock.path))

    def _sync_name(self, held: OpenSegment) -> None:
        if self._flushes and self.folder is not None:
            self.folder.sync()
        held.named = True
        self.last_begun = max(self.last_begun, held.segment.number)

    def _new_file(self, folder: Folder, size: int) -> tuple[Path, Handle]:
        """The spare file, or a new one; what keeps files open for readers makes way."""
        try:
            return self._spare_or_fresh(folder, size)
        except OSError as error:
            if error.errno not in TOO_MANY:
                raise
        self._shelf.let_go()
        return self._spare_or_fresh(folder, size)

    def _spare_or_fresh(self, folder: Folder, size: int) -> tuple[Path, Handle]:
        spare = folder.path / SPARE
        if size == self.segment_bytes and files.is_file(spare):
            handle = Handle(spare)
            if os.fstat(handle.fd).st_size == size:
                return spare, handle
        fresh = folder.path / FRESH
        return fresh, files.make(fresh, size)

    def have_spare(self) -> None:
        """Have a file ready for the day the disk is full, if there is room for one."""
        folder = self.folder
        if folder is None:
            return
        self.wants_spare = False
        spare = folder.path / SPARE
        with contextlib.suppress(OSError):
            if not files.is_file(spare) or spare.stat().st_size != self.segment_bytes:
                files.make(spare, self.segment_bytes)

    # -- ending ----------------------------------------------------------------------------------

    def give_up(self, held: OpenSegment) -> None:
        """Write no more behind a segment's last good place; it is ended when the disk is well again."""
        self._open.pop(held.segment.purpose, None)
        self._given_up.append(held)

    def let_be(self) -> dict[int, int]:
        """Write no more to any segment, not even its directory: another engine may have gone on in it.

        Returns:
            Where in each of them what we wrote ends.
        """
        for held in tuple(self._open.values()):
            self.give_up(held)
        ends = {held.segment.number: held.end for held in self._given_up}
        self._given_up.clear()
        return ends

    def end(self, purpose: Purpose) -> None:
        """End the open segment with its directory."""
        held = self._open.get(purpose)
        if held is not None:
            self.give_up(held)
            self._end_given_up()

    def _end_given_up(self) -> None:
        """Without its directory, a segment is read frame by frame at the next start, and that does as well."""
        while self._given_up:
            held = self._given_up.pop()
            if held.segment.number in self._shelf.segments.keys() - self._shelf.lost:
                digests = b"".join(held.digests)
                with contextlib.suppress(OSError):
                    files.write_directory(held.handle.fd, held.segment, held.end, digests)

    def retire(self, segment: Segment) -> None:
        """Give a segment's file back: it becomes the spare one, or goes.

        A file that was written before needs no metadata flushed, so it is the better spare.

        Raises:
            OSError: It stays.
        """
        folder = self.folder
        if folder is None:
            raise FileNotFoundError(errno.ENOENT, "")
        if segment.size == segment.file_bytes == self.segment_bytes:
            with contextlib.suppress(IsADirectoryError):
                segment.path.rename(folder.path / SPARE)
                return
        segment.path.unlink()

    def clear(self) -> None:
        """Let go of everything; what is open is taken up again at the next start."""
        self._open.clear()
        self._given_up.clear()
