"""The log: every segment of an outbox's folder, in order.

What is new is written behind what was written last, and made safe by one flush; nothing is rewritten to be
saved. `Log` chooses the place, writes, reads and replays; it tells with a `StorageError` what the disk
refused, and leaves it to its caller to go on in memory. One thread at a time writes (`place`, `fits`, `write`,
`close_segment`, `retire`, `overwrite`, `look`, `heal`, `open`, `close`); any thread reads meanwhile (`read`,
`raw`, `digests`, `numbers`, `size_bytes`, `since_ns`, `trouble`).
Held by `tests/outbox/test_log.py`.

How it is used::

    log = Log(path, max_bytes=…, durability=Durability.POWER, clock=clock)
    log.open()                                   # OutboxError: not ours, in use; StorageError: go on in memory
    for part in log.replay():
        ledger.replay(part.segment, part.digests)

    place = log.place(estimate)                  # no I/O: may be asked under a lock
    group = LogGroup(log.store_id, place.segment, place.offset)
    if not place.offset:
        group.header(place.purpose, place.size)
        group.state(whole_state)
    group.event(…)
    if not log.fits(group):                      # the estimate was too low: build it anew
        place = log.place(group.size + len(group.digests())) …
    log.write(group)                             # StorageError: nothing of it counts as stored

    log.heal()                                   # later, until it raises no more; then `replay`, `lost`
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.config import Durability
    from cammra_edge.outbox.mark import Mark


class StorageError(OSError):
    """The disk does not let us; one plain sentence (`str(error)`)."""


class DamagedError(ValueError):
    """What lies at a place is not what was written there; one plain sentence."""


class Purpose(IntEnum):
    """What a segment holds."""

    EVENTS = 0
    TEXT = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next group goes.

    Args:
        segment: Number of the segment.
        offset: Where in it; 0: a new segment, whose group begins with `header(purpose, size)` and the whole STATE.
        purpose: What the segment holds.
        size: Length of the whole segment.
    """

    segment: int
    offset: int
    purpose: Purpose
    size: int


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
    """

    segment: int
    purpose: Purpose
    digests: bytes
    scanned: bool = False
    broken: tuple[tuple[int, int], ...] = ()
    cut_short: int = 0


class Group(Protocol):
    """What `Log` needs of a `LogGroup`."""

    size: int
    segment: int
    offset: int

    def buffers(self) -> list[bytes]:
        """For `os.pwritev`."""
        ...

    def digests(self) -> bytes:
        """For the segment's directory."""
        ...


