"""What a failed connection means: one map from errors to outcomes, in words that say what to look at.

`tests/sinks/test_failures.py` walks through it. Nothing here shows a secret or a plate.
"""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.phrases import Said, quoted
from cammra_edge.sinks.base import Misconfigured, TryLater
from cammra_edge.sinks.own import OwnAddressError
from cammra_edge.sinks.tls import PinMismatchError
from cammra_edge.sinks.whys import Why, why_of

if TYPE_CHECKING:
    from cammra_edge.profile import Endpoint

_NOT_YET_VALID = 9
_VERIFY_WORDS = {
    10: Why.CERTIFICATE_EXPIRED,
    18: Why.CERTIFICATE_SELF_SIGNED,
    **dict.fromkeys((19, 20, 21), Why.CERTIFICATE_AUTHORITY_UNKNOWN),
    62: Why.CERTIFICATE_OF_ANOTHER_HOST,
    64: Why.CERTIFICATE_OF_ANOTHER_ADDRESS,
}
_OURS_REFUSED = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_EXPIRED",
)
_NOTHING_IN_COMMON = ("HANDSHAKE_FAILURE", "PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_CIPHERS")
_NETWORK_WORDS = {
    errno.ENETUNREACH: Why.NO_ROUTE,
    errno.EHOSTUNREACH: Why.HOST_UNREACHABLE,
    errno.ECONNRESET: Why.BROKEN_OFF,
    errno.EPIPE: Why.BROKEN_OFF,
    errno.ETIMEDOUT: Why.NO_MORE_ACKNOWLEDGED,
}


def outcome(error: BaseException, endpoint: Endpoint) -> TryLater | Misconfigured:
    """What to do about it, by the innermost cause: libraries wrap the system's own error."""
    meant = _meant(error, endpoint)
    return replace(meant, broke=True) if isinstance(meant, TryLater) else meant


def _meant(  # noqa: PLR0911 - a table, one line per kind
    error: BaseException, endpoint: Endpoint
) -> TryLater | Misconfigured:
    while error.__cause__ is not None:
        error = error.__cause__
    where = f"{endpoint.scheme}://{endpoint.address}"
    match error:
        case PinMismatchError() | OwnAddressError():
            return Misconfigured(Why.AT(where=where, why=why_of(error)))
        case ssl.SSLCertVerificationError(verify_code=code) if code == _NOT_YET_VALID:
            return TryLater(Why.AT(where=where, why=Why.CERTIFICATE_NOT_YET_VALID()))
        case ssl.SSLCertVerificationError(verify_code=code):
            known = _VERIFY_WORDS.get(code)
            why = known() if known else quoted(error.verify_message)
            return Misconfigured(Why.AT(where=where, why=why))
        case ssl.SSLError():
            return _tls(error, where)
        case socket.gaierror():
            reason = error.strerror or "name not known"
            return TryLater(Why.NO_ADDRESS(host=endpoint.host, reason=reason))
        case ConnectionRefusedError():
            return TryLater(Why.NOTHING_LISTENS(where=where))
        case TimeoutError():
            why = why_of(error)
            # Python's own say nothing of what was waited for
            bare = not why or "timed out" in why
            return TryLater(Why.AT(where=where, why=Why.NO_ANSWER_IN_TIME() if bare else why))
        case OSError():
            network = _NETWORK_WORDS.get(error.errno or 0)
            return TryLater(Why.AT(where=where, why=network() if network else _system(error)))
        case _:
            why = Why.AT(where=type(error).__name__, why=quoted(printable(str(error))))
            return TryLater(Why.AT(where=where, why=why))


def _system(error: OSError) -> Said:
    """The system's own words, or ours where we have raised it."""
    return why_of(error) if why_of(error).code else quoted(error.strerror or str(error))


def _tls(error: ssl.SSLError, where: str) -> TryLater | Misconfigured:
    reason = error.reason or ""
    if any(word in reason for word in _OURS_REFUSED):
        why = Why.OUR_CERTIFICATE_REFUSED(reason=reason.lower())
        return Misconfigured(Why.AT(where=where, why=why))
    if is_too_old(error):
        return TryLater(Why.AT(where=where, why=Why.TLS_TOO_OLD(reason=reason.lower())))
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return TryLater(Why.NO_TLS(where=where))
    words = reason.lower().replace("_", " ") or "connection closed"
    return TryLater(Why.AT(where=where, why=Why.TLS_FAILED(reason=words)))


def is_too_old(error: ssl.SSLError) -> bool:
    """Whether the receiver and we have no TLS version or cipher in common."""
    return any(word in (error.reason or "") for word in _NOTHING_IN_COMMON)


def printable(text: str, *, longest: int = 160) -> str:
    """A receiver's text, safe to log: printable ASCII, of bounded length."""
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text)[
        :longest
    ]
