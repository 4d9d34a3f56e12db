"""A decoded picture of PyAV in the forms that engine and recogniser take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cammra_edge.camera.troubles import stream_error
from cammra_edge.model import FrameFormat

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from cammra_edge.imaging import Frame

_VIDEO_RANGE, _FULL_RANGE = 1, 2
"""`AVColorRange`: MPEG (luma 16 to 235), JPEG (0 to 255)."""
_NAMES = {
    FrameFormat.I420: ("yuv420p", _VIDEO_RANGE),
    FrameFormat.I420_FULL: ("yuv420p", _FULL_RANGE),
    FrameFormat.NV12: ("nv12", _VIDEO_RANGE),
    FrameFormat.NV12_FULL: ("nv12", _FULL_RANGE),
    FrameFormat.RGB8: ("rgb24", None),
    FrameFormat.BGR8: ("bgr24", None),
    FrameFormat.GRAY8: ("gray", None),
}
"""FFmpeg's name and range of each format."""
_FULL_NAMES = frozenset({"yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p"})
_PACKED = frozenset({"rgb24", "bgr24"})


class AvPicture:
    """A decoded picture; `jpeg` are the bytes that it was decoded from, if it came as a JPEG."""

    def __init__(self, frame: VideoFrame, jpeg: bytes | None) -> None:
        self._frame = frame
        self._jpeg = jpeg
        self._quarter_turns = frame.rotation // 90 % 4 if frame.rotation % 90 == 0 else 0
        size = (frame.width, frame.height)
        self.width, self.height = size[::-1] if self._quarter_turns % 2 else size

    def frame(self, frame_format: FrameFormat) -> Frame:
        """As `picture.Picture`: I420 and NV12 are the decoder's own planes where it made them."""
        if frame_format is FrameFormat.JPEG:
            if self._jpeg is None:
                raise stream_error("not_jpeg")
            return self._jpeg
        name, wanted_range = _NAMES[frame_format]
        frame = self._frame
        if frame.format.name != name or (wanted_range and self._range() != wanted_range):
            frame = frame.reformat(
                format=name,
                src_color_range=self._range() if wanted_range else None,
                dst_color_range=wanted_range,
            )
        planes = [_rows(frame, number) for number in range(len(frame.planes))]
        if self._quarter_turns:
            planes = [_turned(plane, self._quarter_turns) for plane in planes]
        return planes[0] if len(planes) == 1 else tuple(planes)

    def pixels(self) -> Any:  # noqa: ANN401 - as `picture.Picture`
        """As `picture.Picture`."""
        pixels = self._frame.to_ndarray(format="bgr24")
        return _turned(pixels, self._quarter_turns) if self._quarter_turns else pixels

    def _range(self) -> int:
        frame = self._frame
        is_full = frame.color_range == _FULL_RANGE or frame.format.name in _FULL_NAMES
        return _FULL_RANGE if is_full else _VIDEO_RANGE


def _rows(frame: VideoFrame, number: int) -> Any:  # noqa: ANN401 - a numpy array
    """A plane without the decoder's padding, lent; of 4:2:0 with an odd size without its last row or column."""
    import numpy as np  # noqa: PLC0415 - PyAV gives pictures to nobody without it

    plane = frame.planes[number]
    name = frame.format.name
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    if name in _PACKED:
        return rows[: plane.height, : 3 * plane.width].reshape(plane.height, plane.width, 3)
    width, height = frame.width, frame.height
    if name != "gray":
        width, height = width // 2 * 2, height // 2 * 2
    if number:
        height //= 2
        width //= 1 if name == "nv12" else 2
    return rows[:height, :width]


def _turned(pixels: Any, quarter_turns: int) -> Any:  # noqa: ANN401 - as above
    """Turned as the film says that it is to be shown."""
    import numpy as np  # noqa: PLC0415 - as above

    return np.ascontiguousarray(np.rot90(pixels, quarter_turns))
