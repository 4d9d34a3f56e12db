"""A plate is found wherever a record says it, in any spelling, and nothing else is taken for it."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from cammra_edge.model import Candidate, Event, ListMatch, Plate
from cammra_edge.outbox.bearing import Bearing
from cammra_edge.outbox.codec import plain_from
from cammra_edge.storing import log_encode_event
from tests.fakes import new_event

PLATE = "34A-368.37"
EVENT = replace(new_event(1, image=b"a picture").event, plate=Plate(text="1AB1234"))


def bears(wanted: str, /, **changed: object) -> bool:
    event = replace(EVENT, **changed)  # type: ignore[arg-type]
    bearing, record = Bearing(wanted), log_encode_event(event)[0]
    is_borne = bearing.is_borne(json.loads(record))
    assert is_borne == bearing.is_borne(plain_from(event))
    assert bearing.may_be_borne(record) or not is_borne
    return is_borne


def test_every_field_that_holds_plates_is_looked_at() -> None:
    assert not bears(PLATE)
    assert bears(PLATE, plate=Plate(text="34a36837"))
    assert bears(PLATE, previous_plate="34A 36837")
    assert bears(
        PLATE,
        candidates=(
            Candidate(text="1AB1234", confidence=0.9),
            Candidate(text="34A36837", confidence=0.1),
        ),
    )
    assert bears(PLATE, image_text="34A368·37")
    assert bears(PLATE, listed=ListMatch(name="staff", meant="34А36837"))  # noqa: RUF001 - Cyrillic


def test_a_text_that_names_it_bears_it() -> None:
    assert bears(PLATE, listed=ListMatch(description="the boss (34A 368.37), always"))
    assert bears(PLATE, listed=ListMatch(name="34A36837"))
    assert bears(PLATE, listed=ListMatch(name="34 A 3 6 8 3 7"))
    assert bears(PLATE, stream_id="lane-34a36837")
    assert bears(PLATE, images=(replace(EVENT.images[0], image_key="crop_34A36837_1"),))
    assert Bearing(PLATE).is_borne({"a_newer_versions_field": {"notes": ["was 34-A 368-37 once"]}})


@pytest.mark.parametrize("text", ["34A368370", "x34A36837", "34A 368", ""])
def test_other_texts_do_not(text: str) -> None:
    assert not bears(PLATE, listed=ListMatch(description=text, name="x"))
    assert not bears(PLATE, previous_plate=text)


def test_words_of_our_own_are_no_plates() -> None:
    assert not bears("agreement", reliable_by="agreement")
    assert not bears("audi", info=replace(EVENT.info, make="Audi"))
    assert not bears(EVENT.event_id)


def test_a_pattern_finds_plates_and_a_long_one_texts() -> None:
    assert bears("34A*", previous_plate="34A36837")
    assert bears("34A3*", listed=ListMatch(description="of 34A36837"))
    assert not bears("l*", listed=ListMatch(description="lost"))
    assert bears("*")


def test_no_field_that_holds_a_text_is_forgotten() -> None:
    """Whoever adds a text to the event says here whether it may hold a plate."""
    texts = {field.name for field in fields(Event) if field.type in {"str", str}}
    assert texts == {"event_id", "stream_id", "previous_plate", "image_text"}
    for name in texts - {"event_id"}:
        assert bears(PLATE, **{name: PLATE})
