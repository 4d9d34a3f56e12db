"""Brokers on loopback: Mosquitto, and a scripted one that does what no good broker does.

The scripted one reads packets by a few lines of its own, so that it shares no mistake with the codec under test.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.servers import LOOPBACK, Scripted, free_port, require_program, running

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14
GOOD_CONNACK = bytes.fromhex("20 03 00 00 00")


@dataclass(frozen=True)
class Seen:
    """A packet that a client sent."""

    first: int
    body: bytes

    @property
    def kind(self) -> int:
        return self.first >> 4

    @property
    def packet_id(self) -> int:
        """Of a PUBLISH with QoS 1, or a SUBSCRIBE."""
        if self.kind == SUBSCRIBE:
            return int.from_bytes(self.body[:2])
        length = int.from_bytes(self.body[:2])
        return int.from_bytes(self.body[2 + length : 4 + length])

    @property
    def topic(self) -> str:
        length = int.from_bytes(self.body[:2])
        return self.body[2 : 2 + length].decode()


class Client:
    """The client's end of a connection, as a scripted broker has it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._received = b""

    def next(self) -> Seen | None:
        """The next packet; `None` when the client has gone."""
        while True:
            packet = self._whole()
            if packet is not None:
                return packet
            try:
                more = self.sock.recv(65536)
            except OSError:
                return None
            if not more:
                return None
            self._received += more

    def _whole(self) -> Seen | None:
        data, length, shift, at = self._received, 0, 0, 1
        while at < len(data):
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                if len(data) < at + length:
                    return None
                self._received = data[at + length :]
                return Seen(data[0], data[at : at + length])
        return None

    def send(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):
            self.sock.sendall(packet)


def puback(packet_id: int, reason: int | None = None) -> bytes:
    said = b"" if reason is None else bytes([reason])
    return bytes([0x40, 2 + len(said)]) + packet_id.to_bytes(2) + said


def message(topic: str, payload: bytes, *, correlation: bytes = b"") -> bytes:
    """A PUBLISH with QoS 0, as a broker hands it on."""
    properties = b"\x09" + len(correlation).to_bytes(2) + correlation if correlation else b""
    body = len(topic).to_bytes(2) + topic.encode() + bytes([len(properties)]) + properties + payload
    assert len(body) < 128 * 128
    head = [len(body)] if len(body) < 128 else [len(body) & 0x7F | 0x80, len(body) >> 7]
    return bytes([0x30, *head]) + body


@dataclass
class ScriptedBroker:
    """Signs each client in, and answers each of its packets as a test says.

    Args:
        answer: Gets the client and its packet; answers to pings and subscriptions are given unless it returns True.
        connack: What CONNECT is answered with, one after the other; the last one for all that follow.
    """

    answer: Callable[[Client, Seen], bool | None]
    connack: Sequence[bytes] = (GOOD_CONNACK,)
    seen: list[Seen] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._server = Scripted(self._serve)
        self._server.__enter__()
        self.port = self._server.port
        return self

    def __exit__(self, *of: object) -> None:
        self._server.__exit__(*of)

    @property
    def connections(self) -> int:
        return self._server.connections

    def of_kind(self, kind: int) -> list[Seen]:
        with self._lock:
            return [packet for packet in self.seen if packet.kind == kind]

    def _serve(self, sock: socket.socket, number: int, _: Scripted) -> None:
        client = Client(sock)
        while (packet := client.next()) is not None:
            with self._lock:
                self.seen.append(packet)
            if packet.kind == CONNECT:
                client.send(self.connack[min(number, len(self.connack) - 1)])
            elif self.answer(client, packet):
                continue
            elif packet.kind == PINGREQ:
                client.send(b"\xd0\x00")
            elif packet.kind == SUBSCRIBE:
                client.send(b"\x90\x04" + packet.body[:2] + b"\x00\x01")


@contextlib.contextmanager
def mosquitto(folder: Path, *lines: str, port: int = 0) -> Iterator[int]:
    """A real Mosquitto with these lines in its configuration; its port."""
    program = require_program("mosquitto", apt="mosquitto")
    port = port or free_port()
    config = folder / f"mosquitto-{port}.conf"
    who = [] if any("allow_anonymous" in line for line in lines) else ["allow_anonymous true"]
    text = [f"listener {port} {LOOPBACK}", "persistence false", "user root", *who, *lines]
    config.write_text("\n".join(text) + "\n")
    with running([program, "-c", str(config)], port=port):
        yield port
