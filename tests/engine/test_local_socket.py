"""The local socket of an engine: where it lies, who may use it, what it replaces, and what it costs."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.engine import Engine, local_socket, socket_place
from cammra_edge.engine.local_socket import LocalSocket
from tests.descriptors import open_files
from tests.emulation import PATIENCE
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = frozenset({os.geteuid()})
PROMPT_S = 20.0 * PATIENCE
QUIET_S = 0.3


@pytest.fixture(autouse=True)
def _no_run_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in socket_place.RUN_DIRECTORIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "outbox"
    folder.mkdir(mode=0o700)
    return folder


def engine_on(outbox: Path) -> Engine:
    return Engine(outbox=OutboxSettings(path=outbox))


def asked(place: Path) -> bytes:
    """The first bytes of the status over this socket."""
    link = socket_place.connected(place, OWNER)
    assert link is not None
    with link:
        link.settimeout(PROMPT_S)
        link.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: link.recv(1 << 16), b""))


def test_a_running_engine_listens_in_its_outbox_s_folder_for_the_owner_alone(outbox: Path) -> None:
    engine = engine_on(outbox)
    with engine.running():
        place = Path(engine.status().local_socket)
        assert place == socket_place.in_folder(outbox)
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert asked(place).startswith(b"HTTP/1.1 200")
        assert next(iter(socket_place.places(outbox))) == place
    assert not place.exists()
    assert engine.status().local_socket == ""


def test_it_can_be_left_out(outbox: Path) -> None:
    engine = engine_on(outbox)
    with engine.running(local_socket=False):
        assert (engine.status().local_socket, engine.status().local_socket_trouble) == ("", "")
        assert not socket_place.in_folder(outbox).exists()


@pytest.mark.parametrize("name", socket_place.RUN_DIRECTORIES)
def test_it_lies_in_the_run_directory_where_there_is_one(
    outbox: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    monkeypatch.setenv(name, f"{run}:/elsewhere")
    engine, other = engine_on(outbox), engine_on(tmp_path / "other")
    with engine.running(), other.running():
        place = Path(engine.status().local_socket)
        assert place.parent == run
        assert place != Path(other.status().local_socket)
        monkeypatch.delenv(name)
        # A shell knows nothing of the service's run directory: what lies beside the outbox leads there.
        assert next(socket_place.places(outbox)) == place
        assert asked(place).startswith(b"HTTP/1.1 200")
    assert list(run.iterdir()) == []
    assert not socket_place.in_folder(outbox).exists()


def test_only_a_socket_of_this_outbox_is_gone_to(outbox: Path, tmp_path: Path) -> None:
    place = tmp_path / "somebody.socket"
    with socket_place.listening(place):
        for told in (str(place), "\0", "", "x" * 5000):
            socket_place.in_folder(outbox).write_text(told)
            assert place not in list(socket_place.places(outbox))


def test_a_run_directory_that_others_may_write_to_is_passed_over(
    outbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(shared))
    engine = engine_on(outbox)
    with engine.running():
        assert Path(engine.status().local_socket) == socket_place.in_folder(outbox)


def test_a_path_longer_than_the_kernel_takes_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 30)
    folder.mkdir(parents=True)
    engine = engine_on(folder / "outbox")
    with engine.running():
        place = Path(engine.status().local_socket)
        assert len(str(place)) > 300
        assert asked(place).startswith(b"HTTP/1.1 200")


KILLED = """
import os, sys, time
from cammra_edge import Engine, OutboxSettings
engine = Engine(outbox=OutboxSettings(path=sys.argv[1]))
engine.start()
if os.fork() == 0:
    time.sleep(600)
print(engine.status().local_socket, flush=True)
time.sleep(600)
"""


@pytest.fixture
def killed(outbox: Path) -> Iterator[Path]:
    """The socket of an engine that was killed, while a child of its process lives on and has it inherited."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(outbox)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        place = Path(process.stdout.readline().strip())
        process.kill()
        process.wait()
        yield place
        os.killpg(process.pid, signal.SIGKILL)


def test_what_a_killed_engine_left_is_replaced(killed: Path, tmp_path: Path) -> None:
    assert killed.exists()
    assert socket_place.connected(killed, OWNER) is None
    with socket_place.listening(killed):
        link = socket_place.connected(killed, OWNER)
        assert link is not None
        link.close()
    stale = tmp_path / "stale"
    socket_place.listening(stale).close()
    socket_place.listening(stale).close()


