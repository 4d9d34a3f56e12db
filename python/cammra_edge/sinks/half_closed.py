"""Connections whose event is delivered, kept until the other end has closed too.

To close at once could cut off what the receiver still reads: whatever it sends to a socket that is gone comes back as
a reset. To wait would let the slowest receiver set the rate. So they wait here, bounded in number and in time, while
the next event goes out. Held by `tests/sinks/test_tcp.py`.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.deadline import Deadline

if TYPE_CHECKING:
    from cammra_edge.clock import Clock

MOST: Final = 16
"""One more, and the oldest is closed."""
LONGEST_S: Final = 10.0
GOODBYE_S: Final = 1.0
"""How long `close` waits for them."""
_IDLE_S = 1.0
"""How long the thread waits for the next connection before it ends."""
_MOST_HEARD_BYTES = 64 << 10


@dataclass(slots=True)
class _Waiting:
    sock: socket.socket
    until: Deadline
    heard_bytes: int = 0

    def is_over(self) -> bool:
        """Drop what the receiver has sent; whether it has closed, or sends too much to be waited for."""
        try:
            # Not through TLS, which has said its last word.
            while received := len(socket.socket.recv(self.sock, 4096)):
                self.heard_bytes += received
                if self.heard_bytes > _MOST_HEARD_BYTES:
                    break
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


class HalfClosed:
    """The half-closed connections of one sink; a thread looks after them while there are any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[int, _Waiting] = {}
        self._events = select.epoll()
        self._watcher: threading.Thread | None = None

    def add(self, sock: socket.socket) -> None:
        """Take over a connection whose writing side is shut."""
        sock.settimeout(0)
        waiting = _Waiting(sock, Deadline(self._clock, LONGEST_S))
        if waiting.is_over():
            sock.close()
            return
        with self._changed:
            if len(self._waiting) >= MOST:
                self._drop(next(iter(self._waiting)))
            self._waiting[sock.fileno()] = waiting
            self._events.register(sock, select.EPOLLIN | select.EPOLLRDHUP)
            self._changed.notify_all()
            if self._watcher is None:
                watcher = threading.Thread(target=self._watch, name="half-closed", daemon=True)
                with contextlib.suppress(RuntimeError):  # no thread now; the next one may get one
                    watcher.start()
                    self._watcher = watcher

    def close(self) -> None:
        """Give them a last moment, and close them."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, GOODBYE_S)
            for descriptor in list(self._waiting):
                self._drop(descriptor)

    def _watch(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._waiting, _IDLE_S):
                    self._watcher = None
                    return
                oldest = next(iter(self._waiting.values()))
                wait_s = max(0.0, oldest.until.left_s())
            heard = self._events.poll(wait_s)
            with self._changed:
                for descriptor, _ in heard:
                    waiting = self._waiting.get(descriptor)
                    if waiting is not None and waiting.is_over():
                        self._drop(descriptor)
                for descriptor in [
                    descriptor
                    for descriptor, waiting in self._waiting.items()
                    if waiting.until.left_s() <= 0
                ]:
                    self._drop(descriptor)
                self._changed.notify_all()

    def _drop(self, descriptor: int) -> None:
        self._waiting.pop(descriptor).sock.close()
