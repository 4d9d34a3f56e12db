"""What a failed connection means: one map from errors to outcomes, in words that say what to look at.

`tests/sinks/test_failures.py` walks through it. Nothing here shows a secret or a plate.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

from cammra_edge.sinks.base import Misconfigured, TryLater
from cammra_edge.sinks.own import OwnAddressError
from cammra_edge.sinks.tls import PinMismatchError

if TYPE_CHECKING:
    from cammra_edge.profile import Endpoint

_NOT_YET_VALID = 9
_UNKNOWN_AUTHORITY = "the certificate's authority is not known: trust this certificate alone, or name it in the script"
_VERIFY_WORDS = {
    10: "the certificate has expired",
    18: "the certificate is self-signed: trust this one alone, or name its authority in the script",
    **dict.fromkeys((19, 20, 21), _UNKNOWN_AUTHORITY),
    62: "the certificate is for another host name",
    64: "the certificate is for another IP address",
}
_OURS_REFUSED = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_EXPIRED",
)
_NOTHING_IN_COMMON = ("HANDSHAKE_FAILURE", "PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_CIPHERS")
_NETWORK_WORDS = {
    errno.ENETUNREACH: "the network cannot be reached: no route",
    errno.EHOSTUNREACH: "the host cannot be reached",
    errno.ECONNRESET: "the receiver broke the connection off",
    errno.EPIPE: "the receiver broke the connection off",
    errno.ETIMEDOUT: "the receiver no longer acknowledges anything",
}


def outcome(  # noqa: PLR0911 - a table, one line per kind
    error: BaseException, endpoint: Endpoint
) -> TryLater | Misconfigured:
    """What to do about it, by the innermost cause: libraries wrap the system's own error."""
    while error.__cause__ is not None:
        error = error.__cause__
    where = f"{endpoint.scheme}://{endpoint.address}"
    match error:
        case PinMismatchError() | OwnAddressError():
            return Misconfigured(f"{where}: {error}")
        case ssl.SSLCertVerificationError(verify_code=code) if code == _NOT_YET_VALID:
            return TryLater(
                f"{where}: the certificate is not valid yet; is the camera's clock right?"
            )
        case ssl.SSLCertVerificationError(verify_code=code):
            return Misconfigured(f"{where}: {_VERIFY_WORDS.get(code, error.verify_message)}")
        case ssl.SSLError():
            return _tls(error, where)
        case socket.gaierror():
            return TryLater(
                f"no address found for {endpoint.host}: {error.strerror or 'name not known'}"
            )
        case ConnectionRefusedError():
            return TryLater(f"{where} refuses the connection: nothing listens on that port")
        case TimeoutError():
            words = str(error)
            bare = (
                not words or "timed out" in words
            )  # Python's own say nothing of what was waited for
            return TryLater(f"{where}: {'no answer in time' if bare else words}")
        case OSError():
            words = _NETWORK_WORDS.get(error.errno or 0) or error.strerror or str(error)
            return TryLater(f"{where}: {words}")
        case _:
            return TryLater(f"{where}: {type(error).__name__}: {printable(str(error))}")


def _tls(error: ssl.SSLError, where: str) -> TryLater | Misconfigured:
    reason = error.reason or ""
    if any(word in reason for word in _OURS_REFUSED):
        return Misconfigured(
            f"{where}: the receiver refuses our certificate, or wants one ({reason.lower()})"
        )
    if is_too_old(error):
        return TryLater(
            f"{where}: the receiver knows no TLS version or cipher of ours ({reason.lower()}): it may be an old one"
        )
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return TryLater(f"{where} does not speak TLS on that port: is http:// meant?")
    return TryLater(
        f"{where}: TLS failed ({reason.lower().replace('_', ' ') or 'connection closed'})"
    )


def is_too_old(error: ssl.SSLError) -> bool:
    """Whether the receiver and we have no TLS version or cipher in common."""
    return any(word in (error.reason or "") for word in _NOTHING_IN_COMMON)


def printable(text: str, *, longest: int = 160) -> str:
    """A receiver's text, safe to log: printable ASCII, of bounded length."""
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text)[
        :longest
    ]
