"""Settings as plain data and back."""

import pytest

from cammra_edge.config import Settings, TrackingSettings
from cammra_edge.config.plain import (
    catalogue,
    empty_record,
    plain_from_settings,
    profile_from_record,
    record_from_profile,
    settings_from_plain,
)
from cammra_edge.config.shape import SettingsError
from cammra_edge.model import Device, EventKind
from cammra_edge.profile import HttpPost, Profile, Tcp

SETTINGS = Settings(
    device=Device(serial="B8A44F960ACE"),
    profiles=(
        Profile(
            "barrier",
            HttpPost("http://127.0.0.1:8077/listener.php", user="cam", password="s3cret"),
            events=frozenset({EventKind.RELIABLE, EventKind.NEW}),
            expires_s={EventKind.RELIABLE: 5.0},
        ),
        Profile("vms", Tcp("127.0.0.1:7001"), image=None),
    ),
    tracking=TrackingSettings(lost_after_s=4.0),
)


def test_settings_come_back_from_their_plain_form() -> None:
    assert settings_from_plain(SETTINGS, plain_from_settings(SETTINGS)) == SETTINGS


def test_a_profile_is_one_flat_record_with_the_page_s_words() -> None:
    record = record_from_profile(SETTINGS.profiles[0])
    assert record["protocol"] == "HTTP POST"
    assert record["server_url"] == "http://127.0.0.1:8077/listener.php"
    assert record["events"] == ["new", "reliable"]
    assert profile_from_record(record, "x") == SETTINGS.profiles[0]


def test_fields_of_another_protocol_are_left_aside() -> None:
    record = record_from_profile(SETTINGS.profiles[0]) | {
        "protocol": "TCP",
        "server_url": "127.0.0.1:7001",
    }
    assert isinstance(profile_from_record(record, "x").protocol, Tcp)


def test_the_page_has_three_slots_and_an_untouched_one_is_no_profile() -> None:
    plain = plain_from_settings(SETTINGS)
    profiles = plain["profiles"]
    assert isinstance(profiles, list)
    assert len(profiles) == 3
    assert profiles[2] == empty_record(3)
    assert len(settings_from_plain(SETTINGS, plain).profiles) == 2


def test_wrong_fields_of_protocol_and_profile_are_named_together() -> None:
    record = record_from_profile(SETTINGS.profiles[0]) | {
        "multipart": 3,
        "image": "selfie",
        "who": 1,
    }
    with pytest.raises(SettingsError) as caught:
        profile_from_record(record, "profiles[1]")
    assert [one.field for one in caught.value.errors] == [
        "profiles[1].who",
        "profiles[1].multipart",
        "profiles[1].image",
    ]


def test_two_profiles_of_one_name_are_refused() -> None:
    plain = plain_from_settings(SETTINGS)
    profiles = plain["profiles"]
    assert isinstance(profiles, list)
    record = profiles[1]
    assert isinstance(record, dict)
    record["name"] = "barrier"
    with pytest.raises(SettingsError, match=r"profiles\[2\]\.name"):
        settings_from_plain(SETTINGS, plain)


def test_what_belongs_to_the_script_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="outbox"):
        settings_from_plain(SETTINGS, {"outbox": {"path": "/etc/passwd"}})


def test_the_catalogue_knows_every_protocol_s_fields() -> None:
    known = catalogue()
    assert "server_url" in known.protocols["HTTP POST"]
    assert "multipart" not in known.protocols["TCP"]
    properties = known.schemas["profile"]["properties"]
    assert isinstance(properties, dict)
    assert set(known.protocols["HTTP POST"]) <= set(properties)


def test_a_wrong_field_of_another_protocol_is_refused_all_the_same() -> None:
    record = record_from_profile(SETTINGS.profiles[0]) | {"ack": "a\nb", "persistent": "yes"}
    with pytest.raises(SettingsError) as caught:
        profile_from_record(record, "x")
    assert {one.field for one in caught.value.errors} == {"x.ack", "x.persistent"}
