"""One frame for a person to look at, such as to draw regions on; costs nothing until somebody asks.

`offer` runs on the recogniser's thread and copies at most one frame per question; the encoding is on the
asker's thread (`tests/engine/test_snapshot.py`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from cammra_edge.errors import FrameError, ImageError
from cammra_edge.imaging import encode_image
from cammra_edge.model import ImageKind, ImageSpec

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from cammra_edge.imaging import Frame
    from cammra_edge.model import FrameFormat

FIT = (1280, 720)


class Snapshot:
    """See the module."""

    def __init__(self) -> None:
        self.wanted = False
        self._asking = threading.Lock()
        self._came = threading.Event()
        self._frame: memoryview | tuple[memoryview, ...] | None = None

    def offer(self, frame: Frame) -> None:
        """Take a copy, since somebody wants one; of what is no frame, none."""
        self.wanted = False
        try:
            self._frame = tuple(map(_copy, frame)) if isinstance(frame, tuple) else _copy(frame)
        except (TypeError, ValueError, BufferError):
            self._frame = None
        self._came.set()

    def take(self, frame_format: FrameFormat, timeout_s: float) -> bytes | None:
        """Wait for the next frame and encode it, made smaller; `None` when none comes or it is broken."""
        with self._asking:
            self._came.clear()
            self.wanted = True
            if not self._came.wait(timeout_s):
                self.wanted = False
                return None
            frame, self._frame = self._frame, None
        if frame is None:
            return None
        try:
            return encode_image(
                frame, frame_format, ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=FIT)
            ).jpeg
        except (FrameError, ImageError):
            return None


def _copy(plane: object) -> memoryview:
    view = memoryview(cast("Buffer", plane))
    return (
        memoryview(view.tobytes()).cast("B", view.shape or ()) if view.nbytes else memoryview(b"")
    )
