"""The last tries of one profile, how long they took, and the bytes of some of them, in bounded memory.

Held by `tests/delivery/test_journal.py`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cammra_edge.delivery.status import ProfileStatus
    from cammra_edge.delivery.transcript import Transcript

KEPT = 200
LATENCIES_KEPT = 1000
TRANSCRIPTS_KEPT = 25
"""Of what was delivered, and as many of what was not: successes do not push out the failures that are looked for."""

_serials = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try of one delivery. `outcome` is `delivered`, `retry`, `parked` or `paused`; it names no plate.

    `words` are the receiver's own, for people who may change settings. `serial` is the try's number among all that this
    process makes.
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
    serial: int = 0


class Journal:
    """Remembers the last tries of a profile. From any thread: after a change of settings two workers share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries: deque[Try] = deque(maxlen=KEPT)
        self._transcripts: dict[int, Transcript] = {}
        self._kept = {done: deque[int]() for done in (True, False)}
        self._took_ns: deque[int] = deque(maxlen=LATENCIES_KEPT)
        self.sent_bytes = 0
        self.last_success_utc_ns = 0
        self.last_error_utc_ns = 0
        self.last_error = ""

    def add(self, entry: Try, transcript: Transcript | None = None) -> None:
        """Remember one, under a serial number of its own."""
        with self._lock:
            entry = replace(entry, serial=next(_serials))
            if (
                len(self._tries) == KEPT
            ):  # no bytes outlast their try: nobody could have them forgotten
                self._transcripts.pop(self._tries[0].serial, None)
            self._tries.append(entry)
            is_done = entry.outcome == "delivered"
            if is_done:
                self._took_ns.append(entry.took_ns)
                self.sent_bytes += entry.size_bytes
                self.last_success_utc_ns = entry.at_utc_ns
            else:
                self.last_error_utc_ns = entry.at_utc_ns
                self.last_error = entry.why
            if transcript is not None:
                self._keep(entry.serial, transcript, self._kept[is_done])

    def _keep(self, serial: int, transcript: Transcript, kept: deque[int]) -> None:
        if len(kept) == TRANSCRIPTS_KEPT:
            self._transcripts.pop(kept.popleft(), None)
        kept.append(serial)
        self._transcripts[serial] = transcript

    def tries(self) -> tuple[Try, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._tries)

    def kept(self) -> frozenset[int]:
        """The serial numbers of the tries whose bytes are kept."""
        with self._lock:
            return frozenset(self._transcripts)

    def transcript(self, event_id: str, serial: int) -> Transcript | None:
        """What is kept of the bytes of one try; `None` where nothing is, or the try was another event's."""
        with self._lock:
            known = any((one.serial, one.event_id) == (serial, event_id) for one in self._tries)
            return self._transcripts.get(serial) if known else None

    def forget(self, is_gone: Callable[[Try, Sequence[str]], bool]) -> None:
        """Keep of some tries neither words of the receiver's nor bytes.

        Args:
            is_gone: Says so of a try and all texts that are kept of it.
        """
        with self._lock:
            self._tries = deque(map(self._left_of(is_gone), self._tries), maxlen=KEPT)

    def _left_of(self, is_gone: Callable[[Try, Sequence[str]], bool]) -> Callable[[Try], Try]:
        def left(entry: Try) -> Try:
            texts = [entry.words]
            if (kept := self._transcripts.get(entry.serial)) is not None:
                texts += [one.decode(errors="replace") for one in (kept.request, kept.answer)]
            if not is_gone(entry, texts):
                return entry
            self._transcripts.pop(entry.serial, None)
            return replace(entry, words="")

        return left

    def told_in(self, status: ProfileStatus) -> ProfileStatus:
        """The status with what is known from here."""
        return replace(
            status,
            sent_bytes=self.sent_bytes,
            last_success_utc_ns=self.last_success_utc_ns,
            last_error_utc_ns=self.last_error_utc_ns,
            last_error=self.last_error,
            latency_p50_ms=self.latency_ms(0.5),
            latency_p95_ms=self.latency_ms(0.95),
            latency_p99_ms=self.latency_ms(0.99),
        )

    def latency_ms(self, fraction: float) -> float:
        """The time within which this fraction of the last deliveries arrived; 0 without any."""
        with self._lock:
            ordered = sorted(self._took_ns)
        if not ordered:
            return 0.0
        return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))] / 1e6
