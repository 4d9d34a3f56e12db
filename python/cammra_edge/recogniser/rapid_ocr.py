"""Adapter for RapidOCR (extra `rapidocr`): text detection and reading by ONNX models that come with its wheel.

It works without a network from the first frame on. RapidOCR reads any text, so this keeps what can be a plate: a line
of letters and digits of a plate's shape, or two such lines one above the other. It looks only where plates can be
(`regions`), which leaves out captions that the camera draws and lettering on lorries, and costs less.

A frame of 1280x720 costs 0.5 to 0.9 s of one x86-64 core, a quarter of it a third of that: enough for a barrier or a
car park's lane, not for a motorway. Held by `tests/recogniser/test_rapid_ocr.py`, which runs the real models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cammra_edge.checks import number, under
from cammra_edge.errors import ConfigError
from cammra_edge.model import PlateRead
from cammra_edge.recogniser.follow import PlateFollower, vehicle_around
from cammra_edge.recogniser.wants import RecogniserWant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rapidocr_onnxruntime.main import RapidOCR

    from cammra_edge.model import Box, FrameTime

WHOLE_PICTURE = (0.0, 0.0, 1.0, 1.0)
LEAST_CONFIDENCE = 0.7
"""RapidOCR reads plates at 0.9 and more, lettering that it half sees at 0.5 to 0.7."""
FORGET_AFTER_S = 3.0
"""A slow reader sees a plate again after a second or two."""
_A_SHARE = number(0.0, 1.0)
_NO_SIGN = re.compile(r"[^0-9A-Z]")
_LEAST_SIGNS, _MOST_SIGNS = 4, 10
_MOST_IN_HALF = 6
"""Signs in one line of a plate of two."""
_FLATTEST, _LONGEST = 1.0, 9.0
"""A plate's line is this many times as wide as high."""
_EDGE = 2.0
"""Pixels from the edge within which a line counts as cut."""
_NEAR_LINES, _LEAST_OVERLAP = 0.8, 0.6


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    confidence: float
    box: Box
    is_cut: bool = False
    """The picture, or what is looked at of it, ends here: there may be more of the text."""


def looks_like_plate(text: str) -> bool:
    """Whether a text can be a plate: 4 to 10 letters and digits, a digit among them."""
    return _LEAST_SIGNS <= len(text) <= _MOST_SIGNS and any(sign.isdigit() for sign in text)


class RapidOcr:
    """A `Recogniser` of BGR8 frames.

    Args:
        ocr: RapidOCR's own object, with settings of your choice; `None`: as it comes.
        regions: Where plates can be, each `(x, y, width, height)` in parts of the picture, 0 to 1.
        least_confidence: Lines read with less count as not there.
        is_plate: Whether a text of capital letters and digits can be a plate; by default `looks_like_plate`.
        follower: Gives plates their numbers.

    Raises:
        ConfigError: A region lies outside the picture, or `least_confidence` outside of 0 to 1.
    """

    def __init__(
        self,
        ocr: RapidOCR | None = None,
        *,
        regions: Sequence[Box] = (WHOLE_PICTURE,),
        least_confidence: float = LEAST_CONFIDENCE,
        is_plate: Callable[[str], bool] = looks_like_plate,
        follower: PlateFollower | None = None,
    ) -> None:
        self._ocr = ocr or _as_it_comes()
        self._regions = [_checked(region, index) for index, region in enumerate(regions)]
        with under("least_confidence"):
            self._least_confidence = _A_SHARE.take(least_confidence)
        self._is_plate = is_plate
        self._follower = follower or PlateFollower(forget_after_s=FORGET_AFTER_S)

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
        """The plates of one frame; one that reaches out of what is looked at comes without its text."""
        lines = [line for region in self._regions for line in self._lines(frame, region)]
        plates = self._plates(lines)
        boxes = [plate.box for plate in plates]
        texts = [None if plate.is_cut else plate.text for plate in plates]
        tracks = self._follower.follow(boxes, at.mono_ns, texts)
        return [
            PlateRead(
                track=track,
                text=text,
                confidence=0.0 if text is None else plate.confidence,
                plate=plate.box,
                vehicle=vehicle_around(plate.box),
            )
            for plate, text, track in zip(plates, texts, tracks, strict=True)
        ]

    def _lines(self, frame: NDArray[np.uint8], region: Box) -> Iterable[_Line]:
        height, width = frame.shape[:2]
        x, y = round(region[0] * width), round(region[1] * height)
        part = frame[
            y : round((region[1] + region[3]) * height), x : round((region[0] + region[2]) * width)
        ]
        if not part.size:
            return
        found, _ = self._ocr(part)
        for corners, text, confidence in found or ():
            signs = _NO_SIGN.sub("", text.upper())
            if signs and float(confidence) >= self._least_confidence:
                box = _box(corners)
                sure = min(1.0, max(0.0, float(confidence)))
                is_cut = _reaches_out(box, part.shape[1], part.shape[0])
                yield _Line(signs, sure, (x + box[0], y + box[1], *box[2:]), is_cut)

    def _plates(self, lines: Sequence[_Line]) -> list[_Line]:
        """Lines that are plates, and pairs of lines that are one."""
        used: set[int] = set()
        plates = []
        for top, line in enumerate(lines):
            for bottom, below in enumerate(lines):
                if used & {top, bottom} or not _is_above(line, below):
                    continue
                both = _Line(
                    line.text + below.text,
                    min(line.confidence, below.confidence),
                    _around(line.box, below.box),
                    line.is_cut or below.is_cut,
                )
                if self._is_plate(both.text):
                    used |= {top, bottom}
                    plates.append(both)
        for index, line in enumerate(lines):
            if index not in used and _has_shape(line.box) and self._is_plate(line.text):
                plates.append(line)
        return plates


def _as_it_comes() -> RapidOCR:
    from rapidocr_onnxruntime.main import RapidOCR  # noqa: PLC0415 - an extra

    return RapidOCR()


def _checked(region: Box, index: int) -> Box:
    x, y, width, height = region
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 - x + 1e-9 and 0 < height <= 1 - y + 1e-9):
        raise ConfigError(f"regions[{index}]", region, RecogniserWant.BOX_WITHIN_PICTURE())
    return region


def _box(corners: Any) -> Box:  # noqa: ANN401 - four corners, lists or arrays
    xs = [float(corner[0]) for corner in corners]
    ys = [float(corner[1]) for corner in corners]
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _reaches_out(box: Box, width: int, height: int) -> bool:
    x, y, w, h = box
    return min(x, y, width - x - w, height - y - h) < _EDGE


def _has_shape(box: Box) -> bool:
    return _FLATTEST * box[3] <= box[2] <= _LONGEST * box[3]


def _is_above(line: _Line, below: _Line) -> bool:
    """Whether two lines are those of one plate: near, equally high, one above the other, each too short alone."""
    (x1, y1, w1, h1), (x2, y2, w2, h2) = line.box, below.box
    lower = max(h1, h2)
    overlap = min(x1 + w1, x2 + w2) - max(x1, x2)
    return (
        len(line.text) <= _MOST_IN_HALF
        and len(below.text) <= _MOST_IN_HALF
        and y1 < y2
        and y2 - (y1 + h1) < _NEAR_LINES * lower
        and y2 - y1 > lower / 2
        and max(h1, h2) < 2 * min(h1, h2)
        and overlap >= _LEAST_OVERLAP * min(w1, w2)
    )


def _around(one: Box, other: Box) -> Box:
    x, y = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return (x, y, right - x, bottom - y)
