"""What the vehicles of the recorded streams say."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

import pytest

from cammra_edge.recording import Recording
from tests.native.streams import by_vehicle, plain, replay
from tests.recordings import recordings
from tests.simulator.edits import edits

if TYPE_CHECKING:
    from cammra_edge.model import Box

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


@pytest.mark.parametrize(
    ("name", "vehicles"), [("motorway", 27), ("motorway-short", 8), ("toll-lane", 2)]
)
def test_a_car_whose_track_broke_is_one_vehicle(name: str, vehicles: int) -> None:
    told = by_vehicle(replay(name))
    assert sorted(told) == list(range(1, vehicles + 1))
    assert {events[0].track for events in told.values()} <= set(texts_of(name))


def overlap(a: Box, b: Box) -> bool:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return across > 0 and down > 0


def test_at_most_two_cars_of_the_motorway_are_told_again() -> None:
    """Told again: a New within 3 s of another car's last read, at its last box, with its text or nearly so."""
    shown: dict[int, list[tuple[int, Box]]] = {}
    for frame in Recording.open(recordings() / "motorway").frames():
        for read in frame.reads:
            if read.text and read.vehicle:
                shown.setdefault(read.track, []).append((frame.at.mono_ns, read.vehicle))
    told = by_vehicle(replay("motorway"))
    again = 0
    for number, events in told.items():
        began_ns = events[0].first_mono_ns
        (box,) = (box for ns, box in shown[events[0].track] if ns == began_ns)
        for other in (other for no, other in told.items() if no < number):
            tracks = {event.track for event in other}
            before = [seen for track in tracks for seen in shown[track] if seen[0] < began_ns]
            if not before:
                continue  # It took over a number, and began before the one that was counted first.
            last_ns, last_box = max(before)
            is_same = edits(events[0].text, other[-1].text) <= 2
            again += is_same and began_ns - last_ns <= 3_000_000_000 and overlap(box, last_box)
    assert again <= 2


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
