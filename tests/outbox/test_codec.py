"""An event on disk: every field comes back, and versions that know more or less of it understand each other."""

from __future__ import annotations

import json
import types
import typing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.model import (
    Candidate,
    Direction,
    Event,
    EventKind,
    ImageKind,
    ImageRef,
    ImageSpec,
    ListMatch,
    MissingImage,
    Plate,
    Recalled,
    Rect,
    Repeat,
    Subsampling,
    VehicleInfo,
)
from cammra_edge.outbox import codec, records
from cammra_edge.outbox.unsaved import payloads_of
from cammra_edge.storing import LogGroup, log_encode_event
from tests.fakes import JPEG, new_event

GOLDEN = Path(__file__).parents[1] / "golden" / "outbox" / "event.json"
EVERYTHING = Event(
    event_id="0123456789abcdef0123456789abcdef",
    stream_id="run-1",
    vehicle_no=3,
    car_id=54950,
    kind=EventKind.UPDATE,
    ordinal=2,
    at_utc_ns=1_702_297_625_507_641_000,
    first_utc_ns=1_702_297_625_100_000_000,
    last_utc_ns=1_702_297_625_600_000_000,
    image_utc_ns=1_702_297_625_954_662_000,
    plate=Plate(
        text="TÖL123",
        confidence=0.73721,
        country="DEU",
        region="Bayern",
        region_code="TÖL",
        iso3166_2="DE-BY",
    ),
    direction=Direction.OUT,
    roi_id=2,
    vehicle_box=Rect(400, 300, 640, 400),
    plate_box=Rect(514, 570, 120, 28),
    info=VehicleInfo(
        view="front",
        kind="CAR",
        colour="BLACK",
        make="Skoda",
        model="Rapid",
        confidence_mmr=0.5,
        confidence_colour=0.25,
    ),
    changed=("plate", "direction"),
    previous_plate="TOL123",
    candidates=(Candidate(text="TÖL123", confidence=0.7), Candidate(text="TOL123", confidence=0.3)),
    reliable_by="agreement",
    final=False,
    repeat=Repeat(count=2, first_utc_ns=5, last_utc_ns=6),
    recalled=(
        Recalled(
            profile="gate",
            verdict="held",
            repeat=Repeat(count=2, first_utc_ns=5, last_utc_ns=6),
        ),
    ),
    clock_synced=True,
    images=(
        ImageRef(
            spec=ImageSpec(
                kind=ImageKind.DOWNSIZED_FRAME,
                quality=70,
                subsampling=Subsampling.HALF,
                max_bytes=50_000,
                fit=(640, 360),
            ),
            image_key="d",
            width=640,
            height=360,
            shows=Rect(0, 0, 1920, 1080),
            size_bytes=4,
        ),
    ),
    missing=(MissingImage(kind=ImageKind.PLATE_CROP, why="no box"),),
    image_text="TOL123",
    listed=ListMatch(name="Staff", mode="allow", description="Anna", meant="TOL128"),
    test=True,
)


