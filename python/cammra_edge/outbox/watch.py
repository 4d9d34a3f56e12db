"""Tells when the folder, or what is in it, may have gone: removed, moved, covered by a mount.

A thread of its own sleeps until the kernel says so (inotify on the folder, on those above it and on the lock; `poll` on
the table of mounts): an idle engine wakes for nothing. Where there is no inotify, every write looks for itself, and
that has to do. Held by `tests/outbox/test_watch.py`.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import threading
from typing import TYPE_CHECKING

from cammra_edge.outbox import kernel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.outbox.lock import ProcessLock

_SELF = kernel.IN_MOVE_SELF | kernel.IN_DELETE_SELF
_INSIDE = kernel.IN_MOVED_FROM | kernel.IN_DELETE
_EVENT = struct.Struct("@iIII")  # watch, mask, cookie, length of the name
_READ_BYTES = 4096
_MOUNTS = "/proc/self/mountinfo"


class Watch:
    """Watches from construction until `close`.

    Takes the lock again when somebody closed its file, and calls `changed`, from its own thread, when it is no longer
    ours, or when anything else may have gone.

    Raises:
        OSError, RuntimeError: There are no descriptors or no threads left.
    """

    def __init__(self, folder: Path, lock: ProcessLock, changed: Callable[[], None]) -> None:
        self._lock = lock
        self._changed = changed
        self._notices = kernel.inotify()
        self._lock_watch = -1
        if self._notices >= 0:
            real = os.path.realpath(folder)
            kernel.add_watch(self._notices, real, _SELF | _INSIDE)
            self._lock_watch = kernel.add_watch(self._notices, str(lock.path), kernel.IN_CLOSE)
            while (above := os.path.dirname(real)) != real:  # noqa: PTH120 - text, as the kernel takes it
                kernel.add_watch(self._notices, above, _SELF)
                real = above
        self._folder = folder
        self._place = _place_of(folder)
        self._mounts = -1
        with contextlib.suppress(OSError):
            self._mounts = os.open(_MOUNTS, os.O_RDONLY | os.O_CLOEXEC)
        self._end_read = self._end_write = -1
        try:
            self._end_read, self._end_write = os.pipe()
            self._thread = threading.Thread(target=self._run, name="outbox-watch", daemon=True)
            self._thread.start()
        except (OSError, RuntimeError):
            self.close()
            self._close_own()
            raise

    def close(self) -> None:
        """Stop, without waiting for it: `changed` may be on its way; harmless when stopped already."""
        if self._end_write >= 0:
            os.close(self._end_write)
            self._end_write = -1

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._end_read, select.POLLIN)
        if self._notices >= 0:
            poll.register(self._notices, select.POLLIN)
        if self._mounts >= 0:
            poll.register(self._mounts, select.POLLPRI)
        try:
            while self._end_read not in (ready := dict(poll.poll())):
                self._tell(ready)
        finally:
            self._close_own()

    def _close_own(self) -> None:
        for fd in (self._notices, self._mounts, self._end_read):
            if fd >= 0:
                os.close(fd)

    def _tell(self, ready: dict[int, int]) -> None:
        changed = False
        if self._mounts in ready:
            os.pread(self._mounts, 1, 0)
            changed = self._moved()
        if self._notices in ready:
            changed |= self._noticed()
        if changed:
            self._changed()

    def _moved(self) -> bool:
        """Is something else at the folder's path than when this was last asked? Most mounts are somebody else's."""
        before, self._place = self._place, _place_of(self._folder)
        return self._place != before

    def _noticed(self) -> bool:
        """Read what inotify says; True if it is more than a lock file that was closed and is ours still."""
        more, closed = False, False
        with contextlib.suppress(BlockingIOError):
            content = os.read(self._notices, _READ_BYTES)
            at = 0
            while at < len(content):
                watch, mask, _, length = _EVENT.unpack_from(content, at)
                closed |= watch == self._lock_watch and bool(mask & kernel.IN_CLOSE)
                more |= watch != self._lock_watch
                at += _EVENT.size + length
        return more or (closed and not self._lock.renew())


def _place_of(folder: Path) -> tuple[int, int] | None:
    """Device and inode of what is at this path."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
