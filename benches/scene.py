"""The input of every part: a 1080p photographic frame in three forms, and reads of ten vehicles in it.

The photograph is a frame of the recording `toll-lane` (1280x720), enlarged 1.5 times by Lanczos and with a sensor's
noise added, so that the encoder works as hard as on a camera. Without the recordings it is drawn: shapes, gradients and
the same noise.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from cammra_edge import FrameFormat, FrameTime, PlateRead
from cammra_edge.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 1920, 1080
VEHICLE = (560, 360, 640, 400)
PLATE = (800, 640, 160, 48)
TOP_VEHICLE = (560, 32, 640, 400)
CAMERA_QUALITY = 90
FRAME_NS = 40_000_000
START_UTC_NS = 1_763_800_000_000_000_000
VEHICLES = 10

Frame = Any
"""A numpy array, or the bytes of a JPEG."""


@dataclass(frozen=True)
class Photo:
    """One picture in the forms in which cameras hand it over."""

    rgb: Frame
    nv12: Frame
    jpeg: bytes
    is_photo: bool

    def frame(self, frame_format: FrameFormat) -> Frame:
        return {
            FrameFormat.RGB8: self.rgb,
            FrameFormat.NV12_FULL: self.nv12,
            FrameFormat.JPEG: self.jpeg,
        }[frame_format]


def recordings() -> Path | None:
    """The folder of the recorded streams (`CAMMRA_RECORDINGS`, else `../shared/recordings`), if there is one."""
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "recordings"
    folder = Path(os.environ.get("CAMMRA_RECORDINGS") or default)
    return folder if folder.is_dir() else None


def photo(*, drawn: bool = False) -> Photo:
    """The frame; `drawn` even if there are recordings, for results that must be the same everywhere."""
    folder = None if drawn else recordings()
    jpeg = _first_jpeg(folder / "toll-lane") if folder else None
    if jpeg is None:
        picture = _drawn()
    else:
        picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
        picture = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    rgb = _with_noise(np.asarray(picture))
    encoded = io.BytesIO()
    Image.fromarray(rgb).save(encoded, "JPEG", quality=CAMERA_QUALITY, subsampling=2)
    return Photo(rgb, nv12_from(rgb), encoded.getvalue(), is_photo=jpeg is not None)


def pictures() -> Iterator[tuple[str, Frame, bool]]:
    """Five pictures of 1080p as NV12: name, pixels, and whether it stands for a photograph."""
    yield "bench", photo().nv12, True
    folder = recordings()
    for name in ("toll-lane", "street"):
        jpeg = _first_jpeg(folder / name) if folder else None
        if jpeg is None:
            yield f"drawn in place of {name}", nv12_from(_with_noise(np.asarray(_drawn()))), True
            continue
        picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
        enlarged = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        yield name, nv12_from(np.asarray(enlarged)), True
    rng = np.random.default_rng(11)
    yield "noise", rng.integers(0, 256, (HEIGHT * 3 // 2, WIDTH), np.uint8), False
    black = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
    black[HEIGHT:] = 128
    yield "black", black, False


def rgb_of(nv12: Frame) -> Frame:
    """A frame of that size for what wants one and is not asked about it."""
    return np.zeros((nv12.shape[0] * 2 // 3, nv12.shape[1], 3), np.uint8)


def with_restart_rows(rgb: Frame) -> bytes:
    """The camera's JPEG with a restart marker after each row of blocks."""
    encoded = io.BytesIO()
    Image.fromarray(rgb).save(
        encoded, "JPEG", quality=CAMERA_QUALITY, subsampling=2, restart_marker_rows=1
    )
    return encoded.getvalue()


