"""Who encodes does not show: the faster encoder of NV12 and I420 writes libjpeg-turbo's bytes, whatever the image.

`rust/cammra-core/tests/encoders.rs` holds the same for every set of instructions that the processor has.
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec
from cammra_edge.recording import Recording
from tests.budget import examples
from tests.native.pictures import Bytes, nv12_of, photo, planes_of
from tests.recordings import recordings

if TYPE_CHECKING:
    from cammra_edge.imaging import Frame

FULL = ImageKind.FULL_FRAME
NV12 = (FrameFormat.NV12, FrameFormat.NV12_FULL)
VIDEO_RANGE = (FrameFormat.NV12, FrameFormat.I420)
FORMATS = (*NV12, FrameFormat.I420, FrameFormat.I420_FULL)


def both(frame: Frame, frame_format: FrameFormat, spec: ImageSpec) -> tuple[bytes, bytes]:
    """What the faster encoder writes, and what libjpeg-turbo writes."""
    ours = encode_image(frame, frame_format, spec, (0, 0, 1e5, 1e5))
    turbo = encode_image(frame, frame_format, spec, (0, 0, 1e5, 1e5), libjpeg_turbo=True)
    assert ours[1:] == turbo[1:]
    return ours.jpeg, turbo.jpeg


@given(st.data())
@settings(max_examples=examples(1600))
def test_both_encoders_write_the_same_bytes(data: st.DataObject) -> None:
    width, height = (2 * data.draw(st.integers(1, 60)) for _ in range(2))
    frame_format = data.draw(st.sampled_from(FORMATS))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    rows = height * 3 // 2
    frames: list[Frame] = [
        rng.integers(0, 256, (rows, width), np.uint8),
        rng.integers(0, 2, (rows, width), np.uint8) * np.uint8(255),
        np.full((rows, width), rng.integers(0, 256), np.uint8),
        nv12_of(photo(width, height), video=True),
    ]
    frame = data.draw(st.sampled_from(frames))
    spec = ImageSpec(kind=FULL, quality=data.draw(st.integers(1, 100)))
    ours, turbo = both(frame, frame_format, spec)
    assert ours == turbo


@cache
def fifty() -> list[tuple[Frame, FrameFormat]]:
    """Half of them drawn, half photographs, in the four formats in turn."""
    drawn = [photo(16 + 14 * seed, 16 + 10 * seed, seed) for seed in range(25)]
    pictures: list[tuple[Frame, FrameFormat]] = []
    for number, rgb in enumerate([*drawn, *photographs()]):
        frame_format = FORMATS[number % len(FORMATS)]
        y, u, v = planes_of(rgb, video=frame_format in VIDEO_RANGE)
        if frame_format in NV12:
            frame: Frame = (y, np.stack([u, v], axis=-1).reshape(u.shape[0], -1))
        else:
            frame = (y, u, v)
        pictures.append((frame, frame_format))
    return pictures


def photographs() -> list[Bytes]:
    """Twenty-five parts of recorded streams."""
    parts = []
    for name in ("street", "toll-lane"):
        for number, entry in enumerate(Recording.open(recordings() / name).frames()):
            if number % 10 == 0 and entry.jpeg is not None:
                with Image.open(io.BytesIO(entry.jpeg)) as image:
                    rgb = np.asarray(image.convert("RGB"))
                parts.append(rgb[100:300, 2 * number : 2 * number + 320])
            if len(parts) == 25:
                return parts
    raise AssertionError("too few frames")


@pytest.mark.recordings
@pytest.mark.parametrize("quality", [*range(30, 99, 4), 99, 100])
def test_fifty_pictures_are_the_same_at_every_quality(quality: int) -> None:
    spec = ImageSpec(kind=FULL, quality=quality)
    pictures = fifty()
    assert len(pictures) == 50
    for number, (frame, frame_format) in enumerate(pictures):
        ours, turbo = both(frame, frame_format, spec)
        assert ours == turbo, f"picture {number}, {frame_format}"
