"""A try that hangs, wherever it hangs, ends as soon as it is broken off; and none begins afterwards."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Files, NamedFile
from cammra_edge.profile import Ftp, HttpPost, Tcp, Timeouts
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.line import Line
from tests.servers import LOOPBACK, SLACK_S, Scripted, answer, answering, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.message import Message
    from cammra_edge.profile import Protocol

PATIENT = Timeouts(connect_s=3600, write_s=3600, answer_s=3600, total_s=3600)
ATTEMPT = Attempt(event_id="e", packet=1)
SMALL = Body(content=b"{}", content_type="application/json")
LARGE = Body(content=bytes(32 << 20), content_type="application/json")
FILES = Files(files=(NamedFile(path="a.jpg", content=bytes(32 << 20)),))
KEY = "SHA256:" + 43 * "A"


def mute(connection: socket.socket, _: int, server: Scripted) -> None:
    """Take everything, and never say a word, whatever the other end does."""
    while received := connection.recv(1 << 20):
        server.received.append(received)
    while not server._closing:
        threading.Event().wait(0.05)


def deaf(connection: socket.socket, _: int, server: Scripted) -> None:
    """Take the first bytes, and no more until the other end is gone."""
    server.received.append(connection.recv(100))
    while not server._closing:
        threading.Event().wait(0.05)


def files_taker(connection: socket.socket, number: int, server: Scripted) -> None:
    """An FTP server up to the data connection, from which it never reads."""
    if number:
        deaf(connection, number, server)
        return
    connection.sendall(b"220 here\r\n")
    port = server.port
    answers = {
        "USER": "331 so",
        "PASS": "230 in",
        "EPSV": f"229 there (|||{port}|)",
        "STOR": "150 go on",
    }
    with connection.makefile("rb") as lines:
        for line in lines:
            verb = line.decode().split()[0]
            connection.sendall(answers.get(verb, "550 no").encode() + b"\r\n")


@pytest.mark.parametrize(
    ("protocol", "message", "script", "connections"),
    [
        (lambda port: HttpPost(f"http://{LOOPBACK}:{port}/", timeouts=PATIENT), SMALL, mute, 1),
        (lambda port: HttpPost(f"http://{LOOPBACK}:{port}/", timeouts=PATIENT), LARGE, deaf, 1),
        (lambda port: HttpPost(f"https://{LOOPBACK}:{port}/", timeouts=PATIENT), SMALL, mute, 1),
        (lambda port: Tcp(f"{LOOPBACK}:{port}", ack="OK", timeouts=PATIENT), SMALL, mute, 1),
        (lambda port: Tcp(f"{LOOPBACK}:{port}", timeouts=PATIENT), LARGE, deaf, 1),
        (lambda port: Tcp(f"tls://{LOOPBACK}:{port}", timeouts=PATIENT), SMALL, mute, 1),
        (lambda port: Ftp(f"ftp://{LOOPBACK}:{port}", timeouts=PATIENT), FILES, mute, 1),
        (lambda port: Ftp(f"ftp://{LOOPBACK}:{port}", timeouts=PATIENT), FILES, files_taker, 2),
        (
            lambda port: Ftp(f"ftps-implicit://{LOOPBACK}:{port}", timeouts=PATIENT),
            FILES,
            mute,
            1,
        ),
        (
            lambda port: Ftp(f"sftp://{LOOPBACK}:{port}", host_key=KEY, timeouts=PATIENT),
            FILES,
            mute,
            1,
        ),
    ],
    ids=[
        "HTTP without an answer",
        "HTTP in the body",
        "HTTPS in the handshake",
        "TCP without an acknowledgement",
        "TCP in the body",
        "TCP in the TLS handshake",
        "FTP without a greeting",
        "FTP in the file",
        "FTPS in the handshake",
        "SFTP in the handshake",
    ],
)
def test_a_try_that_hangs_ends_when_it_is_broken_off(
    protocol: Callable[[int], Protocol],
    message: Message,
    script: Callable[[socket.socket, int, Scripted], None],
    connections: int,
) -> None:
    with Scripted(script) as server:
        way = protocol(server.port)
        sink = open_sink(way, clock=SYSTEM_CLOCK)
        outcomes: list[object] = []
        trying = threading.Thread(
            target=lambda: outcomes.append(sink.send(message, ATTEMPT)), daemon=True
        )
        trying.start()
        wait_until(lambda: server.connections == connections, "the connections")
        if not isinstance(way, Ftp):  # whose servers speak first
            server.wait_received(1)
        assert not outcomes
        sink.break_off()
        trying.join(SLACK_S)
        assert not trying.is_alive()
        assert not isinstance(outcomes[0], Delivered)
        assert not isinstance(sink.send(message, ATTEMPT), Delivered)
        assert server.connections == connections  # none begins
        sink.close()


def test_a_kept_connection_is_cut_too() -> None:
    with Scripted(answering(answer())) as server:
        sink = open_sink(HttpPost(f"http://{LOOPBACK}:{server.port}/"), clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(SMALL, ATTEMPT), Delivered)
        sink.break_off()
        assert not isinstance(sink.send(SMALL, ATTEMPT), Delivered)
        assert len(server.received) == 1
        sink.close()


def test_a_connection_under_way_is_cut() -> None:
    line = Line()
    failed: list[BaseException] = []
    with socket.create_server((LOOPBACK, 0), backlog=0) as full:
        port = full.getsockname()[1]
        taken = [socket.socket() for _ in range(4)]
        for one in taken:
            one.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                one.connect((LOOPBACK, port))  # the queue is full now: nobody answers the next one

        def connect() -> None:
            try:
                dial(LOOPBACK, port, Deadline(SYSTEM_CLOCK, 3600, line), PATIENT)
            except OSError as error:
                failed.append(error)

        trying = threading.Thread(target=connect, daemon=True)
        trying.start()
        wait_until(lambda: len(line._sockets), "a socket")
        line.cut()
        trying.join(SLACK_S)
        assert failed
        for one in taken:
            one.close()


def test_what_comes_after_the_cut_is_refused() -> None:
    line = Line()
    deadline = Deadline(SYSTEM_CLOCK, 3600, line)
    later = deadline.sooner(1), deadline.anew(1)
    line.cut()
    for one in (deadline, *later):
        with pytest.raises(ConnectionAbortedError):
            one.wait_s()
        with socket.socket() as sock, pytest.raises(ConnectionAbortedError):
            one.carry(sock)
