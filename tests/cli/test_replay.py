"""`cammra-edge replay` as people type it: what arrives, what it says, and its exit codes."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.model import PlateRead
from cammra_edge.receiver import Answer, Receiver
from cammra_edge.recording import RecordingWriter
from tests.cli.scripts import write_recording, write_script

Said = pytest.CaptureFixture[str]
WAIT_S = 30


def test_replay_sends_a_recording_to_a_receiver(tmp_path: Path, capsys: Said) -> None:
    recording = write_recording(tmp_path / "r")
    with Receiver() as receiver:
        assert (
            main(["replay", str(recording), "--to", receiver.http_url, "--speed", "max", "--json"])
            == Exit.OK
        )
        kinds = {
            event.car_id: [one.kind for one in receiver.events if one.car_id == event.car_id]
            for event in receiver.events
        }
    assert len(kinds) == 2
    for of_vehicle in kinds.values():
        assert (of_vehicle[0], of_vehicle[-1]) == ("new", "lost")
        assert of_vehicle.count("reliable") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["frames"] == 30
    assert told["drained"] is True
    assert told["profiles"][0]["delivered"] == sum(map(len, kinds.values()))


def test_recordings_one_after_another_are_devices_of_their_own(
    tmp_path: Path, capsys: Said
) -> None:
    several = [write_recording(tmp_path / str(count), vehicles=count) for count in (1, 2)]
    with Receiver() as receiver:
        for recording in (*several, several[0]):
            words = ["replay", str(recording), "--to", receiver.http_url, "--speed", "max"]
            assert main(words) == Exit.OK
        assert receiver.problems == []
        assert len({event.text("sensorProviderID") for event in receiver.events}) == 2
        assert any(arrival.repeat for arrival in receiver.arrivals)
    assert capsys.readouterr().err == ""


def test_a_recording_without_texts_says_why_no_event_came(tmp_path: Path, capsys: Said) -> None:
    writer = RecordingWriter(
        tmp_path / "r", size=(320, 240), fps=10.0, start_utc_ns=10**18, pictures=False
    )
    writer.add(None, [PlateRead(track=1, vehicle=(50, 10, 100, 80))], 0)
    writer.finish()
    assert main(["replay", str(tmp_path / "r"), "--to", "http://127.0.0.1:9/"]) == Exit.OK
    assert "none of the reads has a text" in capsys.readouterr().err


def test_replay_into_the_same_outbox_adds_nothing_twice(tmp_path: Path, capsys: Said) -> None:
    recording = write_recording(tmp_path / "r", pictures=False)
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        words = ["replay", str(recording), "--config", str(script), "--speed", "max"]
        assert main(words) == Exit.OK
        before = len(receiver.arrivals)
        assert before > 4
        assert main(words) == Exit.OK
        assert len(receiver.arrivals) == before
        assert main([*words, "--outbox", str(tmp_path / "other")]) == Exit.OK
        assert len(receiver.arrivals) == 2 * before
    assert f"gate: {before} delivered" in capsys.readouterr().out


def test_replay_says_when_nobody_took_the_events(tmp_path: Path, capsys: Said) -> None:
    recording = write_recording(tmp_path / "r", pictures=False)
    with Receiver() as receiver:
        receiver.answer(Answer(404))
        words = [
            "replay",
            str(recording),
            "--to",
            receiver.http_url,
            "--speed",
            "max",
            "--wait",
            "5",
        ]
        assert main(words) == Exit.UNDELIVERED
    assert "404" in capsys.readouterr().out


def test_a_replay_that_is_stopped_ends_cleanly_and_goes_on_next_time(tmp_path: Path) -> None:
    # A minute and a half of it: not over when the signal comes, however slow the machine.
    recording = write_recording(tmp_path / "r", vehicles=60, pictures=False)
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        words = [
            sys.executable,
            "-m",
            "cammra_edge",
            "replay",
            str(recording),
            "--config",
            str(script),
        ]
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert receiver.wait_for(lambda: bool(receiver.events), WAIT_S)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=WAIT_S)
        assert process.returncode == Exit.INTERRUPTED
        assert err.endswith("stopped\n")
        assert "Traceback" not in err
        assert main([*words[3:], "--speed", "max"]) == Exit.OK
        assert len({event.car_id for event in receiver.events}) == 60
        assert receiver.problems == []


def test_a_replay_says_what_was_known_already(tmp_path: Path, capsys: Said) -> None:
    recording = write_recording(tmp_path / "r", pictures=False)
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        words = ["replay", str(recording), "--config", str(script), "--speed", "max"]
        assert main(words) == Exit.OK
        assert "known already" not in capsys.readouterr().out
        told = len(receiver.events)
        assert main(words) == Exit.OK
        assert f"    {told} known already, 0 sent\n" in capsys.readouterr().out
        assert main([*words, "--json"]) == Exit.OK
    (profile,) = json.loads(capsys.readouterr().out)["profiles"]
    assert profile["known"] == told


def test_a_replay_says_whom_and_what_it_waits_for(tmp_path: Path, capsys: Said) -> None:
    recording = write_recording(tmp_path / "r", pictures=False)
    words = ["replay", str(recording), "--to", "http://127.0.0.1:9/", "--speed", "max"]
    assert main([*words, "--wait", "2.5"]) == Exit.UNDELIVERED
    said = capsys.readouterr().err
    assert "waiting up to" in said
    assert "nothing listens on that port): 8 events left; Ctrl-C ends it" in said


def test_a_replay_says_which_scheme_it_took(tmp_path: Path, capsys: Said) -> None:
    recording = write_recording(tmp_path / "r", pictures=False)
    words = ["replay", str(recording), "--speed", "max", "--wait", "0", "--to"]
    main([*words, "127.0.0.1:9/in"])
    assert "--to 127.0.0.1:9/in is taken as https://127.0.0.1:9/in\n" in capsys.readouterr().err
    main([*words, "http://127.0.0.1:9/"])
    assert "is taken as" not in capsys.readouterr().err
