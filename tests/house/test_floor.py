"""The floor of the benches makes the very bytes that the TurboJPEG interface of the same library makes."""

from __future__ import annotations

import numpy as np
import pytest
from benches import scene
from benches.floor import FloorError
from benches.floor.image import ImageFloor

BOXES = [
    (560, 300, 640, 400),
    (800, 640, 160, 48),
    (2, 4, 96, 32),
    (10, 6, 50, 34),
    (0, 0, 18, 2),
    (1238, 0, 42, 720),
]


@pytest.fixture(scope="module")
def floor() -> ImageFloor:
    rng = np.random.default_rng(5)
    nv12 = rng.integers(0, 256, (720 * 3 // 2, 1280), np.uint8)
    nv12[:, 640:] = np.arange(640) % 200
    try:
        return ImageFloor(scene.rgb_of(nv12), nv12, b"")
    except FloorError as why:
        pytest.skip(str(why))


@pytest.mark.parametrize("box", [(560, 360, 640, 400), (1240, 0, 42, 20)])
def test_a_box_that_is_not_inside_the_frame_is_refused(
    floor: ImageFloor, box: tuple[int, int, int, int]
) -> None:
    """What lies behind the frame is somebody else's memory, and another JPEG each time."""
    for way in (floor.nv12, floor.nv12_turbo, floor.nv12_video, floor.rgb):
        with pytest.raises(FloorError, match="want one inside 1280x720"):
            way(box)


@pytest.mark.parametrize("quality", [60, 85, 95])
@pytest.mark.parametrize("box", BOXES)
def test_kept_tables_change_no_byte(
    floor: ImageFloor, box: tuple[int, int, int, int], quality: int
) -> None:
    floor.quality(quality)
    kept = floor.made(floor.nv12(box))
    assert kept[:2] == b"\xff\xd8"
    assert kept == floor.made(floor.nv12_turbo(box))
