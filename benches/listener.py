"""A lean HTTP receiver in its own process, which notes when each event's bytes came.

It looks only at the header's end and `Content-Length`, so that the sender is measured and not the receiver. Run as
`python -m benches.listener`, it prints its port and, at the end of its input, one JSON line: for each POST the
monotonic times of its first and last byte, and its size.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"Result": true}'
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Post:
    """One POST; times are `CLOCK_MONOTONIC`, which all processes share."""

    first_mono_ns: int
    last_mono_ns: int
    size_bytes: int


class Listener:
    """The receiver's process; send to `url`; `posts` is filled when it has ended."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benches.listener"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/events"
        self.posts: list[Post] = []
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        output, _ = self._process.communicate(timeout=30)
        self.posts = [Post(*post) for post in json.loads(output)]


def _serve(connection: socket.socket, posts: list[tuple[int, int, int]]) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray()
    with connection:
        while True:
            if not buffer and not _more(connection, buffer):
                return
            first_ns = time.monotonic_ns()
            while (end := buffer.find(b"\r\n\r\n")) < 0:
                if not _more(connection, buffer):
                    return
            head = bytes(buffer[:end]).lower()
            start = head.index(b"content-length:") + 15
            size = end + 4 + int(head[start:].split(b"\r\n", 1)[0])
            while len(buffer) < size:
                if not _more(connection, buffer):
                    return
            posts.append((first_ns, time.monotonic_ns(), size))
            del buffer[:size]
            connection.sendall(_ANSWER)


def _more(connection: socket.socket, buffer: bytearray) -> bool:
    try:
        piece = connection.recv(_PIECE)
    except OSError:
        return False
    buffer += piece
    return bool(piece)


def main() -> None:
    """Serve until our input ends."""
    posts: list[tuple[int, int, int]] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            readable, _, _ = select.select([server, sys.stdin], [], [])
            if sys.stdin in readable:
                break
            connection, _ = server.accept()
            threading.Thread(target=_serve, args=(connection, posts), daemon=True).start()
    print(json.dumps(posts))


if __name__ == "__main__":
    main()
