"""Settings and plain data: one description of every field, read off the dataclasses themselves.

`plain_of` turns a value into JSON-able data, `value_of` turns such data into the value or refuses it,
`schema_of` says in JSON Schema what it takes. All three follow the type hints, so that a field added
to a dataclass is at once known to the file, the API and the page.

Invariants, held by `tests/config/test_shape.py`:

1. `value_of(type, plain_of(value)) == value`.
2. Hostile data is refused by `SettingsError`, which names every wrong field; nothing else is raised.
3. No text keeps a control character; line ends only in the fields of `MULTILINE`.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints
from unicodedata import category

from cammra_edge.errors import CammraError, ConfigError
from cammra_edge.limits import want_between

if TYPE_CHECKING:
    from dataclasses import Field

type_ = type
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

MAX_TEXT = 4096
MAX_MULTILINE = 65_536
MAX_ITEMS = 20_000
MAX_SHOWN = 80
MULTILINE = frozenset({"template", "ca_pem", "client_cert_pem", "client_key_pem", "ca", "body"})
SECRETS = frozenset(
    {
        "password",
        "proxy_password",
        "auth_header",
        "api_key",
        "client_key_pem",
        "client_key_password",
        "token",
        "secret",
    }
)
_NEVER = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line and paragraph separators."""
_MISSING = object()


class SettingsError(CammraError):
    """Settings that cannot be used; `errors` has one `ConfigError` per field, in the order of the fields."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = tuple(errors)


@cache
def hints_of(cls: type) -> dict[str, Any]:
    """The resolved type hints of a dataclass."""
    return get_type_hints(cls)


@cache
def defaults_of(cls: type) -> dict[str, object]:
    """What the fields are when nothing is said, as the class's own `__init__` has it."""
    made: dict[str, object] = {}
    factories = {one.name: one.default_factory for one in fields(cls)}
    for name, parameter in signature(cls).parameters.items():
        if parameter.default is parameter.empty:
            continue
        factory = factories.get(name, MISSING)
        made[name] = parameter.default if factory is MISSING else factory()
    return made


@cache
def settable(cls: type) -> dict[str, Field[Any]]:
    """The fields that `__init__` takes, in their order."""
    parameters = signature(cls).parameters
    return {one.name: one for one in fields(cls) if one.name in parameters}


def plain_of(value: object) -> Plain:  # noqa: PLR0911 - one line per kind of value
    """The value as JSON-able data; fields in their order, sets sorted as their enum is."""
    if isinstance(value, Enum):
        return plain_of(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type_):
        return {name: plain_of(getattr(value, name)) for name in settable(type_(value))}
    if isinstance(value, Mapping):
        return {str(plain_of(key)): plain_of(held) for key, held in value.items()}
    if isinstance(value, frozenset | set):
        return [plain_of(item) for item in sorted(value, key=_rank)]
    if isinstance(value, Sequence):
        return [plain_of(item) for item in value]
    raise TypeError(f"{type_(value).__name__} has no plain form")


def _rank(item: object) -> tuple[int, str]:
    return (list(type_(item)).index(item) if isinstance(item, Enum) else 0, str(item))


def value_of(hint: Any, plain: object, at: str) -> Any:  # noqa: ANN401 - as wide as the hints it follows
    """The value that a type hint asks for, made from plain data.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _choice(get_args(hint), plain, at)
    if origin in {tuple, list, Sequence, frozenset, set} or hint in {tuple, list}:
        return _items(hint, plain, at)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(hint, plain, at)
    if is_dataclass(hint):
        return record_of(hint, plain, at)
    return _leaf(hint, plain, at)


def record_of(
    cls: Any,  # noqa: ANN401 - any dataclass
    plain: object,
    at: str,
    *,
    given: Mapping[str, object] | None = None,
) -> Any:  # noqa: ANN401 - any dataclass
    """A dataclass made from a mapping; fields that are missing take their default.

    Args:
        cls: The dataclass.
        plain: Its fields; unknown ones are refused.
        at: Where it stands, for the messages.
        given: Values that are ready and win over `plain`.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    ready = dict(given or {})
    if not isinstance(plain, Mapping):
        raise refused(at, plain, "a set of fields")
    errors: list[ConfigError] = []
    known = settable(cls)
    errors.extend(
        ConfigError(join(at, str(name)[:64]), _short(held), "no such field here")
        for name, held in plain.items()
        if name not in known
    )
    for name, one in known.items():
        if name in ready:
            continue
        try:
            if (
                held := _field(cls, one, plain.get(name, _MISSING), join(at, name))
            ) is not _MISSING:
                ready[name] = held
        except SettingsError as error:
            errors.extend(error.errors)
    if errors:
        raise SettingsError(errors)
    try:
        return cls(**ready)
    except ConfigError as error:
        # A value names its field with or without where it stands: `pin`, `tls.pin`, `profile 'x': quality`.
        name = error.field.rpartition("].")[2].rpartition(": ")[2]
        name = name.removeprefix(at.rpartition(".")[2] + ".")
        shown = "" if name.rpartition(".")[2] in SECRETS else error.value
        raise SettingsError([ConfigError(join(at, name), shown, error.want)]) from error


