"""Settings as flat plain data, as file, API and page hold them: one name for each field.

`tracking.lost_after_s`, `profiles[barrier].server_url`, `profiles[barrier].tls.pin`: a profile stands under
its key, the fields of a record follow a dot; lists and mappings are values. A profile has the word of its
protocol and the fields of every protocol; those of another protocol are checked and left aside.

`settings_from_flat(settings, keys, flat_from_settings(settings, keys)) == settings` (`tests/config/test_flat.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from cammra_edge import profile as profile_module
from cammra_edge.config import Settings
from cammra_edge.config.shape import (
    Plain,
    SettingsError,
    defaults_of,
    hints_of,
    join,
    plain_of,
    record_of,
    settable,
    value_of,
)
from cammra_edge.errors import ConfigError
from cammra_edge.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Flat = dict[str, Plain]

SECTIONS = ("device", "tracking", "plate_lists", "network_mode", "keepalive")
"""The fields of `Settings` that the page may change beside the profiles; the rest needs a restart."""

UNSET_URL = "not-set.invalid:9"
"""The address of a profile that is off and has none yet: no network has it (RFC 2606), the page shows it empty."""

_WORDS = {
    "Tcp": "TCP",
    "HttpPost": "HTTP POST",
    "Ftp": "FTP",
    "Sftp": "SFTP",
    "Utmc": "UTMC",
    "Utmc2": "UTMC-2",
}
_PROFILE_NAME = re.compile(r"profiles\[(.+)\]\.([a-z0-9_.]+)")  # greedy: a key may hold brackets
_STAND_IN = profile_module.HttpPost("http://stand-in.invalid/")
"""Takes the place of a refused protocol while the profile's other fields are checked; never returned."""


def profile_name(key: str, field: str) -> str:
    """The name of a profile's field: `profiles[barrier].tls.pin`."""
    return f"profiles[{key}].{field}"


def key_and_field(name: str) -> tuple[str, str]:
    """The key of the profile that a name means, empty where it means none, and the field."""
    found = _PROFILE_NAME.fullmatch(name)
    return (found[1], found[2]) if found else ("", name)


@cache
def protocols() -> dict[str, type]:
    """The protocols by the page's word, in the page's order."""
    by_word = {
        _WORDS.get(cls.__name__, cls.__name__): cls for cls in get_args(profile_module.Protocol)
    }
    return {word: by_word[word] for word in (*_WORDS.values(), *by_word) if word in by_word}


@cache
def profile_fields() -> dict[str, type]:
    """Every field that a profile has here, with the class that declares it; records are not flattened."""
    classes: dict[str, type] = dict.fromkeys(settable(Profile), Profile)
    del classes["key"], classes["protocol"]
    for cls in protocols().values():
        for name in settable(cls):
            classes.setdefault(name, cls)
    return classes


def flat_from_settings(settings: Settings, keys: Sequence[str]) -> Flat:
    """What the page may change.

    Args:
        settings: Any settings.
        keys: The keys of the profiles wanted; one that the settings do not have is a profile nobody has filled in.
    """
    flat: Flat = {}
    for section in SECTIONS:
        flat |= _flattened(section, getattr(settings, section))
    profiles = {profile.key: profile for profile in settings.profiles}
    for key in keys:
        fields = flat_from_profile(profiles[key]) if key in profiles else unfilled(key)
        flat |= {profile_name(key, name): value for name, value in fields.items()}
    return flat


def flat_from_profile(profile: Profile) -> Flat:
    """The fields of one profile, those of other protocols as they are by default."""
    word = next(word for word, cls in protocols().items() if type(profile.protocol) is cls)
    fields: Flat = {"protocol": word}
    for name in settable(Profile):
        if name not in {"key", "protocol"}:
            fields |= _flattened(name, getattr(profile, name))
    fields |= _protocol_defaults()
    for name in settable(protocols()[word]):
        fields |= _flattened(name, getattr(profile.protocol, name))
    if fields["server_url"] == UNSET_URL:
        fields["server_url"] = ""
    return fields


@cache
def _protocol_defaults() -> Flat:
    """The fields of all protocols; where two differ, as the first of them has it."""
    fields: Flat = {}
    for cls in reversed(protocols().values()):
        for name, default in defaults_of(cls).items():
            fields |= _flattened(name, default)
    return fields


