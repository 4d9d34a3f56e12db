"""One profile's connection says state and health: named, or the only one; anything else is refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge import ConfigError, HttpPost, Mqtt, Profile, Settings
from cammra_edge.config.channel import channel_of
from cammra_edge.config.flat import flat_from_settings, settings_from_flat
from cammra_edge.errors import SettingsError

if TYPE_CHECKING:
    from cammra_edge import PresenceWord


def hub(key: str, presence: PresenceWord = "auto", *, enabled: bool = True) -> Profile:
    return Profile(key, Mqtt("mqtt://broker.test", presence=presence), enabled=enabled)


HTTP = Profile("http", HttpPost("http://receiver.test"))


@pytest.mark.parametrize(
    ("profiles", "key"),
    [
        ((), None),
        ((HTTP,), None),
        ((HTTP, hub("a")), "a"),
        ((hub("a", "off"),), None),
        ((hub("a", "on"), hub("b")), "a"),
        ((hub("a"), hub("b", "on")), "b"),
        ((hub("a", "off"), hub("b")), "b"),
        ((hub("a", "off"), hub("b", "off")), None),
        ((hub("a", enabled=False), hub("b")), "b"),
        ((hub("a", "on", enabled=False), hub("b", "on")), "b"),
    ],
)
def test_who_says_it(profiles: tuple[Profile, ...], key: str | None) -> None:
    found = channel_of(profiles)
    assert (found and found.key) == key
    Settings(profiles=profiles)


@pytest.mark.parametrize(
    ("profiles", "value", "words"),
    [
        ((hub("a"), hub("b")), "auto", "the one MQTT profile"),
        ((hub("a"), HTTP, hub("b")), "auto", "'a', 'b'"),
        ((hub("a", "on"), hub("b", "on")), "on", "alone"),
    ],
)
def test_a_conflict_or_no_choice_is_refused(
    profiles: tuple[Profile, ...], value: str, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings(profiles=profiles)
    assert "profiles[b].presence" in str(refused.value)
    assert f"'{value}'" in str(refused.value)
    assert words in str(refused.value)


def test_the_page_is_told_at_the_field() -> None:
    settings = Settings(profiles=(hub("a", "on"), hub("b")))
    flat = flat_from_settings(settings, ["a", "b"])
    with pytest.raises(SettingsError) as refused:
        settings_from_flat(settings, ["a", "b"], flat | {"profiles[b].presence": "on"})
    assert [error.field for error in refused.value.errors] == ["profiles[b].presence"]
    moved = flat | {"profiles[a].presence": "off", "profiles[b].presence": "on"}
    found = channel_of(settings_from_flat(settings, ["a", "b"], moved).profiles)
    assert found is not None
    assert found.key == "b"


def test_discovery_without_presence_is_refused() -> None:
    with pytest.raises(ConfigError, match="discovery_prefix"):
        Mqtt("mqtt://broker.test", presence="off", discovery_prefix="homeassistant")
    for prefix in ("a/#", "+", "/a", "a//b", "a b"):
        with pytest.raises(ConfigError, match="discovery_prefix"):
            Mqtt("mqtt://broker.test", discovery_prefix=prefix)
