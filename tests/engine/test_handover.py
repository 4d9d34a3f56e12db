"""Other settings while a receiver hangs: taken over at once, nothing lost, nothing sent twice."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile, Timeouts
from cammra_edge.receiver import Receiver
from tests.emulation import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 60.0 * PATIENCE


def test_a_hanging_receiver_does_not_hold_up_whoever_mends_its_address(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Receiver() as receiver:
        hangs = HttpPost(
            f"http://127.0.0.1:{silent.getsockname()[1]}/",
            timeouts=Timeouts(answer_s=2 * PATIENCE_S, total_s=2 * PATIENCE_S),
        )
        engine = Engine(
            profiles=[Profile("gate", hangs, image=None)],
            frame_size=(640, 360),
            outbox=OutboxSettings(path=tmp_path / "outbox.db"),
        )
        with engine.running(live=False):
            engine.observe(
                None, [PlateRead(track=1, text="1AB1234", confidence=0.9)], FrameTime(0, 10**18)
            )
            taken, _ = silent.accept()
            for name in ("GATE-1", "GATE-2"):
                mended = Profile("gate", HttpPost(receiver.http_url), image=None, device_id=name)
                engine.apply(replace(engine.settings, profiles=[mended]))
            engine.observe(
                None, [PlateRead(track=2, text="2CD5678", confidence=0.9)], FrameTime(10**9, 10**18)
            )
            assert receiver.wait_for(lambda: len(receiver.events) == 1, PATIENCE_S)
            taken.close()  # only now does the first try end
            assert engine.drain(PATIENCE_S)
        told = [
            (event.text("sensorProviderID"), event.text("plateUTF8")) for event in receiver.events
        ]
        assert told == [("GATE-2", "2CD5678"), ("GATE-2", "1AB1234")]


def test_other_settings_leave_a_profile_its_tries_and_their_times(tmp_path: Path) -> None:
    with Receiver() as receiver:
        profile = Profile("gate", HttpPost(receiver.http_url), image=None, events={"new"})
        engine = Engine(
            profiles=[profile],
            frame_size=(640, 360),
            outbox=OutboxSettings(path=tmp_path / "outbox"),
        )
        with engine.running(live=False):
            for number in (1, 2):
                read = PlateRead(track=number, text=f"1AB000{number}", confidence=0.9)
                engine.observe(None, [read], FrameTime(number * 10**9, 10**18))
                assert engine.drain(PATIENCE_S)
                engine.apply(
                    replace(
                        engine.settings, profiles=[replace(profile, device_id=f"GATE-{number}")]
                    )
                )
            assert [made.packet for made in engine.operator.journal()["gate"]] == [1, 2]
            (status,) = engine.status().profiles
            assert status.delivered == 2
            assert status.latency_p50_ms > 0
            assert status.sent_bytes > 0
