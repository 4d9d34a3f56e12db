"""The times of a stream's frames: what a recogniser hands in, mended where it is no time, and when frames came.

A time that is none is seconds as a float, `None`, or a number of more than 64 bits. Held by `tests/engine`.
"""

from __future__ import annotations

from collections import deque
from operator import index
from typing import TYPE_CHECKING

from cammra_edge.clock import SyncWatch
from cammra_edge.engine.status import StreamStatus
from cammra_edge.engine.troubles import InputKind
from cammra_edge.model import FrameTime
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.engine.troubles import Troubles

LEAST_NS, MOST_NS = -(2**63), 2**63 - 1
_LAGS = 8


class StreamTime:
    """The time of a stream. Of a live one, also when its frames came by the machine's clock."""

    def __init__(self, clock: Clock, troubles: Troubles) -> None:
        self._clock = clock
        self._troubles = troubles
        self._sync = SyncWatch(clock)
        self._began_mono_ns = 0
        self.live = False
        self.last: tuple[FrameTime, int] | None = None
        """The last frame's time as its taker knows it, and when that frame came."""
        self._lags_ns: deque[int] = deque(maxlen=_LAGS)
        """How much later than they were taken the last frames came, by clocks that may begin anywhere."""

    def begin(self, *, live: bool) -> None:
        """A run begins."""
        self.live = live
        self._began_mono_ns = self._clock.mono_ns()
        if live:
            self._sync.look(self._began_mono_ns)  # loads what it takes, not while a frame waits

    def of(self, at: FrameTime) -> FrameTime:
        """A frame's time; where a live stream's frame has no usable one, when it came."""
        now_mono_ns = self._clock.mono_ns()
        # Looked at by the field, so that a good time costs no call.
        if not (
            type(at) is FrameTime
            and type(at.mono_ns) is int
            and type(at.utc_ns) is int
            and LEAST_NS <= at.mono_ns <= MOST_NS
            and LEAST_NS <= at.utc_ns <= MOST_NS
        ):
            if not self.live:
                return at  # a replay's time is not the machine's: the tracker takes its latest
            at, is_wrong = mended(at, self.last, now_mono_ns, self._clock)
            if is_wrong:
                self._troubles.add(InputKind.TIME, "")
        self._lags_ns.append(now_mono_ns - at.mono_ns)
        self.last = (at, now_mono_ns)
        if self.live and at.clock_synced is None:
            return FrameTime(at.mono_ns, at.utc_ns, self._sync.look(now_mono_ns))
        return at

    def now(self) -> FrameTime | None:
        """What time it is by the frames' clock, as far as no frame under way can have been taken earlier.

        A recogniser that takes now 0.5 and now 2 s hands in frames that are as much older. Timers by the age of the
        last one would overtake the next, so they go by the slowest of the last frames. `None` before the first frame.
        """
        if self.last is None:
            return None
        at, came_mono_ns = self.last
        behind_ns = max(self._lags_ns) - (came_mono_ns - at.mono_ns)
        ahead_ns = max(0, self._clock.mono_ns() - came_mono_ns - behind_ns)
        return FrameTime(at.mono_ns + ahead_ns, at.utc_ns + ahead_ns)

    def status(self, frames: int) -> StreamStatus | None:
        """How the frames of a live stream come, of which there were so many; a replay's do not."""
        if not self.live:
            return None
        now_mono_ns, last = self._clock.mono_ns(), self.last
        synced = None if last is None else last[0].clock_synced
        came_mono_ns = max(self._began_mono_ns, 0 if last is None else last[1])
        return StreamStatus(
            silent_s=(now_mono_ns - came_mono_ns) / NS_PER_S,
            usual_gap_s=(came_mono_ns - self._began_mono_ns) / NS_PER_S / max(1, frames),
            clock_synced=self._sync.look(now_mono_ns) if synced is None else synced,
        )


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
