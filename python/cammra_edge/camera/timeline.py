"""From a stream's time to ours: arithmetic only, no clock.

A picture's interval from the one before comes from the stream, for the way over the network and the decoder make it
uneven. The stream's clock is not ours, and nobody says how long a picture has been on its way, so the time of a
picture is its stream time plus an offset that

* falls at once when a picture comes earlier than it would make it (a picture is never from the future), and
* rises slowly, by at most `SLEW` of the time that went by, towards the earliest arrival of the last window: a camera's
  clock that runs slow is followed, a burst of late pictures is not.

A step of more than `JUMP_NS` either way is another beginning: a camera that started anew, a film that was looped.
Times never go back. Held by `tests/camera/test_timeline.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

SLEW = 0.002
"""Camera clocks are off by less than 200 millionths (a tenth of this); the rest is for slow networks."""
JUMP_NS = 2_000_000_000
WINDOW_NS = 10_000_000_000


@dataclass(slots=True)
class Timeline:
    """Gives pictures times of `mono_ns`' clock."""

    _offset_ns: int | None = None
    _stream_ns: int = 0
    _latest_ns: int | None = None
    _window_began_ns: int = 0
    _window_least_ns: int | None = None
    _target_ns: int = 0

    def begin_anew(self) -> None:
        """The next picture is of another connection: its stream time has nothing to do with that of before."""
        self._offset_ns = None

    def at(self, stream_ns: int | None, came_ns: int) -> int:
        """When a picture was taken.

        Args:
            stream_ns: The stream's own time of it; `None`: it tells none.
            came_ns: When it came.
        """
        taken_ns = came_ns if stream_ns is None else self._mapped(stream_ns, came_ns)
        if self._latest_ns is not None:
            taken_ns = max(taken_ns, self._latest_ns + 1)
        self._latest_ns = taken_ns
        return taken_ns

    def _mapped(self, stream_ns: int, came_ns: int) -> int:
        arrival_ns = came_ns - stream_ns
        offset_ns = self._offset_ns
        if offset_ns is None or abs(arrival_ns - offset_ns) > JUMP_NS:
            self._begin(arrival_ns, came_ns)
        else:
            self._look(arrival_ns, came_ns)
            passed_ns = max(0, stream_ns - self._stream_ns)
            rise_ns = min(self._target_ns - offset_ns, round(passed_ns * SLEW))
            self._offset_ns = min(arrival_ns, offset_ns + max(0, rise_ns))
        self._stream_ns = stream_ns
        return stream_ns + (self._offset_ns or 0)

    def _begin(self, arrival_ns: int, came_ns: int) -> None:
        self._offset_ns = self._target_ns = arrival_ns
        self._window_began_ns, self._window_least_ns = came_ns, None

    def _look(self, arrival_ns: int, came_ns: int) -> None:
        self._target_ns = min(self._target_ns, arrival_ns)
        least_ns = self._window_least_ns
        self._window_least_ns = arrival_ns if least_ns is None else min(least_ns, arrival_ns)
        if came_ns - self._window_began_ns >= WINDOW_NS:
            self._target_ns = self._window_least_ns
            self._window_began_ns, self._window_least_ns = came_ns, None
