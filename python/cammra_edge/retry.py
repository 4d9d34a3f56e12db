"""How long to wait before the next try: arithmetic only, no clock, no sleep.

Exponential backoff with full jitter: before try `n + 1` the wait is drawn evenly from
`[floor, min(cap, base * 2**(n - 1))]`. Full jitter spreads a hundred cameras that lost the same
receiver at the same moment; the floor keeps a lucky draw of zero from becoming a busy loop.
Randomness is an argument, so that a test can repeat it. Held by `tests/delivery/test_retry.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NS_PER_S = 1_000_000_000
MAX_RETRY_AFTER_S = 3600.0
"""A receiver that asks for more is tried again after an hour: it may have its units wrong."""
MIN_RETRY_AFTER_S = 1.0
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


def retry_after_ns(after_s: float) -> int:
    """What a receiver asks for (`Retry-After`), kept between a second and an hour; NaN counts as a second."""
    if math.isnan(after_s):
        return round(MIN_RETRY_AFTER_S * NS_PER_S)
    return round(min(max(after_s, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S) * NS_PER_S)
