"""Connections that say nothing, or say it slowly, are closed and keep nobody out."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from cammra_edge.web import operation
from cammra_edge.web.patience import ImpatientProtocol
from tests.web.still import ANSWER_S

if TYPE_CHECKING:
    from cammra_edge.web.serve import ServedPage
    from tests.web.conftest import Browser


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch, page: ServedPage) -> ServedPage:
    monkeypatch.setattr(ImpatientProtocol, "headers_s", 0.3)
    monkeypatch.setattr(operation, "BODY_S", 0.3)
    return page


def dial(page: ServedPage) -> socket.socket:
    parts = urlsplit(page.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
def test_headers_that_do_not_come_end_the_connection(hasty: ServedPage, said: bytes) -> None:
    with dial(hasty) as slow:
        slow.sendall(said)
        assert slow.recv(1024) == b""


def test_a_second_request_that_trickles_ends_it_too(hasty: ServedPage) -> None:
    with dial(hasty) as slow:
        slow.sendall(b"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answered = b""
        while not answered.endswith(b"}"):
            answered += slow.recv(65536)
        assert answered.startswith(b"HTTP/1.1 200")
        slow.sendall(b"GET /api")
        assert slow.recv(1024) == b""


def test_a_body_that_does_not_come_is_answered(hasty: ServedPage) -> None:
    head = b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with dial(hasty) as slow:
        slow.sendall(head + b"Content-Length: 99\r\n\r\n{")
        assert slow.recv(65536).startswith(b"HTTP/1.1 408")


def test_a_hundred_silent_connections_keep_nobody_out(hasty: ServedPage, browser: Browser) -> None:
    silent = [dial(hasty) for _ in range(100)]
    try:
        for one in silent:
            assert one.recv(1) == b""
        assert browser.send("GET", "/api/status").status_code == 200
    finally:
        for one in silent:
            one.close()


def test_a_live_stream_is_not_cut_by_it(hasty: ServedPage, browser: Browser) -> None:
    with (
        httpx.Client(
            base_url=hasty.url, cookies=browser.http.cookies, trust_env=False, timeout=ANSWER_S
        ) as http,
        http.stream("GET", "/api/events/stream") as stream,
    ):
        seen = 0
        for line in stream.iter_lines():
            seen += line == "event: status"
            if seen == 3:
                break
        assert seen == 3
