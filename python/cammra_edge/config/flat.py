"""Settings as flat plain data, as file, API and page hold them: one name for each field.

`tracking.lost_after_s`, `profiles[barrier].server_url`, `profiles[barrier].tls.pin`: a profile stands under
its key, the fields of a record follow a dot; lists and mappings are values. A profile has the word of its
protocol and the fields of every protocol; those of another protocol are checked and left aside.

`settings_from_flat(settings, keys, flat_from_settings(settings, keys)) == settings` (`tests/config/test_flat.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import MISSING, replace
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from cammra_edge.checks import Plain, Want, choice, inside, join, shown, under
from cammra_edge.config import Settings
from cammra_edge.config.wants import ConfigWant
from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.fields import Checked, Setting, leaves_of, plain_of, read_record, settings_of
from cammra_edge.profile import PROTOCOLS, HttpPost, Profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cammra_edge.profile import Protocol

Flat = dict[str, Plain]

SECTIONS = (
    "device",
    "tracking",
    "plate_lists",
    "network_mode",
    "open_metrics",
    "keepalive",
    "libjpeg_turbo",
)
"""The fields of `Settings` that the page may change beside the profiles; the rest needs a restart."""

UNSET_URL = "not-set.invalid:9"
"""The address of a profile that is off and has none yet: no network has it (RFC 2606), the page shows it empty."""

_PROFILE_NAME = re.compile(r"profiles\[(.+)\]\.([a-z0-9_.]+)")  # greedy: a key may hold brackets
_STAND_IN = HttpPost("http://stand-in.invalid/")
"""Takes the place of a refused protocol while the profile's other fields are checked; never returned."""


def profile_name(key: str, field: str) -> str:
    """The name of a profile's field: `profiles[barrier].tls.pin`."""
    return f"profiles[{key}].{field}"


def key_and_field(name: str) -> tuple[str, str]:
    """The key of the profile whose field this is, empty for a section's field, and the field."""
    match = _PROFILE_NAME.fullmatch(name)
    return (match[1], match[2]) if match else ("", name)


@cache
def section_fields() -> dict[str, Setting]:
    """Every field beside the profiles, by its flat name."""
    fields: dict[str, Setting] = {}
    for section in SECTIONS:
        setting = settings_of(Settings)[section]
        leaves = leaves_of(setting.check.record) if setting.check.record else {"": setting}
        fields |= {join(section, path): leaf for path, leaf in leaves.items()}
    return fields


@cache
def profile_fields() -> dict[str, Setting]:
    """Every field of a profile; of a field that several protocols have, as the first of them has it."""
    fields = {"protocol": Setting(choice(PROTOCOLS), HttpPost.word)} | leaves_of(Profile)
    del fields["key"]
    for cls in PROTOCOLS.values():
        fields = leaves_of(cls) | fields
    return fields


def flat_from_settings(settings: Settings, keys: Sequence[str]) -> Flat:
    """What the page may change.

    Args:
        settings: Any settings.
        keys: The keys of the profiles to include; one that the settings do not have is a profile still to fill in.
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
    """The fields of a profile; those of other protocols have their defaults."""
    fields = {
        name: plain_of(setting.default)
        for name, setting in profile_fields().items()
        if setting.default is not MISSING
    }
    fields |= _flattened("", profile) | _flattened("", profile.protocol)
    del fields["key"]
    if fields["server_url"] == UNSET_URL:
        fields["server_url"] = ""
    return fields | {"protocol": profile.protocol.word}


def unfilled(key: str) -> Flat:
    """The fields of a profile that nobody has filled in, as the page first shows it."""
    return flat_from_profile(Profile(key, HttpPost(UNSET_URL), enabled=False))


def _flattened(at: str, value: object) -> Flat:
    """A value's fields by their paths."""
    if not isinstance(value, Checked):
        return {at: plain_of(value)}
    leaves = leaves_of(type(value))
    return {join(at, path): plain_of(attrgetter(path)(value)) for path in leaves}


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
        keys: The profiles' keys in order; the last ones become no profile while nobody has filled them in.
        flat: A value for every name that `flat_from_settings` gives for these keys.

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
            with under(section):
                values[section] = settings_of(Settings)[section].check.read(plain)
        except SettingsError as error:
            errors.extend(error.errors)
    for key in filled:
        try:
            values["profiles"].append(profile_from_flat(key, profiles[key]))
        except SettingsError as error:
            errors.extend(error.errors)
    names = Counter(profile.name for profile in values["profiles"])
    errors.extend(
        ConfigError(profile_name(profile.key, "name"), profile.name, ConfigWant.NAME_OF_NO_OTHER())
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
    record = dict(flat)
    word = record.pop("protocol", HttpPost.word)
    with under(f"profiles[{key}]"):
        cls = PROTOCOLS.get(word) if isinstance(word, str) else None
        if cls is None:
            raise ConfigError("protocol", shown(word), Want.ONE_OF(options=", ".join(PROTOCOLS)))
        if record.get("server_url") == "" and not record.get("enabled"):
            record["server_url"] = UNSET_URL
        return _profile_of(key, cls, record)


def _profile_of(key: str, cls: type[Protocol], flat: dict[str, object]) -> Profile:
    own = {name: flat.pop(name) for name in leaves_of(Profile) if name in flat and name != "key"}
    theirs = _nested({name: flat.pop(name) for name in leaves_of(cls) if name in flat})
    errors = _errors_of_others(flat)
    protocol: Protocol = _STAND_IN
    try:
        protocol = read_record(cls, theirs)
    except ConfigError as error:
        errors.extend(error.errors)
    try:
        profile = read_record(Profile, own, key=key, protocol=protocol)
    except ConfigError as error:
        raise SettingsError([*errors, *error.errors]) from None
    if errors:
        raise SettingsError(errors)
    return profile


def _errors_of_others(flat: Mapping[str, object]) -> list[ConfigError]:
    """What is wrong with fields that this profile's protocol does not have."""
    errors: list[ConfigError] = []
    for name, value in flat.items():
        setting = profile_fields().get(name)
        if setting is None:
            errors.append(ConfigError(name, "", Want.NO_SUCH_FIELD()))
            continue
        try:
            setting.check.read(value)
        except ConfigError as error:
            errors.extend(inside(error, name))
    return errors
