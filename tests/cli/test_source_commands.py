"""What `check` and `status` say of a camera, without its password."""

from __future__ import annotations

import io
import json
import stat
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tools.video.serving import free_port

from cammra_edge.camera import VideoSource
from cammra_edge.camera.status import SourceState, SourceStatus
from cammra_edge.camera.troubles import stream_error
from cammra_edge.cli import main
from cammra_edge.cli.commands.run import _fitted
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import SettingsError
from cammra_edge.model import FrameFormat
from cammra_edge.web.saved import SavedSettings
from tests.camera.films import draw_film
from tests.cli.scripts import write_script

if TYPE_CHECKING:
    from pathlib import Path

Said = pytest.CaptureFixture[str]
NOBODY = "http://127.0.0.1:9/"


def _script(folder: Path, address: str) -> Path:
    more = (
        "from cammra_edge.camera import VideoSource\n"
        "class Reader:\n"
        "    def read(self, frame, at):\n"
        "        raise AssertionError('nobody asked')\n"
        f"source = VideoSource({address!r}, Reader())\n"
    )
    return write_script(folder / "camera.py", NOBODY, more=more)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return draw_film(tmp_path / "film.mp4")


def test_check_shows_what_the_source_shows(tmp_path: Path, film: Path, capsys: Said) -> None:
    picture = tmp_path / "look.jpg"
    script = _script(tmp_path, str(film))
    assert main(["check", str(script), "--picture", str(picture)]) == Exit.OK
    out = capsys.readouterr().out
    assert f"source playing {film}: 320x240, h264, 25 pictures a second" in out
    assert f"see {picture}" in out
    with Image.open(io.BytesIO(picture.read_bytes())) as shown:
        assert (shown.format, shown.size) == ("JPEG", (320, 240))
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    before = picture.read_bytes()
    assert main(["check", str(script), "--picture", str(picture)]) == Exit.USAGE
    assert "is there already: name a new file" in capsys.readouterr().err
    assert picture.read_bytes() == before


def test_check_says_why_there_is_no_picture_and_never_the_password(
    tmp_path: Path, capsys: Said
) -> None:
    address = f"rtsp://me:geheim@127.0.0.1:{free_port()}/x?token=verborgen"
    script, picture = _script(tmp_path, address), tmp_path / "look.jpg"
    assert main(["check", str(script), "--picture", str(picture)]) == Exit.OK
    said = capsys.readouterr()
    assert "no pictures: nobody listens at this address and port" in said.out
    assert "see to the port" in said.out
    assert not picture.exists()
    assert main(["check", str(script), "--json"]) == Exit.OK
    json_said = capsys.readouterr()
    source = json.loads(json_said.out)["source"]
    assert (source["state"], source["trouble"]["kind"]) == ("lost", "refused")
    for text in (*said, *json_said):
        assert "geheim" not in text
        assert "verborgen" not in text


def test_check_leaves_the_camera_alone_where_it_is_told_to(
    tmp_path: Path, film: Path, capsys: Said
) -> None:
    script = _script(tmp_path, str(film))
    assert main(["check", str(script), "--no-source", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["source"] is None


def test_a_picture_needs_a_source(tmp_path: Path, capsys: Said) -> None:
    script = write_script(tmp_path / "camera.py", NOBODY)
    assert main(["check", str(script), "--picture", str(tmp_path / "look.jpg")]) == Exit.USAGE
    assert "the script names no VideoSource" in capsys.readouterr().err


def test_status_tells_how_the_running_engines_source_stands(tmp_path: Path, capsys: Said) -> None:
    engine = load_script(write_script(tmp_path / "camera.py", NOBODY)).engine
    status = SourceStatus(
        address="rtsp://***@camera/1",
        state=SourceState.PLAYING,
        width=1280,
        height=720,
        codec="h264",
        rate_fps=12.5,
        pictures=900,
        skipped_frames=33,
        reconnects=2,
        camera_clock_offset_ms=-61_250.0,
    )
    engine.source_status = lambda: status
    with engine.running():
        assert main(["status", str(tmp_path / "camera.py")]) == Exit.OK
        _, plays, counts, *_ = capsys.readouterr().out.splitlines()
        assert plays == (
            "source playing rtsp://***@camera/1: 1280x720, h264, 12.5 pictures a second"
        )
        assert counts == (
            "  900 pictures, 33 passed over, as newer ones had come, 2 times opened anew,"
            " the camera's clock is 61.2 s behind this machine's"
        )
        assert main(["status", str(tmp_path / "camera.py"), "--json"]) == Exit.OK
        assert json.loads(capsys.readouterr().out)["source"]["skipped_frames"] == 33
        trouble = stream_error("unauthorised", "401\x1b[2J").trouble
        engine.source_status = lambda: SourceStatus(
            address="rtsp://***@camera/1", state=SourceState.LOST, trouble=trouble
        )
        assert main(["status", str(tmp_path / "camera.py")]) == Exit.OK
        out = capsys.readouterr().out
    assert "no pictures: the camera refuses user and password (401" in out
    assert "\x1b" not in out
    assert main(["status", str(tmp_path / "camera.py"), "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["source"] is None, "nobody reads a source now"


def test_the_source_knows_its_format_better_than_script_and_page(
    tmp_path: Path, film: Path
) -> None:
    folder = tmp_path / "page"
    for _ in range(2):  # the second time with what the page has saved
        script = load_script(_script(tmp_path, str(film)))
        formats = [script.engine.settings.frame_format]
        assert isinstance(script.source, VideoSource)
        _fitted(script.engine, script.source)
        page = SavedSettings(folder, script.engine.settings, script.engine.apply, SYSTEM_CLOCK)
        with pytest.raises(SettingsError, match="no such field"):
            page.save({"frame_format": "rgb8"}, on=None, who="test")
        page.save({"tracking.lost_after_s": 4.0}, on=None, who="test")
        assert script.engine.settings.tracking.lost_after_s == 4.0
        formats.append(script.engine.settings.frame_format)
        assert formats == [FrameFormat.RGB8, FrameFormat.I420]
