"""What the program says to people, each phrase under a code: in English here, in other languages by code and values.

A room declares its phrases in tables of its own (`class Want(Phrase)`), beside what says them. Logs, scripts and the
command line get the English; the page words code and values from its own texts (`tests/house/test_phrases.py`).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r"\{(\w+)\}")


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


def unicode(text: str) -> str:
    """The text as JSON can carry it: a lone surrogate becomes a question mark."""
    return text.encode(errors="replace").decode()


class Phrase(Enum):
    """A table of phrases: the members' names are the codes, their texts have the values' names in braces.

    Values are never secrets: they are sent to whoever may see the error, and may be translated around.
    """

    def __call__(self, **values: str | float) -> Said:
        """Say it with these values."""
        text = _PLACE.sub(lambda place: str(values[place[1]]), self.value)
        return Said(text, self.code, values)

    @property
    def code(self) -> str:
        """What programs know it by."""
        return self.name.lower()
