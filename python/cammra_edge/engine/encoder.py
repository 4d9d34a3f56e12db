"""The encoder's thread: track events become stored events.

The recogniser's thread only appends to the queue. This thread encodes images, assembles events and commits them
in groups, one flush each. The order of the queue is the order of the outbox.

Invariants, held by `tests/engine/test_encoder.py`:

1. Events are stored in the order in which they were appended, however they are grouped.
2. An event waits for one flush at most before its own; a slow disk makes groups larger, not callers slower.
3. Memory is bounded: beyond `MAX_PENDING_WITH_IMAGES`, events are stored without images, and say so.
4. An event that cannot be stored keeps no other from being stored.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cammra_edge.tracking import TrackEvent

_log = logging.getLogger(__name__)

MAX_PENDING_WITH_IMAGES = 256
"""Events that may wait with their pixels; each holds a shot of some hundred kilobytes."""

GROUP = 16
"""Most events per commit; eight already save five of six flushes."""


class Queued(NamedTuple):
    """A track event on its way to the outbox; `crowded`: its images are left out."""

    event: TrackEvent
    crowded: bool


class Encoder:
    """Takes track events from any thread, and stores them in groups on a thread of its own.

    `not_stored` counts the events that could not be assembled or stored, each a fault of ours.
    """

    def __init__(self, due: Callable[[], float | None]) -> None:
        """Not started yet; events wait until then.

        Args:
            due: Called while nothing waits: fires what is due, and returns in how many seconds to call it again;
                `None`: not before the next event.
        """
        self._due = due
        self._pending: deque[Queued] = deque()
        self._changed = threading.Condition()
        self._in_work = 0
        self._woken = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.not_stored = 0
        self._last_why = ""
        self.pulse = Pulse(self.wake)
        """Beats between groups: encoding and writing that hang are missed."""

    def append(self, events: Sequence[TrackEvent]) -> None:
        """Queue the events of one frame; never waits for encoding or disk."""
        with self._changed:
            for event in events:
                crowded = len(self._pending) >= MAX_PENDING_WITH_IMAGES
                self._pending.append(Queued(event, crowded))
            self._changed.notify_all()

    def pending(self) -> int:
        """Events not stored yet, with those of the group in work."""
        with self._changed:
            return len(self._pending) + self._in_work

    def wait_until_below(self, events: int, timeout_s: float | None = None) -> bool:
        """Wait until fewer events than this are pending; False when the time ran out first."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._pending) + self._in_work < events or self._thread is None,
                timeout_s,
            )

    def start(
        self,
        store: Callable[[Sequence[Queued]], None],
        follow: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread.

        Args:
            store: Called with one group after the other, in order.
            follow: Called when the thread was woken and there is nothing to store.
        """
        self._stopping = False
        self._thread = threading.Thread(
            target=self._run, args=(store, follow), name="cammra-encoder", daemon=True
        )
        self._thread.start()

    def wake(self) -> None:
        """Ask `due` again, and follow: a deadline may have moved, settings may have changed."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Store all that waits, then end the thread; False when the time ran out first, and it was left alone."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        with self._changed:
            self._thread = None
            self._changed.notify_all()
        return thread is None or not thread.is_alive()

    def _run(self, store: Callable[[Sequence[Queued]], None], follow: Callable[[], None]) -> None:
        while True:
            group = self._next_group()
            if group is None:
                return
            if group:
                self._store_all(store, group)
            else:
                self._follow(follow)

    def _next_group(self) -> list[Queued] | None:
        """The next events to store; none when only timers were due; `None` at the end."""
        self.pulse.beat()
        with self._changed:
            self._in_work = 0
            self._changed.notify_all()
            if not self._pending and self._stopping:
                return None
        wait_s = self._due()
        with self._changed:
            if not self._pending and not self._stopping and not self._woken:
                self._changed.wait(wait_s)
            self._woken = False
            group = [self._pending.popleft() for _ in range(min(GROUP, len(self._pending)))]
            self._in_work = len(group)
            return group

    def _follow(self, follow: Callable[[], None]) -> None:
        try:
            follow()
        except BaseException as error:  # noqa: BLE001 - as below
            self._tell(error, "settings not followed")

    def _store_all(self, store: Callable[[Sequence[Queued]], None], group: list[Queued]) -> None:
        try:
            store(group)
        # `BaseException`, since a panic of the Rust half is no `Exception`.
        except BaseException as error:  # noqa: BLE001
            if len(group) > 1:
                for queued in group:
                    self._store_all(store, [queued])
                return
            self.not_stored += 1
            event = group[0].event
            self._tell(error, f"event not stored kind={event.kind} vehicle={event.vehicle_no}")

    def _tell(self, error: BaseException, what: str) -> None:
        why = f"{type(error).__name__}: {error}"
        if why != self._last_why:  # each problem once
            _log.error(what, exc_info=error)
        self._last_why = why
