"""What stands between a profile and its receiver: a proxy, whatever it answers, and where a redirect may lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost
from cammra_edge.sinks.base import Delivered, Misconfigured, TryLater
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.redirect import protocol_there
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering, headers_of

if TYPE_CHECKING:
    import socket

    from cammra_edge.sinks.base import Outcome

ATTEMPT = Attempt(event_id="e" * 32, packet=7)
BODY = Body(content=b"{}", content_type="application/json")


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (answer("407 Who", b""), Misconfigured, "the proxy refuses the user or password"),
        (answer("502 Bad Gateway", b"x"), TryLater, "the proxy answers with status 502"),
        (answer("403 No", b""), TryLater, "the proxy answers with status 403"),
        (b"SSH-2.0 hello\r\n", TryLater, "speaks no HTTP"),
        (b"", TryLater, "broke the connection off"),
        (answer(), TryLater, "does not speak TLS"),  # and behind the tunnel no receiver
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_said_in_words(
    given: bytes, kind: type[Outcome], words: str
) -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):  # CONNECT has no body and names none
            request += connection.recv(1)
        server.received.append(request)
        connection.sendall(given)
        if given == answer():
            connection.recv(1000)
            connection.sendall(b"SSH-2.0 hello\r\n")

    with Scripted(script) as proxy:
        protocol = HttpPost(
            "https://receiver.invalid/x?a=b",
            proxy=f"http://{LOOPBACK}:{proxy.port}",
            proxy_user="p",
            proxy_password="q",
            timeouts=PATIENT,
        )
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        outcome = sink.send(BODY, ATTEMPT)
        sink.close()
    assert isinstance(outcome, kind)
    assert words in outcome.why  # type: ignore[union-attr] # every outcome but success has one
    assert proxy.received[0] == (
        b"CONNECT receiver.invalid:443 HTTP/1.1\r\nHost: receiver.invalid:443\r\n"
        b"Proxy-Authorization: Basic cDpx\r\n\r\n"
    )


def test_a_proxy_is_used_and_proves_itself() -> None:
    with Scripted(answering(answer())) as proxy:
        protocol = HttpPost(
            "http://receiver.invalid/x",
            proxy=f"http://{LOOPBACK}:{proxy.port}",
            proxy_user="p",
            proxy_password="q",
            timeouts=PATIENT,
        )
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        sink.close()
    (request,) = proxy.received
    assert request.startswith(b"POST http://receiver.invalid:80/x HTTP/1.1\r\n")
    assert headers_of(request)["proxy-authorization"] == "Basic cDpx"


@pytest.mark.parametrize(
    ("here", "there", "follows"),
    [
        ("http://a/x", "https://a/x", True),
        ("http://a/x", "https://a:8443/x", False),
        ("http://a:8080/x", "https://a/x", False),
        ("https://a/x", "http://a/x", False),
        ("http://a/x", "https://b/x", False),
    ],
)
def test_the_secured_port_of_the_same_host_is_the_same_server(
    here: str, there: str, *, follows: bool
) -> None:
    protocol = HttpPost(here)
    moved = protocol_there(protocol, protocol.endpoint(), there, left_s=1.0)
    assert (moved is not None) == follows


def test_an_ipv6_zone_never_leaves_this_machine() -> None:
    """nginx, Apache and Kestrel refuse a `Host` that has one."""
    sink = HttpSink(HttpPost("http://[fe80::1%25eth0]:8077/x"), clock=SYSTEM_CLOCK)
    assert "\r\nHost: [fe80::1]:8077\r\n" in sink._head
    assert sink.endpoint.host == "fe80::1%eth0"
