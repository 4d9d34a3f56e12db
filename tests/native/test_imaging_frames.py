"""Frames of every format, stride and position, against Pillow; and what does not fit, with the reason."""

from __future__ import annotations

import ctypes
from array import array
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.errors import FrameError, ImageError
from cammra_edge.imaging import encode_image
from cammra_edge.model import Box, FrameFormat, ImageKind, ImageSpec, Rect, Subsampling
from tests.budget import examples
from tests.native.pictures import (
    Bytes,
    cut,
    decoded,
    jpeg_of,
    nv12_of,
    photo,
    planes_of,
    smooth,
)

if TYPE_CHECKING:
    from cammra_edge.imaging import Frame

CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=90)
FULL = ImageSpec(kind=ImageKind.FULL_FRAME, quality=90)
WIDTH, HEIGHT = 320, 200
BOXES = [
    (0, 0, 320, 200),
    (16, 32, 160, 96),
    (11, 13, 101, 57),
    (7, 3, 1, 1),
    (-40, -30, 100, 90),
    (250, 150, 300, 300),
    (10.4, 10.6, 33.3, 21.9),
]


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("subsampling", list(Subsampling))
def test_packed_pixels_become_the_jpeg_that_pillow_makes_of_the_same_crop(
    box: Box, subsampling: Subsampling
) -> None:
    rgb = photo(WIDTH, HEIGHT)
    spec = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=87, subsampling=subsampling)
    image = encode_image(rgb, FrameFormat.RGB8, spec, box)
    pillow = jpeg_of(cut(rgb, image), quality=87, subsampling=str(subsampling))
    assert np.array_equal(decoded(image), decoded(pillow))
    assert (image.width, image.height) == (image.shows.width, image.shows.height)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    assert encode_image(bgr, FrameFormat.BGR8, spec, box) == image


def test_boxes_are_rounded_to_pixels_and_cut_at_the_edge() -> None:
    rgb = photo(WIDTH, HEIGHT)
    shows = [encode_image(rgb, FrameFormat.RGB8, CROP, box).shows for box in BOXES]
    assert shows[-3:] == [Rect(0, 0, 60, 60), Rect(250, 150, 70, 50), Rect(10, 11, 34, 22)]


def test_gray_frames_become_gray_jpegs() -> None:
    gray = np.ascontiguousarray(photo(WIDTH, HEIGHT)[..., 1])
    image = encode_image(gray, FrameFormat.GRAY8, CROP, (5, 6, 77, 31))
    assert np.array_equal(decoded(image, "L"), decoded(jpeg_of(cut(gray, image)), "L"))
    assert decoded(image, "L").shape == (31, 77)


@pytest.mark.parametrize("video", [True, False])
@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("subsampling", list(Subsampling))
def test_planar_frames_show_the_colours_they_were_made_of(
    box: Box, subsampling: Subsampling, *, video: bool
) -> None:
    rgb = smooth(WIDTH, HEIGHT)
    spec = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=97, subsampling=subsampling)
    nv12 = encode_image(
        nv12_of(rgb, video=video), FrameFormat.NV12 if video else FrameFormat.NV12_FULL, spec, box
    )
    difference = np.abs(decoded(nv12) - cut(rgb, nv12))
    assert difference.mean() < 1.2
    assert difference.max() <= 9
    x, y, width, height = nv12.shows
    assert x % 2 == y % 2 == width % 2 == height % 2 == 0, "chroma stays with its pixels"
    i420 = encode_image(
        planes_of(rgb, video=video), FrameFormat.I420 if video else FrameFormat.I420_FULL, spec, box
    )
    assert i420 == nv12


def test_video_range_black_and_white_become_black_and_white() -> None:
    for level, want in ((16, 0), (235, 255), (0, 0), (255, 255), (126, 128)):
        y = np.full((32, 32), level, np.uint8)
        uv = np.full((16, 32), 128, np.uint8)
        pixels = decoded(encode_image((y, uv), FrameFormat.NV12, FULL))
        assert np.abs(pixels - want).max() <= 1, level
        full = decoded(encode_image((y, uv), FrameFormat.NV12_FULL, FULL))
        assert np.abs(full - level).max() <= 1, level


