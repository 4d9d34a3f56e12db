"""Ten thousand texts from outside through every payload: nothing they say becomes structure."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from cammra_edge.errors import ConfigError
from cammra_edge.message import Body, Files
from cammra_edge.model import EventWord, ListMatch, Plate, VehicleInfo
from cammra_edge.payload import render
from cammra_edge.profile import (
    NAMING_1_3,
    PRESETS,
    Ftp,
    HttpPost,
    Profile,
    Protocol,
    Tcp,
    Template,
    Utmc,
    Utmc2,
)
from tests.budget import examples
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, unchecked_device

TRICKS = [
    "\r\nX-Evil: 1",
    '"><script>alert(1)</script>',
    "]]><!--",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "../../../../etc/passwd",
    "..\\..\\x",
    "\0\x01\x1b[31m\x7f",
    "\u202e\u2028\u2029\ufeff\uffff",
    '","carState":"new","x":"',
    "{{plate}}{{#image}}{{/plate}}%Y#PLATE",
    "=cmd|' /C calc'!A0",
    "%0d%0aX: y",
    "京PL3N67",
    "TÖL SL123",
    "A" * 10_000,
    "\ud800",
    "--",
    "",
]
HOSTILE = (
    st.sampled_from(TRICKS)
    | st.text(max_size=40)
    | st.lists(st.sampled_from(TRICKS), max_size=3).map("".join)
)
PROTOCOLS: tuple[Protocol, ...] = (
    HttpPost("h"),
    HttpPost("h", multipart=False),
    Tcp("h:1"),
    Utmc("h"),
    Utmc2("h"),
    Ftp("ftp://h", path="#M/#DEVICE_ID/#COUNTRY", naming=NAMING_1_3, sidecar=True),
    *(Template("h", preset=name) for name in PRESETS),
)
COMPONENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
EXAMPLES = examples(2500)


def looked_through(content_type: str, content: bytes) -> None:
    """Parse it as its receiver would; whatever the texts were, the structure is ours."""
    if content_type.startswith("multipart/"):
        header = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
        parsed = BytesParser(policy=HTTP).parsebytes(header + content)
        for part in parsed.iter_parts():
            assert set(part.keys()) <= {"Content-Disposition", "Content-Type"}
            name = part.get_filename()
            assert name is None or re.fullmatch(r"[A-Za-z0-9._-]{1,120}", name)
            looked_through(part.get_content_type(), bytes(part.get_payload(decode=True) or b""))
    elif content.startswith(b"{") or "json" in content_type:
        members = json.loads(content)
        assert "carState" not in members or members["carState"] == "update"
    elif "xml" in content_type:
        root = etree.fromstring(content)
        assert not [
            element for element in root.iter() if etree.QName(element).localname == "script"
        ]
    elif "csv" in content_type:
        (row,) = csv.reader(io.StringIO(content.decode()))
        assert len(row) == 9
    else:
        assert content_type == "image/jpeg"


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PROTOCOLS), HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_a_text_says_becomes_structure(
    protocol: Protocol, plate: str, place: str, vehicle: str, device_id: str
) -> None:
    event = replace(
        EVENT,
        plate=Plate(text=plate, confidence=0.5, country=place, region=place, region_code=place),
        info=VehicleInfo(view=vehicle, kind=vehicle, colour=vehicle, make=vehicle, model=vehicle),
        listed=ListMatch(name=place, mode="block", description=vehicle),
    )
    device = unchecked_device(serial=place, model=vehicle, ip=place, mac=plate, geo_target=vehicle)
    events: set[EventWord] = {"lost"} if protocol.one_read else {"update"}
    try:
        profile = Profile("p", protocol, two_images=True, events=events, device_id=device_id)
    except ConfigError:
        profile = Profile("p", protocol, two_images=True, events=events)
    message = render(
        event,
        JPEGS,
        profile=profile,
        profile_id=1,
        device=device,
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    if isinstance(message, Body):
        looked_through(message.content_type or "application/json", message.content)
        return
    assert isinstance(message, Files)
    for file in message.files:
        assert all(COMPONENT.fullmatch(part) for part in file.path.split("/")), file.path
