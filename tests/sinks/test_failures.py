"""What failed connections mean, and that the words name what was tried."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.profile import Endpoint, HttpPost, NetworkMode
from cammra_edge.sinks import failures
from cammra_edge.sinks.base import Misconfigured, Outcome, TryLater
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.tls import PinMismatchError
from tests.servers import LOOPBACK, free_port
from tests.sinks.test_http import ATTEMPT, BODY

ENDPOINT = Endpoint("https", "receiver.example", 443, "/x")


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "words of OpenSSL"
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            TryLater,
            "no address found for receiver.example",
        ),
        (
            ConnectionRefusedError(111, "x"),
            TryLater,
            "https://receiver.example:443 refuses the connection",
        ),
        (TimeoutError("timed out"), TryLater, "no answer in time"),
        (OSError(errno.ENETUNREACH, "x"), TryLater, "no route"),
        (OSError(errno.EHOSTUNREACH, "x"), TryLater, "cannot be reached"),
        (ConnectionResetError(errno.ECONNRESET, "x"), TryLater, "broke the connection off"),
        (OSError(errno.EMFILE, "Too many open files"), TryLater, "Too many open files"),
        (verification(9), TryLater, "clock"),
        (verification(10), Misconfigured, "has expired"),
        (verification(18), Misconfigured, "self-signed"),
        (verification(20), Misconfigured, "authority is not known"),
        (verification(62), Misconfigured, "another host name"),
        (verification(99), Misconfigured, "words of OpenSSL"),
        (PinMismatchError("ab" * 32), Misconfigured, "ab" * 32),
        (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), Misconfigured, "certificate"),
        (tls_error("WRONG_VERSION_NUMBER"), TryLater, "http:// meant?"),
        (tls_error("UNEXPECTED_EOF"), TryLater, "TLS failed"),
        (RuntimeError("odd\x1b[31m"), TryLater, "RuntimeError: odd?[31m"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_error_has_its_outcome_and_words(
    error: Exception, kind: type[Outcome], words: str
) -> None:
    outcome = failures.outcome(error, ENDPOINT)
    assert isinstance(outcome, kind)
    assert words in outcome.why
    assert outcome.why.isprintable()


def test_the_innermost_cause_speaks() -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = ConnectionRefusedError(111, "x")
    assert "refuses the connection" in failures.outcome(wrapped, ENDPOINT).why


@pytest.mark.parametrize(
    ("typed", "mode", "tried"),
    [
        ("{host}", NetworkMode.HTTPS, "https://{host}"),
        ("{host}", NetworkMode.HTTP, "http://{host}"),
        ("http://{host}", NetworkMode.HTTPS, "http://{host}"),
    ],
)
def test_a_closed_port_says_which_scheme_was_tried(
    typed: str, mode: NetworkMode, tried: str
) -> None:
    host = f"{LOOPBACK}:{free_port()}"
    sink = HttpSink(HttpPost(typed.format(host=host)).over(mode), clock=SYSTEM_CLOCK)
    outcome = sink.send(BODY, ATTEMPT)
    assert isinstance(outcome, TryLater)
    assert outcome.why.startswith(tried.format(host=host) + " refuses")
