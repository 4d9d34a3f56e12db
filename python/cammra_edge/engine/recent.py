"""The latest events and their pictures, for a person to look at, and how many there were of each kind.

Outlives a run of the engine. Filled by the encoder's thread, read by any (`tests/engine/test_recent.py`).
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind
from cammra_edge.outbox import EventQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.model import Event
    from cammra_edge.outbox import Erasure, EventState, History, NewEvent

EVENTS = 1000
REMEMBERED = 100
"""Events of earlier runs that a start looks up."""
PICTURE_BYTES = 8 << 20
"""Beyond what waits in the outbox."""


class Recent:
    """See the module."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=EVENTS)
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._picture_bytes = 0
        self._counts: Counter[str] = Counter()
        self._outcomes: Mapping[str, Mapping[str, EventState]] = {}
        self._seqs: Mapping[str, int] = {}
        self.unwanted = 0

    def remember(self, history: History) -> None:
        """Take over what the outbox remembers, where nothing has happened here yet."""
        found = history.search(EventQuery(limit=REMEMBERED)).events
        outcomes = history.outcomes([one.seq for one in found])
        with self._lock:
            if self._events:
                return
            events = found[::-1]
            self._events.extend(one.event for one in events)
            self._outcomes = {one.event.event_id: outcomes.get(one.seq, {}) for one in events}
            self._seqs = {key: one.seq for one in events for key in one.image_keys}

    def forget(self, what: Erasure, is_kept: Callable[[str], bool]) -> None:
        """Let go of events and pictures that the outbox has forgotten.

        Args:
            what: What was to be forgotten.
            is_kept: Whether the event of an id was kept all the same, since somebody waits for it.
        """
        with self._lock:
            gone = {
                event.event_id: event
                for event in self._events
                if what.covers(event) and not is_kept(event.event_id)
            }
            kept = [event for event in self._events if event.event_id not in gone]
            self._events.clear()
            self._events.extend(kept)
            for image in (image for event in gone.values() for image in event.images):
                self._picture_bytes -= len(self._pictures.pop(image.image_key, b""))

    def outcomes(self) -> Mapping[str, Mapping[str, EventState]]:
        """How the deliveries of each event of earlier runs stood at the start, by its id and the profile's key."""
        return self._outcomes

    def seq_of_picture(self, image_key: str) -> int | None:
        """The place in the outbox of an earlier run's event that has this picture."""
        return self._seqs.get(image_key)

    def add(self, new: NewEvent) -> None:
        """An event was stored, or nobody wants it."""
        with self._lock:
            self._counts[new.event.kind.value] += 1
            self.unwanted += not new.wanted_by
            self._events.append(new.event)
            for image_key, jpeg in new.images.items():
                self._picture_bytes += len(jpeg) - len(self._pictures.pop(image_key, b""))
                self._pictures[image_key] = jpeg
            while self._picture_bytes > PICTURE_BYTES:
                _, oldest = self._pictures.popitem(last=False)
                self._picture_bytes -= len(oldest)

    def events(self) -> tuple[Event, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._events)

    def picture(self, image_key: str) -> bytes | None:
        """The JPEG of a recent event, as long as it is kept."""
        with self._lock:
            return self._pictures.get(image_key)

    def counts(self) -> Mapping[str, int]:
        """Events so far, by kind."""
        with self._lock:
            return {kind.value: self._counts[kind.value] for kind in EventKind}
