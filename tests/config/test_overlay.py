"""The page's fields over the script's, locked fields and secrets."""

from dataclasses import replace

import pytest

from cammra_edge.config import Settings
from cammra_edge.config.overlay import difference, laid_over, masked, secrets_in, with_secrets
from cammra_edge.config.plain import plain_from_settings
from cammra_edge.config.shape import SettingsError
from cammra_edge.profile import HttpPost, Profile

FACTORY = Settings(
    profiles=(Profile("barrier", HttpPost("http://127.0.0.1:1/a", user="cam", password="s3cret")),)
)


def test_nothing_saved_is_the_script() -> None:
    assert laid_over(FACTORY, {}) == FACTORY


def test_a_saved_field_wins_and_the_others_stay_with_the_script() -> None:
    made = laid_over(
        FACTORY, {"profiles": {"1": {"device_id": "GATE-1"}}, "tracking": {"lost_after_s": 3}}
    )
    assert made.profiles[0].device_id == "GATE-1"
    assert made.profiles[0].protocol == FACTORY.profiles[0].protocol
    assert made.tracking.lost_after_s == 3.0
    assert made.tracking.reliable_reads == FACTORY.tracking.reliable_reads


@pytest.mark.parametrize("name", ["server_url", "profiles[1].server_url"])
def test_a_locked_field_stays_as_the_script_has_it(name: str) -> None:
    factory = replace(FACTORY, locked=frozenset({name}))
    made = laid_over(factory, {"profiles": {"1": {"server_url": "http://evil/", "quality": 50}}})
    assert made.profiles[0].protocol == FACTORY.profiles[0].protocol
    assert made.profiles[0].quality == 50


def test_only_what_differs_is_worth_saving() -> None:
    plain = plain_from_settings(FACTORY)
    assert difference(FACTORY, plain) == {}
    saved = {"profiles": {"1": {"quality": 50}}, "tracking": {"lost_after_s": 3.0}}
    assert difference(FACTORY, plain_from_settings(laid_over(FACTORY, saved))) == saved


def test_a_profile_in_the_third_slot_keeps_its_number() -> None:
    made = laid_over(
        FACTORY, {"profiles": {"3": {"server_url": "http://127.0.0.1:2/b", "enabled": True}}}
    )
    assert [one.enabled for one in made.profiles] == [True, False, True]


@pytest.mark.parametrize("key", ["0", "4", "x", "-1", "\u0661"])
def test_a_profile_that_is_not_there_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match="profiles"):
        laid_over(FACTORY, {"profiles": {key: {"quality": 5}}})


def test_a_mask_hides_every_secret_and_names_those_that_are_set() -> None:
    plain = plain_from_settings(FACTORY)
    assert "s3cret" not in str(masked(plain))
    assert list(secrets_in(plain)) == ["profiles[1].password"]


def test_a_secret_left_alone_stays_and_a_typed_one_wins() -> None:
    old = {"server_url": "http://a/", "password": "s3cret"}
    assert (
        with_secrets({"server_url": "http://a/x", "password": None}, old, "p")["password"]
        == "s3cret"
    )
    assert with_secrets({"server_url": "http://a/", "password": ""}, old, "p")["password"] == ""
    assert (
        with_secrets({"server_url": "http://b/", "password": "new"}, old, "p")["password"] == "new"
    )


@pytest.mark.parametrize("url", ["http://b/", "http://a:81/", "b", "http://a@b/", "http://[::1"])
def test_a_stored_secret_goes_to_no_other_host(url: str) -> None:
    old = {"server_url": "http://a/", "password": "s3cret"}
    with pytest.raises(SettingsError, match="typed again"):
        with_secrets({"server_url": url, "password": None}, old, "p")


def test_a_file_of_the_camera_cannot_be_named_from_outside() -> None:
    made = laid_over(
        FACTORY, {"profiles": {"1": {"tls": {"ca_file": "/etc/shadow", "pin": "ab" * 32}}}}
    )
    protocol = made.profiles[0].protocol
    assert isinstance(protocol, HttpPost)
    assert (protocol.tls.ca_file, protocol.tls.pin) == ("", "ab" * 32)
