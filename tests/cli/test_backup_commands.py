"""`backup` and `restore` as people type them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.passphrase import VARIABLE
from cammra_edge.cli.script import load_script
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.saved import page_folder, settings_in_force
from cammra_edge.engine import Engine
from cammra_edge.receiver import Receiver
from cammra_edge.web.saved import SavedSettings
from tests.cli.scripts import write_recording, write_script

if TYPE_CHECKING:
    from pathlib import Path

Said = pytest.CaptureFixture[str]
WORD = "a gate in the rain"


@pytest.fixture
def script(tmp_path: Path, capsys: Said) -> Path:
    """A camera that has sent a vehicle, and whose page has saved something."""
    (tmp_path / "old").mkdir()
    recording = write_recording(tmp_path / "r", vehicles=1, pictures=False)
    with Receiver() as receiver:
        path = write_script(tmp_path / "old" / "camera.py", receiver.http_url)
        words = ["replay", str(recording), "--config", str(path), "--speed", "max"]
        assert main(words) == Exit.OK
    settings = load_script(path).engine.settings
    saved = SavedSettings(page_folder(settings), settings, lambda _: None, SYSTEM_CLOCK)
    saved.save(
        {"tracking.lost_after_s": 3.0, "profiles[gate].password": "s3cret"}, on=None, who="a test"
    )
    capsys.readouterr()
    return path


def another(script: Path) -> Path:
    """The same camera's script on a machine that has nothing yet."""
    folder = script.parent.parent / "new"
    folder.mkdir()
    text = script.read_text().replace(str(script.parent), str(folder))
    (folder / "camera.py").write_text(text)
    return folder / "camera.py"


def audit_of(script: Path) -> str:
    folder = page_folder(load_script(script).engine.settings)
    return "".join(path.read_text() for path in sorted(folder.glob("*.jsonl")))


def test_a_camera_moves_with_everything(
    script: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, WORD)
    file = tmp_path / "b.backup"
    assert main(["backup", str(script), str(file), "--secrets", "--events"]) == Exit.OK
    assert "settings, secrets, the outbox, " in capsys.readouterr().out
    assert "backup written with secrets with events" in audit_of(script)
    new = another(script)
    assert main(["restore", str(new), str(file), "--yes", "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert told["waiting"] == 0
    assert told["misfits"] == told["left_out"] == told["findings"] == []
    settings = settings_in_force(load_script(new).engine.settings)
    assert settings.tracking.lost_after_s == 3.0
    assert main(["outbox", "check", str(new)]) == Exit.OK
    assert main(["search", str(new), "--plate", "AB0CD", "--json"]) == Exit.OK
    assert len(capsys.readouterr().out.splitlines()) > 1
    assert "restored from a backup" in audit_of(new)
    assert "s3cret" not in audit_of(new) + audit_of(script)


def test_without_secrets_it_says_what_is_to_be_given_anew(
    script: Path, tmp_path: Path, capsys: Said
) -> None:
    file = tmp_path / "b.backup"
    assert main(["backup", str(script), str(file)]) == Exit.OK
    assert "without --secrets, left out: profiles[gate].password" in capsys.readouterr().out
    assert main(["restore", str(another(script)), str(file), "--yes"]) == Exit.OK
    out = capsys.readouterr().out
    assert "to be given anew, as the backup holds no secrets: profiles[gate].password" in out


def test_a_file_that_is_there_is_not_replaced(script: Path, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "b").write_text("mine")
    assert main(["backup", str(script), str(tmp_path / "b")]) == Exit.INPUT
    assert "there is something of that name already" in capsys.readouterr().err
    assert (tmp_path / "b").read_text() == "mine"


def test_restoring_is_asked_for_and_refused_in_words(
    script: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b"
    monkeypatch.setenv(VARIABLE, WORD)
    assert main(["backup", str(script), str(file), "--secrets"]) == Exit.OK
    assert main(["restore", str(script), str(file)]) == Exit.USAGE
    assert "say --yes" in capsys.readouterr().err
    monkeypatch.setenv(VARIABLE, "a gate in the sun")
    assert main(["restore", str(script), str(file), "--yes"]) == Exit.INPUT
    assert "the passphrase is wrong, or the file was changed" in capsys.readouterr().err
    assert '"failed"' in audit_of(script)
    monkeypatch.delenv(VARIABLE)
    assert main(["restore", str(script), str(file), "--yes"]) == Exit.USAGE
    assert VARIABLE in capsys.readouterr().err
    assert main(["restore", str(script), str(script), "--yes"]) == Exit.INPUT
    assert "this is not a backup" in capsys.readouterr().err
    assert main(["restore", str(script), str(tmp_path / "none"), "--yes"]) == Exit.FAILED


def test_a_passphrase_that_is_easy_to_guess_locks_nothing(
    script: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "short")
    assert main(["backup", str(script), str(tmp_path / "b"), "--secrets"]) == Exit.CONFIG
    assert "short" not in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_an_engine_that_runs_is_backed_up_and_not_restored(
    script: Path, tmp_path: Path, capsys: Said
) -> None:
    engine = Engine(load_script(script).engine.settings)
    with engine.running(local_socket=False):
        assert main(["backup", str(script), str(tmp_path / "b"), "--events"]) == Exit.OK
        assert main(["restore", str(script), str(tmp_path / "b"), "--yes"]) == Exit.OUTBOX
    assert "one engine at a time" in capsys.readouterr().err
