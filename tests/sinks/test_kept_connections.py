"""Servers that nobody here wrote, each asked for 100 events over a kept connection that they end when they like.

Every receiver adds a line to a log for each event that it took whole, before it answers. None is lost, and none
comes twice but where its answer was not seen.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost
from cammra_edge.sinks.base import Delivered, TryLater
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.http_connection import Connection
from cammra_edge.sinks.http_dial import Dialler
from tests.servers import (
    LOOPBACK,
    PATIENT,
    SLACK_S,
    free_port,
    require_program,
    running,
    wait_until,
)
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cammra_edge.framing import HttpAnswer
    from cammra_edge.sinks.deadline import Deadline

BODY = Body(content=os.urandom(50_000), content_type="application/octet-stream")
LONG_S = 600
"""No event keeps a connection waiting for so long."""
SHORT_S = {"uvicorn": 1, "gunicorn": 1, "lighttpd": 1}
"""After how long an idle connection is ended: these count whole seconds."""
RACES = 2

PYTHON = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert len(body) == int(self.headers["Content-Length"])  # else the proxy was stopped midway
        with open(sys.argv[2], "a") as log:
            log.write(f"{self.headers['X-Event-Id']} {len(body)}\\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
"""
NODE = """
const fs = require("node:fs"), http = require("node:http");
const [port, log, idle] = process.argv.slice(2);
const server = http.createServer((request, answer) => {
  let size = 0;
  request.on("data", (piece) => { size += piece.length; });
  request.on("end", () => {
    fs.appendFileSync(log, `${request.headers["x-event-id"]} ${size}\\n`);
    answer.end();
  });
});
server.keepAliveTimeout = 1000 * idle;
server.listen(Number(port), "127.0.0.1");
"""
GO = """package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	log, _ := os.OpenFile(os.Args[2], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	idle, _ := time.ParseDuration(os.Args[3] + "s")
	receive := func(_ http.ResponseWriter, request *http.Request) {
		if size, err := io.Copy(io.Discard, request.Body); err == nil {
			fmt.Fprintf(log, "%s %d\\n", request.Header.Get("X-Event-Id"), size)
		}
	}
	server := http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: http.HandlerFunc(receive), IdleTimeout: idle}
	panic(server.ListenAndServe())
}
"""
UVICORN = """
import sys
import uvicorn

async def receive(scope, receive, send):
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    with open(sys.argv[2], "a") as log:
        log.write(f"{dict(scope['headers'])[b'x-event-id'].decode()} {size}\\n")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})

uvicorn.run(receive, port=int(sys.argv[1]), timeout_keep_alive=int(sys.argv[3]), lifespan="off",
            timeout_graceful_shutdown=1, log_level="critical")
"""
GUNICORN = """
import os

def receive(environ, start_response):
    size = len(environ["wsgi.input"].read())
    with open(os.environ["LOG"], "a") as log:
        log.write(f"{environ['HTTP_X_EVENT_ID']} {size}\\n")
    start_response("200 OK", [("Content-Length", "0")])
    return []
"""
PHP = """<?php
$size = strlen(file_get_contents('php://input'));
file_put_contents(getenv('LOG'), "{$_SERVER['HTTP_X_EVENT_ID']} $size\\n", FILE_APPEND | LOCK_EX);
"""
CADDY = """{{
  admin off
  auto_https off
  grace_period 1s
  servers {{
    timeouts {{
      idle {idle_s}s
    }}
  }}
}}
http://127.0.0.1:{port} {{
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:{behind}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive {idle_ms}
frontend all
  bind 127.0.0.1:{port}
  default_backend receiver
backend receiver
  server one 127.0.0.1:{behind}
"""
LIGHTTPD = """
server.modules = ("mod_fastcgi")
server.document-root = "{work}"
server.port = {port}
server.bind = "127.0.0.1"
server.errorlog = "{work}/error.log"
server.upload-dirs = ("{work}")
server.max-keep-alive-idle = {idle_s}
server.max-keep-alive-requests = 1000
fastcgi.server = (".php" => (("host" => "127.0.0.1", "port" => {behind})))
"""


