"""Settings as plain data, as file, API and page hold them.

A profile is one flat record here: its own fields, the word of its protocol and the protocol's fields,
under the names that the script uses. Fields of other protocols may stand in a record; they are looked at and
left aside.

`settings_from_plain(settings, plain_from_settings(settings)) == settings` (`tests/config/test_plain.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, get_args

from cammra_edge import profile as profile_module
from cammra_edge.config import PROFILES_ON_THE_PAGE, Settings
from cammra_edge.config.schema import record_schema, schema_of
from cammra_edge.config.shape import (
    Plain,
    SettingsError,
    defaults_of,
    hints_of,
    join,
    plain_of,
    record_of,
    refused,
    settable,
    value_of,
)
from cammra_edge.errors import ConfigError
from cammra_edge.profile import Profile

Record = dict[str, Plain]

ON_THE_PAGE = ("device", "profiles", "tracking", "plate_lists", "network_mode", "keepalive")
"""The fields of `Settings` that the page may change; the rest needs a restart and belongs to the script."""

_WORDS = {
    "Tcp": "TCP",
    "HttpPost": "HTTP POST",
    "Ftp": "FTP",
    "Sftp": "SFTP",
    "Utmc": "UTMC",
    "Utmc2": "UTMC-2",
}


@cache
def protocols() -> dict[str, type]:
    """The protocols by the page's word, in the page's order."""
    by_word = {
        _WORDS.get(cls.__name__, cls.__name__): cls for cls in get_args(profile_module.Protocol)
    }
    return {word: by_word[word] for word in (*_WORDS.values(), *by_word) if word in by_word}


def sections() -> tuple[str, ...]:
    """The fields of `Settings` that this build has and the page may change."""
    have = {one.name for one in fields(Settings)}
    return tuple(name for name in ON_THE_PAGE if name in have)


@cache
def profile_fields() -> dict[str, type]:
    """Every field of a flat profile record, with the class that it is declared in."""
    made: dict[str, type] = dict.fromkeys(settable(Profile), Profile)
    del made["protocol"]
    for cls in protocols().values():
        for name in settable(cls):
            made.setdefault(name, cls)
    return made


def record_from_profile(profile: Profile) -> Record:
    """The flat record of a profile."""
    word = next(word for word, cls in protocols().items() if type(profile.protocol) is cls)
    made: Record = {}
    for name in settable(Profile):
        if name == "protocol":
            made["protocol"] = word
            made |= _as_record(profile.protocol)
            if made.get("server_url") == UNSET_URL:
                made["server_url"] = ""
        else:
            made[name] = plain_of(getattr(profile, name))
    return made


def _as_record(value: object) -> Record:
    plain = plain_of(value)
    if not isinstance(plain, dict):
        raise TypeError(f"{type(value).__name__} is not a record")
    return plain


UNSET_URL = "not-set.invalid:9"
"""The address of a slot that is off and has none yet: no network has it (RFC 2606), the page shows it empty."""
_STAND_IN = profile_module.HttpPost("http://stand-in.invalid/")
"""Takes the place of a refused protocol while the profile's other fields are looked at; never returned."""


def profile_from_record(record: Mapping[str, object], at: str) -> Profile:
    """The profile of a flat record.

    Raises:
        SettingsError: Names every field that is wrong, as `profiles[1].server_url`.
    """
    errors: list[ConfigError] = []
    word = record.get("protocol", "HTTP POST")
    cls = protocols().get(word) if isinstance(word, str) else None
    known = profile_fields()
    errors.extend(
        ConfigError(join(at, str(name)[:64]), "", "no such field here")
        for name in record
        if name != "protocol" and name not in known
    )
    if cls is None:
        errors.append(
            ConfigError(join(at, "protocol"), str(word)[:80], "one of " + ", ".join(protocols()))
        )
        raise SettingsError(errors)
    theirs = set(settable(cls))
    if record.get("server_url") == "" and not record.get("enabled"):
        record = {**record, "server_url": UNSET_URL}
    own = {
        name: held
        for name, held in record.items()
        if name in settable(Profile) and name != "protocol"
    }
    errors.extend(_errors_of_others(record, theirs | set(own), at))
    try:
        protocol = record_of(
            cls, {name: held for name, held in record.items() if name in theirs}, at
        )
    except SettingsError as error:
        errors.extend(error.errors)
        protocol = _STAND_IN
    try:
        made: Profile = record_of(Profile, own, at, given={"protocol": protocol})
    except SettingsError as error:
        raise SettingsError([*errors, *error.errors]) from None
    if errors:
        raise SettingsError(errors)
    return made


