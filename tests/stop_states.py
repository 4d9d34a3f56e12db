"""The states in which `cammra-edge run` is told to stop: each a config script, and how to know that it is there.

Time-outs are an hour, so that a process that ends has not waited for one.
"""

from __future__ import annotations

import contextlib
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.receiver import Receiver
from tests.cli.scripts import write_recording
from tests.fakes import new_event
from tests.servers import LOOPBACK, Scripted, free_port, wait_until
from tests.stopping import SOURCE, WAIT_S, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PASSWORD: Final = "a long password of the page"
WAITING: Final = 10_000
HEAD: Final = """
from pathlib import Path
from cammra_edge import (Engine, Ftp, HttpPost, Keepalive, Mqtt, OutboxSettings, Profile, Tcp, Timeouts, Utmc)

patient = Timeouts(connect_s=3600, write_s=3600, answer_s=3600, total_s=3600)
every = {"new", "reliable", "update", "lost"}
outbox = OutboxSettings(path=Path(__file__).parent / "outbox", durability="process")
"""
SWALLOWS: Final = """
import ctypes, sys, time
from cammra_edge import FrameTime, PlateRead

libc = ctypes.PyDLL(None)  # holds the interpreter, as a bad extension would

def source():
    number = 0
    while True:
        try:
            print("recognising", number, file=sys.stderr, flush=True)
            libc.usleep(700_000)
        except BaseException:
            pass
        at = FrameTime(time.monotonic_ns(), time.time_ns())
        yield None, [PlateRead(track=number, text=f"AB{number}", confidence=0.95)], at
        number += 1
"""
FREEZES: Final = """
import time
from cammra_edge.outbox import tail

write_all, frozen = tail.write_all, Path(__file__).with_name("frozen")

def freezing(*words):
    while frozen.exists():
        print("frozen", file=sys.stderr, flush=True)
        time.sleep(3600)
    return write_all(*words)

tail.write_all = freezing
"""
QUICK_DISK: Final = """
import cammra_edge.engine.engine
cammra_edge.engine.engine.DISK_S = 1.0
"""


@dataclass(frozen=True, slots=True)
class State:
    """A script, and how to wait until it is there; `is_whole`: all that was observed is in its outbox afterwards."""

    script: Path
    reached: Callable[[Running], object]
    page: str = "off"
    is_whole: bool = True


def _script(folder: Path, way: str, more: str = SOURCE, told: str = "every") -> Path:
    path = folder / "camera.py"
    profile = f"Profile('gate', {way}, device_id='G1', events={told}, image=None)"
    path.write_text(f"{HEAD}\nengine = Engine(profiles=[{profile}], outbox=outbox)\n{more}")
    return path


def _mute(connection: socket.socket, _: int, server: Scripted) -> None:
    """Take everything and never say a word."""
    while received := connection.recv(65536):
        server.received.append(received)


def _unacknowledging(connection: socket.socket, number: int, server: Scripted) -> None:
    """A broker that accepts whoever connects, and acknowledges nothing after that."""
    server.received.append(connection.recv(65536))
    connection.sendall(bytes.fromhex("20 03 00 00 00"))
    _mute(connection, number, server)


def _deaf(connection: socket.socket, _: int, server: Scripted) -> None:
    """Take the first bytes, and no more."""
    server.received.append(connection.recv(100))
    while connection.recv(1, socket.MSG_PEEK) and not server._closing:
        connection.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            connection.recv(0)


@contextlib.contextmanager
def dead(folder: Path) -> Iterator[State]:
    """Nobody listens: the profile waits for its next try."""
    script = _script(folder, f"HttpPost('http://{LOOPBACK}:{free_port()}/', timeouts=patient)")
    yield State(script, lambda run: run.wait_said("retrying profile"))


@contextlib.contextmanager
def hanging(
    folder: Path,
    way: str,
    *,
    answers: Callable[[socket.socket, int, Scripted], None] = _mute,
    more: str = SOURCE,
    told: str = "every",
) -> Iterator[State]:
    """Somebody takes the connection and never answers the event; `way` has `PORT` for where."""
    with Scripted(answers) as server:
        script = _script(folder, way.replace("PORT", str(server.port)), more, told)

        def reached(run: Running) -> None:
            run.wait_said("observed 20")
            wait_until(lambda: server.connections, "a connection")

        yield State(script, reached)


HTTP: Final = f"HttpPost('http://{LOOPBACK}:PORT/', timeouts=patient)"
MQTT: Final = f"Mqtt('mqtt://{LOOPBACK}:PORT', timeouts=patient)"
NOISE: Final = (
    SOURCE.replace("yield None,", "yield noise,")
    + """
import os
noise = memoryview(os.urandom(1280 * 720 * 3)).cast("B", (720, 1280, 3))
"""
)


@contextlib.contextmanager
def mid_upload(folder: Path) -> Iterator[State]:
    """A picture of a megabyte to a receiver that stops reading."""
    with hanging(folder, HTTP, answers=_deaf, more=NOISE) as state:
        text = state.script.read_text().replace("image=None", "image='full frame'")
        state.script.write_text(
            text.replace(
                ", outbox=outbox)", ", outbox=outbox, frame_size=(1280, 720), frame_format='rgb8')"
            )
        )
        yield state