def _field(cls: type, one: Field[Any], plain: object, at: str) -> Any:  # noqa: ANN401 - as wide as the field
    if plain is _MISSING:
        if one.name not in defaults_of(cls):
            raise refused(at, None, "a value")
        return _MISSING
    value = value_of(hints_of(cls)[one.name], plain, at)
    if "low" in one.metadata and value is not None:
        low, high = one.metadata["low"], one.metadata["high"]
        if not low <= value <= high:
            raise refused(at, value, want_between(low, high))
    return value


def refused(at: str, value: object, want: str) -> SettingsError:
    """One field's refusal; a secret's value is left out."""
    secret = at.rpartition(".")[2] in SECRETS
    return SettingsError([ConfigError(at, "" if secret else _short(value), want)])


def join(at: str, name: str) -> str:
    """The name of a field inside another: `profiles[1].server_url`."""
    return f"{at}.{name}" if at else name


def _short(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= MAX_SHOWN else value[: MAX_SHOWN - 1] + "…"
    if value is None or isinstance(value, bool | int | float):
        return value
    return f"a {type_(value).__name__}"


def _choice(options: tuple[Any, ...], plain: object, at: str) -> Any:  # noqa: ANN401 - as wide as the hints it follows
    if plain is None:
        if types.NoneType in options:
            return None
        raise refused(at, None, "a value")
    refusals: list[SettingsError] = []
    for option in options:
        if option is types.NoneType:
            continue
        try:
            return value_of(option, plain, at)
        except SettingsError as error:
            refusals.append(error)
    raise refusals[0]


def _items(hint: Any, plain: object, at: str) -> Any:  # noqa: ANN401 - as wide as the hints it follows
    if not isinstance(plain, list | tuple):
        raise refused(at, plain, "a list")
    if len(plain) > MAX_ITEMS:
        raise refused(at, f"{len(plain)} items", f"at most {MAX_ITEMS} items")
    args = get_args(hint)
    origin = get_origin(hint)
    fixed = origin is tuple and not (len(args) == 2 and args[1] is Ellipsis)  # noqa: PLR2004 - tuple[X, ...] has two
    if fixed and len(plain) != len(args):
        raise refused(at, f"{len(plain)} items", f"{len(args)} items")
    kinds = args if fixed else [args[0]] * len(plain)
    errors: list[ConfigError] = []
    made: list[Any] = []
    for index, (kind, item) in enumerate(zip(kinds, plain, strict=True)):
        try:
            made.append(value_of(kind, item, f"{at}[{index}]"))
        except SettingsError as error:
            errors.extend(error.errors)
    if errors:
        raise SettingsError(errors)
    return frozenset(made) if origin in {frozenset, set} else tuple(made)


def _mapping(hint: Any, plain: object, at: str) -> Any:  # noqa: ANN401 - as wide as the hints it follows
    if not isinstance(plain, Mapping) or len(plain) > MAX_ITEMS:
        raise refused(at, plain, "a set of names and values")
    key_kind, value_kind = get_args(hint)
    errors: list[ConfigError] = []
    made: dict[Any, Any] = {}
    for key, held in plain.items():
        try:
            made[value_of(key_kind, key, at)] = value_of(
                value_kind, held, f"{at}[{str(key)[:64]!r}]"
            )
        except SettingsError as error:
            errors.extend(error.errors)
    if errors:
        raise SettingsError(errors)
    return made


def _leaf(hint: Any, plain: object, at: str) -> Any:  # noqa: ANN401 - one line per kind of leaf
    if isinstance(hint, type_) and issubclass(hint, Enum):
        words = [str(one.value) for one in hint]
        if isinstance(plain, str) and plain in words:
            return hint(plain)
        raise refused(at, plain, "one of " + ", ".join(word or "(empty)" for word in words))
    if hint is bool:
        if isinstance(plain, bool):
            return plain
        raise refused(at, plain, "true or false")
    if hint is int:
        if isinstance(plain, int) and not isinstance(plain, bool) and abs(plain) < 2**53:
            return plain
        raise refused(at, plain, "a whole number")
    if hint is float:
        if (
            isinstance(plain, int | float)
            and not isinstance(plain, bool)
            and abs(plain) < 2**53
            and math.isfinite(plain)
        ):
            return float(plain)
        raise refused(at, plain, "a number")
    if hint is str or hint is Path:
        return hint(_text(plain, at))
    raise TypeError(f"{at}: {hint!r} has no plain form")


def _text(plain: object, at: str) -> str:
    if not isinstance(plain, str):
        raise refused(at, plain, "a text")
    multiline = at.rpartition(".")[2] in MULTILINE
    most = MAX_MULTILINE if multiline else MAX_TEXT
    if len(plain) > most:
        raise refused(at, plain, f"at most {most} characters")
    allowed = "\t\r\n" if multiline else ""
    for char in plain:
        if category(char) in _NEVER and char not in allowed:
            raise refused(
                at,
                f"a text with U+{ord(char):04X} in it",
                "a text without control characters or line breaks",
            )
    return plain
