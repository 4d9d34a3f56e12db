"""What the page saved: whole or not at all, ten versions, and never two truths."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.profile import Profile, Tcp
from cammra_edge.web.saved import KEPT_VERSIONS, SavedSettings, StaleError
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.config.saved import Version


def saved_in(engine: StillEngine, folder: Path) -> SavedSettings:
    return SavedSettings(folder, still_settings(folder), engine.apply, SYSTEM_CLOCK)


def save(saved: SavedSettings, lost_after_s: float, *, on: int | None = None) -> Version:
    return saved.save({"tracking.lost_after_s": lost_after_s}, on=on, who="test")


def test_a_save_is_in_force_and_comes_back_after_a_restart(
    engine: StillEngine, tmp_path: Path
) -> None:
    saved = saved_in(engine, tmp_path)
    made = save(saved, 4.0)
    assert made.changed == ("tracking.lost_after_s",)
    assert engine.settings.tracking.lost_after_s == 4.0
    again = StillEngine(still_settings(tmp_path))
    assert saved_in(again, tmp_path).version == 1
    assert again.settings.tracking.lost_after_s == 4.0


def test_a_save_on_top_of_an_outdated_version_is_refused(
    engine: StillEngine, tmp_path: Path
) -> None:
    saved = saved_in(engine, tmp_path)
    save(saved, 4.0, on=0)
    with pytest.raises(StaleError):
        save(saved, 5.0, on=0)
    assert engine.settings.tracking.lost_after_s == 4.0


def test_what_the_engine_refuses_is_not_stored(engine: StillEngine, tmp_path: Path) -> None:
    saved = saved_in(engine, tmp_path)
    engine.refuses = "busy"
    with pytest.raises(ConfigError):
        save(saved, 4.0)
    assert saved.version == 0
    assert saved_in(StillEngine(still_settings(tmp_path)), tmp_path).version == 0


def test_a_disk_that_refuses_leaves_the_engine_with_the_old_settings(
    engine: StillEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = saved_in(engine, tmp_path)
    save(saved, 4.0)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(saved, 5.0)
    assert engine.settings.tracking.lost_after_s == 4.0
    assert saved.version == 1
    monkeypatch.undo()
    assert (
        saved_in(
            StillEngine(still_settings(tmp_path)), tmp_path
        ).draft.settings.tracking.lost_after_s
        == 4.0
    )


def test_ten_versions_are_kept_and_each_can_come_back(engine: StillEngine, tmp_path: Path) -> None:
    saved = saved_in(engine, tmp_path)
    for number in range(1, 15):
        save(saved, float(number))
    kept = [one.number for one in saved.history()]
    assert kept == list(range(14, 14 - KEPT_VERSIONS, -1))
    saved.restore(7, who="test")
    assert engine.settings.tracking.lost_after_s == 7.0
    assert saved.version == 15
    with pytest.raises(KeyError):
        saved.restore(2, who="test")
    saved.restore(0, who="test")
    assert engine.settings == still_settings(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format":1}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_broken_file_is_set_aside_and_the_newest_whole_version_taken(
    engine: StillEngine, tmp_path: Path, content: bytes
) -> None:
    saved = saved_in(engine, tmp_path)
    save(saved, 4.0)
    (tmp_path / "settings" / "settings.json").write_bytes(content)
    again = saved_in(engine, tmp_path)
    assert again.draft.settings.tracking.lost_after_s == 4.0
    assert "broken" in again.notice


def test_saved_fields_that_no_longer_fit_the_script_give_way_to_it(
    engine: StillEngine, tmp_path: Path
) -> None:
    changes = {"profiles[barrier].server_url": "http://127.0.0.1:9/x", "tracking.lost_after_s": 4.0}
    saved_in(engine, tmp_path).save(changes, on=None, who="test")
    script = still_settings(tmp_path)
    by_tcp = Profile("barrier", Tcp("127.0.0.1:9"))
    changed = replace(script, profiles=(by_tcp, *script.profiles[1:]))
    again = SavedSettings(tmp_path, changed, engine.apply, SYSTEM_CLOCK)
    assert again.draft.settings.profiles == changed.profiles
    assert again.draft.settings.tracking.lost_after_s == 4.0
    assert "profiles[barrier].server_url" in again.notice


def test_profiles_that_change_places_go_and_come_back_keep_what_was_saved_for_them(
    engine: StillEngine, tmp_path: Path
) -> None:
    changes = {
        "profiles[barrier].server_url": "http://127.0.0.1:9/x",
        "profiles[barrier].password": "typed",
        "profiles[vms].server_url": "127.0.0.1:19",
    }
    saved_in(engine, tmp_path).save(changes, on=None, who="test")
    script = still_settings(tmp_path)
    barrier, vms, archive = script.profiles
    for profiles in (
        (vms, barrier, archive),
        (archive, vms),
        (archive, barrier),
        (barrier, vms, archive),
    ):
        moved = replace(script, profiles=profiles)
        again = SavedSettings(tmp_path, moved, engine.apply, SYSTEM_CLOCK)
        there = {profile.key for profile in profiles}
        for name, value in changes.items():
            key = name[len("profiles[") :].partition("]")[0]
            assert again.draft.values.get(name) == (value if key in there else None)
        away = {"barrier", "vms"} - there
        assert all(f"kept for {key}" in again.notice for key in away)
        assert bool(again.notice) is bool(away)
        save(again, float(again.version + 5))


def test_what_is_kept_for_an_absent_profile_outlives_saved_fields_that_do_not_fit(
    engine: StillEngine, tmp_path: Path
) -> None:
    changes = {"profiles[vms].device_id": "GATE-2", "profiles[barrier].server_url": "http://a/"}
    typed = {"profiles[barrier].password": "typed"}
    saved_in(engine, tmp_path).save(changes | typed, on=None, who="test")
    script = still_settings(tmp_path)
    without = replace(script, profiles=(Profile("barrier", Tcp("127.0.0.1:9")),))
    again = SavedSettings(tmp_path, without, engine.apply, SYSTEM_CLOCK)
    assert "do not fit" in again.notice
    assert "kept for vms" in again.notice
    save(again, 4.0)
    assert saved_in(engine, tmp_path).draft.settings.profiles[1].device_id == "GATE-2"


def test_the_lock_of_no_field_is_found_before_the_page_is_served(
    engine: StillEngine, tmp_path: Path
) -> None:
    script = replace(still_settings(tmp_path), locked={"profiles[barrier].sever_url"})
    with pytest.raises(ConfigError, match="locked"):
        SavedSettings(tmp_path, script, engine.apply, SYSTEM_CLOCK)


def test_a_wrong_field_changes_nothing(engine: StillEngine, tmp_path: Path) -> None:
    saved = saved_in(engine, tmp_path)
    with pytest.raises(SettingsError):
        save(saved, -1.0)
    assert engine.applied == []


def test_what_does_not_fit_is_left_aside_alone_and_comes_back_when_it_fits(
    engine: StillEngine, tmp_path: Path
) -> None:
    """A script that takes a name given on the page must cost no other profile its address and password."""
    script = still_settings(tmp_path)
    saved = SavedSettings(tmp_path, script, engine.apply, SYSTEM_CLOCK)
    changes = {"profiles[barrier].name": "gate", "profiles[vms].server_url": "10.0.0.9:9"}
    saved.save(changes, on=None, who="test")
    taken = replace(
        script, profiles=(*script.profiles, Profile("gate", Tcp("h:1"))), max_profiles=4
    )
    again = SavedSettings(tmp_path, taken, engine.apply, SYSTEM_CLOCK)
    assert again.draft.values["profiles[vms].server_url"] == "10.0.0.9:9"
    assert again.draft.values["profiles[barrier].name"] == "barrier"
    assert "do not fit the script any more" in again.notice
    again.save({"device.model": "x"}, on=None, who="test")
    back = SavedSettings(tmp_path, script, engine.apply, SYSTEM_CLOCK)
    assert back.draft.values["profiles[barrier].name"] == "gate"
    assert back.draft.values["profiles[vms].server_url"] == "10.0.0.9:9"
    assert back.draft.values["device.model"] == "x"


@pytest.mark.parametrize(
    "change",
    [
        '"version":1e999', '"version":-3', '"version":true', '"at":"x"', '"who":1', '"changed":"abc"', '"changed":[{}]',
        '"saved":[]', '"format":2',
    ],
)  # fmt: skip
def test_a_file_of_another_shape_is_a_broken_one(
    engine: StillEngine, tmp_path: Path, change: str
) -> None:
    whole = '{"format":1,"version":1,"at":1,"who":"x","changed":[],"saved":{}'
    saved = saved_in(engine, tmp_path)
    saved._current.write_text(f"{whole},{change}}}")
    saved = saved_in(engine, tmp_path)
    assert saved.version == 0
    assert "broken" in saved.notice
