"""Deliveries that are stored and must not go yet: held until whoever put them knows whether they are to go at all.

What is held is so in memory alone: who held it says so again after a start. Held by `tests/outbox/test_holding.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.records import id_bytes
from cammra_edge.outbox.values import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import RLock

    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.writer import Writer


class Holding:
    """Holds and lets go.

    Args:
        lock: The outbox's own.
        store: Where the deliveries are.
        queues: Whose lanes do not pick what is held.
        writer: Writes what was dropped.
        wake: Called without the lock, with the profile that may have something to send.
    """

    def __init__(
        self,
        lock: RLock,
        store: Store,
        queues: Queues,
        writer: Writer,
        wake: Callable[[int], None],
    ) -> None:
        self._lock = lock
        self._store = store
        self._queues = queues
        self._writer = writer
        self._wake = wake

    def hold(self, profile_id: int, event_ids: Iterable[str]) -> None:
        """What waits is not to be taken before it is released, as what was put as `held`."""
        with self._lock:
            for seq in self._seqs(event_ids):
                self._queues.lane(profile_id).hold(seq)

    def release(self, profile_id: int, event_ids: Iterable[str], *, drop: bool = False) -> None:
        """What was held may go now; or, with `drop`, goes nowhere, for it is a repeat, and is counted."""
        with self._lock:
            lane = self._queues.lane(profile_id)
            for seq in self._seqs(event_ids):
                is_there = self._store.ledger.delivery(seq, profile_id) is not None
                if lane.release(seq) and drop and is_there:
                    self._queues.drop(profile_id, seq, Dropped.REPEAT)
                    self._writer.settled()
        self._wake(profile_id)

    def _seqs(self, event_ids: Iterable[str]) -> list[int]:
        seqs = (self._store.ledger.seq_of(id_bytes(event_id)) for event_id in event_ids)
        return [seq for seq in seqs if seq is not None]
