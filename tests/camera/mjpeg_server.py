"""Serves MJPEG over HTTP as told, one scripted answer per connection, then the last one again."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


class Camera:
    """A camera's HTTP server.

    Args:
        answers: What is sent on each connection, in order; the last again on every later one. A tuple is sent piece by
            piece; an `Event` in it is waited for, and the connection ends after the last piece.
    """

    def __init__(self, answers: Sequence[tuple[bytes | threading.Event, ...]]) -> None:
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                threading.Thread(
                    target=self._answer, args=(connection, answer), daemon=True
                ).start()

    def _answer(
        self, connection: socket.socket, answer: tuple[bytes | threading.Event, ...]
    ) -> None:
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                came = connection.recv(4096)
                if not came:
                    return
                request += came
            self.requests.append(request)
            for piece in answer:
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                else:
                    piece.wait(60)


@contextmanager
def camera(*answers: tuple[bytes | threading.Event, ...]) -> Iterator[Camera]:
    """A camera's HTTP server, for as long as the block lasts."""
    served = Camera(answers)
    try:
        yield served
    finally:
        served.close()
