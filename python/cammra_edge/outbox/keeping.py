"""How long events are remembered, and how their segments are used again.

What was delivered stays, with the pictures that were stored for it, until its time is over or its room is needed.
Then the oldest segment is given back: what still waits in it is written anew, the text of everything else goes to
the text segments, once and without pictures, and so do the ids, so that a repeat is known. Text segments go last.
What waits never goes before what is only remembered.

A crash at any point leaves the segment, or leaves it twice, which a start takes for once.
Held by `tests/outbox/test_keeping.py`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cammra_edge.outbox.log import DamagedError, Purpose, StorageError
from cammra_edge.outbox.moving import Moving
from cammra_edge.outbox.packing import packed
from cammra_edge.storing import LogGroup, log_events, log_has_bare_ids, log_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from threading import RLock

    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.running_time import RunningTime
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.writer import Writer

LOOK_EVERY_NS = 3600 * 1_000_000_000
NS_PER_DAY = 86_400 * 1_000_000_000
SPAN = 8
"""A segment holds events of an eighth of the days at most, and of one day at most: they go together."""
TEXTS_TOGETHER = 128
TEXT_BYTES = 256
"""About the length of a text's frame and digest without the text itself."""
MOST_AT_ONCE = 4
"""Segments given back after one group, so that a long overdue outbox does not hold up its engine."""


