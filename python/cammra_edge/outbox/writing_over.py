"""The log as an erasure sees it: what is written over in place, and what else still holds something of it.

Held by `tests/outbox/test_erasing.py` and `tests/outbox/test_healing.py`.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from cammra_edge.outbox import redo
from cammra_edge.outbox.reading import LogReading
from cammra_edge.outbox.redo import Redo
from cammra_edge.outbox.segment import DamagedError, StorageError, write_all
from cammra_edge.outbox.shelf import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cammra_edge.outbox.folder import Folder
    from cammra_edge.outbox.shelf import Shelf
    from cammra_edge.outbox.tail import Tail


class LogWritingOver(LogReading):
    """Writes over frames of closed and open segments, and blanks what is not in use.

    Attributes:
        trouble: What the disk refused last, as a sentence; empty while it is well.
    """

    def __init__(self, path: Path, shelf: Shelf, tail: Tail) -> None:
        super().__init__(shelf, tail)
        self._path = path
        self.trouble = ""
        self._folder: Folder | None = None

    def _ail(self, what: str, error: OSError) -> StorageError:
        self.trouble = (
            str(error) if isinstance(error, StorageError) else f"{what}: {words_of(error)}"
        )
        return StorageError(self.trouble)

    def overwrite(self, segment: int, frames: Sequence[tuple[int, bytes]]) -> None:
        """Put frames (offset, bytes) over others of the same length, and flush; a crash leaves them whole, too.

        Raises:
            DamagedError, StorageError: As `read`; some may be there.
        """
        try:
            with self._shelf.asking():
                handle = self._shelf.handle(segment)
                self._keep_redo(segment, frames)
                for offset, frame in frames:
                    write_all(handle.fd, (frame,), offset, len(frame))
                os.fdatasync(handle.fd)
        except OSError as error:
            held = self._tail.held(segment)
            if held is not None:  # nobody knows what lies there now
                self._tail.give_up(held)
            raise self._ail(f"cannot write segment {segment}", error) from error

    def _keep_redo(self, segment: int, frames: Sequence[tuple[int, bytes]]) -> None:
        """A disk that is full, or refuses, goes without: what is to be erased matters more than a crash meanwhile."""
        told = tuple((offset, len(frame), frame.rstrip(b"\0")) for offset, frame in frames)
        if self._folder is not None and any(rest for *_, rest in told):
            with contextlib.suppress(OSError):
                redo.keep(self._folder, self.store_id, Redo(segment, told))

    def kept_redo(self) -> Redo | None:
        """What the next start puts in order, after a crash in an erasure: of a log that is only read."""
        return redo.kept_in(self._path, self.store_id)

    def let_go_of_redo(self) -> None:
        """All that was to be written over is.

        Raises:
            StorageError: The disk does not let us.
        """
        if self._folder is not None:
            try:
                with self._shelf.asking():
                    redo.let_go(self._folder)
            except OSError as error:
                raise self._ail("cannot erase what was kept of an erasure", error) from error

    def _write_again(self, folder: Folder) -> None:
        """What a crash may have cut off; where the disk refuses, it is read over as damage is."""
        kept = redo.kept_in(folder.path, self.store_id)
        segment = self._shelf.segments.get(kept.segment) if kept is not None else None
        with contextlib.suppress(OSError, DamagedError):
            if kept is not None and segment is not None:
                handle = self._shelf.handle(kept.segment)
                redo.write_again(handle.fd, segment.file_bytes, kept)
            redo.let_go(folder)

    def tell_instead(self, segment: int, digests: bytes) -> None:
        """What an open segment's directory is to hold of the groups so far: as much as they did say."""
        held = self._tail.held(segment)
        if held is not None:
            held.tell_instead(digests)

    def blank_spare(self) -> None:
        """Overwrite what the spare file still holds of the segment that it was.

        Raises:
            StorageError: The disk does not let us.
        """
        if self._folder is not None:
            try:
                with self._shelf.asking():
                    self._folder.blank_spare()
            except OSError as error:
                raise self._ail("cannot erase the spare segment", error) from error

    def erase_set_aside(self) -> int:
        """Overwrite and remove what was set aside, also by earlier processes; how many files that were.

        Raises:
            StorageError: The disk does not let us.
        """
        if self._folder is None:
            return 0
        try:
            with self._shelf.asking():
                return self._folder.erase_set_aside()
        except OSError as error:
            raise self._ail("cannot erase what was set aside", error) from error
