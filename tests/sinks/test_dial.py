"""Finding and reaching an address: a dead one, a slow name server, and none of them for longer than the try."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.model import Device
from cammra_edge.profile import HttpPost, Profile, Timeouts
from cammra_edge.sinks import dial, names, open_sink
from cammra_edge.sinks.base import TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.trial import trial
from tests.fakes import FakeClock
from tests.half_open import vanish
from tests.servers import LOOPBACK, PATIENT, SLACK_S, Scripted, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = Timeouts(connect_s=0.5, total_s=1)


@pytest.fixture
def deaf_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that says nothing until the test is over."""
    over = threading.Event()
    real = socket.getaddrinfo

    def wait_for_it(host: str, port: int, *, type: int, flags: int = 0) -> object:  # noqa: A002 - socket's own
        if not flags & socket.AI_NUMERICHOST:
            over.wait()
        return real(host, port, type=type, flags=flags)

    monkeypatch.setattr(socket, "getaddrinfo", wait_for_it)
    yield
    over.set()


@pytest.mark.usefixtures("deaf_resolver")
def test_a_name_server_that_is_silent_holds_nobody_up() -> None:
    profile = Profile("p", HttpPost("http://receiver.invalid/", timeouts=SHORT))
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    began = time.monotonic()
    outcome = sink.send(Body(content=b"{}"), Attempt(event_id="e" * 32, packet=7))
    assert time.monotonic() - began < SHORT.total_s + SLACK_S
    sink.close()
    assert isinstance(outcome, TryLater)
    assert "no name server answered for receiver.invalid" in outcome.why
    told = list(trial(profile, profile_id=1, device=Device(), clock=SYSTEM_CLOCK))
    assert [(step.name, step.state) for step in told[:2]] == [("dns", "running"), ("dns", "failed")]
    assert "no name server" in told[1].detail


@pytest.mark.usefixtures("deaf_resolver")
def test_an_address_needs_no_name_server() -> None:
    assert [entry[4] for entry in names.resolved(LOOPBACK, 7, 0.01)] == [(LOOPBACK, 7)]
    assert [entry[4][:2] for entry in names.resolved("::1", 7, 0.01)] == [("::1", 7)]


def hangs_up(_: socket.socket, __: int, ___: Scripted) -> None:
    """All that it takes to be there."""


