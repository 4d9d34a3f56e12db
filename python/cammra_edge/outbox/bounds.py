"""What goes when the outbox, or one profile's queue, is full.

In this order, oldest first, until there is room again (and a twentieth more, at most 500 events, so that a full
outbox does not search at every event, nor hold up its users for long when it does):

1. what is parked beyond a tenth of the bound (of the outbox's: one profile's counts what waits),
2. Updates that a later Update of the same vehicle has overtaken,
3. images of Updates, 4. images of the others (only where bytes are short),
5. Updates, 6. the other events, 7. what else is parked.

An event that was tried, or is in flight, is neither changed nor dropped. Each loss is counted by reason.
Held by `tests/outbox/test_bounds.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.model import EventKind
from cammra_edge.outbox.rows import numbers_from
from cammra_edge.outbox.values import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from cammra_edge.outbox.database import Database

KEPT_WHEN_FULL = 0.95
MOST_MORE = 500
PARKED_SHARE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may wait. `None` is no limit."""

    max_bytes: int | None = None
    max_events: int | None = None

    def exceeded(self, size_bytes: int, events: int) -> bool:
        """Is it too much?"""
        return (self.max_bytes is not None and size_bytes > self.max_bytes) or (
            self.max_events is not None and events > self.max_events
        )

    def eased(self) -> Limits:
        """What to come down to."""
        return Limits(
            max_bytes=None if self.max_bytes is None else int(self.max_bytes * KEPT_WHEN_FULL),
            max_events=None
            if self.max_events is None
            else max(int(self.max_events * KEPT_WHEN_FULL), self.max_events - MOST_MORE),
        )


PAGE = 512
_COLUMNS = (
    "seq, max(kind) as kind, max(car_id) as car_id, max(attempts) as attempts,"
    " max(state) as parked, max(pictures) as pictures"
)


class _Row(NamedTuple):
    seq: int
    kind: str
    car_id: int
    attempts: int
    parked: int
    pictures: int


