"""Draws vehicles from the front or from behind: each shape a function, measured in metres."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PIL import Image

from cammra_edge.recording.scene.pen import Colour, Pen, shade
from cammra_edge.recording.scene.plates import PlateLook, draw_plate

PX_PER_M = 430
_LEVELS = 4
_SMOOTH = Image.Resampling.BICUBIC
_PLATE_M = (0.52, 0.11)
_MARGIN_M = 0.22
_TYRE: Colour = (20, 21, 23)
_TRIM: Colour = (34, 36, 40)
_DARK: Colour = (14, 15, 18)
_CHROME: Colour = (176, 182, 188)
_GLASS: Colour = (52, 66, 80)
_LAMP: Colour = (252, 250, 236)
_HALO: Colour = (255, 250, 225)
_TAIL: Colour = (206, 26, 30)
_TAIL_LIT: Colour = (255, 82, 70)
_AMBER: Colour = (240, 150, 40)
_CARGO: Colour = (222, 224, 226)


class Shape(Enum):
    """What kind of vehicle; the value is width and height in metres, and the wire's type."""

    HATCHBACK = (1.78, 1.48, "CAR")
    SUV = (1.90, 1.72, "SUV")
    VAN = (2.02, 2.45, "VAN")
    PICKUP = (1.94, 1.80, "PICKUP")
    TRUCK = (2.50, 3.35, "TRUCK")


