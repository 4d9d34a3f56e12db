"""Operations on settings: look, check, save, undo, export, import.

Everything here speaks `config.plain`: the page, the API and the file hold the same fields, and a field that
cannot be used is refused with the same words wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool

from cammra_edge.config.overlay import locked, masked, overlaid, secrets_in, with_secrets
from cammra_edge.config.plain import catalogue, plain_from_settings, settings_from_plain
from cammra_edge.config.shape import SECRETS, SettingsError, refused
from cammra_edge.errors import CammraError, ConfigError
from cammra_edge.web.egress import local_addresses
from cammra_edge.web.operation import Call, Operation, Problem, Schema
from cammra_edge.web.store import StaleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cammra_edge.config import Settings
    from cammra_edge.web.store import SettingsStore, Version

MAX_IMPORT_BYTES = 4 << 20


async def see_settings(call: Call) -> Schema:
    """The settings in force, secrets left out."""
    return state_of(call.page.store)


def state_of(store: SettingsStore) -> Schema:
    """The settings in force as every saving operation answers them."""
    plain = plain_from_settings(store.settings)
    factory = plain_from_settings(store.factory)
    return {
        "version": store.version,
        "settings": masked(plain),
        "secrets": list(secrets_in(plain)),
        "locked": [name for name in _names(plain) if locked(store.factory, name)],
        "factory": masked(factory),
        "notice": store.notice,
    }


def _names(plain: object, at: str = "") -> Iterator[str]:
    if isinstance(plain, Mapping):
        for name, held in plain.items():
            inner = f"{at}.{name}" if at else str(name)
            yield inner
            if isinstance(held, Mapping) or inner == "profiles":
                yield from _names(held, inner)
    elif isinstance(plain, list):
        for number, item in enumerate(plain, start=1):
            yield from _names(item, f"{at}[{number}]")


async def see_catalogue(_: Call) -> Schema:
    """Every field there is: type, bounds, default, and which protocol has it."""
    known = catalogue()
    return {"protocols": known.protocols, "schemas": known.schemas}


def changed(store: SettingsStore, changes: Mapping[str, object]) -> dict[str, object]:
    """The plain settings with these changes laid over the current ones, secrets filled in.

    Raises:
        SettingsError: A change names something that is not there, is locked, or would send a stored secret
            to another server.
    """
    current = store.settings
    base = plain_from_settings(current)
    errors = [
        ConfigError(name, "", "left as the script has it: it is locked there")
        for name in _touched(base, _numbered(changes))
        if locked(store.factory, name)
    ]
    if store.deny_local:
        errors.extend(local_addresses(_listed(changes)))
    if errors:
        raise SettingsError(errors)
    made = overlaid(current, changes)
    filled: dict[str, object] = {}
    for section, held in made.items():
        was, said = base.get(section), changes.get(section)
        if section == "profiles" and isinstance(held, list) and isinstance(was, list):
            filled[section] = [
                with_secrets(_only_typed(new, _part(said, str(number))), old, f"profiles[{number}]")
                if isinstance(old, dict)
                else new
                for number, (new, old) in enumerate(zip(held, was, strict=True), start=1)
            ]
        elif isinstance(held, dict) and isinstance(was, dict):
            filled[section] = with_secrets(_only_typed(held, said), was, section)
        else:
            filled[section] = held
    return filled


def _listed(changes: Mapping[str, object]) -> dict[str, object]:
    """The changes under the names that messages use: `profiles[2].server_url`."""
    profiles = changes.get("profiles")
    if not isinstance(profiles, Mapping):
        return dict(changes)
    rest = {name: held for name, held in changes.items() if name != "profiles"}
    return {**rest, **{f"profiles[{key}]": one for key, one in profiles.items()}}


def _part(changes: object, name: str) -> object:
    return changes.get(name) if isinstance(changes, Mapping) else None


def _only_typed(record: Mapping[str, object], said: object) -> dict[str, object]:
    """A record in which every secret that was not typed now stands as "left as it was"."""
    made = dict(record)
    for name, held in record.items():
        if name in SECRETS:
            made[name] = _part(said, name)
        elif isinstance(held, Mapping):
            made[name] = _only_typed(held, _part(said, name))
    return made


def _numbered(changes: Mapping[str, object]) -> dict[str, object]:
    profiles = changes.get("profiles")
    if not isinstance(profiles, Mapping):
        return dict(changes)
    return {**changes, "profiles": {f"[{key}]": one for key, one in profiles.items()}}


def _touched(base: object, changes: object, at: str = "") -> Iterator[str]:
    """The names of the fields that the changes set to something else than they are."""
    for name, held in changes.items() if isinstance(changes, Mapping) else ():
        numbered = str(name).startswith("[")
        inner = f"{at}{name}" if numbered or not at else f"{at}.{name}"
        if numbered and isinstance(base, list):
            index = str(name).strip("[]")
            was: object = (
                base[int(index) - 1] if index.isdecimal() and 0 < int(index) <= len(base) else {}
            )
        else:
            was = base.get(name) if isinstance(base, Mapping) else None
        if isinstance(held, Mapping):
            yield from _touched(was, held, inner)
        if held != was and not (name in SECRETS and held is None):
            yield inner


def refuse(error: SettingsError) -> Problem:
    """The answer to settings that cannot be used."""
    return Problem(422, "Some fields cannot be used.", fields=error.errors)


async def change_settings(call: Call) -> Schema:
    """Save changes: all of them or none, in force when this answers."""
    return await _save(call, call.body.get("changes"), call.body.get("version"), set(call.body))


async def change_profile(call: Call) -> Schema:
    """Save fields of one profile."""
    return await _save(
        call, {"profiles": {str(call.request.path_params["number"]): call.body}}, None, set()
    )


async def _save(call: Call, changes: object, version: object, given: set[str]) -> Schema:
    if given - {"changes", "version"} or not isinstance(changes, dict):
        raise refuse(
            refused("changes", changes, "the fields to change, and nothing else beside the version")
        )
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise refuse(refused("version", version, "a whole number"))
    store = call.page.store
    made = await stored(lambda: store.save(changed(store, changes), on=version, who=call.who))
    call.page.audit.note(call.who, f"settings saved as version {made.number}", made.changed)
    call.page.feed.wake()
    return state_of(store)


async def stored(save: Callable[[], Version]) -> Version:
    """Run a save in a thread and turn its refusals into answers.

    Raises:
        Problem: 409, 422 or 503.
    """
    try:
        return await run_in_threadpool(save)
    except SettingsError as error:
        raise refuse(error) from error
    except StaleError as error:
        raise Problem(
            409, "Somebody else has saved since you opened this page.", version=error.version
        ) from error
    except ConfigError as error:
        raise Problem(422, "Some fields cannot be used.", fields=(error,)) from error
    except (OSError, CammraError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Problem(
            503, f"The settings could not be stored ({why}). Nothing was changed."
        ) from error


async def check_settings(call: Call) -> Schema:
    """Check changes without saving them; say what they would mean."""
    changes = call.body.get("changes")
    if set(call.body) != {"changes"} or not isinstance(changes, dict):
        raise refuse(refused("changes", changes, "the fields to change"))
    try:
        settings = await run_in_threadpool(draft, call.page.store, changes)
    except SettingsError as error:
        return {
            "fields": [{"field": one.field, "want": one.want} for one in error.errors],
            "profiles": [],
        }
    return {"fields": [], "profiles": await run_in_threadpool(call.page.outlook, settings)}


def draft(store: SettingsStore, changes: Mapping[str, object]) -> Settings:
    """The settings as they would be with these changes.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    return settings_from_plain(
        store.factory, {**plain_from_settings(store.settings), **changed(store, changes)}
    )