def values(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any type hint
    """Every value of a type, each field of it filled."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return st.one_of([values(kind) for kind in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if is_dataclass(hint):
        made_of = {name: values(kind) for name, kind in typing.get_type_hints(hint).items()}
        return st.builds(typing.cast("type[Any]", hint), **made_of)
    return st.floats(allow_nan=False) if hint is float else st.from_type(hint)


def with_more_tags(plain: object) -> object:
    """As a newer version may write it."""
    if isinstance(plain, list):
        return [with_more_tags(item) for item in plain]
    if isinstance(plain, dict):
        return {"newer": [1]} | {tag: with_more_tags(value) for tag, value in plain.items()}
    return plain


def through_json(event: Event) -> Any:  # noqa: ANN401 - what JSON gives
    return json.loads(log_encode_event(event)[0])


@given(values(Event))
def test_every_field_comes_back_also_beside_tags_of_a_newer_version(event: Event) -> None:
    plain = through_json(event)
    assert codec.value_from(Event, plain) == event
    assert codec.value_from(Event, with_more_tags(plain)) == event


def assert_full(value: object, plain: Any) -> None:  # noqa: ANN401 - what JSON gives
    if isinstance(value, tuple):
        for item, inner in zip(value, plain, strict=True):
            assert_full(item, inner)
    elif is_dataclass(value):
        assert plain.keys() == {field.name for field in fields(value)}
        for name, inner in plain.items():
            assert_full(getattr(value, name), inner)


def test_an_event_is_stored_and_read_as_it_first_was() -> None:
    plain = json.loads(GOLDEN.read_text())
    assert_full(EVERYTHING, plain)
    assert codec.value_from(Event, plain) == EVERYTHING
    assert through_json(EVERYTHING) == plain


def test_a_word_of_a_newer_version_is_not_known_where_it_may_be() -> None:
    plain = through_json(EVERYTHING)
    plain |= {"reliable_by": "hearsay", "direction": "up"}
    plain["missing"].insert(0, {"kind": "hologram", "why": "no laser"})
    assert codec.value_from(Event, plain) == replace(
        EVERYTHING, reliable_by=None, direction=Direction.UNKNOWN
    )
    plain["kind"] = "teleported"
    with pytest.raises(ValueError, match="teleported"):
        codec.value_from(Event, plain)


def payload_of(event: Event, image_nos: list[int]) -> bytes:
    """The record of an event that two profiles want, as it lies in the log."""
    group = LogGroup(bytes(16), 1, 4096)
    group.event(
        event,
        seq=5,
        event_id=bytes(16),
        stored_ns=5,
        image_nos=image_nos,
        wanted=[(2, 9, 1, 100), (3, 1, 2**64 - 1, 100)],
    )
    (payload,) = payloads_of(group)
    return payload


def test_an_image_of_a_kind_that_is_not_known_takes_its_number_with_it() -> None:
    payload = payload_of(EVERYTHING, [6, 7])
    text = records.json_from(payload)
    plain = json.loads(text)
    (image,) = plain["images"]
    plain["images"].insert(0, image | {"image_key": "h", "spec": {"kind": "hologram"}})
    newer = payload.removesuffix(text) + json.dumps(plain).encode()
    assert records.event_from(newer) == EVERYTHING
    assert records.image_nos(newer, EVERYTHING, [6, 7]) == [7]


FULL = replace(
    new_event(3, image=JPEG).event,
    plate=Plate(text='TÖL "京\r\n\0\ud800', confidence=0.25, country="SWE"),
    vehicle_box=Rect(-3, 4, 5, 6),
    info=VehicleInfo(make="SAAB", confidence_mmr=0.5),
    changed=("plate", "direction"),
    missing=(MissingImage(kind=ImageKind.PLATE_CROP, why="no box"),),
    kind=EventKind.UPDATE,
)


def test_an_event_comes_back_equal_whatever_its_text() -> None:
    payload = payload_of(FULL, [1])
    assert records.json_from(payload).isascii()
    back = records.event_from(payload)
    assert back == FULL
    assert isinstance(back.vehicle_box, Rect)


@pytest.mark.parametrize("length", [0, 78, 100, 160])
def test_a_record_that_ends_too_early_is_damaged(length: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        records.event_from(payload_of(FULL, [1])[:length])


def test_a_field_that_older_bytes_lack_takes_its_default() -> None:
    plain = codec.plain_from(FULL)
    assert isinstance(plain, dict)
    del plain["info"]
    plain["from_a_newer_version"] = [1]
    assert codec.value_from(Event, plain) == replace(FULL, info=VehicleInfo())


def test_a_field_without_a_default_must_be_there() -> None:
    plain = codec.plain_from(FULL)
    assert isinstance(plain, dict)
    del plain["event_id"]
    with pytest.raises(ValueError, match="event_id"):
        codec.value_from(Event, plain)


@pytest.mark.parametrize("text", ["", "x", "zz" * 16, "AB" * 15, "\ud800"])
def test_ids_of_any_form_have_a_key_of_their_own(text: str) -> None:
    assert records.id_bytes(text) != records.id_bytes("ab" * 16)
    assert records.id_bytes("ab" * 16) == bytes.fromhex("ab" * 16)
