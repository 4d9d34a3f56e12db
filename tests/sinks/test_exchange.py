"""What a sink tells of its last try: the request's head and the answer, and never a secret."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import Auth, HttpPost, Tcp
from cammra_edge.sinks.base import Delivered, TryLater
from cammra_edge.sinks.exchange import MOST_ANSWER_BYTES, NO_EXCHANGE, Exchange
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.tcp import TcpSink
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering, free_port, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

ATTEMPT = Attempt(event_id="e" * 32, packet=7, number=3)
BODY = Body(content=b'{"packetCounter":"7"}', content_type="application/json")
PASSWORD = 'p&ss"wört <1>'
KEY = "k3y-of-the-header"


def told(server: Scripted, path: str = "/in", body: Body = BODY, **settings: Any) -> Exchange:  # noqa: ANN401 - the protocol's own
    protocol = HttpPost(f"http://{LOOPBACK}:{server.port}{path}", timeouts=PATIENT, **settings)
    sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
    try:
        sink.send(body, ATTEMPT)
        return sink.exchange()
    finally:
        sink.close()


def echoing(status: str = "400 Bad") -> Callable[[socket.socket, int, Scripted], None]:
    """Answers with the whole request, as a receiver does that is being set up."""

    def play(line: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(line):
            server.received.append(request)
            line.sendall(answer(status, request, "Content-Type: text/plain"))

    return play


def test_head_and_answer_are_those_that_went_over_the_wire() -> None:
    refusal = answer("400 Bad", b"no gate here", "X-Gate: 7")
    with Scripted(answering(refusal)) as server:
        exchange = told(server)
        (request,) = server.received
    assert exchange.head + BODY.content == request
    assert exchange.answer == refusal


def test_before_the_first_try_there_is_nothing_to_tell() -> None:
    sink = HttpSink(HttpPost(f"http://{LOOPBACK}:9/"), clock=SYSTEM_CLOCK)
    assert sink.exchange() == NO_EXCHANGE


def test_of_a_try_that_nobody_answered_the_head_alone_is_told() -> None:
    sink = HttpSink(HttpPost(f"http://{LOOPBACK}:{free_port()}/in"), clock=SYSTEM_CLOCK)
    sink.send(BODY, ATTEMPT)
    exchange = sink.exchange()
    assert exchange.head.startswith(b"POST /in HTTP/1.1\r\n")
    assert exchange.head.endswith(b"\r\n\r\n")
    assert exchange.answer == b""


def test_what_is_no_http_is_told_as_it_came() -> None:
    def greet(line: socket.socket, *_: object) -> None:
        read_request(line)
        line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    with Scripted(greet) as server:
        assert told(server).answer == b"SSH-2.0-OpenSSH_9.2\r\n"


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"auth": Auth.BASIC, "user": "cam", "password": PASSWORD}, b"Authorization: Basic ***"),
        ({"auth": Auth.BEARER, "auth_header": KEY}, b"Authorization: ***"),
        ({"auth_header": f"X-Key: {KEY}"}, b"X-Key: ***"),
    ],
)
def test_no_secret_is_told_not_even_by_a_receiver_that_repeats_the_request(
    settings: dict[str, Any], kept: bytes
) -> None:
    with Scripted(echoing()) as server:
        exchange = told(server, **settings)
        (request, *_) = server.received
    proof = base64.b64encode(f"cam:{PASSWORD}".encode())
    secret = KEY.encode() if "auth_header" in settings else proof
    assert secret in request
    assert kept in exchange.head
    assert kept in exchange.answer
    assert secret not in exchange.head + exchange.answer


def test_the_answer_to_a_challenge_is_not_told() -> None:
    challenge = answer("401 No", b"", 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"')

    def play(line: socket.socket, *_: object) -> None:
        read_request(line)
        line.sendall(challenge)
        request = read_request(line)
        line.sendall(answer("400 Bad", request))

    with Scripted(play) as server:
        exchange = told(server, auth=Auth.DIGEST, user="cam", password=PASSWORD)
    assert b"Authorization: Digest ***\r\n" in exchange.head
    assert b"Authorization: Digest ***\r\n" in exchange.answer
    assert b"nonce=" not in exchange.answer


@pytest.mark.parametrize(
    "spelled",
    [
        PASSWORD.encode(),
        PASSWORD.encode("latin-1"),
        b'p&ss\\"w\\u00f6rt <1>',
        'p&ss\\"wört <1>'.encode(),
        b"p%26ss%22w%C3%B6rt%20%3C1%3E",
        "p&amp;ss&quot;wört &lt;1&gt;".encode(),
    ],
)
def test_a_password_is_hidden_in_every_usual_spelling(spelled: bytes) -> None:
    with Scripted(answering(answer("403 No", b"[" + spelled + b"]"))) as server:
        exchange = told(server, auth=Auth.BASIC, user="cam", password=PASSWORD)
    assert exchange.answer.endswith(b"\r\n\r\n[***]")


def test_what_the_receiver_hands_out_to_us_is_not_told() -> None:
    fields = "Set-Cookie: sid=0123456789\r\nset-cookie: more=1\r\nLocation: /there?token=abc"
    with Scripted(answering(answer("302 Found", b"", fields))) as server:
        shown = told(server).answer
    assert b"Set-Cookie: ***\r\nset-cookie: ***\r\nLocation: /there?***\r\n" in shown


def test_what_stands_behind_a_question_mark_may_be_a_key() -> None:
    with Scripted(answering(answer())) as server:
        assert told(server, "/in?key=abc").head.startswith(b"POST /in?*** HTTP/1.1\r\n")
        # A template's own target is what is sent, as a body is.
        asked = Body(content=b"", method="PUT", target="/gate?plate=1AB1234")
        assert told(server, body=asked).head.startswith(b"PUT /gate?plate=1AB1234 HTTP/1.1\r\n")


def test_a_proxy_s_password_is_not_told() -> None:
    with Scripted(echoing("502 Bad")) as server:
        protocol = HttpPost(
            "http://203.0.113.9/in", proxy=f"http://{LOOPBACK}:{server.port}", proxy_user="cam",
            proxy_password="pr0xy-word", timeouts=PATIENT,
        )  # fmt: skip
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        sink.send(BODY, ATTEMPT)
        exchange = sink.exchange()
        sink.close()
        (request,) = server.received
    proof = base64.b64encode(b"cam:pr0xy-word")
    assert proof in request
    assert proof not in exchange.head + exchange.answer
    assert b"Proxy-Authorization: ***\r\n" in exchange.head
    assert exchange.head.startswith(b"POST http://203.0.113.9:80/in HTTP/1.1\r\n")


def test_an_answer_is_cut_after_its_secrets_are_hidden() -> None:
    start = MOST_ANSWER_BYTES - len(answer("403 No", b"x" * MOST_ANSWER_BYTES)) + MOST_ANSWER_BYTES
    body = b"x" * (start - 4) + PASSWORD.encode() + b"x" * 9000
    with Scripted(answering(answer("403 No", body))) as server:
        shown = told(server, auth=Auth.BASIC, user="cam", password=PASSWORD).answer
    assert len(shown) == MOST_ANSWER_BYTES
    assert PASSWORD.encode()[:4] not in shown


def test_a_packed_answer_is_told_unpacked() -> None:
    packed = answer("400 Bad", gzip.compress(b"no gate here"), "Content-Encoding: gzip")
    with Scripted(answering(packed)) as server:
        assert told(server).answer.endswith(b"\r\n\r\nno gate here")


def test_where_the_receiver_has_moved_to_is_told() -> None:
    def play(line: socket.socket, number: int, _: object) -> None:
        read_request(line)
        moved = answer("307 Moved", b"", "Location: /new?key=abc")
        line.sendall(answer("400 Bad", b"not here either") if number else moved)

    with Scripted(play) as server:
        exchange = told(server, follow_redirects=True)
    assert exchange.head.startswith(b"POST /new?*** HTTP/1.1\r\n")
    assert exchange.answer.endswith(b"not here either")


def test_a_tcp_application_s_answer_is_told() -> None:
    def play(line: socket.socket, *_: object) -> None:
        line.recv(100)
        line.sendall(b"NAK 7")

    with Scripted(play) as server:
        protocol = Tcp(f"{LOOPBACK}:{server.port}", ack="ACK", timeouts=PATIENT)
        sink = TcpSink(protocol, clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(BODY, ATTEMPT), TryLater)
        assert sink.exchange() == Exchange(answer=b"NAK 7")
        sink.close()


def test_only_the_last_try_is_told() -> None:
    with Scripted(answering(answer("200 OK", b"thanks"))) as server:
        protocol = HttpPost(f"http://{LOOPBACK}:{server.port}/in", timeouts=PATIENT)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        sink.send(BODY, Attempt(event_id="f" * 32, packet=8))
        assert b"X-Event-Id: " + b"f" * 32 in sink.exchange().head
        sink.close()
