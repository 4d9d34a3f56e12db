"""What `shape` takes, said in JSON Schema: for the OpenAPI document, and for the page's own bounds."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from cammra_edge.config.shape import (
    MAX_ITEMS,
    MAX_MULTILINE,
    MAX_TEXT,
    MULTILINE,
    SECRETS,
    Plain,
    defaults_of,
    hints_of,
    plain_of,
    settable,
)

if TYPE_CHECKING:
    from dataclasses import Field


def schema_of(hint: Any, name: str = "") -> dict[str, Plain]:  # noqa: ANN401, PLR0911 - as wide as the hints it follows
    """JSON Schema (2020-12) of what `shape.value_of` takes for this hint."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        options: list[Plain] = [
            {"type": "null"} if a is types.NoneType else schema_of(a, name) for a in args
        ]
        return {"anyOf": options}
    if origin in {frozenset, set}:
        return {"type": "array", "items": schema_of(args[0]), "maxItems": MAX_ITEMS}
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):  # noqa: PLR2004 - tuple[X, ...] has two
        kinds: list[Plain] = [schema_of(a) for a in args]
        return {
            "type": "array",
            "prefixItems": kinds,
            "minItems": len(kinds),
            "maxItems": len(kinds),
        }
    if origin in {tuple, list, Sequence}:
        return {"type": "array", "items": schema_of(args[0]), "maxItems": MAX_ITEMS}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(args[1])}
    if is_dataclass(hint) and isinstance(hint, type):
        return record_schema(hint)
    return _leaf_schema(hint, name)


def record_schema(cls: type) -> dict[str, Plain]:
    """The fields of a dataclass with their defaults, bounds and whether they are secret."""
    hints = hints_of(cls)
    properties: dict[str, Plain] = {}
    required: list[Plain] = []
    for name, one in settable(cls).items():
        properties[name] = _field_schema(one, hints[name], defaults_of(cls))
        if name not in defaults_of(cls):
            required.append(name)
    made: dict[str, Plain] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return made | {"required": required} if required else made


def _field_schema(one: Field[Any], hint: Any, defaults: dict[str, object]) -> dict[str, Plain]:  # noqa: ANN401 - as wide as the hints it follows
    schema = schema_of(hint, one.name)
    if "low" in one.metadata:
        schema |= {"minimum": one.metadata["low"], "maximum": one.metadata["high"]}
    if one.name in SECRETS:
        return schema | {"writeOnly": True}
    # `None` where the hint has none stands for a default that depends on other fields.
    if one.name in defaults and (
        defaults[one.name] is not None or types.NoneType in get_args(hint)
    ):
        schema["default"] = plain_of(defaults[one.name])
    return schema


def _leaf_schema(hint: Any, name: str) -> dict[str, Plain]:  # noqa: ANN401 - as wide as the hints it follows
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [str(one.value) for one in hint]}
    if hint is bool:
        return {"type": "boolean"}
    if hint in {int, float}:
        return {"type": "integer" if hint is int else "number"}
    if hint in {str, Path}:
        return {"type": "string", "maxLength": MAX_MULTILINE if name in MULTILINE else MAX_TEXT}
    raise TypeError(f"{hint!r} has no schema")
