"""One limit for many waits: each wait of a try gets at most what is left of the try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.line import UNCUT
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    import socket

    from cammra_edge.clock import Clock
    from cammra_edge.sinks.line import Line

_NS_PER_S = 1_000_000_000
_SLOWEST_BYTES_PER_S: Final = 8_000
"""A link that carries no more is not called healthy: 256 kbit/s that four profiles share."""


def stalled(taken: int, total: int, wait_s: float) -> TimeoutError:
    """Nothing more is taken of what is being sent."""
    words = Why.STALLED(taken=f"{taken:,}", total=f"{total:,}", wait_s=round(wait_s))
    return TimeoutError(words)


class Deadline:
    """A moment of the monotonic clock that nothing may outlast.

    Args:
        clock: Whose.
        seconds: From now.
        line: What the try waits on. Where it is cut, every wait ends.
    """

    def __init__(self, clock: Clock, seconds: float, line: Line = UNCUT) -> None:
        self._clock = clock
        self._line = line
        self._at_mono_ns = clock.mono_ns() + int(seconds * _NS_PER_S)

    def left_s(self) -> float:
        """Seconds left; 0 or less when it has passed."""
        return (self._at_mono_ns - self._clock.mono_ns()) / _NS_PER_S

    def wait_s(self, most_s: float | None = None) -> float:
        """How long the next wait may take, at most `most_s`.

        Raises:
            TimeoutError: Nothing is left.
            ConnectionAbortedError: The try was broken off.
        """
        if self._line.is_cut:
            self._line.expect_whole()
        left = (self._at_mono_ns - self._clock.mono_ns()) / _NS_PER_S  # each wait of each try asks
        if left <= 0:
            raise TimeoutError(Why.TRY_IS_OVER())
        return left if most_s is None else min(left, most_s)

    def carry(self, sock: socket.socket) -> None:
        """Let whoever breaks the try off cut this connection.

        Raises:
            ConnectionAbortedError: The try was broken off.
        """
        self._line.carry(sock)

    def sending(self, size_bytes: int) -> Sending:
        """Do not count the time that is spent within, as far as a slow link needs it for so many bytes."""
        return Sending(self, self._clock, size_bytes * _NS_PER_S // _SLOWEST_BYTES_PER_S)

    def put_off(self, by_ns: int) -> None:
        """Let it come later; sooner, where that is negative."""
        self._at_mono_ns += by_ns

    def anew(self, seconds: float) -> Deadline:
        """Another one by the same clock, so many seconds from now."""
        return Deadline(self._clock, seconds, self._line)

    def sooner(self, seconds: float) -> Deadline:
        """Another deadline, no later than this one."""
        return Deadline(self._clock, max(0.0, min(seconds, self.left_s())), self._line)


class Sending:
    """Time that a deadline does not count, as far as it is allowed; a class, since each message pays for it."""

    __slots__ = ("_allowed_ns", "_began_mono_ns", "_clock", "_deadline")

    def __init__(self, deadline: Deadline, clock: Clock, allowed_ns: int) -> None:
        self._deadline = deadline
        self._clock = clock
        self._allowed_ns = allowed_ns
        self._began_mono_ns = 0

    def __enter__(self) -> None:
        self._began_mono_ns = self._clock.mono_ns()
        self._deadline.put_off(self._allowed_ns)

    def __exit__(self, *_: object) -> None:
        unused_ns = self._allowed_ns - (self._clock.mono_ns() - self._began_mono_ns)
        if unused_ns > 0:
            self._deadline.put_off(-unused_ns)
