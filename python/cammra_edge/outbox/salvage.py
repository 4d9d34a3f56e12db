"""Opening a file that may be torn, cut short, overwritten or somebody else's.

`open_whole` gives back a sound database in any case where the disk lets us write: the file as it is, or the
file with what its log had lost, or a new file with every whole record of the old one, which is set
aside as `….damaged-N`. A record is whole when its CRC says so; a delivery whose own row is gone waits
again, which may send a duplicate with the same number, never lose one.
Held by `tests/outbox/test_salvage.py`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cammra_edge.outbox import records
from cammra_edge.outbox.codec import crc_at
from cammra_edge.outbox.pages import Pages
from cammra_edge.outbox.schema import ForeignFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.outbox.database import Database
    from cammra_edge.outbox.pages import Row, Value
    from cammra_edge.outbox.watermark import Mark

BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
SETS_KEPT = 3
_WAL_BYTES_READ = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was wrong with a file and what came of it; `lost` counts events known to be gone."""

    damaged: bool = False
    why: str = ""
    set_aside: str = ""
    events: int = 0
    lost: int = 0

    def plus(self, later: Found) -> Found:
        """Both together, for the counters."""
        return replace(later, events=self.events + later.events, lost=self.lost + later.lost)


def open_whole(
    path: Path, open_database: Callable[[], Database], mark: Mark
) -> tuple[Database, Found]:
    """A sound database at `path`.

    Raises:
        OutboxError: A newer version wrote the file.
        sqlite3.Error, OSError: The disk does not let us.
    """
    wal = _wal_of(path)
    why = ""
    database: Database | None = None
    try:
        database = open_database()
        why = _quick_check(database)
    except ForeignFileError as error:
        why = str(error)
    except sqlite3.DatabaseError as error:
        if not is_broken(error):
            raise
        why = str(error)
    if why:
        if database is not None:
            with contextlib.suppress(sqlite3.Error):
                database.close()
        return _rebuilt(path, wal, open_database, mark, why)
    assert database is not None  # noqa: S101 - opened, or `why` would say
    missing = mark.seq - database.queries.highest()[0]
    if missing <= 0:
        return database, Found()
    saved, _ = _take_whole(
        Pages(path, wal), database, mark, above_seq=database.queries.highest()[0]
    )
    return database, Found(
        damaged=True,
        why=f"the log ends {missing} events early",
        events=saved,
        lost=max(0, missing - saved),
    )


def is_broken(error: Exception) -> bool:
    """Does SQLite say that the file, not the disk, is at fault?"""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in BROKEN


def _wal_of(path: Path) -> bytes:
    """The log before SQLite touches it."""
    try:
        with path.with_name(path.name + "-wal").open("rb") as file:
            return file.read(_WAL_BYTES_READ)
    except OSError:
        return b""


