"""What the page saved, and its last ten versions.

A version holds only the fields that differ from the script (`config.drafting`). `settings.json` is the
current one; `versions/` has it and those before it.

Invariants, held by `tests/web/test_saved.py`:

1. A save is whole or has not happened, also over a power cut and a full disk.
2. Settings are stored only once the engine has taken them; when storing fails, the engine gets the old ones back.
3. A save on top of an outdated version is refused, so that two browsers never overwrite each other.
4. A broken file is set aside, and the newest whole version is used; no file keeps the engine from sending.
5. What is saved for a profile that the script no longer has stays in every later version.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from cammra_edge.config.drafting import check_locked, draft_of, fitting_draft
from cammra_edge.config.saved import CURRENT, Version, version_in
from cammra_edge.errors import CammraError, SettingsError
from cammra_edge.files import private_folder, set_aside, write_json
from cammra_edge.web.egress import local_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.config.drafting import Draft
    from cammra_edge.errors import ConfigError

_log = logging.getLogger(__name__)

KEPT_VERSIONS = 10


class StaleError(Exception):
    """Somebody else has saved meanwhile; `version` is theirs."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is newer")
        self.version = version


class SavedSettings:
    """The page's settings: those in force, and their versions."""

    def __init__(
        self,
        folder: Path,
        script: Settings,
        apply: Callable[[Settings], None],
        clock: Clock,
        *,
        load: bool = True,
    ) -> None:
        """Lay what was saved over the script's settings, and hand it to the engine.

        Args:
            folder: The page's folder.
            script: The script's settings.
            apply: Hands settings to the engine; raises `CammraError` when it cannot take them.
            clock: Where the time comes from.
            load: `False` for an engine without a page, whose settings are the script's: nothing is read or saved.

        Raises:
            ConfigError: A lock in the script's settings names no field.
        """
        check_locked(script)
        self._current = folder / CURRENT
        self._versions = self._current.parent / "versions"
        self._apply = apply
        self._clock = clock
        self._lock = threading.Lock()
        self._trouble = ""
        self._version = Version(0, 0, "script", (), {})
        self.draft = draft_of(script, {})
        if load:
            private_folder(private_folder(self._current.parent) / self._versions.name)
            self._load()

    def _load(self) -> None:
        for candidate in (self._current, *self._version_files()):
            version = version_in(candidate)
            if version is None:
                if set_aside(candidate):
                    _log.warning("set aside file=%s why=broken", candidate.name)
                    self._trouble = (
                        "The settings file was broken; the last whole version is in use."
                    )
                continue
            self._version = version
            self.draft, wrong = fitting_draft(self.draft.script, version.saved, version.ways)
            if wrong:
                # The script has changed under the saved fields: its own word is the safe one.
                names = ", ".join(dict.fromkeys(wrong))
                self._trouble = (
                    f"Some saved settings do not fit the script any more ({names}); the script's are in use, and the"
                    " saved ones are kept for when they fit."
                )
                _log.warning("saved settings left aside why=%s", names)
            if version.saved:
                self._apply_saved()
            return

    def _apply_saved(self) -> None:
        """Hand what was saved to the engine; what it cannot take does not keep it from sending by the script's."""
        try:
            self._apply(self.draft.settings)
        except (CammraError, OSError) as error:
            _log.warning("saved settings left aside why=%s", error)
            self._trouble = f"The saved settings cannot be used ({error}); the script's are in use until the next save."
            self.draft = draft_of(self.draft.script, {})

    def _version_files(self) -> list[Path]:
        """The kept versions' files, newest first."""
        return sorted(self._versions.glob("*.json"), reverse=True)

    @property
    def deny_local(self) -> bool:
        """Whether addresses that lead to this machine or its link are refused."""
        return self.draft.script.deny_local

    @property
    def version(self) -> int:
        """The current version's number; 0 before the first save."""
        return self._version.number

    @property
    def notice(self) -> str:
        """What the owner should know about the saved settings; empty when there is nothing."""
        sentences = [self._trouble] if self._trouble else []
        if keys := ", ".join(self.draft.absent_keys(self.draft.saved)):
            sentences.append(f"Settings are kept for {keys}, which the script does not have.")
        if keys := ", ".join(self.draft.absent_keys(sorted(self.draft.script.locked))):
            sentences.append(f"The script locks fields of {keys}, which it does not have.")
        return " ".join(sentences)

    def changed(self, changes: Mapping[str, object]) -> Draft:
        """The settings as they would be with these changes.

        Raises:
            SettingsError: Names every field that is wrong.
        """
        return self._changed(changes, self._denied(changes))

    def _denied(self, changes: Mapping[str, object]) -> list[ConfigError]:
        """What is wrong with addresses; asks a name server, so not under the lock."""
        known = {name: value for name, value in changes.items() if name in self.draft.values}
        return list(local_addresses(known)) if self.deny_local else []

    def _changed(self, changes: Mapping[str, object], denied: list[ConfigError]) -> Draft:
        try:
            draft = self.draft.change(changes)
        except SettingsError as error:
            raise SettingsError([*denied, *error.errors]) from None
        if denied:
            raise SettingsError(denied)
        return draft

    def save(self, changes: Mapping[str, object], *, on: int | None, who: str) -> Version:
        """Take over changes: check, hand to the engine, store; all or nothing.

        Args:
            changes: Values by flat name.
            on: The version that the editor was looking at; `None`: any.
            who: For the history.

        Raises:
            SettingsError: Fields that cannot be used; nothing has changed.
            StaleError: Somebody else has saved since; nothing has changed.
            OSError: The disk refused; nothing has changed.
        """
        denied = self._denied(changes)
        with self._lock:
            if on is not None and on != self._version.number:
                raise StaleError(self._version.number)
            return self._take(self._changed(changes, denied), who)

    def restore(self, number: int, *, who: str) -> Version:
        """Take over an earlier version as a new one; 0 is the script's own settings.

        Raises:
            KeyError: There is no such version any more.
            SettingsError: It does not fit the script any more.
            OSError: The disk refused; nothing has changed.
        """
        with self._lock:
            saved: Mapping[str, Any] = {}
            ways: Mapping[str, str] = {}
            if number != 0:
                version = version_in(self._versions / f"{number:08d}.json")
                if version is None:
                    raise KeyError(number)
                saved, ways = version.saved, version.ways
            return self._take(draft_of(self.draft.script, saved, ways=ways), who)

    def history(self) -> list[Version]:
        """The kept versions, newest first."""
        return [version for path in self._version_files() if (version := version_in(path))]

    def _take(self, draft: Draft, who: str) -> Version:
        before = self.draft
        version = Version(
            self._version.number + 1,
            self._clock.utc_ns() // 10**6,
            who,
            draft.changed_since(before),
            draft.saved,
            draft.ways,
        )
        self._apply(draft.settings)
        try:
            # The version first: a crash between the two leaves the old settings current and whole.
            write_json(self._versions / f"{version.number:08d}.json", version.plain())
            write_json(self._current, version.plain())
        except OSError:
            self._apply(before.settings)
            raise
        self.draft, self._version, self._trouble = draft, version, ""
        for path in self._version_files()[KEPT_VERSIONS:]:
            path.unlink(missing_ok=True)
        return version
