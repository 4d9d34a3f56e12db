"""One picture of a stream, before anybody asked for a form of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cammra_edge.imaging import Frame
    from cammra_edge.model import FrameFormat


class Picture(Protocol):
    """A picture that can be had in several forms; each is made where it is asked for."""

    width: int
    height: int

    def frame(self, frame_format: FrameFormat) -> Frame:
        """For the engine. Planes are lent as the decoder left them wherever it made that format.

        Raises:
            StreamError: The stream cannot give this format.
        """
        ...

    def pixels(self) -> Any:  # noqa: ANN401 - a numpy array, which this package does not import
        """For a recogniser: `(height, width, 3)` of `uint8`, BGR8."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture and what the stream says of its time.

    Args:
        picture: The picture.
        stream_ns: The stream's own time; `None`: it tells none.
        camera_utc_ns: The camera's wall clock, where it tells it.
    """

    picture: Picture
    stream_ns: int | None = None
    camera_utc_ns: int | None = None


class Stream(Protocol):
    """An open stream."""

    codec: str

    @property
    def began_utc(self) -> datetime | None:
        """When it was taken, where a film says so."""
        ...

    def pictures(self) -> Iterator[Taken | None]:
        """Every picture as it comes, `None` for one that was damaged; ends where the stream ends.

        Raises:
            StreamError: The stream broke off, or gives nothing.
        """
        ...

    def close(self) -> None:
        """End it; may be called twice."""
        ...
