"""The main job on its embedded defaults, as `make run` starts it."""

import io
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from cammra_edge.config import TrackingSettings
from cammra_edge.receiver.contract import Member, parse_event
from cammra_edge.recording.scene import VISITS
from cammra_edge.recording.scene.plates import PlateLook, draw_plate
from tests.end_to_end.playing import finished, start

pytestmark = pytest.mark.slow


DIRECTION_WAIT_MS = 500
"""Half of the time to the timer: so long agreement waits for a direction."""
PLATE_MARGIN = TrackingSettings().plate_margin


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo has run."""
    folder = tmp_path_factory.mktemp("demo")
    words = ["demo", "--once", "--speed", "max", "--json", "--sheet", "sheet.png", "--keep", "kept"]
    out = finished(start(*words, cwd=folder))
    told = [json.loads(line) for line in out.splitlines()]
    assert told[-1] == {"wrong": [], "sheet": "sheet.png"}
    return folder


def _events(kept: Path, receiver: str) -> list[tuple[Path, dict[str, object]]]:
    return [
        (path, parse_event(path.read_bytes())[0])
        for path in sorted((kept / "kept" / receiver).glob("*.json"))
    ]


@pytest.mark.parametrize("receiver", ["barrier", "traffic-centre"])
def test_every_event_type_of_every_vehicle_arrives(kept: Path, receiver: str) -> None:
    told: dict[str, list[str]] = {}
    last_text: dict[str, str] = {}
    for _, event in _events(kept, receiver):
        told.setdefault(str(event[Member.CAR_ID]), []).append(str(event[Member.CAR_STATE]))
        last_text[str(event[Member.CAR_ID])] = str(event[Member.PLATE_UTF8])
    assert sorted(last_text.values()) == sorted(visit.look.text for visit in VISITS)
    for kinds in told.values():
        assert (kinds[0], kinds[-1], kinds.count("reliable")) == ("new", "lost", 1)
    assert any("update" in kinds for kinds in told.values())


def test_reliable_comes_by_agreement_and_direction_not_by_the_timer(kept: Path) -> None:
    new: dict[object, int] = {}
    waits_ms = []
    for _, event in _events(kept, "barrier"):
        at_ms = int(str(event[Member.CAPTURE_TIMESTAMP]))
        if event[Member.CAR_STATE] == "new":
            new[event[Member.CAR_ID]] = at_ms
        elif event[Member.CAR_STATE] == "reliable":
            waits_ms.append(at_ms - new[event[Member.CAR_ID]])
            told = event[Member.CAR_MOVE_DIRECTION] in {"in", "out"}
            assert told or waits_ms[-1] >= DIRECTION_WAIT_MS
    assert len(waits_ms) == 5
    assert max(waits_ms) < 900


def test_pictures_open_and_show_the_plate_that_the_text_says(kept: Path) -> None:
    for path, event in _events(kept, "barrier"):
        text = event[Member.PLATE_UTF8]
        pictures = {
            kind: path.with_name(f"{path.stem}_{kind}.jpg") for kind in ("vehicle", "plate")
        }
        vehicle, plate = (
            Image.open(io.BytesIO(pictures[kind].read_bytes())).convert("RGB")
            for kind in ("vehicle", "plate")
        )
        vehicle.load()
        # A crop with the camera's own bits may begin up to 15 pixels before the plate's margin; it ends with that.
        _, _, width, height = cast("list[int]", event[Member.PLATE_COORDINATES])
        right = plate.width - round(PLATE_MARGIN * width)
        bottom = plate.height - round(PLATE_MARGIN * height)
        plate = plate.crop((max(0, right - width), max(0, bottom - height), right, bottom))
        likeness = {visit.look.text: _likeness(plate.convert("L"), visit.look) for visit in VISITS}
        best = max(likeness, key=lambda plate_text: likeness[plate_text])
        misread = {visit.misread: visit.look.text for visit in VISITS if visit.misread}
        assert best == misread.get(str(text), text)


def _likeness(picture: Image.Image, look: PlateLook) -> float:
    """How well the drawn plate fits into the picture, wherever in it: crops have a margin."""
    best = -1.0
    for margin in range(max(1, picture.height // 3)):
        inner = picture.crop((margin, margin, picture.width - margin, picture.height - margin))
        wanted = draw_plate(look).convert("L").resize(inner.size, Image.Resampling.LANCZOS)
        best = max(
            best, float(np.corrcoef(np.asarray(inner).ravel(), np.asarray(wanted).ravel())[0, 1])
        )
    return best


def test_the_sheet_is_a_picture_worth_looking_at(kept: Path) -> None:
    with Image.open(kept / "sheet.png") as sheet:
        assert sheet.width == 1700
        assert sheet.height > 1500
        assert len(sheet.convert("RGB").getcolors(1 << 24) or []) > 100
