"""One limit for many waits: each wait of a try gets at most what is left of the try."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.clock import Clock

_NS_PER_S = 1_000_000_000


class Deadline:
    """A moment of the monotonic clock that nothing may outlast."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._at_mono_ns = clock.mono_ns() + int(seconds * _NS_PER_S)

    def left_s(self) -> float:
        """Seconds left; 0 or less when it has passed."""
        return (self._at_mono_ns - self._clock.mono_ns()) / _NS_PER_S

    def wait_s(self, most_s: float | None = None) -> float:
        """How long the next wait may take, at most `most_s`.

        Raises:
            TimeoutError: Nothing is left.
        """
        left = self.left_s()
        if left <= 0:
            raise TimeoutError("the time for the whole try is over")
        return left if most_s is None else min(left, most_s)

    def sooner(self, seconds: float) -> Deadline:
        """Another deadline, no later than this one."""
        return Deadline(self._clock, max(0.0, min(seconds, self.left_s())))
