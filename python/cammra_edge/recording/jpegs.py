"""Where one JPEG ends and the next begins, and how large its picture is.

`JpegSplitter` takes bytes and returns whole JPEGs; it never reads, waits or decodes. It follows the markers
(ITU-T T.81, B.1.1), so an end marker inside a thumbnail or a comment ends nothing.

Invariants, held by `tests/recording/test_jpegs.py`:

1. However the bytes are cut into pieces, the same JPEGs come out.
2. `None` takes the place of a broken JPEG, so that the frames after it keep their numbers; a start marker that a camera
   wrote twice is part of its frame.
3. Memory stays under `max_jpeg_bytes` plus one piece, whatever comes in.
"""

from __future__ import annotations

import re

MAX_JPEG_BYTES = 32 << 20
NO_PICTURE = b"\xff\xd8\xff\xd9"
"""A JPEG without a picture, in the place of a frame that could not be read."""

_START = b"\xff\xd8\xff"
_SOI_BYTES = b"\xff\xd8"
# In coded data every 0xFF is followed by 0x00 (stuffing), 0xD0..0xD7 (restart) or 0xFF (fill).
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_STUFFING, _FILL = 0x00, 0xFF
_RESTARTS = range(0xD0, 0xD8)
_BREAKS = frozenset({_SOI, _STUFFING})
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class JpegSplitter:
    """Cuts a stream of JPEGs, one after another, into its JPEGs.

    Args:
        max_jpeg_bytes: A JPEG longer than this counts as broken.
    """

    def __init__(self, max_jpeg_bytes: int = MAX_JPEG_BYTES) -> None:
        self.skipped_bytes = 0
        """Bytes between JPEGs that belonged to none."""
        self._max_jpeg_bytes = max_jpeg_bytes
        self._buffer = bytearray()
        self._inside = False
        self._in_scan = False
        self._at = 0

    def feed(self, piece: bytes) -> list[bytes | None]:
        """Take in the next bytes; returns the JPEGs that they complete, `None` for a broken one."""
        self._buffer += piece
        done: list[bytes | None] = []
        while self._inside or self._enter():
            end = self._walk()
            if end is None:
                break
            self._inside = False
            if end > 0:
                jpeg = bytes(self._buffer[:end])
                done.append(None if jpeg == NO_PICTURE else jpeg)
                del self._buffer[:end]
            else:
                done.append(None)
                del self._buffer[: -end or 1]
        return done

    def finish(self) -> list[bytes | None]:
        """The stream has ended: a JPEG that is still open is broken."""
        cut_off = self._inside
        self._inside = False
        if not cut_off:
            self.skipped_bytes += len(self._buffer)
        self._buffer.clear()
        return [None] if cut_off else []

    def _enter(self) -> bool:
        start = self._buffer.find(_START)
        if start < 0:
            junk = max(0, len(self._buffer) - len(_START) + 1)
            self.skipped_bytes += junk
            del self._buffer[:junk]
            return False
        self.skipped_bytes += start
        del self._buffer[:start]
        self._inside, self._in_scan, self._at = True, False, 2
        return True

    def _walk(self) -> int | None:
        """Go on to the end: its offset, the negative offset where it broke, or `None` for more bytes."""
        while self._at <= self._max_jpeg_bytes:
            if self._in_scan and not self._skip_coded_data():
                break
            marker = self._marker()
            if marker is None:
                return None
            if marker == _SOI and self._only_starts():
                self._at += 2
                continue
            if marker in _BREAKS:
                return -self._at
            if marker == _EOI:
                return self._at + 2
            step = self._segment_bytes(marker)
            if step is None:
                return None
            self._at += step
            self._in_scan = marker == _SOS
        # Ran out of bytes, or of patience.
        return None if self._at <= self._max_jpeg_bytes else -min(self._at, len(self._buffer))

    def _only_starts(self) -> bool:
        """Some cameras write a frame's start marker twice."""
        return self._at % 2 == 0 and self._buffer[: self._at] == _SOI_BYTES * (self._at // 2)

    def _skip_coded_data(self) -> bool:
        found = _MARKER_IN_SCAN.search(self._buffer, self._at)
        self._in_scan = found is None
        self._at = max(self._at, len(self._buffer) - 1) if found is None else found.start()
        return found is not None

    def _marker(self) -> int | None:
        """The marker here, or `None` for more bytes; bytes that are no marker break as stuffing does."""
        here = self._buffer[self._at : self._at + 2]
        if len(here) < 2:  # noqa: PLR2004 - a marker is two bytes
            return None
        return here[1] if here[0] == _FILL else _STUFFING

    def _segment_bytes(self, marker: int) -> int | None:
        if marker == _FILL:
            return 1
        if marker == _TEM or marker in _RESTARTS:
            return 2
        length = self._buffer[self._at + 2 : self._at + 4]
        # A length below its own two bytes is broken: there is no marker where it leads.
        return 2 + int.from_bytes(length) if len(length) == 2 else None  # noqa: PLR2004 - as above


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height as the JPEG's frame header states them; `None` when it has none."""
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == _FILL:
        marker = jpeg[at + 1]
        if marker == _FILL:
            at += 1
        elif marker == _SOI:
            at += 2
        elif marker in _FRAME_HEADERS:
            height, width = (int.from_bytes(jpeg[at + k : at + k + 2]) for k in (5, 7))
            return (width, height) if width and height else None
        elif marker in (_SOS, _EOI):
            return None
        else:
            at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return None


def whole_jpeg(data: bytes) -> bool:
    """True when `data` is exactly one JPEG from start to end marker, with a picture in it."""
    splitter = JpegSplitter(max(len(data), 4))
    return splitter.feed(data) == [data] and jpeg_size(data) is not None
