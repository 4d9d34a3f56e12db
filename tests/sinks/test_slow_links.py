"""A receiver that takes what is sent, only slowly: what has not reached it yet is no answer that is late."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Files, NamedFile
from cammra_edge.profile import Framing, Ftp, HttpPost, Tcp, Timeouts
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, Outcome, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.unacknowledged import hint
from tests.fakes import FakeClock
from tests.half_open import vanish
from tests.scripted_ftp import Faulty
from tests.servers import LOOPBACK, SLACK_S, Scripted, answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.message import Message
    from cammra_edge.profile import Protocol

ATTEMPT = Attempt(event_id="e" * 32, packet=7)
CONTENT = bytes(600_000)
BYTES_PER_S = 100_000
IMPATIENT = Timeouts(connect_s=SLACK_S, write_s=SLACK_S, answer_s=3, total_s=3)
"""Shorter than it takes, and longer than any answer on loopback."""


def taken_slowly(connection: socket.socket, size_bytes: int) -> int:
    """Read so many bytes at the pace of a slow link; how many came."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    began_s, taken = time.monotonic(), 0
    while taken < size_bytes and (piece := connection.recv(8192)):
        taken += len(piece)
        time.sleep(max(0.0, began_s + taken / BYTES_PER_S - time.monotonic()))
    return taken


def by_http(connection: socket.socket, _: int, server: Scripted) -> None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    taken_slowly(connection, len(CONTENT))
    connection.sendall(answer())
    while not server._closing:
        time.sleep(0.01)


def by_tcp(connection: socket.socket, _: int, __: Scripted) -> None:
    taken_slowly(connection, len(CONTENT) + 1)
    connection.sendall(b"OK")


class SlowFtp(Faulty):
    """Takes files slowly."""

    def _transfer(self, command: str, path: str, data: socket.socket) -> None:
        assert command == "STOR"
        self.files[path] = bytes(taken_slowly(data, len(CONTENT) + 1))


BODY = Body(content=CONTENT)
FILES = Files(files=(NamedFile(path="n.jpg", content=CONTENT),))


@pytest.mark.parametrize(
    ("script", "way", "message"),
    [
        (by_http, lambda at: HttpPost(f"http://{at}/", timeouts=IMPATIENT), BODY),
        (by_tcp, lambda at: Tcp(f"tcp://{at}", ack="OK", timeouts=IMPATIENT), BODY),
        (
            by_tcp,
            lambda at: Tcp(f"tcp://{at}", persistent=True, framing=Framing.NUL, timeouts=IMPATIENT),
            BODY,
        ),
        (SlowFtp(), lambda at: Ftp(f"ftp://{at}", timeouts=IMPATIENT), FILES),
    ],
    ids=["http", "tcp", "tcp-persistent", "ftp"],
)
def test_what_takes_longer_than_every_time_limit_is_delivered_as_long_as_it_moves(
    script: Callable[[socket.socket, int, Scripted], None],
    way: Callable[[str], Protocol],
    message: Message,
) -> None:
    with Scripted(script) as server:
        sink = open_sink(way(f"{LOOPBACK}:{server.port}"), clock=SYSTEM_CLOCK)
        outcome: Outcome = sink.send(message, ATTEMPT)
        sink.close()
    assert isinstance(outcome, Delivered), outcome


def test_sending_counts_only_beyond_what_a_slow_link_needs() -> None:
    clock = FakeClock()
    deadline = Deadline(clock, 30)
    with deadline.sending(80_000):
        assert deadline.left_s() == 40
        clock.advance(4)
    assert deadline.left_s() == 30
    with deadline.sending(80_000):
        clock.advance(15)
    assert deadline.left_s() == 25


def test_a_connection_that_takes_no_full_packet_says_what_to_look_at() -> None:
    def gone(connection: socket.socket, _: int, server: Scripted) -> None:
        vanish(connection)
        server.received.append(b"gone")
        while not server._closing:
            time.sleep(0.01)

    with Scripted(gone) as server, socket.create_connection((LOOPBACK, server.port)) as sock:
        server.wait_received(1)
        assert hint(sock) is None
        sock.sendall(bytes(100_000))
        wait_until(lambda: hint(sock), "the first repeat of a packet")
        assert "MTU" in (hint(sock) or "")


def test_what_is_no_tcp_connection_gives_no_hint() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert hint(ours) is None


def test_nothing_is_waited_for_twice_where_a_receiver_takes_nothing() -> None:
    def takes_nothing(connection: socket.socket, _: int, server: Scripted) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not server._closing:
            time.sleep(0.01)

    limits = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=1)
    with Scripted(takes_nothing) as server:
        sink = open_sink(
            HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=limits), clock=SYSTEM_CLOCK
        )
        began_s = time.monotonic()
        outcome = sink.send(BODY, ATTEMPT)
        sink.close()
    assert isinstance(outcome, TryLater)
    # A slow link would have had 75 s for it.
    assert time.monotonic() - began_s < SLACK_S
