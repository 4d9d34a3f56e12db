"""The network under httpcore: sockets on which no wait outlasts the try.

httpcore's own time-outs count from byte to byte, so a receiver that drips one byte at a time could hold a try for
ever. Here the deadline of the try bounds each read and write (`tests/sinks/test_http_hostile.py`).
"""

from __future__ import annotations

import select
import ssl
from typing import TYPE_CHECKING, Any

import httpcore

from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.tls import Trust

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from cammra_edge.profile import Timeouts, Tls
    from cammra_edge.sinks.deadline import Deadline

_NO_DEADLINE = "a try sets its deadline first"


class Network(httpcore.NetworkBackend):
    """Makes connections for one sink; the sink sets `deadline` before each try."""

    def __init__(self, tls: Tls, timeouts: Timeouts) -> None:
        self.trust = Trust(tls)
        self.timeouts = timeouts
        self.deadline: Deadline | None = None
        self.dials = 0
        self.received_bytes = 0

    def left(self) -> Deadline:
        """The deadline of the try that is under way."""
        if self.deadline is None:
            raise RuntimeError(_NO_DEADLINE)
        return self.deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect; errors are the system's own, and the sink puts them into words."""
        del timeout, local_address, socket_options  # the profile's own limits hold
        self.dials += 1
        limits = self.timeouts
        sock = dial(host, port, self.left(), limits)
        return Stream(sock, self)


class Stream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, sock: socket.socket, network: Network) -> None:
        self._sock = sock
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most that many bytes, within what is left of the try."""
        try:
            self._sock.settimeout(self._network.left().wait_s(timeout))
            received = self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError from error
        self._network.received_bytes += len(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it, without copying what is left after a partial send."""
        rest = memoryview(buffer)
        try:
            while rest:
                self._sock.settimeout(self._network.left().wait_s(timeout))
                rest = rest[self._sock.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            # httpcore still reads after this: a receiver may answer 413 and close while we send.
            raise httpcore.WriteError from error

    def close(self) -> None:
        """Let go of it."""
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Begin TLS, and hold the certificate against the pin."""
        del ssl_context, timeout  # the profile's own hold
        network = self._network
        connect_s = network.timeouts.connect_s
        wrapped = network.trust.start(self._sock, server_hostname or "", network.left(), connect_s)
        return Stream(wrapped, network)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the base class says so
        """What httpcore asks: whether an idle connection has been closed, and the socket."""
        if info == "is_readable":
            return _readable(self._sock)
        if info == "socket":
            return self._sock
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return None


def _readable(sock: socket.socket) -> bool:
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
