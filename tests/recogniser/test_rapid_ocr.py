"""The adapter behind the real RapidOCR and its models, and its rules on lines it did not make up."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from cammra_edge.errors import ConfigError
from cammra_edge.model import FrameTime, PlateRead
from cammra_edge.recogniser.rapid_ocr import RapidOcr, looks_like_plate

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rapidocr_onnxruntime.main import RapidOCR

AT = FrameTime(0, 0)


def drawn(*plates: tuple[str, int, int]) -> NDArray[np.uint8]:
    """A grey road with white plates, each as one line of black letters."""
    picture = Image.new("RGB", (640, 360), (90, 90, 90))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=36)
    for text, x, y in plates:
        draw.rectangle((x - 8, y - 2, x + 200, y + 44), fill="white")
        draw.text((x, y), text, fill="black", font=font)
    return np.asarray(picture)[:, :, ::-1].copy()


@cache
def real() -> RapidOcr:
    return RapidOcr()


class Says:
    """Finds the lines that it is told to, in every picture."""

    def __init__(self, *lines: tuple[str, float, tuple[float, float, float, float]]) -> None:
        self.lines = lines
        self.given: list[tuple[int, ...]] = []

    def __call__(self, picture: NDArray[np.uint8]) -> tuple[list[Any] | None, list[float]]:
        self.given.append(picture.shape)
        found = [
            [[[x, y], [x + w, y], [x + w, y + h], [x, y + h]], text, confidence]
            for text, confidence, (x, y, w, h) in self.lines
        ]
        return found or None, [0.0]


def says(*lines: tuple[str, float, tuple[float, float, float, float]], **settings: Any) -> RapidOcr:  # noqa: ANN401 - the settings of RapidOcr
    return RapidOcr(cast("RapidOCR", Says(*lines)), **settings)


def _texts(reads: list[PlateRead]) -> list[str | None]:
    return [read.text for read in reads]


def test_the_real_models_read_plates_without_a_network() -> None:
    reads = real().read(drawn(("B-AX 1234", 60, 80), ("TAXI", 360, 250)), AT)
    assert _texts(reads) == ["BAX1234"]
    (read,) = reads
    assert read.plate is not None
    x, y, width, height = read.plate
    assert 40 < x < 80
    assert 60 < y < 100
    assert 100 < width < 240
    assert 20 < height < 60
    assert read.confidence is not None
    assert read.confidence > 0.8
    assert read.vehicle is not None


def test_a_vehicle_keeps_its_number() -> None:
    tracks = [
        real().read(
            drawn(("B-AX 1234", 60 + 20 * step, 80 + 15 * step)), FrameTime(step * 800_000_000, 0)
        )
        for step in range(3)
    ]
    assert len({read.track for (read,) in tracks}) == 1


def test_only_regions_are_looked_at_and_boxes_are_those_of_the_picture() -> None:
    ocr = Says(("AB123", 0.9, (10.0, 5.0, 60.0, 20.0)))
    adapter = RapidOcr(cast("RapidOCR", ocr), regions=[(0.5, 0.25, 0.5, 0.5)])
    (read,) = adapter.read(np.zeros((400, 800, 3), np.uint8), AT)
    assert ocr.given == [(200, 400, 3)]
    assert read.plate == (410, 105, 60, 20)


@pytest.mark.parametrize(
    "region", [(-0.1, 0, 1, 1), (0, 0, 0, 1), (0.5, 0, 0.6, 1), (0, 0, 1, float("nan"))]
)
def test_regions_outside_the_picture_are_refused(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(ConfigError) as refused:
        says(regions=[(0, 0, 1, 1), region])
    assert refused.value.field == "regions[1]"


def test_two_lines_of_one_plate_are_one_text() -> None:
    upper, lower = (
        ("59-X1", 0.95, (100.0, 50.0, 60.0, 24.0)),
        ("234.56", 0.9, (96.0, 78.0, 70.0, 26.0)),
    )
    (read,) = says(lower, upper).read(np.zeros((200, 300, 3), np.uint8), AT)
    assert (read.text, read.confidence, read.plate) == ("59X123456", 0.9, (96, 50, 70, 54))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("THANHHIEN", 0.99, (10.0, 10.0, 90.0, 20.0)), "no digit"),
        (("AB1", 0.99, (10.0, 10.0, 40.0, 20.0)), "too short"),
        (("2020-05-22 08:04:34", 0.99, (10.0, 10.0, 300.0, 20.0)), "too long"),
        (("AB12345", 0.6, (10.0, 10.0, 90.0, 20.0)), "unsure"),
        (("AB12345", 0.99, (10.0, 10.0, 15.0, 90.0)), "upright"),
        (("AB12345", 0.99, (10.0, 10.0, 290.0, 20.0)), "a line of print"),
    ],
)
def test_other_lines_are_no_plates(
    line: tuple[str, float, tuple[float, float, float, float]], why: str
) -> None:
    assert says(line).read(np.zeros((200, 400, 3), np.uint8), AT) == [], why


def test_a_plate_that_the_picture_cuts_is_there_without_its_text() -> None:
    adapter = says(("AB123", 0.9, (0.0, 50.0, 60.0, 20.0)))
    (read,) = adapter.read(np.zeros((200, 400, 3), np.uint8), AT)
    assert (read.text, read.confidence, read.plate) == (None, 0.0, (0, 50, 60, 20))


def test_an_empty_picture_and_a_part_without_pixels() -> None:
    assert says().read(np.zeros((200, 400, 3), np.uint8), AT) == []
    adapter = says(("AB123", 0.9, (0.0, 0.0, 60.0, 20.0)), regions=[(0.999, 0.999, 0.0005, 0.0005)])
    assert adapter.read(np.zeros((8, 8, 3), np.uint8), AT) == []


def test_what_looks_like_a_plate() -> None:
    assert all(map(looks_like_plate, ("AB12", "34A36837", "1234567890", "B1AA")))
    assert not any(map(looks_like_plate, ("ABCD", "A1", "12345678901", "")))
