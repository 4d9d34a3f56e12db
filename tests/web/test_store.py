"""What the page saved: whole or not at all, ten versions, and never two truths."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.plain import plain_from_settings
from cammra_edge.config.shape import SettingsError
from cammra_edge.errors import ConfigError
from cammra_edge.web.store import KEPT_VERSIONS, SettingsStore, StaleError
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.web.store import Version


def store_of(engine: StillEngine, folder: Path) -> SettingsStore:
    return SettingsStore(folder / "settings", still_settings(folder), engine.apply, SYSTEM_CLOCK)


def save(store: SettingsStore, lost_after_s: float, *, on: int | None = None) -> Version:
    plain = plain_from_settings(store.settings)
    tracking = plain["tracking"]
    assert isinstance(tracking, dict)
    return store.save({"tracking": {**tracking, "lost_after_s": lost_after_s}}, on=on, who="test")


def test_a_save_is_in_force_and_comes_back_after_a_restart(
    engine: StillEngine, tmp_path: Path
) -> None:
    store = store_of(engine, tmp_path)
    made = save(store, 4.0)
    assert made.changed == ("tracking.lost_after_s",)
    assert engine.settings.tracking.lost_after_s == 4.0
    again = StillEngine(still_settings(tmp_path))
    assert store_of(again, tmp_path).version == 1
    assert again.settings.tracking.lost_after_s == 4.0


def test_a_save_on_top_of_an_outdated_version_is_refused(
    engine: StillEngine, tmp_path: Path
) -> None:
    store = store_of(engine, tmp_path)
    save(store, 4.0, on=0)
    with pytest.raises(StaleError):
        save(store, 5.0, on=0)
    assert engine.settings.tracking.lost_after_s == 4.0


def test_what_the_engine_refuses_is_not_stored(engine: StillEngine, tmp_path: Path) -> None:
    store = store_of(engine, tmp_path)
    engine.refuses = "busy"
    with pytest.raises(ConfigError):
        save(store, 4.0)
    assert store.version == 0
    assert store_of(StillEngine(still_settings(tmp_path)), tmp_path).version == 0


def test_a_disk_that_refuses_leaves_the_engine_with_the_old_settings(
    engine: StillEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(engine, tmp_path)
    save(store, 4.0)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(store, 5.0)
    assert engine.settings.tracking.lost_after_s == 4.0
    assert store.version == 1
    monkeypatch.undo()
    assert (
        store_of(StillEngine(still_settings(tmp_path)), tmp_path).settings.tracking.lost_after_s
        == 4.0
    )


def test_ten_versions_are_kept_and_each_can_come_back(engine: StillEngine, tmp_path: Path) -> None:
    store = store_of(engine, tmp_path)
    for number in range(1, 15):
        save(store, float(number))
    kept = [one.number for one in store.history()]
    assert kept == list(range(14, 14 - KEPT_VERSIONS, -1))
    store.restore(7, who="test")
    assert engine.settings.tracking.lost_after_s == 7.0
    assert store.version == 15
    with pytest.raises(KeyError):
        store.restore(2, who="test")
    store.restore(0, who="test")
    assert engine.settings == still_settings(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format":1}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_broken_file_is_set_aside_and_the_newest_whole_version_taken(
    engine: StillEngine, tmp_path: Path, content: bytes
) -> None:
    store = store_of(engine, tmp_path)
    save(store, 4.0)
    (tmp_path / "settings" / "settings.json").write_bytes(content)
    again = store_of(engine, tmp_path)
    assert again.settings.tracking.lost_after_s == 4.0
    assert "broken" in again.notice


def test_saved_fields_that_no_longer_fit_the_script_give_way_to_it(
    engine: StillEngine, tmp_path: Path
) -> None:
    store = store_of(engine, tmp_path)
    plain = plain_from_settings(store.settings)
    profiles = plain["profiles"]
    assert isinstance(profiles, list)
    first = profiles[0]
    assert isinstance(first, dict)
    store.save(
        {"profiles": [{**first, "server_url": "http://127.0.0.1:8/x"}, *profiles[1:]]},
        on=None,
        who="test",
    )
    factory = still_settings(tmp_path)
    moved = replace(
        factory, profiles=(factory.profiles[1], factory.profiles[0], factory.profiles[2])
    )
    again = SettingsStore(tmp_path / "settings", moved, engine.apply, SYSTEM_CLOCK)
    assert again.settings == moved
    assert "server_url" in again.notice


def test_a_wrong_field_changes_nothing(engine: StillEngine, tmp_path: Path) -> None:
    store = store_of(engine, tmp_path)
    with pytest.raises(SettingsError):
        save(store, -1.0)
    assert engine.applied == []