def _errors_of_others(record: Mapping[str, object], used: set[str], at: str) -> list[ConfigError]:
    """What is wrong with fields that this profile's protocol does not have; good ones are left aside."""
    errors: list[ConfigError] = []
    for name, cls in profile_fields().items():
        if name in record and name not in used:
            try:
                value_of(hints_of(cls)[name], record[name], join(at, name))
            except SettingsError as error:
                errors.extend(error.errors)
    return errors


def empty_record(number: int) -> Record:
    """The record of a slot that nobody has filled: profile 1 to 3 as the page first shows them."""
    unset = Profile(f"Profile {number}", profile_module.HttpPost(UNSET_URL), enabled=False)
    record = record_from_profile(unset)
    for cls in protocols().values():
        for name, default in defaults_of(cls).items():
            record.setdefault(name, plain_of(default))
    return record


def plain_from_settings(settings: Settings) -> Record:
    """What the page may change, as plain data; profiles padded to the page's three."""
    made: Record = {}
    for name in sections():
        if name == "profiles":
            records: list[Plain] = [
                empty_record(number) | record_from_profile(one)
                for number, one in enumerate(settings.profiles, start=1)
            ]
            slots = max(len(records), min(PROFILES_ON_THE_PAGE, settings.max_profiles))
            records.extend(empty_record(number) for number in range(len(records) + 1, slots + 1))
            made[name] = records
        else:
            made[name] = plain_of(getattr(settings, name))
    return made


def settings_from_plain(factory: Settings, plain: Mapping[str, object]) -> Settings:
    """The script's settings with every section of `plain` in place of its own.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    errors: list[ConfigError] = []
    made: dict[str, Any] = {}
    hints = hints_of(Settings)
    for name, held in plain.items():
        if name not in sections():
            errors.append(ConfigError(str(name)[:64], "", "one of " + ", ".join(sections())))
            continue
        try:
            made[name] = (
                _profiles(factory, held)
                if name == "profiles"
                else value_of(hints[name], held, name)
            )
        except SettingsError as error:
            errors.extend(error.errors)
    if errors:
        raise SettingsError(errors)
    try:
        return replace(factory, **made)
    except ConfigError as error:
        raise SettingsError([error]) from error


def _profiles(factory: Settings, plain: object) -> tuple[Profile, ...]:
    if not isinstance(plain, list | tuple):
        raise refused("profiles", plain, "a list")
    if len(plain) > max(factory.max_profiles, len(factory.profiles)):
        raise refused("profiles", f"{len(plain)} profiles", f"at most {factory.max_profiles}")
    records = list(plain)
    while len(records) > len(factory.profiles) and _is_empty(records[-1], len(records)):
        records.pop()
    errors: list[ConfigError] = []
    made: list[Profile] = []
    for number, record in enumerate(records, start=1):
        at = f"profiles[{number}]"
        if not isinstance(record, Mapping):
            errors.append(ConfigError(at, "", "a set of fields"))
            continue
        try:
            made.append(profile_from_record(record, at))
        except SettingsError as error:
            errors.extend(error.errors)
    names = [one.name for one in made]
    errors.extend(
        ConfigError(f"profiles[{number}].name", one.name, "a name that no other profile has")
        for number, one in enumerate(made, start=1)
        if one.name in names[: number - 1]
    )
    if errors:
        raise SettingsError(errors)
    return tuple(made)


def _is_empty(record: object, number: int) -> bool:
    return isinstance(record, Mapping) and dict(record) == empty_record(number)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is to set: for the page's form and the API's document."""

    protocols: dict[str, list[str]]
    """The protocol's fields by its word."""
    schemas: dict[str, dict[str, Plain]]
    """JSON Schema of a profile record and of each section."""


def _choices() -> dict[str, list[Plain]]:
    """The words of fields that are plain text to the type checker."""
    return {
        "preset": list(profile_module.preset_names()),
        "auth": [one.value for one in profile_module.Auth],
    }


@cache
def catalogue() -> Catalogue:
    """Every field, read off the classes."""
    properties: Record = {"protocol": {"type": "string", "enum": list(protocols())}}
    for name, cls in profile_fields().items():
        whole = record_schema(cls)["properties"]
        if isinstance(whole, dict):
            field_schema = whole[name]
            if name in _choices() and isinstance(field_schema, dict):
                field_schema = {**field_schema, "enum": _choices()[name]}
            properties[name] = field_schema
    schemas: dict[str, dict[str, Plain]] = {
        "profile": {"type": "object", "properties": properties, "additionalProperties": False}
    }
    hints = hints_of(Settings)
    for section in sections():
        if section != "profiles":
            hint = hints[section]
            schemas[section] = (
                record_schema(hint)
                if is_dataclass(hint) and isinstance(hint, type)
                else schema_of(hint)
            )
    return Catalogue(
        {word: list(settable(cls)) for word, cls in protocols().items()},
        schemas,
    )
