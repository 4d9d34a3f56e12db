"""What all servers have in common: they know their connections, bound their number, and can break them."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import Any

_CONNECTIONS = 128
_LAST_WORDS_S = 5.0
"""How long an answer under way may take when the server goes away."""


class Accounted(socketserver.ThreadingTCPServer):
    """A threaded server that knows its open connections."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._open: set[socket.socket] = set()
        self._lock = threading.Condition()
        self._room = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    # The base class passes a socket or, for datagrams, a pair: hence Any.
    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Note the connection; wait while there are too many."""
        self._room.acquire()
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as above
        """End one connection."""
        with self._lock:
            known = request in self._open
            self._open.discard(request)
            self._lock.notify_all()
        if known:
            self._room.release()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Print nothing: connections may break."""

    def hang_up(self) -> None:
        """Break every open connection; an event that has just been taken is still acknowledged."""
        self._shut(socket.SHUT_RD)
        with self._lock:
            self._lock.wait_for(lambda: not self._open, _LAST_WORDS_S)
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(how)
