"""The log: every segment of an outbox's folder, in order.

What is new is written behind what was written last, and made safe by one flush; nothing is rewritten to be
saved. `Log` chooses the place, writes, reads and replays; it tells with a `StorageError` what the disk
refused, and leaves it to its caller to go on in memory. One thread at a time writes (`place`, `fits`, `write`,
`close_segment`, `retire`, `overwrite`, `look`, `heal`, `open`, `close`); any thread reads meanwhile (`read`,
`raw`, `digests`, `numbers`, `size_bytes`, `since_ns`, `trouble`).
Held by `tests/outbox/test_log.py`, `tests/outbox/test_healing.py` and `tests/outbox/test_log_kills.py`.

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
    log.have_spare()                             # when what may be given back (`retire`) was

    log.heal()                                   # later, until it raises no more; then `lost` and `replay`
"""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from cammra_edge.config import Durability
from cammra_edge.errors import OutboxError
from cammra_edge.outbox import segment as files
from cammra_edge.outbox.folder import Folder, Found, found_at
from cammra_edge.outbox.gathering import gathered
from cammra_edge.outbox.mark import Mark, MarkFile
from cammra_edge.outbox.replaying import Replayed, read_again, read_on
from cammra_edge.outbox.segment import (
    DamagedError,
    Group,
    Purpose,
    StorageError,
)
from cammra_edge.outbox.shelf import Shelf
from cammra_edge.outbox.tail import Place, Tail
from cammra_edge.outbox.watch import Watch
from cammra_edge.outbox.writing_over import LogWritingOver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cammra_edge.clock import Clock

__all__ = ["DamagedError", "Group", "Log", "Place", "Purpose", "Replayed", "StorageError"]

SEGMENTS_IN_MAX = 64
_SMALLEST, _LARGEST = 256 << 10, 8 << 20