@contextlib.contextmanager
def backlog(folder: Path) -> Iterator[State]:
    """Ten thousand events wait, and a receiver that takes one after the other, slowly."""
    settings = OutboxSettings(path=folder / "outbox", durability="process")
    outbox = Outbox(settings, clock=SYSTEM_CLOCK)
    number = outbox.profile_id("gate")
    for first in range(0, WAITING, 500):
        outbox.put(
            [
                new_event(1 + no, wanted_by=(number,), stream_id="before")
                for no in range(first, first + 500)
            ]
        )
    outbox.close()
    with Receiver() as receiver:
        script = _script(folder, f"HttpPost({receiver.http_url!r}, timeouts=patient)")
        yield State(script, lambda _: receiver.wait_for(lambda: len(receiver.events) > 20, WAIT_S))


@contextlib.contextmanager
def recognising(folder: Path) -> Iterator[State]:
    """The recogniser is inside a call that nothing interrupts, and swallows whatever is raised in it."""
    with Receiver() as receiver:
        script = _script(folder, f"HttpPost({receiver.http_url!r})", SWALLOWS)
        yield State(script, lambda run: run.wait_said("recognising 1"), is_whole=False)


@contextlib.contextmanager
def frozen(folder: Path, more: str = "") -> Iterator[State]:
    """The disk does not answer any more."""
    with Receiver() as receiver:
        script = _script(folder, f"HttpPost({receiver.http_url!r})", SOURCE + FREEZES + more)

        def reached(run: Running) -> None:
            run.wait_said("observed 20")
            (folder / "frozen").touch()
            run.wait_said("frozen")

        yield State(script, reached, is_whole=False)


@contextlib.contextmanager
def no_camera(folder: Path, *, listens: bool) -> Iterator[State]:
    """The source waits for its camera, which is not there or says nothing."""
    with ExitStack() as stack:
        port = stack.enter_context(Scripted(_mute)).port if listens else free_port()
        receiver = stack.enter_context(Receiver())
        more = (
            "from cammra_edge.camera import VideoSource\n"
            "class Reads:\n    def read(self, frame, at): return []\n"
            f"source = VideoSource('http://{LOOPBACK}:{port}/video.mjpg', Reads())\n"
        )
        script = _script(folder, f"HttpPost({receiver.http_url!r})", more)
        wanted = "running " if listens else "kind="
        yield State(script, lambda run: run.wait_said(wanted), is_whole=False)


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[State]:
    """Two browsers follow the events on the page."""
    port = free_port()
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        script = _script(folder, f"HttpPost({receiver.http_url!r})")

        def reached(run: Running) -> None:
            run.wait_said("code  ")
            code = run.said().partition("code  ")[2].split()[0]
            run.wait_said("observed 20")
            http = stack.enter_context(
                httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False, timeout=WAIT_S)
            )
            http.post("/api/setup", json={"code": code, "password": PASSWORD}).raise_for_status()
            for _ in range(2):
                stream = stack.enter_context(http.stream("GET", "/api/events/stream"))
                assert next(stream.iter_lines())

        yield State(script, reached, page=str(port))


@contextlib.contextmanager
def keepalive(folder: Path) -> Iterator[State]:
    """A sign of life is being sent to a server that never answers."""
    with Scripted(_mute) as server, Receiver() as receiver:
        script = _script(folder, f"HttpPost({receiver.http_url!r})")
        alive = f"keepalive=Keepalive(enabled=True, server_url='http://{LOOPBACK}:{server.port}/', timeouts=patient)"
        script.write_text(
            script.read_text().replace(", outbox=outbox)", f", outbox=outbox, {alive})")
        )
        yield State(script, lambda _: server.wait_received(1))


@contextlib.contextmanager
def recording(folder: Path) -> Iterator[State]:
    """A recording is being played."""
    write_recording(folder / "recorded", vehicles=1000, pictures=False)
    with Receiver() as receiver:
        more = (
            "from cammra_edge.recording import Recording\n"
            "source = Recording.open(Path(__file__).with_name('recorded'))\n"
        )
        script = _script(folder, f"HttpPost({receiver.http_url!r})", more)
        yield State(
            script,
            lambda _: receiver.wait_for(lambda: bool(receiver.events), WAIT_S),
            is_whole=False,
        )


KEY: Final = "SHA256:" + 43 * "A"
STATES: Final[dict[str, Callable[[Path], contextlib.AbstractContextManager[State]]]] = {
    "receiver dead": dead,
    "receiver hanging, HTTP": lambda folder: hanging(folder, HTTP),
    "receiver hanging, HTTPS": lambda folder: hanging(folder, HTTP.replace("http:", "https:")),
    "receiver hanging, TCP": lambda folder: hanging(
        folder, f"Tcp('{LOOPBACK}:PORT', ack='OK', timeouts=patient)"
    ),
    "receiver hanging, UTMC": lambda folder: hanging(
        folder, f"Utmc('http://{LOOPBACK}:PORT/', timeouts=patient)", told="{'lost'}"
    ),
    "receiver hanging, FTP": lambda folder: hanging(
        folder, f"Ftp('ftp://{LOOPBACK}:PORT', sidecar=True, timeouts=patient)"
    ),
    "receiver hanging, SFTP": lambda folder: hanging(
        folder, f"Ftp('sftp://{LOOPBACK}:PORT', sidecar=True, host_key='{KEY}', timeouts=patient)"
    ),
    "broker hanging, MQTT": lambda folder: hanging(folder, MQTT),
    "broker acknowledging nothing, MQTT": lambda folder: hanging(
        folder, MQTT, answers=_unacknowledging
    ),
    "mid-upload": mid_upload,
    "backlog of 10,000": backlog,
    "recogniser in a call": recognising,
    "camera not there": lambda folder: no_camera(folder, listens=False),
    "camera silent": lambda folder: no_camera(folder, listens=True),
    "page with open streams": watched,
    "keepalive hanging": keepalive,
    "recording played": recording,
}
