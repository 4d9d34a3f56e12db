"""The TCP sink: bytes on the wire, and what counts as delivered."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Files
from cammra_edge.phrases import quoted
from cammra_edge.profile import Tcp, Timeouts
from cammra_edge.sinks.base import Delivered, GiveUp, TryLater
from cammra_edge.sinks.tcp import TcpSink
from cammra_edge.sinks.unacknowledged import is_over, unacknowledged_bytes
from tests.half_open import vanish
from tests.servers import (
    LOOPBACK,
    PATIENT,
    SLACK_S,
    Scripted,
    free_port,
    require_program,
    running,
    wait_until,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.sinks.base import Outcome

ATTEMPT = Attempt(event_id="e" * 32, packet=7)
BODY = Body(content=b'{"a":"' + b"x" * 100_000 + b'"}')
BIG = Body(content=b"y" * (64 << 20))
SHORT = Timeouts(connect_s=2, write_s=1, answer_s=1, total_s=3)
NOTICING = Timeouts(write_s=2, total_s=30)


def sink(port: int, *, timeouts: Timeouts = PATIENT, **settings: object) -> TcpSink:
    return TcpSink(Tcp(f"{LOOPBACK}:{port}", timeouts=timeouts, **settings), clock=SYSTEM_CLOCK)  # type: ignore[arg-type] # the tests' own


def until_eof(connection: socket.socket, _: int, server: Scripted) -> None:
    received = bytearray()
    while chunk := connection.recv(65536):
        received += chunk
    server.received.append(bytes(received))


def test_one_connection_carries_the_object_and_nothing_else() -> None:
    with Scripted(until_eof) as server:
        outcome = sink(server.port).send(BODY, ATTEMPT)
        assert server.wait_received(1) == [BODY.content]
    assert outcome == Delivered(quoted("acknowledged by the receiver's kernel"))


def test_each_event_has_its_own_connection() -> None:
    with Scripted(until_eof) as server:
        way = sink(server.port)
        assert all(isinstance(way.send(BODY, ATTEMPT), Delivered) for _ in range(5))
        assert server.wait_received(5) == [BODY.content] * 5


def test_a_receiver_that_closes_while_we_look_away_has_every_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bytes were counted, we lose the processor, the receiver reads all and hangs up, we look on."""
    looked = threading.Event()

    def reads_late(connection: socket.socket, _: int, server: Scripted) -> None:
        assert looked.wait(SLACK_S)
        until_eof(connection, 0, server)

    def counted_and_lost_the_processor(sock: socket.socket) -> int:
        left = unacknowledged_bytes(sock)
        if not looked.is_set():
            assert left > 1
            looked.set()
            while not is_over(sock):
                time.sleep(0.001)
        return left

    monkeypatch.setattr(
        "cammra_edge.sinks.tcp.unacknowledged_bytes", counted_and_lost_the_processor
    )
    with Scripted(reads_late) as server:
        content = b"z" * 150_000  # more than the receiver's kernel holds, less than both hold
        outcome = sink(server.port).send(Body(content=content), ATTEMPT)
        assert server.wait_received(1) == [content]
    assert outcome == Delivered(quoted("acknowledged by the receiver's kernel"))


@pytest.mark.parametrize(
    ("framing", "wire"),
    [
        ("", BODY.content + b"\n"),
        ("newline", BODY.content + b"\n"),
        ("nul", BODY.content + b"\0"),
        ("length", struct.pack(">I", len(BODY.content)) + BODY.content),
    ],
)
def test_a_kept_connection_separates_objects(framing: str, wire: bytes) -> None:
    with Scripted(until_eof) as server:
        way = sink(server.port, persistent=True, framing=framing)
        assert all(isinstance(way.send(BODY, ATTEMPT), Delivered) for _ in range(3))
        way.close()
        assert server.wait_received(1) == [wire * 3]
    assert server.connections == 1


def test_a_kept_connection_that_was_closed_is_replaced_at_once() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        received = b""
        while not received.endswith(b"\n") and (piece := connection.recv(65536)):
            received += piece
        connection.close()  # before it is told: the next event must find the connection closed
        server.received.append(received)

    with Scripted(script) as server:
        way = sink(server.port, persistent=True)
        for count in range(1, 6):
            assert isinstance(way.send(BODY, ATTEMPT), Delivered)
            assert len(server.wait_received(count)) == count
        way.close()
    assert server.connections == 5


def test_a_receiver_that_reads_once_and_hangs_up_has_it_all_the_same() -> None:
    """Its kernel took every byte, though its program looked at the first few only."""

    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        server.received.append(connection.recv(100))

    small = Body(content=b'{"a":"b"}' * 100)
    with Scripted(script) as server:
        way = sink(server.port)
        outcomes = [way.send(small, ATTEMPT) for _ in range(200)]
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes


def stuck(_: socket.socket, __: int, server: Scripted) -> None:
    while not server._closing:
        time.sleep(0.02)


def test_a_receiver_that_stops_reading_has_not_got_it() -> None:
    with Scripted(stuck) as server:
        began = time.monotonic()
        outcome = sink(server.port, timeouts=SHORT).send(BIG, ATTEMPT)
        took_s = time.monotonic() - began
    assert isinstance(outcome, TryLater)
    assert took_s < SHORT.total_s + SLACK_S


