"""The adapter behind the real `fast_alpr.ALPR`, with detectors and readers that need no downloaded model."""

import socket
from http.client import IncompleteRead
from pathlib import Path

import fast_alpr
import numpy as np
import pytest
from fast_alpr import ALPR, BaseDetector, BaseOCR, DetectionResult, OcrResult
from fast_plate_ocr.inference import hub as readers
from numpy.typing import NDArray
from open_image_models.detection.core import hub as detectors
from open_image_models.detection.core.base import BoundingBox

from cammra_edge.errors import CammraError
from cammra_edge.model import FrameTime
from cammra_edge.recogniser import Recogniser
from cammra_edge.recogniser.fast_alpr import FastAlpr

Frame = NDArray[np.uint8]


class BrightBox(BaseDetector):
    """Finds the one bright rectangle, as a plate detector would."""

    def predict(self, frame: Frame) -> list[DetectionResult]:
        rows, columns = np.nonzero(frame[..., 0] > 200)
        if not len(rows):
            return []
        box = BoundingBox(
            int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
        )
        return [DetectionResult("License Plate", 0.9, box)]


class Reader(BaseOCR):
    """Reads what it is told to, and remembers the crops it got."""

    def __init__(self, *answers: OcrResult | None) -> None:
        self.answers = list(answers)
        self.crops: list[tuple[int, ...]] = []

    def predict(self, cropped_plate: Frame) -> OcrResult | None:
        self.crops.append(cropped_plate.shape)
        return self.answers[(len(self.crops) - 1) % len(self.answers)]


def _frame(x: int) -> Frame:
    frame = np.zeros((240, 640, 3), np.uint8)
    frame[100:120, x : x + 90] = 255
    return frame


def _adapter(*answers: OcrResult | None) -> tuple[Recogniser[Frame], Reader]:
    reader = Reader(*answers)
    return FastAlpr(ALPR(detector=BrightBox(), ocr=reader)), reader


@pytest.mark.filterwarnings("ignore:LicensePlateDetector is deprecated")
def test_without_a_network_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(detectors, "MODEL_CACHE_DIR", tmp_path / "detectors")
    monkeypatch.setattr(readers, "MODEL_CACHE_DIR", tmp_path / "readers")
    with pytest.raises(CammraError) as told:
        FastAlpr.with_models()
    assert str(told.value).startswith(
        "fast-alpr's models cannot be fetched (Temporary failure in name resolution): let it run once"
    )
    assert "\n" not in str(told.value)
    assert "~/.cache/open-image-models" in str(told.value)


def test_a_fetch_that_breaks_off_is_said_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(**_: object) -> ALPR:
        raise IncompleteRead(b"")

    monkeypatch.setattr(fast_alpr, "ALPR", cut)
    with pytest.raises(CammraError, match="cannot be fetched"):
        FastAlpr.with_models()


def test_models_are_chosen_by_fast_alprs_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(fast_alpr, "ALPR", lambda **options: given.update(options))
    FastAlpr.with_models(ocr_model="cct-s-v2-global-model")
    assert given == {"ocr_model": "cct-s-v2-global-model"}


def test_a_plate_becomes_a_read_with_number_boxes_and_confidence() -> None:
    adapter, reader = _adapter(
        OcrResult("AB123_", [0.9, 0.8, 1.0, 0.7], region="Germany", region_confidence=0.9)
    )
    for step in range(5):
        (read,) = adapter.read(_frame(50 + 30 * step), FrameTime(step * 40_000_000, 0))
        assert (read.track, read.text, read.region) == (1, "AB123", "Germany")
        assert read.confidence == pytest.approx(0.85)
        assert read.plate == (50 + 30 * step, 100, 90, 20)
        assert read.vehicle is not None
        assert read.vehicle[0] < 50 + 30 * step
    assert reader.crops == [(20, 90, 3)] * 5


@pytest.mark.parametrize(
    ("answer", "text", "confidence"),
    [
        (None, None, 0.0),
        (OcrResult("", 0.4), None, 0.0),
        (OcrResult("___", [0.1]), None, 0.0),
        (OcrResult("X1", 0.5), "X1", 0.5),
        (OcrResult("X1", []), "X1", 0.0),
        (OcrResult("X1", [1.2]), "X1", 1.0),
    ],
)
def test_what_fast_alpr_may_say_about_a_plate_is_understood(
    answer: OcrResult | None, text: str | None, confidence: float
) -> None:
    adapter, _ = _adapter(answer)
    (read,) = adapter.read(_frame(50), FrameTime(0, 0))
    assert (read.text, read.confidence) == (text, confidence)


def test_a_frame_without_plates_has_no_reads() -> None:
    adapter, reader = _adapter(None)
    assert adapter.read(np.zeros((240, 640, 3), np.uint8), FrameTime(0, 0)) == []
    assert reader.crops == []
