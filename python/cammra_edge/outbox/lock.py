"""One process at a time: a record lock on the file `lock` in the folder.

Of the kernel's locks only a record lock (`fcntl`) belongs to the process: a child that was forked, by whatever library,
never has it, so it is gone when the engine is, and the kernel names its holder. `flock` and the locks of open
descriptions live on in every child. What a record lock does badly is mended here: a second lock of the same process is
refused by a table of our own, and a close of the file elsewhere in this process, which drops the lock, is answered
by `renew` (see `watch`). Held by `tests/outbox/test_lock.py`.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.segment import make_private

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lock"
_FLOCK = struct.Struct("@hhqqi4x")  # struct flock: type, whence, start, length, pid
_guard = threading.Lock()
_held: dict[tuple[int, int], int] = {}
"""Device and inode of each lock file that is held, with the process that holds it (a forked child has it too)."""


class ProcessLock:
    """Held from construction until `release`.

    Raises:
        OutboxError: Another process (or another outbox of this one) holds it.
        OSError: The file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._place = str(self.path)
        self._fd = -1
        with _guard:
            if _is_ours(self.path):
                raise _refusal(folder, os.getpid())
            fd = _opened(self.path)
            try:
                self._exclusive = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
                _take(fd, exclusive=self._exclusive)
            except OSError as error:
                holder = _holder(fd)
                os.close(fd)
                raise _refusal(folder, holder) from error
            self._fd = fd
            self._key = _key(os.fstat(fd))
            _held[self._key] = os.getpid()

    def renew(self) -> bool:
        """Take it again, in case this process closed the file somewhere else; False: it is not ours any more."""
        with _guard:
            if self._fd < 0:
                return False
            try:
                _take(self._fd, exclusive=self._exclusive)
            except OSError:
                return False
            return True

    @property
    def in_place(self) -> bool:
        """Is our file still the one that the next process would lock?"""
        try:
            return _key(os.stat(self._place)) == self._key  # noqa: PTH116 - asked at each write
        except OSError:
            return False

    def release(self) -> None:
        """Let the next one in; harmless when released already."""
        with _guard:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
                _held.pop(self._key, None)


def holder_of(folder: Path) -> int | None:
    """The process that holds the outbox in this folder; 0 if it is not one of ours to name, `None` if there is none."""
    path = folder / NAME
    with _guard:
        if _is_ours(path):
            return os.getpid()
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            return _holder(fd)
        finally:
            os.close(fd)


def _is_ours(path: Path) -> bool:
    """Does this process hold it? Asked without opening the file: to close it again would drop the lock."""
    try:
        return _held.get(_key(path.stat())) == os.getpid()
    except OSError:
        return False


def _opened(path: Path) -> int:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o600)
    except OSError:
        return os.open(path, os.O_RDONLY | flags)  # a read-only disk can be locked, too
    make_private(fd)
    return fd


def _take(fd: int, *, exclusive: bool) -> None:
    """Lock a file that may be written; one that may not, for reading, and against its like by `flock`."""
    if exclusive:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(fd: int) -> int | None:
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, asked))
    except (OSError, struct.error):
        return 0
    return None if kind == fcntl.F_UNLCK else max(pid, 0)


def _refusal(folder: Path, holder: int | None) -> OutboxError:
    name = f"process {holder}" if holder else "another process"
    return OutboxError(f"{folder} is held by {name}: one engine at a time")


def _key(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