class Log:
    """The segments at `path`; touches nothing before `open`."""

    store_id: bytes
    """Names this store; another one, perhaps, after a `heal` that was the first to find the disk."""
    trouble: str
    """What the disk refused last, as a sentence; empty while it is well."""
    began_empty: bool
    """There was nothing at `open`: numbers may begin at 1. Otherwise only what is legible tells."""
    mark: Mark
    """What the mark said at `open`; numbers given are never given again."""
    profiles: dict[str, int]
    """The profiles' numbers by key, as noted beside the log."""
    set_aside: tuple[str, ...]
    """What was moved to `set-aside/`, a sentence each."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int,
        durability: Durability,
        clock: Clock,
        read_only: bool = False,
    ) -> None: ...

    # -- opening -------------------------------------------------------------------------------

    def open(self) -> None:
        """Make or take up the folder: lock it, look at what is there, move aside what belongs to another store.

        Raises:
            OutboxError: What is there is not ours, of a newer version, or in use; not a byte of it was changed.
            StorageError: The disk does not let us; `heal` tries again.
        """
        raise NotImplementedError

    def replay(self) -> Iterator[Replayed]:
        """Every segment that was not replayed yet, by number; reads only. All of them the first time.

        After a `heal` that opened a disk that came late, what lies on it; otherwise nothing. A segment that cannot
        be read is left out and stands in `trouble`.
        """
        raise NotImplementedError

    def heal(self) -> None:
        """Try again: open what could not be opened, make the folder anew where it went, go on in a new segment.

        Call it at most once a second while `trouble` is not empty. After it `trouble` is still set: the first `write`
        that succeeds clears it. Segments that are gone with their folder stand in `lost`.

        Raises:
            OutboxError, StorageError: As `open`; not yet.
        """
        raise NotImplementedError

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed`, from a thread of its own, when the folder or a segment may have gone. Then call `look`."""
        raise NotImplementedError

    def look(self) -> bool:
        """Is everything still where it was? If not, `trouble` says what is wrong and `lost` what went with it."""
        raise NotImplementedError

    def lost(self) -> tuple[int, ...]:
        """Segments that are no longer in the folder; `read` still reads those whose file is held open."""
        raise NotImplementedError

    def forget(self, segment: int) -> None:
        """Let go of a lost segment: what waited in it has been written anew."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the open segments with their directories, let go of the lock; harmless when closed already."""
        raise NotImplementedError

    # -- writing -------------------------------------------------------------------------------

    def place(
        self, size: int, purpose: Purpose = Purpose.EVENTS, *, settlements: bool = False
    ) -> Place:
        """Where a group of about `size` bytes (frames and digests) goes; no I/O, and nothing changes.

        A group of `settlements` alone may use what each segment keeps free for the day the disk is full.
        """
        raise NotImplementedError

    def fits(self, group: Group, *, settlements: bool = False) -> bool:
        """Does this group fit where it was built for? Else ask for another place, and build it anew."""
        raise NotImplementedError

    def write(self, group: Group, *, flush: bool = True) -> None:
        """Write a group, begin its segment where it is new, and flush (with durability "power", and `flush`).

        Raises:
            StorageError: Nothing of the group counts as written. `place` gives a place in a new segment from now on.
        """
        raise NotImplementedError

    def close_segment(self, purpose: Purpose) -> None:
        """End the open segment with its directory; the next group begins a new one."""
        raise NotImplementedError

    def retire(self, segment: int) -> None:
        """Give a closed segment's file back: it becomes the spare one, or goes.

        Raises:
            StorageError: It stays.
        """
        raise NotImplementedError

    def keep_mark(self, mark: Mark) -> None:
        """Note the highest numbers given; not flushed, never raises."""
        raise NotImplementedError

    def keep_profiles(self, numbers: dict[str, int]) -> None:
        """Note the profiles' numbers where they changed; not flushed, never raises."""
        raise NotImplementedError

    # -- erasing -------------------------------------------------------------------------------

    def overwrite(self, segment: int, frames: Sequence[tuple[int, bytes]]) -> None:
        """Put frames (offset, bytes) over others of the same length, and flush once. Not for a segment that is open."""
        raise NotImplementedError

    def directory(self, segment: int) -> tuple[int, bytes] | None:
        """Offset and frame of a closed segment's directory; `None` where it has none."""
        raise NotImplementedError

    # -- reading -------------------------------------------------------------------------------

    def read(self, segment: int, offset: int, length: int) -> tuple[int, bytes]:
        """Kind and payload of a frame.

        Raises:
            DamagedError: It does not verify, or its segment is not there.
            StorageError: The disk does not let us.
        """
        raise NotImplementedError

    def raw(self, segment: int, offset: int, length: int) -> bytes:
        """The bytes as they lie there, unverified. Raises as `read`."""
        raise NotImplementedError

    def digests(self, segment: int) -> bytes:
        """Digests of a segment's frames: of an open one from memory, of another from its directory (or by a scan)."""
        raise NotImplementedError

    # -- seeing it -----------------------------------------------------------------------------

    def numbers(self, purpose: Purpose | None = None) -> tuple[int, ...]:
        """The segments that are there, in order; the open ones among them."""
        raise NotImplementedError

    def is_open(self, segment: int) -> bool:
        """Is this a segment that groups are still written to?"""
        raise NotImplementedError

    @property
    def size_bytes(self) -> int:
        """Length of all segments' files, and of the spare one."""
        raise NotImplementedError

    def bytes_of(self, segment: int) -> int:
        """Length of a segment's file."""
        raise NotImplementedError

    @property
    def since_ns(self) -> int:
        """Since when (`mono_ns`) the disk has not answered a write or a read; 0: it has nothing to answer."""
        raise NotImplementedError
