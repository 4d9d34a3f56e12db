"""One file of the log: how it is named, begun, written behind, ended with its directory, and read.

A new segment is written under another name (the spare file, or a new one with its whole length reserved) and renamed
when its first group is safe, so that whatever is cut off, a name never stands for half a life. Its header says whose it
is and which number it has; a file that was used before holds frames of its former life, which do not verify, since
every CRC begins with store id and number. Held by `tests/outbox/test_segment.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from cammra_edge.outbox import kernel
from cammra_edge.storing import log_directory, log_header, log_read, log_scan, log_trailer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMAT = 1
HEADER_BYTES = 128  # more than a header has
FRAME_HEAD_BYTES = 16
TRAILER_BYTES = 32
SIZE_STEP = 64 << 10
LAST_SEGMENT = (1 << 32) - 2
"""The ledger knows no higher number."""
LAST_DOUBTFUL_SEGMENT = 1 << 31
"""Where nothing but a name or the mark tells a number: the numbers behind it must last."""
MOST_READ_BYTES = 128 << 20
"""A file that is longer has other reasons than what we wrote; no more of it is read into memory."""
SETTLEMENT_BYTES = 64 << 10
DIRECTORY_KIND = 11
_NAME = re.compile(r"(events|text)-([0-9]{10})\.log")
_COPY = re.compile(r"(events|text)-.*\.log")
_BUFFERS_AT_ONCE = 512
_FRAME_MAGIC = log_directory(bytes(16), 0, 0, 1 << 16, b"")[0][:4]
_LOOKED_AT_BYTES = 1 << 20
_BLOCK_BYTES = 4096


class StorageError(OSError):
    """The disk does not let us; one plain sentence (`str(error)`)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class DamagedError(ValueError):
    """What lies at a place is not what was written there; one plain sentence."""


class Purpose(IntEnum):
    """What a segment holds."""

    EVENTS = 0
    TEXT = 1


class Group(Protocol):
    """What is needed of a `LogGroup`."""

    @property
    def size(self) -> int:
        """Length of its frames."""
        ...

    @property
    def segment(self) -> int:
        """The segment it was built for."""
        ...

    @property
    def offset(self) -> int:
        """Where in it."""
        ...

    def buffers(self) -> Sequence[bytes]:
        """For `os.pwritev`."""
        ...

    def digests(self) -> bytes:
        """For the segment's directory."""
        ...


class Handle:
    """An open file that closes when nobody holds it any more: a reader never meets a number that was given again."""

    __slots__ = ("fd",)

    def __init__(self, path: Path, flags: int = os.O_RDWR) -> None:
        self.fd = -1
        self.fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        os.posix_fadvise(
            self.fd, 0, 0, os.POSIX_FADV_RANDOM
        )  # a start reads little of each: nothing ahead

    def __del__(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)


@dataclass(slots=True, eq=False)
class Segment:
    """A segment's file as it was found or begun.

    Args:
        number: Its number.
        purpose: What it holds.
        path: Where it is.
        size: Length that its header tells; 0: the header is broken.
        file_bytes: Length that the file has.
        store_id: Whose it is; empty: the header is broken.
        version: Of the format.
        key: Device and inode.
    """

    number: int
    purpose: Purpose
    path: Path
    size: int
    file_bytes: int
    store_id: bytes
    version: int
    key: tuple[int, int]

    @property
    def cut_short(self) -> int:
        """Bytes that the file lacks."""
        return max(0, self.size - self.file_bytes)


def name_of(number: int, purpose: Purpose) -> str:
    """The name of a segment's file."""
    return f"{purpose.name.lower()}-{number:010}.log"


def key_of(status: os.stat_result) -> tuple[int, int]:
    """What tells a file from every other: device and inode."""
    return status.st_dev, status.st_ino


def may_be_segment(name: str) -> bool:
    """Is this the name of a segment, or of a copy of one?"""
    return _COPY.fullmatch(name) is not None


def found_segment(path: Path) -> Segment | None:
    """What the file at `path` is, by its header or else by its name; `None` if neither tells.

    Raises:
        OSError: It cannot be read.
    """
    handle = Handle(path, os.O_RDONLY)
    status = os.fstat(handle.fd)
    key = key_of(status)
    try:
        content = os.pread(handle.fd, HEADER_BYTES, 0)
        version, purpose, store_id, number, size = log_header(content)
        if not 0 < number <= LAST_SEGMENT:
            raise DamagedError(f"no segment has number {number}")
        return Segment(number, Purpose(purpose), path, size, status.st_size, store_id, version, key)
    except (OSError, ValueError):
        name = _NAME.fullmatch(path.name)
        if name is None or not 0 < int(name[2]) <= LAST_DOUBTFUL_SEGMENT:
            return None
        purpose = Purpose[name[1].upper()]
        return Segment(int(name[2]), purpose, path, 0, status.st_size, b"", FORMAT, key)


def has_frames(path: Path) -> bool:
    """Is there anything of ours in a file whose header is broken?"""
    with path.open("rb") as file:
        return _FRAME_MAGIC in file.read(_LOOKED_AT_BYTES)


