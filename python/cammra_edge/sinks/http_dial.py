"""How a connection to an HTTP receiver or a broker comes about: dialled, through a proxy where one is set, TLS begun.

Held by `tests/sinks/test_http.py`, `test_http_proxy.py` and `test_tls.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cammra_edge.framing import HttpAnswer
from cammra_edge.sinks import names
from cammra_edge.sinks.challenge import basic
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.http_connection import BrokenOffError, Connection
from cammra_edge.sinks.http_verdict import OK
from cammra_edge.sinks.own import refuse_own
from cammra_edge.sinks.tls import Trust
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    import socket

    from cammra_edge.profile import Endpoint, HttpPost, Mqtt
    from cammra_edge.sinks.deadline import Deadline

_SECURE: Final = frozenset({"https", "mqtts"})
_PATIENCE_S: Final = 2.0
"""How long a name is looked up that the proxy will look up for itself."""


class ProxyError(OSError):
    """The proxy makes no tunnel; `status` is what it answered."""

    def __init__(self, status: int) -> None:
        super().__init__(Why.PROXY_ANSWERS(status=status))
        self.status = status


class Dialler:
    """Makes connections for one sink."""

    def __init__(self, protocol: HttpPost | Mqtt, endpoint: Endpoint, *, deny_local: bool) -> None:
        self._deny_local = deny_local
        self._limits = protocol.timeouts
        self._trust = Trust(protocol.tls)
        self._endpoint = endpoint
        self._secure = endpoint.scheme in _SECURE
        self._proxy = protocol.proxy_endpoint()
        self.proof = (
            f"Proxy-Authorization: {basic(protocol.proxy_user, protocol.proxy_password)}\r\n"
            if protocol.proxy_user
            else ""
        )

    @property
    def absolute(self) -> bool:
        """Whether requests name the whole URL, since a proxy reads them."""
        return self._proxy is not None and self._endpoint.scheme == "http"

    def connect(self, deadline: Deadline) -> Connection:
        """A connection that is ready for a request; raises what `dialled` does."""
        return Connection(self.dialled(deadline), self._limits)

    def dialled(self, deadline: Deadline) -> socket.socket:
        """A connected socket, with TLS begun where there is any.

        Raises:
            ProxyError: The proxy makes no tunnel.
            ssl.SSLError: Why the receiver is not believed.
            ConfigError: A certificate file cannot be used.
            OSError: The network.
        """
        first = self._proxy or self._endpoint
        if self._secure:
            self._trust.context()  # a file that cannot be used is found before anybody is dialled
        if self._deny_local and self._proxy is not None:
            self._refuse_way_back(deadline)
        sock = dial(first.host, first.port, deadline, self._limits, deny_local=self._deny_local)
        if self._proxy is not None and not self.absolute:
            try:
                self._tunnel(Connection(sock, self._limits), deadline)
            except BaseException:
                sock.close()
                raise
        if self._secure:
            sock = self._trust.start(sock, self._endpoint.host, deadline, self._limits.connect_s)
        return sock

    def _refuse_way_back(self, deadline: Deadline) -> None:
        """Ask no proxy to connect to this machine, as far as the name is known here.

        Raises:
            OwnAddressError: The receiver's address is denied.
        """
        host, port = self._endpoint.host, self._endpoint.port
        try:
            found = names.resolved(host, port, deadline.wait_s(_PATIENCE_S))
        except OSError:
            return  # only the proxy knows it
        refuse_own(host, found)

    def _tunnel(self, proxied: Connection, deadline: Deadline) -> None:
        """Ask the proxy for a way through (RFC 9110, 9.3.6)."""
        address = self._endpoint.unzoned.address
        head = f"CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n{self.proof}\r\n"
        answer = HttpAnswer()
        try:
            proxied.exchange(head.encode("latin-1"), b"", deadline, answer)
        except TimeoutError:
            raise TimeoutError(Why.PROXY_SILENT()) from None
        except BrokenOffError:
            raise BrokenOffError(Why.PROXY_BROKE_OFF()) from None
        if answer.status not in OK:
            raise ProxyError(answer.status)
