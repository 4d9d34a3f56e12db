"""Every spelling that a plate may have in a file or an answer, and where one of them is."""

from __future__ import annotations

import itertools
import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from cammra_edge.outbox import packing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PACKED = packing.packed(b"{}")[:6]
"""What a packed text begins with."""


def spellings(plate: str) -> set[bytes]:
    """The plate in upper and lower case, in UTF-8 and UTF-16, as JSON and as an address escape it."""
    found: set[bytes] = set()
    for text in (plate, plate.lower(), plate.upper()):
        escaped = "".join(f"\\u{ord(char):04x}" for char in text)
        found |= {
            text.encode(),
            text.encode("utf-16-le"),
            text.encode("utf-16-be"),
            json.dumps(text)[1:-1].encode(),
            escaped.encode(),
            escaped.upper().replace("\\U", "\\u").encode(),
            quote(text).encode(),
        }
    return found


def traces(content: bytes, *plates: str) -> list[bytes]:
    """Which spellings of these plates are in a text."""
    needles = itertools.chain.from_iterable(map(spellings, plates))
    return sorted({needle for needle in needles if needle in content})


def traces_in(folder: Path, *plates: str) -> dict[str, list[bytes]]:
    """Which files hold, or are called by, a spelling of these plates."""
    return {
        str(path.relative_to(folder)): found
        for path, content in _contents(folder)
        if (found := traces(str(path.relative_to(folder)).encode() + b"\0" + content, *plates))
    }


def _contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield path, b"\0".join([content, *_unpacked(content)])


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What of each packed text can be read, whatever lies around it."""
    at = content.find(_PACKED)
    while at >= 0:
        unpacker = zlib.decompressobj(zdict=packing._DICTIONARY)
        with suppress(zlib.error):
            yield unpacker.decompress(content[at : at + packing.MOST_BYTES], packing.MOST_BYTES)
        at = content.find(_PACKED, at + 1)
