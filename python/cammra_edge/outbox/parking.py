"""The parked deliveries, for a person: list, show, retry, discard.

Reached as `outbox.parking`. Everything here commits what is settled first and holds the outbox's lock.
Held by `tests/outbox/test_parking.py`.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox import records
from cammra_edge.outbox.values import Delivery, Dropped, Parked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import RLock

    from cammra_edge.outbox.database import Database
    from cammra_edge.outbox.storage import Storage
    from cammra_edge.outbox.tallies import Tallies


class Parking:
    """What will never be taken as it is.

    Args:
        lock: The outbox's own.
        storage: Where the deliveries lie.
        tallies: Where discarding is counted.
        settle: Commits what is settled.
        changed: Called with the lock held after rows changed.
        wake: Called without it, with the profiles that have something to send.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        lock: RLock,
        storage: Storage,
        tallies: Tallies,
        *,
        settle: Callable[[], None],
        changed: Callable[[], None],
        wake: Callable[[set[int]], None],
    ) -> None:
        self._lock = lock
        self._storage = storage
        self._tallies = tallies
        self._settle = settle
        self._changed = changed
        self._wake = wake

    def listed(self, profile_id: int | None = None) -> list[Parked]:
        """Parked deliveries of one profile or of all, oldest first."""
        with self._lock:
            self._settle()
            return self._storage.read(lambda storage: self._listed(storage, profile_id), [])

    def _listed(self, storage: Storage, profile_id: int | None) -> list[Parked]:
        return [
            Parked(
                profile_id=profile,
                seq=seq,
                event_id=self._event_id(seq),
                packet=packet,
                kind=kind,
                attempts=attempts,
                why=why,
                words=words,
                parked_utc_ns=utc_ns,
            )
            for database in storage.databases
            for profile, seq, packet, kind, attempts, why, words, utc_ns in (
                database.queries.parked(profile_id)
            )
        ]

    def _event_id(self, seq: int) -> str:
        try:
            body = self._storage.first(lambda queries: queries.body(seq))
            return "" if body is None else records.record_from(body).event.event_id
        except (ValueError, TypeError, KeyError):
            return ""

    def show(self, profile_id: int, seq: int) -> Delivery | None:
        """One of them whole, with its images; `None` when it is not parked, or damaged."""
        with self._lock:
            found = next((row for row in self.listed(profile_id) if row.seq == seq), None)
            if found is None:
                return None
            try:
                body = self._storage.first(lambda queries: queries.body(seq))
                if body is None:
                    return None
                event, images = records.event_with_images(
                    records.record_from(body),
                    profile_id,
                    lambda no: self._storage.first(lambda queries: queries.image(no)),
                )
            except (ValueError, TypeError, KeyError):
                return None
            return Delivery(
                profile_id=profile_id,
                seq=seq,
                packet=found.packet,
                attempts=found.attempts,
                age_ns=0,
                event=event,
                images=images,
            )

    def retry(self, profile_id: int | None = None, seq: int | None = None) -> int:
        """Let them wait again (one, a profile's, or all), in their old places; returns how many.

        Raises:
            OutboxError: The disk does not take it now.
        """
        with self._lock:
            rows = self._change(profile_id, seq, lambda database: database.unpark)
        # A worker holds its own lock while it asks the outbox; waking it under ours would lock both.
        self._wake({row.profile_id for row in rows})
        return len(rows)

    def discard(self, profile_id: int | None = None, seq: int | None = None) -> int:
        """Let them go for good, counted; returns how many.

        Raises:
            OutboxError: The disk does not take it now.
        """
        with self._lock:
            rows = self._change(profile_id, seq, lambda database: database.drop)
            for row in rows:
                self._tallies.drop(row.profile_id, Dropped.DISCARDED)
        return len(rows)

    def _change(
        self,
        profile_id: int | None,
        seq: int | None,
        change: Callable[[Database], Callable[[int, int], None]],
    ) -> list[Parked]:
        rows = [row for row in self.listed(profile_id) if seq in {None, row.seq}]
        try:
            for database in self._storage.databases:
                with database.transaction():
                    for row in rows:
                        change(database)(row.seq, row.profile_id)
        except sqlite3.Error as error:
            raise OutboxError(f"the disk does not take it now: {error}") from error
        self._changed()
        return rows

    def whole(
        self, profile_id: int | None = None, seq: int | None = None
    ) -> Iterator[tuple[Parked, Delivery]]:
        """Each of a profile or of all, or one, with event and images; damaged ones are passed over."""
        for row in self.listed(profile_id):
            delivery = self.show(row.profile_id, row.seq) if seq in {None, row.seq} else None
            if delivery is not None:
                yield row, delivery
