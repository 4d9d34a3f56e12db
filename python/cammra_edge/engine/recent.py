"""The latest events and their pictures, for a person to look at, and how many there were of each kind.

Outlives a run of the engine. Filled by the encoder's thread, read by any (`tests/engine/test_recent.py`).
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Event
    from cammra_edge.outbox import NewEvent

EVENTS = 1000
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
        self.unwanted = 0

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
