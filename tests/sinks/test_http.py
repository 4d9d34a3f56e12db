"""The HTTP sink: what goes out, what answers mean, and how it proves who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Files
from cammra_edge.profile import HttpPost
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.http_verdict import holds
from cammra_edge.sinks.whys import Why
from tests.servers import (
    LOOPBACK,
    PATIENT,
    Scripted,
    answer,
    answering,
    free_port,
    headers_of,
    read_request,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from cammra_edge.sinks.base import Outcome

OK = Delivered(Why.STATUS(status=200))
ATTEMPT = Attempt(event_id="e" * 32, packet=7, number=3)
BODY = Body(content=b'{"packetCounter":"7"}', content_type="application/json")


def post(port: int, **settings: object) -> HttpPost:
    return HttpPost(f"http://{LOOPBACK}:{port}/listener.php?a=b", timeouts=PATIENT, **settings)  # type: ignore[arg-type] # the tests' own


def sent(server: Scripted, **settings: object) -> Outcome:
    sink = HttpSink(post(server.port, **settings), clock=SYSTEM_CLOCK)
    try:
        return sink.send(BODY, ATTEMPT)
    finally:
        sink.close()


@pytest.fixture
def good() -> Iterator[Scripted]:
    with Scripted(answering(answer())) as server:
        yield server


def test_the_request_is_whole_and_named(good: Scripted) -> None:
    assert sent(good) == OK
    (request,) = good.received
    assert request.startswith(b"POST /listener.php?a=b HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + BODY.content)
    assert headers_of(request) == {
        "host": f"{LOOPBACK}:{good.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "cammra-edge",
        "content-type": "application/json",
        "content-length": str(len(BODY.content)),
        "idempotency-key": f"{'e' * 32}-7",
        "x-event-id": "e" * 32,
        "x-attempt": "3",
    }


def test_a_test_says_that_it_is_one(good: Scripted) -> None:
    sink = HttpSink(post(good.port), clock=SYSTEM_CLOCK)
    assert sink.send(BODY, Attempt(event_id="e", packet=1, test=True)) == OK
    sink.close()
    assert headers_of(good.received[0])["x-test"] == "1"


def test_one_connection_carries_many_events(good: Scripted) -> None:
    sink = HttpSink(post(good.port), clock=SYSTEM_CLOCK)
    assert {sink.send(BODY, ATTEMPT) for _ in range(20)} == {OK}
    sink.close()
    assert good.connections == 1
    assert len(good.received) == 20


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("200 OK", Delivered),
        ("202 Accepted", Delivered),
        ("204 No Content", Delivered),
        ("208 Already Reported", Delivered),
        ("301 Moved", GiveUp),
        ("307 Temporary", GiveUp),
        ("400 Bad", GiveUp),
        ("404 Not Found", GiveUp),
        ("409 Conflict", GiveUp),
        ("413 Too Large", GiveUp),
        ("422 Unprocessable", GiveUp),
        ("401 Unauthorized", Misconfigured),
        ("407 Proxy", Misconfigured),
        ("408 Timeout", TryLater),
        ("425 Early", TryLater),
        ("429 Many", TryLater),
        ("500 Fault", TryLater),
        ("503 Busy", TryLater),
    ],
)
def test_every_status_has_its_outcome(status: str, kind: type[Outcome]) -> None:
    with Scripted(answering(answer(status, b"" if status.startswith("204") else b"x"))) as server:
        assert isinstance(sent(server), kind)


def test_a_receiver_may_say_that_it_has_the_event_already() -> None:
    with Scripted(answering(answer("409 Conflict"))) as server:
        assert isinstance(sent(server, also_delivered={409}), Delivered)
        assert isinstance(sent(server, also_delivered={422}), GiveUp)
    with Scripted(answering(answer("401 No"))) as server:
        assert isinstance(sent(server, also_delivered={401}), Misconfigured)


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("0", 1.0), ("999999", 3600.0), ("soon", None), ("-3", None)]
)
def test_retry_after_is_honoured_within_bounds(value: str, seconds: float | None) -> None:
    with Scripted(answering(answer("503 Busy", b"", f"Retry-After: {value}"))) as server:
        outcome = sent(server)
    assert isinstance(outcome, TryLater)
    assert outcome.after_s == seconds


def test_retry_after_as_a_date_counts_from_our_clock() -> None:
    with Scripted(
        answering(answer("503 Busy", b"", "Retry-After: Thu, 01 Jan 1970 00:01:00 GMT"))
    ) as server:
        outcome = sent(server)
    assert isinstance(outcome, TryLater)
    assert outcome.after_s == 1.0


def test_retry_after_as_a_date_counts_from_the_receivers_own_clock_where_it_tells_it() -> None:
    """However wrong the camera's clock is."""
    headers = (
        "Date: Wed, 21 Oct 2065 07:28:00 GMT",
        "Retry-After: Wed, 21 Oct 2065 07:28:30 GMT",
    )
    with Scripted(answering(answer("503 Busy", b"", *headers))) as server:
        outcome = sent(server)
    assert isinstance(outcome, TryLater)
    assert outcome.after_s == 30.0


