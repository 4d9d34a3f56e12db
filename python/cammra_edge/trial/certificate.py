"""What a certificate says about itself: read from its DER, as Python reads only those it trusts.

Only subject, issuer and dates are read, and nothing is trusted: `read` returns empty texts for bytes that make no sense
(`tests/trial/test_trial.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONG_FORM = 0x80
_VERSION = 0xA0
_NAMES = {b"\x55\x04\x03": "CN", b"\x55\x04\x0a": "O", b"\x55\x04\x0b": "OU", b"\x55\x04\x06": "C"}
_UTC_TIME = 0x17
_CENTURY = 50


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who it is for, who signed it, and the dates from and to which it is valid (`YYYY-MM-DD`)."""

    subject: str = ""
    issuer: str = ""
    not_before: str = ""
    not_after: str = ""


def read(der: bytes) -> Certificate:
    """Parse a certificate."""
    try:
        (_, outer), *_ = _items(der)
        (_, body), *_ = _items(outer)
        members = [item for item in _items(body) if item[0] != _VERSION]
        _, _, issuer, validity, subject = (content for _, content in members[:5])
        begin, end = (_date(tag, content) for tag, content in _items(validity))
        return Certificate(_name(subject), _name(issuer), begin, end)
    except (ValueError, IndexError):
        return Certificate()


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each item in a row."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & _LONG_FORM:
            digits = length & ~_LONG_FORM
            length = int.from_bytes(data[at : at + digits])
            at += digits
        if at + length > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + length]
        at += length


def _name(data: bytes) -> str:
    parts = []
    for _, attributes in _items(data):
        for _, pair in _items(attributes):
            (_, oid), (_, value) = _items(pair)
            if oid in _NAMES:
                text = value.decode("utf-8", errors="replace")
                parts.append(
                    f"{_NAMES[oid]}={''.join(sign if sign.isprintable() else '?' for sign in text)}"
                )
    return ", ".join(parts)


def _date(tag: int, content: bytes) -> str:
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if int(text[:2]) >= _CENTURY else "20") + text
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"
