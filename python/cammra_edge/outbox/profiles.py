"""Which number stands for which profile: settings and people go by key, deliveries and the wire by number.

Numbers are given in the order in which keys first appear, and a key keeps its number for ever, whatever becomes
of its profile's name, place and URL. Saved with the next group, and beside the mark. Not thread-safe: the
outbox has the lock. Held by `tests/outbox/test_profiles.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.noted import MOST_PROFILES, by_number

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = "profile_key:"
KEYED = _KEY.encode()
"""Stands in a saved state that tells of keys."""


class Profiles:
    """The table of keys and numbers; `dirty` when it is not saved."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._saving: dict[str, int] = {}
        self._saved: dict[str, int] = {}

    @property
    def dirty(self) -> bool:
        """Is there anything that is not saved?"""
        return self._numbers != self._saved

    def number(self, key: str) -> int:
        """The key's number; the next free one for a key not seen before."""
        if key not in self._numbers:
            self._numbers[key] = max(self._numbers.values(), default=0) + 1
        return self._numbers[key]

    def numbers(self) -> dict[str, int]:
        """Every key that was ever seen, in the order of the numbers."""
        return dict(sorted(self._numbers.items(), key=lambda item: item[1]))

    def add(self, noted: Mapping[str, int], state: Mapping[str, object]) -> None:
        """At start: what the log says counts, then what was noted beside it."""
        self._saved = self._saving = numbers_from(state)
        taken = set(self._saved.values())
        others = {key: number for key, number in noted.items() if number not in taken}
        self._numbers = others | self._saved

    def meet(self, state: Mapping[str, object]) -> dict[int, int]:
        """A log comes late, after numbers were given without it; those stay.

        Returns:
            The numbers in the log that must change, each with what it becomes.
        """
        theirs = numbers_from(state)
        for key, number in theirs.items():
            if key not in self._numbers and number not in self._numbers.values():
                self._numbers[key] = number
        return {
            number: self.number(key) for key, number in theirs.items() if self.number(key) != number
        }

    def state(self) -> dict[str, object]:
        """What to save."""
        self._saving = dict(self._numbers)
        return {f"{_KEY}{number}": key for key, number in self._numbers.items()}

    def saved(self) -> dict[str, int] | None:
        """What `state` gave is written; returns it where it is new."""
        if self._saved is self._saving:
            return None
        self._saved = self._saving
        return self._saved


def numbers_from(state: Mapping[str, object]) -> dict[str, int]:
    """The numbers by key that a saved state tells."""
    return {str(key): number for number, key in by_number(state, _KEY, MOST_PROFILES).items()}


def renumbered(before: Mapping[str, int], after: Mapping[str, int]) -> dict[int, int]:
    """What became of each number between two states of the table."""
    return {
        number: after[key]
        for key, number in before.items()
        if key in after and after[key] != number
    }
