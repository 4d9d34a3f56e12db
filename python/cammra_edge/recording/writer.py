"""Writes a recorded stream.

Invariant, held by `tests/recording/test_writer.py`: `recording.json` appears last and whole, so a
folder that was cut off in the middle is never taken for a recording.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cammra_edge.errors import RecordingError
from cammra_edge.recording.jpegs import NO_PICTURE, whole_jpeg
from cammra_edge.recording.reader import FORMAT, FRAMES_FILE, HEADER_FILE, READS_FILE, Recording
from cammra_edge.recording.reads import format_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.model import FrameTime, PlateRead


class RecordingWriter:
    """Writes frames in order; as a context manager it finishes the recording at the end.

    Args:
        path: The folder; made when missing, refused when it already holds a recording.
        size: Width and height of a frame, in pixels.
        fps: Frames per second.
        start_utc_ns: When the first frame was taken.
        pictures: False for reads without pictures.
        source: Where it comes from.
        licence: Under which terms.

    Raises:
        RecordingError: The folder cannot be made, or holds a recording already.
    """

    def __init__(  # noqa: PLR0913 - the header's fields, by name
        self,
        path: str | Path,
        *,
        size: tuple[int, int],
        fps: float,
        start_utc_ns: int,
        pictures: bool,
        source: str = "",
        licence: str = "",
    ) -> None:
        self.path = Path(path)
        self._header = {
            "format": FORMAT,
            "width": size[0],
            "height": size[1],
            "fps": fps,
            "start_utc_ns": start_utc_ns,
            "source": source,
            "licence": licence,
            "frames": FRAMES_FILE if pictures else None,
        }
        if (self.path / HEADER_FILE).exists():
            raise RecordingError(f"{self.path}: holds a recording already; give another folder")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._reads = (self.path / READS_FILE).open("wb")
            self._frames = (self.path / FRAMES_FILE).open("wb") if pictures else None
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be written ({error.strerror})") from error
        self._next_frame = 0
        self.broken_pictures = 0

    def add(
        self,
        jpeg: bytes | None,
        reads: Sequence[PlateRead],
        t_ns: int,
        *,
        frame: int | None = None,
        at: FrameTime | None = None,
    ) -> None:
        """Append one frame.

        Args:
            jpeg: Its picture; what is not a whole JPEG is counted, and the frame has no picture.
            reads: Its reads; a frame without any gets no line, unless it has a time of its own (`at`).
            t_ns: Since the recording's start.
            frame: Its number, for recordings without pictures; counted where not given.
            at: What the wall clock said, and whether it was set, where that is to be kept: as the engine got it. Frames
                behind it go on from there.
        """
        number = self._next_frame if frame is None else frame
        if self._frames is not None:
            if jpeg is None or not whole_jpeg(jpeg):
                self.broken_pictures += 1
                jpeg = NO_PICTURE
            self._frames.write(jpeg)
        if reads or at is not None:
            self._reads.write(format_line(number, t_ns, reads, at))
        self._next_frame = number + 1

    def finish(self) -> Recording:
        """Complete the recording, and open it."""
        self.close()
        whole = self.path / HEADER_FILE
        part = whole.with_suffix(".part")
        part.write_text(
            json.dumps(self._header, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        part.replace(whole)
        return Recording.open(self.path)

    def close(self) -> None:
        """Close the files; without `finish` the folder is no recording."""
        self._reads.close()
        if self._frames is not None:
            self._frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.close()
