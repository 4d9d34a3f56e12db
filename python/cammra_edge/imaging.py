"""The imaging door: JPEG images from a caller's frame, made by the Rust half.

A frame is any object with the buffer protocol (a numpy array, a `memoryview`, the `bytes` of a JPEG) or a tuple of
planes. It is read where it lies, never copied: its pixels must not change until the call returns. Other Python threads
run meanwhile.

Held by `tests/native/test_imaging*.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cammra_edge._native import Shot, simd_name
from cammra_edge._native import encode_image as _encode_image
from cammra_edge.model import Box, FrameFormat, ImageSpec, Rect

if TYPE_CHECKING:
    from cammra_edge import _native

    Frame = _native._Frame  # noqa: SLF001 - the stub's alias, which is not there at run time

__all__ = ["EncodedImage", "Shot", "encode_image", "simd_name"]


class EncodedImage(NamedTuple):
    """An encoded image.

    `shows` is the part of the frame it shows, in frame pixels: the box, rounded to pixels and clipped to the frame. In
    NV12, I420 and chroma-subsampled JPEG frames it grows to even pixels, in a lossless crop up and to the left by at
    most 15 pixels.
    """

    jpeg: bytes
    width: int
    height: int
    shows: Rect


# Skips NamedTuple's constructor, which costs as much as the rest of this call.
_new = tuple.__new__


def encode_image(
    frame: Frame,
    frame_format: FrameFormat,
    spec: ImageSpec,
    box: Box | None = None,
    *,
    libjpeg_turbo: bool = False,
) -> EncodedImage:
    """Cut and encode one image straight from the caller's frame.

    Args:
        frame: One buffer, or a tuple of planes, `(y, uv)` or `(y, u, v)`. RGB8 and BGR8 are `(height, width, 3)`,
            GRAY8 `(height, width)`, NV12 and I420 in one buffer `(height * 3 / 2, width)`, with any row stride; a
            JPEG is one-dimensional bytes.
        frame_format: How to read its bytes.
        spec: Which image, and how it is encoded.
        box: `(x, y, width, height)` in frame pixels, for crops; may reach over the edge.
        libjpeg_turbo: As the setting of that name; the bytes are the same.

    Raises:
        FrameError: The buffer does not fit the format, or is not a JPEG that can be decoded.
        ImageError: The box or the spec cannot be used, or nothing fits under `max_bytes`.
    """
    # By place: names cost a small image some hundred instructions each.
    jpeg, width, height, shows = _encode_image(
        frame,
        frame_format,
        spec.kind,
        box,
        spec.quality,
        spec.subsampling,
        spec.max_bytes,
        spec.fit,
        libjpeg_turbo,
    )
    return _new(EncodedImage, (jpeg, width, height, _new(Rect, shows)))
