"""Cuts MJPEG over HTTP (`multipart/x-mixed-replace`, RFC 2046) into its pictures, as cameras really send it.

Takes bytes, returns pictures; never reads or waits. What cameras do, and what becomes of it:

* parts without a length: a part ends before the next boundary line, and where its JPEG ends;
* a wrong length: where no boundary follows the bytes that it counts, it is not believed;
* a boundary declared with the dashes that belong before it, in quotes, or not at all: the first line that begins with
  two dashes is the boundary;
* parts of another type (events as text): skipped; parts without a type count as pictures if they begin as a JPEG does;
* a picture cut in the middle: it ends at the boundary, and is handed out as it is; whoever decodes it judges it.

However the bytes are cut into pieces, the same pictures come out, and memory stays under `MAX_JPEG_BYTES` plus one
piece (`tests/camera/test_parts.py`).
"""

from __future__ import annotations

import re

from cammra_edge.recording.jpegs import MAX_JPEG_BYTES

_JPEG_BEGINS = b"\xff\xd8\xff"
_MAX_HEADER_BYTES = 16 << 10
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?$")
_TYPE = re.compile(rb"(?im)^content-type[ \t]*:[ \t]*([^\s;]+)")
_FIRST_BOUNDARY = re.compile(rb"(?:^|\n)--([^\r\n]{1,200}?)[ \t]*\r?\n")


class PartSplitter:
    """Takes the body of one answer.

    Args:
        boundary: As the answer's header declares it; empty where it does not.
    """

    def __init__(self, boundary: str = "") -> None:
        token = boundary.encode("latin-1", "replace").strip().strip(b'"').lstrip(b"-")
        self._delimiter = _delimiter(token) if token else None
        self._buffer = bytearray()
        self._length: int | None = None
        self._is_picture = False
        self._inside = False
        self._searched = 0

    def feed(self, piece: bytes) -> list[bytes | None]:
        """Take in the next bytes; returns the pictures that they complete, `None` for one that is none."""
        self._buffer += piece
        done: list[bytes | None] = []
        while True:
            if not self._inside:
                if not self._enter():
                    break
            else:
                ended = self._end()
                if ended is None:
                    break
                if self._is_picture:
                    done.append(_picture(ended))
        return done

    def _enter(self) -> bool:
        """Past the boundary line and the part's headers."""
        delimiter = self._found_delimiter()
        line = delimiter.search(self._buffer) if delimiter else None
        if line is None:
            self._forget_all_but(_MAX_HEADER_BYTES)
            return False
        blank = _BLANK_LINE.search(self._buffer, max(0, line.end() - 1))
        if blank is None:
            if len(self._buffer) - line.end() > _MAX_HEADER_BYTES:
                del self._buffer[: line.end()]  # no headers: look for another boundary
                return True
            return False
        headers = bytes(self._buffer[line.end() : blank.end()])
        del self._buffer[: blank.end()]
        length, kind = _LENGTH.search(headers), _TYPE.search(headers)
        self._length = int(length[1]) if length else None
        self._is_picture = kind is None or kind[1].lower() in {b"image/jpeg", b"image/jpg"}
        self._inside, self._searched = True, 0
        return True

    def _found_delimiter(self) -> re.Pattern[bytes] | None:
        if self._delimiter is None and (first := _FIRST_BOUNDARY.search(self._buffer)):
            self._delimiter = _delimiter(first[1].lstrip(b"-"))
        return self._delimiter

    def _end(self) -> bytes | None:
        """The part's bytes once they are whole; `None` for more bytes."""
        length = self._length
        if length is not None and length <= MAX_JPEG_BYTES:
            if len(self._buffer) < length:
                return None
            if self._is_right(length):
                return self._cut(length)
            if len(self._buffer) < length + _MAX_HEADER_BYTES and not self._buffer[length:].strip():
                # Nothing follows yet. A picture that ends as one does need not wait for the next.
                return self._cut(length) if self._ends_well(length) else None
            self._length = None
        delimiter = self._delimiter
        line = delimiter.search(self._buffer, self._searched) if delimiter else None
        if line is not None:
            return self._cut(line.start())
        self._searched = max(0, len(self._buffer) - _MAX_HEADER_BYTES)
        if len(self._buffer) > MAX_JPEG_BYTES:
            self._buffer.clear()
            self._inside = False
        return None

    def _is_right(self, length: int) -> bool:
        """A boundary line follows the bytes that the length counts."""
        delimiter = self._delimiter
        if delimiter is None:
            return False
        line = delimiter.search(self._buffer, max(0, length - 1), length + _MAX_HEADER_BYTES)
        return line is not None and not self._buffer[length : line.start()].strip()

    def _ends_well(self, length: int) -> bool:
        return self._buffer[:length].rstrip(b"\r\n").endswith(b"\xff\xd9")

    def _cut(self, length: int) -> bytes:
        part = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._inside = False
        return part

    def _forget_all_but(self, count: int) -> None:
        if len(self._buffer) > count:
            del self._buffer[: len(self._buffer) - count]


def _delimiter(token: bytes) -> re.Pattern[bytes]:
    """A line of dashes and the token: cameras write two dashes before it, none, or declare it with them."""
    return re.compile(rb"(?:^|\r?\n)-{0,6}" + re.escape(token) + rb"(?:--)?[ \t]*(?=\r?\n)")


def _picture(part: bytes) -> bytes | None:
    begins = part.find(_JPEG_BEGINS, 0, 64)
    return part[begins:].rstrip(b"\r\n") if begins >= 0 else None
