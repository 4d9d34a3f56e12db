"""What goes to a broker: topics without plates, pictures with the events that they are wanted with, when it expires."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.errors import ConfigError
from cammra_edge.message import Publications
from cammra_edge.model import Device, EventKind, Plate
from cammra_edge.payload.render import render
from cammra_edge.profile import HttpPost, Mqtt, Profile
from cammra_edge.trial import picture

NOW_NS = 1_760_000_000_123_000_000
DEVICE = Device(serial="ACCC8E9BB16D")


def published(
    protocol: Mqtt,
    kind: EventKind = EventKind.RELIABLE,
    *,
    plate: str = "ABC123",
    device: Device = DEVICE,
    **profile: object,
) -> Publications:
    one = Profile("p", protocol, two_images=True, **profile)  # type: ignore[arg-type] # the tests' own
    event, images = picture.event(one, plate, NOW_NS)
    event = replace(event, kind=kind, plate=Plate(text=plate, confidence=0.9))
    made = render(
        event, images, profile=one, profile_id=1, device=device, packet=5, boundary_key=bytes(16)
    )
    assert isinstance(made, Publications)
    return made


@pytest.mark.parametrize("kind", EventKind)
def test_the_type_is_the_last_level(kind: EventKind) -> None:
    made = published(Mqtt("h"), kind)
    assert made.topic == f"cammra/v1/site/ACCC8E9BB16D/event/{kind.value}"


@pytest.mark.parametrize(
    ("images", "with_pictures"),
    [
        ("reliable and lost", {EventKind.RELIABLE, EventKind.LOST}),
        ("all", set(EventKind)),
        ("none", set()),
    ],
)
def test_pictures_go_with_the_events_that_they_are_wanted_with(
    images: str, with_pictures: set[EventKind]
) -> None:
    protocol = Mqtt("h", images=images)  # type: ignore[arg-type] # one of the words
    for kind in EventKind:
        kinds = [one.kind for one in published(protocol, kind).pictures]
        assert kinds == (["vehicle", "plate"] if kind in with_pictures else [])


def test_the_ff_json_is_that_of_a_post_without_pictures() -> None:
    post = Profile("p", HttpPost("h", multipart=False), image=None)
    event, images = picture.event(post, "ABC123", NOW_NS)
    event = replace(event, kind=EventKind.NEW, plate=Plate(text="ABC123", confidence=0.9))
    body = render(
        event, images, profile=post, profile_id=1, device=DEVICE, packet=5, boundary_key=bytes(16)
    )
    profile = Profile("p", Mqtt("h"), image=None)
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
    assert made.content == getattr(body, "content")  # noqa: B009 - a body has it, files have not
    assert made.content_type == "application/json"


@given(st.text(min_size=1, max_size=30), st.text(max_size=80))
def test_whatever_plate_and_serial_say_topics_stay_topics(plate: str, serial: str) -> None:
    marked = f"PLATE{plate}"
    device = Device(serial="".join(sign for sign in serial if sign.isprintable()))
    made = published(Mqtt("h", images="all"), plate=marked, device=device)
    for topic in (made.topic, *(one.topic for one in made.pictures)):
        assert "PLATE" not in topic
        assert not set(topic) & set("+#$\0 ")
        assert topic.count("/") <= 7
        assert "//" not in topic
    assert not any("PLATE" in text for pair in made.properties for text in pair)


def test_it_expires_when_the_profile_says_so() -> None:
    assert published(Mqtt("h")).expires_utc_ns is None
    made = published(Mqtt("h"), max_age_s=60, expires_s={"reliable": 5})
    assert made.expires_utc_ns == NOW_NS + 5_000_000_000


def test_a_topic_of_ones_own() -> None:
    protocol = Mqtt("h", topic="gates/{site}/{device}/{roi}/{direction}/{event}", site="north")
    assert published(protocol).topic == "gates/north/ACCC8E9BB16D/1/in/reliable"


@pytest.mark.parametrize(
    "settings",
    [
        {"topic": "a/{plate}"},
        {"topic": "a/+"},
        {"topic": "/a"},
        {"topic": "a//b"},
        {"topic": "1/2/3/4/5/6/7/8/9"},
        {"prefix": "a/b/c/d"},
        {"prefix": ""},
        {"site": "a/b"},
        {"ack": "reply"},
        {"ack": "OK"},
        {"version": "3.1.1", "ack": "reply", "reply_by": "db"},
        {"version": "3.1.1", "images": "all"},
        {"version": "3.1.1", "password": "p"},
        {"version": "4"},
        {"payload": "template"},
        {"payload": "template", "template": 'method = "GET"\npath = "/"'},
        {"server_url": "http://h"},
    ],
)
def test_what_cannot_be_meant_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Mqtt(**({"server_url": "h"} | settings))  # type: ignore[arg-type] # as a script may


def test_a_template_of_ones_own_is_filled() -> None:
    template = 'content_type = "text/plain"\nescape = "raw"\nbody = "{{plate}} {{event}}"'
    made = published(Mqtt("h", payload="template", template=template))
    assert (made.content, made.content_type) == (b"ABC123 reliable", "text/plain")


def test_what_is_doubtful_is_said() -> None:
    assert not list(Mqtt("h", user="u").doubts())
    assert "in clear" in " ".join(Mqtt("mqtt://h", user="u").doubts())
    assert "hides" in " ".join(Mqtt("h", version="3.1.1").doubts())
