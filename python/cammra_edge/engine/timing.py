"""Times that a recogniser hands in and that are none: seconds as a float, `None`, numbers of more than 64 bits."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING

from cammra_edge.model import FrameTime

if TYPE_CHECKING:
    from cammra_edge.clock import Clock

LEAST_NS, MOST_NS = -(2**63), 2**63 - 1


def mended(
    at: FrameTime, last: tuple[FrameTime, int] | None, came_mono_ns: int, clock: Clock
) -> tuple[FrameTime, bool]:
    """A time that can be used, and whether anything was wrong with the one given.

    What is no whole number of 64 bits is taken as when the frame came: as much later than the last frame's time as it
    came after that frame.

    Args:
        at: Whatever was handed in as a time.
        last: The last frame's time, and when that frame came by `clock`.
        came_mono_ns: When this frame came by `clock`.
        clock: The machine's.
    """
    mono_ns, utc_ns = _field(at, "mono_ns"), _field(at, "utc_ns")
    if last is None:
        came = FrameTime(came_mono_ns, clock.utc_ns())
    else:
        passed_ns = came_mono_ns - last[1]
        came = FrameTime(last[0].mono_ns + passed_ns, last[0].utc_ns + passed_ns)
    time = FrameTime(
        came.mono_ns if mono_ns is None else mono_ns, came.utc_ns if utc_ns is None else utc_ns
    )
    return time._replace(clock_synced=_flag(at)), mono_ns is None or utc_ns is None


def _flag(at: FrameTime) -> bool | None:
    try:
        flag = at.clock_synced
    except Exception:  # noqa: BLE001 - as below
        return None
    return flag if isinstance(flag, bool) else None


def _field(at: FrameTime, name: str) -> int | None:
    try:
        number = index(getattr(at, name))
    except Exception:  # noqa: BLE001 - whatever was handed in may raise whatever it likes
        return None
    return number if LEAST_NS <= number <= MOST_NS else None
