"""The receiver's TCP side: finds JSON objects on connections, however they are framed."""

from __future__ import annotations

import socket
import socketserver
import struct
from typing import Protocol

from cammra_edge.receiver.accounts import Accounted
from cammra_edge.receiver.objects import ObjectScanner

_PIECE_BYTES = 1 << 18
_IDLE_S = 600.0


class TcpApp(Protocol):
    """What stands behind the server."""

    def take_object(self, peer: str, content: bytes) -> bytes | None:
        """One object; returns what to answer, or `None` to reset the connection."""
        ...

    def take_fault(self, peer: str, why: str) -> None:
        """Something arrived that is no object."""
        ...


class TcpServer(Accounted):
    """Listens, and hands each object to the app."""

    def __init__(self, address: tuple[str, int], app: TcpApp) -> None:
        self.app = app
        super().__init__(address, _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: TcpServer
    request: socket.socket

    def handle(self) -> None:
        peer = f"{self.client_address[0]}:{self.client_address[1]}"
        self.request.settimeout(_IDLE_S)
        scanner = ObjectScanner()
        while piece := self.request.recv(_PIECE_BYTES):
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
