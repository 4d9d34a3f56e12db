"""A traffic scene of our own: drawn vehicles with plates drive in and out, and are read.

The same seed draws the same scene, byte for byte with the same Pillow. Reads are clear (confidence
above 0.8), but for one vehicle whose first reads are wrong, as happens far away, so that the report has
to be mended; make and model are recognised only from near. So every vehicle says New, Reliable by
agreement and direction, and Lost, and there are Updates before and after Reliable.

Held by `tests/recording/test_scene.py`. This package alone needs Pillow and numpy (extra `draw`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from cammra_edge.model import Direction, PlateRead, VehicleInfo
from cammra_edge.recording.scene.plates import PlateLook, PlateStyle
from cammra_edge.recording.scene.road import (
    FOCAL_PX,
    HEIGHT_PX,
    LANE_M,
    WIDTH_PX,
    draw_road,
    to_picture,
)
from cammra_edge.recording.scene.vehicles import PX_PER_M, Shape, Sprite, draw_vehicle
from cammra_edge.recording.writer import RecordingWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cammra_edge.model import Box
    from cammra_edge.recording.reader import Recording

FPS = 15.0
LENGTH_S = 20.0
START_UTC_NS = 1_718_373_600_000_000_000
_S_NS = 1_000_000_000
_READ_FROM_M, _INFO_FROM_M = 21.0, 14.0
_ENTER_M, _LEAVE_M = 70.0, 6.4
_JPEG_QUALITY = 88
_GRAIN_LEVELS = 2.6
_GRAIN_SHEETS = 5
_PAINT = 1
"""Sets the seed of the picture apart from that of the reads."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One vehicle's way through the scene.

    Args:
        look: Its plate.
        shape: What it is.
        colour: Of its paint.
        colour_name: The same in the wire's word.
        make: As a make-and-model recogniser would say.
        model: As above.
        inward: True when it comes nearer.
        start_s: When it sets out.
        speed_m_s: How fast it drives.
        misread: What its first reads say instead, where they are wrong.
    """

    look: PlateLook
    shape: Shape
    colour: tuple[int, int, int]
    colour_name: str
    make: str
    model: str
    inward: bool
    start_s: float
    speed_m_s: float
    misread: str = ""

    @property
    def direction(self) -> Direction:
        """The way it moves along the default arrow, which points down the picture."""
        return Direction.IN if self.inward else Direction.OUT


VISITS = (
    Visit(
        PlateLook("TÖL SL123", "DEU", PlateStyle.GERMANY),
        Shape.SUV, (30, 66, 128), "BLUE", "Nordwind", "Kontur", inward=True, start_s=-3.2, speed_m_s=7.5,
    ),
    Visit(
        PlateLook("AB12 CDE", "GBR", PlateStyle.BRITAIN),
        Shape.HATCHBACK, (176, 28, 34), "RED", "Albion", "Finch", inward=False, start_s=0.6, speed_m_s=6.6,
    ),
    Visit(
        PlateLook("4BX 7381", "CZE", PlateStyle.CZECHIA),
        Shape.VAN, (226, 228, 230), "WHITE", "Moldau", "Porter", inward=True, start_s=0.4, speed_m_s=7.2,
        misread="48X 7381",
    ),
    Visit(
        PlateLook("MLB 84R", "SWE", PlateStyle.SWEDEN),
        Shape.PICKUP, (120, 126, 132), "GRAY", "Fjell", "Rask", inward=False, start_s=5.0, speed_m_s=6.2,
    ),
    Visit(
        PlateLook("52-BKT-7", "NLD", PlateStyle.NETHERLANDS),
        Shape.TRUCK, (222, 116, 24), "ORANGE", "Polder", "Lang", inward=True, start_s=4.4, speed_m_s=7.0,
    ),
)  # fmt: skip
"""The drawn vehicles; makes and numbers are invented. Track ids count from 1 in this order."""

_MISREADS = 2


class SceneFrame(NamedTuple):
    """One drawn frame: its picture, its reads, and its time since the start."""

    picture: Image.Image
    reads: list[PlateRead]
    t_ns: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where one vehicle is in one frame; `index` counts in `VISITS`."""

    index: int
    z_m: float
    scale: float
    corner: tuple[int, int]
    size: tuple[int, int]
    vehicle: Box
    plate: Box


class Moment(NamedTuple):
    """One frame before it is drawn: its vehicles, the far ones first, its reads, its time."""

    places: list[Place]
    reads: list[PlateRead]
    t_ns: int


