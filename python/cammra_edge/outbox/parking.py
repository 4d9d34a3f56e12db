"""The parked deliveries, for a person: list, show, retry, discard.

Reached as `outbox.parking`. Listing asks the ledger alone; what changes something is on disk when it returns.
Held by `tests/outbox/test_parking.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.log import StorageError
from cammra_edge.outbox.values import Delivery, Dropped, Parked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import RLock

    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.tallies import Tallies
    from cammra_edge.outbox.writer import Writer

PAGE = 1000


class Parking:
    """What will never be taken as it is.

    Args:
        lock: The outbox's own.
        store: Where the deliveries are.
        writer: Writes what changes.
        queues: Whose lanes look anew where they changed.
        tallies: Where discarding is counted.
        wake: Called without the lock, with the profiles that have something to send.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        lock: RLock,
        *,
        store: Store,
        writer: Writer,
        queues: Queues,
        tallies: Tallies,
        wake: Callable[[set[int]], None],
    ) -> None:
        self._lock = lock
        self._store = store
        self._writer = writer
        self._queues = queues
        self._tallies = tallies
        self._wake = wake

    def listed(self, profile_id: int | None = None) -> list[Parked]:
        """Parked deliveries of one profile or of all, oldest first."""
        return list(self._all(profile_id))

    def page(
        self, profile_id: int | None = None, *, after: tuple[int, int] = (0, 0), limit: int = PAGE
    ) -> list[Parked]:
        """The next so many behind a place (profile, seq), in the order of profiles and places."""
        with self._lock:
            rows = self._store.ledger.parked(profile_id, after, limit)
        return [
            Parked(
                profile_id=profile,
                seq=seq,
                event_id=event_id.hex(),
                packet=packet,
                kind=kind,
                attempts=attempts,
                why=why,
                words=words,
                parked_utc_ns=utc_ns,
            )
            for profile, seq, packet, kind, attempts, why, words, utc_ns, event_id in rows
        ]

    def _all(self, profile_id: int | None) -> Iterator[Parked]:
        after = (0, 0)
        while page := self.page(profile_id, after=after):
            yield from page
            after = (page[-1].profile_id, page[-1].seq)

    def show(self, profile_id: int, seq: int) -> Delivery | None:
        """One of them whole, with its images; `None` when it is not parked, or cannot be read."""
        rows = self.page(profile_id, after=(profile_id, max(0, seq - 1)), limit=1)
        if not rows or rows[0].seq != seq:
            return None
        try:
            found = self._queues.fetch(profile_id, seq)
        except StorageError:
            return None
        if found is None or isinstance(found, Dropped):
            return None
        event, images = found
        return Delivery(
            profile_id=profile_id,
            seq=seq,
            packet=rows[0].packet,
            attempts=rows[0].attempts,
            age_ns=0,
            event=event,
            images=images,
        )

    def retry(self, profile_id: int | None = None, seq: int | None = None) -> int:
        """Let them wait again (one, a profile's, or all), in their old places; returns how many.

        Raises:
            OutboxError: The disk does not take it now.
        """
        with self._writer.turn:
            self._probe()
            with self._lock:
                rows = self._store.ledger.unpark(profile_id, seq)
                self._queues.look_anew()
            self._writer.flush()
        # A worker holds its own lock while it asks the outbox; waking it under ours would lock both.
        self._wake({profile for _, profile in rows})
        return len(rows)

    def discard(self, profile_id: int | None = None, seq: int | None = None) -> int:
        """Let them go for good, counted; returns how many.

        Raises:
            OutboxError: The disk does not take it now.
        """
        with self._writer.turn:
            self._probe()
            with self._lock:
                rows = self._store.ledger.discard(profile_id, seq)
                for profile, count in Counter(profile for _, profile in rows).items():
                    self._tallies.drop(profile, Dropped.DISCARDED, count)
            self._writer.flush()
        return len(rows)

    def _probe(self) -> None:
        """A person is told at once when the disk does not take what they ask for, and nothing has changed then."""
        if not self._writer.flush(probe=True):
            raise OutboxError(f"the disk does not take it now: {self._writer.trouble}")

    def whole(
        self, profile_id: int | None = None, seq: int | None = None
    ) -> Iterator[tuple[Parked, Delivery]]:
        """Each of a profile or of all, or one, with event and images; damaged ones are passed over."""
        rows = self._all(profile_id) if seq is None else self._one(profile_id, seq)
        for row in rows:
            delivery = self.show(row.profile_id, row.seq)
            if delivery is not None:
                yield row, delivery

    def _one(self, profile_id: int | None, seq: int) -> Iterator[Parked]:
        """One event's parked deliveries, for each profile or for one."""
        with self._lock:
            profiles = {profile for profile, *_ in self._store.ledger.totals()}
        for profile in sorted(profiles if profile_id is None else {profile_id}):
            rows = self.page(profile, after=(profile, seq - 1), limit=1)
            yield from (row for row in rows if row.seq == seq)
