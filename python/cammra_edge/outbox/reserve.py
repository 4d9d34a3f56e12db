"""A megabyte set aside for the day the disk is full.

On a full disk SQLite cannot even delete, so an outbox could neither take note of what was delivered
nor shrink. Letting go of the reserve gives its log room to do both.
Held by `tests/faults/disks.py`.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 1 << 20


class Reserve:
    """A file of real blocks beside the database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hold(self) -> bool:
        """Set the room aside, if there is any; True when it is held."""
        try:
            if self._path.stat().st_size == RESERVE_BYTES:
                return True
        except OSError:
            pass
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(fd, 0, RESERVE_BYTES)
            finally:
                os.close(fd)
        except OSError:
            self.let_go()
            return False
        return True

    def let_go(self) -> bool:
        """Give the room back; True when there was any."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            return True
        return False