class Keeping:
    """See the module. `bound` says what made it forget last: `days`, `bytes`, or nothing yet.

    Args:
        settings: The bounds.
        store: Where events are.
        writer: Who writes; its `turn` is held by whoever calls.
        lock: The outbox's own.
        running_time: What ages are counted by.
        clock: Where the time comes from.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        settings: OutboxSettings,
        store: Store,
        writer: Writer,
        lock: RLock,
        *,
        running_time: RunningTime,
        clock: Clock,
    ) -> None:
        self.bound = ""
        self._store = store
        self._writer = writer
        self._moving = Moving(store)
        self._running_time = running_time
        self._lock = lock
        self._clock = clock
        self._remembers = settings.history_days > 0 and settings.history_bytes > 0
        self._max_bytes = settings.max_bytes
        self._history_bytes = settings.history_bytes if self._remembers else 0
        self._longest_ns = round(settings.history_days * NS_PER_DAY)
        self._longest_span_ns = min(NS_PER_DAY, self._longest_ns // SPAN)
        self._begun_ns: dict[int, int] = {}
        self._filled: dict[int, int] = {}
        self._inherited = frozenset(filter(store.log.is_open, store.log.numbers()))
        self._seen_bytes = -1
        self._look_at_ns = 0

    def tend(self) -> None:
        """Give segments back where it is time, and see that there is a spare one.

        Called with the writer's turn, without the lock, after each group.
        """
        self._give_back_overdue()
        self._store.log.have_spare()

    def _give_back_overdue(self) -> None:
        now_ns = self._clock.mono_ns()
        size_bytes = self._store.log.size_bytes
        if self._writer.trouble or (size_bytes == self._seen_bytes and now_ns < self._look_at_ns):
            return
        self._look_at_ns = now_ns + LOOK_EVERY_NS
        self._end_long_segments()
        for _ in range(MOST_AT_ONCE):
            overdue = self._overdue()
            if overdue is None:
                self._seen_bytes = self._store.log.size_bytes
                return
            segment, bound, texts = overdue
            if not self._give_back(segment, texts=texts):
                return
            self.bound = bound or self.bound
            if not texts and not self._blank_spare():
                return
        self._look_at_ns = now_ns

    def tend_when_due(self) -> None:
        """As `tend`, for an outbox that nobody puts anything into; does not wait for another who writes."""
        if self._clock.mono_ns() >= self._look_at_ns and self._writer.turn.acquire(blocking=False):
            try:
                self.tend()
            finally:
                self._writer.turn.release()

    # -- which one -------------------------------------------------------------------------------

    def _overdue(self) -> tuple[int, str, bool] | None:
        """The segment that goes next, the bound that wants it, and whether its texts stay."""
        for segment in self._closed(None):
            if self._age_ns(segment) > self._longest_ns and self._has_settled(segment):
                return segment, "days" if self._remembers else "", False
        with self._lock:
            live = {number: bytes_ for number, bytes_, *_ in self._store.ledger.segments()}
        over_bytes = self._store.log.size_bytes - sum(live.values()) - self._history_bytes
        if over_bytes <= 0:
            return None
        return self._oldest_spent(live) or self._emptiest(live) or self._oldest_text()

    def _end_long_segments(self) -> None:
        """What is stored a long time after a segment was begun goes into the next one."""
        log = self._store.log
        now_ns = self._running_time.now_ns()
        for purpose in Purpose if self._remembers else ():
            for segment in filter(log.is_open, log.numbers(purpose)):
                if segment not in self._begun_ns:
                    # A new one may begin with old events that were moved there.
                    oldest = self._stored_ns(segment) if segment in self._inherited else None
                    age_ns = self._running_time.age_with_absences_ns(oldest[0]) if oldest else 0
                    self._begun_ns[segment] = now_ns - age_ns
                if now_ns - self._begun_ns[segment] > self._longest_span_ns:
                    self._end(purpose)

    def _end(self, purpose: Purpose) -> None:
        try:
            self._store.log.close_segment(purpose)
        except StorageError as error:
            self._writer.ail(error)

    def _oldest_spent(self, live: Mapping[int, int]) -> tuple[int, str, bool] | None:
        for segment in self._closed(Purpose.EVENTS):
            if 2 * self._spent_bytes(segment, live) >= self._filled_bytes(segment):
                return segment, "bytes" if self._remembers else "", self._remembers
        return None

    def _emptiest(self, live: Mapping[int, int]) -> tuple[int, str, bool] | None:
        """Where much waits everywhere: the segment that gives most.

        A quarter of it is worth copying the rest before text goes; an eighth, where the files are more than all bounds
        together.
        """
        spent = {
            segment: self._spent_bytes(segment, live) for segment in self._closed(Purpose.EVENTS)
        }
        segment = max(spent, key=spent.__getitem__, default=None)
        is_too_much = self._store.log.size_bytes > self._max_bytes + self._history_bytes
        worth = 8 if is_too_much else 4
        if segment is None or worth * spent[segment] < self._filled_bytes(segment):
            return None
        return segment, "bytes" if self._remembers else "", self._remembers

    def _oldest_text(self) -> tuple[int, str, bool] | None:
        for segment in self._closed(Purpose.TEXT) if self._remembers else ():
            if self._stored_ns(segment) or self._has_few_ids(segment):
                return segment, "bytes", False
        return None

    def _has_few_ids(self, segment: int) -> bool:
        """Is most of a segment that holds ids alone no longer worth knowing? The rest has to be copied."""
        digests = self._digests(segment)
        probe = LogGroup(self._store.log.store_id, segment, 0)
        probe.ids(self._store.ledger, digests)
        return 2 * len(probe.digests()) < len(digests)

    def _closed(self, purpose: Purpose | None) -> Iterator[int]:
        log = self._store.log
        lost = log.lost()
        return (n for n in log.numbers(purpose) if not log.is_open(n) and n not in lost)

    def _spent_bytes(self, segment: int, live: Mapping[int, int]) -> int:
        """How much of a closed segment's frames nobody waits for.

        What it never held counts for nothing: moving what is live would leave as much free elsewhere.
        """
        return self._filled_bytes(segment) - live.get(segment, 0)

    def _filled_bytes(self, segment: int) -> int:
        filled = self._filled.get(segment)
        if filled is None:
            filled = self._filled[segment] = self._store.log.filled_bytes(segment)
        return filled

    def _has_settled(self, segment: int) -> bool:
        """Does it hold an event that nobody waits for any more?"""
        with self._lock:
            live = set(self._store.ledger.live_in(segment))
        return any(seq not in live for seq, *_ in log_events(self._digests(segment)))

    def _age_ns(self, segment: int) -> int:
        """How long ago the newest of its events was stored."""
        stored = self._stored_ns(segment)
        return self._running_time.age_with_absences_ns(stored[1]) if stored else 0

    def _stored_ns(self, segment: int) -> tuple[int, int] | None:
        """Running time when the oldest and the newest of its events were stored; `None` where there is none."""
        held = self._store.overviews.of(segment)
        return (held.oldest_stored_ns, held.newest_stored_ns) if held and held.events else None

    def is_remembered(self, stored_ns: int) -> bool:
        """Is an event that was stored then still to be shown?"""
        return self._running_time.age_with_absences_ns(stored_ns) < self._longest_ns

    def _digests(self, segment: int) -> bytes:
        try:
            return self._store.log.digests(segment)
        except (DamagedError, StorageError):
            return b""

    # -- giving back -----------------------------------------------------------------------------

    def _give_back(self, segment: int, *, texts: bool) -> bool:
        """Keep what matters of a segment, and let its file go; False when the disk does not let us."""
        ledger, log = self._store.ledger, self._store.log
        try:
            digests = self._keep(segment, texts=texts)
        except StorageError as error:
            self._writer.ail(error)
            return False
        if digests is None:
            return False
        with self._lock:
            ledger.carry(segment, digests)
        self._writer.give_back(segment)
        if not self._writer.flush():
            return False
        with self._lock:
            ledger.forget_segment(segment)
        self._store.overviews.forget(segment)
        self._begun_ns.pop(segment, None)
        self._filled.pop(segment, None)
        try:
            log.retire(segment)
        except StorageError as error:
            self._writer.ail(error)
            return False
        return True

    def _keep(self, segment: int, *, texts: bool) -> bytes | None:
        """Write anew what matters of a segment; its digests, `None` when the disk does not take it.

        Raises:
            StorageError: It cannot be read now, so it must not go.
        """
        log = self._store.log
        digests = b""
        with contextlib.suppress(DamagedError):
            digests = log.digests(segment)
        if segment in log.numbers(Purpose.EVENTS):
            for size_bytes, frames in self._moving.parts_of(segment):
                if not self._writer.write(frames, size_bytes):
                    return None
        kept = self._keep_texts(segment, digests) if texts else self._keep_ids(digests)
        return digests if kept else None

    def _blank_spare(self) -> bool:
        """What was too old is not to be read out of the file that is used next."""
        try:
            self._store.log.blank_spare()
        except StorageError as error:
            self._writer.ail(error)
            return False
        return True

    def _keep_texts(self, segment: int, digests: bytes) -> bool:
        ledger = self._store.ledger
        with self._lock:
            spent = [
                (seq, offset, length)
                for seq, offset, length, _ in log_events(digests)
                if ledger.place(seq) in {None, (segment, offset, length)}
            ]
        texts: list[tuple[bytes, bytes]] = []
        has_bare_ids = log_has_bare_ids(digests)
        for _, offset, length in spent:
            try:
                payload = self._store.log.read(segment, offset, length)[1]
            except DamagedError:
                has_bare_ids = True
            else:
                texts.append((payload, packed(log_text(payload))))
        for begin in range(0, len(texts), TEXTS_TOGETHER):
            together = texts[begin : begin + TEXTS_TOGETHER]

            def frames(group: LogGroup, texts: Sequence[tuple[bytes, bytes]] = together) -> None:
                for payload, text in texts:
                    group.text(ledger, payload, text)

            if not self._write_texts(frames, sum(TEXT_BYTES + len(text) for _, text in together)):
                return False
        return self._keep_ids(digests) if has_bare_ids else True

    def _keep_ids(self, digests: bytes) -> bool:
        ledger = self._store.ledger
        return self._write_texts(lambda group: group.ids(ledger, digests), len(digests))

    def _write_texts(self, frames: Callable[[LogGroup], None], size_bytes: int) -> bool:
        return self._writer.write(frames, size_bytes, purpose=Purpose.TEXT)
