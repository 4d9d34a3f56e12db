"""What the program says to people, each phrase under a code: in English here, in other languages by code and values.

A room declares its phrases in tables of its own (`class Want(Phrase)`), beside what says them. Logs, scripts and the
command line get the English; the page words code and values from its own texts (`tests/house/test_phrases.py`).
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r"\{(\w+)\}")
_COUNT = "[0-9]{1,9}"
_LONGEST_RECOGNISED = 1000


class Said(str):
    """A phrase with its values: the English text, which also knows its code and its values.

    `Phrase` makes it; a text that is no phrase, such as one of another program's, has no code.
    """

    __slots__ = ("code", "values")
    code: str
    values: Mapping[str, str | int | float]

    def __new__(
        cls, text: str, code: str = "", values: Mapping[str, str | int | float] | None = None
    ) -> Self:
        """Put the text, its code and its values together."""
        said = super().__new__(cls, text)
        said.code = code
        said.values = values or {}
        return said

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self.code, self.values

    def plain(self) -> dict[str, Any]:
        """Code and values as JSON has them; a value that is a phrase itself also keeps its text."""
        return {
            "code": self.code,
            "values": {name: _plain(value) for name, value in self.values.items()},
        }


def _plain(value: str | float) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Said) and value.code:
        return {"text": unicode(value), **value.plain()}
    return unicode(value) if isinstance(value, str) else value


def counted(count: int, one: str, many: str = "") -> str:
    """So many of something, in English: `1 event`, `2 events`; `many` where an s does not make it."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def unicode(text: str) -> str:
    """The text as JSON can carry it: a lone surrogate becomes a question mark."""
    return text.encode(errors="replace").decode()


def quoted(text: str) -> Said:
    """A text that is no phrase, such as another program's words."""
    return Said(text)


class Phrase(Enum):
    """A table of phrases: the members' names are the codes, their texts have the values' names in braces.

    A member with two texts counts something, `n`, and has the second for one of it. Values are never secrets: they are
    sent to whoever may see the error, and may be translated around.
    """

    one: str

    def __new__(cls, english: str, one: str = "") -> Self:
        """Keep the text for one beside the usual text, which is the value."""
        member = object.__new__(cls)
        member._value_ = english
        member.one = one
        return member

    def __init__(self, english: str, one: str = "") -> None:
        """Say at once what needs no values: it is said for each message that is delivered."""
        del one
        code = self._name_.lower()
        self._bare = None if _PLACE.search(english) else Said(english, code)

    def __call__(self, **values: str | float) -> Said:
        """Say it with these values."""
        if self._bare is not None:
            return self._bare
        english = self.one if self.one and values["n"] == 1 else self.value
        text = _PLACE.sub(lambda place: str(values[place[1]]), english)
        return Said(text, self.code, values)

    @property
    def patterns(self) -> list[re.Pattern[str]]:
        """What matches its texts, whatever the values."""
        return [_pattern(english) for english in (self.value, self.one) if english]

    @property
    def own_letters(self) -> int:
        """How much of its text is its own."""
        return len(_PLACE.sub("", self.value))

    @property
    def code(self) -> str:
        """What programs know it by."""
        return self.name.lower()


_Tables = tuple[type[Phrase], ...]


def recognised(text: str, tables: _Tables) -> Said:
    """A text that was kept as such, as the phrase of these tables that it was; as it is where it was none.

    A value that was a phrase itself is one again.
    """
    if isinstance(text, Said) and text.code:
        return text
    if not 0 < len(text) <= _LONGEST_RECOGNISED:
        return quoted(text)
    for phrase, pattern in _patterns(tables):
        if found := pattern.fullmatch(text):
            values = {name: _value(part, tables) for name, part in found.groupdict().items()}
            if phrase.one:
                values["n"] = int(found.groupdict().get("n", 1))
            return Said(text, phrase.code, values)
    return quoted(text)


def _value(part: str, tables: _Tables) -> str | int:
    said = recognised(part, tables)
    return said if said.code else part


@lru_cache(maxsize=8)
def _patterns(tables: _Tables) -> list[tuple[Phrase, re.Pattern[str]]]:
    """What to look for: first what has most letters of its own."""
    phrases = [phrase for table in tables for phrase in table if phrase.own_letters]
    phrases.sort(key=lambda phrase: -phrase.own_letters)
    return [(phrase, pattern) for phrase in phrases for pattern in phrase.patterns]


def _pattern(english: str) -> re.Pattern[str]:
    parts = _PLACE.split(english)
    return re.compile(
        "".join(
            f"(?P<{part}>{_COUNT if part == 'n' else '.+?'})" if odd % 2 else re.escape(part)
            for odd, part in enumerate(parts)
        )
    )
