"""NV12 crops of five pictures in four sizes, beside the floor: what an encoder costs depends on what it is shown.

Three photographs (the bench's scene with a sensor's noise, a frame of `toll-lane` and one of `street`, enlarged),
noise, which no encoder can thin out, and black, where all that is left is what a call costs. Without the recordings the
photographs are drawn ones with the same noise, and the table says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benches import scene
from benches.floor.image import ImageFloor
from benches.method import compare
from benches.report import Result, Table
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from benches.method import Way

LARGE, VEHICLE, PLATE, SMALL_PLATE = (
    (360, 140, 1200, 800), scene.VEHICLE, scene.PLATE, (820, 640, 96, 32),
)  # fmt: skip
SIZES = {"1200x800": LARGE, "640x400": VEHICLE, "160x48": PLATE, "96x32": SMALL_PLATE}
QUALITIES = (60, 95)
"""Told beside 85, of the vehicle."""

TIMES = {PLATE: 20, SMALL_PLATE: 20}
"""Crops of one call; so many that the call into C costs nothing."""

OURS, FLOOR, TURBO = "ours", "floor", "TurboJPEG, tables set up for each image"


def run(*, quick: bool) -> Result:
    """Every picture in every size."""
    rounds = 5 if quick else 21
    result = Result()
    rows = []
    for name, picture, is_photo in scene.pictures():
        floor = ImageFloor(scene.rgb_of(picture), picture, b"")
        for size, box in SIZES.items():
            for quality in (85, *(QUALITIES if box == VEHICLE else ())):
                floor.quality(quality)
                ways = compare(_ways(floor, picture, box, quality), reference=FLOOR, rounds=rounds)
                rows.append(_row(f"{name} {size}, q{quality}", ways, TIMES.get(box, 1)))
                if quality == 85:
                    _note(result, name, size, ways, is_photo=is_photo)
        floor.quality(85)
    result.tables.append(
        Table(
            "NV12 crops of five pictures, by the floor",
            (
                "picture",
                "floor µs",
                "ours µs",
                "x floor",
                "quartiles",
                "over it, µs",
                "TurboJPEG x",
            ),
            tuple(rows),
            "The last column is plain C by the TurboJPEG interface of the same library, which keeps no tables.",
        )
    )
    return result


def _ways(
    floor: ImageFloor, picture: scene.Frame, box: tuple[int, int, int, int], quality: int
) -> dict[str, Callable[[], object]]:
    spec = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=quality)
    times = TIMES.get(box, 1)

    def ours() -> None:
        for _ in range(times):
            encode_image(picture, FrameFormat.NV12_FULL, spec, box)

    return {FLOOR: floor.nv12(box, times), OURS: ours, TURBO: floor.nv12_turbo(box, times)}


def _row(name: str, ways: list[Way], times: int) -> tuple[str, ...]:
    floor, ours, turbo = ways
    return (
        name,
        f"{floor.us / times:,.1f}",
        f"{ours.us / times:,.1f}",
        f"{ours.ratio:.3f}",
        f"{ours.low:.3f} to {ours.high:.3f}",
        f"{(ours.ratio - 1) * floor.us / times:+,.1f}",
        f"{turbo.ratio:.3f}",
    )


def _note(result: Result, name: str, size: str, ways: list[Way], *, is_photo: bool) -> None:
    """The worst photograph of each size counts."""
    key = f"crop_{size}_{'photo' if is_photo else name}"
    worst = result.bars.get(key)
    ratio = ways[1].ratio
    result.bars[key] = max(ratio, worst) if isinstance(worst, float) else ratio