def test_a_receiver_that_breaks_off_has_not_got_it() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Scripted(script) as server:
        assert isinstance(sink(server.port).send(BIG, ATTEMPT), TryLater)


def test_a_receiver_that_is_gone_without_a_word_has_not_got_it() -> None:
    """Its connection is half-open: writing goes well, and nobody acknowledges."""
    gone = threading.Event()
    small = Body(content=b'{"a":"b"}')

    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        connection.recv(1000)
        vanish(connection)
        gone.set()
        while not server._closing:
            time.sleep(0.02)

    with Scripted(script) as server:
        way = sink(server.port, timeouts=NOTICING, persistent=True)
        assert isinstance(way.send(small, ATTEMPT), Delivered)
        assert gone.wait(SLACK_S)
        assert isinstance(way.send(small, ATTEMPT), TryLater)
        way.close()


def test_written_is_not_acknowledged() -> None:
    """What the whole file rests on: the kernel counts what the other end has not taken."""
    with Scripted(stuck) as server:
        connection = socket.create_connection((LOOPBACK, server.port))
        connection.settimeout(0)
        written = 0
        while True:
            try:
                written += connection.send(b"z" * 65536)
            except BlockingIOError:
                break
        assert 0 < unacknowledged_bytes(connection) <= written
        connection.close()


def test_a_failed_connection_is_never_used_again() -> None:
    def script(connection: socket.socket, number: int, server: Scripted) -> None:
        if number == 0:
            connection.recv(1000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            until_eof(connection, number, server)

    with Scripted(script) as server:
        way = sink(server.port, persistent=True)
        assert isinstance(way.send(BIG, ATTEMPT), TryLater)
        assert isinstance(way.send(BODY, ATTEMPT), Delivered)
        way.close()
        assert server.wait_received(1) == [BODY.content + b"\n"]


def acknowledging(answer: bytes, pause_s: float = 0.0) -> object:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
            if received.endswith((b"}", b"\n")):
                server.received.append(received)
                received = b""
                for index in range(len(answer)):
                    connection.sendall(answer[index : index + 1])
                    time.sleep(pause_s)

    return script


@pytest.mark.parametrize("persistent", [False, True])
def test_an_application_acknowledgement_is_waited_for(*, persistent: bool) -> None:
    with Scripted(acknowledging(b"<ACK/>", 0.01)) as server:  # type: ignore[arg-type] # made just above
        way = sink(server.port, persistent=persistent, ack="<ACK/>")
        outcomes = [way.send(BODY, ATTEMPT) for _ in range(3)]
        way.close()
    assert outcomes == [Delivered(quoted("acknowledged by the receiver's application"))] * 3
    assert server.connections == (1 if persistent else 3)


@pytest.mark.parametrize("answer", [b"", b"<NACK/>"])
def test_another_answer_is_no_acknowledgement(answer: bytes) -> None:
    with Scripted(acknowledging(answer)) as server:  # type: ignore[arg-type] # as above
        assert isinstance(sink(server.port, ack="<ACK/>").send(BODY, ATTEMPT), TryLater)


def test_nobody_listening_is_said_in_words() -> None:
    outcome = sink(port := free_port()).send(BODY, ATTEMPT)
    assert outcome == TryLater(
        quoted(f"tcp://{LOOPBACK}:{port} refuses the connection: nothing listens on that port")
    )


def test_a_name_without_address_is_said_in_words() -> None:
    outcome: Outcome = TcpSink(
        Tcp("receiver.invalid:7001", timeouts=PATIENT), clock=SYSTEM_CLOCK
    ).send(BODY, ATTEMPT)
    assert isinstance(outcome, TryLater)
    assert "no address found for receiver.invalid" in outcome.why


def test_files_have_no_place_on_a_stream() -> None:
    assert isinstance(sink(1).send(Files(files=()), ATTEMPT), GiveUp)


@pytest.mark.parametrize(
    ("program", "package", "command"),
    [
        (
            "ncat",
            "ncat",
            [
                "--listen",
                "--keep-open",
                LOOPBACK,
                "{port}",
                "--recv-only",
                "-o",
                "{out}",
                "--append-output",
            ],
        ),
        (
            "socat",
            "socat",
            ["-u", "TCP-LISTEN:{port},fork,reuseaddr,bind=127.0.0.1", "OPEN:{out},creat,append"],
        ),
    ],
)
def test_programs_that_nobody_here_wrote_get_every_byte(
    program: str, package: str, command: list[str], tmp_path: Path
) -> None:
    path = require_program(program, apt=package)
    port = free_port()
    out = tmp_path / "received"
    filled = [part.format(port=port, out=out) for part in command]
    with running([path, *filled], port=port):
        assert isinstance(sink(port).send(BODY, ATTEMPT), Delivered)
        wait_until(
            lambda: out.exists() and out.stat().st_size >= len(BODY.content),
            "every byte in the program's file",
        )
    assert out.read_bytes() == BODY.content
