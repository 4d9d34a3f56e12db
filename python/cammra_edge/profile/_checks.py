"""Checks of single values, shared by every part of a profile.

Each takes the field's name as its owner would type it and raises `ConfigError` with field, value and
wish. What becomes a header, a path or a log line is checked here, once (`tests/profiles/test_profile.py`).
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from cammra_edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
_DELETE = 0x7F
_LONGEST_TEXT = 4096
_Choice = TypeVar("_Choice", bound=StrEnum)


def text(field: str, value: object, *, empty: bool = True, secret: bool = False) -> str:
    """One line of text that is safe in a header: no CR, LF, NUL or other control character."""
    shown = MASK if secret else value
    if not isinstance(value, str):
        raise ConfigError(field, MASK if secret else value, "a text")
    if not empty and not value:
        raise ConfigError(field, shown, "a text that is not empty")
    if any(ord(sign) < ord(" ") or ord(sign) == _DELETE for sign in value):
        raise ConfigError(field, shown, "a text without line breaks or other control characters")
    if len(value) > _LONGEST_TEXT:
        raise ConfigError(field, f"{len(value)} characters", f"at most {_LONGEST_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(field, shown, "valid Unicode") from error
    return value


def header_text(field: str, value: object, *, secret: bool = False) -> str:
    """Text that may stand in a header: as `text`, and printable ASCII only."""
    checked = text(field, value, secret=secret)
    if not checked.isascii():
        raise ConfigError(
            field, MASK if secret else value, "printable ASCII, as HTTP headers ask for"
        )
    return checked


def token(field: str, value: object) -> str:
    """A name of letters, digits and `._-`, such as a form field's."""
    checked = text(field, value, empty=False)
    if (
        not checked.isascii()
        or not checked.replace("_", "").replace("-", "").replace(".", "").isalnum()
    ):
        raise ConfigError(field, value, "letters, digits, '.', '_' and '-' only")
    return checked


def flag(field: str, value: object) -> bool:
    """True or False, and nothing that merely counts as such."""
    if not isinstance(value, bool):
        raise ConfigError(field, value, "True or False")
    return value


def number(field: str, value: object, *, least: float, most: float) -> float:
    """A finite number within bounds."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= most:  # type: ignore[operator] # `good` says it is a number
        raise ConfigError(field, value, f"a number from {least:g} to {most:g}")
    return float(value)  # type: ignore[arg-type] # as above


def whole(field: str, value: object, *, least: int, most: int) -> int:
    """A whole number within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigError(field, value, f"a whole number from {least} to {most}")
    return value


def choice(field: str, value: object, kind: type[_Choice]) -> _Choice:
    """One of an enumeration's values, given as itself or as its text."""
    try:
        return kind(value)  # type: ignore[arg-type] # any object may be asked; it raises for the rest
    except ValueError as error:
        raise ConfigError(
            field, value, "one of " + ", ".join(f"{item.value!r}" for item in kind)
        ) from error


def one_of(field: str, value: object, wanted: Iterable[str]) -> str:
    """One of some words."""
    words = tuple(wanted)
    if not isinstance(value, str) or value not in words:
        raise ConfigError(field, value, "one of " + ", ".join(repr(word) for word in words))
    return value


def file_path(field: str, value: object) -> str:
    """The path of a file as text, empty for none; that it can be read is found out when it is used."""
    return text(field, str(value) if value is not None else "")
