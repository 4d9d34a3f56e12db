"""What the page saved, and its last ten versions.

A version holds only the fields that differ from the script (`config.overlay`). `settings.json` is the
current one; `versions/` has it and those before it.

Invariants, held by `tests/web/test_store.py`:

1. A save is whole or has not happened, also over a power cut and a full disk.
2. Settings are stored only when the engine has taken them; when storing fails, the engine has the old ones.
3. A save made on top of an outdated version is refused, so that two browsers never overwrite each other.
4. A broken file is set aside and the newest whole version taken.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cammra_edge.config.overlay import difference, laid_over
from cammra_edge.config.plain import plain_from_settings, settings_from_plain
from cammra_edge.config.shape import SettingsError
from cammra_edge.web.files import private_folder, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings

_log = logging.getLogger(__name__)

KEPT_VERSIONS = 10
FORMAT = 1


class StaleError(Exception):
    """Somebody else has saved since; `version` is theirs."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is newer")
        self.version = version


@dataclass(frozen=True, slots=True)
class Version:
    """One saved state: its number, when, by whom, and the names of the fields it changed."""

    number: int
    at_utc_ms: int
    who: str
    changed: tuple[str, ...]
    saved: Mapping[str, Any]


class SettingsStore:
    """The page's settings: current ones, saved fields, versions."""

    def __init__(
        self, folder: Path, factory: Settings, apply: Callable[[Settings], None], clock: Clock
    ) -> None:
        """Lay what was saved over the script's settings, and hand it to the engine.

        Args:
            folder: Where versions are kept.
            factory: The script's settings.
            apply: Hands settings to the engine; raises `CammraError` when it cannot take them.
            clock: Where the time comes from.
        """
        self._folder = private_folder(folder)
        self._versions = private_folder(folder / "versions")
        self.factory = factory
        self._apply = apply
        self._clock = clock
        self._lock = threading.Lock()
        self.notice = ""
        self.deny_local = False
        self._current = Version(0, 0, "script", (), {})
        self.settings = factory
        self._load()

    def _load(self) -> None:
        path = self._folder / "settings.json"
        candidates = [path, *sorted(self._versions.glob("*.json"), reverse=True)]
        for candidate in candidates:
            if not candidate.exists():
                continue
            found = _version_from(read_json(candidate))
            if found is None:
                _log.warning("set aside file=%s why=broken", candidate.name)
                candidate.replace(candidate.with_name(candidate.name + ".broken"))
                self.notice = "The settings file was broken; the last whole version is in use."
                continue
            self._current = found
            try:
                self.settings = laid_over(self.factory, found.saved)
                if found.saved:
                    self._apply(self.settings)
            except SettingsError as error:
                # The script has changed under the saved fields: its own word is the safe one.
                self.settings = self.factory
                names = ", ".join(one.field for one in error.errors)
                self.notice = f"The saved settings do not fit the script any more ({names}); the script's are in use."
                _log.warning("ignored saved settings why=%s", names)
            return

    @property
    def version(self) -> int:
        """The current version's number; 0 before the first save."""
        return self._current.number

    def save(self, plain: Mapping[str, object], *, on: int | None, who: str) -> Version:
        """Take over settings: check, hand to the engine, store; all or nothing.

        Args:
            plain: Sections as `config.plain` has them, secrets filled in.
            on: The version that the editor had before his eyes; `None` skips the check.
            who: For the history.

        Raises:
            SettingsError: Fields that cannot be used; nothing has changed.
            StaleError: Somebody else has saved since; nothing has changed.
            OSError: The disk refused; nothing has changed.
        """
        with self._lock:
            if on is not None and on != self._current.number:
                raise StaleError(self._current.number)
            wanted = settings_from_plain(
                self.factory, {**plain_from_settings(self.settings), **plain}
            )
            return self._take(difference(self.factory, plain_from_settings(wanted)), who)

    def restore(self, number: int, *, who: str) -> Version:
        """Take over an earlier version as a new one; 0 is the script's own settings.

        Raises:
            KeyError: There is no such version any more.
            SettingsError: It does not fit the script any more.
            OSError: The disk refused; nothing has changed.
        """
        with self._lock:
            if number == 0:
                return self._take({}, who)
            found = _version_from(read_json(self._versions / f"{number:08d}.json"))
            if found is None:
                raise KeyError(number)
            return self._take(dict(found.saved), who)

    def history(self) -> list[Version]:
        """The kept versions, newest first."""
        found = [
            _version_from(read_json(path))
            for path in sorted(self._versions.glob("*.json"), reverse=True)
        ]
        return [one for one in found if one is not None]

    def _take(self, saved: dict[str, object], who: str) -> Version:
        old = self.settings
        new = laid_over(self.factory, saved)
        changed = tuple(changed_fields(plain_from_settings(old), plain_from_settings(new)))
        made = Version(self._current.number + 1, self._clock.utc_ns() // 10**6, who, changed, saved)
        self._apply(new)
        try:
            # The version first: a crash between the two leaves the old settings current and whole.
            content = _plain_version(made)
            write_json(self._versions / f"{made.number:08d}.json", content)
            write_json(self._folder / "settings.json", content)
        except OSError:
            self._apply(old)
            raise
        self.settings, self._current, self.notice = new, made, ""
        for path in sorted(self._versions.glob("*.json"), reverse=True)[KEPT_VERSIONS:]:
            path.unlink(missing_ok=True)
        return made


def changed_fields(old: object, new: object, at: str = "") -> list[str]:
    """The names of the fields in which two plain settings differ, as `profiles[1].server_url`."""
    if isinstance(old, dict) and isinstance(new, dict):
        made: list[str] = []
        for name in new.keys() | old.keys():
            inner = f"{at}.{name}" if at else str(name)
            made.extend(changed_fields(old.get(name), new.get(name), inner))
        return sorted(made)
    if at == "profiles" and isinstance(old, list) and isinstance(new, list):
        made = []
        for number in range(1, max(len(old), len(new)) + 1):
            one = old[number - 1] if number <= len(old) else {}
            two = new[number - 1] if number <= len(new) else {}
            made.extend(changed_fields(one, two, f"{at}[{number}]"))
        return made
    return [] if old == new else [at]


def _plain_version(version: Version) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": version.number,
        "at": version.at_utc_ms,
        "who": version.who,
        "changed": list(version.changed),
        "saved": version.saved,
    }


def _version_from(held: dict[str, Any] | None) -> Version | None:
    try:
        if held is None or held["format"] != FORMAT or not isinstance(held["saved"], dict):
            return None
        return Version(
            int(held["version"]),
            int(held["at"]),
            str(held["who"]),
            tuple(held["changed"]),
            held["saved"],
        )
    except (KeyError, TypeError, ValueError):
        return None
