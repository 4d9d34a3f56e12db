"""`template`: the shipped ones, and what one makes of an event."""

import base64
import json
from pathlib import Path

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.outbox.codec import plain_from
from cammra_edge.profile import SHIPPED, preset_text
from tests.payload.events import EVENT, JPEGS

Said = pytest.CaptureFixture[str]


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """An event and its pictures as `parked export` writes them."""
    images = []
    for key, jpeg in JPEGS.items():
        (tmp_path / f"{key}.jpg").write_bytes(jpeg)
        images.append({"image_key": key, "file": f"{key}.jpg"})
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"event": plain_from(EVENT), "images": images}))
    return path


def test_every_shipped_template_is_listed_with_its_receiver(capsys: Said) -> None:
    assert main(["template", "list", "--json"]) == Exit.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == list(SHIPPED)
    assert all(row["receiver"]["name"] and row["receiver"]["source"] for row in rows)


def test_one_is_shown_to_be_changed(capsys: Said) -> None:
    assert main(["template", "show", "openalpr"]) == Exit.OK
    assert capsys.readouterr().out.strip() == preset_text("openalpr").strip()
    assert main(["template", "show"]) == Exit.USAGE
    assert main(["template", "show", "nothing"]) == Exit.CONFIG


@pytest.mark.parametrize("name", SHIPPED)
def test_each_can_be_tried_with_the_event_of_a_test(name: str, capsys: Said) -> None:
    assert main(["template", "try", name]) == Exit.OK
    assert capsys.readouterr().out.startswith("POST /")


def test_an_exported_event_fills_a_template_and_its_pictures_are_named(
    exported: Path, tmp_path: Path, capsys: Said
) -> None:
    to = tmp_path / "body"
    words = ["template", "try", "genetec", "--event", str(exported), "--to", str(to), "--json"]
    assert main(words) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    assert (said["method"], said["target"]) == ("POST", "/api/v1/lpr/LprIngestion/reads")
    assert f'"ContextImage":"<{len(JPEGS["v"])} bytes of JPEG as base64>"' in said["body"]
    written = json.loads(to.read_bytes())
    assert written["Plate"] == EVENT.plate.text
    assert base64.b64decode(written["PlateImage"]) == JPEGS["p"]


def test_a_file_of_one_s_own_is_tried_and_a_bad_event_is_refused(
    exported: Path, tmp_path: Path, capsys: Said
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('escape="raw"\nmethod="GET"\npath="/open?plate={{plate}}"')
    assert main(["template", "try", str(mine), "--event", str(exported)]) == Exit.OK
    assert "GET /open?plate=HWR6677" in capsys.readouterr().out
    exported.write_text("{}")
    assert main(["template", "try", str(mine), "--event", str(exported)]) == Exit.CONFIG
    assert main(["template", "try", str(tmp_path / "no.toml")]) == Exit.CONFIG
