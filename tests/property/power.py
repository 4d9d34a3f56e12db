"""A disk that loses its power: what was not flushed is there, or is not, or half of it, sector by sector.

Names come and go in the order in which they were changed, as a journal keeps them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cammra_edge.outbox import lock

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

SECTOR_BYTES = 512


class Disk:
    """Watches the files of one folder; `look` before and after each call that changes it, `flushed` after a flush."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fds: dict[int, int] = {}
        self._safe: dict[int, bytes] = {}
        self._names: list[dict[str, int]] = [{}]
        self.look()
        for inode, fd in self._fds.items():
            self._safe[inode] = _content(fd)
        del self._names[:-1]

    def look(self) -> None:
        """Note the names that are there now."""
        names: dict[str, int] = {}
        if self._folder.is_dir():
            for entry in os.scandir(self._folder):
                if entry.name != lock.NAME and entry.is_file(follow_symlinks=False):
                    names[entry.name] = entry.inode()
                    if entry.inode() not in self._fds:
                        self._fds[entry.inode()] = os.open(entry.path, os.O_RDONLY)
        if names != self._names[-1]:
            self._names.append(names)

    def flushed(self, fd: int) -> None:
        """What this file or folder holds now is safe."""
        self.look()
        inode = os.fstat(fd).st_ino
        if inode in self._fds:
            self._safe[inode] = _content(fd)
        elif self._folder.is_dir() and inode == self._folder.stat().st_ino:
            del self._names[:-1]

    def cut(self, random: Random) -> None:
        """Lose the power; nobody has a file open any more."""
        self.look()
        names = random.choice(self._names)
        contents = {name: self._left(inode, random) for name, inode in names.items()}
        for name in self._names[-1]:
            (self._folder / name).unlink()
        for name, content in contents.items():
            (self._folder / name).write_bytes(content)

    def _left(self, inode: int, random: Random) -> bytes:
        """A file's content: of each sector that was not flushed, the old one or the new one."""
        old, new = self._safe.get(inode, b""), _content(self._fds[inode])
        if old == new:
            return new
        share = random.choice((0.0, 0.5, 0.9, 1.0))
        length = (
            len(new) if random.random() < share else max(len(old), random.choice((0, len(new))))
        )
        left = bytearray(old.ljust(length, b"\0")[:length])
        for at in range(0, length, SECTOR_BYTES):
            if random.random() < share:
                left[at : at + SECTOR_BYTES] = new[at : at + SECTOR_BYTES].ljust(
                    len(left[at : at + SECTOR_BYTES]), b"\0"
                )
        return bytes(left)

    def close(self) -> None:
        """Let go of the files."""
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()


def _content(fd: int) -> bytes:
    content = b""
    while piece := os.pread(fd, 1 << 24, len(content)):
        content += piece
    return content