class Scene:
    """The drawn scene.

    Args:
        seed: Of everything that looks random: trees, grain, confidences.
    """

    def __init__(self, seed: int = 7) -> None:
        self.size = (WIDTH_PX, HEIGHT_PX)
        self.frames_total = round(LENGTH_S * FPS)
        self._seed = seed
        self._jitter = np.random.default_rng(seed).uniform(0, 1, (len(VISITS), self.frames_total))
        self._sprites = [
            draw_vehicle(visit.shape, visit.colour, visit.look, rear=not visit.inward)
            for visit in VISITS
        ]

    def frames(self) -> Iterator[SceneFrame]:
        """All frames in order, drawn."""
        rng = np.random.default_rng([self._seed, _PAINT])
        road = draw_road(rng)
        grains = [_grain(rng) for _ in range(_GRAIN_SHEETS)]
        for number, moment in enumerate(self.moments()):
            picture = road.copy()
            for place in moment.places:
                _draw(picture, self._sprites[place.index], place)
            lighter, darker = grains[number % _GRAIN_SHEETS]
            picture = ImageChops.subtract(ImageChops.add(picture, lighter), darker)
            yield SceneFrame(picture, moment.reads, moment.t_ns)

    def moments(self) -> Iterator[Moment]:
        """All frames in order, not drawn: where everything is, and what is read of it."""
        reads_so_far = [0] * len(VISITS)
        for number in range(self.frames_total):
            t_s = number / FPS
            places = sorted(
                (
                    _place(self._sprites[index], index, _lane_x_m(visit), z_m)
                    for index, visit in enumerate(VISITS)
                    if _LEAVE_M <= (z_m := _distance_m(visit, t_s)) <= _ENTER_M
                ),
                key=lambda place: -place.z_m,
            )
            reads = []
            for place in sorted(places, key=lambda place: place.index):
                if place.z_m <= _READ_FROM_M and _inside(place.plate):
                    sure = float(self._jitter[place.index, number])
                    reads.append(_read(place, reads_so_far[place.index], sure))
                    reads_so_far[place.index] += 1
            yield Moment(places, reads, round(number * _S_NS / FPS))

    def record(self, path: Path, *, progress: Callable[[int], object] | None = None) -> Recording:
        """Draw it into a recording.

        Args:
            path: The recording's folder.
            progress: Called with 1 for every frame.

        Raises:
            RecordingError: The folder holds a recording already, or cannot be written.
        """
        writer = RecordingWriter(
            path,
            size=self.size,
            fps=FPS,
            start_utc_ns=START_UTC_NS,
            pictures=True,
            source="drawn by cammra_edge",
            licence="MIT OR Apache-2.0",
        )
        for frame in self.frames():
            out = io.BytesIO()
            frame.picture.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling="4:2:0")
            writer.add(out.getvalue(), frame.reads, frame.t_ns)
            if progress is not None:
                progress(1)
        return writer.finish()


def _grain(rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """The sensor's noise: what it makes lighter, and what darker."""
    levels = np.rint(rng.normal(0, _GRAIN_LEVELS, (HEIGHT_PX, WIDTH_PX)))
    lighter, darker = (
        Image.fromarray(np.clip(part, 0, 255).astype(np.uint8)) for part in (levels, -levels)
    )
    return Image.merge("RGB", [lighter] * 3), Image.merge("RGB", [darker] * 3)


def _distance_m(visit: Visit, t_s: float) -> float:
    way_m = (t_s - visit.start_s) * visit.speed_m_s
    return _ENTER_M - way_m if visit.inward else _LEAVE_M + way_m


def _nearness(place: Place) -> float:
    return max(0.0, min(1.0, (_READ_FROM_M - place.z_m) / (_READ_FROM_M - _LEAVE_M)))


def _lane_x_m(visit: Visit) -> float:
    return -LANE_M if visit.inward else LANE_M


def _place(sprite: Sprite, index: int, x_m: float, z_m: float) -> Place:
    scale = FOCAL_PX / z_m / PX_PER_M
    size = (round(sprite.size[0] * scale), round(sprite.size[1] * scale))
    foot_x, foot_y = to_picture(x_m, 0, z_m)
    left, top = round(foot_x - size[0] / 2), round(foot_y - size[1])

    def boxed(box: tuple[float, float, float, float]) -> Box:
        x, y, width, height = (side * scale for side in box)
        return (round(left + x), round(top + y), round(width), round(height))

    return Place(index, z_m, scale, (left, top), size, boxed(sprite.body), boxed(sprite.plate))


def _draw(picture: Image.Image, sprite: Sprite, place: Place) -> None:
    left, top = place.corner
    _shadow(picture, (left, top + place.size[1]), place.size[0], place.scale)
    paint, outline = sprite.scaled(place.size)
    picture.paste(paint, (left, top), outline)


def _read(place: Place, reads_so_far: int, sure: float) -> PlateRead:
    visit = VISITS[place.index]
    wrong = visit.misread and reads_so_far < _MISREADS
    return PlateRead(
        track=place.index + 1,
        text=visit.misread if wrong else visit.look.text,
        # The nearer, the surer, as recognisers are.
        confidence=round((0.55 if wrong else 0.84) + 0.13 * _nearness(place) + 0.02 * sure, 4),
        vehicle=place.vehicle,
        plate=place.plate,
        country=visit.look.country,
        info=_info(visit) if place.z_m <= _INFO_FROM_M else None,
    )


def _shadow(picture: Image.Image, foot: tuple[int, int], width: int, scale: float) -> None:
    tall = max(2, round(PX_PER_M * scale * 0.34))
    shadow = Image.new("L", (width, tall), 0)
    inset = round(width * 0.10)
    shadow.paste(150, (inset, round(tall * 0.3), width - inset, round(tall * 0.72)))
    shadow = shadow.filter(ImageFilter.GaussianBlur(tall * 0.16))
    picture.paste((18, 19, 22), (foot[0], foot[1] - tall // 2), shadow)


def _inside(box: Box) -> bool:
    x, y, width, height = box
    return x >= 0 and y >= 0 and x + width <= WIDTH_PX and y + height <= HEIGHT_PX


def _info(visit: Visit) -> VehicleInfo:
    return VehicleInfo(
        view="front" if visit.inward else "rear",
        kind=visit.shape.value[2],
        colour=visit.colour_name,
        make=visit.make,
        model=visit.model,
        confidence_mmr=0.97,
        confidence_colour=0.99,
    )
