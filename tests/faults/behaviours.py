"""Receivers that hang, trickle, refuse and lie, and what our policy makes of each.

`python -m tests.faults.behaviours NAME` is such a receiver as a process of its own: it prints its port.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.half_open import vanish
from tests.servers import Scripted, answer, read_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.delivery import ProfileStatus

    Script = Callable[[socket.socket, int, Scripted], None]
    Verdict = Callable[[ProfileStatus], bool]


class Behaviour(NamedTuple):
    """What a receiver does to a connection, whether its profile's status is as our policy says, and the policy."""

    script: Script
    verdict: Verdict
    policy: str


def _never_answers(connection: socket.socket, _: int, server: Scripted) -> None:
    server.received.append(read_request(connection))
    connection.recv(1)


def _never_reads(connection: socket.socket, _: int, __: Scripted) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    _until_closed(connection)


def _until_closed(connection: socket.socket) -> None:
    """Wait for the server's end without reading what came."""
    while connection.fileno() >= 0:
        time.sleep(0.05)


def _vanishes(connection: socket.socket, _: int, server: Scripted) -> None:
    """Take one event, and be gone from the network with the connection open."""
    read_request(connection)
    vanish(connection)
    vanish(server._listener)
    connection.sendall(answer())
    connection.recv(1)


def _trickles(connection: socket.socket, _: int, __: Scripted) -> None:
    read_request(connection)
    for byte in answer():
        connection.sendall(bytes([byte]))
        time.sleep(1.0)


def _closes_after_the_headers(connection: socket.socket, _: int, __: Scripted) -> None:
    received = b""
    while b"\r\n\r\n" not in received and (piece := connection.recv(65536)):
        received += piece


def _resets(connection: socket.socket, _: int, __: Scripted) -> None:
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _endless_body(connection: socket.socket, _: int, __: Scripted) -> None:
    while read_request(connection):
        connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)


def _answers(status: str, *headers: str) -> Script:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(answer(status, b"", *headers))

    return script


def _garbage(connection: socket.socket, _: int, __: Scripted) -> None:
    while read_request(connection):
        connection.sendall(b"\x16\x03\x01 what?\r\n\r\n")


def _keeps_trying(status: ProfileStatus) -> bool:
    return status.state == "retrying" and status.retried > 0 and not status.parked


def _parks_five_and_pauses(status: ProfileStatus) -> bool:
    five, kept = status.parked == 5, status.queue_events > 0
    return status.state == "paused" and five and kept


def _pauses_and_keeps_all(status: ProfileStatus) -> bool:
    return status.state == "paused" and not status.parked and status.alarm


BEHAVIOURS: Mapping[str, Behaviour] = {
    "never answers": Behaviour(_never_answers, _keeps_trying, "retries, keeps everything"),
    "never reads": Behaviour(_never_reads, _keeps_trying, "retries, keeps everything"),
    "trickles a byte a second": Behaviour(_trickles, _keeps_trying, "retries, keeps everything"),
    "closes after the headers": Behaviour(_closes_after_the_headers, _keeps_trying, "retries"),
    "is gone without a word, its connection half-open": Behaviour(
        _vanishes,
        lambda status: _keeps_trying(status) and status.delivered == 1,
        "notices, retries, keeps everything",
    ),
    "resets": Behaviour(_resets, _keeps_trying, "retries, keeps everything"),
    "answers garbage": Behaviour(_garbage, _keeps_trying, "retries, keeps everything"),
    "answers 500 with an endless body": Behaviour(_endless_body, _keeps_trying, "retries"),
    "answers 500": Behaviour(_answers("500 Oh"), _keeps_trying, "retries, keeps everything"),
    "answers 503, Retry-After: 30": Behaviour(
        _answers("503 Busy", "Retry-After: 30"),
        lambda status: _keeps_trying(status) and status.retried == 1,
        "waits as long as it was asked to",
    ),
    "answers 429, Retry-After: 30": Behaviour(
        _answers("429 Slow down", "Retry-After: 30"),
        lambda status: _keeps_trying(status) and status.retried == 1,
        "waits as long as it was asked to",
    ),
    "answers 413": Behaviour(
        _answers("413 Big"),
        _parks_five_and_pauses,
        "parks five, pauses, keeps the rest",
    ),
    "answers 401": Behaviour(
        _answers("401 No", 'WWW-Authenticate: Basic realm="x"'),
        _pauses_and_keeps_all,
        "pauses with an alarm, keeps everything",
    ),
    "answers 301": Behaviour(
        _answers("301 Moved", "Location: http://127.0.0.1:1/"),
        _parks_five_and_pauses,
        "follows nothing, parks five, pauses",
    ),
}


def main() -> None:
    """Behave so until somebody ends it."""
    with Scripted(BEHAVIOURS[sys.argv[1]].script) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
