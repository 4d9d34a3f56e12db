"""Every settings class there is: what is taken, what is refused, and that the schema says so."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from dataclasses import MISSING, is_dataclass, replace
from inspect import isabstract
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.checks import under
from cammra_edge.config import OutboxSettings, Region, Settings, TrackingSettings
from cammra_edge.config.lists import ListEntry, ListMode, PlateList
from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.fields import Checked, Setting, plain_of, read_record, schema_of, settings_of
from cammra_edge.model import Device
from cammra_edge.profile import PROTOCOLS, Ftp, HttpPost, Profile, Tcp, Tls

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSES = sorted(
    {
        value
        for name, module in list(sys.modules.items())
        if name.startswith("cammra_edge")
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Checked)
        if is_dataclass(value) and settings_of(value) and not isabstract(value)
    },
    key=lambda cls: cls.__name__,
)
FIELDS = [
    pytest.param(cls, name, one, id=f"{cls.__name__}.{name}")
    for cls in CLASSES
    for name, one in settings_of(cls).items()
]
BY_WORD_ONLY = {"profiles", "protocol"}
"""Fields whose plain form is `config.flat`'s business."""
MEANING = {
    "server_url",
    "proxy",
    "auth_header",
    "pin",
    "path",
    "naming",
    "template",
    "time_zone",
    "pattern",
}
"""Texts that must mean something besides having the right length: their schema takes more than they do."""
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
EDGES: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, "", "x", "1", [], {}, ["x"], [1], {"x": 1}, {"new": 1},
    10**400, math.nan, math.inf, -math.inf, 1e300,
]  # fmt: skip


def edges_of(schema: dict[str, Any]) -> Iterator[Any]:
    """Values on both sides of every bound that a schema has."""
    yield from edges_of_one(schema)
    for option in schema.get("anyOf", ()):
        yield from edges_of(option)
    for item in edges_of(schema["items"]) if "items" in schema else ():
        yield from ([item] * count for count in {1, schema.get("minItems", 1)})
    if "items" in schema:
        yield [good(schema["items"])] * (schema["maxItems"] + 1)
    if "prefixItems" in schema:
        count = schema["minItems"]
        for item in edges_of(schema["prefixItems"][0]):
            yield from ([item] * count, [item] * (count - 1), [item] * (count + 1))
    if "propertyNames" in schema:
        for key in (*edges_of(schema["propertyNames"]), "nonsense"):
            yield from ({key: value} for value in edges_of(schema["additionalProperties"]))


def edges_of_one(schema: dict[str, Any]) -> Iterator[Any]:
    for key, outward in (("minimum", -1), ("maximum", 1)):
        if key in schema:
            yield from (schema[key], schema[key] + outward, schema[key] - outward)
    yield from schema.get("enum", ())
    for key in ("minLength", "maxLength"):
        if key in schema:
            yield from ("a" * schema[key], "a" * (schema[key] + 1), "a" * max(schema[key] - 1, 0))


