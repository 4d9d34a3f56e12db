"""Reading a segment at start: by its directory, or frame by frame where it has none. Writes nothing.

A crash while this goes on is a crash while reading: the next start finds what this one found.
Held by `tests/outbox/test_log.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.outbox.segment import FRAME_HEAD_BYTES, MOST_READ_BYTES, DamagedError

if TYPE_CHECKING:
    from cammra_edge.outbox.segment import Purpose
    from cammra_edge.outbox.shelf import Shelf
    from cammra_edge.outbox.tail import Tail

BLOCK_BYTES = 4096
"""A long group is filled up to a multiple of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One segment as it was found.

    Args:
        segment: Its number.
        purpose: What it holds.
        digests: Of its frames, for `Ledger.replay`.
        scanned: It had no directory (it was the open one, or lost it) and was read frame by frame.
        broken: Ranges that hold no whole frame; each was read over.
        cut_short: Bytes that its file lacks.
        cut_off: Frames may have lain there, behind the last one that was read.
    """

    segment: int
    purpose: Purpose
    digests: bytes
    scanned: bool = False
    broken: tuple[tuple[int, int], ...] = ()
    cut_short: int = 0
    cut_off: bool = False


def read_again(number: int, shelf: Shelf, tail: Tail) -> Replayed:
    """What a segment holds. The last one of its purpose, if it was not ended, is written on by the tail.

    Raises:
        DamagedError: It is not there.
        StorageError: The disk does not let us.
    """
    segment = shelf.segments[number]
    directory = shelf.directory(number)
    if directory is not None:
        return Replayed(segment=number, purpose=segment.purpose, digests=directory[2])
    digests, end, broken = shelf.scan(number)
    later = (other for other in shelf.segments.values() if other.number > number)
    whole = segment.size == segment.file_bytes <= MOST_READ_BYTES
    if whole and tail.folder is not None and segment.purpose not in {x.purpose for x in later}:
        tail.go_on(segment, shelf.handle(number), end, digests)
    return Replayed(
        segment=number,
        purpose=segment.purpose,
        digests=digests,
        scanned=True,
        broken=tuple(broken),
        cut_short=segment.cut_short,
        cut_off=bool(segment.cut_short) and _went_on(number, end, shelf),
    )


def _went_on(number: int, end: int, shelf: Shelf) -> bool:
    """May more have stood behind a segment's last frame? Not where zeros do, in which a frame would begin."""
    next_block = -(-end // BLOCK_BYTES) * BLOCK_BYTES
    try:
        return any(shelf.raw(number, end, next_block + FRAME_HEAD_BYTES - end))
    except DamagedError:
        return True
