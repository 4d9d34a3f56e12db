"""All profiles' queues: what is taken next, and what became of what was taken.

Not thread-safe and without a clock of its own beyond what it is given: the outbox has the lock and commits
what gathers in `settled`. What the disk does wrong leaves as `sqlite3.Error`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox import records
from cammra_edge.outbox.lane import LOOK_AHEAD, Lane, TakeRules
from cammra_edge.outbox.rows import Settled
from cammra_edge.outbox.tallies import Depths
from cammra_edge.outbox.values import Delivery, Dropped, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.clock import Clock
    from cammra_edge.outbox.lane import Entry
    from cammra_edge.outbox.rows import DeliveryRow, EventRow
    from cammra_edge.outbox.running_time import RunningTime
    from cammra_edge.outbox.storage import Storage
    from cammra_edge.outbox.tallies import Tallies

PASSED_AT_ONCE = 256


class Queues:
    """One lane per profile over one storage."""

    def __init__(
        self,
        storage: Storage,
        tallies: Tallies,
        running_time: RunningTime,
        clock: Clock,
        *,
        longest_ns: int,
    ) -> None:
        self._storage = storage
        self._tallies = tallies
        self._running_time = running_time
        self._clock = clock
        self._longest_ns = longest_ns
        self._lanes: dict[int, Lane] = {}
        self._unsure: set[tuple[int, int]] = set()
        self.depths = Depths(())
        self.settled = Settled()

    def recount(self) -> None:
        """Look at the databases anew, after something else than put and settle changed them."""
        self.depths = Depths(self._storage.totals())
        for lane in self._lanes.values():
            lane.reset()

    def lane(self, profile_id: int) -> Lane:
        """A profile's lane."""
        lane = self._lanes.get(profile_id)
        if lane is None:
            lane = self._lanes[profile_id] = Lane()
        return lane

    def in_flight(self) -> set[int]:
        """Places of all events that are being tried."""
        return {seq for lane in self._lanes.values() for seq in lane.in_flight()}

    def put(self, rows: Iterable[EventRow]) -> set[int]:
        """New events are on their way into the database; returns whom they concern."""
        concerned: set[int] = set()
        for row in rows:
            for delivery in row.deliveries:
                concerned.add(delivery.profile_id)
                self.lane(delivery.profile_id).put(delivery)
                self.depths.put(delivery.profile_id, delivery.size_bytes)
        return concerned

    def hand_over(self) -> Settled:
        """What is settled, to be committed now; until `committed` the databases may still show it."""
        settled, self.settled = self.settled, Settled()
        self._unsure |= settled.keys()
        return settled

    def committed(self) -> None:
        """The databases show all that was handed over."""
        self._unsure.clear()

    # -- taking ----------------------------------------------------------------------------------

    def take(self, profile_id: int, rules: TakeRules) -> Delivery | None:
        """The next delivery to try; what is worthless by now is passed over and counted.

        Passes over so many at most, so that a long expired backlog does not hold the outbox for seconds; then the
        answer is `None` though the lane says that something is due.
        """
        lane = self.lane(profile_id)
        for _ in range(PASSED_AT_ONCE):
            self.fill(profile_id)
            now_ns = self._running_time.now_ns()
            entry = lane.pick(
                now_mono_ns=self._clock.mono_ns(),
                now_ns=now_ns,
                rules=rules,
                load_vehicle=lambda car_id: self._load_vehicle(profile_id, car_id),
            )
            if entry is None:
                return None
            if self._expired(entry, now_ns, rules):
                self.expire(profile_id, entry.row.seq)
            elif rules.coalesce and lane.superseded(entry):
                self.drop(profile_id, entry.row.seq, Dropped.COALESCED)
            else:
                delivery = self._delivery_from(entry, now_ns)
                if delivery is not None:
                    entry.in_flight = True
                    return delivery
        return None

    def _expired(self, entry: Entry, now_ns: int, rules: TakeRules) -> bool:
        limit_ns = rules.expires_ns.get(entry.row.kind, self._longest_ns)
        return now_ns - entry.row.stored_ns > min(limit_ns, self._longest_ns)

    def fill(self, profile_id: int) -> None:
        """Load as much of the backlog as the lane needs."""
        lane = self.lane(profile_id)
        while lane.wants_rows():
            rows = self._storage.waiting(profile_id, after_seq=lane.cursor, limit=LOOK_AHEAD)
            lane.load(self._unsettled(rows))
            lane.cursor = rows[-1].seq if rows else lane.cursor
            lane.exhausted = len(rows) < LOOK_AHEAD

    def _load_vehicle(self, profile_id: int, car_id: int) -> None:
        self._storage.index_vehicles()
        rows = self._unsettled(self._storage.waiting_of(profile_id, car_id))
        self.lane(profile_id).load_vehicle(rows)

    def _unsettled(self, rows: Iterable[DeliveryRow]) -> list[DeliveryRow]:
        gone = self.settled.keys() | self._unsure
        return [row for row in rows if (row.seq, row.profile_id) not in gone]

    def _delivery_from(self, entry: Entry, now_ns: int) -> Delivery | None:
        row, storage = entry.row, self._storage
        try:
            body = storage.first(lambda queries: queries.body(row.seq))
            if body is None:
                if storage.any(lambda queries: queries.waits(row.seq, row.profile_id)):
                    self.drop(row.profile_id, row.seq, Dropped.DAMAGED)
                else:  # gone as too old or by overflow, and counted there
                    self.lane(row.profile_id).drop(row.seq)
                return None
            event, images = records.event_with_images(
                records.record_from(body),
                row.profile_id,
                lambda no: (
                    storage.first(lambda queries: queries.image(no)) if row.pictures else None
                ),
            )
        except (ValueError, TypeError, KeyError):
            self.drop(row.profile_id, row.seq, Dropped.DAMAGED)
            return None
        return Delivery(
            profile_id=row.profile_id,
            seq=row.seq,
            packet=row.packet,
            attempts=entry.attempts,
            age_ns=max(0, now_ns - row.stored_ns),
            event=event,
            images=images,
        )

    # -- settling --------------------------------------------------------------------------------

    def done(self, profile_id: int, seq: int) -> None:
        """The receiver has it."""
        self._tallies.change(profile_id).delivered += 1
        self._gone(profile_id, seq)

    def expire(self, profile_id: int, seq: int) -> None:
        """Too old to be worth sending."""
        self._tallies.change(profile_id).expired += 1
        self._gone(profile_id, seq)

    def drop(self, profile_id: int, seq: int, why: Dropped) -> None:
        """Gone for a counted reason."""
        self._tallies.drop(profile_id, why)
        self._gone(profile_id, seq)

    def _gone(self, profile_id: int, seq: int) -> None:
        self.settled.gone.append((seq, profile_id))
        self._leave(profile_id, seq)

    def _leave(self, profile_id: int, seq: int) -> None:
        entry = self.lane(profile_id).drop(seq)
        if entry is not None:
            self.depths.gone(profile_id, entry.row.size_bytes)

    def postpone(self, delivery: Delivery, due_mono_ns: int) -> None:
        """Not now; keeps its place and its packet."""
        entry = self.lane(delivery.profile_id).entries.get(delivery.seq)
        if entry is None:
            return
        entry.in_flight = False
        entry.due_mono_ns = due_mono_ns
        entry.attempts = delivery.attempts + 1
        self._tallies.change(delivery.profile_id).retried += 1
        self.settled.attempts[(delivery.seq, delivery.profile_id)] = entry.attempts

    def park(self, delivery: Delivery, why: str, words: str) -> None:
        """Keep it for a person."""
        profile_id, seq = delivery.profile_id, delivery.seq
        self._tallies.change(profile_id).parked += 1
        self.settled.parked.append(
            (seq, profile_id, why, words, self._clock.utc_ns(), delivery.attempts + 1)
        )
        self._leave(profile_id, seq)
        self.depths.of(profile_id).parked += 1

    # -- seeing it -------------------------------------------------------------------------------

    def waiting(self, profile_id: int) -> Waiting:
        """What stands in a queue, with what is in flight."""
        depth = self.depths.of(profile_id)
        oldest_ns = self.lane(profile_id).oldest_stored_ns()
        return Waiting(
            events=depth.events,
            size_bytes=depth.size_bytes,
            oldest_age_ns=0
            if oldest_ns is None
            else max(0, self._running_time.now_ns() - oldest_ns),
            parked=depth.parked,
        )
