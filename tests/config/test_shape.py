"""Values to plain data and back, and hostile data refused."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.config import OutboxSettings, Region, TrackingSettings
from cammra_edge.config.lists import ListEntry, ListMode, PlateList
from cammra_edge.config.schema import record_schema
from cammra_edge.config.shape import SettingsError, plain_of, record_of
from cammra_edge.errors import ConfigError
from cammra_edge.model import Device

VALUES = [
    TrackingSettings(regions=(Region(roi_id=2),), lost_after_s=3.5),
    OutboxSettings(durability="process"),
    Device(serial="B8A44F960ACE", latitude=-33.9),
    PlateList("Staff", ListMode.ALLOW, (ListEntry("AB1", "Anna"),)),
]
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_from_its_plain_form(value: Any) -> None:  # noqa: ANN401 - any settings value
    assert record_of(type(value), plain_of(value), "x") == value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@given(hostile=HOSTILE, data=st.data())
def test_hostile_data_is_refused_by_name_and_nothing_else_is_raised(
    value: Any,  # noqa: ANN401 - any settings value
    hostile: object,
    data: st.DataObject,
) -> None:
    plain = plain_of(value)
    assert isinstance(plain, dict)
    name = data.draw(st.sampled_from(sorted(plain)))
    refused: tuple[ConfigError, ...] = ()
    try:
        record_of(type(value), plain | {name: hostile}, "x")
    except SettingsError as error:
        refused = error.errors
    assert all(one.field.startswith(f"x.{name}") for one in refused)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        record_of(
            TrackingSettings, {"lost_after_s": -1, "reliable_reads": "3", "nonsense": 1}, "tracking"
        )
    assert {one.field for one in caught.value.errors} == {
        "tracking.lost_after_s",
        "tracking.reliable_reads",
        "tracking.nonsense",
    }


def test_a_script_is_refused_with_the_same_words_as_the_page() -> None:
    with pytest.raises(ConfigError) as by_script:
        TrackingSettings(lost_after_s=-1.0)
    with pytest.raises(SettingsError) as by_page:
        record_of(TrackingSettings, {"lost_after_s": -1.0}, "tracking")
    assert by_page.value.errors[0].want == by_script.value.want


@pytest.mark.parametrize("char", ["\r", "\n", "\0", "\u2028", "\x85", "\ud800"])
def test_no_text_keeps_a_control_character(char: str) -> None:
    with pytest.raises(SettingsError, match=r"device\.serial"):
        record_of(Device, {"serial": f"A{char}B"}, "device")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, True, "1", None, [], {}])
def test_only_a_number_is_a_number(value: object) -> None:
    with pytest.raises(SettingsError):
        record_of(TrackingSettings, {"lost_after_s": value}, "tracking")


def test_the_schema_has_every_field_and_its_bounds() -> None:
    schema = record_schema(TrackingSettings)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == [one.name for one in dataclasses.fields(TrackingSettings)]
    assert properties["lost_after_s"] == {
        "type": "number",
        "minimum": 0.1,
        "maximum": 3600.0,
        "default": 10.0,
    }
