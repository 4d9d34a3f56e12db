"""The receiver's TCP side: finds JSON objects on connections, however they are framed.

A camera without an acknowledgement sends each event on a connection of its own, and counts it as delivered when the
kernel here has all of it. So the next connection may be there before the first one is read: whoever reads in threads
has to keep the order. What a connection brings is taken after all that had arrived on earlier ones of the same host.
"""

from __future__ import annotations

import fcntl
import select
import socket
import socketserver
import struct
import termios
import threading
from dataclasses import dataclass
from typing import Any, Protocol

from cammra_edge.receiver.accounts import Accounted
from cammra_edge.receiver.objects import ObjectScanner

_PIECE_BYTES = 1 << 18
_IDLE_S = 600.0
_EARLIER_WITHIN_S = 10.0
"""A connection whose bytes nobody comes to read holds up the later ones no longer."""
_INT = struct.Struct("i")


class TcpApp(Protocol):
    """What stands behind the server."""

    def take_object(self, peer: str, content: bytes) -> bytes | None:
        """One object; returns what to answer, or `None` to reset the connection."""
        ...

    def take_fault(self, peer: str, why: str) -> None:
        """Something arrived that is no object."""
        ...


@dataclass(eq=False, slots=True)
class _Turn:
    """A connection's place among those of its host. `at_work`: something that came on it is being taken."""

    host: str
    connection: socket.socket
    at_work: bool = True

    @property
    def is_due(self) -> bool:
        """Has anything arrived on it that is not taken yet?"""
        if self.at_work:
            return True
        try:
            unread = fcntl.ioctl(self.connection.fileno(), termios.FIONREAD, bytes(_INT.size))
        except (OSError, ValueError):
            return False
        return bool(_INT.unpack(unread)[0])


class TcpServer(Accounted):
    """Listens, and hands each object to the app."""

    def __init__(self, address: tuple[str, int], app: TcpApp) -> None:
        self.app = app
        self._turns: dict[socket.socket, _Turn] = {}
        self._taken = threading.Condition()
        super().__init__(address, _Connection)

    # The base class passes a socket or, for datagrams, a pair: hence Any.
    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Note the order in which connections were accepted."""
        with self._taken:
            self._turns[request] = _Turn(client_address[0], request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as above
        """Let the later ones go on."""
        with self._taken:
            self._turns.pop(request, None)
            self._taken.notify_all()
        super().shutdown_request(request)

    def wait_for_earlier(self, request: socket.socket) -> None:
        """Wait until what had arrived on earlier connections of this host is taken."""
        with self._taken:
            host = self._turns[request].host
            turns = [turn for turn in self._turns.values() if turn.host == host]
            earlier = turns[: turns.index(self._turns[request])]
            self._taken.wait_for(
                lambda: not any(turn.is_due for turn in earlier if turn.connection in self._turns),
                _EARLIER_WITHIN_S,
            )

    def rest(self, request: socket.socket) -> None:
        """All that came so far is taken."""
        with self._taken:
            self._turns[request].at_work = False
            self._taken.notify_all()

    def work(self, request: socket.socket) -> None:
        """Something came."""
        with self._taken:
            self._turns[request].at_work = True


class _Connection(socketserver.BaseRequestHandler):
    server: TcpServer
    request: socket.socket

    def handle(self) -> None:
        peer = f"{self.client_address[0]}:{self.client_address[1]}"
        self.request.settimeout(_IDLE_S)
        self.server.wait_for_earlier(self.request)
        scanner = ObjectScanner()
        while piece := self._piece():
            for content in scanner.feed(piece):
                answer = self.server.app.take_object(peer, content)
                if answer is None:
                    # With a linger of zero seconds, closing sends a reset.
                    linger = struct.pack("ii", 1, 0)
                    self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.request.close()
                    return
                if answer:
                    self.request.sendall(answer)
        rest = scanner.finish()
        if rest:
            self.server.app.take_fault(peer, f"{len(rest)} bytes of an object that was cut off")
        if scanner.stray_bytes:
            self.server.app.take_fault(peer, f"{scanner.stray_bytes} bytes between the objects")
        if scanner.too_long:
            self.server.app.take_fault(peer, "an object that is too long")

    def _piece(self) -> bytes:
        came = select.poll()
        came.register(self.request, select.POLLIN)
        if not came.poll(0):
            self.server.rest(self.request)
            if not came.poll(_IDLE_S * 1000):
                raise TimeoutError
        self.server.work(self.request)
        return self.request.recv(_PIECE_BYTES)
