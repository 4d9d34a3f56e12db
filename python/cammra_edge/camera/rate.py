"""How many pictures a second came of late."""

from __future__ import annotations

from collections import deque

_KEPT = 50
_STALE_NS = 5_000_000_000
_NS_PER_S = 1_000_000_000


class Rate:
    """Over the last `_KEPT` pictures; 0 once none has come for `_STALE_NS`."""

    def __init__(self) -> None:
        self._came: deque[int] = deque(maxlen=_KEPT)

    def add(self, came_mono_ns: int) -> None:
        """A picture came."""
        self._came.append(came_mono_ns)

    def fps(self, now_mono_ns: int) -> float:
        """Pictures a second."""
        came = tuple(self._came)
        if len(came) < 2 or now_mono_ns - came[-1] > _STALE_NS:  # noqa: PLR2004 - an interval has two ends
            return 0.0
        passed_ns = came[-1] - came[0]
        return round((len(came) - 1) * _NS_PER_S / passed_ns, 1) if passed_ns > 0 else 0.0
