"""A pen that draws in metres: x to the right from the middle, y up from the ground.

Everything is drawn `OVERSIZE` times larger than asked for and reduced once, so that edges are smooth.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

Colour = tuple[int, int, int]
Point = tuple[float, float]

OVERSIZE = 2
_SOLID = 255
_BOLD_SHARE = 0.035
_DOTS = "\N{COMBINING DIAERESIS}"
_GLASS_SHINE = (210, 225, 235, 46)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour darker (below 1) or lighter (above 1)."""
    red, green, blue = (min(255, round(part * factor)) for part in colour)
    return (red, green, blue)


class Pen:
    """Draws one flat thing, seen from the front, on a clear ground.

    Args:
        width_m: Of the canvas.
        height_m: Of the canvas, from the ground up.
        px_per_m: Of the finished picture.
        ground: What lies under the paint; shows through at soft edges.
    """

    def __init__(self, width_m: float, height_m: float, px_per_m: float, ground: Colour) -> None:
        self._scale = px_per_m * OVERSIZE
        self._width_m, self._height_m = width_m, height_m
        size = (round(width_m * self._scale), round(height_m * self._scale))
        # Paint and outline apart: a half clear stroke mixes with the paint, and cuts no hole into it.
        self._paint = Image.new("RGB", size, ground)
        self._outline = Image.new("L", size, 0)
        self._draw = ImageDraw.Draw(self._paint, "RGBA")
        self._cut = ImageDraw.Draw(self._outline)

    def at(self, x_m: float, y_m: float) -> Point:
        """Where a point in metres lies on the oversized canvas."""
        return ((x_m + self._width_m / 2) * self._scale, (self._height_m - y_m) * self._scale)

    def shape(self, points: Sequence[Point], colour: Colour, alpha: int = 255) -> None:
        """A filled outline."""
        outline = [self.at(x, y) for x, y in points]
        self._draw.polygon(outline, fill=(*colour, alpha))
        if alpha == _SOLID:
            self._cut.polygon(outline, fill=_SOLID)

    def slab(
        self, low: tuple[float, float], high: tuple[float, float], colour: Colour, alpha: int = 255
    ) -> None:
        """A shape that is symmetrical: `(half width, y)` below and above."""
        (wide, bottom), (narrow, top) = low, high
        self.shape([(-wide, bottom), (wide, bottom), (narrow, top), (-narrow, top)], colour, alpha)

    def box(
        self, centre: Point, size: Point, colour: Colour, round_m: float = 0.0, alpha: int = 255
    ) -> None:
        """A box with round corners."""
        (x, y), (width, height) = centre, size
        left, top = self.at(x - width / 2, y + height / 2)
        right, bottom = self.at(x + width / 2, y - height / 2)
        place, radius = (left, top, right, bottom), round_m * self._scale
        self._draw.rounded_rectangle(place, radius, fill=(*colour, alpha))
        if alpha == _SOLID:
            self._cut.rounded_rectangle(place, radius, fill=_SOLID)

    def boxes(
        self, centre: Point, size: Point, colour: Colour, round_m: float = 0.0, alpha: int = 255
    ) -> None:
        """A box, and its mirror image on the other side."""
        self.box(centre, size, colour, round_m, alpha)
        self.box((-centre[0], centre[1]), size, colour, round_m, alpha)

    def disc(self, centre: Point, radius_m: float, colour: Colour, alpha: int = 255) -> None:
        """A filled circle, and its mirror image on the other side."""
        for x in {centre[0], -centre[0]}:
            left, top = self.at(x - radius_m, centre[1] + radius_m)
            right, bottom = self.at(x + radius_m, centre[1] - radius_m)
            self._draw.ellipse((left, top, right, bottom), fill=(*colour, alpha))
            if alpha == _SOLID:
                self._cut.ellipse((left, top, right, bottom), fill=_SOLID)

    def glass(self, low: tuple[float, float], high: tuple[float, float], tint: Colour) -> None:
        """A pane: dark, lighter towards the top, with a band of sky across it."""
        steps = 14
        (wide, bottom), (narrow, top) = low, high
        for step in range(steps):
            share, following = step / steps, (step + 1) / steps
            self.slab(
                (wide + (narrow - wide) * share, bottom + (top - bottom) * share),
                (wide + (narrow - wide) * following, bottom + (top - bottom) * following),
                shade(tint, 0.75 + 0.6 * share),
            )
        middle = (wide + narrow) / 2
        red, green, blue, alpha = _GLASS_SHINE
        for start, width in ((-0.55, 0.28), (-0.2, 0.08)):
            self.shape(
                [
                    (wide * start, bottom),
                    (wide * (start + width), bottom),
                    (narrow * (start + width) + 0.18 * middle, top),
                    (narrow * start + 0.18 * middle, top),
                ],
                (red, green, blue),
                alpha,
            )

    def paste(self, picture: Image.Image, centre: Point, size: Point) -> None:
        """Put a finished picture into the box."""
        width, height = (round(side * self._scale) for side in size)
        left, top = self.at(centre[0] - size[0] / 2, centre[1] + size[1] / 2)
        scaled = picture.resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
        self._paint.paste(scaled, (round(left), round(top)), scaled)

    def finished(self) -> tuple[Image.Image, Image.Image]:
        """The paint in its own size, lit from above and in front, and its outline as a mask."""
        pixels = np.asarray(self._paint, dtype=np.float32).copy()
        height, width = pixels.shape[:2]
        across = np.cos(np.linspace(-1.05, 1.05, width, dtype=np.float32)) * 0.30 + 0.76
        down = np.linspace(1.07, 0.86, height, dtype=np.float32)
        pixels *= across[None, :, None] * down[:, None, None]
        lit = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        return lit.reduce(OVERSIZE), self._outline.reduce(OVERSIZE)


def lettering(text: str, height_px: int, colour: Colour, *, bold: float = 1.0) -> Image.Image:
    """A line of text on clear ground, cut to its ink; letters with two dots get them drawn on.

    The font is the one that Pillow brings along, so the picture is the same on every machine.
    """
    font = ImageFont.load_default(height_px)
    stroke = round(height_px * _BOLD_SHARE * bold)
    plain = unicodedata.normalize("NFD", text)
    letters = [letter for letter in plain if not unicodedata.combining(letter)]
    line = "".join(letters)
    left, top, right, bottom = font.getbbox(line, stroke_width=stroke)
    room = round(height_px * 0.30)
    size = (round(right - left) + 2, round(bottom - top) + room)
    image = Image.new("RGBA", size, (*colour, 0))
    draw = ImageDraw.Draw(image)
    draw.text((-left, room - top), line, font=font, fill=(*colour, 255), stroke_width=stroke)
    position = -1
    for letter in plain:
        if not unicodedata.combining(letter):
            position += 1
        elif letter == _DOTS:
            start = font.getlength(line[:position]) - left
            end = font.getlength(line[: position + 1]) - left
            radius = height_px * 0.065
            for share in (0.30, 0.70):
                x, y = start + (end - start) * share + stroke, room * 0.42
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*colour, 255))
    return image
