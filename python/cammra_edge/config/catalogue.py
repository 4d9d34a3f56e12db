"""What there is to set: JSON Schema of every flat name, for the page's form and the API's document.

A profile's field stands under `profiles[].server_url`, and says which protocols have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cammra_edge.checks import join
from cammra_edge.config.flat import key_and_field, profile_fields, section_fields
from cammra_edge.fields import leaves_of
from cammra_edge.profile import PROTOCOLS

if TYPE_CHECKING:
    from cammra_edge.fields import Setting

Schema = dict[str, Any]
ANY_PROFILE = "profiles[]"


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
    """Every field, as its class declares it."""
    by_protocol = {word: list(leaves_of(cls)) for word, cls in PROTOCOLS.items()}
    schemas: dict[str, Schema] = {
        name: setting.schema() for name, setting in section_fields().items()
    }
    for name, setting in profile_fields().items():
        words = [word for word, names in by_protocol.items() if name in names]
        schema: Schema = dict(setting.schema())
        schemas[join(ANY_PROFILE, name)] = schema | ({"protocols": words} if words else {})
    return Catalogue(by_protocol, schemas)


def setting_of(name: str) -> Setting | None:
    """The field of a flat name, of whatever profile; `None` when there is no such field."""
    key, field = key_and_field(name)
    return (profile_fields() if key else section_fields()).get(field)


def is_secret(name: str) -> bool:
    """Whether the field is written but never read."""
    setting = setting_of(name)
    return setting is not None and setting.secret


def is_address(name: str) -> bool:
    """Whether the field says where to send, so that the secrets beside it go there."""
    setting = setting_of(name)
    return setting is not None and setting.address


def is_script_only(name: str) -> bool:
    """Whether only a script may set the field: the path of a file, which a browser must not ask for by name."""
    setting = setting_of(name)
    return setting is not None and setting.check.names_file
