"""A picture that came as a JPEG over HTTP: decoded only for a recogniser that wants pixels."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cammra_edge.camera.troubles import stream_error
from cammra_edge.model import FrameFormat

if TYPE_CHECKING:
    from collections.abc import Callable


class JpegPicture:
    """The bytes of one JPEG.

    Args:
        jpeg: The bytes.
        width: In pixels, as its header states it.
        height: As `width`.
    """

    def __init__(self, jpeg: bytes, width: int, height: int) -> None:
        self._jpeg = jpeg
        self.width, self.height = width, height

    def frame(self, frame_format: FrameFormat) -> bytes:
        """As `picture.Picture`: the bytes themselves, and nothing else."""
        if frame_format is not FrameFormat.JPEG:
            raise stream_error("only_jpeg", f"frame_format is {frame_format.value}")
        return self._jpeg

    def pixels(self) -> Any:  # noqa: ANN401 - as `picture.Picture`
        """As `picture.Picture`; `None` where the bytes cannot be decoded."""
        return decoder()(self._jpeg)


@cache
def decoder() -> Callable[[bytes], Any]:
    """What decodes a JPEG to BGR8: OpenCV, which most recognisers bring, else Pillow.

    Raises:
        StreamError: Neither is installed.
    """
    try:
        return _by_opencv()
    except ImportError:
        pass
    try:
        return _by_pillow()
    except ImportError as error:
        raise stream_error("no_decoder") from error


def _by_opencv() -> Callable[[bytes], Any]:
    import cv2  # noqa: PLC0415 - only where it is installed
    import numpy as np  # noqa: PLC0415

    as_stored = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION  # boxes mean the picture as stored

    def decode(jpeg: bytes) -> Any:  # noqa: ANN401 - as above
        return cv2.imdecode(np.frombuffer(jpeg, np.uint8), as_stored)

    return decode


def _by_pillow() -> Callable[[bytes], Any]:
    from io import BytesIO  # noqa: PLC0415 - as above

    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    def decode(jpeg: bytes) -> Any:  # noqa: ANN401 - as above
        try:
            with Image.open(BytesIO(jpeg), formats=("JPEG",)) as picture:
                return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])
        except (OSError, ValueError, Image.DecompressionBombError):
            return None

    return decode
