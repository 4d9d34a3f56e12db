"""Ten scenes: what is said of each vehicle, from the first word to the last."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from tests.native.streams import MS_NS, at_ms, by_vehicle, tracker_of
from tests.simulator import scenes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.tracking import TrackEvent
    from tests.simulator.scenes import Life, Scene

SCENES = (
    scenes.tailgating,
    scenes.ids_swapped,
    scenes.parked_with_flicker,
    scenes.lorry_and_trailer,
    scenes.motorcycles,
    scenes.reversing,
    scenes.plate_hidden_at_first,
    scenes.wrong_first_read,
    scenes.u_turn,
    scenes.tracker_anew_in_a_queue,
)


def holds(events: list[TrackEvent], life: Life) -> None:
    """Everything that a vehicle said is as its life says."""
    kinds = [event.kind for event in events if event.kind != "update"]
    assert kinds == ["new", "reliable", "lost"]
    assert tuple(text for text, _ in groupby(event.text for event in events)) == life.texts
    reliable = next(event for event in events if event.kind == "reliable")
    assert reliable.text == life.texts[-1]
    assert {event.first_mono_ns // MS_NS for event in events} == {life.from_ms}
    if life.lost_ms is not None:
        assert events[-1].at_mono_ns // MS_NS == life.lost_ms
    if life.ways:
        ways = ((event.roi_id, event.direction) for event in events)
        assert tuple(way for way, _ in groupby(ways)) == life.ways
    if life.reliable_by:
        assert getattr(reliable, "reliable_by", None) == life.reliable_by


@pytest.mark.parametrize("play", SCENES, ids=lambda play: play.__name__)
def test_a_scene_is_told_as_it_was(play: Callable[[], Scene]) -> None:
    scene = play()
    tracker = tracker_of(**scene.rules)
    events: list[TrackEvent] = []
    for ms, reads in sorted(scene.frames.items()):
        events += tracker.observe(None, reads, at_ms(ms))
    events += tracker.tick(at_ms(max(scene.frames) + 60_000))
    lives = by_vehicle(events)
    assert len(lives) == len(scene.lives), scene.why
    for told, life in zip(lives.values(), scene.lives, strict=True):
        holds(told, life)
    counters = tracker.counters()
    assert all(counters.get(name, 0) >= least for name, least in scene.counted.items())


def test_a_car_is_told_for_as_long_as_its_box_is_there() -> None:
    scene = scenes.parked_with_flicker()
    tracker = tracker_of()
    lost_ms = [
        event.at_mono_ns // MS_NS
        for ms, reads in sorted(scene.frames.items())
        for event in tracker.observe(None, reads, at_ms(ms))
        if event.kind == "lost"
    ]
    assert lost_ms == []
    gone = tracker.tick(at_ms(max(scene.frames) + 10_100))
    assert [event.kind for event in gone] == ["lost"]
