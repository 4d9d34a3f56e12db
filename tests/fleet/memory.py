"""An outbox in memory, so that thousands of cameras fit one machine: the real lane, without a log under it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cammra_edge.outbox import Delivery, TakeRules
from cammra_edge.outbox.lane import LOOK_AHEAD, Lane
from cammra_edge.outbox.outbox import DEFAULT_RULES
from cammra_edge.outbox.rows import DeliveryRow
from cammra_edge.outbox.values import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.model import Event
    from cammra_edge.outbox.bounds import Limits
    from cammra_edge.outbox.values import Dropped


class MemoryOutbox:
    """As much of `Outbox` as one delivery worker asks for, for one profile."""

    def __init__(self, clock: Clock) -> None:
        self.delivered: set[str] = set()
        self.parked = 0
        self.backlog_s: list[float] = []
        """When each delivery of the backlog was taken."""
        self._clock = clock
        self._lock = threading.RLock()
        self._lane = Lane()
        self._rows: dict[int, DeliveryRow] = {}
        self._events: dict[int, Event] = {}
        self._last = 0
        self._wake: Callable[[], None] = lambda: None

    def put(self, event: Event) -> None:
        """The camera says something."""
        with self._lock:
            self._last = seq = self._last + 1
            row = DeliveryRow(
                seq, 1, seq, 0, event.car_id, event.kind.value, self._clock.mono_ns(), 0
            )
            self._rows[seq], self._events[seq] = row, event
            self._lane.put(row)
        self._wake()

    def profile_id(self, key: str) -> int:
        del key
        return 1

    def limit(self, profile_id: int, limits: Limits) -> None:
        del profile_id, limits

    def listen(self, profile_id: int, wake: Callable[[], None] | None) -> None:
        del profile_id
        self._wake = wake or (lambda: None)

    def wake(self, profile_id: int) -> None:
        del profile_id
        self._wake()

    def take(self, profile_id: int, rules: TakeRules = DEFAULT_RULES) -> Delivery | None:
        with self._lock:
            self._fill()
            now_ns = self._clock.mono_ns()
            entry = self._lane.pick(
                now_mono_ns=now_ns, now_ns=now_ns, rules=rules, load_vehicle=self._load_vehicle
            )
            if entry is None:
                return None
            self._lane.send(entry)
            row = entry.row
            if not rules.is_live(row, now_ns):
                self.backlog_s.append(now_ns / 1e9)
            return Delivery(
                profile_id=profile_id,
                seq=row.seq,
                packet=row.packet,
                attempts=entry.attempts,
                age_ns=now_ns - row.stored_ns,
                event=self._events[row.seq],
                images={},
            )

    def put_back(self, delivery: Delivery) -> None:
        with self._lock:
            self._lane.take_back(delivery.seq)

    def done(self, delivery: Delivery) -> None:
        with self._lock:
            self.delivered.add(delivery.event.event_id)
            self._leave(delivery.seq)

    def park(self, delivery: Delivery, *, why: str, words: str = "") -> None:
        del why, words
        with self._lock:
            self.parked += 1
            self._leave(delivery.seq)

    def drop(self, profile_id: int, seq: int, why: Dropped) -> None:
        del profile_id, why
        with self._lock:
            self._leave(seq)

    def postpone(self, delivery: Delivery, *, due_mono_ns: int) -> None:
        with self._lock:
            entry = self._lane.take_back(delivery.seq)
            if entry is not None:
                entry.due_mono_ns, entry.attempts = due_mono_ns, delivery.attempts + 1

    def release_held(self, profile_id: int) -> None:
        del profile_id
        with self._lock:
            self._lane.release_all()

    def is_empty(self, profile_id: int) -> bool:
        del profile_id
        with self._lock:
            return self._lane.is_empty

    def next_due(self, profile_id: int, rules: TakeRules = DEFAULT_RULES) -> int | None:
        del profile_id
        with self._lock:
            self._fill()
            return self._lane.next_due(rules, self._clock.mono_ns())

    def tick(self) -> int | None:
        return None

    def waiting(self, profile_id: int) -> Waiting:
        del profile_id
        with self._lock:
            return Waiting(events=len(self._rows))

    def _leave(self, seq: int) -> None:
        self._lane.drop(seq)
        self._rows.pop(seq, None)
        self._events.pop(seq, None)

    def _fill(self) -> None:
        while self._lane.wants_rows():
            rows = [row for seq, row in self._rows.items() if seq > self._lane.cursor][:LOOK_AHEAD]
            self._lane.load(rows)
            self._lane.cursor = rows[-1].seq if rows else self._lane.cursor
            self._lane.exhausted = len(rows) < LOOK_AHEAD

    def _load_vehicle(self, car_id: int) -> None:
        self._lane.load_vehicle(row for row in self._rows.values() if row.car_id == car_id)
