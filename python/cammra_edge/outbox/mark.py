"""How far the outbox had come, kept outside its segments.

A power cut, or a disk that lies about flushing, can take the end of the log without a trace in it. So with each
segment that is begun, and when the outbox is closed, the highest numbers go into a small file of their own (more often
would cost a block of the file system's journal each time). A log that ends before this file has lost something, which
is then said; and numbers that were given are never given again. The file is not flushed: after a power cut it may be
older than the log, which is harmless. Two slots are written in turn, each with a CRC, so a torn write leaves the other.
Held by `tests/outbox/test_mark.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.framing import crc32
from cammra_edge.outbox.codec import plain_in
from cammra_edge.outbox.noted import MOST_PROFILES, is_number
from cammra_edge.outbox.segment import LAST_DOUBTFUL_SEGMENT, make_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLOT_BYTES = 2048
_NUMBERS = struct.Struct(
    "<4s16s6QH"
)  # magic, store id, turn, segment, the highest, closed, number of packets
_PACKET = struct.Struct("<IQ")
_CRC = struct.Struct("<I")
_MAGIC = b"CMk1"
_PACKETS_KEPT = (SLOT_BYTES - _NUMBERS.size - _CRC.size) // _PACKET.size
_MOST_BYTES = 1 << 20
_NOT_ELSEWHERE = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""What stands there under our name may be a link to somebody else's file, or a pipe."""
_PROFILES = struct.Struct("<I16sI")  # CRC of what follows, store id, length of the JSON


class Mark(NamedTuple):
    """The highest numbers given.

    Args:
        seq: Place of the last event.
        image_no: Number of the last image.
        car_id: Number of the last vehicle.
        closed: The outbox was closed with these, so there are none behind them.
        packets: Last packet number per profile.
    """

    seq: int = 0
    image_no: int = 0
    car_id: int = 0
    closed: bool = False
    packets: Mapping[int, int] = MappingProxyType({})


class MarkFile:
    """The file; what it cannot write it leaves out, since the log holds the same while it is whole.

    `mark`, `store_id` (empty: unknown), `segment` (the last one's number) and `profiles` (numbers by key) are
    what it says. Without a path there is none, and nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._fd = -1
        content = b""
        if path is not None:
            with contextlib.suppress(OSError):
                content = _content_of(path)
        slots = [_slot_from(content[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
        self._turn, self.store_id, self.segment, self.mark = max(slots, key=lambda slot: slot[0])
        store_id, self.profiles = _profiles_from(content[2 * SLOT_BYTES :])
        self.store_id = self.store_id or store_id

    def forget(self) -> None:
        """It is of another store: nothing in it counts."""
        self.store_id, self.segment, self.mark, self.profiles = b"", 0, Mark(), {}

    def write(self, store_id: bytes, segment: int, mark: Mark) -> None:
        """Keep the mark in the slot that is older."""
        self._turn += 1
        self.store_id, self.segment, self.mark = store_id, segment, mark
        seq, image_no, car_id, closed, packets = mark
        if len(packets) > _PACKETS_KEPT:
            packets = dict(sorted(packets.items())[-_PACKETS_KEPT:])
        highest = (seq, image_no, car_id, closed, len(packets))
        content = _NUMBERS.pack(_MAGIC, store_id, self._turn, segment, *highest)
        for packet in packets.items():
            content += _PACKET.pack(*packet)
        self._write_at(self._turn % 2 * SLOT_BYTES, content + _CRC.pack(crc32(content, 0)))

    def write_profiles(self, store_id: bytes, numbers: Mapping[str, int]) -> None:
        """Keep the profiles' numbers, behind the slots, where they changed."""
        if numbers != self.profiles:
            self.profiles = dict(numbers)
            text = json.dumps(self.profiles, separators=(",", ":")).encode("ascii")
            content = store_id + len(text).to_bytes(4, "little") + text
            self._write_at(2 * SLOT_BYTES, _CRC.pack(crc32(content, 0)) + content)

    def _write_at(self, place: int, content: bytes) -> None:
        if self._path is None:
            return
        try:
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | _NOT_ELSEWHERE, 0o600)
                make_private(self._fd)
            os.pwrite(self._fd, content, place)
        except OSError:
            return  # the log holds the same

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _content_of(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | _NOT_ELSEWHERE)
    try:
        return os.pread(fd, _MOST_BYTES, 0)
    finally:
        os.close(fd)


def _slot_from(slot: bytes) -> tuple[int, bytes, int, Mark]:
    """Turn, store id, segment and mark of a slot; nothing where it is torn or was never written."""
    try:
        magic, store_id, turn, segment, *highest, count = _NUMBERS.unpack_from(slot)
        end = _NUMBERS.size + count * _PACKET.size
        if magic != _MAGIC or _CRC.unpack_from(slot, end)[0] != crc32(slot[:end], 0):
            return 0, b"", 0, Mark()
        packets = dict(_PACKET.iter_unpack(slot[_NUMBERS.size : end]))
    except struct.error:
        return 0, b"", 0, Mark()
    seq, image_no, car_id, closed = highest
    given = (turn, seq, image_no, car_id, *packets.values())
    if segment > LAST_DOUBTFUL_SEGMENT or not all(map(is_number, given)):
        return 0, b"", 0, Mark()
    mark = Mark(seq, image_no, car_id, closed=bool(closed), packets=packets)
    return turn, store_id, segment, mark


def _profiles_from(place: bytes) -> tuple[bytes, dict[str, int]]:
    """Store id and the profiles' numbers by key; nothing where they are torn or were never written."""
    try:
        crc, store_id, length = _PROFILES.unpack_from(place)
        text = place[_PROFILES.size : _PROFILES.size + length]
        if len(text) != length or crc != crc32(place[_CRC.size : _PROFILES.size + length], 0):
            return b"", {}
        numbers = plain_in(text)
        return store_id, {
            key: number for key, number in numbers.items() if is_number(number, MOST_PROFILES)
        }
    except (struct.error, ValueError, TypeError, AttributeError):
        return b"", {}