@dataclass(frozen=True, slots=True)
class Sprite:
    """A drawn vehicle, `PX_PER_M` pixels to the metre, standing on the picture's lower edge.

    `levels` are paint and outline, each half as large as the one before. `body` and `plate` are boxes in the
    first: left, top, width, height.
    """

    levels: tuple[tuple[Image.Image, Image.Image], ...]
    body: tuple[float, float, float, float]
    plate: tuple[float, float, float, float]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first level."""
        return self.levels[0][0].size

    def scaled(self, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
        """Paint and outline in this size."""
        paint, outline = next(
            (level for level in reversed(self.levels) if level[0].width >= size[0]), self.levels[0]
        )
        return paint.resize(size, _SMOOTH), outline.resize(size, _SMOOTH)


def draw_vehicle(shape: Shape, colour: Colour, look: PlateLook, *, rear: bool) -> Sprite:
    """One vehicle with its plate."""
    width, height, _ = shape.value
    pen = Pen(width + 2 * _MARGIN_M, height + 0.04, PX_PER_M, shade(colour, 0.8))
    if shape is Shape.TRUCK:
        plate_y = _truck(pen, colour)
    elif shape is Shape.VAN:
        plate_y = _van(pen, colour)
    else:
        plate_y = _car(pen, shape, colour, rear=rear)
    pen.box((0, plate_y), (_PLATE_M[0] + 0.05, _PLATE_M[1] + 0.045), _DARK, 0.02)
    pen.paste(draw_plate(look), (0, plate_y), _PLATE_M)
    levels = [pen.finished()]
    while len(levels) < _LEVELS:
        paint, outline = levels[-1]
        levels.append((paint.reduce(2), outline.reduce(2)))
    scale = PX_PER_M
    full_width, full_height = levels[0][0].size
    middle = full_width / 2
    return Sprite(
        tuple(levels),
        (middle - width / 2 * scale, 0.04 * scale, width * scale, height * scale),
        (
            middle - _PLATE_M[0] / 2 * scale,
            full_height - (plate_y + _PLATE_M[1] / 2) * scale,
            _PLATE_M[0] * scale,
            _PLATE_M[1] * scale,
        ),
    )


def _wheels(pen: Pen, half_m: float, tall_m: float, wide_m: float = 0.23) -> None:
    pen.boxes((half_m - wide_m / 2 - 0.03, tall_m / 2), (wide_m, tall_m), _TYRE, 0.05)


def _lamps(pen: Pen, x_m: float, y_m: float, size: tuple[float, float]) -> None:
    pen.boxes((x_m, y_m), (size[0] + 0.05, size[1] + 0.04), _DARK, 0.05)
    pen.boxes((x_m, y_m), size, _CHROME, 0.04)
    for radius, alpha in ((0.12, 60), (0.085, 120)):
        pen.disc((x_m - size[0] * 0.12, y_m), radius, _HALO, alpha)
    pen.disc((x_m - size[0] * 0.12, y_m), 0.052, _LAMP)


def _grille(pen: Pen, y_m: float, size: tuple[float, float], bars: int) -> None:
    pen.box((0, y_m), (size[0] + 0.04, size[1] + 0.04), _CHROME, 0.05)
    pen.box((0, y_m), size, _DARK, 0.04)
    for bar in range(bars):
        y = y_m - size[1] / 2 + size[1] * (bar + 0.5) / bars
        pen.box((0, y), (size[0] - 0.04, 0.014), (74, 78, 84))


def _car(pen: Pen, shape: Shape, colour: Colour, *, rear: bool) -> float:
    width, height, _ = shape.value
    half = width / 2
    tall = shape is not Shape.HATCHBACK
    belt = 1.08 if tall else 0.94
    roof = half * (0.70 if tall else 0.64)
    _wheels(pen, half, 0.62 if tall else 0.5)
    # Mirrors first: they stand behind the cabin's edge.
    pen.boxes((half + 0.05, belt + 0.08), (0.22, 0.15), shade(colour, 0.8), 0.05)
    pen.slab((half * 0.93, belt - 0.06), (roof, height), shade(colour, 0.80))
    pen.slab((roof * 0.97, height - 0.09), (roof * 0.86, height + 0.0), shade(colour, 1.12))
    pane = (half * 0.84, belt + 0.02), (roof * 0.93, height - 0.1)
    pen.glass(*pane, _GLASS if not rear else shade(_GLASS, 0.85))
    _body(pen, half, belt, colour)
    return (
        _car_rear(pen, half, belt, colour, shape)
        if rear
        else _car_front(pen, half, belt, colour, shape)
    )


def _body(pen: Pen, half: float, belt: float, colour: Colour) -> None:
    pen.slab((half * 0.985, 0.60), (half * 0.90, belt), shade(colour, 0.97))
    pen.box((0, 0.50), (2 * half, 0.54), colour, 0.13)
    pen.slab((half * 0.97, 0.68), (half * 0.985, 0.60), shade(colour, 0.86))


def _car_front(pen: Pen, half: float, belt: float, colour: Colour, shape: Shape) -> float:
    bonnet = shade(colour, 1.13)
    pen.slab((half * 0.84, belt - 0.24), (half * 0.80, belt - 0.01), bonnet)
    pen.slab((half * 0.46, belt - 0.24), (half * 0.42, belt - 0.01), shade(colour, 1.22))
    lamp_y = belt - 0.32
    _lamps(pen, half * 0.74, lamp_y, (0.34, 0.13))
    bars = 5 if shape is Shape.SUV else 3
    _grille(pen, lamp_y - 0.02, (half * 0.84, 0.2 if shape is not Shape.HATCHBACK else 0.13), bars)
    pen.box((0, lamp_y + 0.02), (0.10, 0.07), _CHROME, 0.03)
    pen.box((0, 0.31), (half * 1.7, 0.17), _TRIM, 0.06)
    pen.box((0, 0.31), (half * 1.1, 0.10), _DARK, 0.04)
    pen.disc((half * 0.72, 0.33), 0.05, _CHROME)
    return 0.48


def _car_rear(pen: Pen, half: float, belt: float, colour: Colour, shape: Shape) -> float:
    if shape is Shape.PICKUP:
        pen.box((0, belt - 0.18), (half * 1.62, 0.42), shade(colour, 1.05), 0.03)
        pen.box((0, belt + 0.01), (half * 1.72, 0.05), _TRIM, 0.02)
        pen.box((0, belt - 0.10), (0.24, 0.06), _DARK, 0.02)
    else:
        pen.slab((half * 0.80, belt - 0.26), (half * 0.80, belt), shade(colour, 1.1))
        pen.box((0, belt + 0.06), (0.34, 0.02), _DARK)
    pen.boxes((half * 0.84, belt - 0.19), (0.24, 0.30), _DARK, 0.05)
    pen.boxes((half * 0.84, belt - 0.19), (0.21, 0.27), _TAIL, 0.04)
    pen.boxes((half * 0.84, belt - 0.12), (0.17, 0.08), _TAIL_LIT, 0.03)
    pen.boxes((half * 0.84, belt - 0.27), (0.17, 0.05), _AMBER, 0.02)
    pen.box((0, 0.36), (half * 1.9, 0.20), _TRIM, 0.07)
    pen.boxes((half * 0.78, 0.37), (0.16, 0.04), _TAIL, 0.02)
    pen.box((0, 0.645), (0.72, 0.05), shade(colour, 0.72), 0.02)
    return 0.56


def _van(pen: Pen, colour: Colour) -> float:
    width, height, _ = Shape.VAN.value
    half = width / 2
    _wheels(pen, half, 0.62)
    pen.boxes((half + 0.07, 1.35), (0.16, 0.34), _TRIM, 0.05)
    pen.box((0, height / 2 + 0.18), (width, height - 0.36), shade(colour, 0.93), 0.2)
    pen.slab((half * 0.88, height - 0.18), (half * 0.80, height), shade(colour, 1.05))
    pen.glass((half * 0.88, 1.24), (half * 0.78, 1.98), _GLASS)
    pen.box((0, 2.08), (half * 1.3, 0.03), shade(colour, 0.7))
    pen.slab((half * 0.93, 0.74), (half * 0.86, 1.22), shade(colour, 1.04))
    pen.slab((half * 0.5, 0.90), (half * 0.44, 1.20), shade(colour, 1.09))
    pen.box((0, 0.52), (width, 0.5), shade(colour, 0.98), 0.12)
    _lamps(pen, half * 0.74, 0.86, (0.30, 0.22))
    _grille(pen, 0.84, (half * 0.82, 0.18), 3)
    pen.box((0, 0.36), (width * 0.97, 0.22), _TRIM, 0.08)
    pen.disc((half * 0.72, 0.37), 0.06, _CHROME)
    return 0.56


def _truck(pen: Pen, colour: Colour) -> float:
    width, height, _ = Shape.TRUCK.value
    half = width / 2
    _wheels(pen, half, 0.9, 0.34)
    pen.box((0, height / 2 + 0.35), (width, height - 0.7), _CARGO, 0.05)
    pen.box((0, height - 0.12), (width * 0.96, 0.05), (186, 188, 192))
    pen.boxes((half + 0.03, 2.05), (0.18, 0.52), _TRIM, 0.05)
    pen.slab((half * 0.95, 0.62), (half * 0.93, 2.55), colour)
    pen.slab((half * 0.93, 2.5), (half * 0.80, 3.0), shade(colour, 1.1))
    pen.slab((half * 0.9, 2.44), (half * 0.86, 2.58), _DARK)
    pen.glass((half * 0.88, 1.62), (half * 0.86, 2.44), _GLASS)
    for x in (0.25, 0.62):
        pen.disc((half * x, 2.86), 0.05, _AMBER)
    pen.box((0, 1.5), (half * 1.76, 0.05), shade(colour, 0.6))
    pen.slab((half * 0.66, 0.78), (half * 0.70, 1.42), _DARK)
    for bar in range(6):
        pen.box((0, 0.86 + bar * 0.1), (half * 1.26, 0.035), (88, 92, 98), 0.015)
    pen.box((0, 1.2), (0.34, 0.12), _CHROME, 0.05)
    pen.box((0, 0.52), (width * 0.98, 0.46), shade(colour, 0.55), 0.1)
    _lamps(pen, half * 0.74, 0.58, (0.36, 0.17))
    pen.box((0, 0.36), (half * 1.2, 0.1), _DARK, 0.03)
    return 0.55
