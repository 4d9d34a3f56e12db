"""One profile's backlog given to another by hand: all that waits, and all that is parked.

Events keep their places, so the order per vehicle holds. Each gets the next packet number of the profile that
takes it: the old one may stand for another event there. An event that the taker wants anyway is not given, since
it has a number of its own there. Held by `tests/outbox/test_giving.py`.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.outbox import records
from cammra_edge.outbox.values import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

    from cammra_edge.outbox.database import Database
    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.storage import Storage
    from cammra_edge.outbox.tallies import Tallies

PAGE = 1024


class Giving:
    """Moves deliveries, a page at a time, so that nobody waits long for the outbox.

    Args:
        lock: The outbox's own.
        storage: Where the deliveries lie.
        queues: Whose lanes forget what was moved.
        tallies: Where packets are numbered and moves are counted.
        profiles: Whose keys name both sides.
        commit: Commits what is settled, and marks how far the numbers are.
        wake: Called without the lock, with the profile that has something to send.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        lock: RLock,
        storage: Storage,
        queues: Queues,
        tallies: Tallies,
        profiles: Profiles,
        *,
        commit: Callable[[], None],
        wake: Callable[[int], None],
    ) -> None:
        self._lock = lock
        self._storage = storage
        self._queues = queues
        self._tallies = tallies
        self._profiles = profiles
        self._commit = commit
        self._wake = wake

    def give(self, from_key: str, to_key: str) -> int:
        """Move everything but what is being tried; returns how many deliveries were moved.

        Raises:
            ConfigError: This outbox does not know the first key, or both are the same.
            OutboxError: The disk does not take it now.
        """
        with self._lock:
            giver = self._profiles.numbers().get(from_key)
            if giver is None or from_key == to_key:
                keys = ", ".join(self._profiles.numbers())
                raise ConfigError("from", from_key, f"another one of {keys}")
            taker = self._profiles.number(to_key)
        moved = self._give(giver, taker)
        self._wake(taker)
        return moved

    def _give(self, giver: int, taker: int) -> int:
        moved, after_seq = 0, -1
        while True:
            with self._lock:
                self._commit()
                disk = self._storage.disk
                if disk is None or not self._storage.durable:
                    raise OutboxError(f"the disk does not take it now: {self._storage.trouble}")
                rows = disk.queries.kept(giver, after_seq=after_seq, limit=PAGE)
                if not rows:
                    return moved
                after_seq = rows[-1][0]
                try:
                    with self._tallies.kept_at_errors(), disk.transaction():
                        moved += sum(
                            self._move(disk, seq, giver, taker, parked=parked)
                            for seq, parked in rows
                        )
                        disk.save(self._tallies.unsaved())
                except sqlite3.Error as error:
                    raise OutboxError(f"the disk does not take it now: {error}") from error
                self._queues.recount()
                self._commit()

    def _move(self, disk: Database, seq: int, giver: int, taker: int, *, parked: bool) -> bool:
        """Move one; False when the taker does not get it."""
        lane = self._queues.lane(giver)
        if seq in lane.in_flight():
            return False
        try:
            body = disk.queries.body(seq) or b""
            wanted = records.record_from(body).wanted
        except (ValueError, TypeError, KeyError):
            return False
        lane.drop(seq)
        self._tallies.drop(giver, Dropped.GIVEN)
        if any(one.profile_id == taker for one in wanted):
            disk.drop(seq, giver)
            return False
        packet = self._tallies.next_packet(taker)
        self._tallies.change(taker).parked += parked
        disk.give(seq, giver, taker, packet)
        disk.rewrite(
            seq,
            records.with_wanted(
                body,
                lambda profile, number: (taker, packet) if profile == giver else (profile, number),
            ),
        )
        return True
