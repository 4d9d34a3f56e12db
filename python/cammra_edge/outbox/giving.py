"""One profile's backlog given to another by hand: all that waits, and all that is parked.

Events keep their places, so the order per vehicle holds. Each gets the next packet number of the profile that
takes it: the old one may stand for another event there. An event that the taker wants anyway is not given, since
it has a number of its own there. Held by `tests/outbox/test_giving.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.outbox.wants import OutboxWant

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.tallies import Tallies
    from cammra_edge.outbox.writer import Writer


class Giving:
    """Moves deliveries.

    Args:
        lock: The outbox's own.
        store: Where the deliveries are.
        writer: Writes what moved.
        queues: Whose lanes forget what was moved.
        tallies: Where packets are numbered and moves are counted.
        profiles: Whose keys name both sides.
        wake: Called without the lock, with the profile that has something to send.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        lock: RLock,
        *,
        store: Store,
        writer: Writer,
        queues: Queues,
        tallies: Tallies,
        profiles: Profiles,
        wake: Callable[[int], None],
    ) -> None:
        self._lock = lock
        self._store = store
        self._writer = writer
        self._queues = queues
        self._tallies = tallies
        self._profiles = profiles
        self._wake = wake

    def give(self, from_key: str, to_key: str) -> int:
        """Move everything but what is being tried; returns how many deliveries were moved.

        Raises:
            ConfigError: This outbox does not know the first key, or both are the same.
            OutboxError: The disk does not take it now.
        """
        with self._writer.turn:
            with self._lock:
                giver = self._profiles.numbers().get(from_key)
                if giver is None or from_key == to_key:
                    keys = ", ".join(self._profiles.numbers())
                    raise ConfigError("from", from_key, OutboxWant.ANOTHER_OF(keys=keys))
                taker = self._profiles.number(to_key)
            if not self._writer.flush(probe=True):
                raise OutboxError(f"the disk does not take it now: {self._writer.trouble}")
            with self._lock:
                moved = self._give(giver, taker)
            self._writer.flush()
        self._wake(taker)
        return moved

    def _give(self, giver: int, taker: int) -> int:
        lane = self._queues.lane(giver)
        flying = set(lane.in_flight())
        moved, dropped, parked = self._store.ledger.give(
            giver, taker, self._tallies.last_packet(taker) + 1, flying
        )
        self._tallies.give(giver, taker, moved=moved, dropped=dropped, parked=parked)
        for seq in [seq for seq in lane.entries if seq not in flying]:
            lane.drop(seq)
        self._queues.look_anew()
        return moved
