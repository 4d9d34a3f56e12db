"""Plate lists: which list a plate stands on.

A pattern is a plate as people write it; `*` stands for any characters and `?` for one. Only letters and digits count,
by their shape and without case (`plates.list_key`). Block lists speak before allow lists, and these before custom ones,
each in the order given; the first match speaks. Held by `tests/config/test_lists.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass
from enum import StrEnum

from cammra_edge.errors import ConfigError
from cammra_edge.model import NOT_LISTED, ListMatch
from cammra_edge.plates import WILDCARDS, Patterns, list_key

MAX_LISTS = 50
MAX_ENTRIES = 20_000
MAX_PLATES = 100_000
MAX_PATTERNS = 10_000
"""The worst of so many take less than 1 ms for the worst plate (`plates.Patterns`)."""

MAX_KEY = 32
"""Letters, digits and wildcards of a pattern; the tracker keeps no longer texts."""

MAX_NAME = 64
MAX_DESCRIPTION = 200


class ListMode(StrEnum):
    """What standing on a list means; the values are the wire's `plateListMode`."""

    ALLOW = "allow"
    BLOCK = "block"
    CUSTOM = ""


_RANK = {ListMode.BLOCK: 0, ListMode.ALLOW: 1, ListMode.CUSTOM: 2}


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One line of a list: a plate or a pattern, and what is said about it."""

    pattern: str
    description: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            raise ConfigError("pattern", self.pattern, "a plate or a pattern")
        if len(self.pattern) > MAX_NAME or len(self.key) > MAX_KEY:
            want = f"at most {MAX_KEY} letters, digits and wildcards"
            raise ConfigError("pattern", self.pattern[:MAX_NAME], want)
        if len(self.description) > MAX_DESCRIPTION:
            raise ConfigError(
                "description", self.description[:20] + "…", f"at most {MAX_DESCRIPTION} characters"
            )

    @property
    def key(self) -> str:
        """What is compared."""
        return list_key(self.pattern, pattern=True)

    @property
    def has_wildcards(self) -> bool:
        """Whether it stands for more than one plate."""
        return not WILDCARDS.isdisjoint(self.key)


@dataclass(frozen=True, slots=True)
class PlateList:
    """Known plates under one name."""

    name: str
    mode: ListMode = ListMode.CUSTOM
    entries: Sequence[ListEntry] = ()

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME:
            raise ConfigError("name", self.name[:MAX_NAME], f"a name of 1 to {MAX_NAME} characters")
        if len(self.entries) > MAX_ENTRIES:
            raise ConfigError(
                "entries", f"{len(self.entries)} plates", f"at most {MAX_ENTRIES} plates in a list"
            )


def check_lists(lists: Sequence[PlateList], field: str) -> None:
    """Refuse more lists, plates or patterns than all lists together may have.

    Raises:
        ConfigError: Names the first list that is too much, and the bound.
    """
    plates = patterns = 0
    for number, plate_list in enumerate(lists):
        plates += len(plate_list.entries)
        patterns += sum(entry.has_wildcards for entry in plate_list.entries)
        for count, most, what in (
            (number + 1, MAX_LISTS, "lists"),
            (plates, MAX_PLATES, "plates in all lists"),
            (patterns, MAX_PATTERNS, "patterns with * or ? in all lists"),
        ):
            if count > most:
                raise ConfigError(f"{field}[{number}]", f"number {count}", f"at most {most} {what}")


class ListIndex:
    """The lists, ready to be asked."""

    def __init__(self, lists: Iterable[PlateList]) -> None:
        """Index the lists in the order in which they speak."""
        self._entries = [
            (plate_list, entry)
            for plate_list in sorted(lists, key=lambda plate_list: _RANK[plate_list.mode])
            for entry in plate_list.entries
        ]
        self._plates: dict[str, int] = {}
        patterns: dict[str, int] = {}
        for order, (_, entry) in enumerate(self._entries):
            same_kind = patterns if entry.has_wildcards else self._plates
            same_kind.setdefault(entry.key, order)
        self._patterns = Patterns(tuple(patterns))
        self._pattern_orders = tuple(patterns.values())

    def find(self, text: str) -> ListMatch:
        """The entry that speaks for this plate; an empty match when none does."""
        key = list_key(text)
        orders = [self._plates[key]] if key in self._plates else []
        pattern = self._patterns.first(key) if key else None
        if pattern is not None:
            orders.append(self._pattern_orders[pattern])
        if not orders:
            return NOT_LISTED
        plate_list, entry = self._entries[min(orders)]
        return ListMatch(
            name=plate_list.name, mode=plate_list.mode.value, description=entry.description
        )