def _quick_check(database: Database) -> str:
    try:
        said = str(database.connection.execute("pragma quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if not is_broken(error):
            raise
        said = str(error)
    return "" if said == "ok" else said.splitlines()[-1][:200]


def _rebuilt(
    path: Path, wal: bytes, open_database: Callable[[], Database], mark: Mark, why: str
) -> tuple[Database, Found]:
    aside = _set_aside(path)
    database = open_database()
    saved, lost = _take_whole(Pages(aside, wal), database, mark, above_seq=0)
    return database, Found(
        damaged=True,
        why=why,
        set_aside=aside.name,
        events=saved,
        lost=lost + max(0, mark.seq - database.queries.highest()[0]),
    )


def _set_aside(path: Path) -> Path:
    """Move the file and its log to the first free name; the last name is used again."""
    names = [path.with_name(f"{path.name}.damaged-{number}") for number in range(1, SETS_KEPT + 1)]
    aside = next((name for name in names if not name.exists()), names[-1])
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


# -- taking over -----------------------------------------------------------------------------------


def _take_whole(pages: Pages, database: Database, mark: Mark, *, above_seq: int) -> tuple[int, int]:
    """Copy every whole row with a place above `above_seq`.

    Returns:
        How many events came over, and how many of those still to be delivered did not.
    """
    connection = database.connection
    try:
        with database.transaction():
            before = database.queries.count("events")
            for row in pages.rows():
                _take_row(connection, row, above_seq)
            lost = _reconcile(database, mark, above_seq)
            return database.queries.count("events") - before, lost
    finally:
        pages.close()


def _take_row(connection: sqlite3.Connection, row: Row, above_seq: int) -> None:
    """Put a row into the table whose shape it has, if it is whole."""
    if row.rowid:
        _take_record(connection, row, above_seq)
        return
    match row.values:
        case (int(seq), int(), int(), int(), int(), int(), str(), int(), int(), int(), _, _, _) if (
            seq > above_seq
        ):
            _insert(connection, "deliveries", row.values)
        case (str(), int(), int(), int(seq), bytes()) if seq > above_seq:
            _insert(connection, "vehicles", row.values)
        case (str(), _) if not above_seq:
            _insert(connection, "state", row.values)
        case _:
            pass


def _take_record(connection: sqlite3.Connection, row: Row, above_seq: int) -> None:
    """As `_take_row`, for the tables whose rows have a number."""
    match row.values:
        case (None, int(size), str(nos), int(crc), bytes(body)) if row.rowid > above_seq:
            if crc == crc_at(row.rowid, body) and size == len(body):
                _insert(connection, "events", (row.rowid, size, nos, crc, body))
        case (None, str(key), int(size), int(crc), bytes(data)):
            if crc == crc_at(row.rowid, data) and size == len(data):
                _insert(connection, "images", (row.rowid, key, size, crc, data))
        case (None, str(stream), str(nos), int(crc), bytes(body)) if not above_seq:
            if crc == crc_at(row.rowid, body):
                _insert(connection, "open_vehicles", (row.rowid, stream, nos, crc, body))
        case _:
            pass


def _insert(connection: sqlite3.Connection, table: str, values: tuple[Value, ...]) -> None:
    marks = ", ".join("?" * len(values))
    with contextlib.suppress(
        sqlite3.IntegrityError
    ):  # a damaged row that breaks a rule of the table
        connection.execute(f"insert or ignore into {table} values ({marks})", values)  # noqa: S608 - our own names


def _reconcile(database: Database, mark: Mark, above_seq: int) -> int:
    """Make the tables fit each other again; returns how many waiting events are gone."""
    connection = database.connection
    # What lies below the mark was settled; a free page may still show it.
    connection.execute(
        "delete from events where seq < ? and seq > ? and seq not in (select seq from deliveries)",
        (mark.oldest_seq, above_seq),
    )
    for seq, body in connection.execute(
        "select seq, body from events where seq > ? and seq not in (select seq from deliveries)",
        (above_seq,),
    ).fetchall():
        _wait_again(connection, seq, body)
    row = connection.execute(
        "select count(distinct seq) from deliveries where seq not in (select seq from events)"
    ).fetchone()
    connection.execute("delete from deliveries where seq not in (select seq from events)")
    bodies = connection.execute(
        "select seq, body from events where seq > ? order by seq", (above_seq,)
    ).fetchall()
    for seq, body in bodies:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            event = records.record_from(body).event
            event_id = records.id_bytes(event.event_id)
            if event_id not in database.queries.event_ids(event.stream_id, event.vehicle_no):
                database.remember(event.stream_id, event.vehicle_no, event.car_id, seq, event_id)
    _rebuild_uses(database)
    return int(row[0])


def _wait_again(connection: sqlite3.Connection, seq: int, body: bytes) -> None:
    """Give an event whose deliveries are gone new ones, with the packets its record names."""
    try:
        record = records.record_from(body)
    except (ValueError, TypeError, KeyError):
        return
    for wanted in record.wanted:
        _insert(
            connection,
            "deliveries",
            (
                seq,
                wanted.profile_id,
                wanted.packet,
                0,
                0,
                record.event.car_id,
                record.event.kind.value,
                record.stored_ns,
                len(body),
                1,
                None,
                None,
                None,
            ),
        )


def _rebuild_uses(database: Database) -> None:
    connection = database.connection
    connection.execute("delete from image_uses")
    for table, sign in (("events", 1), ("open_vehicles", -1)):
        place = "seq" if sign > 0 else "car_id"
        for number, nos in connection.execute(f"select {place}, image_nos from {table}").fetchall():  # noqa: S608 - our own names
            for no in nos.split(","):
                if no.isdigit():
                    _insert(connection, "image_uses", (int(no), sign * number))
    connection.execute("delete from images where no not in (select no from image_uses)")
    database.recount()
