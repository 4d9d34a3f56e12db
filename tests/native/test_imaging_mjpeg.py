"""Images from one JPEG of an MJPEG stream: each way of decoding less, against Pillow's full decode."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cammra_edge.errors import FrameError
from cammra_edge.imaging import EncodedImage, encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec, Rect, Subsampling
from tests.budget import examples
from tests.native.pictures import cut, decoded, jpeg_of, mean_difference, photo, smooth

WIDTH, HEIGHT = 328, 216  # no multiple of 16 on either side
FULL = ImageSpec(kind=ImageKind.FULL_FRAME)
BOXES = [
    (0, 0, 328, 216),
    (64, 48, 128, 64),
    (11, 13, 101, 57),
    (200, 150, 300, 300),
    (7, 203, 9, 2),
    (315, 1, 13, 200),
    (1, 1, 1, 1),
]
KINDS = {
    "4:2:0": {"subsampling": 2},
    "4:2:2": {"subsampling": 1},
    "4:4:4": {"subsampling": 0},
    "progressive": {"subsampling": 2, "progressive": True},
    "4:2:0, rows": {"subsampling": 2, "restart_marker_rows": 1},
    "4:2:2, rows": {"subsampling": 1, "restart_marker_rows": 1},
    "4:4:4, two rows": {"subsampling": 0, "restart_marker_rows": 2},
    "4:2:0, three MCUs": {"subsampling": 2, "restart_marker_blocks": 3},
    "4:2:0, seven MCUs": {"subsampling": 2, "restart_marker_blocks": 7},
}
GRAY: dict[str, dict[str, Any]] = {"gray": {}, "gray, rows": {"restart_marker_rows": 1}}


def _frame(how: str) -> bytes:
    if how in GRAY:
        out = io.BytesIO()
        Image.fromarray(photo(WIDTH, HEIGHT)[..., 1]).save(out, "JPEG", quality=90, **GRAY[how])
        return out.getvalue()
    return jpeg_of(photo(WIDTH, HEIGHT), quality=90, **KINDS[how])


def _crop(frame: bytes, box: tuple[float, float, float, float], **options: Any) -> EncodedImage:  # noqa: ANN401 - ImageSpec's
    return encode_image(
        frame, FrameFormat.JPEG, ImageSpec(kind=ImageKind.VEHICLE_CROP, **options), box
    )


@pytest.mark.parametrize("how", [*KINDS, *GRAY])
@pytest.mark.parametrize("box", BOXES)
def test_a_decoded_crop_shows_what_the_whole_decoded_frame_shows(
    how: str, box: tuple[int, int, int, int]
) -> None:
    frame = _frame(how)
    image = _crop(frame, box, quality=98, subsampling=Subsampling.FULL)
    whole = decoded(frame, "L")
    difference = np.abs(decoded(image, "L") - cut(whole, image))
    # Luma is the camera's own; what remains is the second JPEG, at quality 98.
    assert difference.mean() < 0.8
    assert difference.max() <= 6
    assert mean_difference(decoded(image), cut(decoded(frame), image)) < 1.6
    x, y, width, height = image.shows
    assert (x, y) <= (max(box[0], 0), max(box[1], 0))
    assert x + width >= min(box[0] + box[2], WIDTH)
    assert y + height >= min(box[1] + box[3], HEIGHT)


@settings(max_examples=examples(80), deadline=None)
@given(
    st.tuples(
        st.integers(-30, 327), st.integers(-30, 215), st.integers(31, 360), st.integers(31, 250)
    ),
    st.sampled_from(sorted(KINDS) + sorted(GRAY)),
    st.sampled_from(list(Subsampling)),
)
def test_wherever_the_box_lies_the_crop_is_its_place(
    box: tuple[int, int, int, int], how: str, subsampling: Subsampling
) -> None:
    frame = _frame(how)
    image = _crop(frame, box, quality=97, subsampling=subsampling)
    whole = decoded(frame, "L")
    difference = np.abs(decoded(image, "L") - cut(whole, image))
    assert difference.mean() < 1.2
    assert difference.max() <= 12
    # A crop that were a row or a column off would not be that near.
    moved = np.abs(decoded(image, "L")[1:, 1:] - cut(whole, image)[:-1, :-1])
    assert moved.size < 40 or moved.mean() > difference.mean()


@pytest.mark.parametrize("box", [(64, 48, 128, 64), (11, 13, 101, 57), (200, 150, 300, 300)])
def test_a_crop_that_is_encoded_again_keeps_colours_that_rgb_cannot_hold(
    box: tuple[int, int, int, int],
) -> None:
    """Cameras write such; on the way through RGB they would be clipped, and the luma with them."""
    colour = (235, 200, 60)
    ycc = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    file = io.BytesIO()
    Image.fromarray(ycc, "YCbCr").save(file, "JPEG", quality=95, subsampling=2)
    image = _crop(file.getvalue(), box, quality=95)
    with Image.open(io.BytesIO(image.jpeg)) as opened:
        opened.draft("YCbCr", opened.size)
        assert opened.mode == "YCbCr"
        found = np.asarray(opened).astype(np.int64)
    assert np.abs(found - np.array(colour)).max() <= 2


SEQUENTIAL = [how for how in [*KINDS, *GRAY] if how != "progressive"]


@pytest.mark.parametrize("how", SEQUENTIAL)
@pytest.mark.parametrize("box", BOXES)
def test_without_a_quality_a_crop_is_the_cameras_own_coefficients(
    how: str, box: tuple[int, int, int, int]
) -> None:
    _assert_lossless(_frame(how), how, box)


@settings(max_examples=examples(120), deadline=None)
@given(
    st.tuples(
        st.integers(-30, 327), st.integers(-30, 215), st.integers(31, 360), st.integers(31, 250)
    ),
    st.sampled_from(SEQUENTIAL),
)
def test_wherever_the_box_lies_nothing_is_lost(box: tuple[int, int, int, int], how: str) -> None:
    _assert_lossless(_frame(how), how, box)


def _assert_lossless(frame: bytes, how: str, box: tuple[int, int, int, int]) -> None:
    subsampling = Subsampling(how[:5]) if how[0] == "4" else Subsampling.QUARTER
    image = _crop(frame, box, subsampling=subsampling)
    across = 8 if how.startswith(("4:4:4", "gray")) else 16
    down = 16 if how.startswith("4:2:0") else 8
    assert image.shows.x == max(box[0], 0) // across * across
    assert image.shows.y == max(box[1], 0) // down * down
    assert image.shows.x + image.shows.width == min(box[0] + box[2], WIDTH)
    assert image.shows.y + image.shows.height == min(box[1] + box[3], HEIGHT)
    difference = np.abs(decoded(image) - cut(decoded(frame), image))
    # Chroma at the new edges is interpolated without its old neighbours; everything else is equal, bit for bit.
    inner = difference[2:-2, 2:-2]
    assert inner.size == 0 or inner.max() == 0
    if how in GRAY or subsampling is Subsampling.FULL:
        assert difference.max() == 0
    _same_tables(image.jpeg, frame)


def test_a_camera_that_makes_its_own_huffman_tables_is_cut_too() -> None:
    with_own = _frame("4:2:0")
    optimised = jpeg_of(photo(WIDTH, HEIGHT), quality=90, subsampling=2, optimize=True)
    assert len(optimised) < len(with_own)
    for frame in (optimised, with_own, optimised):
        _assert_lossless(frame, "4:2:0", (70, 60, 150, 90))


def _same_tables(one: bytes, other: bytes) -> None:
    with Image.open(io.BytesIO(one)) as mine, Image.open(io.BytesIO(other)) as camera:
        assert mine.quantization == camera.quantization  # type: ignore[attr-defined]  # JPEG files have it


def test_a_quality_a_ceiling_or_other_chroma_is_honoured_instead_of_the_lossless_crop() -> None:
    frame = _frame("4:2:0, rows")
    box = (64, 48, 128, 64)
    lossless = _crop(frame, box)
    assert len(_crop(frame, box, quality=30).jpeg) < len(lossless.jpeg) * 0.7
    assert len(_crop(frame, box, max_bytes=1500).jpeg) <= 1500
    full = _crop(frame, box, subsampling=Subsampling.FULL).jpeg
    assert full[full.index(b"\xff\xc0") + 11] == 0x11


@pytest.mark.parametrize("how", [*KINDS, *GRAY])
def test_the_full_frame_is_passed_on_as_it_came(how: str) -> None:
    frame = _frame(how)
    image = encode_image(frame, FrameFormat.JPEG, FULL)
    assert image == EncodedImage(frame, WIDTH, HEIGHT, Rect(0, 0, WIDTH, HEIGHT))
    spec = ImageSpec(kind=ImageKind.FULL_FRAME, quality=40, max_bytes=len(frame))
    assert encode_image(frame, FrameFormat.JPEG, spec).jpeg == frame, "quality is the camera's"


def test_a_full_frame_over_the_ceiling_is_encoded_again() -> None:
    frame = _frame("4:2:0")
    spec = ImageSpec(kind=ImageKind.FULL_FRAME, max_bytes=len(frame) // 2)
    image = encode_image(frame, FrameFormat.JPEG, spec)
    assert len(image.jpeg) <= len(frame) // 2
    assert mean_difference(decoded(image), decoded(frame)) < 4


@pytest.mark.parametrize("how", [*KINDS, *GRAY])
@pytest.mark.parametrize("fit", [(164, 108), (82, 54), (41, 27), (100, 100), (300, 300), (20, 20)])
def test_a_downsized_frame_looks_like_pillows(how: str, fit: tuple[int, int]) -> None:
    options: dict[str, Any] = KINDS.get(how, {})
    frame = jpeg_of(smooth(WIDTH, HEIGHT), quality=92, **options) if how in KINDS else _frame(how)
    spec = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=fit, quality=96)
    image = encode_image(frame, FrameFormat.JPEG, spec)
    with Image.open(io.BytesIO(frame)) as whole:
        want = whole.convert("RGB").resize((image.width, image.height), Image.Resampling.BOX)
    assert image.width <= fit[0]
    assert image.height <= fit[1]
    assert abs(image.width / image.height - WIDTH / HEIGHT) < 0.05
    assert image.shows == Rect(0, 0, WIDTH, HEIGHT)
    assert mean_difference(decoded(image), np.asarray(want)) < 3


def test_what_a_frame_carries_besides_its_picture_does_not_matter() -> None:
    plain = _frame("4:2:0, rows")
    after_jfif = 4 + int.from_bytes(plain[4:6], "big")
    comment = b"\xff\xd9\xff\xda" * 20
    extra = b"\xff\xe1" + (2 + 60_000).to_bytes(2, "big") + b"camera" * 10_000
    extra += b"\xff\xfe" + (2 + len(comment)).to_bytes(2, "big") + comment
    frame = plain[:after_jfif] + extra + plain[after_jfif:]
    box = (64, 48, 128, 64)
    assert _crop(frame, box) == _crop(plain, box)
    assert _crop(frame, box, quality=80) == _crop(plain, box, quality=80)
    assert b"camera" not in _crop(frame, box).jpeg


def test_padding_after_the_end_is_left_out() -> None:
    frame = _frame("4:2:0")
    image = encode_image(frame + bytes(300), FrameFormat.JPEG, FULL)
    assert image.jpeg == frame


def test_a_frame_in_a_bytearray_or_memoryview_is_as_good() -> None:
    frame = _frame("4:2:0")
    want = encode_image(frame, FrameFormat.JPEG, FULL)
    assert encode_image(bytearray(frame), FrameFormat.JPEG, FULL) == want
    assert encode_image(memoryview(b"xx" + frame)[2:], FrameFormat.JPEG, FULL) == want
    assert encode_image(np.frombuffer(frame, np.uint8), FrameFormat.JPEG, FULL) == want


def test_restart_markers_that_lie_are_not_believed() -> None:
    """One marker taken out shifts every row below; the splice notices, and the decoder judges the frame."""
    frame = _frame("4:2:0, rows")
    at = frame.index(b"\xff\xd2", frame.index(b"\xff\xda"))
    broken = frame[:at] + frame[at + 2 :]
    with pytest.raises(FrameError, match="not a usable JPEG"):
        _crop(broken, (64, 150, 100, 50))
