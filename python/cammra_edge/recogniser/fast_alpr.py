"""Adapter for fast-alpr (extra `fast-alpr`): ONNX plate detection and reading, on any processor.

fast-alpr finds and reads plates frame by frame; this adds numbers that stay (`PlateFollower`) and a
guess of where the vehicle is (`vehicle_around`). Frames are BGR8, as OpenCV delivers them.

Held by `tests/recogniser/test_fast_alpr.py`, which runs the real `ALPR` class.
"""

from __future__ import annotations

import statistics
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from cammra_edge.errors import CammraError
from cammra_edge.model import PlateRead
from cammra_edge.recogniser.follow import PlateFollower, vehicle_around

if TYPE_CHECKING:
    import numpy as np
    from fast_alpr import ALPR, ALPRResult
    from numpy.typing import NDArray

    from cammra_edge.model import Box, FrameTime

_REMEDY = (
    "let it run once where there is a network, or copy ~/.cache/open-image-models and ~/.cache/fast-plate-ocr from a"
    " machine where it did; RapidOcr (extra rapidocr) brings its models along"
)


class FastAlpr:
    """A `Recogniser` of BGR8 frames.

    Args:
        alpr: fast-alpr's own object, with the models of your choice: `ALPR(detector_model=…, ocr_model=…)`.
        follower: Gives plates their numbers.
    """

    def __init__(self, alpr: ALPR, follower: PlateFollower | None = None) -> None:
        self._alpr = alpr
        self._follower = follower or PlateFollower()

    @classmethod
    def with_models(cls, **options: Any) -> FastAlpr:  # noqa: ANN401 - fast-alpr's own
        """With the models that fast-alpr fetches the first time, and keeps in `~/.cache`.

        Args:
            options: As fast-alpr's `ALPR` takes them: `detector_model`, `ocr_model` and more.

        Raises:
            CammraError: They are not there and cannot be fetched, such as where there is no network.
        """
        from fast_alpr import ALPR  # noqa: PLC0415 - an extra, and slow to load

        try:
            return cls(ALPR(**options))
        except (OSError, HTTPException) as error:
            raise CammraError(
                f"fast-alpr's models cannot be fetched ({_why(error)}): {_REMEDY}"
            ) from error

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
        """The plates of one frame; a plate that could not be read comes without text."""
        results = self._alpr.predict(frame)
        boxes = [_box(result) for result in results]
        texts = [_text(result) for result in results]
        tracks = self._follower.follow(boxes, at.mono_ns, texts)
        return [
            _read(result, box, text, track)
            for result, box, text, track in zip(results, boxes, texts, tracks, strict=True)
        ]


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)  # of what urllib raises
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def _box(result: ALPRResult) -> Box:
    found = result.detection.bounding_box
    return (found.x1, found.y1, found.x2 - found.x1, found.y2 - found.y1)


def _text(result: ALPRResult) -> str | None:
    return None if result.ocr is None else result.ocr.text.strip().strip("_") or None


def _read(result: ALPRResult, box: Box, text: str | None, track: int) -> PlateRead:
    ocr = result.ocr
    return PlateRead(
        track=track,
        text=text,
        confidence=_confidence(ocr.confidence) if ocr is not None and text else 0.0,
        vehicle=vehicle_around(box),
        plate=box,
        region=(ocr.region or "") if ocr is not None else "",
    )


def _confidence(given: float | list[float]) -> float:
    """One number for the whole text: fast-alpr may give one for each letter."""
    if isinstance(given, list):
        given = statistics.fmean(given) if given else 0.0
    return min(1.0, max(0.0, float(given)))
