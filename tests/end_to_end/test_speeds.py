"""A replay tells the same, byte for byte, whenever and however fast it is played."""

from pathlib import Path

import pytest

from cammra_edge.receiver import Receiver
from tests.budget import NIGHTLY
from tests.end_to_end.playing import config, finished, start, told
from tests.recordings import recordings

pytestmark = [pytest.mark.recordings, pytest.mark.slow]

WITH_PLATES = ("motorway-short", "toll-lane", *(["motorway"] if NIGHTLY else []))
"""`motorway` takes a minute at speed 1; `test_motorway.py` plays it twice as fast as can be."""


@pytest.mark.parametrize("name", [*WITH_PLATES, "drone", "street"])
def test_a_recording_is_told_the_same_twice_and_at_its_own_speed(tmp_path: Path, name: str) -> None:
    runs = []
    for run, speed in enumerate(("max", "max", "1")):
        with Receiver() as receiver:
            script = config(
                tmp_path / f"{run}.py",
                receiver.http_url,
                outbox=tmp_path / f"{run}",
                without_plate=name not in WITH_PLATES,
            )
            words = ("replay", str(recordings() / name), "--config", str(script), "--speed", speed)
            finished(start(*words, cwd=tmp_path))
            assert receiver.problems == []
            runs.append(told(receiver))
    assert runs[0]
    assert runs[0] == runs[1] == runs[2]
