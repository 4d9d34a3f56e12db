"""The connections of one way out, which another thread can cut: a try that hangs in them ends at once.

Held by `tests/sinks/test_breaking_off.py`.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from contextlib import suppress
from typing import Final
from weakref import WeakSet


class Line:
    """See the module. What is cut stays so: `is_cut`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self.is_cut = False

    def carry(self, sock: socket.socket) -> None:
        """Cut this one too, when it comes to that.

        Raises:
            ConnectionAbortedError: It has come to that.
        """
        with self._lock:
            self._sockets.add(sock)
        self.expect_whole()

    def expect_whole(self) -> None:
        """Go on only where nobody has cut it.

        Raises:
            ConnectionAbortedError: Somebody has.
        """
        if self.is_cut:
            raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))

    def cut(self) -> None:
        """End what waits for a connection, and let nothing begin; from any thread."""
        with self._lock:
            self.is_cut = True
            carried = list(self._sockets)
        for sock in carried:
            with suppress(OSError):
                # Not that of TLS, which would go on in clear.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


UNCUT: Final = Line()
"""That of whoever is never broken off."""
