"""The hashed tag, and the XML of UTMC and UTMC-2 against the schema that ships."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cammra_edge.errors import ConfigError
from cammra_edge.message import Body
from cammra_edge.payload import render, utmc
from cammra_edge.profile import HttpPost, Profile, Utmc, Utmc2
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, SAMPLE_DEVICE

if TYPE_CHECKING:
    from cammra_edge.model import EventWord

VECTORS = json.loads(
    (Path(__file__).parents[1] / "golden" / "utmc" / "hash_vectors.json").read_text()
)
SCHEMA = etree.XMLSchema(
    etree.fromstring(
        files("cammra_edge.profile").joinpath("presets", "anpr-read-1.xsd").read_bytes()
    )
)
NAMESPACE = "{urn:cammra-edge:anpr-read:1}"


def message(profile: Profile, text: str = "AXIS1234", device_id: str = "L3") -> bytes:
    event = replace(EVENT, plate=replace(EVENT.plate, text=text, country=text))
    body = render(
        event,
        JPEGS,
        profile=replace(profile, device_id=device_id),
        profile_id=1,
        device=SAMPLE_DEVICE,
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(body, Body)
    return body.content


@pytest.mark.parametrize(("text", "value"), VECTORS["checks"].items())
def test_the_hash_is_jenkins_one_at_a_time(text: str, value: str) -> None:
    assert f"{utmc.one_at_a_time(text.encode()):08x}" == value


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["plate"]))
def test_the_vectors(vector: dict[str, str]) -> None:
    assert utmc.merged(vector["plate"]) == vector["merged"]
    assert utmc.tag(vector["plate"], 32) == vector["hash32"]
    assert utmc.tag(vector["plate"], 24) == vector["low24"]
    assert utmc.tag(vector["plate"], 18) == vector["low18"]


@pytest.mark.parametrize(("bits", "tag"), [(24, "b1dffd"), (18, "1dffd")])
def test_utmc_sends_the_tag_and_never_the_plate_or_an_image(
    bits: Literal[18, 24], tag: str
) -> None:
    profile = Profile("p", Utmc("h", tag_bits=bits), two_images=True)
    content = message(profile)
    root = etree.fromstring(content)
    SCHEMA.assertValid(root)
    assert root.findtext(f"{NAMESPACE}Tag") == tag
    assert profile.image_specs() == ()
    assert b"AXIS1234" not in content.replace(b"urn:cammra-edge", b"")


def test_utmc_2_sends_the_plate_and_both_images() -> None:
    root = etree.fromstring(message(Profile("p", Utmc2("tcp://h:1"), two_images=True)))
    SCHEMA.assertValid(root)
    assert root.findtext(f"{NAMESPACE}VRM") == "AXIS1234"
    assert root.find(f"{NAMESPACE}PlateImage") is not None
    assert root.find(f"{NAMESPACE}OverviewImage") is not None


@given(st.text(max_size=60), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
def test_hostile_texts_never_make_invalid_xml(text: str, device_id: str) -> None:
    for protocol in (Utmc("h"), Utmc2("h")):
        root = etree.fromstring(message(Profile("p", protocol, two_images=True), text, device_id))
        SCHEMA.assertValid(root)
        assert root.findtext(f"{NAMESPACE}Sequence") == "7"


def test_one_read_per_vehicle() -> None:
    assert Profile("p", Utmc("h")).events == {"lost"}
    assert Profile("p", Utmc2("h"), events={"reliable"}).events == {"reliable"}
    wrong: tuple[set[EventWord], ...] = ({"new"}, {"reliable", "lost"}, set())
    for events in wrong:
        with pytest.raises(ConfigError, match="one read per vehicle"):
            Profile("p", Utmc("h"), events=events)


def test_only_two_widths_of_tag() -> None:
    with pytest.raises(ConfigError, match=r"^Utmc: tag_bits"):
        Utmc("h", tag_bits=20)  # type: ignore[arg-type] # wrong on purpose


def test_the_transport_follows_the_url() -> None:
    assert isinstance(Utmc("h", user="u", password="p").transport(), HttpPost)
    assert str(Utmc("tcp://h:7").transport().server_url) == "tcp://h:7"
    with pytest.raises(ConfigError, match=r"^Utmc: server_url"):
        Utmc("tcp://h")