async def see_history(call: Call) -> list[Any]:
    """The last ten versions, newest first."""
    return [_version(one) for one in await run_in_threadpool(call.page.store.history)]


def _version(version: Version) -> Schema:
    return {
        "version": version.number,
        "at": version.at_utc_ms,
        "who": version.who,
        "changed": list(version.changed),
    }


async def restore(call: Call) -> Schema:
    """Take over an earlier version as a new one; 0 is the script's own settings."""
    number = call.request.path_params["number"]
    try:
        made = await stored(lambda: call.page.store.restore(number, who=call.who))
    except KeyError as error:
        raise Problem(404, "There is no such version any more.") from error
    call.page.audit.note(
        call.who, f"version {number} restored as version {made.number}", made.changed
    )
    call.page.feed.wake()
    return state_of(call.page.store)


ANY: Schema = {"type": "object"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
STATE: Schema = {
    "type": "object",
    "required": ["version", "settings", "secrets", "locked", "factory", "notice"],
    "properties": {
        "version": {"type": "integer"},
        "settings": ANY,
        "secrets": _TEXTS,
        "locked": _TEXTS,
        "factory": ANY,
        "notice": {"type": "string"},
    },
    "additionalProperties": False,
}


def _changes_schema() -> Schema:
    schemas = dict(catalogue().schemas)
    profile = schemas.pop("profile")
    numbers = {
        "type": "object",
        "propertyNames": {"pattern": "^[1-9][0-9]?$"},
        "additionalProperties": profile,
    }
    return {
        "type": "object",
        "properties": {**schemas, "profiles": numbers},
        "additionalProperties": False,
    }


def _body(*, version: bool) -> Schema:
    properties: Schema = {"changes": _changes_schema()}
    if version:
        properties["version"] = {"type": ["integer", "null"]}
    return {
        "type": "object",
        "required": ["changes"],
        "properties": properties,
        "additionalProperties": False,
    }


_CHECKED: Schema = {
    "type": "object",
    "required": ["fields", "profiles"],
    "properties": {
        "fields": {"type": "array", "items": ANY},
        "profiles": {"type": "array", "items": ANY},
    },
    "additionalProperties": False,
}
_CATALOGUE: Schema = {
    "type": "object",
    "required": ["protocols", "schemas"],
    "properties": {"protocols": ANY, "schemas": ANY},
}
_HISTORY: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["version", "at", "who", "changed"],
        "properties": {
            "version": {"type": "integer"},
            "at": {"type": "integer"},
            "who": {"type": "string"},
            "changed": _TEXTS,
        },
        "additionalProperties": False,
    },
}

