"""Whom a sink trusts: a profile's TLS settings as an `ssl.SSLContext`, and the pin.

Invariant, held by `tests/sinks/test_tls.py`: nothing falls back to a weaker check. A pin replaces the
chain and the name, never silently; without a pin both are verified unless `verify` is False.
"""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.profile import Tls
from cammra_edge.sinks.wants import SinkWant
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    import socket

    from cammra_edge.sinks.deadline import Deadline


ANY = Tls(verify=False, old=True)
"""Trusts whoever answers: for showing a certificate, never for sending."""


class PinMismatchError(ssl.SSLError):
    """The receiver showed another certificate than the pinned one."""

    def __init__(self, seen: str) -> None:
        super().__init__(Why.CERTIFICATE_NOT_PINNED(seen=seen))
        self.seen = seen

    def __str__(self) -> str:
        return str(self.args[-1])


def context(tls: Tls) -> ssl.SSLContext:
    """A client context for these settings.

    Raises:
        ConfigError: A file cannot be read, or holds something else.
    """
    # Not `create_default_context`: that one writes session keys wherever SSLKEYLOGFILE says.
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if tls.ca_file:
            client.load_verify_locations(tls.ca_file)
        else:
            client.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        want = SinkWant.PEM_CERTIFICATES(reason=_reason(error))
        raise ConfigError("tls.ca_file", tls.ca_file, want) from error
    client.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.old:
        client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        client.set_ciphers("DEFAULT@SECLEVEL=0")
    if tls.pin or not tls.verify:
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
    if tls.client_cert:
        try:
            # The password is a function so that OpenSSL never asks on a terminal.
            client.load_cert_chain(
                tls.client_cert, tls.client_key or None, password=lambda: tls.client_key_password
            )
        except (OSError, ssl.SSLError, ValueError) as error:
            want = SinkWant.PEM_CERTIFICATE_AND_KEY(reason=_reason(error))
            raise ConfigError("tls.client_cert", tls.client_cert, want) from error
    return client


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a DER certificate, as `openssl x509 -fingerprint -sha256` prints it, without colons."""
    return hashlib.sha256(certificate).hexdigest()


class Trust:
    """The TLS settings of one profile, loaded at first use."""

    def __init__(self, settings: Tls) -> None:
        self._settings = settings
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """A client context.

        Raises:
            ConfigError: A file cannot be used.
        """
        if self._context is None:
            self._context = context(self._settings)
        return self._context

    def start(
        self,
        sock: socket.socket,
        host: str,
        deadline: Deadline,
        most_s: float,
        *,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """Begin TLS on a connected socket; on failure the socket is closed.

        Args:
            sock: The socket.
            host: The receiver's name, which its certificate must bear.
            deadline: Of the whole try.
            most_s: For the handshake.
            session: A session to resume.

        Raises:
            ssl.SSLError: The receiver is not trusted, or does not speak TLS.
            OSError: The network.
        """
        try:
            sock.settimeout(deadline.wait_s(most_s))
            wrapped = self.context().wrap_socket(
                sock,
                server_hostname=host.partition("%")[0],
                session=session,
                do_handshake_on_connect=False,
            )
        except BaseException:
            sock.close()
            raise
        try:
            deadline.carry(wrapped)
            wrapped.do_handshake()
            check_pin(wrapped, self._settings)
        except TimeoutError:
            wrapped.close()
            raise TimeoutError(Why.TLS_NOT_BEGUN()) from None
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def check_pin(wrapped: ssl.SSLSocket, settings: Tls) -> None:
    """Compare the receiver's certificate with the pin, where there is one.

    Raises:
        PinMismatchError: Another certificate.
    """
    if not settings.pin:
        return
    seen = fingerprint(wrapped.getpeercert(binary_form=True) or b"")
    if seen != settings.pin:
        raise PinMismatchError(seen)
