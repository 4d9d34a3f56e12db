"""Settings of an image: quality, chroma, ceiling, size, box; and what the encoder owes to the other threads."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cammra_edge.errors import CammraError, FrameError, ImageError
from cammra_edge.imaging import encode_image, simd_name
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec, Rect, Subsampling
from tests.budget import examples
from tests.native.pictures import (
    Bytes,
    decoded,
    jpeg_of,
    mean_difference,
    nv12_of,
    photo,
    planes_of,
    smooth,
)

FULL = ImageSpec(kind=ImageKind.FULL_FRAME)
CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP)


def _sampling(jpeg: bytes) -> list[int]:
    at = jpeg.index(b"\xff\xc0")
    return [jpeg[at + 11 + 3 * i] for i in range(jpeg[at + 9])]


@pytest.mark.parametrize(
    ("subsampling", "luma"),
    [(Subsampling.FULL, 0x11), (Subsampling.HALF, 0x21), (Subsampling.QUARTER, 0x22)],
)
@pytest.mark.parametrize("frame_format", [FrameFormat.RGB8, FrameFormat.NV12])
def test_chroma_is_thinned_out_as_asked(
    subsampling: Subsampling, luma: int, frame_format: FrameFormat
) -> None:
    rgb = photo(64, 48)
    frame = rgb if frame_format is FrameFormat.RGB8 else nv12_of(rgb, video=True)
    spec = ImageSpec(kind=ImageKind.FULL_FRAME, subsampling=subsampling)
    assert _sampling(encode_image(frame, frame_format, spec).jpeg) == [luma, 0x11, 0x11]


def test_no_quality_means_85_with_the_standard_tables() -> None:
    rgb = photo(160, 96)
    image = encode_image(rgb, FrameFormat.RGB8, FULL)
    pillow = jpeg_of(rgb, quality=85)
    assert np.array_equal(decoded(image), decoded(pillow))
    assert len(image.jpeg) == len(pillow)


def test_quality_trades_bytes_for_likeness() -> None:
    rgb = photo(160, 96)
    images = [
        encode_image(rgb, FrameFormat.RGB8, ImageSpec(kind=ImageKind.FULL_FRAME, quality=q))
        for q in (10, 40, 70, 100)
    ]
    sizes = [len(image.jpeg) for image in images]
    errors = [mean_difference(decoded(image), rgb) for image in images]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("frame_format", [FrameFormat.RGB8, FrameFormat.NV12])
@pytest.mark.parametrize("quality", [None, 60])
def test_a_ceiling_is_kept_at_the_highest_quality_that_fits(
    frame_format: FrameFormat, quality: int | None
) -> None:
    rgb = photo(320, 200)
    frame = rgb if frame_format is FrameFormat.RGB8 else nv12_of(rgb, video=True)

    def at(quality: int | None, max_bytes: int | None = None) -> bytes:
        spec = ImageSpec(kind=ImageKind.FULL_FRAME, quality=quality, max_bytes=max_bytes)
        return encode_image(frame, frame_format, spec).jpeg

    free = at(quality)
    assert at(quality, len(free)) == free, "what fits is left alone"
    for ceiling in (len(free) - 1, len(free) * 3 // 4, len(free) // 2):
        jpeg = at(quality, ceiling)
        assert len(jpeg) <= ceiling
        chosen = next(q for q in range(quality or 85, 0, -1) if len(at(q)) <= ceiling)
        assert jpeg == at(chosen)


def test_a_ceiling_that_nothing_fits_names_the_smallest_size() -> None:
    rgb = photo(320, 200)
    smallest = len(
        encode_image(rgb, FrameFormat.RGB8, ImageSpec(kind=ImageKind.FULL_FRAME, quality=1)).jpeg
    )
    spec = ImageSpec(kind=ImageKind.FULL_FRAME, max_bytes=smallest - 1)
    with pytest.raises(
        ImageError, match=f"{smallest} bytes at the lowest quality, want at most {smallest - 1}"
    ):
        encode_image(rgb, FrameFormat.RGB8, spec)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (ImageSpec(kind=ImageKind.FULL_FRAME, quality=0), "quality is 0: want 1 to 100"),
        (ImageSpec(kind=ImageKind.FULL_FRAME, quality=101), "quality is 101: want 1 to 100"),
        (ImageSpec(kind=ImageKind.FULL_FRAME, quality=-7), "quality is -7"),
        (ImageSpec(kind=ImageKind.FULL_FRAME, quality=10**9), "quality is 1000000000"),
        (ImageSpec(kind=ImageKind.FULL_FRAME, max_bytes=0), "max_bytes is 0: want 1 or more"),
        (ImageSpec(kind=ImageKind.FULL_FRAME, max_bytes=-1), "max_bytes is -1"),
        (ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=(0, 9)), "fit is 0x9"),
        (ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=(-1, 9)), "fit is -1x9"),
        (ImageSpec(kind="thumbnail"), 'kind is "thumbnail": want vehicle crop'),  # type: ignore[arg-type]
        (
            ImageSpec(kind=ImageKind.FULL_FRAME, subsampling="4:1:1"),  # type: ignore[arg-type]
            'subsampling is "4:1:1": want 4:4:4',
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(spec: ImageSpec, why: str) -> None:
    with pytest.raises(ImageError, match=why):
        encode_image(photo(16, 16), FrameFormat.RGB8, spec)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (None, "no vehicle box"),
        ((5.0, 5.0, 0.0, 9.0), "width and height above 0"),
        ((5.0, 5.0, 9.0, -1.0), "width and height above 0"),
        ((float("nan"), 5.0, 9.0, 9.0), "NaN"),
        ((5.0, float("inf"), 9.0, 9.0), "finite"),
        ((5.0, 5.0, 1e300, 9.0), "within a million pixels"),
        ((-1e7, 5.0, 1e7, 9.0), "within a million pixels"),
        ((64.0, 5.0, 9.0, 9.0), r"lies outside the 64x48 frame"),
        ((-9.0, 5.0, 9.0, 9.0), r"lies outside the 64x48 frame"),
        ((5.0, 48.0, 9.0, 9.0), r"lies outside the 64x48 frame"),
        ((5.2, 5.2, 0.1, 0.1), r"lies outside the 64x48 frame"),
    ],
)
@pytest.mark.parametrize("frame_format", [FrameFormat.RGB8, FrameFormat.NV12, FrameFormat.JPEG])
def test_a_box_that_cannot_be_used_is_named(
    box: tuple[float, float, float, float] | None, why: str, frame_format: FrameFormat
) -> None:
    rgb = photo(64, 48)
    frames: dict[FrameFormat, Bytes | bytes] = {
        FrameFormat.RGB8: rgb,
        FrameFormat.NV12: nv12_of(rgb, video=True),
        FrameFormat.JPEG: jpeg_of(rgb),
    }
    with pytest.raises(ImageError, match=why):
        encode_image(frames[frame_format], frame_format, CROP, box)


_numbers = st.floats() | st.integers(-2000, 2000).map(float)


@settings(max_examples=examples(300), deadline=None)
@given(st.tuples(_numbers, _numbers, _numbers, _numbers), st.sampled_from([3, 1]))
def test_any_four_numbers_give_an_image_inside_the_frame_or_a_reason(
    box: tuple[float, float, float, float], channels: int
) -> None:
    rgb = photo(64, 48)
    frame, frame_format = (
        (rgb, FrameFormat.RGB8) if channels == 3 else (nv12_of(rgb, video=False), FrameFormat.NV12)
    )
    try:
        image = encode_image(frame, frame_format, CROP, box)
    except ImageError as error:
        assert str(error).startswith("box [")  # noqa: PT017 - either outcome is right, this one must say why
        return
    shows = image.shows
    assert (image.width, image.height) == (shows.width, shows.height)
    assert 0 <= shows.x < shows.x + shows.width <= 64
    assert 0 <= shows.y < shows.y + shows.height <= 48
    assert shows.x <= max(box[0], 0) + 0.5
    assert shows.x + shows.width >= min(box[0] + box[2], 64) - 0.5


@pytest.mark.parametrize(
    ("size", "fit", "want"),
    [
        ((640, 360), (320, 180), (320, 180)),
        ((640, 360), (320, 320), (320, 180)),
        ((640, 360), (1000, 90), (160, 90)),
        ((640, 360), (213, 120), (213, 120)),
        ((640, 360), (100, 100), (100, 56)),
        ((360, 640), (100, 100), (56, 100)),
        ((640, 360), (640, 360), (640, 360)),
        ((640, 360), (4000, 4000), (640, 360)),
        ((640, 8), (16, 16), (16, 1)),
    ],
)
@pytest.mark.parametrize(
    "frame_format", [FrameFormat.RGB8, FrameFormat.GRAY8, FrameFormat.NV12, FrameFormat.I420]
)
def test_a_downsized_frame_fits_keeps_its_shape_and_looks_like_pillows(
    size: tuple[int, int], fit: tuple[int, int], want: tuple[int, int], frame_format: FrameFormat
) -> None:
    rgb = smooth(*size)
    planar = frame_format in {FrameFormat.NV12, FrameFormat.I420}
    if planar:
        frame = (
            nv12_of(rgb, video=True)
            if frame_format is FrameFormat.NV12
            else planes_of(rgb, video=True)
        )
        # Chroma has half of it: an odd side loses a pixel.
        want = (max(want[0] & ~1, 2), max(want[1] & ~1, 2)) if want != size else size
    elif frame_format is FrameFormat.GRAY8:
        rgb = np.repeat(rgb[..., 1:2], 3, axis=-1)
        frame = np.ascontiguousarray(rgb[..., 0])
    else:
        frame = rgb
    spec = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=fit, quality=97)
    image = encode_image(frame, frame_format, spec)
    assert (image.width, image.height) == want
    assert image.shows == Rect(0, 0, *size)
    pillow = np.asarray(Image.fromarray(rgb).resize(want, Image.Resampling.BOX))
    if min(want) > 2:
        assert mean_difference(decoded(image), pillow) < 2.0


@pytest.mark.parametrize("ratio", [2, 3, 4])
@pytest.mark.parametrize("frame_format", [FrameFormat.RGB8, FrameFormat.GRAY8, FrameFormat.NV12])
def test_whole_ratios_are_the_average_of_their_box(ratio: int, frame_format: FrameFormat) -> None:
    size = (48 * ratio, 32 * ratio)
    rng = np.random.default_rng(ratio)
    gray = rng.integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    if frame_format is FrameFormat.NV12:
        frame = np.concatenate([gray, np.full((size[1] // 2, size[0]), 128, np.uint8)])
        frame_format = FrameFormat.NV12_FULL
    elif frame_format is FrameFormat.RGB8:
        frame = np.repeat(gray[..., None], 3, axis=-1)
    else:
        frame = gray
    spec = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=(48, 32), quality=100)
    picture = decoded(encode_image(frame, frame_format, spec), "L")
    want = gray.reshape(32, ratio, 48, ratio).mean(axis=(1, 3))
    # The JPEG itself costs up to two levels at quality 100.
    assert np.abs(picture - want).max() <= 2.6
    assert np.abs(picture - want).mean() < 0.6


def test_without_a_fit_a_downsized_frame_fits_640_by_360() -> None:
    image = encode_image(
        smooth(1280, 960), FrameFormat.RGB8, ImageSpec(kind=ImageKind.DOWNSIZED_FRAME)
    )
    assert (image.width, image.height) == (480, 360)


def test_the_interpreter_is_free_while_an_image_is_encoded() -> None:
    """With an endless switch interval a thread runs only where another one lets go of the interpreter."""
    frame = photo(1280, 960)
    spec = ImageSpec(kind=ImageKind.FULL_FRAME, quality=90)
    encoding = False
    seen: list[bool] = []
    gate = threading.Lock()

    def look() -> None:
        with gate:
            seen.append(encoding)

    gate.acquire()
    thread = threading.Thread(target=look)
    thread.start()
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1000.0)
        gate.release()
        for _ in range(2000):
            encoding = True
            encode_image(frame, FrameFormat.RGB8, spec)
            encoding = False
            if seen:
                break
    finally:
        sys.setswitchinterval(interval)
        thread.join()
    assert seen == [True]


def test_many_threads_encode_at_once_and_each_gets_its_own_picture() -> None:
    pictures = [photo(160, 96, seed) for seed in range(6)]
    alone = [encode_image(p, FrameFormat.RGB8, FULL) for p in pictures]
    wrong: list[int] = []

    def work(number: int) -> None:
        images = [encode_image(pictures[number], FrameFormat.RGB8, FULL) for _ in range(40)]
        wrong.extend(number for image in images if image != alone[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_encoder_uses_the_processors_wide_registers() -> None:
    """libjpeg-turbo's own switch turns them off; what we say follows what it does."""
    assert simd_name() in {"avx2", "sse2", "neon"}
    environment = {**os.environ, "JSIMD_FORCENONE": "1"}
    program = "from cammra_edge.imaging import simd_name; print(simd_name())"
    without = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert without.stdout.strip() == "none"


def test_an_error_leaves_the_encoder_as_good_as_new() -> None:
    rgb = photo(160, 96)
    want = encode_image(rgb, FrameFormat.RGB8, FULL)
    broken = bytearray(jpeg_of(rgb))
    broken[len(broken) // 2 : len(broken) // 2 + 40] = bytes(40)
    for _ in range(3):
        with pytest.raises(CammraError):
            encode_image(rgb, FrameFormat.RGB8, ImageSpec(kind=ImageKind.FULL_FRAME, max_bytes=9))
        with pytest.raises(FrameError):
            encode_image(bytes(broken), FrameFormat.JPEG, CROP, (0, 0, 160, 96))
        assert encode_image(rgb, FrameFormat.RGB8, FULL) == want
