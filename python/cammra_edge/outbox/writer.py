"""Everything that is written: groups of events, settlements, what waited in memory while the disk was ill.

One thread at a time writes, holding `turn`; it takes the outbox's lock only around what it does in memory, so that
nobody else waits for a disk. What the disk refuses stays in memory and is written when it is back; the disk is tried
once a second. Held by `tests/outbox/test_storage.py` and `tests/faults/disks.py`.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.log import Purpose, StorageError
from cammra_edge.outbox.moving import Moving
from cammra_edge.storing import LogGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import RLock

    from cammra_edge.clock import Clock
    from cammra_edge.outbox.rows import EventRow
    from cammra_edge.outbox.saved import Saved
    from cammra_edge.outbox.store import Store

_log = logging.getLogger(__name__)

HEAL_EVERY_NS = 1_000_000_000
SETTLE_TOGETHER = 64
SETTLE_WITHIN_NS = 200_000_000
TURN_WITHIN_S = 0.2
"""How long to wait for another who writes, or looks, and does not wait for the disk."""
EVENT_BYTES = 6000
"""About the length of an event's record, its digest and its frames, without pictures."""
NOWHERE = bytes(16)
_WANTED = 3
"""Waiting or parked, as bits of `Ledger.states`."""


class Writer:
    """See the module. `groups` counts those that were begun to be written, or kept in memory.

    Args:
        lock: The outbox's own.
        store: Where events are.
        saved: What is saved with them.
        clock: Where the time comes from.
        meet: Called, with `turn` and without the lock, when a disk that was not there at the start is there.
        healed: Called with the lock when what was in memory is on disk.
        give_way: Called with the lock, once, before numbers are given while another engine may give the same.
        read_only: Write nothing.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        lock: RLock,
        *,
        store: Store,
        saved: Saved,
        clock: Clock,
        meet: Callable[[], None],
        healed: Callable[[], None],
        give_way: Callable[[], None],
        read_only: bool,
    ) -> None:
        self.turn = threading.RLock()
        self.trouble = ""
        self.groups = 0
        self._lock = lock
        self._store = store
        self._saved = saved
        self._clock = clock
        self._meet = meet
        self._healed = healed
        self._give_way = give_way
        self._gave_way = False
        self._read_only = read_only
        self._heal_at_ns = 0
        self._settled_since_ns = 0
        self._marked = False
        self._moving = Moving(store)

    # -- one group -------------------------------------------------------------------------------

    def write(  # noqa: PLR0913 - what may differ between groups
        self,
        frames: Callable[[LogGroup], None],
        size_bytes: int,
        *,
        flush: bool = True,
        settlements: bool = False,
        purpose: Purpose = Purpose.EVENTS,
        written: Callable[[], None] | None = None,
        refused: Callable[[LogGroup], None] | None = None,
    ) -> bool:
        """Write a group, with the settlements and counters that are due; False: the disk does not take it.

        Called with `turn`, without the lock. What is written is applied to the ledger; what is not is still as it was.

        Args:
            frames: Adds them; may be called more than once.
            size_bytes: About how long they are.
            flush: Make it safe, as far as `durability` goes.
            settlements: There is nothing else in it.
            purpose: Which segments it belongs to. Settlements and counters lie in those of events alone: what the log
                says last of them must stand last in it.
            written: Called with the lock when the ledger knows of it.
            refused: Called with the lock when the disk has not taken it.
        """
        log = self._store.log
        if self._read_only:
            return False
        group = self._group(frames, size_bytes, purpose, settlements=settlements)
        if size_bytes > log.segment_bytes:  # a segment of its own: not longer than it must be
            size_bytes = group.size + len(group.digests())
            group = self._group(frames, size_bytes, purpose, settlements=settlements)
        while not log.fits(group, settlements=settlements):
            size_bytes = max(2 * size_bytes, group.size + len(group.digests()))
            group = self._group(frames, size_bytes, purpose, settlements=settlements)
        self.groups += 1
        try:
            log.write(group, flush=flush)
        except StorageError as error:
            self.ail(error)
            with self._lock:
                self._store.ledger.apply_in_memory(group)
                if refused is not None:
                    refused(group)
            return False
        with self._lock:
            ledger = self._store.ledger
            ledger.apply(group)
            if purpose is not Purpose.EVENTS:
                return True
            self._settled_since_ns = self._clock.mono_ns() if ledger.pending else 0
            if written is not None:
                written()
            profiles = self._saved.written()
            noted = group.offset and profiles is None and self._marked
            mark = None if noted else self._saved.mark()
            self._marked = True
        # Each write of another file costs its inode's block in the journal: seldom.
        if mark is not None:
            log.keep_mark(mark)
        if profiles is not None:
            log.keep_profiles(profiles)
        return True

    def _group(
        self,
        frames: Callable[[LogGroup], None],
        size_bytes: int,
        purpose: Purpose,
        *,
        settlements: bool,
    ) -> LogGroup:
        log = self._store.log
        place = log.place(size_bytes, purpose, settlements=settlements)
        group = LogGroup(log.store_id, place.segment, place.offset)
        if not place.offset:
            group.header(place.purpose, place.size)
        if purpose is not Purpose.EVENTS:
            frames(group)
            return group
        with self._lock:
            before, behind = (
                (self._saved.new_names(), self._saved.changed())
                if place.offset
                else (self._whole(), b"")
            )
            if before:
                group.state(before)
            if self._store.ledger.pending:
                group.settled(self._store.ledger)
        frames(group)
        if behind:
            group.state(behind)
        group.fill_block()
        return group

    def _whole(self) -> bytes:
        log = self._store.log
        lost = log.lost()
        return self._saved.whole(number for number in log.numbers() if number not in lost)

    def give_back(self, segment: int) -> None:
        """The next group says that this segment goes."""
        with self._lock:
            self._saved.give_back(segment)

    def ail(self, error: Exception) -> None:
        """The disk refused: go on in memory, say so once."""
        why = str(error)
        if not self.trouble:
            _log.error("outbox cannot write, keeping events in memory why=%r", why)
        self.trouble = why
        self._heal_at_ns = self._clock.mono_ns() + HEAL_EVERY_NS

    # -- events ----------------------------------------------------------------------------------

    def put(self, rows: Sequence[EventRow], stored: Callable[[], None]) -> None:
        """Store events, on disk or in memory until the disk is back. Called with `turn`; `stored` is with the lock."""

        def frames(group: LogGroup) -> None:
            for row in rows:
                for image in row.images:
                    group.image(*image)
                group.event(
                    row.event,
                    seq=row.seq,
                    event_id=row.event_id,
                    stored_ns=row.stored_ns,
                    image_nos=row.image_nos,
                    wanted=row.wanted,
                )

        size_bytes = sum(EVENT_BYTES + sum(len(image.data) for image in row.images) for row in rows)

        def in_memory(group: LogGroup) -> None:
            self._store.unsaved.add(group, rows)
            stored()

        if not self.trouble and not self._read_only:
            self.write(frames, size_bytes, written=stored, refused=in_memory)
            return
        group = LogGroup(NOWHERE, 0, 0)
        frames(group)
        self.groups += 1
        with self._lock:
            self._store.ledger.apply_in_memory(group)
            in_memory(group)

    # -- settlements -----------------------------------------------------------------------------

    def settled(self) -> None:
        """Something was settled; called with the lock."""
        if not self._settled_since_ns:
            self._settled_since_ns = self._clock.mono_ns()

    def due_ns(self) -> int | None:
        """When to call `tend` again; `None` when there is nothing to do."""
        if self.trouble:
            return self._heal_at_ns
        if self._settled_since_ns:
            return self._settled_since_ns + SETTLE_WITHIN_NS
        return None

    def tend(self) -> None:
        """Write what is due, try an ill disk again when it is time. Never waits for a disk that another waits for."""
        due_ns = self.due_ns()
        if due_ns is None or self._read_only:
            return
        many = not self.trouble and self._store.ledger.pending >= SETTLE_TOGETHER
        if not many and self._clock.mono_ns() < due_ns:
            return
        if not self.turn.acquire(timeout=0 if self._store.log.since_ns else TURN_WITHIN_S):
            return
        try:
            if self.trouble:
                self.heal_if_due()
            else:
                self.flush(safe=False)
            self._store.log.have_spare()
        finally:
            self.turn.release()

    def flush(self, *, safe: bool = True, probe: bool = False) -> bool:
        """Write what is settled now; False when the disk does not take it.

        Args:
            safe: Flush it, too.
            probe: Write also where there is nothing to say, to see whether the disk takes it.
        """
        with self.turn:
            if self.trouble:
                return False
            if not (probe or self._store.ledger.pending or self._saved.dirty):
                return True
            return self.write(lambda _: None, 512, flush=safe, settlements=True)

    # -- healing ---------------------------------------------------------------------------------

    def get_ready(self) -> None:
        """Before numbers are given: look whose the log is, and see that nobody else gives the same ones."""
        log = self._store.log
        if not self.trouble and not log.holds_lock:
            self.look()
        self.heal_if_due()
        if log.contested and not self._gave_way:
            log.look()  # the segments may have gone, too: then it was a folder that was cleared
        if log.contested and not self._gave_way:
            with self._lock:
                self._give_way()
            self._gave_way = True

    def heal_if_due(self) -> None:
        """Try an ill disk again when it is time. Called with `turn`."""
        if self.trouble and self._clock.mono_ns() >= self._heal_at_ns:
            self.heal()

    def heal(self) -> None:
        """Try an ill disk again. Called with `turn`."""
        if self._read_only:
            return
        try:
            self._store.log.heal()
            self._meet()
        except (OutboxError, StorageError) as error:
            self.ail(error)
            return
        if not self._save_all():
            return
        _log.warning("outbox writes again")
        with self._lock:
            self.trouble = ""
            self._gave_way = False
            self._healed()

    def _save_all(self) -> bool:
        """Write what is only in memory, or only in files that are gone; False when the disk does not take it."""
        for segment in self._store.log.lost():
            for size_bytes, frames in self._moving.parts_of(segment, gone=True):
                if not self.write(frames, size_bytes):
                    return False
            with self._lock:
                self._store.ledger.forget_segment(segment)
                self._saved.give_back(segment)
            self._store.log.forget(segment)
        for size_bytes, frames in self._moving.unsaved_parts():
            if not self.write(frames, size_bytes):
                return False
        with self._lock:
            self._store.unsaved.clear()
        return self.write(lambda _: None, 512)

    def close(self) -> None:
        """Write what is settled, and note how far the log has come. Called with `turn`."""
        if self.trouble:
            self.heal()
        if self.flush() and not self._read_only:
            with self._lock:
                mark = self._saved.mark(closed=True)
            self._store.log.keep_mark(mark)
        self._tell_what_is_lost()

    def _tell_what_is_lost(self) -> None:
        """What is only in memory now goes with the process."""
        ledger = self._store.ledger
        lost = sum(bool(ledger.states(seq) & _WANTED) for seq in self._store.unsaved.payloads)
        if lost:
            _log.error("outbox closed while the disk is ill events_lost=%d", lost)

    def look(self) -> bool:
        """Is everything still where it was? Mending waits a second, since who moves a folder may not be done yet."""
        with self.turn:
            if not self.trouble and not self._store.log.look():
                self.ail(StorageError(self._store.log.trouble))
            return not self.trouble
