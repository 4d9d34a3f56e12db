"""Answers of every kind: what decides, what the connection is still good for, and what curl makes of them.

The camera that is being replaced pushes with libcurl: what curl takes, we take.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.framing import HttpAnswer
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost, Timeouts
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.http import HttpSink
from tests.servers import LOOPBACK, PATIENT, SLACK_S, Scripted, answer, read_request, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.sinks.base import Outcome

ATTEMPT = Attempt(event_id="e" * 32, packet=7)
BODY = Body(content=b"x" * 300_000, content_type="application/json")
SHORT = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=1.5)
OK = b"HTTP/1.1 200 OK\r\n"
TWO = b"Content-Length: 2\r\n\r\nOK"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"2\r\nOK\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """What a receiver answers, and what it should come to."""

    sent: bytes
    kept: bool = False
    """The connection is used again."""
    closes: bool = False
    """The receiver closes behind it."""
    outcome: type[Outcome] = Delivered
    curl: bool = True
    """curl takes it as well."""


CASES = {
    "plain": Case(OK + TWO, kept=True),
    "line feeds alone": Case(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nOK", kept=True),
    "http in small letters": Case(b"http/1.1 200 OK\r\n" + TWO, kept=True),
    "two blanks before the code": Case(b"HTTP/1.1  200 OK\r\n" + TWO, kept=True),
    "no blank behind the code": Case(b"HTTP/1.1 200OK\r\n" + TWO, kept=True),
    "a comma behind the code": Case(b"HTTP/1.1 200,OK\r\n" + TWO, kept=True),
    "no reason": Case(b"HTTP/1.1 200\r\n" + TWO, kept=True),
    "HTTP/1.7": Case(b"HTTP/1.7 200 OK\r\n" + TWO, curl=False),
    "HTTP/2.0": Case(b"HTTP/2.0 200 OK\r\n" + TWO),
    "four digits": Case(b"HTTP/1.1 2000 OK\r\n" + TWO, outcome=TryLater, curl=False),
    "a code below 100": Case(b"HTTP/1.1 099 OK\r\n" + TWO, outcome=TryLater, curl=False),
    "an empty line first": Case(b"\r\n" + OK + TWO, outcome=TryLater, curl=False),
    "a blank first": Case(b" " + OK + TWO, outcome=TryLater, curl=False),
    "a body alone": Case(b"OK", outcome=TryLater, curl=False),
    "blank before a colon": Case(OK + b"Content-Type : text/html\r\n" + TWO, kept=True),
    "blank in a name": Case(OK + b"X Powered By: cam\r\n" + TWO, kept=True),
    "no colon": Case(OK + b"Server GoAhead\r\n" + TWO, kept=True, curl=False),
    "colon first": Case(OK + b": a\r\n" + TWO, kept=True),
    "folded": Case(OK + b"X: a\r\n b\r\n" + TWO, kept=True),
    "NUL in a header": Case(OK + b"X: a\0b\r\n" + TWO, kept=True, curl=False),
    "64 kB of headers": Case(OK + b"X: y\r\n" * 11_000 + TWO, kept=True),
    "one header of 90 kB": Case(OK + b"X: " + b"y" * 90_000 + b"\r\n" + TWO, kept=True),
    "length twice": Case(OK + b"Content-Length: 2\r\n" + TWO, kept=True),
    "lengths that differ": Case(OK + b"Content-Length: 3\r\n" + TWO, curl=False),
    "length with a sign": Case(OK + b"Content-Length: +2\r\n\r\nOK"),
    "length below nothing": Case(OK + b"Content-Length: -2\r\n\r\nOK", curl=False),
    "length with zeros": Case(OK + b"Content-Length: 002\r\n\r\nOK"),
    "length in hex": Case(OK + b"Content-Length: 0x2\r\n\r\nOK"),
    "length with a fraction": Case(OK + b"Content-Length: 2.0\r\n\r\nOK"),
    "length as a list": Case(OK + b"Content-Length: 2, 2\r\n\r\nOK"),
    "length of 10^30": Case(OK + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\nOK", curl=False),
    "length empty": Case(OK + b"Content-Length:\r\n\r\nOK", curl=False),
    "length too small": Case(OK + b"Content-Length: 1\r\n\r\nOK"),
    "chunks": Case(OK + CHUNKED + b"\r\n" + CHUNKS, kept=True),
    "chunks with extensions": Case(OK + CHUNKED + b'\r\n2;a="b"\r\nOK\r\n0;c\r\n\r\n', kept=True),
    "trailers": Case(OK + CHUNKED + b"\r\n2\r\nOK\r\n0\r\nA: b\r\nC: d\r\n\r\n", kept=True),
    "chunks with line feeds alone": Case(OK + CHUNKED + b"\r\n2\nOK\n0\n\n"),
    "chunks that are none": Case(OK + CHUNKED + b"\r\nzz\r\nOK", curl=False),
    "chunked twice": Case(OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKS),
    "chunked first": Case(OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKS, curl=False),
    "an empty coding": Case(OK + b"Transfer-Encoding: ,chunked\r\n\r\n" + CHUNKS),
    "chunks and a length": Case(OK + CHUNKED + b"Content-Length: 7\r\n\r\n" + CHUNKS),
    "identity": Case(OK + b"Transfer-Encoding: identity\r\n" + TWO, kept=True, curl=False),
    "packed": Case(OK + b"Content-Encoding: gzip\r\n" + TWO, kept=True),
    "no end": Case(OK + b"\r\nOK", curl=False),
    "behind the last chunk a line end": Case(OK + CHUNKED + b"\r\n" + CHUNKS + b"\r\n"),
    "a body behind 204": Case(b"HTTP/1.1 204 No Content\r\n\r\nbody"),
    "a second answer": Case((OK + TWO) * 2),
    "an unasked 408 behind": Case(OK + TWO + b"HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n"),
    "100 before": Case(b"HTTP/1.1 100 C\r\n\r\n" + OK + TWO, kept=True),
    "hints before": Case(b"HTTP/1.1 103 H\r\nLink: x\r\n\r\n" * 3 + OK + TWO, kept=True),
    "100 of HTTP/1.0 before": Case(b"HTTP/1.0 100 C\r\n\r\n" + OK + TWO),
    "100 behind": Case(OK + TWO + b"HTTP/1.1 100 C\r\n\r\n"),
    "HTTP/1.0": Case(b"HTTP/1.0 200 OK\r\n" + TWO),
    "HTTP/1.0 kept": Case(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + TWO, kept=True),
    "close": Case(OK + b"Connection: close\r\n" + TWO),
    "closed": Case(OK + b"Connection: closed\r\n" + TWO),
    "an upgrade on offer": Case(OK + b"Upgrade: h2c\r\n" + TWO),
    "refused, and contradictory": Case(
        b"HTTP/1.1 413 L\r\nContent-Length: x\r\n\r\nOK", outcome=GiveUp, curl=False
    ),
    "ended in the head": Case(OK + b"Content-Le", closes=True),
    "ended behind the status line": Case(OK, closes=True),
    "refused, ended in the head": Case(b"HTTP/1.1 413 L\r\nX: y\r\n", closes=True, outcome=GiveUp),
    "ended in the status line": Case(b"HTTP/1.1 200 O", closes=True, outcome=TryLater, curl=False),
    "ended in the body": Case(OK + b"Content-Length: 5\r\n\r\nOK", closes=True, curl=False),
    "ended by closing": Case(OK + b"\r\nOK", closes=True),
}


def script(
    case: Case, *, byte_by_byte: bool = False
) -> Callable[[socket.socket, int, Scripted], None]:
    def serve(connection: socket.socket, _: int, server: Scripted) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while request := read_request(connection):
            server.received.append(request)
            pieces = [bytes([byte]) for byte in case.sent] if byte_by_byte else [case.sent]
            for piece in pieces:
                connection.sendall(piece)
            if case.closes:
                return

    return serve


def outcomes(server: Scripted, count: int, **settings: object) -> list[Outcome]:
    url = f"http://{LOOPBACK}:{server.port}/"
    protocol = HttpPost(url, **{"timeouts": PATIENT, **settings})  # type: ignore[arg-type] # the tests' own
    sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
    try:
        return [sink.send(BODY, ATTEMPT) for _ in range(count)]
    finally:
        sink.close()


@pytest.mark.parametrize("name", CASES)
def test_the_status_decides_and_the_connection_is_used_again_only_where_its_end_is_sure(
    name: str,
) -> None:
    case = CASES[name]
    with Scripted(script(case)) as server:
        seen = outcomes(server, 2)
    assert [type(outcome) for outcome in seen] == [case.outcome] * 2
    assert server.connections == (1 if case.kept else 2)
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if len(case.sent) < 1000 and not case.closes]
)
def test_an_answer_may_come_in_single_bytes(name: str) -> None:
    case = CASES[name]
    with Scripted(script(case, byte_by_byte=True)) as server:
        (seen,) = outcomes(server, 1)
    assert type(seen) is case.outcome


@pytest.mark.parametrize("name", CASES)
def test_what_curl_takes_is_taken(name: str) -> None:
    case = CASES[name]
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    with Scripted(script(case)) as server:
        url = f"http://{LOOPBACK}:{server.port}/"
        told = ("-w", "%{http_code}", "-o", "/dev/null", "--max-time", "60" if case.curl else "1")
        done = subprocess.run(
            [curl, "-s", *told, "--data-binary", "x", url],
            capture_output=True,
            check=False,
            text=True,
        )
    if case.curl:
        assert done.returncode == 0, "the table says that curl takes it"
        assert case.outcome is (Delivered if done.stdout.startswith("2") else GiveUp)


def seen(given: HttpAnswer) -> tuple[object, ...]:
    return (
        given.status, given.head_whole, given.body_pending, given.whole, given.garbage, given.reusable, given.body,
        given.values("location"),
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_split_of_an_answer_changes_nothing(name: str) -> None:
    text = CASES[name].sent[:500]
    whole = HttpAnswer()
    whole.feed(text)
    for at in range(len(text) + 1):
        apart = HttpAnswer()
        apart.feed(text[:at])
        apart.feed(text[at:])
        assert seen(apart) == seen(whole)


@given(st.lists(st.binary(max_size=60) | st.sampled_from([case.sent for case in CASES.values()])))
@example([OK + TWO, OK + TWO])
def test_no_bytes_are_taken_for_an_answer_that_can_be_followed_by_another(
    pieces: list[bytes],
) -> None:
    """Never a panic, and never a connection kept with bytes behind the answer."""
    given = HttpAnswer()
    for piece in pieces:
        given.feed(piece)
    if given.reusable:
        assert given.whole
        given.feed(b"x")
        assert not given.reusable


@pytest.mark.parametrize(
    ("head", "body", "outcome"),
    [
        (b"Content-Length: 9\r\n\r\n", b"tak", TryLater),
        (b"Content-Length: 3\r\n\r\n", b"taken", TryLater),
        (CHUNKED + b"\r\n", b"5\r\ntak", TryLater),
        (b"Content-Length: 9\r\n\r\n", b"taken", Delivered),
    ],
)
def test_where_the_body_counts_one_cut_short_is_none(
    head: bytes, body: bytes, outcome: type[Outcome]
) -> None:
    """A status without it would be believed: whoever needs the body to be whole asks for its words."""
    with Scripted(script(Case(OK + head + body, closes=True))) as server:
        (seen,) = outcomes(server, 1, success_body="taken")
    assert isinstance(seen, outcome)


# ---- whose answer it is --------------------------------------------------------------------------


def test_a_second_answer_is_not_the_next_requests() -> None:
    """A receiver that answers twice must not acknowledge what it then refuses."""

    def serve(connection: socket.socket, number: int, _: Scripted) -> None:
        while read_request(connection):
            connection.sendall((OK + TWO) * 2 if number == 0 else answer("503 Busy"))

    with Scripted(serve) as server:
        first, second = outcomes(server, 2)
    assert isinstance(first, Delivered)
    assert isinstance(second, TryLater)


def test_a_late_second_answer_is_not_the_next_requests() -> None:
    def serve(connection: socket.socket, number: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(OK + TWO if number == 0 else answer("503 Busy"))
            if number == 0:
                connection.sendall(OK + TWO)
                server.answered_twice = True  # type: ignore[attr-defined] # the test's own mark

    with Scripted(serve) as server:
        sink = HttpSink(
            HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT), clock=SYSTEM_CLOCK
        )
        first = sink.send(BODY, ATTEMPT)
        while not hasattr(server, "answered_twice"):
            time.sleep(0.001)
        second = sink.send(BODY, ATTEMPT)
        sink.close()
    assert isinstance(first, Delivered)
    assert isinstance(second, TryLater)


@pytest.mark.parametrize("status", ["413 Too Large", "401 No", "503 Busy", "400 Bad"])
def test_a_refusal_during_the_sending_ends_it(status: str) -> None:
    """The receiver stops reading and leaves the connection open."""

    def serve(connection: socket.socket, _: int, server: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(answer(status, b"no room", "Retry-After: 7"))
        while not server._closing:
            time.sleep(0.01)

    content = Body(content=b"x" * 12_000_000, content_type="application/json")
    with Scripted(serve) as server:
        protocol = HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        outcome = sink.send(content, ATTEMPT)
        sink.close()
    kinds = {"4": GiveUp, "5": TryLater}
    assert isinstance(outcome, Misconfigured if status.startswith("401") else kinds[status[0]])
    assert outcome.words == "no room"
    if isinstance(outcome, TryLater):
        assert outcome.after_s == 7.0


@pytest.mark.parametrize("stays", [True, False])
def test_an_early_success_counts_once_the_last_byte_is_out(*, stays: bool) -> None:
    def serve(connection: socket.socket, _: int, server: Scripted) -> None:
        server.received.append(connection.recv(1000))
        connection.sendall(OK + TWO)
        if stays:
            while piece := connection.recv(1 << 20):
                server.received.append(piece)

    content = Body(content=b"x" * 12_000_000, content_type="application/json")
    with Scripted(serve) as server:
        protocol = HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        outcome = sink.send(content, ATTEMPT)
        sink.close()
        if stays:
            wait_until(lambda: sum(map(len, server.received)) > len(content.content), "all bytes")
    if stays:
        assert isinstance(outcome, Delivered)
    else:
        assert isinstance(outcome, TryLater)
        assert "broke the connection off" in outcome.why


# ---- what is not waited for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", [OK + b"\r\n", OK + b"Content-Length: 9\r\n\r\n", OK + CHUNKED + b"\r\n5\r\n"]
)
def test_an_answer_without_an_end_holds_nothing_up(head: bytes) -> None:
    """Ten events within less than the two seconds that one used to cost."""

    def serve(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(head)

    with Scripted(serve) as server:
        began = time.monotonic()
        seen = outcomes(server, 10)
        took_s = time.monotonic() - began
    assert all(isinstance(outcome, Delivered) for outcome in seen)
    assert len(server.received) == 10
    assert took_s < SLACK_S


def test_a_body_that_comes_late_keeps_the_connection() -> None:
    """Head and body in two segments, as many receivers send them."""

    def serve(connection: socket.socket, _: int, server: Scripted) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(OK + b"Content-Length: 2\r\n\r\n")
            connection.sendall(b"OK")

    with Scripted(serve) as server:
        assert all(isinstance(outcome, Delivered) for outcome in outcomes(server, 20))
    assert server.connections == 1


def test_a_408_said_of_the_silence_before_costs_one_repeat() -> None:
    """The receiver gives an idle connection up in the moment in which the next event sets out."""

    def serve(connection: socket.socket, number: int, server: Scripted) -> None:
        for turn in range(2):
            request = read_request(connection)
            if not request:
                return
            server.received.append(request)
            tired = number == 0 and turn == 1
            connection.sendall(
                answer("408 Timeout", b"", "Connection: close") if tired else OK + TWO
            )

    with Scripted(serve) as server:
        assert all(isinstance(outcome, Delivered) for outcome in outcomes(server, 2))
    assert server.connections == 2


# ---- what the receiver says ------------------------------------------------------------------------


def test_the_receivers_own_words_come_along_on_one_line() -> None:
    said = "Image file missing\r\n\x1b[31m" + "ö" * 300
    with Scripted(script(Case(answer("400 Bad", said.encode())))) as server:
        (outcome,) = outcomes(server, 1)
    assert isinstance(outcome, GiveUp)
    assert outcome.words.startswith("Image file missing [31mö")
    assert outcome.words.isprintable()
    assert len(outcome.words) == 200
