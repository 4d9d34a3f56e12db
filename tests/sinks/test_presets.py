"""Every shipped template against its receiver's own rules: a real event and real pictures, through the real sink."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.model import Event, ImageKind, ImageWord
from cammra_edge.payload import render
from cammra_edge.profile import PROTOCOLS, SHIPPED, Profile, Protocol, Template, preset_text
from cammra_edge.profile.protocols.templated import Templated
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Outcome
from cammra_edge.trial import picture
from tests.payload.events import BOUNDARY_KEY, SAMPLE_DEVICE
from tests.servers import LOOPBACK, Scripted, answer, headers_of, read_request
from tests.sinks.receiver_rules import RULES, Request, Stored

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

AT_NS = 1_702_297_625_507_641_000
PLATES = ["HWR6677", "ABCDEFGHIJ", "AB'12 CD"]
IMAGES: list[tuple[ImageWord | None, bool]] = [
    ("full frame", True),
    ("vehicle crop", True),
    ("vehicle crop", False),
    ("downsized frame", True),
    (None, False),
]
WANTS_BOTH = {"hikvision", "plate-recognizer"}
WITHOUT = {"home-assistant", "onvif"}
ONE = {"2n", "alpr-database"}


def protocol_of(name: str, url: str) -> Protocol:
    for cls in PROTOCOLS.values():
        if issubclass(cls, Templated) and cls is not Template:
            protocol = cls(url)
            if protocol.preset_name() == name:
                return protocol
    return Template(url, template=preset_text(name))


def rendered(event: Event, images: Mapping[str, bytes], profile: Profile, *, packet: int) -> Body:
    body = render(
        event,
        images,
        profile=profile,
        profile_id=1,
        device=SAMPLE_DEVICE,
        packet=packet,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(body, Body)
    return body


def delivered(
    name: str, plate: str, image: ImageWord | None, *, two: bool
) -> tuple[Outcome, list[Stored], Event, dict[str, bytes]]:
    """What became of one event, and what the receiver has of it."""
    stored: list[Stored] = []

    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        while received := read_request(connection):
            method, path = received.split(b"\r\n")[0].decode().split(" ")[:2]
            assert method == "POST"
            content = received.partition(b"\r\n\r\n")[2]
            try:
                request = Request(path, headers_of(received)["content-type"], content)
                stored.append(RULES[name](request))
            except Exception as error:  # noqa: BLE001 - what a framework makes of any of them
                connection.sendall(answer("400 Bad Request", repr(error).encode()))
            else:
                connection.sendall(answer("200 OK", b'{"success": true}'))

    with Scripted(script) as server:
        profile = Profile(
            "p",
            protocol_of(name, f"http://{LOOPBACK}:{server.port}"),
            image=image,
            two_images=two,
            device_id="12",
            events={"lost"},
        )
        event, images = picture.event(profile, plate, AT_NS)
        event = replace(event, test=False, car_id=54950)
        sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
        body = rendered(event, images, profile, packet=7)
        outcome = sink.send(body, Attempt(event_id=event.event_id, packet=7))
        sink.close()
    return outcome, stored, event, images


def test_every_template_with_rules_of_a_receiver_is_tried() -> None:
    assert set(SHIPPED) - RULES.keys() == {"csv", "utmc"}, "held in the payload's room"


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("plate", PLATES)
@pytest.mark.parametrize(("image", "two"), IMAGES)
def test_the_receiver_has_plate_time_place_and_pictures(
    name: str, plate: str, image: ImageWord | None, *, two: bool
) -> None:
    outcome, stored, event, images = delivered(name, plate, image, two=two)
    if name in WANTS_BOTH and not two:
        assert isinstance(outcome, GiveUp), "the guide says that it wants two pictures"
        assert not stored
        return
    assert isinstance(outcome, Delivered), outcome
    ((read),) = stored
    assert read.plate == plate
    if read.at_s is not None:
        # Two of them take whole seconds or milliseconds.
        assert 0 <= AT_NS / 1e9 - read.at_s < 1
    jpegs = tuple(images.values())
    assert read.pictures == (() if name in WITHOUT else jpegs[:1] if name in ONE else jpegs)
    if read.box is not None and event.images:
        first = event.images[0]
        left, top, right, bottom = read.box
        scale = first.width / first.shows.width
        wanted = picture.PLATE
        assert left == round((wanted.x - first.shows.x) * scale)
        assert top == round((wanted.y - first.shows.y) * scale)
        assert 0 <= left < right <= first.width
        assert 0 <= top < bottom <= first.height


@pytest.mark.parametrize(("name", "most"), [("alpr-database", 10), ("2n", 12)])
def test_a_longer_plate_is_cut_to_what_the_receiver_takes(name: str, most: int) -> None:
    outcome, stored, _, _ = delivered(name, "ABCDEFGHIJKLMN", "vehicle crop", two=False)
    assert isinstance(outcome, Delivered)
    assert [read.plate for read in stored] == ["ABCDEFGHIJKLMN"[:most]]


def test_a_2n_device_s_own_error_with_status_200_is_not_a_delivery() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(answer("200 OK", b'{"success": false, "error": {"code": 12}}'))

    with Scripted(script) as server:
        profile = Profile("p", protocol_of("2n", f"http://{LOOPBACK}:{server.port}"))
        event, images = picture.event(profile, "A1", AT_NS)
        body = rendered(event, images, profile, packet=1)
        sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
        assert not isinstance(sink.send(body, Attempt(event_id="e", packet=1)), Delivered)
        sink.close()


@pytest.mark.parametrize(("name", "outcome"), [("alpr-database", Delivered), ("node-red", GiveUp)])
def test_a_receiver_that_has_the_event_already_says_so_in_its_own_status(
    name: str, outcome: type[Outcome]
) -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        while read_request(connection):
            connection.sendall(answer("409 Conflict", b'{"error":"Duplicate read"}'))

    with Scripted(script) as server:
        profile = Profile("p", protocol_of(name, f"http://{LOOPBACK}:{server.port}"))
        event, images = picture.event(profile, "A1", AT_NS)
        sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
        body = rendered(event, images, profile, packet=1)
        assert isinstance(sink.send(body, Attempt(event_id="e", packet=1)), outcome)
        sink.close()


def test_a_picture_for_2n_is_made_to_fit() -> None:
    profile = Profile("p", protocol_of("2n", "h"), image=ImageKind.FULL_FRAME)
    (spec,) = profile.image_specs()
    assert spec.max_bytes is not None
    assert spec.max_bytes * 4 / 3 <= 256 * 1024
    (smaller,) = replace(profile, max_image_bytes=50_000).image_specs()
    assert smaller.max_bytes == 50_000


@pytest.mark.parametrize(("method", "headers"), [("GET", False), ("PUT", True)])
def test_another_method_and_the_url_s_fields_go_out(method: str, *, headers: bool) -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        server.received.append(received)
        connection.sendall(answer())

    with Scripted(script) as server:
        body_of = "" if method == "GET" else 'body="{{plate}}"'
        template = f'content_type="text/plain"\nescape="raw"\nmethod="{method}"\n{body_of}'
        url = f"http://{LOOPBACK}:{server.port}/open?plate={{{{plate}}}}"
        profile = Profile("p", Template(url, template=template), image=None)
        event, images = picture.event(profile, "AB'12", AT_NS)
        message = rendered(event, images, profile, packet=1)
        sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
        assert isinstance(sink.send(message, Attempt(event_id="e", packet=1)), Delivered)
        sink.close()
        (received,) = server.wait_received(1)
    assert received.startswith(f"{method} /open?plate=AB%2712 HTTP/1.1\r\n".encode())
    assert (b"Content-Length: 5\r\n" in received) is headers
    assert (b"Content-Type: text/plain\r\n" in received) is headers
