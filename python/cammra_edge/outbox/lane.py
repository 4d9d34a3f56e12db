"""The part of one profile's queue that is in memory: which delivery goes next.

Pure: rows come in, picks go out, time is an argument. However long the backlog on disk, a lane holds
a short stretch of it. Laws, held by `tests/outbox/test_lane.py` and the model in
`tests/property/test_outbox.py`:

1. Of one vehicle, only the oldest unsettled delivery is ever in flight, so its events keep their
   order also when several connections send at once.
2. A delivery that waits for its retry, or is held until it is released, holds up its own vehicle only.
3. `in_order` picks the oldest free delivery. `live_first` picks the newest vehicle among those that
   spoke lately, but that vehicle's oldest delivery; then the backlog, oldest first. `live_only` picks none of the
   backlog, in either order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cammra_edge.outbox.rows import DeliveryRow

LOOK_AHEAD = 128
LOOK_AHEAD_MAX = 2048
LIVE_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRules:
    """How a profile wants its queue read.

    Args:
        live_first: What is happening now goes before the backlog.
        live_ns: How long after storing an event counts as happening now.
        expires_ns: Age beyond which an event of a kind is worthless and is not sent.
        coalesce: Skip an untried Update that a later one of the same vehicle supersedes.
        live_only: Leave the backlog alone, and vehicles of which something waits there.
    """

    live_first: bool = False
    live_ns: int = 10_000_000_000
    expires_ns: Mapping[str, int] = field(default_factory=dict)
    coalesce: bool = False
    live_only: bool = False

    def is_live(self, row: DeliveryRow, now_ns: int) -> bool:
        """Is it happening now?"""
        return now_ns - row.stored_ns <= self.live_ns


@dataclass(slots=True)
class Entry:
    """One waiting or flying delivery."""

    row: DeliveryRow
    attempts: int
    due_mono_ns: int = 0
    in_flight: bool = False


class Lane:
    """The near end of one profile's queue."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.cursor = 0
        self.exhausted = False
        self._live: dict[int, DeliveryRow] = {}
        self._flying: set[int] = set()
        self._held: set[int] = set()
        self._is_stale = False

    def put(self, row: DeliveryRow) -> None:
        """A new delivery was stored."""
        if self.exhausted and not self._is_stale and len(self.entries) < LOOK_AHEAD:
            self.entries[row.seq] = Entry(
                row, row.attempts
            )  # the last of all, and nothing is between
            self.cursor = row.seq
        else:
            self.exhausted = False
        self._live[row.seq] = row
        if len(self._live) > LIVE_KEPT:
            del self._live[next(iter(self._live))]

    @property
    def is_empty(self) -> bool:
        """Is nothing there, and nothing more to load?"""
        return self.exhausted and not self.entries and not self._is_stale

    def hold(self, seq: int) -> None:
        """It is not to be picked before it is released."""
        self._held.add(seq)

    def release(self, seq: int) -> bool:
        """It may be picked; was it held?"""
        if seq not in self._held:
            return False
        self._held.discard(seq)
        return True

    def wants_rows(self) -> bool:
        """Should more of the backlog be loaded?"""
        if self._is_stale:
            self._forget()
        if self.exhausted or len(self.entries) >= LOOK_AHEAD_MAX:
            return False
        if len(self.entries) < LOOK_AHEAD // 2:
            return True
        # Vehicles that wait for a retry must not hide the free ones behind them.
        held: set[int] = set()
        for entry in self.entries.values():
            if entry.in_flight or entry.due_mono_ns or entry.row.seq in self._held:
                held.add(entry.row.car_id)
            elif entry.row.car_id not in held:
                return False
        return True

    def load(self, rows: Iterable[DeliveryRow]) -> None:
        """Take in the next stretch of the backlog."""
        last = next(reversed(self.entries), 0)
        for row in rows:
            if row.seq not in self.entries:
                self.entries[row.seq] = Entry(row, row.attempts)
                if row.seq < last:
                    last = 0
        if not last:
            self.entries = dict(sorted(self.entries.items()))

    def load_vehicle(self, rows: Iterable[DeliveryRow]) -> None:
        """Take in one vehicle's own backlog, ahead of its place in the queue."""
        added = False
        for row in rows:
            if row.seq not in self.entries:
                self.entries[row.seq] = Entry(row, row.attempts)
                added = True
        if added:
            self.entries = dict(sorted(self.entries.items()))

    def drop(self, seq: int) -> Entry | None:
        """A delivery is settled, or gone; returns what was known of it."""
        self._live.pop(seq, None)
        self._flying.discard(seq)
        self._held.discard(seq)
        return self.entries.pop(seq, None)

    def send(self, entry: Entry) -> None:
        """It is being tried."""
        entry.in_flight = True
        self._flying.add(entry.row.seq)

    def take_back(self, seq: int) -> Entry | None:
        """It is not being tried any more; returns what is known of it."""
        self._flying.discard(seq)
        entry = self.entries.get(seq)
        if entry is not None:
            entry.in_flight = False
        return entry

    def reset(self) -> None:
        """Read the backlog anew when more is wanted of it; what is in flight or waits for its retry stays."""
        self._is_stale = True

    def _forget(self) -> None:
        self._is_stale = False
        self.entries = {
            seq: entry
            for seq, entry in self.entries.items()
            if entry.in_flight or entry.due_mono_ns or entry.attempts
        }
        self.cursor = 0
        self.exhausted = False

    def in_flight(self) -> list[int]:
        """Places of the events that are being tried."""
        return list(self._flying)

    def oldest_stored_ns(self) -> int | None:
        """When the first unsettled delivery was stored; `None` for an empty lane."""
        first = next(iter(self.entries.values()), None)
        return None if first is None else first.row.stored_ns

    def pick(
        self,
        *,
        now_mono_ns: int,
        now_ns: int,
        rules: TakeRules,
        load_vehicle: Callable[[int], None],
    ) -> Entry | None:
        """The delivery to try next, or nothing.

        Args:
            now_mono_ns: For retries.
            now_ns: Running time of the outbox, for what counts as live.
            rules: The profile's wishes.
            load_vehicle: Brings in all waiting deliveries of a vehicle (`load_vehicle` of this lane).
        """
        if rules.live_first or rules.live_only:
            live = self._pick_live(now_mono_ns, now_ns, rules, load_vehicle)
            if live is not None or rules.live_only:
                return live
        # An older one may come in behind one that flies: a person had it tried again.
        held = {self.entries[seq].row.car_id for seq in self._flying}
        for entry in self.entries.values():
            car_id = entry.row.car_id
            if car_id in held:
                continue
            if entry.due_mono_ns <= now_mono_ns and entry.row.seq not in self._held:
                return entry
            held.add(car_id)
        return None

    def _pick_live(
        self,
        now_mono_ns: int,
        now_ns: int,
        rules: TakeRules,
        load_vehicle: Callable[[int], None],
    ) -> Entry | None:
        def is_live(row: DeliveryRow) -> bool:
            return rules.is_live(row, now_ns)

        seen: set[int] = set()
        for row in (
            takewhile(is_live, reversed(self._live.values()))
            if rules.live_first
            else filter(is_live, self._live.values())
        ):
            if row.car_id in seen or self._flies(row.car_id):
                continue
            seen.add(row.car_id)
            load_vehicle(row.car_id)
            oldest = self.oldest_of(row.car_id)
            if oldest is None or oldest.row.seq in self._held:
                continue
            if rules.live_only and not is_live(oldest.row):
                continue
            if oldest.due_mono_ns <= now_mono_ns:
                return oldest
        return None

    def _flies(self, car_id: int) -> bool:
        return any(self.entries[seq].row.car_id == car_id for seq in self._flying)

    def oldest_of(self, car_id: int) -> Entry | None:
        """The vehicle's first unsettled delivery among those loaded."""
        for entry in self.entries.values():
            if entry.row.car_id == car_id:
                return entry
        return None

    def superseded(self, entry: Entry) -> bool:
        """Is this an untried Update with a later untried Update of the same vehicle behind it?"""
        if entry.row.kind != EventKind.UPDATE or entry.attempts:
            return False
        return any(
            later.row.seq > entry.row.seq
            and later.row.car_id == entry.row.car_id
            and later.row.kind == EventKind.UPDATE
            for later in self.entries.values()
        )

    def next_due(self, rules: TakeRules, now_ns: int) -> int | None:
        """When the first held delivery may be tried again; `None` when none is held."""
        if not self.entries:
            return None
        seen = {self.entries[seq].row.car_id for seq in self._flying}
        dues: list[int] = []
        for entry in self.entries.values():
            if entry.row.car_id not in seen:
                seen.add(entry.row.car_id)
                if rules.live_only and not rules.is_live(entry.row, now_ns):
                    continue
                if entry.row.seq not in self._held:
                    dues.append(entry.due_mono_ns)
        return min(dues, default=None)

    def release_all(self) -> None:
        """The receiver is back: what waited for its retry may go now."""
        for entry in self.entries.values():
            entry.due_mono_ns = 0
