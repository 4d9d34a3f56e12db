"""An engine that may not send to the machine it runs on: events wait, and go as soon as they may."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.receiver import Receiver
from tests.emulation import PATIENCE
from tests.servers import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.delivery import ProfileStatus

PATIENCE_S = 30.0 * PATIENCE


def test_refused_events_wait_with_an_alarm_and_go_when_they_may(tmp_path: Path) -> None:
    with Receiver() as receiver:
        engine = Engine(
            profiles=[Profile("gate", HttpPost(receiver.http_url), image=None)],
            frame_size=(640, 360),
            outbox=OutboxSettings(path=tmp_path / "outbox"),
            deny_local=True,
        )

        def gate() -> ProfileStatus:
            (status,) = engine.status().profiles
            return status

        with engine.running(live=False):
            read = PlateRead(track=1, text="1AB1234", confidence=0.9)
            engine.observe(None, [read], FrameTime(0, 10**18))
            wait_until(lambda: gate().alarm, "the alarm")
            assert "is this camera itself or its link, and deny_local is set" in gate().why
            assert (gate().queue_events, gate().parked, gate().dropped) == (1, 0, {})
            assert not receiver.events
            engine.apply(replace(engine.settings, deny_local=False))
            assert engine.drain(PATIENCE_S)
            assert not gate().alarm
        assert [event.plate for event in receiver.events] == ["1AB1234"]
