"""What the page changes, laid over a script's settings by name; knows no HTTP.

A script is the factory setting. Saved are the flat names (`config.flat`) whose value differs from the script's.
What is saved for a profile that the script no longer has is set aside, and in force again when the profile is back.
Where a script has fewer profiles than the page shows, the others are the page's own: they have the keys `Profile 2`,
`Profile 3`, and exist from their first saved field on.

Invariants, held by `tests/config/test_drafting.py` and `test_ways.py`:

1. `draft_of(script, {}).settings == script`.
2. A name in `Settings.locked` has the script's value, whatever was saved.
3. `masked` leaves no secret; a secret that is not typed anew stays as it is.
4. A stored secret goes nowhere but where it was given for, and no other way (`config.ways`), whatever changes: the
   page, the script, or both.
5. Saved names find their profile by its key, in whatever order and under whatever name the script has it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from cammra_edge.checks import Want
from cammra_edge.config import PROFILES_ON_THE_PAGE, Settings
from cammra_edge.config.catalogue import (
    catalogue,
    is_script_only,
    is_secret,
    setting_of,
)
from cammra_edge.config.flat import Flat, flat_from_settings, key_and_field, settings_from_flat
from cammra_edge.config.wants import ConfigWant
from cammra_edge.config.ways import owner_of, ways_of
from cammra_edge.errors import ConfigError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONGEST_SHOWN = 80
_PAGE_KEY = re.compile(r"Profile ([1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class Draft:
    """A script's settings with what is saved laid over them.

    Args:
        script: The settings as the script has them.
        saved: What is worth saving: values that differ from the script's, and those that are set aside or locked.
        keys: The profiles' keys in order, usually three or more; the last ones may belong to nobody yet.
        factory: The script's value for every name.
        values: The value in force for every name.
        settings: The same, as the engine takes it.
        aside: What of `saved` does not fit the script as it is now: kept for when it does again.
        ways: Which way the saved secrets were given for, by `owner_of` them.
    """

    script: Settings
    saved: Flat
    keys: tuple[str, ...]
    factory: Flat
    values: Flat
    settings: Settings
    aside: Flat
    ways: dict[str, str]

    def absent_keys(self, names: Iterable[str]) -> list[str]:
        """The keys among these names that no profile has."""
        keys = dict.fromkeys(key_and_field(name)[0] for name in names)
        return [key for key in keys if key and key not in self.keys]

    def locked(self) -> list[str]:
        """The names that only the script may change."""
        return [name for name in self.values if is_locked(self.script, name)]

    def secrets(self) -> list[str]:
        """The names of the secrets that are set."""
        return [name for name, value in self.values.items() if value and is_secret(name)]

    def changed_since(self, before: Draft) -> tuple[str, ...]:
        """The names whose value differs from an earlier draft's."""
        names = sorted(self.values.keys() | before.values.keys())
        return tuple(name for name in names if self.values.get(name) != before.values.get(name))

    def without_locked(self, changes: Mapping[str, object]) -> dict[str, object]:
        """The changes that the script allows."""
        return {name: value for name, value in changes.items() if not is_locked(self.script, name)}

    def change(self, changes: Mapping[str, object]) -> Draft:
        """The draft with these values as well; a secret that is `None` stays as it is.

        Raises:
            SettingsError: Names every change that is no field, is locked or cannot be used, and every stored secret
                that would go to another server, or another way.
        """
        errors: list[ConfigError] = []
        typed: dict[str, object] = {}
        for name, value in changes.items():
            if name not in self.values:
                errors.append(self._unknown(name))
            elif is_locked(self.script, name):
                if value != self.values[name] and not (value is None and is_secret(name)):
                    errors.append(ConfigError(name, "", ConfigWant.SCRIPTS_OWN()))
            elif value is not None or not is_secret(name):
                typed[name] = value
        try:
            draft = self._with(typed)
        except SettingsError as error:
            errors.extend(error.errors)
            with suppress(SettingsError):  # what is left, so that everything wrong is named at once
                wrong = tuple(one.field for one in error.errors)
                left = {
                    name: value
                    for name, value in typed.items()
                    if not any(field.startswith(name) for field in wrong)
                }
                errors.extend(self._moved_secrets(self._with(left), typed))
            raise SettingsError(errors) from None
        errors.extend(self._moved_secrets(draft, typed))
        if errors:
            raise SettingsError(errors)
        return draft

    def _with(self, typed: Mapping[str, object]) -> Draft:
        """The draft with these values as well, wherever secrets go."""
        aside = {name: value for name, value in self.aside.items() if name not in typed}
        kept = {name: value for name, value in self.saved.items() if name not in self.aside}
        return _laid(self.script, {**kept, **typed}, aside, self.ways)

    def _moved_secrets(self, draft: Draft, typed: Mapping[str, object]) -> Iterator[ConfigError]:
        """The stored secrets that would go another way by that draft, and were not typed again."""
        before, after = ways_of(self.settings), ways_of(draft.settings)
        for name in draft.secrets():
            if name not in typed and _differ(before, after, owner_of(name)):
                yield _to_type_again(name)

    def _unknown(self, name: str) -> ConfigError:
        key, _ = key_and_field(name)
        known = not key or key in self.keys
        others = ConfigWant.ONE_OF_THE_PROFILES(keys=", ".join(self.keys))
        want = Want.NO_SUCH_FIELD() if known else others
        return ConfigError(name[:_LONGEST_SHOWN] or "changes", "", want)


