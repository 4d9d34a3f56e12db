"""An event as bytes on disk and back.

The bytes are JSON built from the dataclasses' own fields, so a field added to `model.Event` is
stored from that day on: reading older bytes gives it its default, and what a newer version wrote
more is passed over. A CRC-32 over place and bytes tells a damaged or misplaced record, which
SQLite itself does not (it has no page checksums). Held by `tests/outbox/test_codec.py`.
"""

from __future__ import annotations

import json
import operator
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cammra_edge.framing import crc32

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_JSON = json.JSONEncoder(separators=(",", ":"))
_SCALARS = frozenset({str, int, float, bool, types.NoneType})


def crc_at(place: int, content: bytes) -> int:
    """CRC-32 of a record and the place where it belongs."""
    return crc32(content, crc32(place.to_bytes(8, "little", signed=True), 0))


def plain_from(value: object) -> object:
    """A dataclass as what JSON knows; fields that hold their default are left out."""
    kind: Any = type(value)
    return _writer(kind)(value)


def bytes_from(record: object) -> bytes:
    """Compact ASCII JSON; a lone surrogate of a hostile plate survives as its escape."""
    return _JSON.encode(record).encode("ascii")


def value_from(kind: type[_T], plain: object) -> _T:
    """The value of the dataclass `kind` that `plain_from` was given.

    Raises:
        ValueError, TypeError, KeyError: The record is not one of that kind.
    """
    hint: Any = kind
    return cast("_T", _reader(hint)(plain))


@cache
def _writer(kind: Any) -> Callable[[Any], object]:  # noqa: ANN401 - any type at all
    """How to write values of this type; looked up once per type."""
    if is_dataclass(kind):
        return _dataclass_writer(kind)
    if issubclass(kind, tuple | frozenset | list):
        return lambda value: [plain_from(item) for item in value]
    if issubclass(kind, str | int | float | types.NoneType):  # with our enums, which are texts
        return _as_is
    message = f"{kind.__name__} cannot be stored"
    raise TypeError(message)


def _dataclass_writer(kind: Any) -> Callable[[Any], object]:  # noqa: ANN401 - any dataclass
    names = [field.name for field in fields(kind)]
    defaults = [
        field.default_factory() if field.default_factory is not MISSING else field.default
        for field in fields(kind)
    ]
    values_of = operator.attrgetter(*names)

    def write(value: object) -> object:
        return {
            name: held if type(held) in _SCALARS else plain_from(held)
            for name, held, default in zip(names, values_of(value), defaults, strict=True)
            if held is not default and held != default
        }

    return write


@cache
def _reader(kind: Any) -> Callable[[Any], object]:  # noqa: ANN401 - any type hint at all
    """How to read a value of this type hint."""
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _optional_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if isinstance(kind, type):
        if is_dataclass(kind):
            return _dataclass_reader(kind)
        if issubclass(kind, Enum):
            return kind
        if issubclass(kind, tuple):  # a named tuple, such as Rect
            return lambda plain: kind(*plain)
        if kind in (bool, int, float, str):
            return _as_is
    message = f"no way to read {kind!r} back from disk"
    raise TypeError(message)


def _as_is(plain: object) -> object:
    return plain


def _optional_reader(arguments: tuple[Any, ...]) -> Callable[[Any], object]:
    inner = [kind for kind in arguments if kind is not type(None)]
    read = _reader(inner[0])
    return lambda plain: None if plain is None else read(plain)


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], object]:
    read = _reader(arguments[0])
    return lambda plain: tuple(read(item) for item in plain)


def _dataclass_reader(kind: type) -> Callable[[Any], object]:
    hints = typing.get_type_hints(kind)
    readers = [(field.name, _reader(hints[field.name])) for field in fields(kind)]
    needed = frozenset(
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    )

    def read(plain: Any) -> object:  # noqa: ANN401 - what JSON gave
        missing = needed - plain.keys()
        if missing:
            message = f"a stored {kind.__name__} lacks {sorted(missing)}"
            raise ValueError(message)
        return kind(**{name: reader(plain[name]) for name, reader in readers if name in plain})

    return read