@dataclass(slots=True)
class Room:
    """Makes room in a database, for all profiles together or for one (`profile_id`)."""

    database: Database
    limits: Limits
    in_flight: Collection[int]
    profile_id: int | None = None
    losses: Counter[tuple[int, Dropped]] = field(default_factory=Counter)

    def make(self) -> None:
        """Drop what must go; call it inside a transaction."""
        if not self.limits.exceeded(*self._held()):
            return
        self.limits = self.limits.eased()
        parked = list(self._parked())
        share = (self.limits.max_events or 0) // PARKED_SHARE
        self._go(parked[: max(0, len(parked) - share)], self._drop, Dropped.PARKED_OVERFLOW)
        self._go(self._overtaken(), self._drop, Dropped.STALE_UPDATE)
        if self.limits.max_bytes is not None and self._held()[0] > self.limits.max_bytes:
            self._go(self._untried(updates=True), self._strip, Dropped.UPDATE_IMAGE)
            self._go(self._untried(updates=False), self._strip, Dropped.IMAGE)
        self._go(self._untried(updates=True), self._drop, Dropped.OVERFLOW)
        self._go(self._untried(updates=False), self._drop, Dropped.OVERFLOW)
        self._go(self._parked(), self._drop, Dropped.PARKED_OVERFLOW)

    def _held(self) -> tuple[int, int]:
        if self.profile_id is None:
            return self.database.stored_bytes, self.database.stored_events
        row = self.database.connection.execute(
            "select ifnull(sum(bytes), 0), count(*) from deliveries where profile_id = ? and state = 0",
            (self.profile_id,),
        ).fetchone()
        return int(row[0]), int(row[1])

    def _go(
        self, rows: Iterable[_Row], let_go: Callable[[_Row, Dropped], int], why: Dropped
    ) -> None:
        """Let go of one after the other until there is room."""
        size_bytes, events = self._held()
        if not self.limits.exceeded(size_bytes, events):
            return
        for row in rows:
            if row.seq in self.in_flight:
                continue
            stored_bytes = self.database.stored_bytes
            freed_bytes = let_go(row, why)
            if self.profile_id is None:
                freed_bytes = stored_bytes - self.database.stored_bytes
            size_bytes -= freed_bytes
            events -= let_go == self._drop
            if not self.limits.exceeded(size_bytes, events):
                return

    # -- who is asked to go ----------------------------------------------------------------------

    def _rows(self, having: str) -> Iterator[_Row]:
        """Events of which this holds, in order; a page is read before anything on it goes."""
        after_seq = -1
        while True:
            page = self.database.connection.execute(
                f"select {_COLUMNS} from deliveries where seq > ?2 and (?1 is null or profile_id = ?1)"  # noqa: S608 - our own words
                f" group by seq having {having} order by seq limit {PAGE}",
                (self.profile_id, after_seq),
            ).fetchall()
            yield from map(_Row._make, page)
            if len(page) < PAGE:
                return
            after_seq = page[-1][0]

    def _overtaken(self) -> Iterator[_Row]:
        cursor = self.database.connection.execute(
            "select seq, kind, car_id, attempts, parked, pictures from"  # noqa: S608 - our own words
            " (select *, lead(seq) over (partition by car_id order by seq) as later from"
            f" (select {_COLUMNS} from deliveries where ?1 is null or profile_id = ?1 group by seq)"
            " where kind = ?2) where later and attempts = 0 and parked = 0 order by seq",
            (self.profile_id, EventKind.UPDATE.value),
        )
        yield from map(_Row._make, cursor.fetchall())

    def _untried(self, *, updates: bool) -> Iterator[_Row]:
        kind = "=" if updates else "<>"
        return self._rows(
            f"max(attempts) = 0 and max(state) = 0 and max(kind) {kind} '{EventKind.UPDATE.value}'"
        )

    def _parked(self) -> Iterator[_Row]:
        return self._rows("max(state) = 1") if self.profile_id is None else iter(())

    # -- letting go ------------------------------------------------------------------------------

    def _drop(self, row: _Row, why: Dropped) -> int:
        """Drop the event's deliveries (or the one profile's); returns the profile's bytes."""
        gone = self.database.connection.execute(
            "delete from deliveries where seq = ?1 and (?2 is null or profile_id = ?2)"
            " returning profile_id, bytes",
            (row.seq, self.profile_id),
        ).fetchall()
        for profile_id, _ in gone:
            self.losses[(profile_id, why)] += 1
        self.database.forget_if_settled(row.seq)
        self.database.unhold(row.car_id)
        return sum(size_bytes for _, size_bytes in gone)

    def _strip(self, row: _Row, why: Dropped) -> int:
        """Let the event's images go (or the one profile's claim on them); returns the claim's bytes."""
        if not row.pictures:
            return 0
        connection = self.database.connection
        event = connection.execute(
            "select bytes, image_nos from events where seq = ?", (row.seq,)
        ).fetchone()
        if event is None or not event[1]:
            return 0
        claimed = connection.execute(
            "select profile_id, bytes from deliveries"
            " where seq = ?1 and (?2 is null or profile_id = ?2) and bytes > ?3",
            (row.seq, self.profile_id, event[0]),
        ).fetchall()
        connection.execute(
            "update deliveries set pictures = 0, bytes = ?3"
            " where seq = ?1 and (?2 is null or profile_id = ?2)",
            (row.seq, self.profile_id, event[0]),
        )
        for profile_id, _ in claimed:
            self.losses[(profile_id, why)] += 1
        shown = connection.execute(
            "select 1 from deliveries where seq = ? and pictures = 1 limit 1", (row.seq,)
        ).fetchone()
        if shown is None:
            self.database.release(numbers_from(event[1]), row.seq)
            self.database.unhold(row.car_id)
            connection.execute("update events set image_nos = '' where seq = ?", (row.seq,))
        return sum(size_bytes - event[0] for _, size_bytes in claimed)
