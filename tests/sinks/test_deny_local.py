"""A camera that may not send to itself: every protocol, every way that a name, proxy or server could lead it back.

The camera stands in a network namespace of its own, so that there are addresses that are another machine's.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.delivery.keepalive import KeepaliveSender
from cammra_edge.message import Attempt, Body, Files, NamedFile
from cammra_edge.model import Device
from cammra_edge.payload.keepalive import Status
from cammra_edge.profile import Ftp, HttpPost, Keepalive, Profile, Tcp, Timeouts
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, Misconfigured
from cammra_edge.trial import trial
from tests.faults.finding import CannotBeProvokedError
from tests.faults.road import CAMERA, CAMERA_6, NOBODY, OURS, Road, road
from tests.scripted_ftp import Faulty
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cammra_edge.message import Message
    from cammra_edge.profile import Protocol
    from cammra_edge.sinks.base import Outcome

ATTEMPT = Attempt(event_id="e" * 32, packet=7)
BODY = Body(content=b"{}", content_type="application/json")
FILES = Files(files=(NamedFile(path="a/b.jpg", content=b"\xff\xd8\xff\xd9"),))
IS_OWN = "is this camera itself or its link, and deny_local is set"
HOST_KEY = "SHA256:" + "A" * 43
SHORT = Timeouts(connect_s=0.5, total_s=1)


def sent(protocol: Protocol, *, deny_local: bool = True) -> Outcome:
    sink = open_sink(protocol, clock=SYSTEM_CLOCK, deny_local=deny_local)
    message: Message = FILES if isinstance(protocol, Ftp) else BODY
    try:
        return sink.send(message, ATTEMPT)
    finally:
        sink.close()


def hangs_up(_: socket.socket, __: int, ___: Scripted) -> None:
    """All that it takes to be there."""


@pytest.mark.parametrize(
    "way",
    [
        lambda at: HttpPost(f"http://{at}/", timeouts=PATIENT),
        lambda at: HttpPost(f"https://{at}/", timeouts=PATIENT),
        lambda at: HttpPost("http://receiver.invalid/", proxy=f"http://{at}", timeouts=SHORT),
        lambda at: Tcp(at, timeouts=PATIENT),
        lambda at: Tcp(f"tls://{at}", timeouts=PATIENT),
        lambda at: Ftp(f"ftp://{at}", timeouts=PATIENT),
        lambda at: Ftp(f"ftps://{at}", timeouts=PATIENT),
        lambda at: Ftp(f"ftps-implicit://{at}", timeouts=PATIENT),
        lambda at: Ftp(f"sftp://{at}", host_key=HOST_KEY, timeouts=PATIENT),
    ],
)
@pytest.mark.parametrize("host", [LOOPBACK, "localhost", "127.1", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_no_protocol_reaches_the_camera_itself(way: Callable[[str], Protocol], host: str) -> None:
    if host == "127.1":
        host = "0x7f.0.1"  # a URL takes no other short form
    with Scripted(hangs_up) as server:
        outcome = sent(way(f"{host}:{server.port}"))
        assert isinstance(outcome, Misconfigured), outcome
        assert IS_OWN in outcome.why
        assert server.connections == 0
        if host == LOOPBACK:
            assert not isinstance(
                sent(way(f"{host}:{server.port}"), deny_local=False), Misconfigured
            )
            assert server.connections > 0


def test_one_of_several_addresses_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(answering(answer())) as server:
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, server.port))
            for host in ("198.51.100.7", LOOPBACK)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        outcome = sent(HttpPost(f"http://vms.example:{server.port}/", timeouts=PATIENT))
        assert isinstance(outcome, Misconfigured)
        assert f"vms.example ({LOOPBACK}) {IS_OWN}" in outcome.why
        assert server.connections == 0


def test_the_keepalive_keeps_to_it() -> None:
    with Scripted(answering(answer())) as server:
        url = f"http://{LOOPBACK}:{server.port}/"
        status = Status(now_utc_ns=0)
        outcomes = [
            KeepaliveSender(
                Keepalive(url), Device(), lambda: status, clock=SYSTEM_CLOCK, deny_local=deny_local
            ).send_one()
            for deny_local in (True, False)
        ]
        assert isinstance(outcomes[0], Misconfigured)
        assert isinstance(outcomes[1], Delivered)
        assert server.connections == 1


@pytest.mark.parametrize("protocol", [HttpPost("http://localhost:9"), Ftp("ftps://localhost:9")])
def test_a_test_says_what_to_do(protocol: HttpPost | Ftp) -> None:
    steps = trial(
        Profile("p", protocol), profile_id=1, device=Device(), clock=SYSTEM_CLOCK, deny_local=True
    )
    (failed,) = [step for step in steps if step.state == "failed"]
    assert failed.name == "tcp"
    assert IS_OWN in failed.detail
    assert "deny_local" in failed.remedy


@pytest.fixture
def way() -> Iterator[Road]:
    """From a camera to us."""
    with contextlib.ExitStack() as stack:
        try:
            laid = stack.enter_context(road())
        except (CannotBeProvokedError, OSError) as reason:  # no root, or no TUN devices
            pytest.skip(str(reason))
        yield laid


class Names:
    """A name server whose answers follow one another; the last one stays."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = list(hosts)
        self.asked = 0

    def __call__(self, host: str, port: int, **flags: int) -> list[object]:
        if flags.get("flags", 0) & socket.AI_NUMERICHOST and not host[0].isdigit():
            raise socket.gaierror(socket.EAI_NONAME, "a name")
        if host[0].isalpha():
            self.asked += 1
            host = self.hosts[min(self.asked, len(self.hosts)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]


def test_another_machine_is_reached_and_no_address_of_our_own(way: Road) -> None:
    def work() -> None:
        with Scripted(answering(answer()), host="") as own:
            for host in (CAMERA, f"[{CAMERA_6}]", f"[::ffff:{CAMERA}]", f"[64:ff9b::{CAMERA}]"):
                outcome = sent(HttpPost(f"http://{host}:{own.port}/", timeouts=PATIENT))
                assert isinstance(outcome, Misconfigured), (host, outcome)
            assert own.connections == 0

    with Scripted(answering(answer()), host=OURS) as receiver:
        url = f"http://{OURS}:{receiver.port}/"
        assert isinstance(way.at_camera(lambda: sent(HttpPost(url, timeouts=PATIENT))), Delivered)
    way.at_camera(work)


def test_the_address_that_is_dialled_is_the_one_that_was_checked(
    way: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a name that was another machine's when it was saved, and is ours from now on."""
    names = Names(OURS, CAMERA)
    monkeypatch.setattr(socket, "getaddrinfo", names)
    with Scripted(answering(answer("200 OK", b"", "Connection: close")), host=OURS) as receiver:
        protocol = HttpPost(f"http://vms.example:{receiver.port}/", timeouts=PATIENT)
        sink = open_sink(protocol, clock=SYSTEM_CLOCK, deny_local=True)

        def work() -> list[Outcome]:
            with Scripted(answering(answer()), host=CAMERA, port=receiver.port) as own:
                outcomes = [sink.send(BODY, ATTEMPT) for _ in range(2)]
                assert own.connections == 0
                return outcomes

        first, second = way.at_camera(work)
        sink.close()
    assert isinstance(first, Delivered)
    assert isinstance(second, Misconfigured)
    assert names.asked == 2  # once for each connection: what is looked at is what is dialled


def test_a_redirect_does_not_lead_home(way: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(OURS, CAMERA))
    moved = answer("307 Moved", b"", "Location: /there", "Connection: close")
    with Scripted(answering(moved), host=OURS) as receiver:
        protocol = HttpPost(
            f"http://vms.example:{receiver.port}/", follow_redirects=True, timeouts=PATIENT
        )

        def work() -> Outcome:
            with Scripted(answering(answer()), host=CAMERA, port=receiver.port) as own:
                outcome = sent(protocol)
                assert own.connections == 0
                return outcome

        outcome = way.at_camera(work)
    assert isinstance(outcome, Misconfigured)
    assert IS_OWN in outcome.why


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_asked_to_lead_home(way: Road, scheme: str) -> None:
    with Scripted(answering(answer()), host=OURS) as proxy:
        through = f"http://{OURS}:{proxy.port}"
        home = HttpPost(f"{scheme}://{CAMERA}:9/", proxy=through, timeouts=PATIENT)
        outcome = way.at_camera(lambda: sent(home))
        assert isinstance(outcome, Misconfigured)
        assert proxy.connections == 0
        other = HttpPost(f"http://{NOBODY}:9/", proxy=through, timeouts=PATIENT)
        assert isinstance(way.at_camera(lambda: sent(other)), Delivered)


def test_a_passive_answer_does_not_lead_home(way: Road) -> None:
    named = f"227 Entering ({CAMERA.replace('.', ',')},0,9)\r\n"
    faulty = Faulty(EPSV="500 no\r\n", PASV=named)

    def work() -> None:
        with Scripted(hangs_up, host=CAMERA, port=9) as own:
            protocol = Ftp(f"ftp://{OURS}:{server.port}", timeouts=PATIENT)
            sent(protocol)
            assert own.connections == 0

    with Scripted(faulty, host=OURS) as server:
        way.at_camera(work)
    assert any(line.startswith("PASV") for line in faulty.commands)