def test_a_socket_on_which_somebody_listens_is_never_replaced(outbox: Path) -> None:
    place = socket_place.in_folder(outbox)
    with socket_place.listening(place) as listener:
        before = place.stat().st_ino
        engine = engine_on(outbox)
        with engine.running():
            assert engine.status().local_socket == ""
            assert engine.status().local_socket_trouble == "Address already in use"
        assert place.stat().st_ino == before
        listener.settimeout(PROMPT_S)
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(place))
            listener.accept()[0].close()


def test_what_is_no_socket_is_never_replaced(outbox: Path) -> None:
    place = socket_place.in_folder(outbox)
    place.write_text("mine")
    engine = engine_on(outbox)
    with engine.running():
        assert engine.status().local_socket_trouble == "Address already in use"
    assert place.read_text() == "mine"


def test_a_file_system_without_sockets_is_told_and_the_engine_runs_on(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket_place, "listening", refuse)
    engine = engine_on(outbox)
    with engine.running():
        status = engine.status()
        assert status.running
        assert status.local_socket_trouble == "Operation not permitted"


def test_without_descriptors_or_threads_the_engine_runs_without_it(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptors() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def no_threads(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    outbox.mkdir(exist_ok=True)
    with monkeypatch.context() as patched:
        patched.setattr("socket.socketpair", no_descriptors)
        without = LocalSocket(object(), outbox, FakeClock())
    assert (without.path, without.trouble) == ("", "Too many open files")
    without.close()
    before = open_files()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_threads)
        without = LocalSocket(object(), outbox, FakeClock())
    assert (without.path, without.trouble) == ("", "can't start new thread")
    assert not open_files() - before
    assert not socket_place.in_folder(outbox).exists()
    without.close()


def test_a_socket_of_another_user_is_not_believed(tmp_path: Path) -> None:
    with socket_place.listening(tmp_path / "socket"):
        assert socket_place.connected(tmp_path / "socket", frozenset({os.geteuid() + 1})) is None


COST = """
import sys, time
from cammra_edge import Engine, OutboxSettings
engine = Engine(outbox=OutboxSettings(path=sys.argv[1]))
with engine.running():
    began = time.process_time()
    time.sleep(0.5)
    print(any(name in sys.modules for name in ("starlette", "uvicorn", "asyncio")))
    print(time.process_time() - began)
"""


def test_nobody_pays_for_a_socket_that_nobody_uses(outbox: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COST, str(outbox)], capture_output=True, text=True, check=True
    )
    loaded, spent_s = done.stdout.split()
    assert loaded == "False"
    assert float(spent_s) < 0.05


def test_without_the_packages_of_the_page_the_answer_says_what_to_install(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.startswith("cammra_edge.web"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    engine = engine_on(outbox)
    with engine.running():
        for _ in range(2):
            head, _, body = asked(Path(engine.status().local_socket)).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503")
            assert "pip install 'cammra-edge[page]'" in json.loads(body)["error"]


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Stands in for what speaks on the socket."""
    speaker = ModuleType("speaker")
    monkeypatch.setitem(sys.modules, "speaker", speaker)
    monkeypatch.setattr(local_socket, "SPEAKER", "speaker")
    return speaker


def test_who_cannot_be_let_in_for_want_of_descriptors_keeps_no_processor_busy(
    outbox: Path, speaker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, again = threading.Event(), threading.Event()

    def fail(*_: object) -> None:
        (again if once.is_set() else once).set()
        raise OSError(errno.EMFILE, "too many open files")

    speaker.__dict__["speak"] = fail
    monkeypatch.setattr(local_socket, "_AGAIN_AFTER_MS", 3_600_000)
    monkeypatch.setattr(LocalSocket, "_decline", lambda *_: None)  # it cannot accept either
    listening = LocalSocket(object(), outbox, FakeClock())
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(listening.path)
        assert once.wait(PROMPT_S)
        assert not again.wait(QUIET_S)
    listening.close()


def test_an_answer_that_outlives_the_engine_ends_its_thread(
    outbox: Path, speaker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def answer(*_: object) -> None:
        asked.set()
        answered.wait(PROMPT_S)

    speaker.__dict__["speak"] = answer
    monkeypatch.setattr(local_socket, "_STOP_S", 0.0)
    listening = LocalSocket(object(), outbox, FakeClock())
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(listening.path)
        assert asked.wait(PROMPT_S)
        listening.close()
        answered.set()
    thread = listening._thread
    assert thread is not None
    thread.join(PROMPT_S)
    assert not thread.is_alive()
