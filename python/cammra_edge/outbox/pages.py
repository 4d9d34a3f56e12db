"""Rows out of a SQLite file that SQLite itself gives up on.

Follows https://www.sqlite.org/fileformat2.html: walks every page, not the tree, so a broken page costs its own
rows and not those behind it. Pages of the write-ahead log lie over those of the file, also the ones
behind a broken frame, which SQLite drops. Nothing found here is believed without its CRC.
Held by `tests/outbox/test_salvage.py`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

PAGE = 4096
_TABLE_LEAF = 0x0D
_INDEX_LEAF = 0x0A
_INDEX_INTERIOR = 0x02
_WAL_HEADER = 32
_FRAME_HEADER = 24
_FILE_HEADER = 100
_MOST_COLUMNS = 32
_MOST_BYTES = 64 << 20
_TABLE_LOCAL = PAGE - 35
_INDEX_LOCAL = (PAGE - 12) * 64 // 255 - 23
_LEAST_LOCAL = (PAGE - 12) * 32 // 255 - 23
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_FLOAT = 7
_FIRST_BLOB = 12

Value = int | str | bytes | None


class Row(NamedTuple):
    """A row found: its rowid (0 in a table without), and its columns."""

    rowid: int
    values: tuple[Value, ...]


class Pages:
    """The newest image of every page of a database and its log."""

    def __init__(self, database: Path, wal: bytes) -> None:
        self._file = database.open("rb") if database.exists() else None
        self._count = database.stat().st_size // PAGE if self._file else 0
        self._frames: dict[int, list[int]] = {}
        self._wal = wal
        self._read_frames()
        self._free = self._free_pages()

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()

    def _read_frames(self) -> None:
        """Note where the pages of the log's present generation lie, sound or not."""
        salts = self._wal[16:24]
        for at in range(
            _WAL_HEADER, len(self._wal) - _FRAME_HEADER - PAGE + 1, _FRAME_HEADER + PAGE
        ):
            if self._wal[at + 8 : at + 16] == salts:
                (number,) = struct.unpack_from(">I", self._wal, at)
                self._frames.setdefault(number, []).append(at + _FRAME_HEADER)

    def _versions(self, number: int) -> Iterator[bytes]:
        """The images of a page, newest first."""
        for at in reversed(self._frames.get(number, [])):
            yield self._wal[at : at + PAGE]
        if self._file and 0 < number <= self._count:
            self._file.seek((number - 1) * PAGE)
            content = self._file.read(PAGE)
            if len(content) == PAGE:
                yield content

    def _page(self, number: int) -> bytes:
        for content in self._versions(number):
            return content
        raise ValueError("a page that is not there")

    def _free_pages(self) -> set[int]:
        """Pages that hold only what was deleted, as far as their list is sound."""
        free: set[int] = set()
        try:
            (trunk,) = struct.unpack_from(">I", self._page(1), 32)
            while trunk and trunk not in free:
                free.add(trunk)
                page = self._page(trunk)
                trunk, count = struct.unpack_from(">II", page)
                if count > PAGE // 4 - 2:
                    break
                free.update(struct.unpack_from(f">{count}I", page, 8))
        except ValueError:
            pass
        return free

    def rows(self) -> Iterator[Row]:
        """Every row that can be read, of every table, in no order."""
        for number in sorted({*range(1, self._count + 1), *self._frames}):
            if number in self._free:
                continue
            for content in self._versions(number):
                whole = yield from self._rows_of(content, _FILE_HEADER if number == 1 else 0)
                if whole:
                    break

    def _rows_of(self, page: bytes, at: int) -> Generator[Row, None, bool]:
        """Rows of one page image; returns whether it looks sound."""
        kind = page[at]
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            return True
        (cells,) = struct.unpack_from(">H", page, at + 3)
        pointers = at + (12 if kind == _INDEX_INTERIOR else 8)
        if pointers + 2 * cells > PAGE:
            return False
        whole = True
        for cell in struct.unpack_from(f">{cells}H", page, pointers):
            try:
                yield self._row_at(page, cell, kind)
            except (ValueError, IndexError, struct.error):
                whole = False
        return whole

    def _row_at(self, page: bytes, at: int, kind: int) -> Row:
        if kind == _INDEX_INTERIOR:
            at += 4
        length, at = _varint(page, at)
        rowid = 0
        if kind == _TABLE_LEAF:
            rowid, at = _varint(page, at)
        if not 0 < length <= _MOST_BYTES:
            raise ValueError("an absurd length")
        most = _TABLE_LOCAL if kind == _TABLE_LEAF else _INDEX_LOCAL
        if length <= most:
            local = length
        else:
            local = _LEAST_LOCAL + (length - _LEAST_LOCAL) % (PAGE - 4)
            local = local if local <= most else _LEAST_LOCAL
        payload = page[at : at + local]
        if length > local:
            (following,) = struct.unpack_from(">I", page, at + local)
            payload += self._overflow(following, length - local)
        if len(payload) != length:
            raise ValueError("a row that runs over its page")
        return Row(rowid, _values(payload))

    def _overflow(self, number: int, left: int) -> bytes:
        parts: list[bytes] = []
        while left > 0:
            page = self._page(number)
            (number,) = struct.unpack_from(">I", page)
            parts.append(page[4 : 4 + min(left, PAGE - 4)])
            left -= PAGE - 4
        return b"".join(parts)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """SQLite's variable-length integer, and where it ends."""
    value = 0
    for step in range(8):
        byte = content[at + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, at + step + 1
    value = value << 8 | content[at + 8]
    return (value - (1 << 64) if value >> 63 else value), at + 9


def _values(payload: bytes) -> tuple[Value, ...]:
    """The columns of a record."""
    header, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            raise ValueError("too many columns")
    if at != header:
        raise ValueError("a header that does not end where it says")
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise ValueError("a record that does not end where it says")
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in _INTEGER_BYTES:
        size = _INTEGER_BYTES[kind]
        return int.from_bytes(payload[at : at + size], "big", signed=True), at + size
    if kind in (8, 9):
        return kind - 8, at
    if kind < _FIRST_BLOB or kind == _FLOAT:
        raise ValueError("a type that we never write")
    size = (kind - _FIRST_BLOB) // 2
    content = payload[at : at + size]
    if len(content) != size:
        raise ValueError("a value that runs over its record")
    return (content.decode("utf-8") if kind % 2 else content), at + size
