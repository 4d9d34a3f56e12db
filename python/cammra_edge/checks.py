"""What a value may be: checks of single values, and of several together.

A check takes what a script passes (`take`), reads plain data (`read`) and describes itself in JSON Schema, so a value
is refused in the same words whether a script, a file, the API or the page sets it (`tests/checks/test_checks.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.phrases import Phrase

if TYPE_CHECKING:
    from enum import StrEnum

    from cammra_edge.phrases import Said

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Schema = dict[str, Plain]
T = TypeVar("T")

MASK = "***"
MAX_TEXT = 4096
MAX_LINES_TEXT = 65_536
MAX_ITEMS = 20_000
_MAX_SHOWN = 80
_MOST_SHOWN_BITS = 64
"""Python refuses to write very long numbers out."""
_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_NOT_IN_LINES = re.compile(f"[{_CONTROL}]")
_NOT_IN_TEXT = re.compile(rf"[\t\n\r{_CONTROL}]")
"""Control characters, line and paragraph separators, lone surrogates."""


class Want(Phrase):
    """What a value must be, as the end of the sentence "want …"."""

    TRUE_OR_FALSE = "true or false"
    WHOLE_NUMBER = "a whole number"
    WHOLE_NUMBER_BETWEEN = "a whole number from {low} to {high}"
    NUMBER = "a number"
    NUMBER_BETWEEN = "a number from {low} to {high}"
    TEXT = "a text"
    TEXT_NOT_EMPTY = "a text that is not empty"
    TEXT_WITHOUT_CONTROL = "a text without control characters or line breaks"
    CHARACTERS_AT_LEAST = "at least {least} characters"
    CHARACTERS_AT_MOST = "at most {most} characters"
    HEADER_TEXT = "printable ASCII, as HTTP headers ask for"
    TOKEN = "letters, digits, '.', '_' and '-' only"  # noqa: S105 - no password
    TIME_ZONE = "an IANA name such as Europe/Stockholm, or nothing"
    ONE_OF = "one of {options}"
    ONLY = "only {options}"
    LIST = "a list"
    ITEMS_BETWEEN = "{least} to {most} items"
    ITEMS_AT_MOST = "at most {most} items"
    SET = "a set, not a single value"
    NAMES_AND_VALUES = "a set of names and values"
    RECORD = "a {kind}"
    FIELDS = "a set of fields"
    NO_SUCH_FIELD = "no such field here"
    VALUE = "a value"


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """What one field may hold.

    Args:
        take: Turns what a script passes into the field's value, or raises `ConfigError`.
        schema: What `read` takes, in JSON Schema 2020-12.
        plain: As `take`, for plain data, where the two differ: plain data has a mapping for a record.
        names_file: Whether the value is the path of a file on the camera.
        record: The settings class of the value, if it is of one.
    """

    take: Callable[[object], T]
    schema: Schema
    plain: Callable[[object], T] | None = None
    names_file: bool = False
    record: type | None = None

    def read(self, value: object) -> T:
        """Turn plain data into the field's value, or raise `ConfigError`."""
        return (self.plain or self.take)(value)


def refused(value: object, want: Said) -> ConfigError:
    """The refusal of a value; whoever knows its path adds it (`under`)."""
    return ConfigError("", shown(value), want)


def shown(value: object) -> object:
    """A value, short enough for a message; of a container only its type."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_SHOWN else value[: _MAX_SHOWN - 1] + "…"
    if isinstance(value, int) and value.bit_length() > _MOST_SHOWN_BITS:
        return f"a whole number of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        return value
    return f"a {type(value).__name__}"


def join(at: str, name: str) -> str:
    """The path of a field inside another: `tls.pin`, `part_names[1]`."""
    return f"{at}.{name}" if at and name and not name.startswith("[") else at + name


def inside(
    error: ConfigError, at: str, *, mask: bool = False, owner: str = ""
) -> list[ConfigError]:
    """A value's errors, with the path of the record or list around it."""
    return [
        ConfigError(join(at, inner.field), MASK if mask else inner.value, inner.want, owner=owner)
        for inner in error.errors
    ]


