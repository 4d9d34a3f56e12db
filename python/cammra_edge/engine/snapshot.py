"""One frame for a person to look at, such as to draw regions on; costs nothing until somebody asks.

`offer` runs on the recogniser's thread and copies one frame per request at most; the requesting thread encodes
it (`tests/engine/test_snapshot.py`).
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
        """Copy the frame for whoever waits in `take`; something that is no frame answers with none."""
        self.wanted = False
        try:
            self._frame = tuple(map(_copy, frame)) if isinstance(frame, tuple) else _copy(frame)
        except (TypeError, ValueError, BufferError):
            self._frame = None
        self._came.set()

    def take(
        self, frame_format: FrameFormat, timeout_s: float, *, libjpeg_turbo: bool = False
    ) -> bytes | None:
        """The next frame as a JPEG that fits `FIT`; `None` when none comes in time, or it is broken."""
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
            spec = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=FIT)
            return encode_image(frame, frame_format, spec, libjpeg_turbo=libjpeg_turbo).jpeg
        except (FrameError, ImageError):
            return None


def _copy(plane: object) -> memoryview:
    view = memoryview(cast("Buffer", plane))
    return (
        memoryview(view.tobytes()).cast("B", view.shape or ()) if view.nbytes else memoryview(b"")
    )
