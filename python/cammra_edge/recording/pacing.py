"""Plays recorded frames at a chosen speed.

Held by `tests/recording/test_pacing.py`: no frame comes early, and a late one is never waited for.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cammra_edge.clock import Clock
    from cammra_edge.recording.reader import RecordedFrame


def paced(
    frames: Iterable[RecordedFrame],
    speed: float | None,
    *,
    clock: Clock,
    wait: Callable[[float], object] | None = None,
) -> Iterator[RecordedFrame]:
    """The same frames, each not before its time.

    Args:
        frames: A recording's frames.
        speed: 1.0 is as fast as they were taken, 4.0 four times that; `None` does not wait at all.
        clock: Whose monotonic time counts.
        wait: Waits that many seconds; may return early (the frame then comes early, once).
    """
    if speed is None:
        yield from frames
        return
    wait = wait or threading.Event().wait
    start_ns: int | None = None
    for frame in frames:
        due_ns = round(frame.at.mono_ns / speed)
        if start_ns is None:
            start_ns = clock.mono_ns() - due_ns
        ahead_ns = start_ns + due_ns - clock.mono_ns()
        if ahead_ns > 0:
            wait(ahead_ns / 1e9)
        yield frame
