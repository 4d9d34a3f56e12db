"""An event as Rust writes it is what `outbox.codec` documents and reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.model import Event, Plate, VehicleInfo
from cammra_edge.outbox import codec
from cammra_edge.storing import log_encode_event
from tests.fakes import new_event
from tests.outbox.test_codec import EVERYTHING

MOVED = ("images", "missing")


def expected(value: Any) -> bytes:  # noqa: ANN401 - any dataclass
    plain: Any = codec.plain_from(value)
    moved = {name: plain.pop(name) for name in MOVED if name in plain}
    return json.dumps({**plain, **moved}, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True, kw_only=True)
class _Holder:
    first: Any
    second: Any = 0
    images: Any = ()
    third: Any = field(default_factory=Plate)


@pytest.mark.parametrize("event", [EVERYTHING, new_event().event], ids=["everything", "ordinary"])
def test_it_is_what_the_codec_documents(event: Event) -> None:
    encoded, text_length = log_encode_event(event)
    assert encoded == expected(event)
    assert codec.value_from(Event, json.loads(encoded)) == event
    text = codec.value_from(Event, json.loads(encoded[:text_length] + b"}"))
    assert text == replace(event, images=(), missing=())


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters() | st.characters(categories=["Cs"]))
    | st.sampled_from([*EVERYTHING.images, EVERYTHING.plate, EVERYTHING.kind, Plate()])
    | st.builds(VehicleInfo, confidence_mmr=st.floats() | st.none(), make=st.text()),
    lambda values: st.lists(values) | st.lists(values).map(tuple),
    max_leaves=10,
)


@given(first=_VALUES, second=_VALUES, images=_VALUES, third=_VALUES)
def test_any_value_is_written_as_json_writes_it(
    first: object, second: object, images: object, third: object
) -> None:
    holder = _Holder(first=first, second=second, images=images, third=third)
    assert log_encode_event(holder)[0] == expected(holder)


@given(st.floats())
def test_any_float_is_written_as_python_writes_it(number: float) -> None:
    assert log_encode_event(_Holder(first=number))[0] == expected(_Holder(first=number))


@pytest.mark.parametrize(
    "number",
    [
        *(0.0, -0.0, 1e-4, 9.999e-5, 1e15, 1e16, 123456789012345680.0, 5e-324),
        *(1.7976931348623157e308, 0.1, 1 / 3, 1e22, 1e23, 2**53 + 2.0),
        *(float("inf"), float("-inf"), float("nan")),
    ],
)
def test_a_float_at_the_edge_of_a_notation(number: float) -> None:
    for value in (number, -number):
        assert log_encode_event(_Holder(first=value))[0] == expected(_Holder(first=value))


class _Number(IntEnum):
    SEVEN = 7


class _Float(float):
    def __repr__(self) -> str:
        return "not this"


@pytest.mark.parametrize(
    "value",
    [
        *("\ud800", "\udfff\ud800", "\ud83d\ude00", "é京", "a" * 70_000),
        *('😀\0\x7f"\\/\b\f\n\r\t', 2**63, -(2**63), -(2**63) - 1, 10**400),
        *(_Number.SEVEN, _Float(1.5), True, frozenset({3})),
    ],
)
def test_a_value_of_an_odd_kind(value: object) -> None:
    assert log_encode_event(_Holder(first=value))[0] == expected(_Holder(first=value))


class _Plain(Enum):
    WORD = "word"


@pytest.mark.parametrize("value", [b"bytes", {}, {1}, object(), _Plain.WORD, 1j])
def test_what_cannot_be_stored_is_refused_by_name(value: object) -> None:
    name = type(value).__name__
    with pytest.raises(TypeError, match=f"^{name} cannot be stored$"):
        log_encode_event(_Holder(first=[value]))
    with pytest.raises(TypeError, match=f"^{name} cannot be stored$"):
        codec.plain_from(value)


@pytest.mark.parametrize("value", ["text", 1, (), None])
def test_what_is_no_record_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        log_encode_event(value)


def test_what_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        log_encode_event(_Holder(first=endless))


def test_a_default_is_left_out_wherever_it_comes_from() -> None:
    equal = _Holder(first=1, second=0.0, third=Plate())
    assert log_encode_event(equal)[0] == expected(equal) == b'{"first":1}'
    changed = _Holder(first=1, third=Plate(text="A"))
    assert log_encode_event(changed)[0] == b'{"first":1,"third":{"text":"A"}}'
