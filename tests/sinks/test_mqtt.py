"""The MQTT sink with a real Mosquitto: what is published, who may, over which TLS; what other clients read of it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Publications
from cammra_edge.model import Device, EventKind
from cammra_edge.payload.render import render
from cammra_edge.profile import Caller, Mqtt, Profile, Tls
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.mqtt import MqttSink
from cammra_edge.trial import picture, trial
from tests import mqtt_readers
from tests.brokers import mosquitto
from tests.certificates import issue
from tests.mqtt_readers import READERS, PahoReader
from tests.servers import LOOPBACK, PATIENT, START_S, require_program, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.sinks.base import Outcome

DEVICE = Device(serial="ACCC8E9BB16D")
CALLER = Caller(serial=DEVICE.serial, key="barrier")
PLATE = "PLATE42"
BASE = "cammra/v1/site/ACCC8E9BB16D"


def way(port: int, scheme: str = "mqtt", **settings: object) -> Mqtt:
    return Mqtt(f"{scheme}://{LOOPBACK}:{port}", timeouts=PATIENT, **settings)  # type: ignore[arg-type] # the tests' own


def message(protocol: Mqtt) -> tuple[str, Publications]:
    profile = Profile("barrier", protocol, two_images=True)
    event, images = picture.event(profile, PLATE, 1_760_000_000_123_000_000)
    made = render(
        event,
        images,
        profile=profile,
        profile_id=1,
        device=DEVICE,
        packet=5,
        boundary_key=bytes(16),
    )
    assert isinstance(made, Publications)
    return event.event_id, made


def sent(protocol: Mqtt) -> Outcome:
    event_id, made = message(protocol)
    sink = open_sink(protocol, clock=SYSTEM_CLOCK, caller=CALLER)
    try:
        return sink.send(made, Attempt(event_id=event_id, packet=5))
    finally:
        sink.close()


def test_paho_reads_the_pictures_and_then_their_event(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, PahoReader(port) as reader:
        protocol = way(port, images="all")
        assert isinstance(sent(protocol), Delivered)
        wait_until(lambda: len(reader.raw) == 3, "three messages")
    event_id, made = message(protocol)
    vehicle, plate, event = reader.raw
    assert [one.topic.rpartition("/")[2] for one in reader.raw] == ["vehicle", "plate", "new"]
    assert vehicle.topic.startswith(f"{BASE}/image/")
    assert event.topic == f"{BASE}/event/new"
    assert event.payload == made.content
    properties = vars(event.properties)
    said = dict(properties["UserProperty"])
    assert said["ce_type"] == "cammra-edge.plate.new"
    assert len(said["ce_id"]) == len(event_id)
    assert [one["sha256"] for one in json.loads(said["images"])] == [
        hashlib.sha256(one.payload).hexdigest() for one in (vehicle, plate)
    ]
    assert [one["topic"] for one in json.loads(said["images"])] == [vehicle.topic, plate.topic]
    assert properties["ContentType"] == "application/json"
    assert PLATE in event.payload.decode()
    for one in reader.raw:
        assert one.topic.count("/") <= 7
        assert PLATE not in one.topic
        assert PLATE not in str(vars(one.properties))
        assert not one.retain


@pytest.mark.parametrize("kind", READERS)
def test_clients_that_are_not_ours_read_it_all(
    tmp_path: Path, kind: type[mqtt_readers.Reader]
) -> None:
    with mosquitto(tmp_path) as port, kind(port) as reader:
        protocol = way(port, images="all")
        assert isinstance(sent(protocol), Delivered)
        wait_until(lambda: len(reader.read) == 3, "three messages")
        assert mqtt_readers.retained(port) == []
    _, made = message(protocol)
    assert list(mqtt_readers.complaints(reader.read, events=1, plates=[PLATE])) == []
    (event,) = mqtt_readers.events_of(reader.read)
    assert event.payload == made.content
    assert event.content_type == "application/json"
    assert event.said["ce_type"] == "cammra-edge.plate.new"
    assert len(json.loads(event.said["images"])) == 2


def test_mosquitto_sub_reads_it_by_3_1_1(tmp_path: Path) -> None:
    program = require_program("mosquitto_sub", apt="mosquitto-clients")
    with mosquitto(tmp_path) as port:
        command = [program, "-p", str(port), "-t", "#", "-q", "1", "-C", "1", "-F", "%t %p"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
            ends = time.monotonic() + START_S
            while isinstance(sent(way(port, images="none", version="5")), TryLater):
                assert time.monotonic() < ends, "it never subscribed"
            out, _ = reader.communicate(timeout=START_S)
    topic, _, payload = out.strip().partition(" ")
    assert topic == f"{BASE}/event/new"
    assert json.loads(payload)["plateUTF8"] == PLATE


def test_nobody_subscribes(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        assert isinstance(sent(way(port)), TryLater)
        assert isinstance(sent(way(port, accept_unheard=True)), Delivered)
        assert isinstance(sent(way(port, version="3.1.1")), Delivered), "as 3.1.1 hides it"


def test_a_topic_that_the_access_list_forbids_is_misconfigured(tmp_path: Path) -> None:
    allowed = tmp_path / "acl"
    allowed.write_text("topic read #\n")
    with mosquitto(tmp_path, f"acl_file {allowed}") as port:
        outcome = sent(way(port))
    assert isinstance(outcome, Misconfigured)
    assert "0x87" in outcome.why


def test_a_broker_s_limit_holds(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "max_packet_size 400") as port:
        assert isinstance(sent(way(port, accept_unheard=True)), GiveUp)


def test_a_password_that_is_wrong_is_misconfigured(tmp_path: Path) -> None:
    users = tmp_path / "users"
    program = require_program("mosquitto_passwd", apt="mosquitto")
    subprocess.run([program, "-c", "-b", str(users), "cam", "right"], check=True)
    with mosquitto(tmp_path, "allow_anonymous false", f"password_file {users}") as port:
        assert isinstance(
            sent(way(port, user="cam", password="right", accept_unheard=True)), Delivered
        )
        outcome = sent(way(port, user="cam", password="wrong"))
        assert isinstance(outcome, Misconfigured)
        assert isinstance(sent(way(port)), Misconfigured)
    assert "wrong" not in outcome.why


def test_tls_by_an_authority_a_pin_or_with_our_certificate(tmp_path: Path) -> None:
    authority = issue("authority", authority=True)
    server, ours = issue(by=authority), issue("camera", by=authority)
    pem = server.write(tmp_path / "server.pem")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.pem)
    lines = (f"cafile {ca}", f"certfile {pem}", f"keyfile {pem}")
    client = ours.write(tmp_path / "camera.pem")
    with mosquitto(tmp_path, *lines) as port:
        assert isinstance(
            sent(way(port, "mqtts", tls=Tls(ca_file=str(ca)), accept_unheard=True)), Delivered
        )
        pinned = Tls(pin=server.fingerprint)
        assert isinstance(
            sent(way(port, "mqtts", tls=pinned, images="all", accept_unheard=True)), Delivered
        )
        assert isinstance(sent(way(port, "mqtts")), Misconfigured)
        assert isinstance(sent(way(port, "mqtts", tls=Tls(pin="0" * 64))), Misconfigured)
    with mosquitto(tmp_path, *lines, "require_certificate true") as port:
        known = Tls(ca_file=str(ca), client_cert=client)
        assert isinstance(sent(way(port, "mqtts", tls=known, accept_unheard=True)), Delivered)
        outcome = sent(way(port, "mqtts", tls=Tls(ca_file=str(ca))))
        assert not isinstance(outcome, Delivered)


@pytest.mark.parametrize("payload", ["ff", "cloudevents", "onvif"])
def test_each_payload_on_its_topic(tmp_path: Path, payload: str) -> None:
    with mosquitto(tmp_path) as port, PahoReader(port) as reader:
        assert isinstance(sent(way(port, payload=payload)), Delivered)
        wait_until(lambda: bool(reader.read), "a message")
    (event,) = reader.read
    assert PLATE in event.payload.decode()
    json.loads(event.payload)
    onvif = "ACCC8E9BB16D/onvif-ej/RuleEngine/Recognition/LicensePlate"
    assert event.topic == (onvif if payload == "onvif" else f"{BASE}/event/{EventKind.NEW}")


def test_a_test_shows_each_step_and_the_limits(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "max_packet_size 20000", "max_inflight_messages 20") as port:
        profile = Profile("barrier", way(port, accept_unheard=True))
        steps = [
            step
            for step in trial(profile, profile_id=1, device=DEVICE, clock=SYSTEM_CLOCK)
            if step.state != "running"
        ]
    assert [(step.name, step.state) for step in steps] == [
        (name, "ok") for name in ("dns", "tcp", "auth", "send", "answer")
    ] + [("presence", "skipped"), ("done", "ok")]
    assert "20,000 bytes" in steps[2].detail
    assert "-test" in steps[2].detail
    assert "nobody subscribes" in steps[4].detail
    assert f"{BASE}/state" in steps[5].detail
    assert "the only one by MQTT" in steps[5].detail


def test_a_quiet_camera_stays_connected_and_comes_back_by_itself(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        sink = open_sink(way(port), clock=SYSTEM_CLOCK, caller=CALLER)
        assert isinstance(sink, MqttSink)
        sink.begin()
        wait_until(lambda: sink.is_connected, "the connection")
    wait_until(lambda: not sink.is_connected, "the break")
    with mosquitto(tmp_path, port=port):
        wait_until(lambda: sink.is_connected, "the connection, without a message")
        event_id, made = message(way(port))
        with PahoReader(port):
            assert isinstance(sink.send(made, Attempt(event_id=event_id, packet=5)), Delivered)
        sink.close()
