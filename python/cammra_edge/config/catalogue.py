"""What there is to set: JSON Schema of every flat name, for the page's form and the API's document.

A profile's field stands under `profiles[].server_url`, and says which protocols have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from cammra_edge.config import Settings
from cammra_edge.config.flat import SECTIONS, key_and_field, profile_fields, protocols
from cammra_edge.config.schema import record_schema, schema_of
from cammra_edge.config.shape import hints_of, join
from cammra_edge.profile import Auth, Framing, preset_names
from cammra_edge.profile._keepalive import USUAL_MINUTES
from cammra_edge.profile._protocols import NETWORK_MODES
from cammra_edge.profile._templated import TAG_BITS

Schema = dict[str, Any]
ANY_PROFILE = "profiles[]"
_SCRIPT_ONLY = frozenset({"ca_file", "client_cert", "client_key", "ssh_key"})
"""Paths of files on the camera: never taken from a browser, so that none can be asked for by name."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every field.

    Args:
        protocols: The names of a protocol's fields within a profile, by its word.
        schemas: By flat name: type, `enum`, `minimum`, `maximum`, `default`, `writeOnly` for a secret, `readOnly` for
            what only a script may say, and `protocols` for a field that not every profile has.
    """

    protocols: dict[str, list[str]]
    schemas: dict[str, Schema]


@cache
def catalogue() -> Catalogue:
    """Every field, read off the classes."""
    by_protocol = {
        word: list(_flat_schemas("", record_schema(cls))) for word, cls in protocols().items()
    }
    schemas: dict[str, Schema] = {}
    for section in SECTIONS:
        schemas |= _flat_schemas(section, schema_of(hints_of(Settings)[section]))
    schemas[f"{ANY_PROFILE}.protocol"] = {"type": "string", "enum": list(protocols())}
    for name, cls in profile_fields().items():
        properties = cast("Schema", record_schema(cls)["properties"])
        for flat_name, schema in _flat_schemas(name, properties[name]).items():
            words = [word for word, names in by_protocol.items() if flat_name in names]
            schemas[f"{ANY_PROFILE}.{flat_name}"] = schema | ({"protocols": words} if words else {})
    for name, words in _words().items():
        schemas[name] = {**schemas[name], "enum": words}
    for name, schema in schemas.items():
        if name.rpartition(".")[2] in _SCRIPT_ONLY:
            schema["readOnly"] = True
    schemas["keepalive.period_minutes"]["examples"] = list(USUAL_MINUTES)
    return Catalogue(by_protocol, schemas)


def schema_of_name(name: str) -> Schema | None:
    """The schema of a flat name, of whatever profile; `None` when there is no such field."""
    key, field = key_and_field(name)
    return catalogue().schemas.get(join(ANY_PROFILE, field) if key else name)


def is_secret(name: str) -> bool:
    """Whether the field is written but never read."""
    return "writeOnly" in (schema_of_name(name) or {})


def is_script_only(name: str) -> bool:
    """Whether only a script may set the field."""
    return "readOnly" in (schema_of_name(name) or {})


def _flat_schemas(name: str, schema: object) -> dict[str, Schema]:
    """The schemas of a record's fields by flat name; of a field that is no record, its own."""
    described = cast("Schema", schema)
    if "properties" not in described:
        return {name: described}
    flat: dict[str, Schema] = {}
    for inner, inner_schema in described["properties"].items():
        flat |= _flat_schemas(join(name, inner), inner_schema)
    return flat


def _words() -> dict[str, list[Any]]:
    """The words of fields that are plain text or a plain number to the type checker."""
    auth = [word.value for word in Auth]
    return {
        "network_mode": list(NETWORK_MODES),
        "keepalive.auth": auth,
        "profiles[].auth": auth,
        "profiles[].preset": list(preset_names()),
        "profiles[].framing": ["", *(word.value for word in Framing)],
        "profiles[].tag_bits": list(TAG_BITS),
    }
