"""The floor of single images, in C: `image.c`, bound to one 1080p frame in its four forms."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from benches.floor import FloorError, built

if TYPE_CHECKING:
    from collections.abc import Callable

    IntBox = tuple[int, int, int, int]


class ImageFloor:
    """The compiled functions. Each method returns a job that does its work `times` times in one call.

    Args:
        rgb: The frame as RGB.
        nv12: The frame as NV12 in one array.
        jpeg: The frame as a camera's JPEG.

    Raises:
        FloorError: No C compiler, or no libjpeg-turbo was built here; later, a box that is not inside the frame.
    """

    def __init__(self, rgb: Any, nv12: Any, jpeg: bytes) -> None:  # noqa: ANN401 - numpy
        self._library = ctypes.CDLL(str(built("image")))
        for name in ("rgb", "nv12", "nv12_turbo", "nv12_video", "downsized", "jpeg", "jpeg_half"):
            getattr(self._library, f"floor_{name}").restype = ctypes.c_size_t
        self._library.floor_out.restype = ctypes.c_void_p
        if not self._library.floor_ready():
            raise FloorError("libjpeg-turbo has no memory")
        self._kept = (rgb, nv12, jpeg)
        self._height, self._width = rgb.shape[:2]
        self._rgb = (ctypes.c_void_p(rgb.ctypes.data), rgb.strides[0])
        pitch = nv12.strides[0]
        luma = nv12.ctypes.data
        chroma = luma + self._height * pitch
        self._nv12 = (ctypes.c_void_p(luma), ctypes.c_void_p(chroma), pitch)
        self._jpeg = (jpeg, ctypes.c_size_t(len(jpeg)), self._width)

    def rgb(self, box: IntBox, times: int = 1) -> Callable[[], int]:
        """A box of the RGB frame."""
        return self._job("rgb", *self._rgb, *self._inside(box), times)

    def nv12(self, box: IntBox, times: int = 1) -> Callable[[], int]:
        """A box of the NV12 frame, taken as full range."""
        return self._job("nv12", *self._nv12, *self._inside(box), times)

    def nv12_turbo(self, box: IntBox, times: int = 1) -> Callable[[], int]:
        """The same by the TurboJPEG interface, which keeps no tables."""
        return self._job("nv12_turbo", *self._nv12, *self._inside(box), times)

    def made(self, job: Callable[[], int]) -> bytes:
        """The JPEG that a job makes."""
        return ctypes.string_at(self._library.floor_out(), job())

    def quality(self, quality: int) -> None:
        """Encode what follows in this quality; 85 unless said."""
        self._library.floor_quality(quality)

    def nv12_video(self, box: IntBox, times: int = 1) -> Callable[[], int]:
        """A box of the NV12 frame, taken as video range and expanded."""
        return self._job("nv12_video", *self._nv12, *self._inside(box), times)

    def downsized(self) -> Callable[[], int]:
        """A third of the NV12 frame."""
        return self._job("downsized", *self._nv12, self._width, self._height, 1)

    def jpeg(self, box: IntBox) -> Callable[[], int]:
        """A box of the JPEG: decode all, cut, encode."""
        return self._job("jpeg", *self._jpeg, *box, 1)

    def jpeg_half(self) -> Callable[[], int]:
        """Half of the JPEG, by scaled decoding."""
        return self._job("jpeg_half", *self._jpeg, self._height, 1)

    def _inside(self, box: IntBox) -> IntBox:
        left, top, width, height = box
        if left + width > self._width or top + height > self._height:
            raise FloorError(f"box {box}: want one inside {self._width}x{self._height}")
        return box

    def _job(self, name: str, *arguments: object) -> Callable[[], int]:
        work = getattr(self._library, f"floor_{name}")

        def run() -> int:
            size = int(work(*arguments))
            if not size:
                raise FloorError(f"libjpeg-turbo refused {name}")
            return size

        return run
