"""Which events bear a plate, wherever their record says it: as what is to be erased is looked for.

A plate stands in the fields that hold plates, and may stand in any free text: a list's description, a picture's name,
a field that a newer version wrote. Plates are compared whole; in other texts words that follow one another are taken
together, since a plate is written `34A 368.37`, too. Everything is compared in its normal form (`plates.list_key`).
Held by `tests/outbox/test_bearing.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cammra_edge.plates import WILDCARDS, Patterns, list_key

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WORDS = 6
"""Words of a text that may be one plate."""
LEAST_LITERAL = 4
"""Characters that a pattern must name to be looked for in texts: `a*` fits half of all words."""
_PLATES = frozenset({"text", "previous_plate", "image_text", "meant"})
_NO_TEXTS = frozenset(
    {
        "event_id", "kind", "direction", "info", "changed", "reliable_by", "spec", "why", "mode",
        "country", "region", "region_code", "iso3166_2", "profile", "verdict",
    }
)  # fmt: skip
"""Fields of the record that hold ids, words of our own, or what is known of the vehicle beside its plate."""
_WORDS = re.compile(r"[^\W_]+")
_NOT_ALPHANUMERIC = bytes(
    byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalnum()
)


class Bearing:
    """Says of texts and of records whether they bear a plate.

    Args:
        plate: In any spelling; `*` is any text, `?` one character.
    """

    def __init__(self, plate: str) -> None:
        self._key = list_key(plate, pattern=True)
        self._is_exact = WILDCARDS.isdisjoint(self._key)
        self._pattern = Patterns([self._key])
        literal = sum(char not in WILDCARDS for char in self._key)
        self._is_in_texts = self._is_exact or literal >= LEAST_LITERAL

    def is_plate(self, text: str) -> bool:
        """Is the whole text this plate?"""
        key = list_key(text)
        return key == self._key if self._is_exact else self._pattern.first(key) is not None

    def is_in(self, text: str) -> bool:
        """Does the text name this plate?"""
        if not self._is_in_texts or not text:
            return False
        if self.is_plate(text):
            return True
        if self._is_exact and self._key not in list_key(text):
            return False
        words = _WORDS.findall(text)
        return any(
            self.is_plate("".join(words[begin:end]))
            for begin in range(len(words))
            for end in range(begin + 1, min(begin + MOST_WORDS, len(words)) + 1)
        )

    def may_be_borne(self, record: bytes) -> bool:
        """Is it worth reading a record, which is JSON in ASCII? Quick, and right where it says no."""
        if not (self._is_exact and self._key.isascii()) or b"\\" in record:
            return True
        return self._key.encode() in record.translate(None, _NOT_ALPHANUMERIC).lower()

    def is_borne(self, record: object) -> bool:
        """Does a record (`codec.plain_from`) bear this plate anywhere?"""
        return any(
            self.is_plate(text) if name in _PLATES else self.is_in(text)
            for name, text in _texts_in(record, "")
        )


def _texts_in(value: object, name: str) -> Iterator[tuple[str, str]]:
    """Every text of a record, with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, held in value.items():
            if key not in _NO_TEXTS:
                yield from _texts_in(held, key)
    elif isinstance(value, list):
        for held in value:
            yield from _texts_in(held, name)
