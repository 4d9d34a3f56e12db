"""What is about to be written over frames in place, kept beside the segments until it is there.

A write over a frame may be cut off in its middle, and where no directory tells what lay there nobody could say
afterwards what that was: an event's id would be forgotten, and its place be told as damage. So what is to stand there
is written into a file of its own first, and flushed; a start writes what it finds there once more, which does no harm
where it was written already. It holds what an erasure leaves, nothing of what it takes away; what else it says of
others (a directory does) becomes zeros before the file goes.
Held by `tests/outbox/test_redo.py`.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.framing import crc32
from cammra_edge.outbox.folder import REDO
from cammra_edge.outbox.segment import MOST_READ_BYTES, Handle, is_file, make_private, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.outbox.folder import Folder

_HEAD = struct.Struct(
    "<4sI16sQQ"
)  # magic, CRC of what follows, store id, segment, length of the rest
_FRAME = struct.Struct("<QQQ")  # offset, length, bytes of it that are told: zeros follow
_CRC_AT, _CRC_END = 4, 8
_MAGIC = b"CRd1"


class Redo(NamedTuple):
    """What is to stand where in a segment: offset, length, and all but the zeros at the end."""

    segment: int
    frames: tuple[tuple[int, int, bytes], ...]

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Where it begins and ends; what adjoins is one."""
        places: list[tuple[int, int]] = []
        for offset, length, _ in sorted(self.frames):
            if places and places[-1][1] == offset:
                places[-1] = places[-1][0], offset + length
            else:
                places.append((offset, offset + length))
        return tuple(places)


def keep(folder: Folder, store_id: bytes, redo: Redo) -> None:
    """Have this on the disk, in place of what was there.

    Raises:
        OSError: The disk does not let us; what is there now is whole, or nothing.
    """
    body = b"".join(
        _FRAME.pack(offset, length, len(told)) + told for offset, length, told in redo.frames
    )
    head = _HEAD.pack(_MAGIC, 0, store_id, redo.segment, len(body))
    crc = crc32(head[_CRC_END:] + body, 0).to_bytes(4, "little")
    content = head[:_CRC_AT] + crc + head[_CRC_END:] + body
    handle = Handle(folder.path / REDO, os.O_RDWR | os.O_CREAT)
    before_bytes = os.fstat(handle.fd).st_size
    make_private(handle.fd)
    content = content.ljust(before_bytes, b"\0")  # nothing longer shows behind it
    write_all(handle.fd, (content,), 0, len(content))
    os.fdatasync(handle.fd)
    if not before_bytes:
        folder.sync()


def kept_in(path: Path, store_id: bytes) -> Redo | None:
    """What is kept in an outbox's folder; `None` where that is nothing, torn, or of another store."""
    with contextlib.suppress(OSError, ValueError, struct.error):
        if is_file(path / REDO):
            handle = Handle(path / REDO, os.O_RDONLY)
            return _from(os.pread(handle.fd, MOST_READ_BYTES, 0), store_id)
    return None


def _from(content: bytes, store_id: bytes) -> Redo | None:
    magic, crc, store, segment, length = _HEAD.unpack_from(content)
    end = _HEAD.size + length
    if (magic, store) != (_MAGIC, store_id) or end > len(content):
        return None
    if crc != crc32(content[_CRC_END:end], 0):
        return None
    frames, at = [], _HEAD.size
    while at < end:
        offset, frame_bytes, told_bytes = _FRAME.unpack_from(content, at)
        at += _FRAME.size + told_bytes
        if at > end:
            return None
        frames.append((offset, frame_bytes, content[at - told_bytes : at]))
    return Redo(segment, tuple(frames))


def write_again(fd: int, file_bytes: int, redo: Redo) -> None:
    """Put it where it belongs, and flush.

    Raises:
        OSError: The disk does not let us; some of it may be there.
    """
    for offset, length, told in redo.frames:
        if offset + length <= file_bytes and len(told) <= length:
            write_all(fd, (told.ljust(length, b"\0"),), offset, length)
    os.fdatasync(fd)


def let_go(folder: Folder) -> None:
    """It is there: what was kept becomes zeros, and its file goes.

    Raises:
        OSError: The disk does not let us.
    """
    path = folder.path / REDO
    if not is_file(path):
        return
    handle = Handle(path)
    length = os.fstat(handle.fd).st_size
    write_all(handle.fd, (bytes(length),), 0, length)
    os.fdatasync(handle.fd)
    path.unlink()
