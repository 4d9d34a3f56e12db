"""The plates door: the one normal form of plates, in which what looks the same is the same, and patterns of plates.

Letters go by their shape, not by their sound: Russia (GOST R 50577), Ukraine, Greece and others allow only letters that
look Latin on plates, and people type either. From that form come a plate's ASCII (`ascii_text`), its token in
file names (`file_token`) and the key by which lists compare it (`list_key`). Held by `tests/plates/test_plates.py`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, normalize

from cammra_edge._native import Patterns, edits

__all__ = ["WILDCARDS", "Patterns", "ascii_text", "edits", "file_token", "list_key"]

_LOOK_ALIKES = (
    ("АВЕКМНОРСТУХІЈЅҮ", "ABEKMHOPCTYXIJSY"),  # Cyrillic, with Ukraine's, Serbia's and Mongolia's
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),  # Greek
)
_TWINS = str.maketrans(
    {
        letter: twin
        for letters, twins in _LOOK_ALIKES
        for letter, twin in zip(letters + letters.lower(), twins + twins.lower(), strict=True)
    }
)
WILDCARDS = frozenset("*?")
_ASCII_SIGNS = frozenset(char for char in map(chr, range(128)) if not char.isalnum())
_NOT_IN_PLATE = str.maketrans(dict.fromkeys(_ASCII_SIGNS, ""))
_NOT_IN_PATTERN = str.maketrans(dict.fromkeys(_ASCII_SIGNS - WILDCARDS, ""))
_LONGEST_TOKEN = 64
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]+")
_EMOJI_NAME = re.compile(r":\w+:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Unicode's default ignorable code points among letters and marks; the rest of them are of category Cf."""


def _by_shape(text: str) -> str:
    """The text in NFKC, with Latin letters for those that look like them, also beneath an accent."""
    return normalize("NFC", normalize("NFKD", text).translate(_TWINS))


@lru_cache(maxsize=256)  # a plate is asked for several times an event, and has several events
def ascii_text(text: str) -> str:
    """The text in printable ASCII.

    Letters without a Latin twin are transliterated; what has no spelling, such as an emoji, is dropped.
    """
    return _CONTROL.sub("", text if text.isascii() else _spelled(text))


def _spelled(text: str) -> str:
    from anyascii import anyascii  # noqa: PLC0415 - most plates need none of its tables

    # A symbol has no spelling. An emoji outside these categories, or newer than Python, would be spelled by its name.
    spellings = (anyascii(char) for char in _by_shape(text) if category(char) not in {"So", "Sk"})
    return "".join(spelling for spelling in spellings if not _EMOJI_NAME.fullmatch(spelling))


@lru_cache(maxsize=256)  # as above
def file_token(text: str) -> str:
    """Letters and digits of a plate, as the vendor's file names have them: `TÖL SL123` is `TOLSL123`."""
    return _NOT_ALPHANUMERIC.sub("", ascii_text(text[: 4 * _LONGEST_TOKEN]))[:_LONGEST_TOKEN]


def list_key(text: str, *, pattern: bool = False) -> str:
    """Letters and digits alone, without case: `34A-368.37` is `34a36837`.

    Nothing is transliterated: two provinces of China that sound alike stay two.

    Args:
        text: A plate, or a pattern of plates.
        pattern: Whether its wildcards stay.
    """
    if text.isascii():
        return text.lower().translate(_NOT_IN_PATTERN if pattern else _NOT_IN_PLATE)
    kept_signs = WILDCARDS if pattern else frozenset[str]()
    visible = "".join(char for char in _INVISIBLE.sub("", text) if category(char) != "Cf")
    is_kept = False
    kept: list[str] = []
    for char in _by_shape(normalize("NFKD", visible).casefold()):
        # A mark goes with its letter: vowel signs tell Nepal's zones apart.
        with_letter = is_kept and category(char)[0] == "M"
        is_kept = char.isalnum() or char in kept_signs or with_letter
        if is_kept:
            kept.append(char)
    return "".join(kept)
