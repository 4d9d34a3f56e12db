"""Frames through the buffer protocol alone, as an armv7 camera without numpy and Pillow hands them over.

These run on every processor. The checksums were taken on x86-64 (AVX2), where other tests hold the encoder to Pillow:
libjpeg-turbo's vector code gives the same bytes as its C code, so a NEON build that differed would be wrong.
"""

from __future__ import annotations

import hashlib
import mmap
import subprocess
import sys
from array import array
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import FrameError
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

WIDTH, HEIGHT = 320, 192
FULL = ImageSpec(kind=ImageKind.FULL_FRAME)
CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP)
BOX = (37.0, 21.0, 150.0, 90.0)


def luma() -> bytes:
    return bytes((x * y // 16 + (x ^ y)) & 0xFF for y in range(HEIGHT) for x in range(WIDTH))


def chroma() -> bytes:
    return bytes(96 + ((x + 3 * y) & 0x3F) for y in range(HEIGHT // 2) for x in range(WIDTH))


def rgb() -> bytes:
    return bytes(
        (x + 2 * y + 85 * c) & 0xFF for y in range(HEIGHT) for x in range(WIDTH) for c in range(3)
    )


def rows(pixels: Buffer, height: int, width: int) -> memoryview:
    return memoryview(pixels).cast("B", (height, width))


def mapped(pixels: bytes) -> mmap.mmap:
    memory = mmap.mmap(-1, len(pixels))
    memory.write(pixels)
    return memory


@pytest.mark.parametrize("holder", [bytes, bytearray, lambda pixels: array("B", pixels), mapped])
def test_any_buffer_of_nv12_gives_the_same_image(holder: Callable[[bytes], Buffer]) -> None:
    frame = rows(holder(luma() + chroma()), HEIGHT * 3 // 2, WIDTH)
    planes = (rows(luma(), HEIGHT, WIDTH), rows(chroma(), HEIGHT // 2, WIDTH))
    image = encode_image(frame, FrameFormat.NV12_FULL, CROP, BOX)
    assert image.jpeg == encode_image(planes, FrameFormat.NV12_FULL, CROP, BOX).jpeg
    assert image.jpeg[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("frame_format", "checksum"),
    [
        (FrameFormat.NV12_FULL, "fde4b0bc42f7e7ad"),
        (FrameFormat.NV12, "bae7cf12810a307e"),
        (FrameFormat.RGB8, "f9d50f09bf9ffb96"),
        (FrameFormat.GRAY8, "25d1b3b0c8d1d613"),
    ],
)
def test_every_processor_makes_the_same_bytes(frame_format: FrameFormat, checksum: str) -> None:
    match frame_format:
        case FrameFormat.RGB8:
            frame = memoryview(rgb()).cast("B", (HEIGHT, WIDTH, 3))
        case FrameFormat.GRAY8:
            frame = rows(luma(), HEIGHT, WIDTH)
        case _:
            frame = rows(luma() + chroma(), HEIGHT * 3 // 2, WIDTH)
    made = b"".join(
        encode_image(frame, frame_format, spec, box).jpeg
        for spec, box in ((FULL, None), (CROP, BOX))
    )
    assert hashlib.sha256(made).hexdigest()[:16] == checksum


def test_a_crop_of_a_jpeg_frame_needs_nothing_but_its_bytes() -> None:
    jpeg = encode_image(rows(luma(), HEIGHT, WIDTH), FrameFormat.GRAY8, FULL).jpeg
    crop = encode_image(memoryview(jpeg), FrameFormat.JPEG, CROP, BOX)
    assert (crop.width, crop.height) != (WIDTH, HEIGHT)
    assert crop.jpeg[:2] == b"\xff\xd8"


def test_a_buffer_that_is_too_small_is_refused_with_its_size() -> None:
    with pytest.raises(FrameError, match=r"shape \(7, 320\)"):
        encode_image(rows(luma()[: WIDTH * 7], 7, WIDTH), FrameFormat.NV12, FULL)


def test_encoding_imports_neither_numpy_nor_pillow() -> None:
    script = (
        "import sys\n"
        "from cammra_edge.imaging import encode_image\n"
        "from cammra_edge.model import FrameFormat, ImageKind, ImageSpec\n"
        "frame = memoryview(bytes(64 * 96)).cast('B', (96, 64))\n"
        "encode_image(frame, FrameFormat.NV12, ImageSpec(kind=ImageKind.FULL_FRAME))\n"
        "print(sorted({'numpy', 'PIL'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
