"""What is told of a camera, and what Home Assistant is to make of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Device, Mqtt
from cammra_edge.payload import presence
from cammra_edge.payload.render import render
from cammra_edge.profile import Profile
from cammra_edge.trial import picture

if TYPE_CHECKING:
    from cammra_edge.profile import PresenceWay

DEVICE = Device(serial="AC:CC 8E.9B", model="Q1700")


def way(**fields: object) -> PresenceWay:
    told = {"discovery_prefix": "homeassistant", **fields}
    return Mqtt("mqtt://broker.test", **told).presence_way()  # type: ignore[arg-type] # the tests' own


def document(of: PresenceWay, device: Device = DEVICE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(presence.discovery(of, device, "1.2"))
    return found


def test_topics_are_the_cameras_own() -> None:
    assert presence.state_topic(way(site="north"), DEVICE) == "cammra/v1/north/ACCC8E.9B/state"
    assert presence.health_topic(way(prefix="x"), DEVICE) == "x/site/ACCC8E.9B/health"
    topic = presence.discovery_topic(way(), DEVICE)
    assert re.fullmatch(r"homeassistant/device/[A-Za-z0-9_-]+/config", topic)
    assert not presence.discovery_topic(way(discovery_prefix=""), DEVICE)


def test_state_is_one_boot_and_a_flag() -> None:
    assert presence.state("b", online=True) == b'{"online":true,"boot":"b"}'
    assert presence.state("b", online=False) == b'{"online":false,"boot":"b"}'


def test_the_document_has_what_home_assistant_asks_for() -> None:
    told = document(way())
    assert told["device"]["identifiers"] == ["cammra_ACCC8E_9B"]
    assert told["origin"] == {"name": "cammra-edge", "sw_version": "1.2"}
    assert told["availability"][0]["topic"] == presence.state_topic(way(), DEVICE)
    assert told["state_topic"] == presence.health_topic(way(), DEVICE)
    ids = [one["unique_id"] for one in told["components"].values()]
    assert len(set(ids)) == len(ids)
    for name, one in told["components"].items():
        assert one["platform"] in {"binary_sensor", "sensor", "event"}, name
        assert one["value_template"].count("{{") == one["value_template"].count("}}")
    assert document(way(), Device())["device"]["name"] == "Camera camera"


@pytest.mark.parametrize(
    ("fields", "topic"),
    [
        ({}, "cammra/v1/site/ACCC8E.9B/event/+"),
        ({"payload": "cloudevents"}, "cammra/v1/site/ACCC8E.9B/event/+"),
        ({"topic": "{site}/{direction}/{roi}"}, "site/+/+"),
        ({"topic": "{site}/x-{event}"}, None),
        ({"payload": "onvif"}, None),
    ],
)
def test_vehicles_are_an_event_where_topic_and_payload_allow(
    fields: dict[str, str], topic: str | None
) -> None:
    vehicle = document(way(**fields))["components"].get("vehicle")
    assert (vehicle and vehicle["state_topic"]) == topic
    if vehicle:
        assert vehicle["event_types"] == ["new", "reliable", "update", "lost"]
        assert "tojson" in vehicle["value_template"], "no plate breaks out of its quotes"


@pytest.mark.parametrize("payload", ["ff", "cloudevents"])
def test_home_assistant_reads_members_that_events_have(payload: str) -> None:
    protocol = Mqtt("mqtt://broker.test", payload=payload, discovery_prefix="homeassistant")  # type: ignore[arg-type] # one of them
    profile = Profile("hub", protocol)
    event, images = picture.event(profile, "PLATE42", 1_760_000_000_000_000_000)
    made = render(
        event,
        images,
        profile=profile,
        profile_id=1,
        device=DEVICE,
        packet=5,
        boundary_key=bytes(16),
    )
    assert made is not None
    template = document(protocol.presence_way())["components"]["vehicle"]["value_template"]
    read = []
    for path in re.findall(r"value_json\.([\w.]+)", template):
        value = json.loads(made.content)  # type: ignore[union-attr] # a message with a body
        for member in path.split("."):
            value = value[member]
        read.append(value)
    assert read[:2] == ["new", "PLATE42"]
    assert read[2] in {"in", "out", "unknown"}
