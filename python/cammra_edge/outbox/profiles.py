"""Which number stands for which profile: settings and people go by key, deliveries and the wire by number.

Numbers are given in the order in which keys first appear, and a key keeps its number for ever, whatever becomes
of its profile's name, place and URL. Saved with the next commit, and in the watermark. Not thread-safe: the
outbox has the lock. Held by `tests/outbox/test_profiles.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = "profile_key"


class Profiles:
    """The table of keys and numbers; `dirty` when it is not saved."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = dict(numbers)
        self.dirty = bool(numbers)

    def number(self, key: str) -> int:
        """The key's number; the next free one for a key not seen before."""
        if key not in self._numbers:
            self._numbers[key] = max(self._numbers.values(), default=0) + 1
            self.dirty = True
        return self._numbers[key]

    def numbers(self) -> dict[str, int]:
        """Every key that was ever seen, in the order of the numbers."""
        return dict(sorted(self._numbers.items(), key=lambda item: item[1]))

    def add(self, state: Mapping[str, object]) -> None:
        """At start: what the file says counts."""
        saved = _numbers_from(state)
        taken = set(saved.values())
        others = {key: number for key, number in self._numbers.items() if number not in taken}
        self._numbers = others | saved
        self.dirty = self._numbers != saved

    def meet(self, state: Mapping[str, object]) -> dict[int, int]:
        """A file comes late, after numbers were given without it; those stay.

        Returns:
            The numbers in the file that must change, each with what it becomes.
        """
        changes: dict[int, int] = {}
        for key, number in _numbers_from(state).items():
            if key not in self._numbers and number not in self._numbers.values():
                self._numbers[key] = number
            elif self.number(key) != number:
                changes[number] = self.number(key)
        return changes

    def state(self) -> dict[str, str]:
        """What to save."""
        return {f"{_KEY}:{number}": key for key, number in self._numbers.items()}


def _numbers_from(state: Mapping[str, object]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for name, value in state.items():
        kind, _, number = name.partition(":")
        if kind == _KEY and number.isdecimal():
            numbers[str(value)] = int(number)
    return numbers
