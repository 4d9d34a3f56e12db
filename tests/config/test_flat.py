"""Settings as flat plain data and back."""

import pytest

from cammra_edge.config import Settings, TrackingSettings
from cammra_edge.config.drafting import profile_keys
from cammra_edge.config.flat import (
    Flat,
    flat_from_profile,
    flat_from_settings,
    key_and_field,
    profile_from_flat,
    profile_name,
    settings_from_flat,
    unfilled,
)
from cammra_edge.errors import SettingsError
from cammra_edge.model import Device, EventKind
from cammra_edge.profile import HttpPost, Profile, Tcp, Timeouts, Tls

SETTINGS = Settings(
    device=Device(serial="B8A44F960ACE"),
    profiles=(
        Profile(
            "barrier",
            HttpPost(
                "http://127.0.0.1:8077/listener.php",
                user="cam",
                password="s3cret",
                tls=Tls(pin="ab" * 32),
                timeouts=Timeouts(connect_s=3.0),
            ),
            events=frozenset({EventKind.RELIABLE, EventKind.NEW}),
            expires_s={EventKind.RELIABLE: 5.0},
        ),
        Profile("vms [2].x", Tcp("127.0.0.1:7001"), image=None),
    ),
    tracking=TrackingSettings(lost_after_s=4.0),
)
KEYS = profile_keys(SETTINGS, ())


def flat() -> Flat:
    return flat_from_settings(SETTINGS, KEYS)


def test_settings_come_back_from_their_flat_form() -> None:
    assert settings_from_flat(SETTINGS, KEYS, flat()) == SETTINGS


def test_every_field_has_one_name_and_only_lists_and_mappings_are_nested() -> None:
    values = flat()
    assert values["tracking.lost_after_s"] == 4.0
    assert values["profiles[barrier].tls.pin"] == "ab" * 32
    assert values["profiles[barrier].timeouts.connect_s"] == 3.0
    assert values["profiles[vms [2].x].protocol"] == "TCP"
    mappings = {name for name, value in values.items() if isinstance(value, dict)}
    assert mappings == {f"profiles[{key}].expires_s" for key in KEYS}


@pytest.mark.parametrize("key", ["barrier", "a.b", "[1]", "a].b[c", "]", "]."])
def test_a_name_is_read_as_it_was_written_whatever_the_key(key: str) -> None:
    assert key_and_field(profile_name(key, "tls.pin")) == (key, "tls.pin")


@pytest.mark.parametrize(
    "name", ["tracking.regions", "profiles[", "profiles[].x", "profiles[x].", "profiles[x].Y"]
)
def test_what_names_no_profile_has_no_key(name: str) -> None:
    assert key_and_field(name) == ("", name)


def test_a_profile_has_the_page_s_words_and_comes_back() -> None:
    profile = SETTINGS.profiles[0]
    fields = flat_from_profile(profile)
    assert fields["protocol"] == "HTTP POST"
    assert fields["server_url"] == "http://127.0.0.1:8077/listener.php"
    assert fields["events"] == ["new", "reliable"]
    assert "key" not in fields
    assert profile_from_flat("barrier", fields) == profile


def test_fields_of_another_protocol_are_left_aside() -> None:
    fields = flat_from_profile(SETTINGS.profiles[0]) | {
        "protocol": "TCP",
        "server_url": "127.0.0.1:7001",
    }
    assert isinstance(profile_from_flat("barrier", fields).protocol, Tcp)


def test_the_page_has_three_slots_and_an_untouched_one_is_no_profile() -> None:
    assert KEYS == ("barrier", "vms [2].x", "Profile 3")
    values = flat()
    for name, value in unfilled("Profile 3").items():
        assert values[profile_name("Profile 3", name)] == value
    assert len(settings_from_flat(SETTINGS, KEYS, values).profiles) == 2


def test_a_slot_before_a_filled_one_is_a_profile_that_is_off() -> None:
    script = Settings()
    keys = profile_keys(script, ())
    values = flat_from_settings(script, keys) | {"profiles[Profile 2].server_url": "http://h/"}
    profiles = settings_from_flat(script, keys, values).profiles
    assert [(profile.key, profile.enabled) for profile in profiles] == [
        ("Profile 1", False),
        ("Profile 2", False),
    ]


def test_wrong_fields_of_protocol_and_profile_are_named_together() -> None:
    fields = flat_from_profile(SETTINGS.profiles[0]) | {
        "multipart": 3,
        "image": "selfie",
        "who": 1,
        "tls.pin": "nothing",
    }
    with pytest.raises(SettingsError) as caught:
        profile_from_flat("barrier", fields)
    assert [wrong.field for wrong in caught.value.errors] == [
        "profiles[barrier].who",
        "profiles[barrier].multipart",
        "profiles[barrier].tls.pin",
        "profiles[barrier].image",
    ]


def test_what_is_wrong_lands_at_its_field() -> None:
    changes = {
        "profiles[barrier].name": "x" * 65,
        "profiles[barrier].part_names": ["event", "a b", "c"],
        "profiles[vms [2].x].template": 'escape="raw"\nbody="{{plat}}"',
        "device.latitude": 91,
        "keepalive.timeouts.total_s": 0,
    }
    with pytest.raises(SettingsError) as caught:
        settings_from_flat(SETTINGS, KEYS, flat() | changes)
    assert [wrong.field for wrong in caught.value.errors] == [
        "device.latitude",
        "keepalive.timeouts.total_s",
        "profiles[barrier].part_names[1]",
        "profiles[barrier].name",
        "profiles[vms [2].x].template",
    ]


def test_two_profiles_of_one_name_are_both_named() -> None:
    values = flat() | {"profiles[vms [2].x].name": "barrier"}
    with pytest.raises(SettingsError) as caught:
        settings_from_flat(SETTINGS, KEYS, values)
    assert [wrong.field for wrong in caught.value.errors] == [
        "profiles[barrier].name",
        "profiles[vms [2].x].name",
    ]


def test_a_wrong_field_of_another_protocol_is_refused_all_the_same() -> None:
    fields = flat_from_profile(SETTINGS.profiles[0]) | {"ack": "a\nb", "persistent": "yes"}
    with pytest.raises(SettingsError) as caught:
        profile_from_flat("x", fields)
    assert {wrong.field for wrong in caught.value.errors} == {
        "profiles[x].ack",
        "profiles[x].persistent",
    }