def fitting_draft(
    script: Settings, saved: Mapping[str, Any], ways: Mapping[str, str] | None = None
) -> tuple[Draft, list[str]]:
    """As `draft_of`, without what does not fit the script any more; and the names that are wrong.

    A secret that would go another way than it was given for is left aside alone. A profile or section of which another
    field does not fit is left aside whole: half of it would not be what anybody has chosen.
    """
    wrong: list[str] = []
    aside: Flat = {}
    laid = dict(saved)
    while True:
        try:
            return draft_of(script, laid, aside, ways), wrong
        except SettingsError as error:
            if not laid:
                raise  # the script's own settings: nothing that is saved could be left aside
            names = [one.field for one in error.errors]
        wrong += names
        left = {name: laid[name] for name in names if name in laid and is_secret(name)}
        if not left:
            parts = set(map(_part, names))
            left = {name: value for name, value in laid.items() if _part(name) in parts}
        if not left:  # nobody can say whose fault it is
            left = laid
        aside |= left
        laid = {name: value for name, value in laid.items() if name not in left}


def _part(name: str) -> tuple[str, str]:
    """The profile's key, or the section, that a field belongs to."""
    key, field = key_and_field(name)
    return (key, "") if key else ("", field.partition(".")[0])


def draft_of(
    script: Settings,
    saved: Mapping[str, Any],
    aside: Mapping[str, Any] | None = None,
    ways: Mapping[str, str] | None = None,
) -> Draft:
    """A script's settings with saved values laid over them.

    Args:
        script: The script's settings.
        saved: By flat name.
        aside: What else is saved, and not in force.
        ways: Which way the saved secrets were given for, by `owner_of` them, as far as that was written down.

    Raises:
        SettingsError: Names every saved field that does not fit the script, and every secret that would go elsewhere
            than it was given for: a saved one by a change of the script, the script's own by what is saved.
    """
    draft = _laid(script, saved, aside or {}, ways or {})
    here, script_ways = ways_of(draft.settings), ways_of(script)
    saved_ways = {**here, **(ways or {})}
    errors = [
        _to_type_again(name)
        for name in draft.secrets()
        if _differ(
            saved_ways if name in saved and not is_locked(script, name) else script_ways,
            here,
            owner_of(name),
        )
    ]
    if errors:
        raise SettingsError(errors)
    return draft


