"""Real receivers on loopback, started by the tests and stopped with them.

A program that is missing is installed when we may (`apt-get`, as root), fails the test in CI, and skips
it elsewhere with the reason.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, NoReturn, Self

import pytest

from cammra_edge.profile import Timeouts
from tests.emulation import PATIENCE
from tests.sharing import WORKER, WORKERS, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"
START_S = 60.0 * PATIENCE
SLACK_S = 20.0 * PATIENCE
"""What a busy machine may add to a time limit before a test calls it unbounded."""
PATIENT = Timeouts(connect_s=SLACK_S, write_s=SLACK_S, answer_s=SLACK_S, total_s=3 * SLACK_S)
"""Time limits that no busy machine reaches: for every try that is not about time."""
_PORTS = range(20_000 + WORKER, 32_000, WORKERS)
"""Below those that the kernel gives to connections, so that nobody is given a free one meanwhile; each worker's own."""
_given: set[int] = set()


def require_program(name: str, *, apt: str) -> str:
    """Where the program is."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", apt]
        with one_at_a_time("apt-get"):
            subprocess.run(command, env=environment, check=False, capture_output=True, timeout=300)
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        missing(apt)
    return found


def missing(package: str) -> NoReturn:
    """End a test whose server is not there: loudly in CI, with the reason elsewhere."""
    reason = f"missing: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port(host: str = LOOPBACK) -> int:
    """A port that is free and stays so; each is given once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = secrets.choice(_PORTS)
        if port in _given:
            continue
        with socket.socket(family) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            _given.add(port)
            return port


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Until it holds.

    Raises:
        TimeoutError: It never did; says what was waited for.
    """
    give_up = time.monotonic() + SLACK_S
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.005)


def wait_for_port(
    port: int, *, process: subprocess.Popen[bytes] | None = None, host: str = LOOPBACK
) -> None:
    """Until something listens there."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


@contextlib.contextmanager
def running(  # noqa: PLR0913 - what a process needs, by name
    command: Sequence[str],
    *,
    port: int,
    host: str = LOOPBACK,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server program, from the moment it listens until the end of the test."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process=process, host=host)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Scripted:
    """A TCP server that does to each connection what a test says; keeps what was received.

    `script` gets the connection, its number from 0, and this object.
    """

    script: Callable[[socket.socket, int, Scripted], None]
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    host: str = LOOPBACK
    port: int = 0

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, self.port), family=family)
        self.port = int(self._listener.getsockname()[1])
        self._closing = False
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._threads: list[threading.Thread] = []
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()  # only then no connection comes any more
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(SLACK_S)
            assert not thread.is_alive(), "a script that does not end"

    def wait_received(self, count: int) -> list[bytes]:
        """What was received, as soon as it is that many."""
        wait_until(lambda: len(self.received) >= count, f"{count} messages")
        return self.received

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = self.connections
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            self.script(connection, number, self)
        with contextlib.suppress(OSError):
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """One HTTP request, head and body by its Content-Length; empty when the peer has closed."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2])
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        body += chunk
    return head + b"\r\n\r\n" + body


def answer(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """An HTTP answer as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answering(*answers: bytes) -> Callable[[socket.socket, int, Scripted], None]:
    """A script that answers each request of a connection in turn with these; the last one again and again."""

    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(answers[min(len(server.received), len(answers)) - 1])

    return script


def headers_of(request: bytes) -> dict[str, str]:
    """The request's headers, names in lower case."""
    lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
