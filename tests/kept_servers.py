"""HTTP servers that nobody here wrote, each behind or around a few lines that note what it took.

Every receiver adds a line to a log for each event that it took whole, before it answers: its id and the bytes.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.registries import java
from tests.servers import LOOPBACK, free_port, require_program, running
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("caddy", "haproxy", "node", "go", "tomcat", "uvicorn", "gunicorn", "php", "lighttpd")
SHORT_S = {"uvicorn": 1, "gunicorn": 1, "lighttpd": 1}
"""After how long an idle connection is ended: these count whole seconds."""

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
TOMCAT = """
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

public class Receiver extends HttpServlet {
  static Path log;

  @Override protected void doPost(HttpServletRequest request, HttpServletResponse answer) throws IOException {
    int size = request.getInputStream().readAllBytes().length;
    String line = request.getHeader("X-Event-Id") + " " + size + "\\n";
    synchronized (Receiver.class) {
      Files.writeString(log, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  public static void main(String[] arguments) throws Exception {
    log = Path.of(arguments[1]);
    var connector = new Connector();
    connector.setPort(Integer.parseInt(arguments[0]));
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("keepAliveTimeout", "" + (int) (1000 * Double.parseDouble(arguments[2])));
    connector.setProperty("maxKeepAliveRequests", "-1");
    var tomcat = new Tomcat();
    tomcat.setBaseDir(".");
    tomcat.setConnector(connector);
    Tomcat.addServlet(tomcat.addContext("", null), "receiver", new Receiver()).addMapping("/*");
    tomcat.start();
    tomcat.getServer().await();
  }
}
"""
TOMCAT_CORE = "org.apache.tomcat.embed:tomcat-embed-core:11.0.27"
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
    """One kind of server, which can be started again and again on its port.

    Args:
        name: One of `NAMES`.
        work: An empty folder.
        size_bytes: Of every event.
    """

    def __init__(self, name: str, work: Path, size_bytes: int) -> None:
        self.name = name
        self._size = str(size_bytes)
        self.port, self.behind = free_port(), free_port()
        self._work = work
        self._log = work / "log"
        self._environment = {"LOG": str(self._log), "HOME": str(work), "XDG_DATA_HOME": str(work)}

    def taken(self) -> list[str]:
        """The events that it took, one word each."""
        if not self._log.exists():
            return []
        lines = [line.split() for line in self._log.read_text().splitlines()]
        assert {size for _, size in lines} <= {self._size}
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
            case "tomcat":
                return [*java("tomcat", TOMCAT_CORE, "Receiver", TOMCAT), *arguments]
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
