"""The last tries of one profile and how long they took, in bounded memory."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 200
LATENCIES_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try of one delivery. `outcome` is `delivered`, `retry`, `parked` or `paused`; it names no plate.

    `words` are the receiver's own, for people who may change settings.
    """

    at_utc_ns: int
    event_id: str
    kind: str
    packet: int
    number: int
    outcome: str
    why: str
    words: str = ""
    took_ns: int
    size_bytes: int


class Journal:
    """Remembers the last tries of a profile. From any thread: after a change of settings two workers share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries: deque[Try] = deque(maxlen=KEPT)
        self._took_ns: deque[int] = deque(maxlen=LATENCIES_KEPT)
        self.sent_bytes = 0
        self.last_success_utc_ns = 0
        self.last_error_utc_ns = 0
        self.last_error = ""

    def add(self, entry: Try) -> None:
        """Remember one."""
        with self._lock:
            self._tries.append(entry)
            if entry.outcome == "delivered":
                self._took_ns.append(entry.took_ns)
                self.sent_bytes += entry.size_bytes
                self.last_success_utc_ns = entry.at_utc_ns
            else:
                self.last_error_utc_ns = entry.at_utc_ns
                self.last_error = entry.why

    def tries(self) -> tuple[Try, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._tries)

    def forget(self, is_gone: Callable[[Try], bool]) -> None:
        """Keep of some tries no words of the receiver's."""
        with self._lock:
            tries = [replace(one, words="") if is_gone(one) else one for one in self._tries]
            self._tries = deque(tries, maxlen=KEPT)

    def latency_ms(self, fraction: float) -> float:
        """The time within which this fraction of the last deliveries arrived; 0 without any."""
        with self._lock:
            ordered = sorted(self._took_ns)
        if not ordered:
            return 0.0
        return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))] / 1e6
