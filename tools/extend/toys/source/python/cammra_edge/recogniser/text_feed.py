"""Adapter for programs that print what they read: one line a frame, `track text confidence` for each plate in it.

Held by `tests/extend/test_source.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.model import PlateRead

if TYPE_CHECKING:
    from cammra_edge.model import FrameTime


class TextFeed:
    """A `Recogniser` of lines."""

    def read(self, frame: str, at: FrameTime) -> list[PlateRead]:  # noqa: ARG002 - a line says no time
        """The plates of one line."""
        return [
            PlateRead(track=int(track), text=text, confidence=float(confidence))
            for track, text, confidence in zip(*[iter(frame.split())] * 3, strict=True)
        ]
