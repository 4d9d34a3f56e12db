"""Finds JSON objects in a stream of bytes, as a TCP receiver must: events come without any frame.

Feed it bytes, take objects out. Objects end where their braces do (outside strings); CR, LF, NUL, space
and tab may stand between them; a stream may instead begin each object with its length in four bytes,
big end first, which shows in its first five bytes. It never reads, waits or parses.

Invariants, held by `tests/receiver/test_objects.py`:

1. However the bytes are cut into pieces, the same objects come out.
2. Bytes that belong to no object are counted and left out; the next object is found again.
3. Memory stays under `max_object_bytes` plus one piece.
"""

from __future__ import annotations

import re

MAX_OBJECT_BYTES = 64 << 20

_LENGTH_BYTES = 4
_OPEN, _CLOSE = 0x7B, 0x7D
_BETWEEN = b"\r\n\0 \t"
_STRUCTURE = re.compile(rb'["{}]')
_STRING_END = re.compile(rb'["\\]')
_QUOTE, _BACKSLASH = 0x22, 0x5C


class ObjectScanner:
    """Cuts a byte stream into JSON objects.

    Args:
        max_object_bytes: A longer one is left out.
    """

    def __init__(self, max_object_bytes: int = MAX_OBJECT_BYTES) -> None:
        self.stray_bytes = 0
        """Bytes that belonged to no object."""
        self.too_long = 0
        """Objects that were longer than allowed."""
        self._max = max_object_bytes
        self._buffer = bytearray()
        self._prefixed: bool | None = None
        self._rewind()

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes in; hand out the objects that they complete."""
        self._buffer += piece
        found: list[bytes] = []
        while self._buffer:
            if self._prefixed is None and not self._look_at_start():
                break
            taken = self._take_prefixed() if self._prefixed else self._take_bare()
            if taken is None:
                break
            if taken:
                found.append(taken)
        return found

    def finish(self) -> bytes:
        """The stream has ended: what is left of an object that was cut off."""
        rest = bytes(self._buffer).strip(_BETWEEN)
        self._buffer.clear()
        self._rewind()
        return rest

    def _rewind(self) -> None:
        self._at, self._depth, self._in_string = 0, 0, False

    def _look_at_start(self) -> bool:
        """A length in front shows once, in the first five bytes of the connection."""
        if self._buffer[0] == _OPEN:
            self._prefixed = False
        elif len(self._buffer) > _LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:_LENGTH_BYTES])
            self._prefixed = self._buffer[_LENGTH_BYTES] == _OPEN and 1 < length <= self._max
        elif self._buffer.strip(_BETWEEN)[:1] == b"{":
            self._prefixed = False
        return self._prefixed is not None

    def _take_prefixed(self) -> bytes | None:
        if len(self._buffer) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[:_LENGTH_BYTES])
        if not 1 < length <= self._max:
            # No way to tell where the next one starts: look for a brace from here on.
            self.too_long += 1
            self._prefixed = False
            return b""
        if len(self._buffer) < _LENGTH_BYTES + length:
            return None
        taken = bytes(self._buffer[_LENGTH_BYTES : _LENGTH_BYTES + length])
        del self._buffer[: _LENGTH_BYTES + length]
        return taken

    def _take_bare(self) -> bytes | None:
        if self._depth == 0 and not self._find_start():
            return None
        end = self._find_end()
        if end is None:
            if len(self._buffer) > self._max:
                self.too_long += 1
                self._buffer.clear()
                self._rewind()
            return None
        taken = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._rewind()
        return taken

    def _find_start(self) -> bool:
        start = self._buffer.find(_OPEN)
        junk = self._buffer[: start if start >= 0 else len(self._buffer)]
        self.stray_bytes += len(junk.translate(None, _BETWEEN))
        del self._buffer[: len(junk)]
        self._rewind()
        return start >= 0

    def _find_end(self) -> int | None:
        buffer = self._buffer
        while True:
            found = (_STRING_END if self._in_string else _STRUCTURE).search(buffer, self._at)
            if found is None:
                self._at = max(self._at, len(buffer))
                return None
            letter, self._at = buffer[found.start()], found.end()
            if letter == _BACKSLASH:
                if self._at == len(buffer):
                    self._at -= 1  # what it escapes has not come yet
                    return None
                self._at += 1
            elif letter == _QUOTE:
                self._in_string = not self._in_string
            elif letter == _OPEN:
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    return self._at
