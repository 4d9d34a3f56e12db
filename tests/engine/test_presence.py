"""A camera with a real Mosquitto: who learns that it is there, how it is and that it is gone; what the broker keeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Device, Engine, HttpPost, Mqtt, OutboxSettings, Profile, Settings
from cammra_edge.config.fingerprint import fingerprint
from tests.brokers import PUBLISH, Client, ScriptedBroker, Seen, mosquitto, puback
from tests.mqtt_readers import PahoReader
from tests.servers import LOOPBACK, PATIENT, require_program, wait_until

if TYPE_CHECKING:
    from pathlib import Path

SERIAL = "ACCC8E9BB16D"
BASE = f"cammra/v1/site/{SERIAL}"
STATE, HEALTH = f"{BASE}/state", f"{BASE}/health"
DISCOVERY = f"homeassistant/device/cammra_{SERIAL}/config"


def settings(folder: Path, port: int, *, outbox: str = "outbox", **fields: object) -> Settings:
    way = Mqtt(f"mqtt://{LOOPBACK}:{port}", timeouts=PATIENT, **fields)  # type: ignore[arg-type] # the tests' own
    return Settings(
        device=Device(serial=SERIAL),
        profiles=[Profile("hub", way)],
        outbox=OutboxSettings(path=folder / outbox),
    )


class Reader(PahoReader):
    """An independent client that keeps what it reads, retained or not."""

    def said(self, topic: str) -> list[Any]:
        return [json.loads(one.payload) for one in self.read if one.topic == topic and one.payload]

    def online(self) -> list[bool]:
        return [one["online"] for one in self.said(STATE)]


def kept(port: int) -> dict[str, bytes]:
    """What the broker keeps, as `mosquitto_sub` reads it."""
    program = require_program("mosquitto_sub", apt="mosquitto-clients")
    command = [program, "-p", str(port), "-t", "#", "--retained-only", "-W", "1", "-F", "%t %p"]
    found = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    return dict(tuple(line.split(b" ", 1)) for line in found.splitlines())  # type: ignore[misc] # pairs


def names(found: dict[str, bytes]) -> set[str]:
    return {topic.decode() if isinstance(topic, bytes) else topic for topic in found}


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_it_is_there_says_how_it_is_and_goes(tmp_path: Path, version: str) -> None:
    with mosquitto(tmp_path) as port, Reader(port) as reader:
        engine = Engine(settings(tmp_path, port, version=version, discovery_prefix="homeassistant"))
        with engine.running(local_socket=False):
            wait_until(lambda: bool(reader.said(HEALTH)), "health")
            assert names(kept(port)) == {STATE, HEALTH, DISCOVERY}
        wait_until(lambda: reader.online() == [True, False], "the goodbye")
        assert names(kept(port)) == {STATE, HEALTH, DISCOVERY}
        (health,) = reader.said(HEALTH)
        boots = {one["boot"] for one in (*reader.said(STATE), health)}
    assert len(boots) == 1
    assert health["settings"] == fingerprint(engine.settings)
    assert health["reasons"] == []
    assert health["profiles"]["hub"]["queue_events"] == 0
    assert health["clock"]["utc_ns"] > 0


def test_new_settings_leave_it_online_and_say_what_is_new(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, Reader(port) as reader:
        engine = Engine(settings(tmp_path, port))
        with engine.running(local_socket=False):
            wait_until(lambda: bool(reader.said(HEALTH)), "health")
            for site in ("two", "site"):
                engine.apply(settings(tmp_path, port, site=site))
            wait_until(lambda: reader.online()[-1:] == [True] and len(reader.online()) > 1, "it")
            wait_until(lambda: len(reader.said(HEALTH)) > 1, "health under the new settings")
            assert reader.online()[-1]
            assert len({one["boot"] for one in reader.said(STATE)}) == 1


def test_home_assistants_document_goes_when_it_is_no_longer_wanted(tmp_path: Path) -> None:
    topic = f"ha/device/cammra_{SERIAL}/config"
    with mosquitto(tmp_path) as port:
        with Engine(settings(tmp_path, port, discovery_prefix="ha")).running(local_socket=False):
            wait_until(lambda: topic in names(kept(port)), "the document")
        assert topic in names(kept(port)), "it stays while the camera is away"
        # The script was changed while nothing ran.
        with Engine(settings(tmp_path, port)).running(local_socket=False):
            wait_until(lambda: topic not in names(kept(port)), "its end")
        assert names(kept(port)) == {STATE, HEALTH}
    assert json.loads((tmp_path / "outbox" / "announced").read_text()) == {}


def test_kill_9_makes_the_broker_say_it_is_gone(tmp_path: Path) -> None:
    script = tmp_path / "camera.py"
    script.write_text(
        "import time\n"
        "from cammra_edge import Device, Engine, Mqtt, OutboxSettings, Profile\n"
        "import sys\n"
        f"way = Mqtt('mqtt://{LOOPBACK}:' + sys.argv[1])\n"
        f"engine = Engine(device=Device(serial='{SERIAL}'), profiles=[Profile('hub', way)],\n"
        f"    outbox=OutboxSettings(path={str(tmp_path / 'outbox')!r}))\n"
        "with engine.running(local_socket=False):\n"
        "    time.sleep(600)\n"
    )
    with mosquitto(tmp_path) as port, Reader(port) as reader:
        with subprocess.Popen([sys.executable, str(script), str(port)]) as camera:
            try:
                wait_until(lambda: reader.online() == [True], "it is there")
            finally:
                os.kill(camera.pid, signal.SIGKILL)
        wait_until(lambda: reader.online() == [True, False], "the will")
        assert len({one["boot"] for one in reader.said(STATE)}) == 1


def test_after_a_broker_that_died_it_is_there_again(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        run = Engine(settings(tmp_path, port)).running(local_socket=False)
        run.__enter__()
        wait_until(lambda: STATE in names(kept(port)), "it is there")
    try:
        with mosquitto(tmp_path, port=port), Reader(port) as reader:
            wait_until(lambda: reader.online() == [True], "it is there again")
    finally:
        run.__exit__(None, None, None)


def test_a_test_says_nothing_of_the_camera(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, Reader(port) as reader:
        engine = Engine(settings(tmp_path, port))
        with engine.running(local_socket=False):
            wait_until(lambda: bool(reader.said(HEALTH)), "health")
            before = len(reader.read)
            assert list(engine.operator.test("hub", "TEST42", engine.settings))
            wait_until(lambda: len(reader.read) > before, "the event of the Test")
            assert reader.online() == [True]
            later = [one.topic for one in reader.read[before:]]
    assert later
    assert all("/event/" in topic or "/image/" in topic for topic in later)


def test_of_two_profiles_the_named_one_says_it_and_another_may_take_over(tmp_path: Path) -> None:
    def two(port: int, named: int) -> Settings:
        ways = [
            Mqtt(
                f"mqtt://{LOOPBACK}:{port}",
                presence="on" if place == named else "auto",
                discovery_prefix="homeassistant",
            )
            for place in range(2)
        ]
        profiles = [Profile(f"p{place}", way) for place, way in enumerate(ways)]
        return replace(settings(tmp_path, port), profiles=profiles)

    with mosquitto(tmp_path) as port, Reader(port) as reader:
        engine = Engine(two(port, 0))
        with engine.running(local_socket=False):
            wait_until(lambda: reader.online() == [True], "it is there")
            engine.apply(two(port, 1))
            wait_until(lambda: reader.online().count(True) == 2, "it is there by the other one")
            documents = [one.payload for one in reader.read if one.topic == DISCOVERY]
            assert all(documents), "what the other one says now is not removed"
            engine.apply(replace(two(port, 1), profiles=[Profile("h", HttpPost("http://h.test"))]))
            wait_until(lambda: reader.online()[-1:] == [False], "nobody says it any more")


def test_what_the_broker_forbids_is_told_and_events_go(tmp_path: Path) -> None:
    allowed = tmp_path / "acl"
    allowed.write_text("topic read #\ntopic write cammra/v1/+/+/event/#\n")
    with mosquitto(tmp_path, f"acl_file {allowed}") as port:
        engine = Engine(settings(tmp_path, port, accept_unheard=True))
        with engine.running(local_socket=False):
            wait_until(lambda: bool(engine.status().profiles[0].presence), "the refusal")
            (profile,) = engine.status().profiles
            assert "0x87" in profile.presence
            assert not profile.alarm


def test_a_second_camera_of_the_same_serial_is_told_as_such(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, Reader(port) as reader:
        first = Engine(settings(tmp_path, port))
        second = Engine(settings(tmp_path, port, outbox="another"))
        with first.running(local_socket=False):
            wait_until(lambda: reader.online() == [True], "the first")
            with second.running(local_socket=False):
                wait_until(lambda: reader.online().count(True) == 2, "both")
                assert reader.online() == [True, False, True], "the first is thrown out"
                boots = [one["boot"] for one in reader.said(STATE)]
                assert boots[0] == boots[1] != boots[2], (
                    "and whoever watches sees that it is another"
                )


def test_state_is_said_before_events_and_within_receive_maximum(tmp_path: Path) -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH and packet.first & 2:
            client.send(puback(packet.packet_id))
        return packet.kind == PUBLISH

    connack = bytes.fromhex("20 06 00 00 03 21 0001")
    with ScriptedBroker(answer, (connack,)) as broker:
        engine = Engine(settings(tmp_path, broker.port, discovery_prefix="homeassistant"))
        with engine.running(local_socket=False):
            wait_until(lambda: len(broker.of_kind(PUBLISH)) >= 3, "state, document and health")
        topics = [packet.topic for packet in broker.of_kind(PUBLISH)]
    assert topics == [STATE, DISCOVERY, HEALTH, STATE]
