"""Takes a `multipart/form-data` body apart, strictly: what a receiver could stumble over is a fault.

The rules are those of RFC 7578 and RFC 2046 as PHP, Go and aiohttp read them. Nothing is guessed: a
body that ends without its last boundary is an error, not a short body.

Held by `tests/receiver/test_multipart.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_PARTS = 16
MAX_HEADER_BYTES = 8192

_BOUNDARY = re.compile(
    r';\s*boundary=(?:"([^"]{1,70})"|([0-9A-Za-z\'()+_,./:=?-]{1,70}))\s*(?:;|$)'
)
_PARAMETER = re.compile(r';\s*([a-z*]+)="((?:[^"\\]|\\.)*)"')
_CRLF = b"\r\n"


class MultipartError(ValueError):
    """What is wrong with a body, as one sentence."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `file_name` is `None` for a plain form field."""

    name: str
    file_name: str | None
    content_type: str
    content: bytes


def boundary_of(content_type: str) -> str:
    """The boundary that a `Content-Type` header names.

    Raises:
        MultipartError: It is not multipart, or names none.
    """
    if not content_type.lower().startswith("multipart/form-data"):
        raise MultipartError(f"Content-Type is {content_type!r:.80}: want multipart/form-data")
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MultipartError("Content-Type names no boundary of 1 to 70 allowed characters")
    return found[1] or found[2]


def split_parts(body: bytes, boundary: str) -> list[Part]:
    """The parts in order.

    Raises:
        MultipartError: The body is not exactly a sequence of parts between boundaries.
    """
    delimiter = b"--" + boundary.encode()
    if not body.startswith(delimiter):
        raise MultipartError("the body does not begin with its boundary")
    parts: list[Part] = []
    at = len(delimiter)
    while True:
        after = body[at : at + 2]
        if after == b"--":
            if body[at + 2 :] not in (_CRLF, b""):
                raise MultipartError(f"{len(body) - at - 2} bytes follow the last boundary")
            return parts
        if after != _CRLF:
            raise MultipartError("a boundary is not followed by CR LF")
        if len(parts) == MAX_PARTS:
            raise MultipartError(f"more than {MAX_PARTS} parts")
        end = body.find(_CRLF + delimiter, at + 2)
        if end < 0:
            raise MultipartError("the last boundary is missing: the body is cut off")
        parts.append(_part(body[at + 2 : end]))
        at = end + len(_CRLF) + len(delimiter)


def _part(raw: bytes) -> Part:
    head, blank, content = raw.partition(_CRLF + _CRLF)
    if not blank or len(head) > MAX_HEADER_BYTES:
        raise MultipartError(
            f"a part has no headers, or more than {MAX_HEADER_BYTES} bytes of them"
        )
    headers: dict[str, str] = {}
    for line in head.split(_CRLF):
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon or not name.strip() or any(letter in value for letter in "\r\n\0"):
            raise MultipartError(
                f"a part's header line is {line[:60].decode('utf-8', 'replace')!r}: want `Name: value`"
            )
        headers[name.strip().lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    if not disposition.lower().startswith("form-data"):
        raise MultipartError(f"Content-Disposition is {disposition[:60]!r}: want form-data")
    given = dict(_PARAMETER.findall(disposition[len("form-data") :]))
    if "name" not in given:
        raise MultipartError("Content-Disposition has no name")
    return Part(given["name"], given.get("filename"), headers.get("content-type", ""), content)
