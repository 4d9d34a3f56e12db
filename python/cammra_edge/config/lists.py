"""Plate lists: which list a plate stands on.

A pattern is a plate as people write it; `*` stands for any letters and `?` for one. Case, spaces and
hyphens do not count. Block lists are asked first, then allow lists, then custom ones, each in the
order given; the first match speaks (`tests/config/test_lists.py`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass
from enum import StrEnum

from cammra_edge.errors import ConfigError
from cammra_edge.model import NOT_LISTED, ListMatch

MAX_ENTRIES = 20_000
MAX_PATTERN = 64
MAX_DESCRIPTION = 200
_IGNORED = re.compile(r"[\s\-\u2010\u2011\u2013]+")


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
        if not normal(self.pattern):
            raise ConfigError("pattern", self.pattern, "a plate or a pattern")
        if len(self.pattern) > MAX_PATTERN:
            raise ConfigError(
                "pattern", self.pattern[:MAX_PATTERN] + "…", f"at most {MAX_PATTERN} characters"
            )
        if len(self.description) > MAX_DESCRIPTION:
            raise ConfigError(
                "description", self.description[:20] + "…", f"at most {MAX_DESCRIPTION} characters"
            )


@dataclass(frozen=True, slots=True)
class PlateList:
    """Known plates under one name."""

    name: str
    mode: ListMode = ListMode.CUSTOM
    entries: Sequence[ListEntry] = ()

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_PATTERN:
            raise ConfigError(
                "name", self.name[:MAX_PATTERN], f"a name of 1 to {MAX_PATTERN} characters"
            )
        if len(self.entries) > MAX_ENTRIES:
            raise ConfigError(
                "entries", f"{len(self.entries)} plates", f"at most {MAX_ENTRIES} plates in a list"
            )


def normal(text: str) -> str:
    """A plate without case, spaces and hyphens, as lists compare it."""
    return _IGNORED.sub("", text).upper()


class ListIndex:
    """The lists, ready to be asked; plain plates by table, patterns one after another."""

    def __init__(self, lists: Iterable[PlateList]) -> None:
        """Index the lists in the order in which they speak."""
        self._plain: dict[str, tuple[int, ListMatch]] = {}
        self._patterns: list[tuple[int, str, ListMatch]] = []
        order = 0
        for one in sorted(lists, key=lambda one: _RANK[one.mode]):
            for entry in one.entries:
                match = ListMatch(name=one.name, mode=one.mode.value, description=entry.description)
                key = normal(entry.pattern)
                if "*" in key or "?" in key:
                    self._patterns.append((order, key, match))
                else:
                    self._plain.setdefault(key, (order, match))
                order += 1

    def find(self, text: str) -> ListMatch:
        """The entry that speaks for this plate; an empty match when none does."""
        key = normal(text)
        if not key:
            return NOT_LISTED
        best = self._plain.get(key)
        for order, pattern, match in self._patterns:
            if best is not None and best[0] < order:
                break
            if _fits(pattern, key):
                return match
        return best[1] if best is not None else NOT_LISTED


def _fits(pattern: str, text: str) -> bool:
    # Not `re`: a pattern of many stars would make it try every split of a hostile text.
    at = start = 0
    star = -1
    place = 0
    while at < len(text):
        if place < len(pattern) and pattern[place] in {"?", text[at]} and pattern[place] != "*":
            at, place = at + 1, place + 1
        elif place < len(pattern) and pattern[place] == "*":
            star, start, place = place, at, place + 1
        elif star >= 0:
            start, place = start + 1, star + 1
            at = start
        else:
            return False
    return not pattern[place:].strip("*")


def entries_from_csv(text: str) -> tuple[ListEntry, ...]:
    """Read `plate,description` lines; a heading line and `;` as the separator are understood.

    Raises:
        ConfigError: Names the line.
    """
    text = text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    made: list[ListEntry] = []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1):
            if not row or not row[0].strip():
                continue
            if number == 1 and row[0].strip().lower() in {"plate", "pattern", "number plate"}:
                continue
            try:
                made.append(ListEntry(row[0].strip(), row[1].strip() if len(row) > 1 else ""))
            except ConfigError as error:
                raise ConfigError(f"line {number}", error.value, error.want) from error
            if len(made) > MAX_ENTRIES:
                raise ConfigError(
                    f"line {number}",
                    "one plate too many",
                    f"at most {MAX_ENTRIES} plates in a list",
                )
    except csv.Error as error:
        raise ConfigError("csv", str(error), "lines of plate,description") from error
    return tuple(made)


def csv_from_entries(entries: Iterable[ListEntry]) -> str:
    """Write the lines that `entries_from_csv` reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("plate", "description"))
    writer.writerows((entry.pattern, entry.description) for entry in entries)
    return out.getvalue()
