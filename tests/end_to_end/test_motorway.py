"""A minute of motorway at full rate: deterministic, one story per vehicle, and no storm of updates."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from cammra_edge.receiver import Arrival, Receiver
from tests.end_to_end.playing import assert_told_in_order, by_vehicle, config, finished, start
from tests.recordings import recordings

pytestmark = [pytest.mark.recordings, pytest.mark.slow]


def _replayed(tmp_path: Path, name: str) -> list[Arrival]:
    with Receiver() as receiver:
        script = config(tmp_path / f"{name}.py", receiver.http_url, outbox=tmp_path / f"{name}")
        recording = str(recordings() / "motorway")
        finished(
            start("replay", recording, "--config", str(script), "--speed", "max", cwd=tmp_path)
        )
        assert receiver.problems == []
        assert receiver.missing_packets == 0
        return receiver.events


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Arrival], list[Arrival]]:
    """The same recording twice, each into a fresh outbox."""
    folder = tmp_path_factory.mktemp("motorway")
    return _replayed(folder, "first"), _replayed(folder, "second")


def _tracks() -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    for line in (recordings() / "motorway" / "reads.jsonl").read_text().splitlines():
        for read in json.loads(line)["reads"]:
            if read.get("text"):
                texts.setdefault(read["track"], []).append(read["text"])
    return texts


def test_the_same_recording_gives_the_same_events_byte_for_byte(
    runs: tuple[list[Arrival], list[Arrival]],
) -> None:
    first, second = runs
    assert [event.raw for event in first] == [event.raw for event in second]
    assert [event.event_id for event in first] != [""] * len(first)
    assert [event.event_id for event in first] == [event.event_id for event in second]


def test_every_car_has_one_new_one_reliable_and_one_lost_in_order(
    runs: tuple[list[Arrival], list[Arrival]],
) -> None:
    assert_told_in_order(runs[0])
    assert len(_tracks()) == 45
    assert len(by_vehicle(runs[0])) == 27  # the others are cars whose track broke


def test_updates_of_the_text_are_at_most_a_tenth_of_the_raw_changes(
    runs: tuple[list[Arrival], list[Arrival]],
) -> None:
    raw_changes = sum(
        before != after for texts in _tracks().values() for before, after in pairwise(texts)
    )
    assert raw_changes == 919
    updates = sum(
        after.kind == "update" and before.plate != after.plate
        for events in by_vehicle(runs[0]).values()
        for before, after in pairwise(events)
    )
    assert updates <= raw_changes / 10
