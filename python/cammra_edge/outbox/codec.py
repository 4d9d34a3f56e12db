"""An event as bytes on disk and back.

The bytes are JSON made of the dataclasses' own fields, each value under its tag, the field's name; a value that is the
default is left out. So versions understand each other:

* A tag that is missing means the default: an older version did not know it, or nothing was known.
* A tag that is unknown is skipped, and kept where the event is copied.
* A word that is unknown (an enum's or a `Literal`'s) means the default, too. In a list it takes its item with it; where
  there is no default, the record cannot be read.

A field therefore never changes its name, type, meaning or default. What is stored is written in Rust
(`storing.log_encode_event`): the same, with `images` and `missing` behind all others, so that a text without pictures
is its beginning. Held by `tests/outbox/test_codec.py`.
"""

from __future__ import annotations

import json
import operator
import types
import typing
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_T = TypeVar("_T")
_SCALARS = frozenset({str, int, float, bool, types.NoneType})


class _UnknownWordError(ValueError):
    """A word that this version does not know."""


def plain_from(value: object) -> object:
    """A dataclass as what JSON knows; fields that hold their default are left out."""
    kind: Any = type(value)
    return _writer(kind)(value)


def plain_in(text: bytes) -> Any:  # noqa: ANN401 - any JSON
    """What JSON holds.

    Raises:
        ValueError: It is none, or goes deeper than any of ours.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it goes deeper than any of ours") from error


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
    composite = _COMPOSITES.get(typing.get_origin(kind))
    if composite is not None:
        return composite(typing.get_args(kind))
    if isinstance(kind, type):
        if is_dataclass(kind):
            return _dataclass_reader(kind)
        if issubclass(kind, Enum):
            return _word_reader({word.value: word for word in kind})
        if issubclass(kind, tuple):  # a named tuple, such as Rect
            return lambda plain: kind(*plain)
        if kind in (bool, int, float, str):
            return _as_is
    message = f"no way to read {kind!r} back from disk"
    raise TypeError(message)


def _as_is(plain: object) -> object:
    return plain


def _word_reader(words: Mapping[object, object]) -> Callable[[Any], object]:
    def read(plain: object) -> object:
        try:
            return words[plain]
        except KeyError as error:
            raise _UnknownWordError(plain) from error

    return read


def _literal_reader(words: tuple[object, ...]) -> Callable[[Any], object]:
    return _word_reader({word: word for word in words})


def _optional_reader(arguments: tuple[Any, ...]) -> Callable[[Any], object]:
    inner = [kind for kind in arguments if kind is not type(None)]
    read = _reader(inner[0])
    return lambda plain: None if plain is None else read(plain)


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], object]:
    read_item = _reader(arguments[0])

    def read(plain: Any) -> object:  # noqa: ANN401 - what JSON gave
        try:
            return tuple(map(read_item, plain))
        except _UnknownWordError:
            return tuple(known_items(plain))

    def known_items(plain: Any) -> Iterator[object]:  # noqa: ANN401 - as above
        for item in plain:
            with suppress(_UnknownWordError):
                yield read_item(item)

    return read


_COMPOSITES: dict[Any, Callable[[tuple[Any, ...]], Callable[[Any], object]]] = {
    typing.Union: _optional_reader,
    types.UnionType: _optional_reader,
    tuple: _tuple_reader,
    typing.Literal: _literal_reader,
}


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
        try:
            values = {
                # Most values are as JSON gives them, and a call costs more than all the rest.
                name: plain[name] if reader is _as_is else reader(plain[name])
                for name, reader in readers
                if name in plain
            }
        except _UnknownWordError:
            values = dict(known_words(plain))
        return kind(**values)

    def known_words(plain: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401 - as above
        for name, reader in readers:
            if name in plain:
                try:
                    yield name, reader(plain[name])
                except _UnknownWordError:
                    if name in needed:
                        raise

    return read