def unfilled(key: str) -> Flat:
    """The fields of a profile that nobody has filled in, as the page first shows it."""
    return flat_from_profile(Profile(key, profile_module.HttpPost(UNSET_URL), enabled=False))


def _flattened(name: str, value: object) -> Flat:
    if not is_dataclass(value) or isinstance(value, type):
        return {name: plain_of(value)}
    flat: Flat = {}
    for inner in settable(type(value)):
        flat |= _flattened(join(name, inner), getattr(value, inner))
    return flat


def _nested(flat: Mapping[str, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *outer, last = name.split(".")
        record = tree
        for part in outer:
            record = record.setdefault(part, {})
        record[last] = value
    return tree


def settings_from_flat(
    settings: Settings, keys: Sequence[str], flat: Mapping[str, object]
) -> Settings:
    """These settings with the flat fields in place of their own.

    Args:
        settings: What the page cannot change is taken from here.
        keys: The profiles' keys in order; those at the end that nobody has filled in become no profile.
        flat: Every name that `flat_from_settings` gives for these keys.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    errors: list[ConfigError] = []
    sections: dict[str, object] = {}
    profiles: dict[str, dict[str, object]] = {key: {} for key in keys}
    for name, value in flat.items():
        key, field = key_and_field(name)
        (profiles[key] if key else sections)[field] = value
    own = {profile.key for profile in settings.profiles}
    filled = list(keys)
    while filled and filled[-1] not in own and profiles[filled[-1]] == unfilled(filled[-1]):
        filled.pop()
    values: dict[str, Any] = {"profiles": []}
    for section, plain in _nested(sections).items():
        try:
            values[section] = value_of(hints_of(Settings)[section], plain, section)
        except SettingsError as error:
            errors.extend(error.errors)
    for key in filled:
        try:
            values["profiles"].append(profile_from_flat(key, profiles[key]))
        except SettingsError as error:
            errors.extend(error.errors)
    names = Counter(profile.name for profile in values["profiles"])
    errors.extend(
        ConfigError(
            profile_name(profile.key, "name"), profile.name, "a name that no other profile has"
        )
        for profile in values["profiles"]
        if names[profile.name] > 1
    )
    if errors:
        raise SettingsError(errors)
    try:
        return replace(settings, **values)
    except ConfigError as error:
        raise SettingsError([error]) from error


def profile_from_flat(key: str, flat: Mapping[str, object]) -> Profile:
    """The profile of this key with these fields.

    Raises:
        SettingsError: Names every field that is wrong, as `profiles[barrier].server_url`.
    """
    at = f"profiles[{key}]"
    record = _nested(flat)
    word = record.pop("protocol", "HTTP POST")
    cls = protocols().get(word) if isinstance(word, str) else None
    if cls is None:
        want = "one of " + ", ".join(protocols())
        raise SettingsError([ConfigError(join(at, "protocol"), str(word)[:80], want)])
    if record.get("server_url") == "" and not record.get("enabled"):
        record["server_url"] = UNSET_URL
    own = {name: record.pop(name) for name in settable(Profile) if name in record}
    theirs = {name: record.pop(name) for name in settable(cls) if name in record}
    errors = _errors_of_others(record, at)
    protocol = _STAND_IN
    try:
        protocol = record_of(cls, theirs, at)
    except SettingsError as error:
        errors.extend(error.errors)
    try:
        profile: Profile = record_of(Profile, own, at, given={"key": key, "protocol": protocol})
    except SettingsError as error:
        raise SettingsError([*errors, *error.errors]) from None
    if errors:
        raise SettingsError(errors)
    return profile


def _errors_of_others(record: Mapping[str, object], at: str) -> list[ConfigError]:
    """What is wrong with fields that this profile's protocol does not have."""
    errors: list[ConfigError] = []
    for name, value in record.items():
        cls = profile_fields().get(name)
        if cls is None:
            errors.append(ConfigError(join(at, name), "", "no such field here"))
            continue
        try:
            value_of(hints_of(cls)[name], value, join(at, name))
        except SettingsError as error:
            errors.extend(error.errors)
    return errors
