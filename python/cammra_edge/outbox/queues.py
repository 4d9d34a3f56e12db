"""All profiles' queues: what is taken next, and what became of what was taken.

Settling changes the ledger at once, in memory; what the log has to be told of it gathers there. Not thread-safe, and
nothing here waits for a disk: the outbox has the lock. `read` alone is called without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox import records
from cammra_edge.outbox.lane import LOOK_AHEAD, Lane, TakeRules
from cammra_edge.outbox.rows import DeliveryRow
from cammra_edge.outbox.values import Delivery, Dropped, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cammra_edge.clock import Clock
    from cammra_edge.model import Event
    from cammra_edge.outbox.lane import Entry
    from cammra_edge.outbox.rows import EventRow
    from cammra_edge.outbox.running_time import RunningTime
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.tallies import Tallies

PASSED_AT_ONCE = 256
_PARKED = 2


class Queues:
    """One lane per profile over one store."""

    def __init__(
        self,
        store: Store,
        tallies: Tallies,
        running_time: RunningTime,
        clock: Clock,
        *,
        longest_ns: int,
    ) -> None:
        self._store = store
        self._tallies = tallies
        self._running_time = running_time
        self._clock = clock
        self._longest_ns = longest_ns
        self._lanes: dict[int, Lane] = {}

    def look_anew(self) -> None:
        """Something else than put and settle has changed the ledger."""
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
        """New events are stored; returns whom they concern."""
        concerned: set[int] = set()
        for row in rows:
            self._store.recent.put(row)
            event = row.event
            for wanted in row.wanted:
                concerned.add(wanted.profile_id)
                self.lane(wanted.profile_id).put(
                    DeliveryRow(
                        row.seq,
                        wanted.profile_id,
                        wanted.packet,
                        0,
                        event.car_id,
                        event.kind.value,
                        row.stored_ns,
                        wanted.size_bytes,
                    )
                )
            for one in row.new.wanted_by:
                if one.held:
                    self.lane(one.profile_id).hold(row.seq)
        return concerned

    # -- taking ----------------------------------------------------------------------------------

    def pick(self, profile_id: int, rules: TakeRules) -> Entry | None:
        """The next delivery to try, in flight from now on; what is worthless by now is passed over and counted.

        Passes over so many at most, so that a long expired backlog does not hold the outbox for seconds; then the
        answer is `None` though the lane says that something is due.
        """
        lane = self.lane(profile_id)
        if lane.is_empty:
            return None
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
                lane.send(entry)
                return entry
        return None

    def _expired(self, entry: Entry, now_ns: int, rules: TakeRules) -> bool:
        limit_ns = rules.expires_ns.get(entry.row.kind, self._longest_ns)
        return now_ns - entry.row.stored_ns > min(limit_ns, self._longest_ns)

    def fill(self, profile_id: int) -> None:
        """Load as much of the backlog as the lane needs."""
        lane = self.lane(profile_id)
        while lane.wants_rows():
            rows = self._store.ledger.waiting(profile_id, lane.cursor, LOOK_AHEAD)
            lane.load(map(DeliveryRow._make, rows))
            lane.cursor = rows[-1][0] if rows else lane.cursor
            lane.exhausted = len(rows) < LOOK_AHEAD

    def _load_vehicle(self, profile_id: int, car_id: int) -> None:
        rows = self._store.ledger.waiting_of(profile_id, car_id)
        self.lane(profile_id).load_vehicle(map(DeliveryRow._make, rows))

    def from_memory(self, entry: Entry) -> Delivery | None:
        """The delivery, where all that it carries is at hand."""
        row = entry.row
        recent = self._store.recent.get(row.seq)
        if recent is None:
            return None
        event, pictures = recent
        known = self._store.ledger.delivery(row.seq, row.profile_id)
        if known is None or (event.images and not known[3]):
            return None
        carried: dict[str, bytes] = {}
        for place, image in enumerate(event.images):
            if known[4] >> place & 1:
                data = pictures.get(image.image_key)
                if data is None:
                    return None
                carried[image.image_key] = data
        return self._delivery(entry, event, carried)

    def read(self, entry: Entry) -> Delivery | Dropped | None:
        """As `fetch`, ready to be sent."""
        found = self.fetch(entry.row.profile_id, entry.row.seq)
        if found is None or isinstance(found, Dropped):
            return found
        return self._delivery(entry, *found)

    def fetch(
        self, profile_id: int, seq: int
    ) -> tuple[Event, Mapping[str, bytes]] | Dropped | None:
        """An event with what a profile carries of it, from the log. Called without the lock.

        Returns:
            Why it cannot be sent, or `None`: it has gone meanwhile, and was counted.

        Raises:
            StorageError: The disk does not let us.
        """
        store = self._store
        try:
            payload = store.payload(seq)
            known = store.ledger.delivery(seq, profile_id)
            if known is None:
                return None
            if payload is None:
                return Dropped.DAMAGED
            event = records.event_from(payload)
            nos = records.image_nos(payload, event, [no for no, *_ in store.ledger.images(seq)])
            recent = store.recent.get(seq)
            at_hand = recent[1] if recent else {}

            def load(key: str, no: int) -> bytes | None:
                return at_hand.get(key) or store.picture(no) if known[3] else None

            return records.event_for(event, known[4], nos, load)
        except (ValueError, TypeError, KeyError):
            return Dropped.DAMAGED

    def _delivery(self, entry: Entry, event: Event, images: Mapping[str, bytes]) -> Delivery:
        row = entry.row
        return Delivery(
            profile_id=row.profile_id,
            seq=row.seq,
            packet=row.packet,
            attempts=entry.attempts,
            age_ns=max(0, self._running_time.now_ns() - row.stored_ns),
            event=event,
            images=images,
        )

    def next_due(self, profile_id: int, rules: TakeRules) -> int | None:
        """When `pick` may find something again without a `put`."""
        self.fill(profile_id)
        return self.lane(profile_id).next_due(rules, self._running_time.now_ns())

    def put_back(self, profile_id: int, seq: int) -> None:
        """It was not tried."""
        self.lane(profile_id).take_back(seq)

    # -- settling --------------------------------------------------------------------------------

    def done(self, profile_id: int, seq: int) -> None:
        """The receiver has it."""
        self._tallies.change(profile_id).delivered += 1
        self._store.ledger.done(seq, profile_id)
        self._leave(profile_id, seq)

    def expire(self, profile_id: int, seq: int) -> None:
        """Too old to be worth sending."""
        self._tallies.change(profile_id).expired += 1
        self._store.ledger.expire(seq, profile_id)
        self._leave(profile_id, seq)

    def drop(self, profile_id: int, seq: int, why: Dropped) -> None:
        """Gone for a counted reason."""
        self._tallies.drop(profile_id, why)
        self._store.ledger.drop(seq, profile_id, why.value)
        self._leave(profile_id, seq)

    def _leave(self, profile_id: int, seq: int) -> None:
        self.lane(profile_id).drop(seq)
        self._store.recent.settled(seq)

    def postpone(self, delivery: Delivery, due_mono_ns: int) -> None:
        """Not now; keeps its place and its packet."""
        entry = self.lane(delivery.profile_id).take_back(delivery.seq)
        if entry is None:
            return
        entry.due_mono_ns = due_mono_ns
        entry.attempts = delivery.attempts + 1
        self._tallies.change(delivery.profile_id).retried += 1
        self._store.ledger.attempts(delivery.seq, delivery.profile_id, entry.attempts)

    def park(self, delivery: Delivery, why: str, words: str) -> None:
        """Keep it for a person."""
        profile_id, seq = delivery.profile_id, delivery.seq
        self._tallies.change(profile_id).parked += 1
        utc_ns = max(0, self._clock.utc_ns())  # the log knows no time before 1970; some clocks do
        self._store.ledger.park(seq, profile_id, delivery.attempts + 1, utc_ns, why, words)
        self._leave(profile_id, seq)

    # -- seeing it -------------------------------------------------------------------------------

    def depth(self, profile_id: int, state: int = 1) -> tuple[int, int]:
        """Events and bytes of a profile that wait, or (2) are parked."""
        for profile, bit, events, size_bytes in self._store.ledger.totals():
            if (profile, bit) == (profile_id, state):
                return events, size_bytes
        return 0, 0

    def waiting(self, profile_id: int) -> Waiting:
        """What stands in a queue, with what is in flight."""
        events, size_bytes = self.depth(profile_id)
        oldest_ns = self.lane(profile_id).oldest_stored_ns()
        return Waiting(
            events=events,
            size_bytes=size_bytes,
            oldest_age_ns=0
            if oldest_ns is None
            else max(0, self._running_time.now_ns() - oldest_ns),
            parked=self.depth(profile_id, _PARKED)[0],
        )