def test_an_even_box_of_a_planar_frame_moves_no_chroma_sample() -> None:
    y = np.full((64, 64), 128, np.uint8)
    u = np.full((32, 32), 128, np.uint8)
    u[:, 16:] = 200  # a sharp edge of colour at x = 32
    v = np.full((32, 32), 128, np.uint8)
    spec = ImageSpec(
        kind=ImageKind.VEHICLE_CROP, quality=100, subsampling=Subsampling.FULL
    )  # the oracle interpolates nothing
    for left in (15, 16, 17, 18):
        image = encode_image((y, u, v), FrameFormat.I420_FULL, spec, (left, 8, 40, 32))
        blue = decoded(image, "YCbCr")[..., 1]
        edge = 32 - image.shows.x
        assert np.abs(blue[:, :edge] - 128).max() <= 3
        assert np.abs(blue[:, edge:] - 200).max() <= 3


@settings(max_examples=examples(60), deadline=None)
@given(
    st.tuples(st.integers(1, 90), st.integers(1, 70)),
    st.integers(0, 40),
    st.tuples(st.integers(-20, 89), st.integers(-20, 69), st.integers(1, 120), st.integers(1, 120)),
    st.sampled_from([FrameFormat.RGB8, FrameFormat.BGR8, FrameFormat.GRAY8]),
)
def test_any_stride_and_box_reads_the_same_pixels_as_a_dense_copy(
    size: tuple[int, int], padding: int, box: tuple[int, int, int, int], frame_format: FrameFormat
) -> None:
    width, height = size
    channels = 1 if frame_format is FrameFormat.GRAY8 else 3
    rows = np.random.default_rng(0).integers(
        0, 255, (height, width * channels + padding), dtype=np.uint8
    )
    shape = (height, width) if channels == 1 else (height, width, channels)
    strides = (rows.strides[0], 1) if channels == 1 else (rows.strides[0], 3, 1)
    view = np.lib.stride_tricks.as_strided(rows, shape, strides)
    _assert_same(view, np.ascontiguousarray(view), frame_format, box)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.tuples(st.integers(1, 45), st.integers(1, 35)),
    st.integers(0, 40),
    st.tuples(st.integers(-20, 89), st.integers(-20, 69), st.integers(1, 120), st.integers(1, 120)),
    st.sampled_from([FrameFormat.NV12, FrameFormat.NV12_FULL, FrameFormat.I420]),
    st.sampled_from(list(Subsampling)),
)
def test_planes_of_any_stride_are_read_like_dense_ones(
    half: tuple[int, int],
    padding: int,
    box: tuple[int, int, int, int],
    frame_format: FrameFormat,
    subsampling: Subsampling,
) -> None:
    width, height = half[0] * 2, half[1] * 2
    y, u, v = planes_of(photo(width, height), video=True)
    uv = np.stack([u, v], axis=-1).reshape(u.shape[0], -1)
    dense = (y, u, v) if frame_format is FrameFormat.I420 else (y, uv)
    padded = tuple(_padded(plane, padding + 3 * i) for i, plane in enumerate(dense))
    _assert_same(padded, dense, frame_format, box, subsampling)


def _padded(plane: Bytes, padding: int) -> Bytes:
    wide = np.full((plane.shape[0], plane.shape[1] + padding), 77, np.uint8)
    wide[:, : plane.shape[1]] = plane
    return wide[:, : plane.shape[1]]


def _assert_same(
    view: Frame,
    dense: Frame,
    frame_format: FrameFormat,
    box: tuple[int, int, int, int],
    subsampling: Subsampling = Subsampling.QUARTER,
) -> None:
    spec = ImageSpec(kind=ImageKind.PLATE_CROP, quality=80, subsampling=subsampling)
    try:
        want = encode_image(dense, frame_format, spec, box)
    except ImageError as error:
        with pytest.raises(ImageError, match="outside"):
            encode_image(view, frame_format, spec, box)
        assert "outside" in str(error)  # noqa: PT017 - both ways must agree
        return
    assert encode_image(view, frame_format, spec, box) == want
    assert decoded(want).shape[:2] == (want.height, want.width)


def test_frames_need_no_numpy() -> None:
    rgb = photo(64, 48)
    want = encode_image(rgb, FrameFormat.RGB8, FULL)
    for exporter in (
        bytearray(rgb.tobytes()),
        array("B", rgb.tobytes()),
        (ctypes.c_ubyte * rgb.size).from_buffer_copy(rgb.tobytes()),
    ):
        view = memoryview(exporter).cast("B").cast("B", (48, 64, 3))
        assert encode_image(view, FrameFormat.RGB8, FULL) == want


