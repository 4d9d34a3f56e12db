"""A stored secret goes nowhere but where it was given for, and no other way, whatever changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cammra_edge.config import Settings
from cammra_edge.config.drafting import draft_of, fitting_draft
from cammra_edge.errors import SettingsError
from cammra_edge.profile import Ftp, HttpPost, Keepalive, Profile, Protocol

BARRIER = Profile("barrier", HttpPost("http://127.0.0.1:1/a", user="cam", password="s3cret"))
SCRIPT = Settings(profiles=(BARRIER,))


def refusals(changes: dict[str, Any], script: Settings = SCRIPT) -> list[str]:
    """The fields that a change is refused for."""
    with pytest.raises(SettingsError) as caught:
        draft_of(script, {}).change(changes)
    return [wrong.field for wrong in caught.value.errors]


PASSWORD = "profiles[barrier].password"
OTHER_WAYS: list[dict[str, Any]] = [
    {"server_url": "http://b/"},
    {"server_url": "http://127.0.0.1:2/"},
    {"server_url": "b"},
    {"server_url": "https://127.0.0.1:1/a"},
    {"server_url": "127.0.0.1:1/a"},  # by https, as the network mode says
    {"proxy": "http://b:8080"},
    {"auth": "basic"},
    {"follow_redirects": True},
    {"tls.verify": False},
    {"tls.pin": "ab" * 32},
    {"tls.old": True},
    {"protocol": "FTP", "server_url": "ftp://127.0.0.1:1"},
    {"protocol": "Genetec", "events": ["lost"]},
]


@pytest.mark.parametrize("masks", [{PASSWORD: None}, {}])
@pytest.mark.parametrize("way", OTHER_WAYS, ids=str)
def test_a_stored_secret_goes_no_other_way(way: dict[str, Any], masks: dict[str, None]) -> None:
    changes = {f"profiles[barrier].{name}": value for name, value in way.items()}
    assert PASSWORD in refusals(changes | masks)
    moved = draft_of(SCRIPT, {}).change(changes | {PASSWORD: "typed"})
    assert moved.values[PASSWORD] == "typed"


@pytest.mark.parametrize("url", ["http://127.0.0.1@b/", "http://[::1"])
def test_what_is_no_url_is_no_way_either(url: str) -> None:
    assert refusals({"profiles[barrier].server_url": url}) == ["profiles[barrier].server_url"]


def test_the_network_mode_is_the_way_of_a_url_without_a_scheme() -> None:
    script = replace(SCRIPT, profiles=(replace(BARRIER, protocol=HttpPost("h", password="p")),))
    assert refusals({"network_mode": "http"}, script) == [PASSWORD]
    assert draft_of(SCRIPT, {}).change({"network_mode": "http"}).values[PASSWORD] == "s3cret"


@pytest.mark.parametrize(
    "protocol",
    [
        HttpPost("http://other/", user="cam", password="s3cret"),
        HttpPost("https://127.0.0.1:1/a", user="cam", password="s3cret"),
        HttpPost("http://127.0.0.1:1/a", user="cam", password="s3cret", proxy="http://p"),
        Ftp("ftp://127.0.0.1:1", user="cam", password="s3cret"),
    ],
    ids=repr,
)
def test_a_saved_secret_goes_no_way_that_the_script_takes_later(protocol: Protocol) -> None:
    draft = draft_of(SCRIPT, {}).change({PASSWORD: "typed", "profiles[barrier].device_id": "G"})
    script = replace(SCRIPT, profiles=(replace(BARRIER, protocol=protocol),))
    later, wrong = fitting_draft(script, draft.saved, draft.ways)
    assert wrong == [PASSWORD]
    assert later.values[PASSWORD] == "s3cret", "the script's own, for the script's own way"
    assert later.values["profiles[barrier].device_id"] == "G"
    assert later.saved == draft.saved
    assert later.ways == draft.ways
    back, wrong = fitting_draft(SCRIPT, later.saved, later.ways)
    assert (back.values[PASSWORD], wrong) == ("typed", [])


@pytest.mark.parametrize("typed", ["", "s3cret", "typed"])
def test_a_secret_that_the_script_gets_later_goes_where_the_script_says(typed: str) -> None:
    url = {"profiles[barrier].server_url": "http://b/"}
    draft = draft_of(SCRIPT, {}).change(url | {PASSWORD: typed})
    newer = Profile("barrier", HttpPost("http://127.0.0.1:1/a", user="cam", password="n3w"))
    script = replace(SCRIPT, profiles=(newer,))
    later, _ = fitting_draft(script, draft.saved, draft.ways)
    assert later.values[PASSWORD] == typed
    open_script = replace(SCRIPT, profiles=(Profile("barrier", HttpPost("http://a/")),))
    moved = draft_of(open_script, {}).change(url)
    later, wrong = fitting_draft(script, moved.saved, moved.ways)
    assert wrong == [PASSWORD]
    assert later.settings == script


def test_the_script_s_keepalive_secret_goes_nowhere_that_only_the_page_says() -> None:
    script = replace(SCRIPT, keepalive=Keepalive(password="s3cret"))
    assert refusals({"keepalive.server_url": "http://b/"}, script) == ["keepalive.password"]
    with pytest.raises(SettingsError, match=r"keepalive\.password.*typed again"):
        draft_of(script, {"keepalive.server_url": "http://b/"})


def test_a_stored_secret_goes_to_no_other_proxy() -> None:
    draft = draft_of(SCRIPT, {}).change(
        {
            "profiles[barrier].proxy": "http://a:8080",
            "profiles[barrier].proxy_password": "pass",
            "profiles[barrier].password": "again",
        }
    )
    with pytest.raises(SettingsError) as caught:
        draft.change({"profiles[barrier].proxy": "http://b:8080"})
    assert {wrong.field for wrong in caught.value.errors} == {
        "profiles[barrier].password",
        "profiles[barrier].proxy_password",
    }


def test_the_keepalive_s_secret_goes_to_no_other_host_either() -> None:
    draft = draft_of(SCRIPT, {}).change(
        {"keepalive.server_url": "http://a/", "keepalive.password": "pass"}
    )
    with pytest.raises(SettingsError, match=r"keepalive\.password.*typed again"):
        draft.change({"keepalive.server_url": "http://b/"})
