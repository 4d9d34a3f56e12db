"""Receivers that mean harm, or are merely broken: the sink comes back in time and with an outcome."""

from __future__ import annotations

import gzip
import socket
import struct
import time
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost, Timeouts
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.http import HttpSink
from tests.servers import LOOPBACK, PATIENT, SLACK_S, Scripted, answer, read_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.sinks.base import Outcome

LARGEST_ANSWER_BYTES = 64 << 10
ATTEMPT = Attempt(event_id="e" * 32, packet=7)
BODY = Body(content=b"x" * 300_000, content_type="application/json")
SHORT = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=1.5)


def result(
    server: Scripted, timeouts: Timeouts = PATIENT, *, success_body: str = ""
) -> tuple[Outcome, float]:
    sink = HttpSink(
        HttpPost(f"http://{LOOPBACK}:{server.port}/", success_body=success_body, timeouts=timeouts),
        clock=SYSTEM_CLOCK,
    )
    began = time.monotonic()
    outcome = sink.send(BODY, ATTEMPT)
    took_s = time.monotonic() - began
    sink.close()
    return outcome, took_s


def trickle(connection: socket.socket, text: bytes, *, each_s: float = 0.1) -> None:
    for index in range(len(text)):
        connection.sendall(text[index : index + 1])
        time.sleep(each_s)


def never_reads(connection: socket.socket, _: int, server: Scripted) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while not server._closing:
        time.sleep(0.02)


def never_answers(connection: socket.socket, _: int, server: Scripted) -> None:
    read_request(connection)
    never_reads(connection, 0, server)


def trickles_the_head(connection: socket.socket, _: int, __: Scripted) -> None:
    read_request(connection)
    trickle(connection, b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000)


def trickles_early_hints(connection: socket.socket, _: int, server: Scripted) -> None:
    read_request(connection)
    while not server._closing:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.05)


def resets(connection: socket.socket, _: int, __: Scripted) -> None:
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closes(connection: socket.socket, _: int, __: Scripted) -> None:
    read_request(connection)


def speaks_garbage(connection: socket.socket, _: int, __: Scripted) -> None:
    read_request(connection)
    connection.sendall(b"\x00\xff SSH-2.0 hello\r\n\r\n")


def endless_header(connection: socket.socket, _: int, server: Scripted) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not server._closing:
        connection.sendall(b"y" * 10_000)


HOSTILE = [
    never_reads,
    never_answers,
    trickles_the_head,
    trickles_early_hints,
    resets,
    closes,
    speaks_garbage,
    endless_header,
]


@pytest.mark.parametrize("script", HOSTILE)
def test_a_broken_receiver_is_tried_later_and_in_time(script: object) -> None:
    with Scripted(script) as server:  # type: ignore[arg-type] # pytest's parameters have no type
        outcome, took_s = result(server, SHORT)
    assert isinstance(outcome, TryLater), outcome
    assert took_s < SHORT.total_s + SLACK_S


@pytest.mark.parametrize(
    ("script", "scheme", "words"),
    [
        (never_answers, "http", "all was sent, and no answer came within 1 s"),
        (never_reads, "http", "bytes were taken, then none for 1 s"),
        (never_reads, "https", "connected, and TLS was not begun in time"),
    ],
)
def test_a_time_out_says_what_was_done_until_then(
    script: Callable[..., None], scheme: str, words: str
) -> None:
    limits = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=60)
    content = Body(content=b"x" * 12_000_000)
    with Scripted(script) as server:
        protocol = HttpPost(f"{scheme}://{LOOPBACK}:{server.port}/", timeouts=limits)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        outcome = sink.send(content if script is never_reads else BODY, ATTEMPT)
        sink.close()
    assert isinstance(outcome, TryLater)
    assert words in outcome.why


def test_an_early_413_is_heard_while_we_still_send() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(answer("413 Too Large", b"", "Connection: close"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with Scripted(script) as server:
        outcome, _ = result(server)
    assert isinstance(outcome, GiveUp)
    assert "too large" in outcome.why


def test_a_body_that_trickles_after_a_200_does_not_undo_it() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        trickle(connection, b"x" * 1000)

    with Scripted(script) as server:
        outcome, took_s = result(server)
    assert isinstance(outcome, Delivered)
    assert took_s < SLACK_S


def test_a_body_that_never_ends_is_cut_off() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not server._closing:
            connection.sendall(b"8000\r\n" + b"y" * 0x8000 + b"\r\n")
            server.received.append(b"y" * 0x8000)

    with Scripted(script) as server:
        outcome, took_s = result(server)
        taken = sum(map(len, server.received))
    assert isinstance(outcome, Delivered)
    assert took_s < SLACK_S
    assert taken < LARGEST_ANSWER_BYTES + (16 << 20)  # what socket buffers swallow, and no flood


def test_a_body_that_never_ends_holds_no_acknowledgement() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not server._closing:
            connection.sendall(b"8000\r\n" + b"y" * 0x8000 + b"\r\n")

    with Scripted(script) as server:
        outcome, _ = result(server, success_body="OK")
    assert isinstance(outcome, TryLater)


@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized"])
def test_a_packed_bomb_is_not_unpacked(status: str) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        while read_request(connection):
            connection.sendall(
                answer(status, bomb, "Content-Encoding: gzip", 'WWW-Authenticate: Basic realm="r"')
            )

    with Scripted(script) as server:
        outcome, took_s = result(server)
    assert isinstance(outcome, Delivered if status == "200 OK" else Misconfigured)
    assert took_s < SLACK_S


def test_a_status_line_cannot_write_into_the_log() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        read_request(connection)
        connection.sendall(answer("302 Found", b"", "Location: http://x/\x1b[31mred\x07"))

    with Scripted(script) as server:
        outcome, _ = result(server)
    assert outcome.why.isprintable()  # type: ignore[union-attr] # every outcome but success has one


@pytest.mark.parametrize("script", HOSTILE)
def test_the_next_event_goes_through_when_the_receiver_is_well_again(
    script: Callable[..., None],
) -> None:
    def ill_then_well(connection: socket.socket, number: int, server: Scripted) -> None:
        if number == 0:
            script(connection, number, server)
            return
        while read_request(connection):
            connection.sendall(answer())

    with Scripted(ill_then_well) as server:
        limits = replace(SHORT)
        sink = HttpSink(
            HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=limits), clock=SYSTEM_CLOCK
        )
        assert isinstance(sink.send(BODY, ATTEMPT), TryLater)
        for limit in fields(limits):  # what follows is not about time
            object.__setattr__(limits, limit.name, getattr(PATIENT, limit.name))
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        assert isinstance(sink.send(BODY, ATTEMPT), Delivered)
        sink.close()
    assert server.connections == 2
