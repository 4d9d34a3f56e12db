"""The encoder's thread: what tracks said becomes stored events.

The recogniser's thread only appends to the queue; here images are encoded, events assembled and a
whole group committed with one flush. The queue's order is the order of the outbox.

Invariants, held by `tests/engine/test_encoder.py`:

1. What was appended is stored in the order it was appended, however it is grouped.
2. A group is committed within one flush of being appended; a slow disk makes groups larger, not the
   caller slower.
3. Memory is bounded: past `MAX_PENDING_WITH_IMAGES` events are stored without images, and say so.
4. Nothing that goes wrong with one event keeps the others from being stored.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cammra_edge.tracking import TrackEvent

_log = logging.getLogger(__name__)

MAX_PENDING_WITH_IMAGES = 256
"""Track events that may wait with their pixels; each holds a shot of some hundred kilobytes."""

GROUP = 16
"""Most events per commit; eight already save five of six flushes."""


class Said(NamedTuple):
    """What a track said, on its way to the outbox; `crowded` when its pixels had to be left out."""

    event: TrackEvent
    crowded: bool


class Encoder:
    """Takes track events from any thread, and hands them in groups to a store on a thread of its own.

    `not_stored` counts the events that could not be assembled or stored, each a fault of ours.
    """

    def __init__(self, due: Callable[[], float | None]) -> None:
        """Not started yet; what is appended waits.

        Args:
            due: Called when nothing waits: fires what is due, and says in how many seconds to look again
                (`None` when nothing will be due).
        """
        self._due = due
        self._pending: deque[Said] = deque()
        self._changed = threading.Condition()
        self._in_work = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.not_stored = 0
        self._last_why = ""

    def append(self, said: Sequence[TrackEvent]) -> None:
        """Queue what a frame made tracks say; never waits for encoding or disk."""
        with self._changed:
            for event in said:
                crowded = len(self._pending) >= MAX_PENDING_WITH_IMAGES
                self._pending.append(Said(event, crowded))
            self._changed.notify_all()

    def pending(self) -> int:
        """Events not yet stored, the group in work included."""
        with self._changed:
            return len(self._pending) + self._in_work

    def wait_until_below(self, events: int, timeout_s: float | None = None) -> bool:
        """Wait for room, for callers that can wait (a replay; never a camera)."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._pending) + self._in_work < events or self._thread is None,
                timeout_s,
            )

    def start(self, store: Callable[[Sequence[Said]], None]) -> None:
        """Start the thread, which calls `store` with one group after the other, in order."""
        self._stopping = False
        self._thread = threading.Thread(
            target=self._run, args=(store,), name="cammra-encoder", daemon=True
        )
        self._thread.start()

    def wake(self) -> None:
        """Look at what is due again: a deadline may have moved."""
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Store all that waits, then end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        with self._changed:
            self._thread = None
            self._changed.notify_all()

    def _run(self, store: Callable[[Sequence[Said]], None]) -> None:
        while True:
            group = self._next_group()
            if group is None:
                return
            if group:
                self._store_all(store, group)

    def _next_group(self) -> list[Said] | None:
        """The next events to store; empty when it was time to look at the timers; `None` at the end."""
        with self._changed:
            self._in_work = 0
            self._changed.notify_all()
            if not self._pending and self._stopping:
                return None
        wait_s = self._due()
        with self._changed:
            if not self._pending and not self._stopping:
                self._changed.wait(wait_s)
            group = [self._pending.popleft() for _ in range(min(GROUP, len(self._pending)))]
            self._in_work = len(group)
            return group

    def _store_all(self, store: Callable[[Sequence[Said]], None], group: list[Said]) -> None:
        try:
            store(group)
        # A panic of the Rust half is no `Exception`. One event that cannot be assembled takes no other along.
        except BaseException as error:  # noqa: BLE001
            if len(group) > 1:
                for said in group:
                    self._store_all(store, [said])
                return
            self.not_stored += 1
            why = f"{type(error).__name__}: {error}"
            if why != self._last_why:  # each problem once
                _log.exception(
                    "event not stored kind=%s vehicle=%d",
                    group[0].event.kind,
                    group[0].event.vehicle_no,
                )
            self._last_why = why
