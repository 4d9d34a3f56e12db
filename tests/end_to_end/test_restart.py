"""Killed in the middle of a replay and started again: everything arrives, nothing twice with another number."""

import signal
from pathlib import Path

import pytest

from cammra_edge.receiver import Arrival, Receiver
from tests.end_to_end.playing import WAIT_S, assert_told_in_order, config, finished, start, told
from tests.recordings import recordings

pytestmark = [pytest.mark.recordings, pytest.mark.slow]


@pytest.mark.parametrize(
    ("name", "after_events"), [("motorway-short", 1), ("motorway-short", 20), ("toll-lane", 5)]
)
def test_a_replay_that_was_killed_and_started_again_delivers_what_an_undisturbed_one_does(
    tmp_path: Path, name: str, after_events: int
) -> None:
    recording = str(recordings() / name)
    with Receiver() as undisturbed:
        script = config(tmp_path / "one.py", undisturbed.http_url, outbox=tmp_path / "one")
        finished(
            start("replay", recording, "--config", str(script), "--speed", "max", cwd=tmp_path)
        )
        wanted = told(undisturbed)
    assert len(wanted) > after_events

    def kill_before_the_answer(_: Arrival) -> None:
        # What came last is not acknowledged, so that the replay cannot be done by now, however slow the machine.
        if len(receiver.events) >= after_events and process.poll() is None:
            process.kill()
            process.wait()

    with Receiver(on_arrival=kill_before_the_answer) as receiver:
        script = config(tmp_path / "two.py", receiver.http_url, outbox=tmp_path / "two")
        words = ["replay", recording, "--config", str(script), "--speed", "4"]
        with start(*words, cwd=tmp_path) as process:
            process.communicate(timeout=WAIT_S)
        assert process.returncode == -signal.SIGKILL
        words[-1] = "max"
        finished(start(*words, cwd=tmp_path))
        assert receiver.problems == []
        assert receiver.missing_packets == 0
        assert told(receiver) == wanted
        assert len(receiver.events) == len(wanted)
        assert_told_in_order(receiver.events)
