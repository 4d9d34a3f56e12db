"""Bounds of settings, written where the setting is, checked when the value is made.

`bounded` puts them into the field's metadata; `check_bounds` is the dataclass's `__post_init__`; the
page and the API read the same metadata (`config.shape`), so that script, file, API and page refuse
the same values with the same words (`tests/config/test_shape.py`).
"""

from __future__ import annotations

import math
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from cammra_edge.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Number = TypeVar("Number", int, float)


def bounded(default: Number, low: Number, high: Number) -> Number:
    """A dataclass field with a default and the inclusive range it must lie in."""
    made: Number = field(default=default, metadata={"low": low, "high": high})
    return made


def want_between(low: float, high: float) -> str:
    """The end of the sentence "want …" for a number out of its range."""
    return f"a number from {low:g} to {high:g}"


def check_bounds(value: DataclassInstance) -> None:
    """Refuse a value one of whose bounded fields lies outside its range.

    Raises:
        ConfigError: Names the field, what it held and the range.
    """
    for one in fields(value):
        if "low" not in one.metadata:
            continue
        held: Any = getattr(value, one.name)
        low, high = one.metadata["low"], one.metadata["high"]
        if held is None:
            continue
        if (
            isinstance(held, bool)
            or not isinstance(held, int | float)
            or not math.isfinite(held)
            or not low <= held <= high
        ):
            raise ConfigError(one.name, held, want_between(low, high))
