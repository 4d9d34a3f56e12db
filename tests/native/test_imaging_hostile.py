"""JPEG frames that want to hurt: cut, changed, lying about their size. Each gives an image or a reason, quickly."""

import io
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cammra_edge.errors import CammraError, FrameError
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec
from tests.budget import examples
from tests.native.pictures import decoded, jpeg_of, photo

BOX = (20, 30, 60, 40)
FRAMES = [
    jpeg_of(photo(120, 88)),
    jpeg_of(photo(120, 88), restart_marker_rows=1),
    jpeg_of(photo(120, 88), progressive=True),
    jpeg_of(photo(120, 88), subsampling=0, restart_marker_blocks=4),
]
SPECS = [
    ImageSpec(kind=ImageKind.PLATE_CROP),
    ImageSpec(kind=ImageKind.PLATE_CROP, quality=80),
    ImageSpec(kind=ImageKind.FULL_FRAME, max_bytes=1500),
    ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=(30, 30)),
]


def _try_every_image(frame: bytes) -> list[bytes]:
    jpegs = []
    for spec in SPECS:
        try:
            jpegs.append(encode_image(frame, FrameFormat.JPEG, spec, BOX).jpeg)
        except CammraError as error:
            assert len(str(error)) > 20, "a reason, in words"  # noqa: PT017 - either outcome is right
    return jpegs


@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(FRAMES),
    st.lists(
        st.tuples(
            st.integers(2, 10_000), st.integers(0, 255), st.sampled_from(["set", "drop", "insert"])
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_changed_bytes_give_a_picture_or_a_reason(
    frame: bytes, changes: list[tuple[int, int, str]]
) -> None:
    changed = bytearray(frame)
    for at, value, how in changes:
        place = at % len(changed)
        if how == "set":
            changed[place] = value
        elif how == "drop":
            del changed[place]
        else:
            changed.insert(place, value)
    for jpeg in _try_every_image(bytes(changed)):
        assert decoded(jpeg).size > 0


@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(FRAMES), st.integers(0, 10_000))
def test_a_frame_that_is_cut_off_gives_a_reason(frame: bytes, length: int) -> None:
    with pytest.raises(
        FrameError, match=r"not a usable JPEG: .*(truncated|cut off|ends|begin with|premature end)"
    ):
        encode_image(frame[: length % (len(frame) - 10) + 1], FrameFormat.JPEG, SPECS[0], BOX)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_whose_middle_is_missing_gives_a_reason(frame: bytes) -> None:
    middle = frame.index(b"\xff\xda") + 300
    torn = frame[:middle] + b"\xff\xd9"
    with pytest.raises(FrameError, match="not a usable JPEG"):
        encode_image(
            torn,
            FrameFormat.JPEG,
            ImageSpec(kind=ImageKind.PLATE_CROP, quality=80),
            (0, 40, 120, 48),
        )


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_no_jpeg(noise: bytes) -> None:
    for data in (noise, b"\xff\xd8" + noise, b"\xff\xd8\xff" + noise + b"\xff\xd9"):
        with pytest.raises(FrameError):
            encode_image(data, FrameFormat.JPEG, SPECS[0], BOX)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(
    ("width", "height"), [(65_535, 65_535), (65_500, 65_500), (20_000, 20_000), (0, 100), (100, 0)]
)
def test_a_size_that_no_camera_has_is_refused_before_anything_is_decoded(
    width: int, height: int, *, progressive: bool
) -> None:
    frame = _resized(jpeg_of(photo(64, 48), progressive=progressive), width, height)
    for spec in SPECS:
        with pytest.raises(FrameError, match=f"frame size {width}x{height}: want"):
            encode_image(frame, FrameFormat.JPEG, spec, BOX)


def test_a_progressive_frame_may_be_large_but_not_huge() -> None:
    frame = _resized(jpeg_of(photo(64, 48), progressive=True), 8000, 4000)
    with pytest.raises(FrameError, match="16 Mi pixels in a JPEG of several scans"):
        encode_image(frame, FrameFormat.JPEG, SPECS[0], BOX)


def test_a_baseline_frame_that_claims_to_be_large_costs_what_it_holds() -> None:
    """8000 x 8000 from two thousand bytes: the decoder runs dry at once and says so."""
    frame = _resized(jpeg_of(photo(64, 48)), 8000, 8000)
    with pytest.raises(FrameError, match="not a usable JPEG"):
        encode_image(
            frame,
            FrameFormat.JPEG,
            ImageSpec(kind=ImageKind.PLATE_CROP, quality=50),
            (0, 7000, 99, 99),
        )


def _resized(jpeg: bytes, width: int, height: int) -> bytes:
    at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def test_a_thousand_scans_are_too_many() -> None:
    """Each scan of a progressive JPEG walks the whole picture; a frame that repeats one is only burning time."""
    frame = jpeg_of(photo(640, 480), progressive=True)
    last = frame.rindex(b"\xff\xda")
    scans = frame[:last] + frame[last:-2] * 1000 + b"\xff\xd9"
    with pytest.raises(FrameError, match="not a usable JPEG"):
        encode_image(scans, FrameFormat.JPEG, SPECS[1], BOX)


@pytest.mark.parametrize("mode", ["CMYK"])
def test_four_components_are_refused_in_words(mode: str) -> None:
    out = io.BytesIO()
    Image.fromarray(photo(64, 48)).convert(mode).save(out, "JPEG")
    with pytest.raises(
        FrameError, match=r"4 components: want 1 \(gray\) or 3 \(colour\), not CMYK"
    ):
        encode_image(out.getvalue(), FrameFormat.JPEG, SPECS[0], BOX)


@pytest.mark.parametrize(
    ("marker", "why"),
    [(b"\xff\xc3", "lossless"), (b"\xff\xc9", "arithmetic"), (b"\xff\xc5", "hierarchical")],
)
def test_codings_that_no_camera_uses_are_refused_in_words(marker: bytes, why: str) -> None:
    frame = jpeg_of(photo(64, 48)).replace(b"\xff\xc0", marker, 1)
    with pytest.raises(FrameError, match=why):
        encode_image(frame, FrameFormat.JPEG, SPECS[0], BOX)


def test_twelve_bits_a_sample_are_refused_in_words() -> None:
    frame = bytearray(jpeg_of(photo(64, 48)))
    frame[frame.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(FrameError, match="12 bits a sample: want 8"):
        encode_image(bytes(frame), FrameFormat.JPEG, SPECS[0], BOX)


def test_a_frame_without_huffman_tables_uses_the_standard_ones() -> None:
    """Motion-JPEG of USB cameras leaves them out (the AVI1 way)."""
    frame = jpeg_of(photo(120, 88))
    bare = _without_tables(frame)
    assert len(bare) < len(frame)
    spec = ImageSpec(kind=ImageKind.PLATE_CROP, quality=95)
    assert encode_image(bare, FrameFormat.JPEG, spec, BOX) == encode_image(
        frame, FrameFormat.JPEG, spec, BOX
    )
    passed_on = encode_image(bare, FrameFormat.JPEG, ImageSpec(kind=ImageKind.FULL_FRAME))
    assert np.array_equal(decoded(passed_on), decoded(frame))
    assert b"\xff\xc4" in passed_on.jpeg, "a viewer that does not know the convention opens it too"


def _without_tables(jpeg: bytes) -> bytes:
    out, at = bytearray(jpeg[:2]), 2
    while jpeg[at + 1] != 0xDA:
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] != 0xC4:
            out += jpeg[at : at + length]
        at += length
    return bytes(out + jpeg[at:])
