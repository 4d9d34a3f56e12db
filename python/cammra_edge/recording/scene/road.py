"""The road as the camera sees it: one simple perspective, and the picture of the empty road.

A point `x_m` to the right of the middle, `y_m` above the ground and `z_m` ahead lands in the picture at
`x = cx + f x / z`, `y = horizon + f (h - y) / z`, with `f` the focal length in pixels and `h` the
height of the camera. Everything in the scene is placed by this one formula (`to_picture`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH_PX, HEIGHT_PX = 1280, 720
FOCAL_PX = 1950.0
CAMERA_M = 2.75
HORIZON_PX = 128.0
NEAR_M, FAR_M = 6.0, 400.0
LANE_M = 1.78
"""Middle of a lane, from the middle of the road."""

_ROAD_HALF_M = 3.75
_OVERSIZE = 2
_SKY_TOP, _SKY_LOW = (112, 152, 196), (226, 226, 214)
_GRASS, _GRASS_FAR = (92, 112, 62), (134, 148, 112)
_ASPHALT, _ASPHALT_FAR = (78, 80, 84), (134, 138, 142)
_PAINT = (226, 226, 218)


def to_picture(x_m: float, y_m: float, z_m: float) -> tuple[float, float]:
    """Where a point of the world lands in the picture, in pixels."""
    return (
        WIDTH_PX / 2 + FOCAL_PX * x_m / z_m,
        HORIZON_PX + FOCAL_PX * (CAMERA_M - y_m) / z_m,
    )


def draw_road(rng: np.random.Generator) -> Image.Image:
    """The empty road."""
    size = (WIDTH_PX * _OVERSIZE, HEIGHT_PX * _OVERSIZE)
    picture = Image.new("RGB", size)
    draw = ImageDraw.Draw(picture)
    _sky_and_ground(draw, size[0])
    _hills(draw, rng)
    _ground_quad(draw, -_ROAD_HALF_M - 0.9, _ROAD_HALF_M + 0.9, NEAR_M, FAR_M, (128, 124, 110))
    _road(draw)
    _trees(draw, rng)
    _rails(draw)
    picture = picture.reduce(_OVERSIZE)
    return _textured(picture, rng)


def _scaled(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * _OVERSIZE, y * _OVERSIZE) for x, y in points]


def _between(
    near: tuple[int, int, int], far: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(near, far, strict=True))
    return (red, green, blue)


def _sky_and_ground(draw: ImageDraw.ImageDraw, width: int) -> None:
    horizon = round(HORIZON_PX * _OVERSIZE)
    for y in range(horizon):
        draw.line((0, y, width, y), fill=_between(_SKY_TOP, _SKY_LOW, (y / horizon) ** 0.8))
    rest = HEIGHT_PX * _OVERSIZE - horizon
    for y in range(rest):
        share = max(0.0, 1.0 - y / rest * 2.2)
        draw.line((0, horizon + y, width, horizon + y), fill=_between(_GRASS, _GRASS_FAR, share))


def _hills(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    for base, tall, colour in (
        (10, 46, (150, 166, 176)),
        (4, 30, (118, 138, 124)),
        (0, 16, (92, 112, 84)),
    ):
        waves = rng.uniform(0.4, 1.0, 5)
        phases = rng.uniform(0, 6.28, 5)
        points = [(0.0, HORIZON_PX + 8)]
        for x in range(0, WIDTH_PX + 16, 16):
            swell = sum(
                waves[k] * np.sin(x / WIDTH_PX * (k + 1.3) * 4 + phases[k]) / (k + 1)
                for k in range(5)
            )
            points.append((x, HORIZON_PX - base - tall * (0.5 + 0.42 * float(swell))))
        points.append((WIDTH_PX, HORIZON_PX + 8))
        draw.polygon(_scaled(points), fill=colour)


def _ground_quad(  # noqa: PLR0913, PLR0917 - four edges, a canvas and a colour
    draw: ImageDraw.ImageDraw,
    left: float,
    right: float,
    near: float,
    far: float,
    colour: tuple[int, int, int],
) -> None:
    corners = [(left, near), (right, near), (right, far), (left, far)]
    draw.polygon(_scaled([to_picture(x, 0, z) for x, z in corners]), fill=colour)


def _road(draw: ImageDraw.ImageDraw) -> None:
    edges = np.geomspace(NEAR_M, FAR_M, 60)
    for near, far in pairwise(edges):
        share = min(1.0, (near - NEAR_M) / 90)
        _ground_quad(
            draw, -_ROAD_HALF_M, _ROAD_HALF_M, near, far, _between(_ASPHALT, _ASPHALT_FAR, share)
        )
    for lane in (-LANE_M, LANE_M):  # polished by wheels
        for wheel in (-0.72, 0.72):
            for near, far in pairwise(edges):
                share = min(1.0, (near - NEAR_M) / 90)
                tone = _between((86, 88, 92), _ASPHALT_FAR, share)
                _ground_quad(draw, lane + wheel - 0.24, lane + wheel + 0.24, near, far, tone)
    for side in (-1, 1):
        x = side * (_ROAD_HALF_M - 0.28)
        _ground_quad(draw, x - 0.07, x + 0.07, NEAR_M, FAR_M, _PAINT)
    for start in np.arange(NEAR_M - 1.0, 160, 6.0):
        _ground_quad(draw, -0.06, 0.06, max(NEAR_M, start), start + 3.0, _PAINT)
    # A stop line for those who come in.
    _ground_quad(draw, -_ROAD_HALF_M + 0.5, -0.25, 27.6, 28.2, _PAINT)


def _trees(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    places = sorted(
        ((side, float(z)) for side in (-1, 1) for z in np.arange(26, 220, 9.0)),
        key=lambda place: -place[1],
    )
    for side, z in places:
        x = side * float(rng.uniform(7.5, 13.5))
        tall = float(rng.uniform(3.0, 6.2))
        share = min(1.0, z / 240)
        foot = to_picture(x, 0, z)
        trunk = FOCAL_PX * 0.16 / z
        top = to_picture(x, tall, z)
        bark = _between((70, 56, 44), (130, 136, 124), share)
        draw.rectangle(
            _box(foot[0] - trunk, (top[1] + foot[1]) / 2, foot[0] + trunk, foot[1]), fill=bark
        )
        for _ in range(26):
            dx, dy = np.clip(rng.normal(0, 0.62, 2), -1.15, 1.15)
            radius = FOCAL_PX * float(rng.uniform(0.35, 0.75)) / z
            at = to_picture(x + float(dx), tall * 0.72 + float(dy), z)
            light = float(rng.uniform(0.8, 1.25)) + (0.12 if dy > 0 else -0.08)
            leaf = (round(58 * light), round(88 * light), round(46 * light))
            fill = _between(leaf, (140, 156, 138), share)
            draw.ellipse(
                _box(at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), fill=fill
            )


def _rails(draw: ImageDraw.ImageDraw) -> None:
    for side in (-1, 1):
        x = side * (_ROAD_HALF_M + 1.3)
        for z in np.arange(140.0, 9.0, -4.0):
            foot, top = to_picture(x, 0, z), to_picture(x, 0.72, z)
            half = FOCAL_PX * 0.05 / z
            draw.rectangle(
                _box(foot[0] - half, top[1], foot[0] + half, foot[1]), fill=(120, 122, 124)
            )
        for low, high, tone in ((0.42, 0.74, (170, 174, 176)), (0.55, 0.61, (122, 126, 130))):
            rail = [(low, NEAR_M), (high, NEAR_M), (high, 150.0), (low, 150.0)]
            draw.polygon(_scaled([to_picture(x, y, z) for y, z in rail]), fill=tone)


def _box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    return (left * _OVERSIZE, top * _OVERSIZE, right * _OVERSIZE, bottom * _OVERSIZE)


def _textured(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Grain of asphalt and grass, coarser when near, and a lens that darkens towards its corners."""
    pixels = np.asarray(picture, dtype=np.float32)
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    near = np.clip((y - HORIZON_PX) / (HEIGHT_PX - HORIZON_PX), 0, 1)
    fine = rng.normal(0, 1, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
    rough = Image.fromarray((rng.random((HEIGHT_PX // 4, WIDTH_PX // 4)) * 255).astype(np.uint8))
    soft = rough.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC).filter(
        ImageFilter.GaussianBlur(1)
    )
    blotches = np.asarray(soft, dtype=np.float32) / 127.5 - 1
    grain = (fine * 3.4 + blotches * 7.0) * near
    corner = ((x / WIDTH_PX - 0.5) ** 2 + (y / HEIGHT_PX - 0.5) ** 2) * 0.42
    lit = (pixels + grain[..., None]) * (1.04 - corner[..., None])
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