def go_receiver() -> Path:
    """Built once, in a cache folder of this project."""
    folder = CACHE / "go" / "kept"
    with one_at_a_time("go-kept"):
        source, program = folder / "main.go", folder / "receiver"
        if not (program.exists() and source.read_text() == GO):
            folder.mkdir(parents=True, exist_ok=True)
            program.unlink(missing_ok=True)
            source.write_text(GO)
            subprocess.run(
                [require_program("go", apt="golang-go"), "build", "-o", program.name, source.name],
                cwd=folder,
                env=os.environ | {"GO111MODULE": "off", "GOFLAGS": "-buildvcs=false"},
                check=True,
                timeout=300,
            )
    return program


class Server:
    """One kind of server, which can be started again and again on its port."""

    def __init__(self, name: str, work: Path) -> None:
        self.name = name
        self.port, self.behind = free_port(), free_port()
        self._work = work
        self._log = work / "log"
        self._environment = {"LOG": str(self._log), "HOME": str(work), "XDG_DATA_HOME": str(work)}

    def taken(self) -> list[str]:
        """The events that it took, one word each."""
        if not self._log.exists():
            return []
        lines = [line.split() for line in self._log.read_text().splitlines()]
        assert {size for _, size in lines} <= {str(len(BODY.content))}
        return [event for event, _ in lines]

    @contextlib.contextmanager
    def receiver_behind(self) -> Iterator[None]:
        """What a proxy passes events on to; it stays when the proxy is started again."""
        address = f"{LOOPBACK}:{self.behind}"
        if self.name in {"caddy", "haproxy"}:
            script = self._written("behind.py", PYTHON)
            command = [sys.executable, script, str(self.behind), str(self._log)]
        elif self.name == "lighttpd":
            self._written("index.php", PHP)
            command = [require_program("php-cgi", apt="php-cgi"), "-b", address]
        else:
            yield
            return
        with running(command, port=self.behind, environment=self._environment):
            yield

    def running(self, idle_s: float) -> contextlib.AbstractContextManager[object]:
        """It, from the moment it listens, ending connections that are idle for so long."""
        return running(
            self._command(idle_s), port=self.port, cwd=self._work, environment=self._environment
        )

    def _command(self, idle_s: float) -> list[str]:  # noqa: PLR0911 - one for each kind
        arguments = [str(self.port), str(self._log), str(idle_s)]
        match self.name:
            case "node":
                program = require_program("node", apt="nodejs")
                return [program, self._written("receiver.js", NODE), *arguments]
            case "go":
                return [str(go_receiver()), *arguments]
            case "uvicorn":
                return [sys.executable, self._written("receiver.py", UVICORN), *arguments]
            case "gunicorn":
                self._written("receiver.py", GUNICORN)
                program = require_program("gunicorn", apt="gunicorn")
                threads = ["--worker-class", "gthread", "--threads", "2", "--graceful-timeout", "1"]
                address = ["--bind", f"{LOOPBACK}:{self.port}", "--keep-alive", str(idle_s)]
                return [program, *threads, *address, "receiver:receive"]
            case "php":
                script = self._written("index.php", PHP)
                program = require_program("php", apt="php-cli")
                return [program, "-S", f"{LOOPBACK}:{self.port}", script]
            case "caddy":
                program = require_program("caddy", apt="caddy")
                config = self._configured("Caddyfile", CADDY, idle_s)
                return [program, "run", "--config", config, "--adapter", "caddyfile"]
            case "haproxy":
                program = require_program("haproxy", apt="haproxy")
                return [program, "-db", "-f", self._configured("haproxy.cfg", HAPROXY, idle_s)]
            case _:
                program = require_program("lighttpd", apt="lighttpd")
                return [program, "-D", "-f", self._configured("lighttpd.conf", LIGHTTPD, idle_s)]

    def _written(self, name: str, text: str) -> str:
        (self._work / name).write_text(text)
        return str(self._work / name)

    def _configured(self, name: str, text: str, idle_s: float) -> str:
        return self._written(
            name,
            text.format(
                port=self.port,
                behind=self.behind,
                work=self._work,
                idle_s=idle_s,
                idle_ms=int(1000 * idle_s),
            ),
        )


