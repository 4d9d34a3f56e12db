"""`search`, `events` and `erase` on outboxes that a replay filled, with and without an engine that runs on them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.model import FrameTime, PlateRead
from cammra_edge.receiver import Receiver
from tests.cli.scripts import write_recording, write_script

if TYPE_CHECKING:
    from pathlib import Path

Said = pytest.CaptureFixture[str]


@pytest.fixture
def played(tmp_path: Path, capsys: Said) -> Path:
    """A config whose receiver has taken all events of two vehicles."""
    recording = write_recording(tmp_path / "r", vehicles=2)
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        words = ["replay", str(recording), "--config", str(script), "--speed", "max"]
        assert main(words) == Exit.OK
    capsys.readouterr()
    return script


def said(words: list[str], capsys: Said) -> list[dict[str, Any]]:
    assert main([*words, "--json"]) == Exit.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_was_delivered_is_found_with_its_plate(
    played: Path, tmp_path: Path, capsys: Said
) -> None:
    found = said(["search", str(played), "--plate", "ab-0cd", "--kind", "lost"], capsys)
    assert [(event["text"], event["states"]) for event in found] == [("AB0CD", ["delivered"])]
    assert main(["search", str(played), "--plate", "AB?CD", "--export", str(tmp_path / "x")]) == 0
    pictures = list((tmp_path / "x" / "pictures").iterdir())
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in pictures)
    assert any("license-plate-crop" in path.name for path in pictures)


def test_status_says_how_far_back_it_remembers(played: Path, capsys: Said) -> None:
    for engine in (None, load_script(played).engine):
        with engine.running(live=False) if engine else nullcontext():
            capsys.readouterr()
            assert main(["status", str(played)]) == Exit.OK
            text = capsys.readouterr().out
            (status,) = said(["status", str(played)], capsys)
            count = len(said(["search", str(played)], capsys))
            assert f"remembers {count} events since 2024-06-14 " in text
            assert status["memory"]["events"] == count


def test_looking_changes_not_one_byte(played: Path, capsys: Said) -> None:
    folder = load_script(played).engine.settings.outbox.path
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for words in (["search", "--one-off", "--plate", "AB0CD"], ["events"]):
        said([words[0], str(folder), *words[1:]], capsys)
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before


def test_a_running_engine_finds_and_forgets_the_same(
    played: Path, tmp_path: Path, capsys: Said
) -> None:
    words = ["search", str(played), "--from", "2024-06-14", "--min-confidence", "0.5"]
    before = said(words, capsys)
    here, there = tmp_path / "here", tmp_path / "there"
    assert main(["search", str(played), "--export", str(here)]) == Exit.OK
    engine = load_script(played).engine
    with engine.running(live=False):
        capsys.readouterr()
        assert said(words, capsys) == before
        assert said(["events", str(played)], capsys) == before[::-1]
        assert main(["search", str(played), "--export", str(there)]) == Exit.OK
        assert main(["search", str(played), "--from", "never"]) == Exit.CONFIG
        assert "from" in capsys.readouterr().err
        files = [sorted(path.relative_to(top) for path in top.rglob("*")) for top in (here, there)]
        assert files[0] == files[1]
        assert all(
            (here / path).read_bytes() == (there / path).read_bytes()
            for path in files[0]
            if (here / path).is_file()
        )
        (erased,) = said(["erase", str(played), "--plate", "AB0CD", "--yes"], capsys)
        assert erased["events"]
        assert {event["text"] for event in said(words, capsys)} == {"AB1CD"}
        assert {event.plate.text for event in engine.recent_events()} == {"AB1CD"}
    assert {event["text"] for event in said(words, capsys)} == {"AB1CD"}
    (erased,) = said(["erase", str(played), "--all", "--yes"], capsys)
    assert erased["events"]
    assert said(words, capsys) == []


def test_events_are_followed_as_they_come(played: Path, capsys: Said) -> None:
    before = said(["events", str(played)], capsys)
    engine = load_script(played).engine
    with engine.running(live=False):
        words = [sys.executable, "-m", "cammra_edge", "events", str(played), "--follow", "--json"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as follower:
            assert follower.stdout is not None
            lines = (json.loads(line) for line in follower.stdout)
            assert [next(lines)["seq"] for _ in before] == [event["seq"] for event in before]
            read = PlateRead(track=9, text="NEW1234", confidence=0.95)
            engine.observe(None, [read], FrameTime(10**18, 10**18))
            engine.finish()
            kinds = []
            while "lost" not in kinds:
                event = next(lines)
                assert event["text"] == "NEW1234"
                kinds.append(event["kind"])
            assert kinds[0] == "new"
            follower.terminate()
            assert follower.wait() == Exit.INTERRUPTED
