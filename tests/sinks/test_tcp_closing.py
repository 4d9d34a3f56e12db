"""TCP receivers that take their time to close, or never do: they set no rate, and lose nothing."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Body
from cammra_edge.phrases import quoted
from cammra_edge.profile import Tcp, Tls
from cammra_edge.sinks import half_closed
from cammra_edge.sinks.base import Delivered, TryLater
from cammra_edge.sinks.half_closed import HalfClosed
from cammra_edge.sinks.tcp import TcpSink
from tests.certificates import issue
from tests.fakes import FakeClock
from tests.servers import LOOPBACK, PATIENT, SLACK_S, Scripted, wait_until
from tests.sinks.test_tcp import ATTEMPT, BIG, SHORT, sink, until_eof

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENT = Body(content=b'{"a":"' + b"x" * 50_000 + b'"}')
MANY = 40
"""Events; with a wait of a second for each they take longer than `SLACK_S`."""


def never_closes(connection: socket.socket, number: int, server: Scripted) -> None:
    until_eof(connection, number, server)
    while not server._closing:
        time.sleep(0.02)


def closes_late(connection: socket.socket, number: int, server: Scripted) -> None:
    until_eof(connection, number, server)
    time.sleep(0.5)


def reads_a_byte_a_second(connection: socket.socket, _: int, server: Scripted) -> None:
    while not server._closing and connection.recv(1):
        time.sleep(0.05)


def never_reads(_: socket.socket, __: int, server: Scripted) -> None:
    while not server._closing:
        time.sleep(0.02)


def talk(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"more and more " * 100)


def never_stops_talking(connection: socket.socket, number: int, server: Scripted) -> None:
    until_eof(connection, number, server)
    talk(connection)


@pytest.mark.parametrize(
    "script", [never_closes, closes_late, reads_a_byte_a_second, never_reads, never_stops_talking]
)
def test_the_rate_is_not_a_receivers_leisure(script: object) -> None:
    with Scripted(script) as server:  # type: ignore[arg-type] # those above
        way = sink(server.port)
        began = time.monotonic()
        outcomes = {way.send(EVENT, ATTEMPT) for _ in range(MANY)}
        took_s = time.monotonic() - began
        assert outcomes == {Delivered(quoted("acknowledged by the receiver's kernel"))}
        assert took_s < SLACK_S
        way.close()
        assert server.connections == MANY, "an event was sent twice"
        if script in {never_closes, closes_late, never_stops_talking}:
            assert server.wait_received(MANY) == [EVENT.content] * MANY


def test_the_rate_is_not_a_receivers_leisure_under_tls(tmp_path: Path) -> None:
    own = issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.write(tmp_path / "server.pem"))

    def script(connection: socket.socket, number: int, server: Scripted) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            never_closes(secure, number, server)

    with Scripted(script) as server:
        protocol = Tcp(
            f"tls://{LOOPBACK}:{server.port}", tls=Tls(pin=own.fingerprint), timeouts=PATIENT
        )
        way = TcpSink(protocol, clock=SYSTEM_CLOCK)
        began = time.monotonic()
        assert all(isinstance(way.send(EVENT, ATTEMPT), Delivered) for _ in range(MANY))
        assert time.monotonic() - began < SLACK_S
        way.close()
        assert server.wait_received(MANY) == [EVENT.content] * MANY


def test_a_late_answer_meets_no_reset() -> None:
    """Which would take from the receiver what it has not read yet."""

    def script(connection: socket.socket, number: int, server: Scripted) -> None:
        until_eof(connection, number, server)
        for _ in range(3):
            time.sleep(0.05)
            connection.sendall(b"thank you")
        server.received.append(
            b"reset" if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) else b"in order"
        )

    with Scripted(script) as server:
        way = sink(server.port)
        assert isinstance(way.send(EVENT, ATTEMPT), Delivered)
        assert server.wait_received(2) == [EVENT.content, b"in order"]
        way.close()


def test_a_receiver_that_closes_without_reading_a_large_event_has_not_got_it() -> None:
    with Scripted(lambda *_: None) as server:
        way = sink(server.port, timeouts=SHORT)
        assert isinstance(way.send(BIG, ATTEMPT), TryLater)
        way.close()


# ---- put aside -----------------------------------------------------------------------------------


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def aside(clock: FakeClock) -> Iterator[HalfClosed]:
    made = HalfClosed(clock)
    yield made
    made.close()


def put(aside: HalfClosed) -> socket.socket:
    """Put a connection aside; the receiver's end of it."""
    ours, receivers = socket.socketpair()
    ours.shutdown(socket.SHUT_WR)
    aside.add(ours)
    receivers.settimeout(SLACK_S)
    return receivers


def is_closed(receiver: socket.socket) -> bool:
    try:
        receiver.send(b".")
    except BrokenPipeError:
        return True
    return False


def test_it_goes_when_the_receiver_closes(aside: HalfClosed) -> None:
    receivers = [put(aside) for _ in range(5)]
    for receiver in receivers:
        receiver.send(b"thank you")
        receiver.shutdown(socket.SHUT_WR)
    wait_until(lambda: not aside._waiting, "all to be let go")
    for receiver in receivers:
        receiver.close()


def test_one_too_many_closes_the_oldest(aside: HalfClosed) -> None:
    receivers = [put(aside) for _ in range(half_closed.MOST + 2)]
    assert [is_closed(receiver) for receiver in receivers[:3]] == [True, True, False]
    for receiver in receivers:
        receiver.close()


def test_time_closes_what_the_receiver_does_not(aside: HalfClosed, clock: FakeClock) -> None:
    old = put(aside)
    clock.advance(half_closed.LONGEST_S + 1)
    young = put(aside)
    young.send(b"look")
    wait_until(lambda: is_closed(old), "the older one to be closed")
    assert not is_closed(young)
    old.close()
    young.close()


def test_a_receiver_that_talks_on_is_not_listened_to(aside: HalfClosed) -> None:
    talker = put(aside)
    with pytest.raises(BrokenPipeError):
        talk(talker)
    talker.close()


def test_the_thread_ends_when_nothing_is_left(
    aside: HalfClosed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_closed, "_IDLE_S", 0.01)
    put(aside).close()
    wait_until(lambda: aside._watcher is None, "the thread to end")
    again = put(aside)
    assert aside._watcher is not None
    again.close()


def test_closing_gives_them_a_moment_and_no_more(
    aside: HalfClosed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_closed, "GOODBYE_S", 0.05)
    receiver = put(aside)
    aside.close()
    assert is_closed(receiver)
    receiver.close()
    quick = put(aside)
    monkeypatch.setattr(half_closed, "GOODBYE_S", SLACK_S)
    threading.Timer(0.05, quick.close).start()
    began = time.monotonic()
    aside.close()
    assert time.monotonic() - began < SLACK_S
