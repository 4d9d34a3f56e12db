"""How far the outbox had come, kept outside its database.

A flipped bit in the write-ahead log makes SQLite drop every later commit without a word. So after each
commit the highest numbers go into a small file of their own: a database that knows less than this file
has lost something, which is then looked for (`salvage`) and said; and numbers that were given are
never given again. The file is not flushed: after a power cut it may be older than the database, which is
harmless. Two slots are written in turn, each with a CRC, so a torn write leaves the other.
Held by `tests/outbox/test_watermark.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cammra_edge.framing import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLOT_BYTES = 2048
_JSON = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The highest numbers given, and the oldest event still waiting.

    Args:
        turn: Counts the marks.
        seq: Place of the last event.
        image_no: Number of the last image.
        car_id: Number of the last vehicle.
        oldest_seq: What lies below was settled, except what is parked.
        packets: Last packet number per profile.
    """

    turn: int = 0
    seq: int = 0
    image_no: int = 0
    car_id: int = 0
    oldest_seq: int = 0
    packets: Mapping[int, int] = field(default_factory=dict)


class Watermark:
    """The file; what it cannot write it leaves out, since the database holds the same while it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        content = b""
        with contextlib.suppress(OSError):
            content = path.read_bytes()
        marks = [_mark_from(content[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
        self.mark = max(marks, key=lambda mark: mark.turn)
        self.profiles = _profiles_from(content[2 * SLOT_BYTES :])

    def write(self, mark: Mark) -> None:
        """Keep the mark in the slot that is older."""
        self.mark = mark
        line = _line_from(
            {
                "turn": mark.turn,
                "seq": mark.seq,
                "image_no": mark.image_no,
                "car_id": mark.car_id,
                "oldest_seq": mark.oldest_seq,
                "packets": mark.packets,
            }
        )
        self._write_at(mark.turn % 2 * SLOT_BYTES, line.ljust(SLOT_BYTES))

    def write_profiles(self, numbers: Mapping[str, int]) -> None:
        """Keep the profiles' numbers, behind the slots, where they changed."""
        if numbers != self.profiles:
            self.profiles = dict(numbers)
            self._write_at(2 * SLOT_BYTES, _line_from(self.profiles) + b"\n")

    def _write_at(self, place: int, content: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._fd, content, place)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _mark_from(slot: bytes) -> Mark:
    """The mark in a slot; the zero mark where it is torn or was never written."""
    try:
        plain = _plain_from(slot)
        packets = {int(no): int(packet) for no, packet in plain.pop("packets").items()}
        return Mark(**{name: int(number) for name, number in plain.items()}, packets=packets)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Mark()


def _profiles_from(place: bytes) -> dict[str, int]:
    """The profiles' numbers by key; none where they are torn or were never written."""
    try:
        plain = _plain_from(place.partition(b"\n")[0])
        return {str(key): int(number) for key, number in plain.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _line_from(plain: object) -> bytes:
    content = _JSON.encode(plain).encode("ascii")
    return f"{crc32(content, 0):08x} ".encode("ascii") + content


def _plain_from(line: bytes) -> Any:  # noqa: ANN401 - what JSON gives
    crc, _, content = line.rstrip(b" \0\n").partition(b" ")
    if int(crc, 16) != crc32(content, 0):
        raise ValueError(crc)
    return json.loads(content)
