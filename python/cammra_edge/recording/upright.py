"""Turns pictures that ask their viewers to (EXIF's orientation), once, at import.

Boxes mean pixels as they are stored. A tracker that reads pictures with OpenCV or Pillow has seen them turned, so a
recording has them turned for good, mirrored ones too. Held by `tests/recording/test_upright.py`.
"""

from __future__ import annotations

import io

from cammra_edge.errors import RecordingError

_EXIF = b"Exif\0\0"
_HEADER_BYTES = 64 << 10
_ORIENTATION = 0x0112
_QUALITY = 95


def upright(jpeg: bytes) -> bytes:
    """The picture as viewers show it; the very bytes where it asks for nothing, or cannot be read.

    Raises:
        RecordingError: It has to be turned, and Pillow is not installed.
    """
    if _EXIF not in jpeg[:_HEADER_BYTES]:
        return jpeg
    try:
        from PIL import Image, ImageOps  # noqa: PLC0415 - an extra, which few pictures need
    except ImportError as error:
        why = "a picture is turned by its EXIF orientation: pip install 'cammra-edge[draw]'"
        raise RecordingError(why) from error
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            if picture.getexif().get(_ORIENTATION, 1) in (0, 1):
                return jpeg
            turned = io.BytesIO()
            ImageOps.exif_transpose(picture).save(turned, "JPEG", quality=_QUALITY, subsampling=0)
            return turned.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return jpeg  # whoever decodes it says what is wrong with it
