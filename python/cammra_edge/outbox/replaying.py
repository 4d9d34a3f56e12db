"""Reading a segment at start: by its directory, or frame by frame where it has none. Writes nothing.

A crash while this goes on is a crash while reading: the next start finds what this one found.
Held by `tests/outbox/test_log.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.outbox.segment import FRAME_HEAD_BYTES, MOST_READ_BYTES, DamagedError

if TYPE_CHECKING:
    from cammra_edge.outbox.segment import Purpose, Segment
    from cammra_edge.outbox.shelf import Shelf
    from cammra_edge.outbox.tail import Tail

BLOCK_BYTES = 4096
"""A long group is filled up to a multiple of this."""
_KIND_AT = 4
_OF_EVENTS = (b"\3", b"\4")  # IMAGE, EVENT


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
        cut_event: The first of them was an event, or a picture of one.
    """

    segment: int
    purpose: Purpose
    digests: bytes
    scanned: bool = False
    broken: tuple[tuple[int, int], ...] = ()
    cut_short: int = 0
    cut_off: bool = False
    cut_event: bool = False


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
    cut_off, cut_event = _cut_off(segment, end, shelf) if segment.cut_short else (False, False)
    if whole and tail.folder is not None and segment.purpose not in {x.purpose for x in later}:
        tail.go_on(segment, shelf.handle(number), end, digests)
    return Replayed(
        segment=number,
        purpose=segment.purpose,
        digests=digests,
        scanned=True,
        broken=tuple(broken),
        cut_short=segment.cut_short,
        cut_off=cut_off,
        cut_event=cut_event,
    )


def read_on(number: int, start: int, shelf: Shelf) -> Replayed:
    """What lies in a segment behind a place: another engine may have written there. Raises as `read_again`."""
    digests, _, broken = shelf.scan(number, start)
    return Replayed(
        segment=number,
        purpose=shelf.segments[number].purpose,
        digests=digests,
        scanned=True,
        broken=tuple(broken),
    )


def _cut_off(segment: Segment, end: int, shelf: Shelf) -> tuple[bool, bool]:
    """May more have stood behind a segment's last frame, and was it an event's? Not where zeros do."""
    next_block = -(-end // BLOCK_BYTES) * BLOCK_BYTES
    look_to = min(next_block + FRAME_HEAD_BYTES, segment.file_bytes)
    try:
        head = shelf.raw(segment.number, end, max(0, look_to - end)).lstrip(b"\0")
    except DamagedError:
        return True, False
    is_short = segment.file_bytes < next_block + FRAME_HEAD_BYTES
    return is_short or bool(head), head[_KIND_AT : _KIND_AT + 1] in _OF_EVENTS