class Sender:
    """An `HttpSink` that is watched: how often it dialled, and which events' answers it did not see."""

    def __init__(self, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dialled = 0
        self.unseen: Counter[str] = Counter()
        self.races_left = 0
        """How many more connections are to be over just after they were found good."""
        self._event = ""
        self._sink = HttpSink(
            HttpPost(f"http://{LOOPBACK}:{port}/index.php", timeouts=PATIENT), clock=SYSTEM_CLOCK
        )
        connect, exchange, can_go_on = Dialler.connect, Connection.exchange, Connection.can_go_on

        def counted(dialler: Dialler, deadline: Deadline) -> Connection:
            connection = connect(dialler, deadline)
            self.dialled += 1
            return connection

        def watched(
            connection: Connection, head: bytes, content: bytes, deadline: Deadline
        ) -> HttpAnswer:
            self.unseen[self._event] += 1
            answer = exchange(connection, head, content, deadline)
            self.unseen[self._event] -= answer.status == 200
            return answer

        def just_in_time(connection: Connection, deadline: Deadline, rest_s: float) -> bool:
            good = can_go_on(connection, deadline, rest_s)
            if good and self.races_left:
                self.races_left -= 1
                readable, _, _ = select.select([connection._sock], [], [], SLACK_S)
                assert readable, "the server never ended the idle connection"
            return good

        monkeypatch.setattr(Dialler, "connect", counted)
        monkeypatch.setattr(Connection, "exchange", watched)
        monkeypatch.setattr(Connection, "can_go_on", just_in_time)

    def deliver(self, numbers: range, before: Callable[[int], object] = lambda _: None) -> None:
        """Send these events, each until it is delivered."""
        for number in numbers:
            before(number)
            self._event = f"event-{number}"
            attempt, give_up = 1, time.monotonic() + SLACK_S
            while not isinstance(outcome := self._sent(number, attempt), Delivered):
                assert isinstance(outcome, TryLater), outcome
                assert time.monotonic() < give_up, outcome
                attempt += 1
                time.sleep(0.01)  # the server is being started again

    def close(self) -> None:
        self._sink.close()

    def _sent(self, number: int, attempt: int) -> object:
        return self._sink.send(BODY, Attempt(event_id=self._event, packet=number, number=attempt))


@pytest.fixture
def sender_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Sender]]:
    with contextlib.ExitStack() as stack:

        def made(port: int) -> Sender:
            sender = Sender(port, monkeypatch)
            stack.callback(sender.close)
            return sender

        yield made


@pytest.mark.timeout(400)  # Go compiles its standard library first
@pytest.mark.parametrize(
    "name", ["caddy", "haproxy", "node", "go", "uvicorn", "gunicorn", "php", "lighttpd"]
)
def test_nothing_is_lost_and_nothing_repeated_without_need(
    name: str, tmp_path: Path, sender_of: Callable[[int], Sender]
) -> None:
    server = Server(name, tmp_path)
    sender = sender_of(server.port)
    keeps = name != "php"  # PHP's own server answers `Connection: close`
    stopping, stopped = threading.Event(), threading.Event()

    def hold_back(number: int) -> None:
        if number == 60:  # the events from here on come while it stops
            assert stopping.wait(SLACK_S)
        if number == 75:
            assert stopped.wait(SLACK_S)

    with server.receiver_behind(), ThreadPoolExecutor(1) as pool:
        with server.running(LONG_S):
            sender.deliver(range(40))
            assert sender.dialled == (1 if keeps else 40)
            assert sender.unseen.total() == 0
            during = pool.submit(sender.deliver, range(40, 90), hold_back)
            wait_until(lambda: len(server.taken()) >= 60, "60 events")
            stopping.set()
        stopped.set()
        with server.running(SHORT_S.get(name, 0.25)):
            during.result(SLACK_S)
            assert sender.dialled > 1
            sender.races_left = RACES if keeps else 0
            before = sender.unseen.total()
            sender.deliver(range(90, 100))
            assert sender.races_left == 0
            assert sender.unseen.total() - before == (RACES if keeps else 0)
    taken = Counter(server.taken())
    assert set(taken) == {f"event-{number}" for number in range(100)}
    assert {event for event, times in taken.items() if times > 1 + sender.unseen[event]} == set()
    assert all(taken[f"event-{number}"] == 1 for number in range(90, 100)), "an idle end loses none"
