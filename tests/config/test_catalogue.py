"""What there is to set, by flat name."""

import pytest

from cammra_edge.config import Settings
from cammra_edge.config.catalogue import catalogue, is_secret, setting_of
from cammra_edge.config.drafting import profile_keys
from cammra_edge.config.flat import flat_from_settings

SCHEMAS = catalogue().schemas


def test_it_has_every_name_and_no_other() -> None:
    names = flat_from_settings(Settings(), profile_keys(Settings(), ()))
    described = {name for name in SCHEMAS if not name.startswith("profiles[]")}
    described |= {
        f"profiles[Profile {number}]{name.removeprefix('profiles[]')}"
        for name in SCHEMAS.keys() - described
        for number in (1, 2, 3)
    }
    assert described == names.keys()
    assert all(setting_of(name) for name in names)


def test_a_profile_s_field_says_which_protocols_have_it() -> None:
    known = catalogue()
    assert "server_url" in known.protocols["HTTP POST"]
    assert "multipart" not in known.protocols["TCP"]
    assert SCHEMAS["profiles[].multipart"]["protocols"] == ["HTTP POST"]
    assert SCHEMAS["profiles[].server_url"]["protocols"] == list(known.protocols)
    assert "protocols" not in SCHEMAS["profiles[].device_id"]
    fields = {name.removeprefix("profiles[].") for name in SCHEMAS}
    assert all(fields.issuperset(names) for names in known.protocols.values())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("profiles[].auth", ["auto", "none", "basic", "digest", "bearer"]),
        ("keepalive.auth", ["auto", "none", "basic", "digest", "bearer"]),
        ("profiles[].framing", ["", "none", "newline", "nul", "length"]),
        ("network_mode", ["https", "http"]),
        ("profiles[].tag_bits", [18, 24]),
    ],
)
def test_the_page_s_choices_are_in_it(name: str, words: list[object]) -> None:
    assert SCHEMAS[name]["enum"] == words


def test_it_offers_the_camera_s_own_periods_of_keepalive() -> None:
    assert SCHEMAS["keepalive.period_minutes"]["examples"] == [5, 10, 30, 60, 1440]


def test_bounds_and_defaults_stand_with_the_name() -> None:
    assert SCHEMAS["tracking.lost_after_s"] == {
        "type": "number",
        "minimum": 0.1,
        "maximum": 3600.0,
        "default": 10.0,
    }


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("profiles[a].password", True),
        ("profiles[password].user", False),
        ("profiles[a].tls.client_key_password", True),
        ("keepalive.auth_header", True),
        ("profiles[a].nothing", False),
        ("password", False),
    ],
)
def test_a_secret_is_known_by_its_name(name: str, secret: bool) -> None:  # noqa: FBT001 - a table
    assert is_secret(name) is secret
