"""The only module that asks what time it is.

Two clocks, two suffixes: `_utc_ns` may jump (set by hand, NTP, 1970 at boot), `_mono_ns` never
goes back and counts only while the machine runs. Everything else takes time as an argument or asks
the `Clock` it was given.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from; tests bring their own."""

    def mono_ns(self) -> int:
        """Nanoseconds that never go back."""
        ...

    def utc_ns(self) -> int:
        """Nanoseconds since 1970 by the wall clock, which may jump."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def mono_ns(self) -> int:
        """`CLOCK_MONOTONIC`: stands still while the machine is suspended or off."""
        return time.monotonic_ns()

    def utc_ns(self) -> int:
        """`CLOCK_REALTIME`: right only after somebody has set it."""
        return time.time_ns()


SYSTEM_CLOCK = SystemClock()
