"""The sign of life with the engine: it starts, changes and stops with it."""

from __future__ import annotations

import json
import queue
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Engine, OutboxSettings
from cammra_edge.delivery import ProfileState, ProfileStatus
from cammra_edge.engine.keepalive import EngineKeepalive
from cammra_edge.engine.status import EngineStatus
from cammra_edge.outbox import OutboxStatus
from cammra_edge.profile import Keepalive, Timeouts
from tests.emulation import PATIENCE
from tests.fakes import NS, FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 20.0 * PATIENCE


@pytest.fixture
def heard() -> Iterator[tuple[str, queue.Queue[dict[str, Any]]]]:
    said: queue.Queue[dict[str, Any]] = queue.Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/alive", said
        server.shutdown()
        thread.join()


def test_a_sign_of_life_comes_at_the_start_and_when_the_settings_change(
    heard: tuple[str, queue.Queue[dict[str, Any]]], tmp_path: Path
) -> None:
    url, said = heard
    engine = Engine(
        outbox=OutboxSettings(path=tmp_path / "outbox.db"),
        keepalive=Keepalive(url, enabled=True, device_id="GATE-1", health=True, app_version=True),
    )
    with engine.running(live=False):
        first = said.get(timeout=PATIENCE_S)
        assert first["ALPV"]["device_ID"] == "GATE-1"
        assert first["health"]["profiles"] == {}
        assert first["health"]["disk"]["events"] == 0
        engine.apply(
            replace(
                engine.settings, keepalive=replace(engine.settings.keepalive, device_id="GATE-2")
            )
        )
        assert said.get(timeout=PATIENCE_S)["ALPV"]["device_ID"] == "GATE-2"
        engine.apply(replace(engine.settings, keepalive=Keepalive()))
    assert said.empty()


def test_a_receiver_that_hangs_does_not_hold_up_whoever_mends_its_address(
    heard: tuple[str, queue.Queue[dict[str, Any]]], tmp_path: Path
) -> None:
    url, said = heard
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hangs = Keepalive(
            f"http://127.0.0.1:{silent.getsockname()[1]}/alive",
            enabled=True,
            timeouts=Timeouts(answer_s=600.0, total_s=600.0),
        )
        engine = Engine(outbox=OutboxSettings(path=tmp_path / "outbox.db"), keepalive=hangs)
        with engine.running(live=False):
            taken, _ = silent.accept()
            mended = Keepalive(url, enabled=True, device_id="GATE-1")
            engine.apply(replace(engine.settings, keepalive=mended))
            assert said.get(timeout=PATIENCE_S)["ALPV"]["device_ID"] == "GATE-1"
            taken.close()


def test_it_tells_queues_losses_clock_and_disk() -> None:
    clock = FakeClock()
    gate = ProfileStatus(
        key="gate",
        profile_id=1,
        name="barrier",
        state=ProfileState.RETRYING,
        why="x",
        queue_events=3,
        dropped={"full": 2},
    )
    disk = OutboxStatus(path="/o", durability="power", events=3, bytes=9, max_events=5, max_bytes=7)
    frames = iter((250, 750))
    keepalive = EngineKeepalive(
        lambda: EngineStatus(
            stream_id="s",
            running=True,
            frames=next(frames),
            profiles=(gate,),
            outbox=disk,
        ),
        clock,
    )
    clock.advance(10)
    assert keepalive._next().frames_per_s == 25
    clock.advance(50)
    clock.now_utc_ns += 3600 * NS  # somebody sets the clock
    said = keepalive._next()
    assert said.frames_per_s == 10
    assert said.health is not None
    assert json.dumps(said.health["profiles"]) == (
        '{"1": {"name": "barrier", "state": "retrying", "queue_events": 3, "oldest_age_s": 0.0,'
        ' "delivered": 0, "dropped": {"full": 2}, "expired": 0, "parked": 0, "last_success_utc_ns": 0}}'
    )
    assert said.health["clock"] == {"utc_ns": clock.now_utc_ns, "set_by_s": 3600.0}
    assert json.dumps(said.health["disk"]) == (
        '{"path": "/o", "durability": "power", "events": 3, "bytes": 9, "max_events": 5, "max_bytes": 7,'
        ' "durable": true, "trouble": "", "not_yet_durable": 0, "late_commits": 0,'
        ' "storage_waits_s": 0.0, "segments": 0, "file_bytes": 0,'
        ' "process_written_bytes": 0, "lost_events": 0, "damage": "", "set_aside": ""}'
    )