def nv12_from(rgb: Frame) -> Frame:
    """Full-range BT.601, chroma averaged over two by two pixels."""
    height, width = rgb.shape[:2]
    planes = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    nv12 = np.empty((height * 3 // 2, width), np.uint8)
    nv12[:height] = planes[:, :, 0]
    chroma = planes[:, :, 1:].astype(np.uint16)
    quarter = chroma[::2, ::2] + chroma[1::2, ::2] + chroma[::2, 1::2] + chroma[1::2, 1::2]
    nv12[height:] = ((quarter + 2) // 4).astype(np.uint8).reshape(height // 2, width)
    return nv12


def _first_jpeg(folder: Path) -> bytes | None:
    return next((frame.jpeg for frame in Recording.open(folder).frames() if frame.jpeg), None)


def _drawn() -> Image.Image:
    across = np.linspace(60, 200, WIDTH)[None, :] + np.linspace(-40, 40, HEIGHT)[:, None]
    picture = Image.fromarray(np.repeat(across.astype(np.uint8)[:, :, None], 3, axis=2))
    draw = ImageDraw.Draw(picture)
    for number in range(60):
        left, top = (number * 331) % WIDTH, (number * 197) % HEIGHT
        colour = ((number * 53) % 256, (number * 101) % 256, (number * 29) % 256)
        draw.ellipse((left, top, left + 90 + number, top + 60 + number), fill=colour)
        draw.line((left, top, WIDTH - left, HEIGHT - top), fill=colour, width=2)
    return picture


def drawn_photograph() -> Frame:
    """NV12 with the statistics of a photograph: less contrast the finer, little colour, a sensor's noise.

    For counts, which have to be the same where there are no recordings: an encoder spends on it about what it spends on
    frames of `toll-lane` and `street`.
    """
    rng = np.random.default_rng(3)
    nv12 = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)
    nv12[:HEIGHT] = _natural(rng, HEIGHT, WIDTH, 115, 52)
    for start in (0, 1):
        nv12[HEIGHT:, start::2] = _natural(rng, HEIGHT // 2, WIDTH // 2, 128, 9)
    return nv12


def _natural(
    rng: np.random.Generator, height: int, width: int, mean: float, spread: float
) -> Frame:
    """Noise whose amplitude falls with the frequency, as in pictures of things."""
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    steep = np.maximum(np.hypot(down[:, None], across[None, :]), 1 / width) ** 1.25
    plane = np.fft.irfft2(
        np.fft.rfft2(rng.standard_normal((height, width))) / steep, (height, width)
    )
    plane *= spread / plane.std()
    plane += mean + rng.standard_normal((height, width)) * 1.2
    return np.clip(plane + 0.5, 0, 255).astype(np.uint8)


def _with_noise(pixels: Frame) -> Frame:
    rng = np.random.default_rng(7)
    clean = pixels.astype(np.float32)
    luma = rng.standard_normal((*clean.shape[:2], 1), np.float32) * 3.0
    chroma = rng.standard_normal(clean.shape, np.float32)
    noise = (luma + chroma) * np.sqrt(np.clip(clean, 8, 255) / 128)
    return np.clip(clean + noise + 0.5, 0, 255).astype(np.uint8)


def at_frame(number: int) -> FrameTime:
    """The time of a frame in the bench's own stream."""
    return FrameTime(number * FRAME_NS, START_UTC_NS + number * FRAME_NS)


def a_read(track: int, *, confidence: float = 0.9) -> PlateRead:
    """A read of the vehicle in the middle of the frame, with every field that recognisers fill in."""
    return PlateRead(
        track=track,
        text=f"1AB{track % 10_000:04d}",
        confidence=confidence,
        vehicle=VEHICLE,
        plate=PLATE,
        country="CZE",
    )


def ten_reads(*, confidence: float = 0.9) -> list[PlateRead]:
    """A busy frame: ten vehicles that have been seen before."""
    return [a_read(track, confidence=confidence) for track in range(VEHICLES)]


def ever_new_vehicles(frames: int) -> Iterator[tuple[int, list[PlateRead]]]:
    """Frame numbers, each with one read of a vehicle that has not been seen before."""
    for number in range(frames):
        yield number, [a_read(1000 + number)]
