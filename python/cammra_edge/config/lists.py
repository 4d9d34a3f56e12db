"""Plate lists: which list a plate stands on.

A pattern is a plate as people write it; `*` stands for any characters and `?` for one. Only letters and digits count,
by their shape and without case (`plates.list_key`). Block lists speak before allow lists, and these before custom ones,
each in the order given; the first match speaks. Where none does, the lists with `one_off` are asked for a plate that
differs in one character: replaced, missing or too much. Held by `tests/config/test_lists.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Literal

from cammra_edge.checks import items, text
from cammra_edge.config.wants import ConfigWant
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, Taken, record, required, setting, settings
from cammra_edge.model import NOT_LISTED, ListMatch
from cammra_edge.plates import WILDCARDS, Patterns, list_key

MAX_LISTS = 50
MAX_ENTRIES = 20_000
MAX_PLATES = 100_000
MAX_PATTERNS = 10_000
"""The worst of so many take less than 1 ms for the worst plate (`plates.Patterns`)."""

MAX_KEY = 32
"""Letters, digits and wildcards of a pattern; the tracker keeps no longer texts."""

_MISREAD_LETTERS, _MISREAD_LENGTH = 100, 16
"""A plate of at most so many characters is looked up with each of the lists' so many most frequent letters in place of
one of its own or beside them: some 3,000 texts, whatever the lists hold."""

MAX_NAME = 64
MAX_DESCRIPTION = 200


class ListMode(StrEnum):
    """What standing on a list means; the values are the wire's `plateListMode`."""

    ALLOW = "allow"
    BLOCK = "block"
    CUSTOM = ""


ListWord = Literal["allow", "block", ""]

_RANK = {ListMode.BLOCK: 0, ListMode.ALLOW: 1, ListMode.CUSTOM: 2}


@settings
class ListEntry(Checked):
    """One line of a list: a plate or a pattern, and what is said about it."""

    pattern: str = required(text(least=1, most=MAX_NAME))
    description: str = setting("", text(most=MAX_DESCRIPTION))

    def _agree(self) -> None:
        length = len(self.key)
        if not length:
            raise ConfigError("pattern", self.pattern, ConfigWant.PLATE_OR_PATTERN())
        if length > MAX_KEY:
            want = ConfigWant.SIGNS_AT_MOST(most=MAX_KEY)
            raise ConfigError("pattern", self.pattern, want)

    @property
    def key(self) -> str:
        """What is compared."""
        return list_key(self.pattern, pattern=True)

    @property
    def has_wildcards(self) -> bool:
        """Whether it stands for more than one plate."""
        return not WILDCARDS.isdisjoint(self.key)


@settings
class PlateList(Checked):
    """Known plates under one name.

    Args:
        name: How people call it.
        mode: What standing on it means.
        entries: The plates and patterns.
        one_off: Whether a plate that is one character away from one of the plates stands on it too: good for a watch
            list, never for a barrier.
    """

    name: str = required(text(least=1, most=MAX_NAME))
    mode: Taken[ListMode, ListMode | ListWord] = setting(ListMode.CUSTOM)
    entries: Taken[tuple[ListEntry, ...], Sequence[ListEntry]] = setting(
        (), items(record(ListEntry), most=MAX_ENTRIES)
    )
    one_off: bool = False

    def _agree(self) -> None:
        if not self.name.strip():
            raise ConfigError("name", self.name, ConfigWant.NAME_NOT_BLANK())

    def _owner(self) -> str:
        return f"plate list {self.name!r}"


def check_lists(lists: Sequence[PlateList], field: str) -> None:
    """Refuse more plates or patterns than all lists together may have.

    Raises:
        ConfigError: Names the first list that is too much, and the bound.
    """
    plates = patterns = 0
    for number, plate_list in enumerate(lists):
        plates += len(plate_list.entries)
        patterns += sum(entry.has_wildcards for entry in plate_list.entries)
        for count, most, want in (
            (plates, MAX_PLATES, ConfigWant.PLATES_AT_MOST),
            (patterns, MAX_PATTERNS, ConfigWant.PATTERNS_AT_MOST),
        ):
            if count > most:
                raise ConfigError(f"{field}[{number}]", f"number {count}", want(most=most))


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
        self._near: dict[str, int] = {}
        patterns: dict[str, int] = {}
        for order, (plate_list, entry) in enumerate(self._entries):
            if entry.has_wildcards:
                patterns.setdefault(entry.key, order)
                continue
            self._plates.setdefault(entry.key, order)
            if plate_list.one_off:
                self._near.setdefault(entry.key, order)
        letters = Counter(letter for key in self._near for letter in key)
        self._letters = [letter for letter, _ in letters.most_common(_MISREAD_LETTERS)]
        self._patterns = Patterns(tuple(patterns))
        self._pattern_orders = tuple(patterns.values())

    def find(self, text: str) -> ListMatch:
        """The entry that speaks for this plate; an empty match when none does."""
        key = list_key(text)
        orders = [self._plates[key]] if key in self._plates else []
        pattern = self._patterns.first(key) if key else None
        if pattern is not None:
            orders.append(self._pattern_orders[pattern])
        near = [] if orders or not self._near else self._one_off(key)
        if not orders and not near:
            return NOT_LISTED
        plate_list, entry = self._entries[min(orders or near)]
        return ListMatch(
            name=plate_list.name,
            mode=plate_list.mode.value,
            description=entry.description,
            meant=entry.pattern if near else "",
        )

    def _one_off(self, key: str) -> list[int]:
        """The entries that are one character away from a plate: every such text is looked up."""
        if not 1 < len(key) <= _MISREAD_LENGTH:
            return []  # of a single character nothing would be left that is the same
        cuts = [(key[:at], key[at:]) for at in range(len(key) + 1)]
        texts = {before + behind[1:] for before, behind in cuts if behind}
        for letter in self._letters:
            texts.update(before + letter + behind for before, behind in cuts)
            texts.update(before + letter + behind[1:] for before, behind in cuts if behind)
        return [self._near[text] for text in texts if text in self._near]
