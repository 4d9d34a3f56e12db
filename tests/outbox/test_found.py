"""What may be asked of the outbox's memory."""

from __future__ import annotations

from typing import Any

import pytest

from cammra_edge.errors import ConfigError
from cammra_edge.model import Direction, EventKind
from cammra_edge.outbox import Erasure, EventQuery, EventState


def test_a_query_without_a_word_asks_for_everything() -> None:
    query = EventQuery()
    assert query.kinds == frozenset(EventKind)
    assert query.limit == 50


def test_words_stand_for_members_of_enumerations() -> None:
    words: dict[str, Any] = {"direction": "in", "kinds": ["lost"], "state": "parked"}
    query = EventQuery(**words)
    assert query.direction is Direction.IN
    assert query.kinds == {EventKind.LOST}
    assert query.state is EventState.PARKED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plate", "--"),
        ("plate", "A\nB"),
        ("plate", "A" * 65),
        ("from_utc_ns", -1),
        ("to_utc_ns", 2**63),
        ("direction", "up"),
        ("region", -1),
        ("kinds", []),
        ("kinds", ["old"]),
        ("min_confidence", 1.1),
        ("state", "lost"),
        ("cursor", "next"),
        ("limit", 0),
        ("limit", 1001),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(field: str, value: object) -> None:
    fields: dict[str, Any] = {field: value}
    with pytest.raises(ConfigError) as refused:
        EventQuery(**fields)
    assert refused.value.field == field


def test_one_letter_off_a_pattern_is_refused() -> None:
    assert EventQuery(plate="ABC 123", one_off=True).one_off
    with pytest.raises(ConfigError, match="one_off"):
        EventQuery(plate="ABC*", one_off=True)


def test_a_time_span_must_go_forward() -> None:
    with pytest.raises(ConfigError, match="to_utc_ns"):
        EventQuery(from_utc_ns=10, to_utc_ns=10)


def test_what_is_to_be_forgotten_is_said_in_one_way() -> None:
    assert Erasure(plate="abc-1*").plate == "abc-1*"
    assert Erasure(before_utc_ns=0).before_utc_ns == 0
    assert Erasure(everything=True, undelivered=True).undelivered
    wrong: tuple[dict[str, Any], ...] = ({}, {"plate": "A", "everything": True}, {"plate": "--"})
    for fields in wrong:
        with pytest.raises(ConfigError, match="plate"):
            Erasure(**fields)
