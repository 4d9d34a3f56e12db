"""Draws licence plates in the manner of several countries. The numbers are invented."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PIL import Image, ImageDraw

from cammra_edge.recording.scene.pen import Colour, lettering

_WHITE: Colour = (244, 245, 242)
_YELLOW: Colour = (247, 200, 40)
_BLACK: Colour = (22, 22, 26)
_EU_BLUE: Colour = (18, 62, 158)
_STAR: Colour = (250, 214, 40)
_HEIGHT_PX = 132
_LONG = 0.52 / 0.11


class PlateStyle(Enum):
    """How a country's plates look: background, letters, and the country's letter in the blue band."""

    GERMANY = (_WHITE, _BLACK, "D")
    CZECHIA = (_WHITE, _BLACK, "CZ")
    SWEDEN = (_WHITE, _BLACK, "S")
    NETHERLANDS = (_YELLOW, _BLACK, "NL")
    BRITAIN = (_YELLOW, _BLACK, "")


@dataclass(frozen=True, slots=True)
class PlateLook:
    """What stands on a plate, and how it looks."""

    text: str
    country: str
    style: PlateStyle


def draw_plate(look: PlateLook) -> Image.Image:
    """The plate, 52 to 11 as most of Europe has it."""
    ground, ink, letter = look.style.value
    width, height = round(_HEIGHT_PX * _LONG), _HEIGHT_PX
    plate = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius=13, fill=(*_BLACK, 255))
    draw.rounded_rectangle((4, 4, width - 5, height - 5), radius=10, fill=(*ground, 255))
    left = 12
    if letter:
        draw.rounded_rectangle((4, 4, 58, height - 5), radius=10, fill=(*_EU_BLUE, 255))
        draw.rectangle((40, 4, 58, height - 5), fill=(*_EU_BLUE, 255))
        _stars(draw, (31, 38), 19)
        _put(plate, lettering(letter, 40, _WHITE), (31, 98), (44, 34))
        left = 66
    room = (width - left - 20, round(height * 0.80))
    _put(
        plate,
        lettering(look.text, 108, ink, bold=0.8),
        (left + room[0] // 2 + 3, height // 2 - 8),
        room,
    )
    return plate


def _stars(draw: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int) -> None:
    around = [(0.0, -1.0), (0.5, -0.87), (0.87, -0.5), (1.0, 0.0), (0.87, 0.5), (0.5, 0.87)]
    for x, y in around + [(-x, -y) for x, y in around]:
        at = (centre[0] + x * radius, centre[1] + y * radius)
        draw.ellipse((at[0] - 3, at[1] - 3, at[0] + 3, at[1] + 3), fill=(*_STAR, 255))


def _put(
    plate: Image.Image, text: Image.Image, centre: tuple[int, int], room: tuple[int, int]
) -> None:
    """The text in the middle of the room, narrowed where it is too long, as plate makers do."""
    scale = min(room[1] / text.height, 1.0)
    size = (min(room[0], round(text.width * scale)), round(text.height * scale))
    text = text.resize(size, Image.Resampling.LANCZOS)
    plate.alpha_composite(text, (centre[0] - size[0] // 2, centre[1] - size[1] // 2))