def test_a_redirect_is_not_followed() -> None:
    with Scripted(answering(answer())) as other:
        location = f"Location: http://{LOOPBACK}:{other.port}/"
        with Scripted(answering(answer("302 Found", b"", location))) as server:
            outcome = sent(server, user="u", password="geheim")
        assert other.connections == 0
    assert isinstance(outcome, GiveUp)
    assert str(other.port) in outcome.why


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Moved", "308 Moved"])
@pytest.mark.parametrize("location", ["/there?c=d", "http://127.0.0.1:{port}/there?c=d#x"])
def test_a_redirect_within_the_server_is_followed_where_that_is_set(
    status: str, location: str
) -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            there = f"Location: {location.format(port=server.port)}"
            moved = request.startswith(b"POST /listener.php")
            connection.sendall(answer(status, b"", there) if moved else answer())

    with Scripted(script) as server:
        outcome = sent(server, follow_redirects=True, user="u", password="p", auth="basic")
    assert isinstance(outcome, Delivered)
    arrived = server.received[-1]
    assert arrived.startswith(b"POST /there?c=d HTTP/1.1\r\n")
    assert arrived.endswith(b"\r\n\r\n" + BODY.content)
    assert headers_of(arrived)["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/",  # another port: another program
        "http://localhost:{port}/",
        "ftp://127.0.0.1/",
        "",
        "/listener.php?a=b",
        "http://[::1",
    ],
)
def test_a_redirect_to_another_server_or_round_and_round_is_not_followed(
    good: Scripted, location: str
) -> None:
    moved = answer("307 Moved", b"", f"Location: {location.format(port=good.port)}")
    with Scripted(answering(moved)) as server:
        outcome = sent(server, follow_redirects=True)
        assert len(server.received) <= 4
    assert isinstance(outcome, GiveUp)
    assert good.received == []


def test_files_have_no_place_in_a_post() -> None:
    assert isinstance(HttpSink(post(1), clock=SYSTEM_CLOCK).send(Files(files=()), ATTEMPT), GiveUp)


# ---- acknowledgement by body --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "wanted", "good"),
    [
        (b'{"Result": true, "x": 1}', '{"Result": true}', True),
        (b'{"Result": false}', '{"Result": true}', False),
        (b"[1]", '{"Result": true}', False),
        (b"<html>login</html>", '{"Result": true}', False),
        (b"thanks, OK", "OK", True),
        (b"", "OK", False),
        (b"[" * 60_000, '{"a": 1}', False),
    ],
)
def test_what_an_answer_holds(body: bytes, wanted: str, *, good: bool) -> None:
    assert holds(body, wanted) is good


def test_a_2xx_without_the_wanted_body_is_tried_again() -> None:
    with Scripted(answering(answer("200 OK", b'{"Result": false}'))) as server:
        assert isinstance(sent(server, success_body='{"Result": true}'), TryLater)
    with Scripted(answering(answer("200 OK", b'{"Result": true}'))) as server:
        assert isinstance(sent(server, success_body='{"Result": true}'), Delivered)


def test_a_login_page_is_pointed_out() -> None:
    page = answer("200 OK", b"<html><form></form></html>", "Content-Type: text/html")
    with Scripted(answering(page)) as server:
        outcome = sent(server)
    assert isinstance(outcome, Delivered)
    assert "login page" in outcome.note


# ---- who we are -----------------------------------------------------------------------------------

BASIC = "Basic dTpwYXNz"
DIGEST = 'WWW-Authenticate: Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256'


def test_basic_is_sent_unasked(good: Scripted) -> None:
    assert isinstance(sent(good, auth="basic", user="u", password="pass"), Delivered)
    assert headers_of(good.received[0])["authorization"] == BASIC
    assert len(good.received) == 1