def _to_type_again(secret: str) -> ConfigError:
    return ConfigError(secret, "", ConfigWant.TYPED_AGAIN())


def _differ(given: Mapping[str, str], here: Mapping[str, str], owner: str) -> bool:
    """Whether the secrets of an owner go another way than they were given for."""
    return owner in here and here[owner] != given.get(owner)


def _laid(
    script: Settings, saved: Mapping[str, Any], aside: Mapping[str, Any], ways: Mapping[str, str]
) -> Draft:
    """The draft, wherever its secrets go."""
    keys = profile_keys(script, saved)
    factory = flat_from_settings(script, keys)
    laid: Flat = {}
    untouched = absent(script, saved)
    for name, value in saved.items():
        if name not in untouched:
            (untouched if is_locked(script, name) else laid)[name] = value
    errors = [ConfigError(name, "", Want.NO_SUCH_FIELD()) for name in laid if name not in factory]
    if errors:
        raise SettingsError(errors)
    settings = settings_from_flat(script, keys, {**factory, **laid})
    values = flat_from_settings(settings, keys)
    here, given = ways_of(settings), ways_of(script)
    differing = {
        name: values[name]
        for name in laid
        # A secret that happens to be the script's own was typed for this way, and the script's is not meant for it.
        if values[name] != factory[name]
        or (is_secret(name) and _differ(given, here, owner_of(name)))
    }
    saved_now = untouched | differing | dict(aside)
    owners = {owner_of(name) for name in differing if is_secret(name)}
    elsewhere = {owner_of(name) for name in saved_now.keys() - differing.keys()} - owners
    kept_ways = {owner: way for owner, way in ways.items() if owner in elsewhere}
    ways_now = kept_ways | {owner: way for owner, way in here.items() if owner in owners}
    return Draft(script, saved_now, keys, factory, values, settings, dict(aside), ways_now)


def profile_keys(script: Settings, saved: Iterable[str]) -> tuple[str, ...]:
    """The keys of the script's profiles, then of the page's own in the order of their numbers."""
    keys = [profile.key for profile in script.profiles]
    names = {profile.name for profile in script.profiles}
    saved_keys = {key_and_field(name)[0] for name in saved}.difference(keys)
    own = sorted(int(match[1]) for key in saved_keys if (match := _PAGE_KEY.fullmatch(key)))
    numbers = own[: script.max_profiles - len(keys)]
    shown = min(PROFILES_ON_THE_PAGE, script.max_profiles)
    free = (
        number
        for number in count(len(keys) + 1)
        if f"Profile {number}" not in {*keys, *names} and number not in own
    )
    numbers += islice(free, max(0, shown - len(keys) - len(numbers)))
    return (*keys, *(f"Profile {number}" for number in sorted(numbers)))


def absent(script: Settings, saved: Mapping[str, Any]) -> Flat:
    """What is saved for profiles that the script does not have."""
    keys = {"", *profile_keys(script, saved)}
    return {name: value for name, value in saved.items() if key_and_field(name)[0] not in keys}


def is_locked(script: Settings, name: str) -> bool:
    """Whether only the script may change this field: it locks the name, or its last part everywhere."""
    last = name.rpartition(".")[2]
    return name in script.locked or last in script.locked or is_script_only(name)


def check_locked(script: Settings) -> None:
    """Refuse a lock that names no field, such as a misspelt one.

    Raises:
        ConfigError: Names the lock.
    """
    known = catalogue().schemas
    bare = {name.rpartition(".")[2] for name in known}
    for name in script.locked:
        if name not in bare and setting_of(name) is None:
            raise ConfigError("locked", name, ConfigWant.LOCKABLE())


def masked(flat: Flat) -> Flat:
    """The same with `None` in place of every secret."""
    return {name: None if is_secret(name) else value for name, value in flat.items()}
