"""Keeps the outbox, and each profile's queue, within its bounds; what goes is counted.

What goes first is the ledger's matter (`Ledger.make_room`, in the order of `bounds`). Not thread-safe: the outbox has
the lock. Held by `tests/outbox/test_bounds.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.bounds import Limits
from cammra_edge.outbox.values import Dropped

if TYPE_CHECKING:
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.running_time import RunningTime
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.tallies import Tallies

LOOK_FOR_OLD_EVERY = 1024
NS_PER_S = 1_000_000_000


class Room:
    """See the module. `limits` are those of single profiles."""

    def __init__(
        self,
        settings: OutboxSettings,
        store: Store,
        queues: Queues,
        tallies: Tallies,
        running_time: RunningTime,
    ) -> None:
        self.limits: dict[int, Limits] = {}
        self._settings = settings
        self._store = store
        self._queues = queues
        self._tallies = tallies
        self._running_time = running_time
        self._since_old = 0

    def make(self, stored: int) -> None:
        """Let go of what is too much, after so many more were stored."""
        for profile_id, own in self.limits.items():
            if (own.max_bytes, own.max_events) != (None, None):
                events, size_bytes = self._queues.depth(profile_id)
                if own.exceeded(size_bytes, events):
                    self._make(own, profile_id)
        settings, unsaved = self._settings, self._store.unsaved
        if unsaved:
            self._make(
                Limits(max_bytes=settings.memory_bytes, max_events=settings.max_events),
                in_memory=True,
            )
            self._prune()
        else:
            bounds = Limits(max_bytes=settings.max_bytes, max_events=settings.max_events)
            if bounds.exceeded(*self._store.ledger.held):
                self._make(bounds)
        self._since_old += stored
        if self._since_old >= LOOK_FOR_OLD_EVERY:
            self._since_old = 0
            self._drop_old()

    def _make(
        self, limits: Limits, profile_id: int | None = None, *, in_memory: bool = False
    ) -> None:
        losses = self._store.ledger.make_room(
            limits.max_bytes, limits.max_events, self._queues.in_flight(), profile_id, in_memory
        )
        for loser, why, count in losses:
            self._tallies.drop(loser, Dropped(why), count)
        if losses:
            self._queues.look_anew()

    def _prune(self) -> None:
        """Let go of what only memory holds and nobody needs."""
        ledger, unsaved = self._store.ledger, self._store.unsaved
        if unsaved.size_bytes <= self._settings.memory_bytes:
            return
        live = ledger.live_in(0)
        needed = {no for seq in live for no, *_ in ledger.images(seq)}
        unsaved.prune(set(live), needed, self._settings.memory_bytes)

    def _drop_old(self) -> None:
        """Nobody takes from the queue of a profile that is off, so nobody else would see its age."""
        longest_ns = round(self._settings.max_age_s * NS_PER_S)
        before_ns = self._running_time.now_ns() - longest_ns
        if before_ns <= 0:
            return
        old = self._store.ledger.drop_older(before_ns, self._queues.in_flight())
        for profile_id, count in old:
            self._tallies.drop(profile_id, Dropped.TOO_OLD, count)
        if old:
            self._queues.look_anew()
