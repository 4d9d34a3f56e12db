"""The tables, their version, and a connection that keeps what it promises.

`synchronous` belongs to a connection and not to the file, so it is set and read back at every
opening; page size 4096 writes least (a bigger page is rewritten whole for a small row). A file of a
newer version is refused, an older one is brought up step by step. Held by `tests/outbox/test_outbox.py`.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID = 0x43454F58  # "CEOX": says whose file it is
VERSION = 1
PAGE_BYTES = 4096
SYNCHRONOUS = {"power": 2, "process": 1}  # FULL and NORMAL: SQLite's own numbers
CHECKPOINT_PAGES = 2000

_TABLES = """
create table state (name text primary key, value not null) without rowid;
create table events (
    seq integer primary key, bytes integer not null, image_nos text not null,
    crc integer not null, body blob not null);
create table images (
    no integer primary key, image_key text not null, bytes integer not null,
    crc integer not null, data blob not null);
create table image_uses (no integer, seq integer, primary key (no, seq)) without rowid;
create table deliveries (
    seq integer, profile_id integer, packet integer not null, state integer not null,
    attempts integer not null, car_id integer not null, kind text not null, stored_ns integer not null,
    bytes integer not null, pictures integer not null, why text, words text, parked_utc_ns integer,
    primary key (seq, profile_id)) without rowid;
create table vehicles (
    stream_id text, vehicle_no integer, car_id integer not null,
    last_seq integer not null, event_ids blob not null,
    primary key (stream_id, vehicle_no)) without rowid;
create table open_vehicles (
    car_id integer primary key, stream_id text not null, image_nos text not null,
    crc integer not null, body blob not null);
"""

_UPGRADES: dict[int, str] = {}
"""Statements that bring a file of the version named by the key to the next one."""


class ForeignFileError(sqlite3.DatabaseError):
    """A good database, but not one of ours."""


def connect(path: Path, *, durability: str) -> sqlite3.Connection:
    """Open or make the database at `path` and verify how it will write.

    Raises:
        OutboxError: A newer version wrote it, or a setting did not hold.
        sqlite3.Error: The disk, or the file, is not well.
    """
    connection = _opened(path)
    try:
        # No other process may read it (the lock file sees to that), so no shared-memory file is
        # needed, and a file system without mmap will do.
        connection.execute("pragma locking_mode = exclusive")
        connection.execute(f"pragma page_size = {PAGE_BYTES}")
        _migrate(connection, path)
        mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
        _must_hold(path, "journal_mode", mode, "wal")
        level = SYNCHRONOUS[durability]
        connection.execute(f"pragma synchronous = {level}")
        held = connection.execute("pragma synchronous").fetchone()[0]
        _must_hold(path, "synchronous", held, level)
        connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("pragma cache_size = -2048")  # KiB: flat whatever the backlog
        connection.execute("pragma temp_store = memory")
    except BaseException:
        connection.close()
        raise
    return connection


def _must_hold(path: Path, setting: str, held: object, want: object) -> None:
    if held != want:
        raise OutboxError(f"{path}: {setting} is {held!r}: want {want!r}")


def connect_memory() -> sqlite3.Connection:
    """The same tables in memory."""
    connection = _opened(":memory:")
    _migrate(connection, ":memory:")
    return connection


def _opened(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        isolation_level=None,  # transactions are begun and ended by name only
        check_same_thread=False,  # the outbox has one lock around every use
        timeout=5.0,
    )


def _migrate(connection: sqlite3.Connection, path: Path | str) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    owner = connection.execute("pragma application_id").fetchone()[0]
    if version == 0 and owner == 0:
        if connection.execute("select count(*) from sqlite_schema").fetchone()[0]:
            raise ForeignFileError("the file is another program's database")
        connection.executescript(
            f"begin immediate; {_TABLES} pragma user_version = {VERSION};"
            f"pragma application_id = {APPLICATION_ID}; commit;"
        )
        return
    if owner != APPLICATION_ID:
        raise ForeignFileError("the file is another program's database")
    if version > VERSION:
        raise OutboxError(
            f"{path} was written by a newer version (schema {version}): want at most {VERSION}; "
            "install the newer version again or name another path"
        )
    for step in range(version, VERSION):
        connection.executescript(
            f"begin immediate; {_UPGRADES[step]} pragma user_version = {step + 1}; commit;"
        )
