"""One socket to a broker, which one thread reads and several write whole packets to.

Held by `tests/sinks/test_mqtt.py` and `test_mqtt_hostile.py`.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Final

from cammra_edge.errors import ConfigError
from cammra_edge.sinks import failures
from cammra_edge.sinks.base import Misconfigured, TryLater
from cammra_edge.sinks.deadline import stalled
from cammra_edge.sinks.http_dial import ProxyError
from cammra_edge.sinks.whys import Why, unusable, why_of

if TYPE_CHECKING:
    from cammra_edge.profile import Endpoint
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.mqtt_exchange import MqttExchange

Failure = TryLater | Misconfigured
NOTHING_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_MS_PER_S: Final = 1000
_ASKS_FOR_PROOF: Final = 407


class Link:
    """One connection: its socket and what is said over it."""

    def __init__(self, sock: socket.socket, exchange: MqttExchange) -> None:
        self.sock = sock
        self.exchange = exchange
        self.writing = threading.Lock()
        """Held for whole packets."""
        self.io = threading.Lock()
        """Held for one call: TLS cannot be read and written at once."""
        self.failure: Failure | None = None
        """Why it broke, where the network said so."""

    def write(self, packet: bytes, deadline: Deadline, write_s: float) -> None:
        """Write a packet; `writing` is held.

        Raises:
            OSError: The network, or it takes no more.
        """
        left = memoryview(packet)
        while left:
            try:
                with self.io:
                    taken = self.sock.send(left)
            except NOTHING_NOW:
                self._wait_for_room(len(packet) - len(left), len(packet), deadline, write_s)
                continue
            left = left[taken:]

    def _wait_for_room(self, taken: int, total: int, deadline: Deadline, write_s: float) -> None:
        wait_s = deadline.wait_s(write_s)
        poll = select.poll()
        poll.register(self.sock, select.POLLOUT)
        if not poll.poll(wait_s * _MS_PER_S):
            raise stalled(taken, total, wait_s)

    def shut(self) -> None:
        """Wake whoever listens; the socket itself is closed by its owner."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


def failure_of(error: ConfigError | OSError, endpoint: Endpoint) -> Failure:
    """What it means for a message that there is no connection, or none any more."""
    match error:
        case ConfigError():
            return Misconfigured(unusable(error))
        case ProxyError(status=status) if status == _ASKS_FOR_PROOF:
            return Misconfigured(Why.PROXY_REFUSES_USER(status=status), status=status)
        case ProxyError():
            return TryLater(why_of(error), broke=True)
        case _:
            return failures.outcome(error, endpoint)
