"""Operations on settings: look, check, save, undo.

Everything here speaks flat names (`config.flat`): the page, the API and the file hold the same fields, and a field
that cannot be used is refused with the same words wherever it comes from.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from cammra_edge.audit import Deed, Outcome
from cammra_edge.checks import Want
from cammra_edge.config.catalogue import ANY_PROFILE, catalogue
from cammra_edge.config.drafting import masked
from cammra_edge.config.flat import profile_name
from cammra_edge.errors import CammraError, ConfigError, SettingsError
from cammra_edge.web.operation import (
    ANY,
    LISTED,
    Call,
    Operation,
    Problem,
    Schema,
    object_schema,
    unusable,
    wrong_fields,
)
from cammra_edge.web.roles import Role
from cammra_edge.web.saved import StaleError
from cammra_edge.web.sentences import PageWant, Sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.config.saved import Version
    from cammra_edge.web.page import Page

MAX_IMPORT_BYTES = 4 << 20


async def see_settings(call: Call) -> Schema:
    """The settings in force, secrets left out; to a viewer, what things are called."""
    state = state_of(call.page)
    visitor = call.visitor
    return state if visitor is None or visitor.may(Role.OPERATOR, "read") else _for_viewer(state)


_NAMES = re.compile(r"device\.(model|serial|time_zone)|profiles\[.+\]\.(name|enabled)")
_NAMED = {"plate_lists": "name", "tracking.regions": "roi_id"}
"""Lists whose entries have a name, and which of their fields it is."""


def _for_viewer(state: Schema) -> Schema:
    """What EVENTS and SEARCH show of the settings: names, and neither places nor plates."""
    values = state["settings"]
    names = {name: value for name, value in values.items() if _NAMES.fullmatch(name)}
    for name, field in _NAMED.items():
        names[name] = [{field: entry[field]} for entry in values[name]]
    return {
        **state,
        "settings": names,
        "secrets": [],
        "locked": [],
        "factory": {},
        "notice": "",
    }


def state_of(page: Page) -> Schema:
    """The settings in force, as every saving operation answers them."""
    saved = page.saved
    draft = saved.draft
    return {
        "version": saved.version,
        "profiles": list(draft.keys),
        "settings": masked(draft.values),
        "secrets": draft.secrets(),
        "locked": draft.locked(),
        "factory": masked(draft.factory),
        "notice": " ".join(filter(None, (page.notice, saved.notice))),
    }


async def see_catalogue(_: Call) -> Schema:
    """Every field there is: type, bounds, default, and which protocols have it."""
    known = catalogue()
    return {"protocols": known.protocols, "schemas": known.schemas}


async def change_settings(call: Call) -> Schema:
    """Save changes: all of them or none, in force when this answers."""
    changes = changes_in(call.body, "version")
    version = call.body.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise unusable(ConfigError("version", "", Want.WHOLE_NUMBER()))
    return await _changed(call, changes, version)


async def change_profile(call: Call) -> Schema:
    """Save fields of one profile."""
    key = key_in(call)
    return await _changed(call, {profile_name(key, name): call.body[name] for name in call.body})


async def _changed(call: Call, changes: Schema, on: int | None = None) -> Schema:
    save = partial(call.page.saved.save, changes, on=on, who=call.who)
    return await saving(call, save, "settings saved")


def changes_in(body: Schema, *beside: str) -> Schema:
    """The changes in a body.

    Raises:
        Problem: 422, there are none, or more than them and what may stand beside.
    """
    changes = body.get("changes")
    if not isinstance(changes, dict) or set(body) - {"changes", *beside}:
        raise unusable(ConfigError("changes", "", PageWant.CHANGES_ONLY()))
    return changes


def key_in(call: Call) -> str:
    """The key of the profile that the path names.

    Raises:
        Problem: 404, there is no such profile.
    """
    key: str = call.request.path_params["key"]
    if key not in call.page.saved.draft.keys:
        raise Problem(404, Sentence.NO_SUCH_PROFILE())
    return key


async def saving(call: Call, save: Callable[[], Version], what: str) -> Schema:
    """Run a save in a thread and note it; answers the settings in force.

    Raises:
        Problem: 409, 422 or 503.
    """
    try:
        version = await run_in_threadpool(save)
    except SettingsError as error:
        raise unusable(*error.errors) from error
    except StaleError as error:
        raise Problem(409, Sentence.STALE(), version=error.version) from error
    except ConfigError as error:
        raise unusable(error) from error
    except (OSError, CammraError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        call.note(Deed.CHANGE, what, outcome=Outcome.FAILED)
        raise Problem(503, Sentence.NOT_STORED(why=why or "unknown")) from error
    call.note(Deed.CHANGE, f"{what} as version {version.number}", fields=version.changed)
    call.page.feed.wake()
    return state_of(call.page)


async def check_settings(call: Call) -> Schema:
    """Check changes without saving them; say what they would mean."""
    changes = changes_in(call.body)
    try:
        draft = await run_in_threadpool(call.page.saved.changed, changes)
    except SettingsError as error:
        return {"fields": wrong_fields(error.errors), "profiles": []}
    return {"fields": [], "profiles": await run_in_threadpool(call.page.outlook, draft.settings)}


async def see_history(call: Call) -> list[Any]:
    """The last ten versions, newest first."""
    return [_version(version) for version in await run_in_threadpool(call.page.saved.history)]


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
        return await saving(
            call,
            partial(call.page.saved.restore, number, who=call.who),
            f"version {number} restored",
        )
    except KeyError as error:
        raise Problem(404, Sentence.NO_SUCH_VERSION()) from error


_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
STATE = object_schema(
    version={"type": "integer"},
    profiles=_TEXTS,
    settings=ANY,
    secrets=_TEXTS,
    locked=_TEXTS,
    factory=ANY,
    notice={"type": "string"},
)
_CHECKED = object_schema(fields=LISTED, profiles=LISTED)
_VERSION = object_schema(
    version={"type": "integer"}, at={"type": "integer"}, who={"type": "string"}, changed=_TEXTS
)


def _profile_schema() -> Schema:
    """The fields of one profile, as `PUT /api/profiles/{key}` takes them."""
    start = f"{ANY_PROFILE}."
    return {
        "type": "object",
        "properties": {
            name.removeprefix(start): schema
            for name, schema in catalogue().schemas.items()
            if name.startswith(start)
        },
        "additionalProperties": False,
    }


def changes_schema() -> Schema:
    """Any fields by their flat names."""
    profile = _profile_schema()["properties"]
    schemas = catalogue().schemas
    return {
        "type": "object",
        "properties": {
            name: schema for name, schema in schemas.items() if not name.startswith(ANY_PROFILE)
        },
        "patternProperties": {
            rf"^profiles\[.+\]\.{re.escape(name)}$": schema for name, schema in profile.items()
        },
        "additionalProperties": False,
    }


def _body(**more: Schema) -> Schema:
    body = object_schema(changes=changes_schema())
    body["properties"] |= more
    return body


OPERATIONS = (
    Operation("GET", "/api/settings", see_settings, role=Role.VIEWER, gives=STATE),
    Operation(
        "PATCH",
        "/api/settings",
        change_settings,
        scope="settings",
        takes_schema=_body(version={"type": ["integer", "null"]}),
        gives=STATE,
        also=(409, 503),
        max_body_bytes=MAX_IMPORT_BYTES,
    ),
    Operation(
        "PUT",
        "/api/profiles/{key:text}",
        change_profile,
        scope="settings",
        takes_schema=_profile_schema(),
        gives=STATE,
        also=(409, 503),
    ),
    Operation(
        "POST",
        "/api/check",
        check_settings,
        scope="settings",
        takes_schema=_body(),
        gives=_CHECKED,
        max_body_bytes=MAX_IMPORT_BYTES,
        background=True,
    ),
    Operation(
        "GET",
        "/api/catalogue",
        see_catalogue,
        role=Role.VIEWER,
        gives=object_schema(protocols=ANY, schemas=ANY),
    ),
    Operation("GET", "/api/history", see_history, gives={"type": "array", "items": _VERSION}),
    Operation(
        "POST",
        "/api/history/{number:int}/restore",
        restore,
        scope="settings",
        gives=STATE,
        also=(409, 422, 503),
    ),
)
