"""The page's fields laid over a script's, and secrets that may be written but not read.

A script is the factory setting. What is saved holds only the fields that differ from it; `profiles` maps
the number of a profile, from 1, to its fields.

Invariants, held by `tests/config/test_overlay.py`:

1. `laid_over(settings, {}) == settings`.
2. A field named in `Settings.locked` is as the script has it, whatever was saved.
3. `masked` leaves no secret in what it returns; `with_secrets` puts back what was left as it was.
4. A stored secret goes to no other host than the one it was saved for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cammra_edge.config.plain import Record, plain_from_settings, settings_from_plain
from cammra_edge.config.shape import SECRETS, Plain, SettingsError, join, refused
from cammra_edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.config import Settings

ADDRESSES = ("server_url", "url")
"""Where a record's secrets go."""

NESTED = frozenset({"tls", "timeouts"})
"""Fields that are records themselves, laid over field by field."""

SCRIPT_ONLY = frozenset({"ca_file", "client_cert", "client_key"})
"""Paths of files on the camera: never taken from a browser, so that none can be asked for by name."""


def laid_over(factory: Settings, saved: Mapping[str, object]) -> Settings:
    """The script's settings with the saved fields laid over them, field by field; locked ones stay.

    Args:
        factory: What the script says.
        saved: Sections with the fields that differ; `profiles` maps the number (from 1) to its fields.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    if not saved:
        return factory
    return settings_from_plain(factory, overlaid(factory, saved))


def overlaid(factory: Settings, saved: Mapping[str, object]) -> dict[str, object]:
    """The plain data of `laid_over`, not yet checked."""
    base = plain_from_settings(factory)
    made: dict[str, object] = {}
    for section, held in saved.items():
        if section == "profiles" and isinstance(held, Mapping):
            made[section] = _over_profiles(factory, base, held)
        elif isinstance(held, Mapping) and isinstance(base.get(section), dict):
            made[section] = _over_record(factory, section, base[section], held)
        elif not locked(factory, section):
            made[section] = held
    return made


def _over_profiles(factory: Settings, base: Record, held: Mapping[str, object]) -> list[object]:
    have = base["profiles"]
    slots: list[object] = list(have) if isinstance(have, list) else []
    for key, record in held.items():
        if not re.fullmatch(r"[1-9][0-9]?", str(key)) or int(key) > len(slots):
            raise refused("profiles", str(key)[:64], f"a profile number from 1 to {len(slots)}")
        at = f"profiles[{key}]"
        if not isinstance(record, Mapping):
            raise refused(at, record, "a set of fields")
        slots[int(key) - 1] = _over_record(factory, at, slots[int(key) - 1], record)
    return slots


def _over_record(
    factory: Settings, at: str, base: object, held: Mapping[str, object]
) -> dict[str, object]:
    made: dict[str, object] = dict(base) if isinstance(base, Mapping) else {}
    for name, value in held.items():
        inner = join(at, str(name))
        if name in NESTED and isinstance(value, Mapping) and name in made:
            made[name] = _over_record(factory, inner, made[name], value)
        elif not locked(factory, inner):
            made[name] = value
    return made


def locked(factory: Settings, at: str) -> bool:
    """Whether the script keeps this field: by its full name, or by its last part wherever it stands."""
    last = at.rpartition(".")[2]
    return last in SCRIPT_ONLY or at in factory.locked or last in factory.locked


def difference(factory: Settings, plain: Mapping[str, object]) -> dict[str, object]:
    """What of `plain` differs from the script's settings: what is worth saving."""
    base = plain_from_settings(factory)
    made: dict[str, object] = {}
    for section, held in plain.items():
        mine = base.get(section)
        if section == "profiles" and isinstance(held, list) and isinstance(mine, list):
            changed = {
                str(number): differs
                for number, (new, old) in enumerate(zip(held, mine, strict=False), start=1)
                if (differs := _changed(old, new))
            }
            if changed:
                made[section] = changed
        elif isinstance(held, Mapping) and isinstance(mine, dict):
            if differs := _changed(mine, held):
                made[section] = differs
        elif held != mine:
            made[section] = held
    return made


def _changed(old: object, new: object) -> dict[str, object]:
    if not isinstance(new, Mapping) or not isinstance(old, Mapping):
        return {}
    return {str(name): held for name, held in new.items() if name not in old or old[name] != held}


def masked(plain: Plain) -> Plain:
    """The data with `None` in place of every secret."""
    if isinstance(plain, dict):
        return {name: None if name in SECRETS else masked(held) for name, held in plain.items()}
    if isinstance(plain, list):
        return [masked(item) for item in plain]
    return plain


def secrets_in(plain: object, at: str = "") -> Iterator[str]:
    """The names of the secrets that are set, as `profiles[1].password`."""
    if isinstance(plain, Mapping):
        for name, held in plain.items():
            if name in SECRETS:
                if held:
                    yield join(at, str(name))
            else:
                yield from secrets_in(held, join(at, str(name)))
    elif isinstance(plain, list):
        for number, item in enumerate(plain, start=1):
            yield from secrets_in(item, f"{at}[{number}]")


def with_secrets(
    new: Mapping[str, object], old: Mapping[str, object], at: str
) -> dict[str, object]:
    """A record whose `None` secrets are the old record's.

    Raises:
        SettingsError: The server is another one than the secret was saved for, and the secret was not typed
            again: whoever may change the address must not learn the password by that.
    """
    made: dict[str, object] = {}
    moved = any(name in new and _host(new[name]) != _host(old.get(name)) for name in ADDRESSES)
    errors: list[ConfigError] = []
    for name, held in new.items():
        was = old.get(name)
        if name in SECRETS and held is None:
            if was and moved:
                errors.append(
                    ConfigError(
                        join(at, name), "", "to be typed again: it was saved for another server"
                    )
                )
            made[name] = was if was is not None else ""
        elif isinstance(held, Mapping) and isinstance(was, Mapping):
            made[name] = with_secrets(held, was, join(at, name))
        else:
            made[name] = held
    if errors:
        raise SettingsError(errors)
    return made


def _host(url: object) -> tuple[str, int | None]:
    text = str(url or "")
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return text, None
