"""How long to wait before the next try: arithmetic only, no clock, no sleep.

Exponential backoff with full jitter: before try `n + 1` the wait is drawn evenly from
`[floor, min(cap, base * 2**(n - 1))]`. Full jitter spreads a hundred cameras that lost the same
receiver at the same moment; the floor keeps a lucky draw of zero from becoming a busy loop.
Where a whole fleet loses one receiver, `Redial` spreads its tries over a stretch of time instead.
Randomness is an argument, so that a test can repeat it. Held by `tests/delivery/test_retry.py`.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NS_PER_S = 1_000_000_000
MAX_RETRY_AFTER_S = 3600.0
"""A receiver that asks for more is tried again after an hour: it may have its units wrong."""
MIN_RETRY_AFTER_S = 1.0
SETTLED_NS = 10 * NS_PER_S
"""A connection that broke sooner says nothing of the next one: the backoff goes on where it was."""
_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Bounds of the wait."""

    base_s: float = 0.5
    cap_s: float = 60.0
    floor_s: float = 0.05

    def ceiling_s(self, failures: int) -> float:
        """The longest wait after this many failures in a row."""
        doublings = min(max(failures, 1) - 1, _MAX_DOUBLINGS)
        return max(self.floor_s, min(self.cap_s, self.base_s * 2.0**doublings))

    def wait_ns(self, failures: int, draw: Callable[[], float]) -> int:
        """The wait after this many failures in a row; `draw` gives evenly distributed numbers in `[0, 1)`."""
        ceiling_s = self.ceiling_s(failures)
        return round((self.floor_s + (ceiling_s - self.floor_s) * draw()) * NS_PER_S)


@dataclass(slots=True)
class Redial:
    """When to connect again: one try, at random, in each stretch of time.

    A stretch begins where the one before has ended, or with the break that comes later, and is as long as `spread_s` or
    the backoff's longest wait, whichever is longer. So, whenever its connections break and however often, one camera
    tries at any moment with a density of at most one in `spread_s`, and `n` cameras at most `n / spread_s` times a
    second. Without `spread_s` the waits are the backoff's own.

    Args:
        draw: Evenly distributed numbers in `[0, 1)`.
        spread_s: The shortest stretch; 0 for none.
        backoff: Bounds of the waits.
    """

    draw: Callable[[], float]
    spread_s: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)
    failures: int = 0
    """Breaks and failed tries in a row, connections that were up too shortly passed over."""
    _up_since_mono_ns: int | None = None
    _stretch_end_mono_ns: int = 0

    def start(self, now_mono_ns: int) -> int:
        """When the first try is due."""
        return self._in_next_stretch(now_mono_ns, self.spread_s) if self.spread_s else now_mono_ns

    def came_up(self, now_mono_ns: int) -> None:
        """The connection is there, or still is."""
        if self._up_since_mono_ns is None:
            self._up_since_mono_ns = now_mono_ns

    def broke(self, now_mono_ns: int, *, after_ns: int = 0) -> int:
        """A try has failed, or the connection has broken; returns when the next try is due.

        Args:
            now_mono_ns: The time.
            after_ns: How long the receiver asks to be left alone.
        """
        up_since, self._up_since_mono_ns = self._up_since_mono_ns, None
        if up_since is not None and now_mono_ns - up_since >= SETTLED_NS:
            self.failures = 0
        self.failures += 1
        if not self.spread_s:
            return now_mono_ns + max(after_ns, self.backoff.wait_ns(self.failures, self.draw))
        length_s = max(self.spread_s, self.backoff.ceiling_s(self.failures))
        return self._in_next_stretch(now_mono_ns + after_ns, length_s)

    def _in_next_stretch(self, from_mono_ns: int, length_s: float) -> int:
        begin_mono_ns = max(from_mono_ns, self._stretch_end_mono_ns)
        self._stretch_end_mono_ns = begin_mono_ns + round(length_s * NS_PER_S)
        return begin_mono_ns + round(length_s * self.draw() * NS_PER_S)


def retry_after_ns(after_s: float) -> int:
    """What a receiver asks for (`Retry-After`), kept between a second and an hour; NaN counts as a second."""
    if math.isnan(after_s):
        return round(MIN_RETRY_AFTER_S * NS_PER_S)
    return round(min(max(after_s, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S) * NS_PER_S)


def draw_evenly() -> float:
    """A number in `[0, 1)` that nobody can foresee, for the times of retries."""
    return int.from_bytes(os.urandom(6)) / (1 << 48)
