"""A field of `vehicle_info` more: from the recogniser through votes and store to the wire, and into recordings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile, VehicleInfo
from cammra_edge.receiver import Receiver
from cammra_edge.recording.reads import format_line, parse_line

if TYPE_CHECKING:
    from pathlib import Path

READ = PlateRead(track=1, text="AB123", confidence=0.9, info=VehicleInfo(axles="3"))


def test_it_arrives(tmp_path: Path) -> None:
    with Receiver() as receiver:
        engine = Engine(
            profiles=[Profile("p", HttpPost(receiver.http_url), image=None)],
            outbox=OutboxSettings(path=tmp_path / "o"),
        )
        with engine.running(live=False):
            engine.observe(None, [READ], FrameTime(0, 1_700_000_000_000_000_000))
            assert engine.drain(30)
        (event,) = receiver.events
        assert json.loads(event.raw)["vehicle_info"] == {"axles": "3"}
        assert receiver.problems == []


def test_a_recording_keeps_it() -> None:
    assert parse_line(format_line(0, 0, [READ])).reads == (READ,)
