"""The commands on an outbox on which an engine runs: they go through its socket, and say what they say without one."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.receiver import Answer, Receiver
from cammra_edge.web import serve_page
from tests.cli.scripts import write_recording, write_script

if TYPE_CHECKING:
    from pathlib import Path

Said = pytest.CaptureFixture[str]


@pytest.fixture
def refused(tmp_path: Path, capsys: Said) -> Path:
    """A config whose receiver has refused two events for good, with their pictures."""
    recording = write_recording(tmp_path / "r", vehicles=1)
    with Receiver() as receiver:
        receiver.answer(Answer(413), times=2)
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        words = ["replay", str(recording), "--config", str(script), "--speed", "max"]
        assert main(words) == Exit.UNDELIVERED
    capsys.readouterr()
    return script


def said(words: list[str], capsys: Said, code: Exit = Exit.OK) -> list[dict[str, object]]:
    assert main([*words, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_parked_says_the_same_through_the_engine(refused: Path, capsys: Said) -> None:
    listed = said(["parked", "list", str(refused)], capsys)
    seq = str(listed[0]["seq"])
    shown = said(["parked", "show", str(refused), "--seq", seq], capsys)
    assert len(listed) == 2
    with load_script(refused).engine.running(live=False):
        rows = said(["parked", "list", str(refused), "--profile", "gate"], capsys)
        assert [row["seq"] for row in rows] == [row["seq"] for row in listed]
        for row, before in zip(rows, listed, strict=True):
            row["parked_utc_ns"] = before["parked_utc_ns"]
        assert rows == listed
        assert said(["parked", "show", str(refused), "--seq", seq], capsys) == shown
        assert main(["parked", "show", str(refused), "--seq", "99999"]) == Exit.USAGE


def test_parked_is_listed_page_by_page(
    refused: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = said(["parked", "list", str(refused)], capsys)
    monkeypatch.setattr("cammra_edge.cli.reached._PAGE", 1)
    with load_script(refused).engine.running(live=False):
        rows = said(["parked", "list", str(refused)], capsys)
    assert [row["seq"] for row in rows] == [row["seq"] for row in listed]


def test_events_and_search_ask_the_running_engine(refused: Path, capsys: Said) -> None:
    before = said(["events", str(refused)], capsys)
    found = said(["search", str(refused), "--plate", "AB0CD", "--state", "parked"], capsys)
    assert (len(before), len(found)) == (4, 2)
    with load_script(refused).engine.running(live=False):
        assert said(["events", str(refused)], capsys) == before
        words = ["search", str(refused), "--plate", "AB0CD", "--state", "parked"]
        assert said(words, capsys) == found


def test_following_ends_with_the_engine(
    refused: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load_script(refused).engine
    engine.start(live=False)
    monkeypatch.setattr("cammra_edge.cli.commands.events.LOOK_S", 0.05)
    stopper = threading.Timer(1.0, engine.stop)
    stopper.start()
    try:
        assert main(["events", str(refused), "--follow"]) == Exit.OK
    finally:
        stopper.join()
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 4
    assert "no engine runs on this outbox any more" in said.err


def test_an_export_through_the_engine_has_the_same_files(refused: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert main(["parked", "export", str(refused), "--to", str(here)]) == Exit.OK
    with load_script(refused).engine.running(live=False):
        assert main(["parked", "export", str(refused), "--to", str(there)]) == Exit.OK
    files = {path.name: path.read_bytes() for path in here.iterdir()}
    assert len(files) > 2
    assert {path.name: path.read_bytes() for path in there.iterdir()} == files


def test_parked_deliveries_are_retried_and_discarded_by_the_engine(
    refused: Path, capsys: Said
) -> None:
    first = said(["parked", "list", str(refused)], capsys)[0]["seq"]
    with load_script(refused).engine.running(live=False):
        assert main(["parked", "discard", str(refused), "--seq", str(first)]) == Exit.OK
        capsys.readouterr()
        assert len(said(["parked", "list", str(refused)], capsys)) == 1
        assert main(["parked", "discard", str(refused), "--seq", str(first)]) == Exit.OK
        assert "0 discarded" in capsys.readouterr().out
        assert main(["parked", "retry", str(refused), "--profile", "gate"]) == Exit.OK
        assert "1 wait again; they are tried at once" in capsys.readouterr().out
        assert main(["parked", "list", str(refused)]) == Exit.OK
        assert "nothing is parked" in capsys.readouterr().out
        assert main(["parked", "discard", str(refused), "--all"]) == Exit.OK
    (line,) = [
        json.loads(line)
        for line in (refused.parent / "cammra-page" / "work.jsonl").read_text().splitlines()
        if "discarded" in line
    ]
    assert (line["who"], line["from"]) == ("shell", f"uid {os.geteuid()}")


def test_status_is_the_running_engines(refused: Path, capsys: Said) -> None:
    (before,) = said(["status", str(refused)], capsys)
    script = load_script(refused)
    path = script.engine.settings.outbox.path
    with script.engine.running(live=False):
        for where in (refused, path):
            (status,) = said(["status", str(where)], capsys)
            assert (before["running"], status["running"]) == (False, True)
            (profile,) = script.engine.status().profiles
            assert isinstance(status["profiles"], list)
            assert status["profiles"][0]["name"] == profile.name
            assert status["profiles"][0]["state"] == profile.state
        assert main(["status", str(path), "--metrics"]) == Exit.OK
        assert 'cammra_parked_events{profile="gate",name="gate"} 2' in capsys.readouterr().out


def test_a_removed_profiles_backlog_is_given_by_the_engine(refused: Path, capsys: Said) -> None:
    refused.write_text(refused.read_text().replace("'gate'", "'barrier'"))
    with load_script(refused).engine.running(live=False):
        assert main(["outbox", "give", str(refused), "barrier", "gate"]) == Exit.CONFIG
        assert main(["outbox", "give", str(refused), "gate", "moon"]) == Exit.CONFIG
        assert main(["outbox", "give", str(refused), "gate", "barrier"]) == Exit.OK
        assert "2 deliveries moved from gate to barrier" in capsys.readouterr().out


def test_test_goes_through_the_running_engine(tmp_path: Path, capsys: Said) -> None:
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        with load_script(script).engine.running():
            script.write_text(script.read_text().replace(receiver.http_url, "http://127.0.0.1:1/"))
            for _ in range(2):  # the engine takes one a second: the second waits for it
                steps = said(["test", str(script), "gate", "--plate", "TÖL1"], capsys)
                assert [step["step"] for step in steps][-1] == "done"
            assert main(["test", str(script), "moon"]) == Exit.CONFIG
            assert main(["test", str(script), "gate", "--plate", ""]) == Exit.CONFIG
            assert main(["test", str(script), "--script"]) == Exit.UNDELIVERED
        assert [event.plate for event in receiver.events] == ["TÖL1"] * 2


def test_an_engine_with_a_page_is_asked_the_same_way(refused: Path, capsys: Said) -> None:
    script = load_script(refused)
    with (
        serve_page(script.engine, port=0, folder=refused.parent / "page", say=False),
        script.engine.running(live=False),
    ):
        assert len(said(["parked", "list", str(refused)], capsys)) == 2
        assert main(["parked", "retry", str(refused)]) == Exit.OK
    assert '"who": "shell", "from": "uid ' in (refused.parent / "page" / "work.jsonl").read_text()


def test_an_engine_without_a_socket_is_not_disturbed(refused: Path, capsys: Said) -> None:
    with load_script(refused).engine.running(live=False, local_socket=False):
        for words in (["status"], ["parked", "list"]):
            assert main([*words, str(refused)]) == Exit.OUTBOX
            assert "is held by process" in capsys.readouterr().err


def test_an_engine_that_cannot_answer_is_told(
    refused: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cammra_edge.engine.local_socket.SPEAKER", "nothing_of_that_name")
    with load_script(refused).engine.running(live=False):
        assert main(["status", str(refused)]) == Exit.OUTBOX
        assert "nothing_of_that_name is not installed" in capsys.readouterr().err


def test_the_journal_is_shown_with_its_bytes_while_the_engine_runs(
    refused: Path, capsys: Said
) -> None:
    assert main(["journal", str(refused)]) == Exit.OUTBOX
    assert "no engine runs on it" in capsys.readouterr().err
    engine = load_script(refused).engine
    with engine.running(live=False), Receiver() as receiver:
        (gate,) = engine.settings.profiles
        there = replace(gate, protocol=replace(gate.protocol, server_url=receiver.http_url))
        engine.apply(replace(engine.settings, profiles=(there,)))
        assert said(["journal", str(refused)], capsys) == []
        receiver.answer(Answer(422, body=b"no such gate\x1b[2J"), times=1)
        assert main(["parked", "retry", str(refused)]) == Exit.OK
        assert engine.drain(60)
        capsys.readouterr()
        first, second = said(["journal", str(refused), "--bytes"], capsys)
        assert {first["outcome"], second["outcome"]} == {"parked", "delivered"}
        for entry in (first, second):
            assert str(entry["request"]).startswith("POST ")
            assert str(entry["answer"]).startswith("HTTP/1.1 ")
        (last,) = said(["journal", str(refused), "--limit", "1", "--profile", "gate"], capsys)
        assert (last["serial"], "request" in last) == (second["serial"], False)
        assert main(["journal", str(refused), "--bytes"]) == Exit.OK
        shown = capsys.readouterr().out
        assert "  > POST " in shown
        assert "  < HTTP/1.1 422 " in shown
        assert "no such gate" in shown
        assert "\x1b[2J" not in shown
        assert main(["journal", str(refused), "--profile", "nobody"]) == Exit.CONFIG
