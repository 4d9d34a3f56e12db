"""The page's fields over the script's, by key; locked fields and secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.config import Settings
from cammra_edge.config.drafting import check_locked, draft_of, masked
from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.profile import HttpPost, Profile, Tcp

BARRIER = Profile("barrier", HttpPost("http://127.0.0.1:1/a", user="cam", password="s3cret"))
VMS = Profile("vms", Tcp("127.0.0.1:2"), image=None)
SCRIPT = Settings(profiles=(BARRIER, VMS))
SAVED = {
    "profiles[barrier].server_url": "http://10.0.0.1/b",
    "profiles[barrier].password": "typed",
    "profiles[vms].server_url": "10.0.0.2:7",
    "profiles[vms].device_id": "GATE-2",
}
HOSTILE = [
    "",
    "profiles[",
    "profiles[]",
    "profiles[x].",
    "profiles[x].server_url",
    "profiles[barrier]",
    "profiles[barrier].",
    "profiles[barrier].tls",
    "profiles[barrier].tls.",
    "profiles[barrier].key",
    "profiles[barrier].x].server_url",
    "profiles[barrier].server_url.x",
    "profiles",
    "tracking",
    "tracking.",
    "tracking.lost_after_s.x",
    "outbox.path",
    "locked",
    "\ud800",
    "profiles[\ud800].server_url",
    "a" * 10_000,
    "profiles[" + "]." * 10_000,
]


def refusals(changes: dict[str, Any], script: Settings = SCRIPT) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        draft_of(script, {}).change(changes)
    return [wrong.field for wrong in caught.value.errors]


def test_nothing_saved_is_the_script() -> None:
    draft = draft_of(SCRIPT, {})
    assert draft.settings == SCRIPT
    assert draft.saved == {}


def test_a_saved_field_wins_and_the_others_stay_with_the_script() -> None:
    saved = {"profiles[barrier].device_id": "GATE-1", "tracking.lost_after_s": 3}
    settings = draft_of(SCRIPT, saved).settings
    assert settings.profiles[0].device_id == "GATE-1"
    assert settings.profiles[0].protocol == BARRIER.protocol
    assert settings.tracking == replace(SCRIPT.tracking, lost_after_s=3.0)


def test_only_what_differs_is_worth_saving() -> None:
    draft = draft_of(SCRIPT, {}).change(
        {"profiles[barrier].quality": 50, "tracking.lost_after_s": 3, "network_mode": "https"}
    )
    assert draft.saved == {"profiles[barrier].quality": 50, "tracking.lost_after_s": 3.0}
    assert draft.change({"tracking.lost_after_s": 10}).saved == {"profiles[barrier].quality": 50}


def test_the_names_that_changed_are_told() -> None:
    before = draft_of(SCRIPT, {})
    after = before.change({"tracking.lost_after_s": 3, "profiles[vms].device_id": "GATE-2"})
    assert after.changed_since(before) == ("profiles[vms].device_id", "tracking.lost_after_s")


# ---- by key ------------------------------------------------------------------------------------------


def own(settings: Settings) -> dict[str, tuple[str, object]]:
    """What each profile has of its own."""
    return {
        profile.key: (profile.protocol.server_url, getattr(profile.protocol, "password", None))
        for profile in settings.profiles
    }


OWN = {"barrier": ("http://10.0.0.1/b", "typed"), "vms": ("10.0.0.2:7", None)}


@pytest.mark.parametrize(
    "profiles",
    [
        (BARRIER, VMS),
        (VMS, BARRIER),
        (VMS, Profile("archive", Tcp("127.0.0.1:3")), BARRIER),
        (Profile("main gate", BARRIER.protocol, key="barrier"), VMS),
    ],
    ids=["as saved", "swapped", "another between", "renamed in the script"],
)
def test_each_profile_finds_what_was_saved_for_it(profiles: tuple[Profile, ...]) -> None:
    draft = draft_of(replace(SCRIPT, profiles=profiles), SAVED)
    assert {key: own(draft.settings)[key] for key in OWN} == OWN
    assert draft.absent_keys(draft.saved) == []
    if len(profiles) == 3:
        assert own(draft.settings)["archive"] == ("127.0.0.1:3", None)


def test_a_rename_on_the_page_keeps_the_key() -> None:
    draft = draft_of(SCRIPT, SAVED).change({"profiles[barrier].name": "main gate"})
    assert [(one.key, one.name) for one in draft.settings.profiles] == [
        ("barrier", "main gate"),
        ("vms", "vms"),
    ]
    swapped = draft_of(replace(SCRIPT, profiles=(VMS, BARRIER)), draft.saved)
    assert [one.name for one in swapped.settings.profiles] == ["vms", "main gate"]
    assert own(swapped.settings) == OWN


def test_a_profile_that_goes_and_comes_back_finds_its_settings() -> None:
    without = draft_of(replace(SCRIPT, profiles=(BARRIER,)), SAVED)
    assert without.absent_keys(without.saved) == ["vms"]
    assert own(without.settings) == {"barrier": OWN["barrier"]}
    assert "10.0.0.2:7" not in without.values.values()
    later = without.change({"tracking.lost_after_s": 3.0})
    assert later.saved == SAVED | {"tracking.lost_after_s": 3.0}
    back = draft_of(SCRIPT, later.saved)
    assert own(back.settings) == OWN
    assert back.absent_keys(back.saved) == []


def test_a_new_profile_gets_nothing_of_the_one_it_replaces() -> None:
    other = Profile("barrier 2", HttpPost("http://127.0.0.1:3/a"))
    draft = draft_of(replace(SCRIPT, profiles=(other, VMS)), SAVED)
    assert own(draft.settings) == {"barrier 2": ("http://127.0.0.1:3/a", ""), "vms": OWN["vms"]}
    assert draft.secrets() == []


def test_a_profile_of_the_page_alone_keeps_its_key_whatever_the_script_adds() -> None:
    made = draft_of(replace(SCRIPT, profiles=(BARRIER,)), {}).change(
        {"profiles[Profile 2].server_url": "http://10.0.0.9/", "profiles[Profile 2].name": "mine"}
    )
    assert made.keys == ("barrier", "Profile 2", "Profile 3")
    assert [one.key for one in made.settings.profiles] == ["barrier", "Profile 2"]
    added = draft_of(SCRIPT, made.saved)
    assert added.keys == ("barrier", "vms", "Profile 2")
    assert own(added.settings)["Profile 2"] == ("http://10.0.0.9/", "")
    full = replace(SCRIPT, profiles=(BARRIER, VMS, Profile("third", Tcp("127.0.0.1:3"))))
    assert draft_of(full, made.saved).absent_keys(made.saved) == ["Profile 2"]
    assert "Profile 2" in draft_of(replace(full, max_profiles=4), made.saved).keys


def test_slots_have_keys_that_no_profile_has() -> None:
    script = Settings(profiles=(Profile("Profile 2", Tcp("127.0.0.1:1")),))
    assert draft_of(script, {}).keys == ("Profile 2", "Profile 3", "Profile 4")
    assert draft_of(Settings(max_profiles=1), {}).keys == ("Profile 1",)


# ---- locks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["server_url", "profiles[barrier].server_url"])
def test_a_locked_field_stays_as_the_script_has_it(name: str) -> None:
    script = replace(SCRIPT, locked={name})
    draft = draft_of(script, SAVED | {"profiles[barrier].quality": 50})
    assert draft.settings.profiles[0].protocol.server_url == "http://127.0.0.1:1/a"
    assert draft.settings.profiles[0].quality == 50
    assert "profiles[barrier].server_url" in draft.locked()
    with pytest.raises(SettingsError, match="locked"):
        draft.change({"profiles[barrier].server_url": "http://10.0.0.3/"})
    same = draft.change({"profiles[barrier].server_url": "http://127.0.0.1:1/a"})
    assert (
        draft_of(SCRIPT, same.saved).values["profiles[barrier].server_url"] == "http://10.0.0.1/b"
    )


def test_a_lock_of_one_profile_follows_its_key() -> None:
    script = replace(SCRIPT, profiles=(VMS, BARRIER), locked={"profiles[barrier].server_url"})
    settings = draft_of(script, SAVED).settings
    assert own(settings) == {"vms": OWN["vms"], "barrier": ("http://127.0.0.1:1/a", "typed")}


@pytest.mark.parametrize(
    "name", ["profiles[vms].sever_url", "profiles[vms]", "lost_after", "tracking", "tls", ""]
)
def test_the_lock_of_no_field_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="locked"):
        check_locked(replace(SCRIPT, locked={name}))


def test_the_lock_of_a_profile_that_is_away_is_good_and_told() -> None:
    names = {"lost_after_s", "profiles[vms].tls.pin", "plate_lists", "profiles[1].user"}
    script = replace(SCRIPT, locked=names)
    check_locked(script)
    assert draft_of(script, {}).absent_keys(names) == ["1"]


@pytest.mark.parametrize("name", ["tls.ca_file", "tls.client_cert", "tls.client_key", "ssh_key"])
def test_a_file_of_the_camera_cannot_be_named_from_outside(name: str) -> None:
    saved = {
        f"profiles[barrier].{name}": "/etc/shadow",
        "profiles[barrier].tls.pin": "ab" * 32,
        "profiles[barrier].password": "typed",
    }
    draft = draft_of(SCRIPT, saved)
    assert draft.values[f"profiles[barrier].{name}"] == ""
    assert draft.values["profiles[barrier].tls.pin"] == "ab" * 32
    assert refusals({f"profiles[barrier].{name}": "/etc/shadow"}) == [f"profiles[barrier].{name}"]


# ---- secrets -----------------------------------------------------------------------------------------


def test_a_mask_hides_every_secret_and_names_those_that_are_set() -> None:
    draft = draft_of(SCRIPT, SAVED)
    assert "typed" not in str(masked(draft.values))
    assert masked(draft.values)["profiles[barrier].password"] is None
    assert draft.secrets() == ["profiles[barrier].password"]


def test_a_secret_left_alone_stays_and_a_typed_one_wins() -> None:
    draft = draft_of(SCRIPT, {})
    name = "profiles[barrier].password"
    url = "profiles[barrier].server_url"
    assert draft.change({url: "http://127.0.0.1:1/x", name: None}).values[name] == "s3cret"
    assert draft.change({url: "http://127.0.0.1:1/x"}).values[name] == "s3cret"
    assert draft.change({name: ""}).values[name] == ""
    assert draft.change({url: "http://b/", name: "new"}).values[name] == "new"


def test_secrets_of_a_profile_that_is_away_show_nowhere() -> None:
    draft = draft_of(replace(SCRIPT, profiles=(VMS,)), SAVED)
    assert "typed" in draft.saved.values()
    assert "typed" not in str(draft.values)
    assert draft.secrets() == []


# ---- what is wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:40])
def test_a_name_that_is_none_is_refused_in_a_few_words(name: str) -> None:
    (field,) = refusals({name: "x"})
    assert 0 < len(field) <= 80


@given(name=st.text(max_size=40), value=st.none() | st.text(max_size=5) | st.integers())
def test_any_other_name_is_refused(name: str, value: object) -> None:
    draft = draft_of(SCRIPT, {})
    if name not in draft.values:
        assert len(refusals({name: value})) == 1


def test_everything_that_is_wrong_is_named_at_once() -> None:
    script = replace(SCRIPT, locked={"profiles[vms].quality"})
    assert set(
        refusals(
            {
                "tracking.lost_after_s": -1,
                "tracking.regions": [{"roi_id": 7}],
                "profiles[barrier].server_url": "http://b/",
                "profiles[barrier].image": "selfie",
                "profiles[barrier].tls.pin": 5,
                "profiles[vms].quality": 3,
                "profiles[who].quality": 3,
                "plate_lists": {},
                "network_mode": ["https"],
            },
            script,
        )
    ) == {
        "tracking.lost_after_s",
        "tracking.regions[0].roi_id",
        "profiles[barrier].password",
        "profiles[barrier].image",
        "profiles[barrier].tls.pin",
        "profiles[vms].quality",
        "profiles[who].quality",
        "plate_lists",
        "network_mode",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"profiles[vms].name": "x" * 65}, "profiles[vms].name"),
        ({"profiles[vms].name": ""}, "profiles[vms].name"),
        (
            {
                "profiles[barrier].auth": "basic",
                "profiles[barrier].user": "",
                "profiles[barrier].password": "typed",
            },
            "profiles[barrier].user",
        ),
        (
            {"profiles[vms].persistent": True, "profiles[vms].framing": "none"},
            "profiles[vms].framing",
        ),
        ({"profiles[vms].expires_s": {"new": -1}}, "profiles[vms].expires_s[new]"),
        ({"keepalive.enabled": True}, "keepalive.server_url"),
        ({"keepalive.tls.pin": "x"}, "keepalive.tls.pin"),
        ({"device.time_zone": "Mars"}, "device.time_zone"),
    ],
)
def test_what_is_wrong_is_told_at_the_field_s_own_name(changes: dict[str, Any], field: str) -> None:
    assert refusals(changes) == [field]


def test_a_saved_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"tracking\.nonsense"):
        draft_of(SCRIPT, {"tracking.nonsense": 1})


def test_a_slot_of_the_page_takes_no_name_that_a_script_has_given() -> None:
    script = Settings(profiles=(Profile("Profile 2", HttpPost("http://a/"), key="x"),))
    draft = draft_of(script, {}).change({"profiles[Profile 3].server_url": "http://b/"})
    assert draft.settings.profiles[0].key == "x"
    assert "Profile 2" not in draft.keys