def is_blank(path: Path) -> bool:
    """Does a file hold nothing, or nothing but zeros as far as it is looked at?"""
    with path.open("rb") as file:
        return not any(file.read(_LOOKED_AT_BYTES))


# -- making and writing --------------------------------------------------------------------------


def is_file(path: Path) -> bool:
    """Is there a file, and no link to one?"""
    return path.is_file() and not path.is_symlink()


def make(path: Path, size: int) -> Handle:
    """A new file with its whole length, and with room for it where the file system can reserve it.

    What else bears its name (a link, a pipe) makes way.

    Raises:
        OSError: The disk does not let us; nothing is left behind.
    """
    if not is_file(path) and not path.is_dir():
        path.unlink(missing_ok=True)
    handle = Handle(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        make_private(handle.fd)
        if not kernel.reserve(handle.fd, size):
            os.ftruncate(handle.fd, size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return handle


def make_private(fd: int, mode: int = 0o600) -> None:
    """Let nobody but the owner in, where the file system knows rights: FAT refuses the question."""
    with contextlib.suppress(OSError):
        os.fchmod(fd, mode)


def write_all(fd: int, buffers: Sequence[bytes], offset: int, size: int) -> int:
    """Write buffers, `size` bytes in all, one behind the other, whatever the kernel takes at once; returns the end.

    Raises:
        OSError: The disk does not let us; some of it may be there.
    """
    if len(buffers) <= _BUFFERS_AT_ONCE and os.pwritev(fd, buffers, offset) == size:
        return offset + size
    content = memoryview(b"".join(buffers))
    at = 0
    while at < size:
        written = os.pwrite(fd, content[at:], offset + at)
        if not written:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        at += written
    return offset + size


def write_directory(fd: int, segment: Segment, end: int, digests: bytes) -> bool:
    """End a segment: behind its last frame goes its directory, to its very end a trailer that tells where that is.

    Not flushed: without it a start reads the segment frame by frame. False: there is no room for it.
    """
    if end + directory_bytes(len(digests)) > segment.size - TRAILER_BYTES:
        return False
    directory, trailer = log_directory(segment.store_id, segment.number, end, segment.size, digests)
    write_all(fd, (directory,), end, len(directory))
    write_all(fd, (trailer,), segment.size - TRAILER_BYTES, TRAILER_BYTES)
    return True


def directory_bytes(digests_bytes: int) -> int:
    """Length of a directory's frame."""
    return FRAME_HEAD_BYTES + (digests_bytes + 7 & ~7)


def size_for(group_bytes: int, standard: int) -> int:
    """Length of a new segment that takes a group of so many bytes (frames and digests)."""
    needed = HEADER_BYTES + group_bytes + FRAME_HEAD_BYTES + TRAILER_BYTES + 8
    size = max(standard, -(-needed // SIZE_STEP) * SIZE_STEP)
    while needed + spare_of(size) > size:
        size += SIZE_STEP
    return size


def spare_of(size: int) -> int:
    """What a segment keeps free for settlements on a full disk."""
    return min(SETTLEMENT_BYTES, size // 8)


# -- reading -------------------------------------------------------------------------------------


def read_directory(fd: int, segment: Segment) -> tuple[int, bytes, bytes] | None:
    """Offset, frame and digests of a segment's directory; `None` if it has none, or a broken one.

    Raises:
        OSError: The disk does not let us.
    """
    if not segment.size or segment.file_bytes < segment.size:
        return None
    try:
        trailer = os.pread(fd, TRAILER_BYTES, segment.size - TRAILER_BYTES)
        offset, length = log_trailer(segment.store_id, segment.number, segment.size, trailer)
        if length > MOST_READ_BYTES:
            return None
        frame = os.pread(fd, length, offset)
        kind, digests = log_read(segment.store_id, segment.number, offset, frame)
    except ValueError:
        return None
    return (offset, frame, digests) if kind == DIRECTORY_KIND else None


def scan(
    fd: int, segment: Segment, store_id: bytes, start: int = 0
) -> tuple[bytes, int, list[tuple[int, int]]]:
    """Digests, end of the last good frame and broken ranges of a segment, read frame by frame from `start` on.

    Raises:
        OSError: Nothing of it can be read.
    """
    length = segment.file_bytes if segment.cut_short else segment.file_bytes - TRAILER_BYTES
    read = min(max(0, length), MOST_READ_BYTES)
    content = _content(fd, read)[start:]
    digests, end, broken = log_scan(store_id, segment.number, content, start)
    if read < length:
        broken.append((read, length))
    return digests, end, broken


def _content(fd: int, length: int) -> bytes:
    """All of a file; zeros where the disk cannot read it."""
    with contextlib.suppress(OSError):
        content = os.pread(fd, length, 0)
        if len(content) == length:
            return content
    whole = bytearray(length)
    view = memoryview(whole)
    failed = good = 0
    for at in range(0, length, _BLOCK_BYTES):
        try:
            good += os.preadv(fd, [view[at : at + _BLOCK_BYTES]], at)
        except OSError as error:
            failed = error.errno or errno.EIO
    if failed and not good:
        raise OSError(failed, os.strerror(failed))
    return bytes(whole)
