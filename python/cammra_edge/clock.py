"""The only module that asks what time it is.

Two clocks, two suffixes: `_utc_ns` may jump (set by hand, NTP, 1970 at boot), `_mono_ns` never
goes back and counts only while the machine runs. Everything else takes time as an argument or asks
the `Clock` it was given.
"""

import time
from typing import Protocol, runtime_checkable

_ASKED_EVERY_NS = 1_000_000_000
_TIME_ERROR = 5
"""What `adjtimex` returns while nobody has set the clock (`sys/timex.h`)."""
_TIMEX_BYTES = 512
"""More than `struct timex` has on any machine; all noughts ask and set nothing."""


class Clock(Protocol):
    """Where the time comes from; tests bring their own."""

    def mono_ns(self) -> int:
        """Nanoseconds that never go back."""
        ...

    def utc_ns(self) -> int:
        """Nanoseconds since 1970 by the wall clock, which may jump."""
        ...


@runtime_checkable
class SyncedClock(Protocol):
    """A clock that knows whether its wall clock was set."""

    def is_synced(self) -> bool | None:
        """Whether somebody has set it; `None` where that cannot be known."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def mono_ns(self) -> int:
        """`CLOCK_MONOTONIC`: stands still while the machine is suspended or off."""
        return time.monotonic_ns()

    def utc_ns(self) -> int:
        """`CLOCK_REALTIME`: right only after somebody has set it."""
        return time.time_ns()

    def is_synced(self) -> bool | None:
        """What the kernel says (`adjtimex`): whether a time service keeps the clock right."""
        import ctypes  # noqa: PLC0415 - only live streams ask, every start would pay for it

        try:
            state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        except (OSError, AttributeError):
            return None
        return None if state < 0 else state != _TIME_ERROR


class SyncWatch:
    """Whether a clock is set, asked at most once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock if isinstance(clock, SyncedClock) else None
        self._synced: bool | None = None
        self._next_mono_ns: int | None = None

    def look(self, now_mono_ns: int) -> bool | None:
        """Whether it is set, as far as is known."""
        if self._clock is not None and (
            self._next_mono_ns is None or now_mono_ns >= self._next_mono_ns
        ):
            self._next_mono_ns = now_mono_ns + _ASKED_EVERY_NS
            self._synced = self._clock.is_synced()
        return self._synced


SYSTEM_CLOCK = SystemClock()