def good(schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any plain value
    """A value that this schema takes."""
    if schema["type"] == "object":
        return {name: good(schema["properties"][name]) for name in schema.get("required", ())}
    if "prefixItems" in schema:
        return [good(item) for item in schema["prefixItems"]]
    return schema.get("enum", [schema.get("minimum", "AB1")])[0]


def taken(one: Setting, value: object) -> bool:
    try:
        one.check.read(value)
    except ConfigError:
        return False
    return True


def is_odd(value: object) -> bool:
    """Whether JSON has no such number, or calls a fraction a whole number."""
    return isinstance(value, float) and (math.isnan(value) or value.is_integer())


def leaves(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "anyOf" not in schema:
        yield schema
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield from leaves(schema[key])
    for inner in (
        *schema.get("anyOf", ()),
        *schema.get("prefixItems", ()),
        *schema.get("properties", {}).values(),
    ):
        yield from leaves(inner)


@pytest.mark.parametrize(("cls", "name", "one"), FIELDS)
def test_the_schema_refuses_and_takes_what_the_field_does(
    cls: type, name: str, one: Setting
) -> None:
    del cls
    schema = one.schema()
    validator = jsonschema.Draft202012Validator(schema)
    for value in [*EDGES, *edges_of(schema)]:
        if not validator.is_valid(value):
            assert not taken(one, value), value
        elif name not in MEANING | BY_WORD_ONLY and not is_odd(value):
            assert taken(one, value), value


@pytest.mark.parametrize(("cls", "name", "one"), FIELDS)
def test_every_number_text_and_list_has_bounds(cls: type, name: str, one: Setting) -> None:
    del cls, name
    bounds = {
        "integer": {"minimum", "maximum"},
        "number": {"minimum", "maximum"},
        "string": {"maxLength"},
        "array": {"maxItems"},
    }
    for schema in leaves(one.schema()):
        assert "enum" in schema or bounds.get(schema["type"], set()) <= schema.keys(), schema


@pytest.mark.parametrize(("cls", "name", "one"), FIELDS)
def test_a_default_is_good(cls: type, name: str, one: Setting) -> None:
    del cls, name
    if one.default is not MISSING and not one.derived:
        assert one.check.take(one.default) == one.default


VALUES = [
    TrackingSettings(regions=(Region(roi_id=2),), lost_after_s=3.5),
    OutboxSettings(durability="process"),
    Device(serial="B8A44F960ACE", latitude=-33.9, time_zone="Europe/Stockholm"),
    PlateList("Staff", ListMode.ALLOW, (ListEntry("AB1", "Anna"),)),
    HttpPost("h", auth="basic", user="u", tls=Tls(pin="AB" * 32)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_from_its_plain_form(value: Any) -> None:  # noqa: ANN401 - any settings value
    assert read_record(type(value), plain_of(value)) == value


@given(cls=st.sampled_from(CLASSES), hostile=HOSTILE, data=st.data())
def test_hostile_data_is_refused_by_name_and_nothing_else_is_raised(
    cls: type, hostile: object, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(settings_of(cls))))
    errors: tuple[ConfigError, ...] = ()
    try:
        read_record(cls, {name: hostile})
    except ConfigError as error:
        errors = error.errors
    required = {name for name, one in settings_of(cls).items() if one.default is MISSING}
    known = {*required, *settings_of(cls)}
    assert all(error.field.partition(".")[0].partition("[")[0] in known for error in errors)


@given(hostile=HOSTILE | st.binary() | st.builds(object) | st.sets(st.integers()))
def test_a_script_that_hands_in_anything_is_refused_by_name(hostile: object) -> None:
    for name in settings_of(TrackingSettings):
        refusal = f"TrackingSettings: {name} is "
        try:
            TrackingSettings(**{name: hostile})  # type: ignore[arg-type] # wrong on purpose
        except ConfigError as error:
            refusal = str(error)
        assert refusal.startswith(f"TrackingSettings: {name}")


def test_every_wrong_field_is_named_at_once_by_its_path() -> None:
    plain = {
        "lost_after_s": -1,
        "reliable_reads": "3",
        "nonsense": 1,
        "regions": [{"roi_id": 1}, {"polygon": [[0, 0], [2, 0], [1, 1]], "arrow": [[0, 0]]}],
    }
    with pytest.raises(SettingsError) as caught, under("tracking"):
        read_record(TrackingSettings, plain)
    assert [error.field for error in caught.value.errors] == [
        "tracking.nonsense",
        "tracking.reliable_reads",
        "tracking.lost_after_s",
        "tracking.regions[1].polygon[1][0]",
        "tracking.regions[1].arrow",
    ]


def test_a_script_is_refused_with_the_same_words_as_the_page() -> None:
    with pytest.raises(ConfigError) as by_script:
        TrackingSettings(lost_after_s=-1.0)
    with pytest.raises(ConfigError) as by_page:
        read_record(TrackingSettings, {"lost_after_s": -1.0})
    assert by_page.value.want == by_script.value.want


@pytest.mark.parametrize("char", ["\r", "\n", "\t", "\0", "\x7f", "\u2028", "\x85", "\ud800"])
def test_no_text_keeps_a_control_character(char: str) -> None:
    with pytest.raises(ConfigError, match=r"serial is 'a text with U\+"):
        Device(serial=f"A{char}B")


def test_a_text_of_lines_keeps_them_and_nothing_worse() -> None:
    check = settings_of(PROTOCOLS["Template"])["template"].check
    template = 'escape="raw"\r\n\tbody="a"\n'
    assert check.take(template) == template
    with pytest.raises(ConfigError, match="U\\+0000"):
        check.take("a\0")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_secret_shows_nowhere(cls: type[Checked]) -> None:
    for name, one in settings_of(cls).items():
        if not one.secret:
            continue
        fields: dict[str, Any] = {
            other: "viewer" if other == "role" else "ftp://h" if cls is Ftp else "h"
            for other, field in settings_of(cls).items()
            if field.default is MISSING and other != name
        }
        if "client_key" in settings_of(cls):
            fields["client_cert"] = "c.pem"
        assert "geheim" not in repr(cls(**fields, **{name: "geheim"}))
        with pytest.raises(ConfigError) as caught:
            cls(**fields, **{name: "geheim\0"})
        assert "geheim" not in f"{caught.value}{caught.value.value}"
        with pytest.raises(ConfigError) as caught:
            read_record(cls, {**fields, name: ["geheim"]})
        assert "geheim" not in f"{caught.value}{caught.value.value}"


def test_what_the_documentation_says_raises_a_config_error() -> None:
    wrong: list[dict[str, Any]] = [
        {"frame_format": "nv13"},
        {"tracking": {}},
        {"frame_size": "x"},
        {"profiles": "p"},
        {"network_mode": "ftp"},
        {"outbox": None},
    ]
    for fields in wrong:
        (name,) = fields
        with pytest.raises(ConfigError, match=rf"^Settings: {name} is ") as caught:
            Settings(**fields)
        assert caught.value.field == name


def test_a_path_may_be_given_as_text() -> None:
    assert OutboxSettings(path="x").path == OutboxSettings().path.with_name("x")


def test_words_become_members_and_lists_become_tuples() -> None:
    settings = Settings(
        frame_format="nv12",
        profiles=[Profile("p", Tcp("h:1"))],
        tracking=TrackingSettings(regions=[Region()]),
    )
    assert (settings.frame_format.name, type(settings.profiles)) == ("NV12", tuple)
    assert settings.tracking.regions == (Region(),)
    assert replace(settings, network_mode="http").network_mode.name == "HTTP"


def test_the_schema_tells_defaults_bounds_and_secrets() -> None:
    properties: Any = schema_of(TrackingSettings)["properties"]
    assert list(properties) == list(settings_of(TrackingSettings))
    assert properties["lost_after_s"] == {
        "type": "number",
        "minimum": 0.1,
        "maximum": 3600,
        "default": 10.0,
    }
    post: Any = schema_of(HttpPost)
    assert post["required"] == ["server_url"]
    assert post["properties"]["password"] == {
        "type": "string",
        "maxLength": 4096,
        "writeOnly": True,
    }


@pytest.mark.parametrize("value", [10**5000, -(10**5000)], ids=["large", "small"])
def test_a_number_beyond_writing_is_refused_in_words(value: int) -> None:
    """Python refuses to turn an integer of more than 4300 digits into a text."""
    for make in (
        lambda: Profile("b", HttpPost("http://a/"), window=value),
        lambda: Profile("b", HttpPost("http://a/"), expires_s={value: 1}),  # type: ignore[dict-item]
        lambda: HttpPost(value),  # type: ignore[arg-type]
    ):
        with pytest.raises(ConfigError, match="a whole number of 16610 bits"):
            make()


def test_a_refusal_can_be_copied_and_sent_to_another_process() -> None:
    with pytest.raises(ConfigError) as caught:
        Profile("b", HttpPost("http://a/"), window=0, quality=0)
    for again in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):  # noqa: S301 - our own
        assert (str(again), len(again.errors)) == (str(caught.value), 2)


@pytest.mark.parametrize("key", [".", ".."])
def test_a_key_that_no_path_can_hold_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="key"):
        Profile("b", HttpPost("http://a/"), key=key)