def test_nv12_chroma_may_come_as_pairs() -> None:
    nv12 = nv12_of(photo(64, 48), video=True)
    pairs = nv12[48:].reshape(24, 32, 2)
    assert encode_image((nv12[:48], pairs), FrameFormat.NV12, FULL) == encode_image(
        nv12, FrameFormat.NV12, FULL
    )


@pytest.mark.parametrize(
    ("frame", "frame_format", "why"),
    [
        (np.zeros((4, 4, 3), np.float32), "rgb8", "not unsigned bytes"),
        (
            b"\xff\xd8\xff\xe0",
            "rgb8",
            r"want \(height, width, 3\); it is a JPEG: set frame_format to jpeg",
        ),
        (b"\xff\xd8\xff\xe0", "nv12", r"it is a JPEG: set frame_format to jpeg"),
        (np.zeros((4, 4), np.uint8), "bgr8", r"set frame_format to gray8 if it is that"),
        (np.zeros((6, 4), np.uint8), "jpeg", r"set frame_format to gray8, nv12 or i420"),
        (np.zeros((4, 4, 3), np.uint8), "gray8", r"set frame_format to rgb8 or bgr8"),
        (np.zeros((4, 4), np.uint8), "rgb8", r"shape \(4, 4\): want \(height, width, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), "rgb8", r"want \(height, width, 3\)"),
        (np.zeros((4, 4, 3), np.uint8), "gray8", r"want \(height, width\)"),
        (np.zeros((4, 4, 3), np.uint8)[::-1], "rgb8", "want rows downwards"),
        (np.zeros((4, 4, 3), np.uint8)[..., ::-1], "bgr8", "each without gaps"),
        (np.zeros((4, 8, 3), np.uint8)[:, ::2], "rgb8", "each without gaps"),
        (np.zeros((0, 4, 3), np.uint8), "rgb8", "empty"),
        (np.zeros((10, 8), np.uint8), "nv12", r"want \(height \* 3 / 2, width\)"),
        (np.zeros((9, 7), np.uint8), "nv12", "even width and height"),
        (np.zeros((9, 12), np.uint8)[:, :8], "i420", "without padding"),
        ((np.zeros((4, 4), np.uint8),), "nv12", r"tuple of 1 buffers: want \(y, uv\)"),
        (
            (np.zeros((4, 4), np.uint8), np.zeros((2, 2), np.uint8)),
            "nv12",
            "frame uv: .* want 2 rows of 4 bytes for 4x4",
        ),
        ((np.zeros((4, 4), np.uint8),) * 4, "i420", r"want \(y, u, v\)"),
        ((np.zeros((4, 4), np.uint8),) * 2, "rgb8", "one buffer for this format"),
        (np.zeros((2, 2, 2, 2), np.uint8), "rgb8", "4 dimensions"),
        (b"x" * 48, "rgb8", r"shape \(48,\)"),
        (np.zeros((4, 4), np.uint8), "jpeg", "one-dimensional"),
        (7, "rgb8", "bytes-like object is required"),
        (np.zeros((4, 4, 3), np.uint8), "rgb565", "frame_format is"),
        (np.zeros((1, 65_501, 3), np.uint8), "rgb8", "65501x1: want 1 to 65500"),
    ],
)
def test_a_buffer_that_does_not_fit_says_what_was_wanted(
    frame: Frame, frame_format: str, why: str
) -> None:
    with pytest.raises(FrameError, match=why):
        encode_image(frame, frame_format, FULL)  # type: ignore[arg-type]  # that is the test


def test_the_frame_is_given_back_whatever_happens() -> None:
    pixels = bytearray(48 * 64 * 3)
    view = memoryview(pixels).cast("B", (48, 64, 3))
    encode_image(view, FrameFormat.RGB8, FULL)
    with pytest.raises(ImageError):
        encode_image(view, FrameFormat.RGB8, CROP, (900, 900, 5, 5))
    with pytest.raises(FrameError):
        encode_image((view, view), FrameFormat.NV12, FULL)
    view.release()
    pixels.extend(b"still exported, this would raise BufferError")