@contextmanager
def under(at: str) -> Iterator[None]:
    """Add a path to whatever is refused in the `with` block.

    Raises:
        SettingsError: Names every field that is wrong.
    """
    try:
        yield
    except ConfigError as error:
        raise SettingsError(inside(error, at)) from error


# ---- single values ---------------------------------------------------------------------------------


def flag() -> Check[bool]:
    """True or False, and nothing that merely counts as such."""

    def take(value: object) -> bool:
        if not isinstance(value, bool):
            raise refused(value, Want.TRUE_OR_FALSE())
        return value

    return Check(take, {"type": "boolean"})


def whole(low: int, high: int) -> Check[int]:
    """A whole number from `low` to `high`."""

    def take(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise refused(value, Want.WHOLE_NUMBER_BETWEEN(low=low, high=high))
        return value

    return Check(take, {"type": "integer", "minimum": low, "maximum": high})


def number(low: float, high: float) -> Check[float]:
    """A finite number from `low` to `high`."""

    def take(value: object) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise refused(value, Want.NUMBER_BETWEEN(low=f"{low:g}", high=f"{high:g}"))
        return float(value)

    return Check(take, {"type": "number", "minimum": low, "maximum": high})


def text(
    *,
    least: int = 0,
    most: int = 0,
    lines: bool = False,
    pattern: str = "",
    want: Said | None = None,
) -> Check[str]:
    """A text without control characters, safe in a header or a log line.

    Args:
        least: Characters at least.
        most: Characters at most; 0 for the usual bound.
        lines: Line breaks and tabs are allowed.
        pattern: The whole text must match it.
        want: The pattern in words.
    """
    most = most or (MAX_LINES_TEXT if lines else MAX_TEXT)
    never = _NOT_IN_LINES if lines else _NOT_IN_TEXT
    whole_text = re.compile(pattern)

    def take(value: object) -> str:
        if not isinstance(value, str):
            raise refused(value, Want.TEXT())
        if len(value) < least:
            raise refused(
                value, Want.CHARACTERS_AT_LEAST(least=least) if least > 1 else Want.TEXT_NOT_EMPTY()
            )
        if len(value) > most:
            raise ConfigError("", f"{len(value)} characters", Want.CHARACTERS_AT_MOST(most=most))
        if bad := never.search(value):
            why = f"a text with U+{ord(bad[0]):04X} in it"
            raise refused(why, Want.TEXT_WITHOUT_CONTROL())
        if pattern and not whole_text.fullmatch(value):
            raise refused(value, want or Want.TEXT())
        return value

    schema: Schema = {"type": "string", "maxLength": most}
    if least:
        schema["minLength"] = least
    if pattern:
        schema["pattern"] = f"^(?:{pattern})$"
    return Check(take, schema)


def header_text() -> Check[str]:
    """A text that may stand in an HTTP header."""
    return text(pattern="[ -~]*", want=Want.HEADER_TEXT())


def token() -> Check[str]:
    """A name such as a form field's."""
    return text(pattern="[A-Za-z0-9._-]+", want=Want.TOKEN())


def file() -> Check[str]:
    """The path of a file on the camera, or nothing; the file is not opened before it is needed."""
    return _path(str, text())


def path() -> Check[Path]:
    """The path of a file on the camera."""
    return _path(Path, text(least=1))


def time_zone() -> Check[str]:
    """An IANA name, or nothing."""
    typed = text()

    def take(value: object) -> str:
        name = typed.take(value)
        if not name:
            return ""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - most cameras keep the machine's zone

        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise refused(name, Want.TIME_ZONE()) from error

    return Check(take, typed.schema)


def _path(kind: Callable[[str], T], typed: Check[str]) -> Check[T]:
    def take(value: object) -> T:
        return kind(typed.take(os.fspath(value) if isinstance(value, os.PathLike) else value))

    return Check(take, typed.schema, names_file=True)


def choice(options: type[StrEnum] | Collection[str] | Collection[int]) -> Check[Any]:
    """One of some words or numbers; a member of an enumeration may be given by its word."""
    words = [option.value if isinstance(option, Enum) else option for option in options]
    want = Want.ONE_OF(options=", ".join(str(word) if word != "" else "(empty)" for word in words))

    def take(value: object) -> Any:  # noqa: ANN401 - a member of what was handed in
        if isinstance(value, str | int) and not isinstance(value, bool):
            for option in options:
                if option == value:
                    return option
        raise refused(value, want)

    kind = "integer" if isinstance(words[0], int) else "string"
    return Check(take, {"type": kind, "enum": list(words)})


# ---- several values --------------------------------------------------------------------------------


def maybe(check: Check[T]) -> Check[T | None]:
    """Nothing, or what `check` takes."""
    return Check(
        lambda value: None if value is None else check.take(value),
        {"anyOf": [check.schema, {"type": "null"}]},
        lambda value: None if value is None else check.read(value),
        check.names_file,
    )


def _each(pairs: Iterable[tuple[str, object]], take: Callable[[object], T]) -> list[T]:
    """Every item's value, or the errors of all items; each item comes with its path."""
    values: list[T] = []
    errors: list[ConfigError] = []
    for at, item in pairs:
        try:
            values.append(take(item))
        except ConfigError as error:
            errors.extend(inside(error, at))
    if errors:
        raise SettingsError(errors)
    return values


def _row(value: object) -> list[tuple[str, object]]:
    """The items of a list or tuple with their paths."""
    if not isinstance(value, list | tuple):
        raise refused(value, Want.LIST())
    return [(f"[{index}]", item) for index, item in enumerate(value)]


def items(check: Check[T], *, least: int = 0, most: int = MAX_ITEMS) -> Check[tuple[T, ...]]:
    """Any number of items in their order."""

    def each(value: object, take: Callable[[object], T]) -> tuple[T, ...]:
        pairs = _row(value)
        if not least <= len(pairs) <= most:
            want = Want.ITEMS_BETWEEN(least=least, most=most)
            raise refused(f"{len(pairs)} items", want if least else Want.ITEMS_AT_MOST(most=most))
        return tuple(_each(pairs, take))

    schema: Schema = {"type": "array", "items": check.schema, "maxItems": most}
    if least:
        schema["minItems"] = least
    return Check(
        lambda value: each(value, check.take), schema, lambda value: each(value, check.read)
    )


def row_of(check: Check[T], count: int, want: Said) -> Check[tuple[T, ...]]:
    """Exactly so many items, such as `(width, height)`."""

    def take(value: object) -> tuple[T, ...]:
        if not isinstance(value, list | tuple) or len(value) != count:
            raise refused(value, want)
        return tuple(_each(_row(value), check.take))

    kinds: list[Plain] = [check.schema] * count
    return Check(
        take, {"type": "array", "prefixItems": kinds, "minItems": count, "maxItems": count}
    )


def set_of(check: Check[T]) -> Check[frozenset[T]]:
    """Items without order, each of them once."""

    def take(value: object) -> frozenset[T]:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection):
            raise refused(value, Want.SET())
        if len(value) > MAX_ITEMS:
            raise refused(f"{len(value)} items", Want.ITEMS_AT_MOST(most=MAX_ITEMS))
        return frozenset(_each((("", item) for item in value), check.take))

    return Check(take, {"type": "array", "items": check.schema, "maxItems": MAX_ITEMS})


def mapping(keys: Check[T], values: Check[Any]) -> Check[dict[T, Any]]:
    """Values by name."""

    def take(value: object) -> dict[T, Any]:
        if not isinstance(value, Mapping) or len(value) > MAX_ITEMS:
            raise refused(value, Want.NAMES_AND_VALUES())
        taken = _each(
            ((f"[{str(shown(key))[:64]}]", (key, item)) for key, item in value.items()), pair
        )
        return dict(taken)

    def pair(entry: Any) -> tuple[T, Any]:  # noqa: ANN401 - one entry of a mapping
        return keys.take(entry[0]), values.take(entry[1])

    return Check(
        take,
        {
            "type": "object",
            "propertyNames": keys.schema,
            "additionalProperties": values.schema,
        },
    )
