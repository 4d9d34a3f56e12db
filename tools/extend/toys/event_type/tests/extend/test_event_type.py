"""An event type more: said by the tracker, wanted by a profile, delivered and understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge import (
    Engine,
    FrameTime,
    HttpPost,
    OutboxSettings,
    PlateRead,
    Profile,
    TrackingSettings,
)
from cammra_edge.receiver import Receiver

if TYPE_CHECKING:
    from pathlib import Path


def test_a_vehicle_that_is_gone_before_its_new_says_glimpse(tmp_path: Path) -> None:
    with Receiver() as receiver:
        url = receiver.http_url
        engine = Engine(
            profiles=[Profile("p", HttpPost(url), events={"glimpse", "lost"}, image=None)],
            tracking=TrackingSettings(result_delay_s=1.0),
            outbox=OutboxSettings(path=tmp_path / "o"),
        )
        with engine.running(live=False):
            read = PlateRead(track=1, text="AB123", confidence=0.9)
            engine.observe(None, [read], FrameTime(0, 1_700_000_000_000_000_000))
            engine.finish()
            assert engine.drain(30)
        assert [event.kind for event in receiver.events] == ["glimpse", "lost"]
        assert receiver.problems == []
