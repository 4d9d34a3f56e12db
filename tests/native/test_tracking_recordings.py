"""What the vehicles of the recorded streams say."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from statistics import median

import pytest

from cammra_edge.recording import Recording
from tests.native.streams import by_vehicle, plain, replay
from tests.recordings import recordings

pytestmark = pytest.mark.recordings

ALL = ("motorway", "motorway-short", "toll-lane", "drone", "street")
TEXT_CHANGES = {"motorway": 919, "motorway-short": 182, "toll-lane": 70}
"""How often a track's next read differs from the one before."""


def texts_of(name: str) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    for frame in Recording.open(recordings() / name).frames():
        for read in frame.reads:
            if read.text:
                texts.setdefault(read.track, []).append(read.text)
    return texts


def edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


@pytest.mark.parametrize("name", ALL)
def test_every_vehicle_says_new_reliable_and_lost_once_and_in_order(name: str) -> None:
    vehicles = by_vehicle(replay(name, vehicles_without_plate=True))
    assert vehicles
    for events in vehicles.values():
        kinds = [event.kind for event in events]
        assert [kind for kind in kinds if kind != "update"] == ["new", "reliable", "lost"]
        assert kinds[0] == "new"
        assert kinds[-1] == "lost"
        assert [event.ordinal for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize("name", ["motorway", "motorway-short", "toll-lane"])
def test_there_is_one_vehicle_per_track_with_a_text(name: str) -> None:
    vehicles = by_vehicle(replay(name))
    assert sorted(events[0].track for events in vehicles.values()) == sorted(texts_of(name))
    assert sorted(vehicles) == list(range(1, len(vehicles) + 1))


@pytest.mark.parametrize("name", TEXT_CHANGES)
def test_a_tenth_of_the_changes_of_text_become_updates_at_most(name: str) -> None:
    raw = sum(sum(a != b for a, b in itertools.pairwise(t)) for t in texts_of(name).values())
    assert raw == TEXT_CHANGES[name]
    updates = sum("plate" in event.changed for event in replay(name))
    assert updates <= raw / 10


@pytest.mark.parametrize("name", ALL)
def test_the_same_recording_makes_the_same_events(name: str) -> None:
    assert plain(replay(name, vehicles_without_plate=True)) == plain(
        replay(name, vehicles_without_plate=True)
    )


def test_the_consolidated_text_beats_the_reads_of_the_toll_lane() -> None:
    truth: dict[str, str] = json.loads((recordings() / "toll-lane" / "truth.json").read_text())[
        "plates"
    ]
    reads = texts_of("toll-lane")
    last = {event.track: event.text for event in replay("toll-lane") if event.kind == "lost"}
    assert {str(track) for track in last} == set(truth)
    for track, plate in truth.items():
        texts = reads[int(track)]
        far = edits(last[int(track)], plate)
        most_frequent = Counter(texts).most_common(1)[0][0]
        assert far < median(edits(text, plate) for text in texts)
        assert far < edits(texts[-1], plate)
        assert far <= edits(most_frequent, plate)


def motion(name: str) -> dict[str, int]:
    lost = [event for event in replay(name) if event.kind == "lost"]
    return Counter(event.direction for event in lost)


def test_motorway_vehicles_come_down_the_arrow() -> None:
    assert motion("motorway-short")["out"] == 0
    assert motion("motorway-short")["in"] >= 6