def test_auto_answers_basic_once_and_remembers_it() -> None:
    asks = answer("401 No", b"", 'WWW-Authenticate: Basic realm="r"')
    with Scripted(answering(asks, answer())) as server:
        sink = HttpSink(post(server.port, user="u", password="pass"), clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        sink.close()
    said = [headers_of(request).get("authorization") for request in server.received]
    assert said == [None, BASIC, BASIC]
    assert {request.partition(b"\r\n\r\n")[2] for request in server.received} == {BODY.content}


def test_auto_prefers_digest_and_counts_its_nonce_up() -> None:
    asks = answer("401 No", b"", 'WWW-Authenticate: Basic realm="r"', DIGEST)
    with Scripted(answering(asks, answer())) as server:
        sink = HttpSink(post(server.port, user="u", password="pass"), clock=SYSTEM_CLOCK)
        assert all(isinstance(sink.send(BODY, ATTEMPT), Delivered) for _ in range(3))
        sink.close()
    said = [headers_of(request).get("authorization", "") for request in server.received]
    assert [f"nc=0000000{count}" in text for count, text in enumerate(said)] == [
        False,
        True,
        True,
        True,
    ]
    assert all(text.startswith("Digest ") for text in said[1:])


def test_a_stale_nonce_costs_one_repeat() -> None:
    fresh = answer("401 No", b"", DIGEST.replace("n1", "n2") + ", stale=true")
    with Scripted(answering(answer("401 No", b"", DIGEST), answer(), fresh, answer())) as server:
        sink = HttpSink(
            post(server.port, auth="digest", user="u", password="pass"), clock=SYSTEM_CLOCK
        )
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        sink.close()
    assert len(server.received) == 4
    assert 'nonce="n2"' in headers_of(server.received[3])["authorization"]


@pytest.mark.parametrize("auth", ["auto", "basic", "digest"])
def test_a_wrong_password_is_not_hammered(auth: str) -> None:
    asks = answer("401 No", b"", 'WWW-Authenticate: Basic realm="r"', DIGEST)
    with Scripted(answering(asks)) as server:
        outcome = sent(server, auth=auth, user="u", password="geheim")
    assert isinstance(outcome, Misconfigured)
    assert "geheim" not in outcome.why
    assert len(server.received) == 2


def test_digest_is_never_talked_down_to_basic() -> None:
    asks = answer("401 No", b"", 'WWW-Authenticate: Basic realm="r"')
    with Scripted(answering(asks)) as server:
        assert isinstance(sent(server, auth="digest", user="u", password="p"), Misconfigured)
    assert all("authorization" not in headers_of(request) for request in server.received)


@pytest.mark.parametrize(
    ("auth", "header", "name", "value"),
    [
        ("auto", "X-Api-Key: k:1", "x-api-key", "k:1"),
        ("auto", "Token abc", "authorization", "Token abc"),
        ("bearer", "abc", "authorization", "Bearer abc"),
        ("bearer", "Bearer abc", "authorization", "Bearer abc"),
        ("bearer", " abc ", "authorization", "Bearer abc"),
    ],
)
def test_the_auth_header(good: Scripted, auth: str, header: str, name: str, value: str) -> None:
    assert isinstance(sent(good, auth=auth, auth_header=header), Delivered)
    assert headers_of(good.received[0])[name] == value


@pytest.mark.parametrize("user", ["", "u"])
def test_without_a_user_a_challenge_costs_no_second_post(user: str) -> None:
    asks = answer("401 No", b"", 'WWW-Authenticate: Basic realm="r"')
    with Scripted(answering(asks)) as server:
        outcome = sent(server, user=user)
    assert isinstance(outcome, Misconfigured)
    assert len(server.received) == (2 if user else 1)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_challenge_goes_back_as_it_came(encoding: str) -> None:
    realm = "Zufahrt Süd".encode(encoding)

    def serve(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            asks = b'WWW-Authenticate: Digest realm="' + realm + b'", nonce="n"\r\n'
            first = len(server.received) == 1
            connection.sendall(
                b"HTTP/1.1 401 No\r\n" + asks + b"Content-Length: 0\r\n\r\n" if first else answer()
            )

    with Scripted(serve) as server:
        outcome = sent(server, user="u", password="p")
    assert isinstance(outcome, Delivered)
    assert b'realm="' + realm + b'"' in server.received[1]


# ---- connections that die ---------------------------------------------------------------------------


def test_a_kept_connection_that_was_closed_is_replaced_at_once() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        server.received.append(read_request(connection))
        connection.sendall(answer())

    with Scripted(script) as server:
        sink = HttpSink(post(server.port), clock=SYSTEM_CLOCK)
        assert all(isinstance(sink.send(BODY, ATTEMPT), Delivered) for _ in range(10))
        sink.close()
    assert server.connections == 10


def test_a_kept_connection_that_dies_under_the_request_is_replaced_once() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        server.received.append(read_request(connection))
        connection.sendall(answer())
        read_request(connection)  # takes the second one, and says nothing

    with Scripted(script) as server:
        sink = HttpSink(post(server.port), clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        sink.close()
    assert server.connections == 2


def test_nobody_listening_is_said_in_words() -> None:
    outcome = HttpSink(post(port := free_port()), clock=SYSTEM_CLOCK).send(BODY, ATTEMPT)
    where = f"http://{LOOPBACK}:{port}"
    assert outcome == TryLater(Why.NOTHING_LISTENS(where=where))


def test_no_proxy_is_taken_from_the_environment(
    good: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(sent(good), Delivered)