def test_a_dead_first_address_costs_only_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(hangs_up) as server:
        two = [
            socket.getaddrinfo(LOOPBACK, port, type=socket.SOCK_STREAM)[0]
            for port in (free_port(), server.port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: two)
        deadline = Deadline(SYSTEM_CLOCK, PATIENT.total_s)
        with dial.dial("two.example", server.port, deadline, PATIENT) as sock:
            assert sock.getpeername() == (LOOPBACK, server.port)


def test_addresses_are_tried_in_turn_of_their_families() -> None:
    def entry(family: socket.AddressFamily, host: str) -> names.Address:
        return (family, socket.SOCK_STREAM, 6, "", (host, 7))

    found = [entry(socket.AF_INET6, host) for host in "abc"] + [entry(socket.AF_INET, "d")]
    assert [address[4][0] for address in dial._in_turn(found)] == ["a", "d", "b", "c"]


def test_a_silent_first_address_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection comes about while the first is still being tried, and the first is let go."""
    with Scripted(hangs_up) as server, socket.create_server((LOOPBACK, 0)) as silent:
        vanish(silent)
        ports = (silent.getsockname()[1], server.port)
        two = [socket.getaddrinfo(LOOPBACK, port, type=socket.SOCK_STREAM)[0] for port in ports]
        monkeypatch.setattr(names, "addresses", lambda *_: two)
        # Half of what the connection may take is more than the whole try may: only the second can win in time.
        limits = Timeouts(connect_s=3600)
        with dial.dial("two.example", 0, Deadline(SYSTEM_CLOCK, SLACK_S), limits) as sock:
            assert sock.getpeername() == (LOOPBACK, server.port)


def test_a_host_that_answers_no_syn_leaves_half_of_the_time_to_tls() -> None:
    limits = Timeouts(connect_s=1)
    with socket.create_server((LOOPBACK, 0)) as silent:
        vanish(silent)
        deadline = Deadline(SYSTEM_CLOCK, 60)
        with pytest.raises(TimeoutError, match="no connection came about in time"):
            dial.dial(LOOPBACK, silent.getsockname()[1], deadline, limits)
    assert Timeouts().connect_s * dial._SHARE_OF_TCP == 5.0


def test_the_error_of_the_last_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = socket.getaddrinfo(LOOPBACK, free_port(), type=socket.SOCK_STREAM)[0]
    none = (*refused[:4], ("255.255.255.255", 9))
    for found, error in (
        ([none, refused], ConnectionRefusedError),
        ([none], OSError),
        ([], OSError),
    ):
        monkeypatch.setattr(names, "addresses", lambda *_, found=found: found)
        with pytest.raises(error):
            dial.dial("x.example", 1, Deadline(SYSTEM_CLOCK, 60), PATIENT)


# ---- when no name server answers --------------------------------------------------------------------


class Resolver:
    """Stands in for the system's: answers about every name as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.real = socket.getaddrinfo
        self.fails: Exception | None = None
        self.silent: threading.Event | None = None
        self.asked = 0
        monkeypatch.setattr(socket, "getaddrinfo", self)
        monkeypatch.setattr(names, "_reached", {})
        monkeypatch.setattr(names, "_open", {})

    def __call__(self, host: str, port: int, *more: int, **named: int) -> object:
        if named.get("flags", 0) & socket.AI_NUMERICHOST:
            return self.real(host, port, *more, **named)
        self.asked += 1
        if self.silent is not None:
            self.silent.wait()
        if self.fails is not None:
            raise self.fails
        return self.real(LOOPBACK, port, *more, **named)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver(monkeypatch)
    yield made
    if made.silent is not None:
        made.silent.set()
    wait_until(lambda: not names._open, "the answers")


def dialled(server: Scripted, clock: FakeClock | None = None) -> None:
    deadline = Deadline(clock or SYSTEM_CLOCK, PATIENT.total_s)
    dial.dial("receiver.example", server.port, deadline, PATIENT).close()


def test_the_address_of_before_is_used_again_when_nobody_answers(resolver: Resolver) -> None:
    with Scripted(hangs_up) as server:
        dialled(server)
        resolver.fails = socket.gaierror(socket.EAI_AGAIN, "try again")
        dialled(server)
        resolver.silent = threading.Event()
        for _ in range(20):  # of which only the first waits
            dialled(server)
        assert resolver.asked < 2 + 20


def test_a_name_that_is_gone_is_believed_to_be_gone(resolver: Resolver) -> None:
    """Its old address may be another's by now."""
    with Scripted(hangs_up) as server:
        dialled(server)
        resolver.fails = socket.gaierror(socket.EAI_NONAME, "unknown")
        with pytest.raises(socket.gaierror):
            dialled(server)


def test_an_address_is_good_for_a_day(resolver: Resolver) -> None:
    clock = FakeClock()
    with Scripted(hangs_up) as server:
        dialled(server, clock)
        resolver.fails = socket.gaierror(socket.EAI_AGAIN, "try again")
        clock.advance(86_399)
        dialled(server, clock)
        clock.advance(86_401)
        with pytest.raises(socket.gaierror):
            dialled(server, clock)


def test_no_more_than_so_many_names_are_remembered(resolver: Resolver) -> None:
    del resolver
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, 7))
    for n in range(2 * names._MOST_REMEMBERED):
        names.remember(f"{n}.example", 7, entry, Deadline(FakeClock(), 1))
    names.remember(LOOPBACK, 7, entry, Deadline(FakeClock(), 1))
    assert len(names._reached) == names._MOST_REMEMBERED
    assert (LOOPBACK, 7) not in names._reached


def test_a_resolver_that_hangs_holds_no_more_than_so_many_threads(resolver: Resolver) -> None:
    resolver.silent = threading.Event()
    for _ in range(3 * names._MOST_ASKING):
        with pytest.raises(TimeoutError):
            names.resolved("receiver.example", 7, 0.001)
    assert len(names._open["receiver.example", 7]) == names._MOST_ASKING
    resolver.silent.set()
    wait_until(lambda: not names._open, "the answers")
    assert names.resolved("receiver.example", 7, SLACK_S)[0][4] == (LOOPBACK, 7)


def test_without_a_thread_to_ask_with_the_address_of_before_serves(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    del resolver
    with Scripted(hangs_up) as server:
        dialled(server)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_thread)
            dialled_to = names.addresses(
                "receiver.example", server.port, Deadline(SYSTEM_CLOCK, PATIENT.total_s)
            )
            with pytest.raises(OSError, match="no thread"):
                names.resolved("other.example", 7, SLACK_S)
    assert dialled_to[0][4] == (LOOPBACK, server.port)
    assert not names._open