class Log(LogWritingOver):
    """The segments at `path`; touches nothing before `open`.

    Attributes:
        trouble: What the disk refused last, as a sentence; empty while it is well.
        began_empty: There was nothing at `open`, so numbers may begin at 1; otherwise only what is legible tells.
        set_aside: What was moved to `set-aside/` (or would be, if it might be), a sentence each.
        contested: The segments are there and the lock beside them is not ours: another engine may write behind us.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int,
        durability: Durability,
        clock: Clock,
        read_only: bool = False,
    ) -> None:
        shelf = Shelf(clock, read_only=read_only)
        size = _segment_bytes(max_bytes)
        super().__init__(path, shelf, Tail(shelf, size, flushes=durability is Durability.POWER))
        self.began_empty = False
        self.set_aside: tuple[str, ...] = ()
        self.contested = False
        self._read_only = read_only
        self._folder_key: tuple[int, int] | None = None
        self._mark = MarkFile(None)
        self._spare_number = 0
        self._unread: dict[int, int] = {}
        self._changed: Callable[[], None] | None = None
        self._watch: Watch | None = None
        self._opened = self._closed = self._is_same_folder = False

    @property
    def mark(self) -> Mark:
        """The last mark; after `open`, what it said: numbers that were given are never given again."""
        return self._mark.mark

    @property
    def profiles(self) -> Mapping[str, int]:
        """The profiles' numbers by key, as noted beside the log."""
        return self._mark.profiles

    @property
    def last_begun(self) -> int:
        """The segment that was begun last, as noted beside the log; 0 where its file was given back since."""
        return 0 if self._mark.segment == self._spare_number else self._mark.segment

    # -- opening and healing ---------------------------------------------------------------------

    def open(self) -> None:
        """Make or take up the folder: lock it, look at what is there, move aside what belongs to another store.

        Raises:
            OutboxError: What is there is not ours, of a newer version, or in use; not a byte of it was changed.
            StorageError: The disk does not let us; `heal` tries again.
        """
        with self._shelf.asking():
            try:
                self._path = self._path.absolute()  # whoever we are part of may change its folder
                found = found_at(self._path)
                if not self._read_only:
                    self._hold(Folder(self._path))
                    found = found_at(self._path) if found.exists else found
                self._take_up(found)
            except OSError as error:
                self._let_go_of_folder()
                raise self._ail(f"cannot open {self._path}", error) from error
            except OutboxError:
                self._let_go_of_folder()
                raise
        self.contested = False
        if self._folder is not None:
            self._folder_key = self._folder.key
        if self._read_only and found.empty:
            raise OutboxError(f"{self._path}: there is no outbox")
        if not self._opened:
            self.began_empty = found.empty
        self._opened = True
        self._watch_again()

    def _hold(self, folder: Folder) -> None:
        self._let_go_of_folder()
        self._folder = self._tail.folder = folder
        self._is_same_folder = folder.key == self._folder_key

    def _let_go_of_folder(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._folder is not None:
            self._folder.close()
            self._folder = self._tail.folder = None
        self._mark.close()

    def _take_up(self, found: Found) -> None:
        """Put what was found on the shelf, and everything else that calls itself a segment aside."""
        shelf = self._shelf
        behind = max(shelf.segments, default=0) if self._is_same_folder else None
        ours = gathered(found, shelf, keep_store=self._opened, behind=behind)
        if self._folder is None:
            self.set_aside = tuple(f"{segment.path.name}: {why}" for segment, why in ours.others)
        elif ours.others:
            name = self._folder.move_aside(segment for segment, _ in ours.others)
            self.set_aside += tuple(
                f"{segment.path.name} was moved to {name}: {why}" for segment, why in ours.others
            )
        for segment in ours.segments:
            if segment.number not in shelf.segments:
                self._unread[segment.number] = 0
            shelf.add(segment)
        if self._folder is not None:
            self._write_again(self._folder)
        self._mark.close()
        self._mark = found.mark
        if found.mark.store_id != shelf.store_id:
            found.mark.forget()
        self._spare_number = found.used_number
        tail = self._tail
        highest = max((segment.number for segment in found.segments), default=0)
        tail.last_begun = max(tail.last_begun, highest, self.last_begun)
        tail.next_number = max(tail.next_number, tail.last_begun + 1, found.used_number + 1)

    def replay(self) -> Iterator[Replayed]:
        """Every segment that was not replayed yet, by number; reads only. All of them the first time.

        After a `heal` that opened a disk that came late, what lies on it; after one that took the folder back, what
        another engine wrote meanwhile, behind what we had written; otherwise nothing. A segment that cannot be read is
        left out for the next time and stands in `trouble`.
        """
        for number, start in sorted(self._unread.items()):
            if number in self._shelf.lost:
                continue  # it may come back, and hold more then
            try:
                replayed = self._read(number, start)
            except (StorageError, DamagedError) as error:
                self.trouble = str(error)
            else:
                del self._unread[number]
                if replayed.digests or not start:
                    yield replayed

    def _read(self, number: int, start: int) -> Replayed:
        if start:
            return read_on(number, start, self._shelf)
        return read_again(number, self._shelf, self._tail)

    def heal(self) -> None:
        """Try again: open what could not be opened, make the folder anew where it went, go on in a new segment.

        Call it at most once a second while `trouble` is not empty. After it `trouble` is still set: the first `write`
        that succeeds clears it. Segments that are gone with their folder stand in `lost`.

        Raises:
            OutboxError, StorageError: As `open`; not yet. A log that was closed stays so.
        """
        if self._closed:
            raise StorageError(f"{self._path} was closed")
        if self._folder is None or not (self._folder.in_place and self._folder.lock.renew()):
            self._unread |= self._tail.let_be()
            self.open()
        self.look()

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed`, from a thread of its own, when the folder or a segment may have gone. Then call `look`."""
        self._changed = changed
        self._watch_again()

    def _watch_again(self) -> None:
        folder = self._folder
        if self._changed is not None and folder is not None and self._watch is None:
            with contextlib.suppress(
                OSError, RuntimeError
            ):  # no descriptors or threads left: each write looks
                self._watch = Watch(folder.path, folder.lock, self._changed)

    def look(self) -> bool:
        """Is everything still where it was? If not, `trouble` says what is wrong and `lost` what went with it."""
        folder = self._folder
        if folder is None:
            return self._closed or self._read_only
        gone = self._shelf.look()
        for segment in gone:
            held = self._tail.held(segment.number)
            if held is not None:
                self._tail.give_up(held)
        self.contested = False
        if not folder.is_there:
            self.trouble = f"{folder.path} is no longer the folder that was opened"
        elif not (folder.lock.in_place and folder.lock.renew()):
            self.contested = not self._shelf.segments.keys() <= self._shelf.lost
            self.trouble = (
                f"{folder.lock.path} was removed or replaced: another engine may be at work there"
            )
        elif gone:
            self.trouble = f"{', '.join(segment.path.name for segment in gone)}: it is not there"
        else:
            return True
        return False

    @property
    def holds_lock(self) -> bool:
        """Is the lock in its place? One question to the disk, where `look` asks many."""
        return self._folder is None or self._folder.lock.in_place

    def forget(self, segment: int) -> None:
        """Let go of a lost segment: what waited in it has been written anew."""
        self._shelf.drop(segment)
        self._unread.pop(segment, None)

    def close(self) -> None:
        """Let go of the files and of the lock; harmless when closed already. The open segments are taken up again."""
        self._closed = True
        self._let_go_of_folder()
        self._tail.clear()
        self._shelf.clear()

    # -- writing ---------------------------------------------------------------------------------

    def place(
        self, size: int, purpose: Purpose = Purpose.EVENTS, *, settlements: bool = False
    ) -> Place:
        """Where a group of about `size` bytes (frames and digests) goes; no I/O.

        A group of `settlements` alone may use what each segment keeps free for the day the disk is full. A new
        segment's place holds until the next is asked for: write, then ask for the other purpose.
        """
        return self._tail.place(size, purpose, settlements=settlements)

    def fits(self, group: Group, *, settlements: bool = False) -> bool:
        """Does this group fit where it was built for? Else ask for another place, and build it anew."""
        return self._tail.fits(group, settlements=settlements)

    def write(self, group: Group, *, flush: bool = True) -> None:
        """Write a group, begin its segment where it is new, and flush (with durability "power", and `flush`).

        Raises:
            StorageError: Nothing of the group counts as written; ask for another place.
        """
        since_ns = self._shelf.began()
        try:
            if group.offset:
                self._tail.append(group, flush=flush)
            else:
                self._tail.begin(group, flush=flush)
        except OSError as error:
            # No name for the exception: it would hold this frame, and the segment's file, in a circle.
            why = str(self._ail(f"cannot write segment {group.segment}", error))
            if error.errno == errno.ENOENT:
                self.look()
            raise StorageError(why) from error
        finally:
            self._shelf.answered(since_ns)
        self.trouble = ""

    def close_segment(self, purpose: Purpose) -> None:
        """End the open segment with its directory; the next group begins a new one."""
        with self._shelf.asking():
            self._tail.end(purpose)

    def retire(self, segment: int) -> None:
        """Give a closed segment's file back: it becomes the spare one, or goes.

        Raises:
            StorageError: It stays.
        """
        found = self._shelf.segments.get(segment)
        if found is not None and segment not in self._shelf.lost:
            try:
                with self._shelf.asking():
                    self._tail.retire(found)
            except OSError as error:
                raise self._ail(f"cannot give segment {segment} back", error) from error
        self._shelf.drop(segment)

    def have_spare(self) -> None:
        """Allocate the next segment ahead, after one was begun and what may be given back was; never raises.

        A segment that is given back becomes the spare one, and none is allocated for it.
        """
        if self._tail.wants_spare:
            with self._shelf.asking():
                self._tail.have_spare()

    def keep_mark(self, mark: Mark) -> None:
        """Note the highest numbers given; not flushed, never raises."""
        if self._folder is not None:
            self._mark.write(self.store_id, self._tail.last_begun, mark)

    def keep_profiles(self, numbers: Mapping[str, int]) -> None:
        """Note the profiles' numbers where they changed; not flushed, never raises."""
        if self._folder is not None:
            self._mark.write_profiles(self.store_id, numbers)


def _segment_bytes(max_bytes: int) -> int:
    step = files.SIZE_STEP
    return min(max(max_bytes // SEGMENTS_IN_MAX, _SMALLEST), _LARGEST) // step * step
