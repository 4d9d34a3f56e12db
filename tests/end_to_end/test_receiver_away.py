"""A receiver that is away for 30 s of the replay's time: nothing is lost, order per vehicle is kept."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from cammra_edge import Engine, EventKind, HttpPost, OutboxSettings, Profile, Settings, Tcp
from cammra_edge.cli.playing import settings_for
from cammra_edge.receiver import Receiver
from cammra_edge.recording import Recording
from tests.end_to_end.playing import WAIT_S, assert_told_in_order
from tests.recordings import recordings

pytestmark = [pytest.mark.recordings, pytest.mark.slow]

AWAY_FROM_S, AWAY_UNTIL_S, LOOPS = 10.0, 40.0, 6


@pytest.mark.parametrize("way", ["http", "tcp"])
def test_nothing_is_lost_and_order_is_kept(tmp_path: Path, way: str) -> None:
    recording = Recording.open(recordings() / "motorway-short")
    # Over TCP with an answer: what only the receiver's kernel has taken is gone with a receiver that goes away.
    with Receiver(tcp=("127.0.0.1", 0), tcp_answer=b"OK\n") as receiver:
        protocol = (
            HttpPost(receiver.http_url)
            if way == "http"
            else Tcp(receiver.tcp_address, persistent=True, ack="OK")
        )
        settings = Settings(
            profiles=[Profile("all", protocol, device_id="AWAY", events=frozenset(EventKind))],
            outbox=OutboxSettings(path=tmp_path / "outbox"),
        )
        engine = Engine(settings_for(settings, recording), stream_id=recording.stream_id())
        with engine.running(live=False):
            away = False
            for frame in recording.frames(loops=LOOPS):
                wanted = AWAY_FROM_S <= frame.at.mono_ns / 1e9 < AWAY_UNTIL_S
                if wanted and not away:
                    receiver.go_away()
                elif away and not wanted:
                    # The replay is far faster than its own time: somebody has to be sent away before it goes on.
                    while not engine.status().profiles[0].retried:
                        time.sleep(0.01)
                    receiver.come_back()
                away = wanted
                engine.observe(frame.jpeg, frame.reads, frame.at)
                engine.wait_for_room()
            engine.finish()
            assert engine.drain(WAIT_S)
            status = engine.status()
            said = sum(status.events.values())
        assert receiver.wait_for(lambda: len(receiver.events) == said, WAIT_S)
        assert status.profiles[0].retried > 0
        assert receiver.missing_packets == 0
        assert receiver.problems == []
        assert len({event.car_id for event in receiver.events}) == 8 * LOOPS
        assert_told_in_order(receiver.events)


def test_loops_have_vehicles_of_their_own() -> None:
    recording = Recording.open(recordings() / "motorway-short")
    tracks = {read.track for frame in recording.frames(loops=2) for read in frame.reads}
    once = {read.track for frame in recording.frames() for read in frame.reads}
    assert len(tracks) == 2 * len(once)
    assert replace(next(recording.frames()).reads[0], track=0) == replace(
        next(recording.frames(loops=2)).reads[0], track=0
    )
