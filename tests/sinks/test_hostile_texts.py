"""Texts from outside through the sinks, over real sockets: no header, command or frame that is not ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.message import Attempt, Body, Files, Message
from cammra_edge.payload import render
from cammra_edge.profile import NAMING_1_3, Auth, Ftp, HttpPost, Profile, Protocol, Tcp
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered
from cammra_edge.sinks.http import HttpSink
from tests.budget import examples
from tests.payload.events import BOUNDARY_KEY, JPEGS, unchecked_device, with_text
from tests.payload.test_hostile import HOSTILE
from tests.scripted_ftp import Faulty
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering, headers_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from cammra_edge.profile import FramingWord
    from cammra_edge.sinks.base import Sink

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MANY = settings(
    max_examples=examples(400),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
NAMES = {
    "host",
    "accept",
    "accept-encoding",
    "user-agent",
    "content-type",
    "content-length",
    "idempotency-key",
    "x-event-id",
    "x-attempt",
}
COMMANDS = ("USER", "PASS", "TYPE", "EPSV", "SIZE", "MKD", "STOR", "RNFR", "RNTO")


def rendered(protocol: Protocol, plate: str, device_id: str) -> tuple[Message, Attempt]:
    try:
        profile = Profile("p", protocol, events={"update"}, device_id=device_id)
    except ConfigError:
        profile = Profile("p", protocol, events={"update"})
    message = render(
        with_text(plate),
        JPEGS,
        profile=profile,
        profile_id=1,
        device=unchecked_device(serial=device_id),
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    return message, Attempt(event_id="e" * 32, packet=7)


def delivered(sink: Sink, protocol: Protocol, plate: str, device_id: str) -> None:
    outcome = sink.send(*rendered(protocol, plate, device_id))
    assert isinstance(outcome, Delivered), outcome


@pytest.fixture(scope="module")
def web() -> Iterator[Scripted]:
    with Scripted(answering(answer())) as server:
        yield server


@MANY
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE, st.sampled_from(Auth), HOSTILE, HOSTILE)
def test_a_request_has_our_headers_and_no_other(  # noqa: PLR0913, PLR0917 - one per place
    web: Scripted,
    plate: str,
    device_id: str,
    user: str,
    password: str,
    auth: Auth,
    header: str,
    target: str,
) -> None:
    url = f"http://{LOOPBACK}:{web.port}/"
    settings_of: dict[str, str] = {}
    for name, value in {
        "user": user,
        "password": password,
        "auth_header": f"X-Key: {header}",
        "server_url": f"{url}{target}",
    }.items():
        try:
            HttpPost(**{"server_url": url, name: value})  # type: ignore[arg-type] # texts all
        except ConfigError:
            continue
        settings_of[name] = value
    try:
        protocol = HttpPost(
            **{"server_url": url, **settings_of},  # type: ignore[arg-type] # as above
            auth=auth,
            timeouts=PATIENT,
        )
    except ConfigError:  # a way to sign in that lacks what it needs
        protocol = HttpPost(url, timeouts=PATIENT)
    web.received.clear()
    sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
    delivered(sink, protocol, plate, device_id)
    sink.close()
    (request,) = web.received
    head, _, body = request.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    assert start.startswith(b"POST /")
    assert start.endswith(b" HTTP/1.1")
    assert start.count(b" ") == 2
    assert head.count(b"\n") == len(lines)
    extra = set(headers_of(request)) - NAMES
    assert extra <= {"x-key", "authorization"}
    assert len(lines) == len(NAMES) + len(extra)
    message, _ = rendered(protocol, plate, device_id)
    assert isinstance(message, Body)
    assert message.content == body


@MANY
@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=3, max_size=3))
@pytest.mark.parametrize(("framing", "between"), [("newline", b"\n"), ("nul", b"\0")])
def test_a_frame_holds_one_event_whole(
    framing: FramingWord, between: bytes, said: list[tuple[str, str]]
) -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        received = b""
        while piece := connection.recv(65536):
            received += piece
        server.received.append(received)

    with Scripted(script) as server:
        protocol = Tcp(
            f"{LOOPBACK}:{server.port}", persistent=True, framing=framing, timeouts=PATIENT
        )
        sink = open_sink(protocol, clock=SYSTEM_CLOCK)
        for plate, device_id in said:
            delivered(sink, protocol, plate, device_id)
        sink.close()
        (received,) = server.wait_received(1)
    *objects, rest = received.split(between)
    assert rest == b""
    plates = [json.loads(content)["plateText"] for content in objects]
    assert plates == [plate.encode(errors="replace").decode() for plate, _ in said]


@MANY
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_a_command_is_one_of_ours_about_a_path_of_ours(
    plate: str, device_id: str, user: str, password: str
) -> None:
    faulty = Faulty()
    with Scripted(faulty) as server:
        url = f"ftp://{LOOPBACK}:{server.port}"
        ways = {"path": "#M/#DEVICE_ID", "naming": NAMING_1_3}
        try:
            protocol = Ftp(url, user=user, password=password, timeouts=PATIENT, **ways)  # type: ignore[arg-type] # texts
        except ConfigError:
            protocol = Ftp(url, timeouts=PATIENT, **ways)  # type: ignore[arg-type] # as above
        sink = open_sink(protocol, clock=SYSTEM_CLOCK)
        delivered(sink, protocol, plate, device_id)
        sink.close()
    message, _ = rendered(protocol, plate, device_id)
    assert isinstance(message, Files)
    (file,) = message.files
    assert faulty.stored == file.content
    paths = {file.path, f"{file.path}.part"} | {
        file.path.rsplit("/", count)[0] for count in range(1, 3)
    }
    for line in faulty.commands:
        command, _, argument = line.partition(" ")
        assert command in {*COMMANDS, "QUIT"}
        if command in {"SIZE", "MKD", "STOR", "RNFR", "RNTO"}:
            assert argument in paths, line
