"""`cammra-edge run` under a service manager, whose socket is scripted."""

from __future__ import annotations

import re
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from cammra_edge import Engine, OutboxSettings
from cammra_edge.cli.service import stands
from tests.cli.scripts import write_script
from tests.servers import LOOPBACK, free_port
from tests.stopping import SOURCE, WAIT_S, run_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

NO_CAMERA = (
    "from cammra_edge.camera import VideoSource\n"
    "class Reads:\n    def read(self, frame, at): return []\n"
    f"source = VideoSource('http://{LOOPBACK}:9/video.mjpg', Reads())\n"
)
HANGS = SOURCE.replace(
    "def source():",
    """from cammra_edge.engine.writer import EventWriter
def hang(*_):
    print("hangs", file=sys.stderr, flush=True)
    time.sleep(3600)
EventWriter.store = hang
import cammra_edge.engine.engine
cammra_edge.engine.engine.DISK_S = 0.5
def source():""",
)


class Manager:
    """The service manager's end."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def heard(self) -> list[str]:
        """The next message."""
        return self._sock.recv(4096).decode().split("\n")

    def wait_heard(self, word: str) -> list[str]:
        """The next message with this word."""
        while word not in (message := self.heard()):
            pass
        return message

    def silent(self) -> bool:
        """Whether nothing waits to be heard."""
        self._sock.settimeout(0.5)
        try:
            self.heard()
        except TimeoutError:
            return True
        finally:
            self._sock.settimeout(WAIT_S)
        return False


@contextmanager
def manager(folder: Path, monkeypatch: pytest.MonkeyPatch, watchdog_us: int) -> Iterator[Manager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        path = str(folder / "notify")
        sock.bind(path)
        sock.settimeout(WAIT_S)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        if watchdog_us:
            monkeypatch.setenv("WATCHDOG_USEC", str(watchdog_us))
        yield Manager(sock)


def test_ready_alive_and_stopping_are_told_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    script = write_script(tmp_path / "camera.py", f"http://{LOOPBACK}:9/", more=SOURCE)
    with manager(tmp_path, monkeypatch, 200_000) as told, run_of(script, page=str(port)) as run:
        told.wait_heard("READY=1")
        # All listens by now.
        assert httpx.get(f"http://{LOOPBACK}:{port}/", trust_env=False).status_code == 200
        for _ in range(3):
            alive = told.wait_heard("WATCHDOG=1")
            assert re.fullmatch(r"STATUS=(1 event|\d+ events)(, .*)?", alive[1]), alive
        run.process.send_signal(signal.SIGTERM)
        assert told.wait_heard("STOPPING=1") == ["STOPPING=1", "STATUS=stopping"]
        assert run.process.wait(WAIT_S) == 0


def test_a_camera_that_is_away_is_no_reason_to_be_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = write_script(tmp_path / "camera.py", f"http://{LOOPBACK}:9/", more=NO_CAMERA)
    with manager(tmp_path, monkeypatch, 200_000) as told, run_of(script, page="off"):
        for _ in range(5):
            assert "source" in told.wait_heard("WATCHDOG=1")[1]


def test_a_loop_that_hangs_is_not_covered_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = write_script(tmp_path / "camera.py", f"http://{LOOPBACK}:9/", more=HANGS)
    with manager(tmp_path, monkeypatch, 200_000) as told, run_of(script, page="off") as run:
        told.wait_heard("READY=1")
        run.wait_said("no sign of life, the watchdog is not fed loops=encoder")
        while not told.silent():
            pass
        assert told.silent()
        assert run.stopped_by(signal.SIGTERM).code == 0


def test_without_a_watchdog_only_the_beginning_and_the_end_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = write_script(tmp_path / "camera.py", f"http://{LOOPBACK}:9/", more=SOURCE)
    with manager(tmp_path, monkeypatch, 0) as told, run_of(script, page="off") as run:
        run.wait_said("observed 20")
        assert told.heard()[0] == "READY=1"
        assert run.stopped_by(signal.SIGTERM).code == 0
        assert told.heard() == ["STOPPING=1", "STATUS=stopping"]


def test_how_it_stands_is_one_line_without_plates_and_addresses(tmp_path: Path) -> None:
    engine = Engine(outbox=OutboxSettings(path=tmp_path / "outbox"))
    with engine.running(live=False, local_socket=False):
        assert stands(engine) == "STATUS=0 events"
