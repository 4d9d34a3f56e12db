"""The JSON Schema that ships with the docs, held to the table, to what we send, and to what vendors published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.message import Body
from cammra_edge.model import (
    Candidate,
    Direction,
    Event,
    EventKind,
    ImageKind,
    ReliableBy,
    Repeat,
    VehicleInfo,
)
from cammra_edge.payload import render
from cammra_edge.profile import Profile, Tcp
from cammra_edge.receiver.extension import extension_problems
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, SAMPLE_DEVICE, sent_members

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "ref" / "event.schema.json").read_text())
OURS = jsonschema.Draft202012Validator(SCHEMA)
VENDOR = jsonschema.Draft202012Validator(SCHEMA["$defs"]["vendor"])
GOLDEN = ROOT / "tests" / "golden"
SAMPLES = [
    *sorted((GOLDEN / "vendor_samples").glob("*.json")),
    GOLDEN / "ff_json" / "alpv_http_update_2023.json",
]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_it_has_the_keys_that_we_send_in_their_order() -> None:
    assert list(SCHEMA["properties"]) == list(sent_members())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_vendor_sample_fits(sample: Path) -> None:
    VENDOR.validate(json.loads(sample.read_text()))


def test_the_vendors_sample_of_2023_fits_ours_but_for_its_other_image() -> None:
    sample = json.loads((GOLDEN / "ff_json" / "alpv_http_update_2023.json").read_text())
    OURS.validate(sample)


@pytest.mark.parametrize(
    "golden", sorted((GOLDEN / "ff_json").glob("*.bin")), ids=lambda path: path.stem
)
def test_every_golden_request_fits(golden: Path) -> None:
    content = golden.read_bytes()
    start = content.index(b'{"packetCounter"')
    event, _ = json.JSONDecoder().raw_decode(content[start:].decode("latin-1"))
    VENDOR.validate(event)


@given(
    st.sampled_from(EventKind),
    st.sampled_from(Direction),
    st.sampled_from([None, *ImageKind]),
    st.booleans(),
    st.text(max_size=20),
    st.floats(0, 1),
)
def test_whatever_we_send_fits(  # noqa: PLR0913, PLR0917 - one per dimension
    kind: EventKind,
    direction: Direction,
    image: ImageKind | None,
    two: bool,  # noqa: FBT001 - hypothesis gives it by place
    text: str,
    confidence: float,
) -> None:
    event = replace(
        EVENT,
        kind=kind,
        direction=direction,
        plate=replace(EVENT.plate, text=text, confidence=confidence),
        info=VehicleInfo(make=text, confidence_mmr=confidence),
    )
    profile = Profile("p", Tcp("h:1"), image=image, two_images=two)
    OURS.validate(json.loads(body_of(event, profile)))


TIMES_NS = st.integers(-(1 << 62), 1 << 62)


@given(
    event=st.builds(
        lambda **fields: replace(EVENT, **fields),
        changed=st.lists(
            st.sampled_from(
                SCHEMA["properties"]["cammra_edge"]["properties"]["changed"]["items"]["enum"]
            ),
            unique=True,
        ).map(tuple),
        previous_plate=st.text(max_size=9),
        candidates=st.lists(
            st.builds(Candidate, text=st.text(max_size=9), confidence=st.floats(0, 1)), max_size=4
        ).map(tuple),
        reliable_by=st.sampled_from((None, *get_args(ReliableBy))),
        final=st.sampled_from((None, True, False)),
        image_text=st.text(max_size=9),
        image_utc_ns=TIMES_NS,
        first_utc_ns=TIMES_NS,
        last_utc_ns=st.none() | TIMES_NS,
        repeat=st.none()
        | st.builds(
            Repeat, count=st.integers(1, 1 << 62), first_utc_ns=TIMES_NS, last_utc_ns=TIMES_NS
        ),
        clock_synced=st.sampled_from((None, True, False)),
        test=st.booleans(),
    ),
    image=st.sampled_from([None, ImageKind.VEHICLE_CROP]),
)
def test_whatever_our_own_member_tells_fits(event: Event, image: ImageKind | None) -> None:
    plain, extended = (
        json.loads(body_of(event, Profile("p", Tcp("h:1"), image=image, extended=is_extended)))
        for is_extended in (False, True)
    )
    OURS.validate(extended)
    assert list(extended)[-1] == "cammra_edge"
    own = extended.pop("cammra_edge")
    assert (extended, list(extended)) == (plain, list(plain))
    assert own["event_id"] == event.event_id
    assert [one["text"] for one in own["candidates"]] == [one.text for one in event.candidates]
    assert list(extension_problems({"cammra_edge": own})) == []


def test_not_a_byte_differs_where_our_own_member_is_not_asked_for() -> None:
    plain = body_of(EVENT, Profile("p", Tcp("h:1")))
    extended = body_of(EVENT, Profile("p", Tcp("h:1"), extended=True))
    head, _, own = extended.partition(b',"cammra_edge":')
    assert plain == head + b"}"
    assert own.startswith(b'{"event_id":"0123456789abcdef0123456789abcdef","schema":"1",')


def body_of(event: Event, profile: Profile) -> bytes:
    message = render(
        event,
        JPEGS,
        profile=profile,
        profile_id=1,
        device=SAMPLE_DEVICE,
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Body)
    return message.content
