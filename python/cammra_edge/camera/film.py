"""A film, picture by picture, with its own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cammra_edge.camera.status import SourceState, SourceStatus
from cammra_edge.model import FrameTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cammra_edge.camera.picture import Picture, Stream
    from cammra_edge.clock import Clock

_US = 1000
_USUAL_STEP_NS = 40_000_000
_A_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def film_pictures(
    opened: Callable[[], Stream], clock: Clock, start_utc: datetime | None
) -> Iterator[tuple[Picture, FrameTime, SourceStatus]]:
    """Every picture that can be decoded, when it was taken, and how far the film is.

    Args:
        opened: Opens the film.
        clock: Says what time it is where the film says nothing.
        start_utc: When it begins; `None`: what it says itself, else now.

    Raises:
        StreamError: It cannot be read, or not to its end.
    """
    stream = opened()
    try:
        yield from _pictures(stream, _began_ns(stream, clock, start_utc))
    finally:
        stream.close()


def _pictures(
    stream: Stream, began_utc_ns: int
) -> Iterator[tuple[Picture, FrameTime, SourceStatus]]:
    first_ns: int | None = None
    now_ns, pictures, damaged = -1, 0, 0
    for taken in stream.pictures():
        if taken is None:
            damaged += 1
            continue
        stream_ns = now_ns + _USUAL_STEP_NS if taken.stream_ns is None else taken.stream_ns
        first_ns = stream_ns if first_ns is None else first_ns
        now_ns = max(stream_ns - first_ns, now_ns + 1)
        pictures += 1
        facts = SourceStatus(
            address="",
            state=SourceState.PLAYING,
            width=taken.picture.width,
            height=taken.picture.height,
            codec=stream.codec,
            rate_fps=round((pictures - 1) * 1e9 / now_ns, 1) if now_ns > 0 else 0.0,
            pictures=pictures,
            damaged_frames=damaged,
        )
        yield taken.picture, FrameTime(now_ns, began_utc_ns + now_ns), facts


def _began_ns(stream: Stream, clock: Clock, start_utc: datetime | None) -> int:
    began = start_utc or stream.began_utc
    if began is None:
        return clock.utc_ns()
    return (began - _EPOCH) // _A_MICROSECOND * _US
