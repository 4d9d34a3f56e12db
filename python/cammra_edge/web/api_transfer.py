"""Operations that export and import settings: as our own file, and as a camera's `cloud.cgi` XML."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from cammra_edge.audit import Deed
from cammra_edge.config.catalogue import is_secret
from cammra_edge.config.cloud import cloud_from_fields, fields_from_cloud
from cammra_edge.config.drafting import masked
from cammra_edge.config.flat import key_and_field, profile_name
from cammra_edge.errors import ConfigError
from cammra_edge.web.api_settings import MAX_IMPORT_BYTES, STATE, key_in, saving
from cammra_edge.web.operation import (
    ANY,
    Call,
    Operation,
    Problem,
    Query,
    Schema,
    as_file,
    parse_json,
)
from cammra_edge.web.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.config.saved import Version
    from cammra_edge.web.saved import SavedSettings

EXPORT_FORMAT = 1


async def export(call: Call) -> Response:
    """The settings as a file; secrets only when asked for, by a person."""
    draft = call.page.saved.draft
    if call.query["secrets"]:
        if call.visitor is None or call.visitor.role is None:
            raise Problem(403, Sentence.SECRETS_FOR_PEOPLE())
        call.note(Deed.EXPORT, "settings exported with secrets", fields=draft.secrets())
    flat = draft.values if call.query["secrets"] else masked(draft.values)
    content = json.dumps(
        {"cammra_edge": EXPORT_FORMAT, "settings": flat}, ensure_ascii=False, indent=2
    )
    return Response(content, media_type="application/json", headers=as_file("cammra-settings.json"))


async def import_settings(call: Call) -> Schema:
    """Take over an exported file; secrets that it leaves out stay as they are."""
    content = parse_json(call.body)
    settings = content.get("settings") if isinstance(content, dict) else None
    if not isinstance(settings, dict) or content.get("cammra_edge") != EXPORT_FORMAT:
        raise Problem(422, Sentence.NO_EXPORT())
    save = partial(_save, call.page.saved, settings, call.who)
    return await saving(call, save, "settings imported")


async def import_cloud(call: Call) -> Schema:
    """Take over a camera's `cloud.cgi` file into one profile."""
    key = key_in(call)

    def save() -> Version:
        fields = fields_from_cloud(call.body)
        values = {profile_name(key, field): value for field, value in fields.items()}
        # An empty secret was left out of the file; the stored one stays.
        changes = {name: value for name, value in values.items() if value or not is_secret(name)}
        return _save(call.page.saved, changes, call.who)

    return await saving(call, save, "cloud.cgi file imported")


def _save(saved: SavedSettings, changes: Mapping[str, object], who: str) -> Version:
    """Save what a file says, without locked fields: the file may come from another camera."""
    return saved.save(saved.draft.without_locked(changes), on=None, who=who)


async def export_cloud(call: Call) -> Response:
    """One profile as a camera's `cloud.cgi` file, without secrets."""
    key = key_in(call)
    names = ((key_and_field(name), value) for name, value in call.page.saved.draft.values.items())
    fields = {field: value for (owner, field), value in names if owner == key}
    try:
        content = cloud_from_fields(fields)
    except ConfigError as error:
        raise Problem(422, Sentence.PROFILE_NOT_WRITABLE(), fields=(error,)) from error
    number = call.page.saved.draft.keys.index(key) + 1
    return Response(content, media_type="text/xml", headers=as_file(f"cloud{number}.xml"))


_SECRETS = Query(name="secrets", schema={"type": "boolean"}, default=False)

OPERATIONS = (
    Operation("GET", "/api/export", export, scope="settings", gives=ANY, query=(_SECRETS,)),
    Operation(
        "POST",
        "/api/import",
        import_settings,
        scope="settings",
        takes_raw="application/json",
        gives=STATE,
        also=(400, 409, 503),
        max_body_bytes=MAX_IMPORT_BYTES,
    ),
    Operation(
        "PUT",
        "/api/profiles/{key:text}/cloud",
        import_cloud,
        scope="settings",
        takes_raw="text/xml",
        gives=STATE,
        also=(409, 503),
    ),
    Operation(
        "GET",
        "/api/profiles/{key:text}/cloud",
        export_cloud,
        gives={"type": "string"},
        gives_type="text/xml",
        also=(422,),
    ),
)
