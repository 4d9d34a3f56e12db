"""What a source adds to decoding: `VideoSource` and the live reader beside a bare loop of PyAV.

The same wheel, the same film, the same threads (PyAV's default), everything on one core. A picture that is handed on is
counted as copied where its planes do not lie in the decoder's own memory.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from tools.video import film

from benches.method import compare
from benches.report import Result, Table
from cammra_edge.camera import Address, VideoSource
from cammra_edge.camera.av_stream import AvStream
from cammra_edge.camera.planes import AvPicture
from cammra_edge.camera.reader import LiveReader
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.model import FrameFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.imaging import Frame
    from cammra_edge.model import FrameTime, PlateRead

EVERY = 3
"""Of the drawn scene's frames."""


class ReadsNothing:
    """Takes planes as they come, so that nothing is converted for it."""

    frame_format = FrameFormat.I420

    def read(self, frame: Frame, at: FrameTime) -> Sequence[PlateRead]:
        del frame, at
        return ()


def run(*, quick: bool) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        film.draw(path, 1, every=EVERY)
        address = Address.parse(path)

        def bare() -> int:
            with av.open(f"file:{path}") as container:
                return sum(1 for _ in container.decode(container.streams.video[0]))

        def played() -> int:
            return sum(1 for _ in VideoSource(path, ReadsNothing()))

        def live() -> int:
            reader = LiveReader("", lambda: AvStream(address), SYSTEM_CLOCK)
            reader._read_to_its_end(threading.Event())  # noqa: SLF001 - its thread's work, on this one
            return reader.status().pictures

        pictures = {bare(), played(), live()}
        assert len(pictures) == 1, "all of them decode everything"
        ways = compare(
            {"bare loop": bare, "film": played, "live reader": live},
            reference="bare loop",
            rounds=5 if quick else 31,
        )
        copied = _copied(address)
    rows = tuple(
        (
            way.name,
            f"{way.us / max(pictures):,.0f}",
            f"{way.ratio:.2f}",
            f"{way.low:.2f} to {way.high:.2f}",
        )
        for way in ways
    )
    return Result(
        [
            Table(
                "Decoding an H.264 stream of 1280x720",
                ("way", "µs a picture", "x bare loop", "quartiles"),
                rows,
                f"{max(pictures)} pictures of the drawn scene. A film's are handed on as I420 with their times;"
                " the live reader lays each down as the newest.",
            )
        ],
        {"decode": max(way.ratio for way in ways), "decode_copies": copied},
    )


def _copied(address: Address) -> int:
    """Pictures of which a plane lies elsewhere than in the decoder's memory."""
    copied = 0
    for taken in AvStream(address).pictures():
        assert taken is not None
        picture = taken.picture
        assert isinstance(picture, AvPicture)
        theirs = [plane.buffer_ptr for plane in picture._frame.planes]  # noqa: SLF001 - the decoder's
        lent = [np.asarray(plane).ctypes.data for plane in picture.frame(FrameFormat.I420)]
        copied += lent != theirs
    return copied
