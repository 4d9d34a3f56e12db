"""A look at a source without its recogniser: whether it opens, what comes and how fast, and a picture of it.

Held by `tests/camera/test_look.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from cammra_edge.camera.film import film_pictures
from cammra_edge.camera.status import SourceState, SourceStatus
from cammra_edge.camera.troubles import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.camera.picture import Picture, Stream
    from cammra_edge.camera.reader import LiveReader
    from cammra_edge.clock import Clock
    from cammra_edge.imaging import Frame
    from cammra_edge.model import FrameFormat

LONGEST_S = 10.0
"""By then a stream shows a picture, or says why it does not."""
WATCHED_S = 2.0
_STEP_S = 0.1
_OF_A_FILM = 25
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Args:
        status: How the source stood.
        frame: A picture of it in the source's `frame_format`; `None`: none came, or it has no such form.
    """

    status: SourceStatus
    frame: Frame | None


def look_live(reader: LiveReader, frame_format: FrameFormat, clock: Clock) -> Look:
    """Watch a live stream for `WATCHED_S` from its first picture on, or until it says what is wrong."""
    reader.start()
    picture: Picture | None = None
    try:
        end_mono_ns = clock.mono_ns() + round(LONGEST_S * _NS_PER_S)
        while clock.mono_ns() < end_mono_ns and reader.status().trouble is None:
            newest = reader.take(_STEP_S)
            if newest is None:
                continue
            if picture is None:
                end_mono_ns = clock.mono_ns() + round(WATCHED_S * _NS_PER_S)
            picture = newest.picture
        return _look(reader.status(), picture, frame_format)
    finally:
        reader.stop()


def look_at_film(
    opened: Callable[[], Stream], address: str, frame_format: FrameFormat, clock: Clock
) -> Look:
    """The first pictures of a film."""
    status = SourceStatus(address=address, state=SourceState.ENDED)
    picture: Picture | None = None
    try:
        for came, _, facts in islice(film_pictures(opened, clock, None), _OF_A_FILM):
            picture, status = came, replace(facts, address=address)
    except StreamError as error:
        status = replace(status, state=SourceState.LOST, trouble=error.trouble)
    return _look(status, picture, frame_format)


def _look(status: SourceStatus, picture: Picture | None, frame_format: FrameFormat) -> Look:
    if picture is None:
        return Look(status, None)
    try:
        return Look(status, picture.frame(frame_format))
    except StreamError as error:
        return Look(replace(status, state=SourceState.LOST, trouble=error.trouble), None)
