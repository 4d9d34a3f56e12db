"""A process that dies at any call that changes a disk: what it wrote is there, the last write perhaps in part."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from cammra_edge.outbox import kernel
from cammra_edge.outbox.lock import ProcessLock
from cammra_edge.outbox.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.property.power import Disk

_CALLS = ("write", "pwrite", "pwritev", "fsync", "fdatasync", "ftruncate", "fchmod")
_OF_PATHS = ("rename", "unlink", "mkdir", "rmdir")


class DiedError(BaseException):
    """The process is dead: no handler of `Exception` takes it."""


class Mortal:
    """Counts calls that change a disk, of this thread; at one of them the process dies.

    Args:
        dies_at: At which call, from 1; 0: never.
        part: How much of a write is there all the same, in eighths.
        disk: Told of all that changes it, and of each flush.
    """

    def __init__(self, dies_at: int = 0, part: int = 0, disk: Disk | None = None) -> None:
        self.calls = 0
        self.is_dead = False
        self._dies_at = dies_at
        self._part = part
        self._disk = disk
        self._thread = threading.get_ident()
        self._logs: list[Log] = []
        self._locks: list[ProcessLock] = []

    def _comes(self) -> bool:
        """One more call; True: it is the last."""
        if threading.get_ident() != self._thread:
            return False
        if self.is_dead:
            raise DiedError
        self.calls += 1
        return self.calls == self._dies_at

    def _die(self) -> None:
        self.is_dead = True
        raise DiedError

    def _mortal(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - what it wraps
            if self._comes():
                if call.__name__ in {"pwrite", "pwritev"}:
                    fd, content, offset = args
                    whole = content if call.__name__ == "pwrite" else b"".join(content)
                    pwrite(fd, bytes(whole)[: len(whole) * self._part // 8], offset)
                self._die()
            done = call(*args, **named)
            if self._disk is not None:
                self._disk.look()
                if call.__name__ in {"fsync", "fdatasync"}:
                    self._disk.flushed(args[0])
            return done

        return wrapped

    def bury(self) -> None:
        """Close what was opened, as the kernel does: nobody else has a hand on a log that died while it was opened."""
        for log in self._logs:
            log.close()
        for lock in self._locks:
            lock.release()

    def _note_log(self, opens: Callable[[Log], None]) -> Callable[[Log], None]:
        def wrapped(log: Log) -> None:
            self._logs.append(log)
            opens(log)

        return wrapped

    def _note_lock(
        self, takes: Callable[[ProcessLock, Path], None]
    ) -> Callable[[ProcessLock, Path], None]:
        def wrapped(lock: ProcessLock, folder: Path) -> None:
            takes(lock, folder)
            self._locks.append(lock)

        return wrapped

    @contextmanager
    def living(self) -> Iterator[None]:
        """While the block lasts, calls count."""
        with (
            mock.patch.object(kernel, "reserve", self._mortal(kernel.reserve)),
            mock.patch.object(Log, "open", self._note_log(Log.open)),
            mock.patch.object(ProcessLock, "__init__", self._note_lock(ProcessLock.__init__)),
        ):
            patches = [
                *(mock.patch.object(os, name, self._mortal(getattr(os, name))) for name in _CALLS),
                *(
                    mock.patch.object(Path, name, self._mortal(getattr(Path, name)))
                    for name in _OF_PATHS
                ),
            ]
            for patch in patches:
                patch.start()
            try:
                yield
            finally:
                for patch in patches:
                    patch.stop()


pwrite = os.pwrite
