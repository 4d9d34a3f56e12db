"""What a receiver itself says, made readable for a person: unpacked, in its own alphabet, as one line of plain text.

Pure. Held by `tests/sinks/test_words.py`.
"""

from __future__ import annotations

import codecs
import contextlib
import html
import re
import zlib
from typing import Final

MOST_BYTES: Final = 64 << 10
"""Of a body that was packed: no more is unpacked."""
_READ_BYTES: Final = 16 << 10
_LONGEST: Final = 200
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_BY_ITS_HEAD: Final = 47
"""Of zlib: gzip or deflate, as the packed bytes begin."""
_CHARSET = re.compile(r"charset=\"?([\w-]{1,20})", re.IGNORECASE)
_ALPHABETS: Final = frozenset(
    [
        *(f"iso-8859-{part}" for part in (1, 2, 5, 7, 9, 15)),
        *(f"windows-{page}" for page in range(1250, 1259)),
        *("utf-16", "koi8-r", "koi8-u"),
        *("gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"),
    ]
)
"""Those that text comes in; Python knows others, some of which are no alphabets."""
_MARKUP = re.compile(
    r"<(style|script)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FEW: Final = 4


def unpacked(body: bytes, coding: str) -> bytes:
    """The body of an answer as it was before its `Content-Encoding`; as it is where that is not true, or unknown."""
    if not coding or coding.strip().lower() not in _PACKED:
        return body
    try:
        return zlib.decompressobj(_BY_ITS_HEAD).decompress(body, MOST_BYTES)
    except zlib.error:
        return body


def readable(content: bytes, media_type: str = "") -> str:
    """What a receiver says, as one line: no markup, no control characters, blanks run together, cut short.

    Args:
        content: Its bytes; what is no text says nothing.
        media_type: Its `Content-Type`.
    """
    text = decoded(content[:_READ_BYTES], media_type)
    if "<" in text and media_type.lower().lstrip().startswith("text/html"):
        text = html.unescape(_MARKUP.sub(" ", text))
    if not text.isprintable():
        strange = len(_NOT_IN_TEXT.findall(text))
        if strange >= _FEW and strange * 16 > len(text):
            return ""
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def decoded(content: bytes, media_type: str = "") -> str:
    """UTF-8 where it is; else what the receiver names, and of what it does not name, the alphabet of the West."""
    with contextlib.suppress(UnicodeDecodeError):
        text = content.decode()
        if "\0" not in text:  # as nearly always; the rest takes longer
            return text
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    named = _CHARSET.search(media_type)
    alphabet = named[1].lower() if named and named[1].lower() in _ALPHABETS else ""
    if alphabet == "utf-16":
        return content.decode("utf-16-le", "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)  # may be cut in a character
    except UnicodeDecodeError:
        return content.decode(alphabet or "windows-1252", "replace")
