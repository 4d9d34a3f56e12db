"""One process at a time: a lock file beside the database.

`flock` goes with the process however it dies, so no stale lock is ever left. The file names the
holder for the error message. Held by `tests/outbox/test_outbox.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError

if TYPE_CHECKING:
    from pathlib import Path

_HOLDER_BYTES = 64


class ProcessLock:
    """Held from construction until `release`.

    Raises:
        OutboxError: Another process (or another outbox of this one) holds it.
        OSError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            self._fd = os.open(
                path, os.O_RDONLY | os.O_CLOEXEC
            )  # a read-only disk can be locked, too
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, _HOLDER_BYTES, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise OutboxError(
                f"{path} is held by process {holder or 'unknown'}: one engine at a time"
            ) from error
        # A full or failing disk must not keep the engine from starting: only the name is missing then.
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let the next one in; harmless when released already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