OPERATIONS = (
    Operation("GET", "/api/settings", "Settings in force", see_settings, gives=STATE),
    Operation(
        "PATCH",
        "/api/settings",
        "Change settings, all or nothing",
        change_settings,
        scope="settings",
        takes_schema=_body(version=True),
        gives=STATE,
        also=(409, 503),
        max_body_bytes=MAX_IMPORT_BYTES,
    ),
    Operation(
        "PUT",
        "/api/profiles/{number:int}",
        "Change fields of one profile",
        change_profile,
        scope="settings",
        takes_schema=cast("Schema", catalogue().schemas["profile"]),
        gives=STATE,
        also=(409, 503),
    ),
    Operation(
        "POST",
        "/api/check",
        "Check changes without saving",
        check_settings,
        scope="settings",
        takes_schema=_body(version=False),
        gives=_CHECKED,
        max_body_bytes=MAX_IMPORT_BYTES,
        background=True,
    ),
    Operation("GET", "/api/catalogue", "Every field", see_catalogue, gives=_CATALOGUE),
    Operation("GET", "/api/history", "The last ten versions", see_history, gives=_HISTORY),
    Operation(
        "POST",
        "/api/history/{number:int}/restore",
        "Restore a version",
        restore,
        scope="settings",
        gives=STATE,
        also=(409, 422, 503),
    ),
)
