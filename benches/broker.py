"""A lean broker of MQTT 5 in its own process: it signs everybody in, and acknowledges every message with QoS 1.

It looks only at heads, topics' lengths and numbers, so that the publisher is measured and not the broker. Run as
`python -m benches.broker`, it prints its port and serves until its input ends.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import threading
from typing import Self

_CONNECT, _PUBLISH = 1, 3
_CONNACK = b"\x20\x03\x00\x00\x00"
_PIECE = 1 << 20


class Broker:
    """The broker's process; publish to `url`."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benches.broker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"mqtt://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)


def _serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray()
    with connection:
        while piece := connection.recv(_PIECE):
            buffer += piece
            while answer := _next(buffer):
                connection.sendall(answer)


def _next(buffer: bytearray) -> bytes:
    """The answer to the first whole packet of these bytes, which is taken out of them."""
    size, at = 0, 1
    while True:
        if at >= len(buffer):
            return b""
        size |= (buffer[at] & 0x7F) << (7 * (at - 1))
        at += 1
        if buffer[at - 1] < 0x80:
            break
    if len(buffer) < at + size:
        return b""
    kind, body = buffer[0] >> 4, bytes(buffer[at : at + size])
    del buffer[: at + size]
    if kind == _CONNECT:
        return _CONNACK
    if kind == _PUBLISH:
        number = 2 + int.from_bytes(body[:2])
        return b"\x40\x02" + body[number : number + 2]
    return _next(buffer)


def main() -> None:
    """Serve until our input ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            readable, _, _ = select.select([server, sys.stdin], [], [])
            if sys.stdin in readable:
                return
            connection, _ = server.accept()
            threading.Thread(target=_serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
