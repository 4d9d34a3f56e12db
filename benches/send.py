"""What it costs to send: one event of 53 kB on a kept connection, beside libcurl and what Python has.

The receiver is a process of its own; time is this process's CPU time, in the kernel too.
"""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import urllib3

from benches.floor import CurlFloor
from benches.listener import Listener
from benches.method import compare
from benches.report import Result, ways_table
from cammra_edge import HttpPost
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.sinks.base import Delivered
from cammra_edge.sinks.http import HttpSink

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = bytes(53_000)
CURL = "libcurl, easy handle, in C"


def run(*, quick: bool) -> Result:
    with Listener() as listener:
        ways = _ways(listener.url)
        measured = compare(ways, reference=CURL, rounds=9 if quick else 61)
    table = ways_table("POST of 53 kB on a kept connection", measured, reference="libcurl")
    result = Result(tables=[table])
    result.bars["send"] = next(way.ratio for way in measured if way.name == "cammra_edge")
    return result


def _ways(url: str) -> dict[str, Callable[[], object]]:
    message = Body(content=CONTENT, content_type="multipart/form-data; boundary=b")
    attempt = Attempt(event_id="0" * 32, packet=4711)
    fields = {
        "Content-Type": message.content_type,
        "Idempotency-Key": f"{attempt.event_id}-4711",
        "X-Event-Id": attempt.event_id,
        "X-Attempt": "1",
    }
    place = urlsplit(url)
    host, port = str(place.hostname), int(place.port or 0)
    floor, sink = CurlFloor(url), HttpSink(HttpPost(url), clock=SYSTEM_CLOCK)
    plain = http.client.HTTPConnection(host, port)
    pool = urllib3.PoolManager()
    client = httpx.Client()
    raw = socket.create_connection((host, port))
    head = f"POST /events HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(CONTENT)}\r\n\r\n"

    def ours() -> None:
        assert isinstance(sink.send(message, attempt), Delivered)

    def by_http_client() -> None:
        plain.request("POST", "/events", body=CONTENT, headers=fields)
        plain.getresponse().read()

    def by_raw_socket() -> None:
        raw.sendmsg((head.encode(), CONTENT))
        raw.recv(4096)

    return {
        CURL: lambda: floor.post(CONTENT),
        "cammra_edge": ours,
        "raw socket, from Python": by_raw_socket,
        "http.client": by_http_client,
        "urllib3": lambda: pool.request("POST", url, body=CONTENT, headers=fields),
        "httpx": lambda: client.post(url, content=CONTENT, headers=fields),
    }
