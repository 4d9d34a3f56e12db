"""Operations that take settings out of the camera and into it: our own file, and a camera's `cloud.cgi` XML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response

from cammra_edge.config.cloud import cloud_from_record, record_from_cloud
from cammra_edge.config.overlay import locked, masked, secrets_in
from cammra_edge.config.plain import plain_from_settings
from cammra_edge.errors import ConfigError
from cammra_edge.web.api_settings import ANY, MAX_IMPORT_BYTES, STATE, changed, state_of, stored
from cammra_edge.web.operation import Call, Operation, Problem, Query, Schema, parse_json

if TYPE_CHECKING:
    from cammra_edge.web.store import SettingsStore, Version

EXPORT_FORMAT = 1


async def export(call: Call) -> Response:
    """The settings as a file; secrets only when asked for, by a person."""
    plain = cast("Any", plain_from_settings(call.page.store.settings))
    if call.query["secrets"]:
        if call.visitor is None or call.visitor.session is None:
            raise Problem(403, "Secrets are exported to a signed-in person only.")
        call.page.audit.note(call.who, "settings exported with secrets", secrets_in(plain))
    else:
        plain = masked(plain)
    content = json.dumps(
        {"cammra_edge": EXPORT_FORMAT, "settings": plain}, ensure_ascii=False, indent=2
    )
    return Response(
        content,
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="cammra-settings.json"'},
    )


async def import_settings(call: Call) -> Schema:
    """Take over an exported file; secrets that it leaves out stay as they are."""
    held = parse_json(call.body)
    if not isinstance(held, dict) or held.get("cammra_edge") != EXPORT_FORMAT:
        raise Problem(422, "This is no file that this page has exported.")
    settings = held.get("settings")
    if not isinstance(settings, dict):
        raise Problem(422, "This is no file that this page has exported.")
    store = call.page.store
    changes: dict[str, object] = dict(settings)
    profiles = changes.get("profiles")
    if isinstance(profiles, list):
        changes["profiles"] = {str(number): one for number, one in enumerate(profiles, start=1)}
    made = await stored(
        lambda: store.save(changed(store, _unlocked(store, changes)), on=None, who=call.who)
    )
    call.page.audit.note(call.who, f"settings imported as version {made.number}", made.changed)
    call.page.feed.wake()
    return state_of(store)


async def import_cloud(call: Call) -> Schema:
    """Take over a camera's `cloud.cgi` file into one profile."""
    store = call.page.store
    number = str(call.request.path_params["number"])

    def save() -> Version:
        fields = {
            name: held
            for name, held in record_from_cloud(call.body).items()
            if held != "" or name != "password"
        }
        return store.save(
            changed(store, _unlocked(store, {"profiles": {number: fields}})), on=None, who=call.who
        )

    made = await stored(save)
    call.page.audit.note(
        call.who, f"cloud.cgi file imported as version {made.number}", made.changed
    )
    call.page.feed.wake()
    return state_of(store)


async def export_cloud(call: Call) -> Response:
    """One profile as a camera's `cloud.cgi` file, without secrets."""
    records = cast(
        "list[dict[str, Any]]", plain_from_settings(call.page.store.settings)["profiles"]
    )
    number = call.request.path_params["number"]
    if not 1 <= number <= len(records):
        raise Problem(404, "There is no such profile.")
    try:
        content = cloud_from_record(records[number - 1])
    except ConfigError as error:
        raise Problem(422, "This profile cannot be written so.", fields=(error,)) from error
    headers = {"Content-Disposition": f'attachment; filename="cloud{number}.xml"'}
    return Response(content, media_type="text/xml", headers=headers)


def _unlocked(store: SettingsStore, changes: Mapping[str, object]) -> dict[str, object]:
    """A file's fields without those that the script keeps: a backup of another camera may have them."""
    made: dict[str, object] = {}
    for section, held in changes.items():
        if locked(store.factory, section):
            continue
        if section == "profiles" and isinstance(held, Mapping):
            made[section] = {
                key: {
                    name: v
                    for name, v in one.items()
                    if not locked(store.factory, f"profiles[{key}].{name}")
                }
                if isinstance(one, Mapping)
                else one
                for key, one in held.items()
            }
        elif isinstance(held, Mapping):
            made[section] = {
                name: v
                for name, v in held.items()
                if not locked(store.factory, f"{section}.{name}")
            }
        else:
            made[section] = held
    return made


_SECRETS = Query(name="secrets", schema={"type": "boolean"}, default=False)

OPERATIONS = (
    Operation(
        "GET",
        "/api/export",
        "Settings as a file",
        export,
        scope="settings",
        gives=ANY,
        query=(_SECRETS,),
    ),
    Operation(
        "POST",
        "/api/import",
        "Take over an exported file",
        import_settings,
        scope="settings",
        takes_raw="application/json",
        gives=STATE,
        also=(400, 409, 503),
        max_body_bytes=MAX_IMPORT_BYTES,
    ),
    Operation(
        "PUT",
        "/api/profiles/{number:int}/cloud",
        "Take over a cloud.cgi file",
        import_cloud,
        scope="settings",
        takes_raw="text/xml",
        gives=STATE,
        also=(409, 503),
    ),
    Operation(
        "GET",
        "/api/profiles/{number:int}/cloud",
        "A profile as a cloud.cgi file",
        export_cloud,
        gives={"type": "string"},
        gives_type="text/xml",
        also=(422,),
    ),
)
