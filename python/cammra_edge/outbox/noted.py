"""Numbers in what was saved: it comes from a disk, so it may be anything; what was never given counts for nothing.

Held by `tests/outbox/test_hostile.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 1 << 62
"""No number of ours comes near it, and whatever goes on behind it still fits the log's 64 bits."""
MOST_PROFILES = 1 << 31
_DIGITS = len(str(MOST))


def is_number(value: object, most: int = MOST) -> bool:
    """Is this a number that may have been given?"""
    return isinstance(value, int) and 0 <= value <= most


def number_in(state: Mapping[str, object], name: str) -> int:
    """The number under a name; 0 if there is none."""
    value = state.get(name)
    return value if isinstance(value, int) and is_number(value) else 0


def by_number(state: Mapping[str, object], prefix: str, most: int = MOST) -> dict[int, object]:
    """What stands under names that are a prefix and a number, by that number."""
    found: dict[int, object] = {}
    for name, value in state.items():
        number = name.removeprefix(prefix)
        if number != name and number.isdecimal() and len(number) <= _DIGITS and int(number) <= most:
            found[int(number)] = value
    return found
