"""Is an outbox whole? Reads everything, believes nothing, changes nothing (`cammra-edge outbox check`).

What the database promises (its own integrity), what we promise on top (each record's CRC, each delivery
with its event, each image with its user, the counts, the watermark). Opening the outbox mends what this
finds: damaged records are counted and passed over, a broken file is set aside.
Held by `tests/outbox/test_check.py`.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox import records
from cammra_edge.outbox.database import Database
from cammra_edge.outbox.old_lock import ProcessLock
from cammra_edge.outbox.rows import numbers_from
from cammra_edge.outbox.schema import connect
from cammra_edge.outbox.watermark import Watermark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FINDINGS_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found. `findings` holds one plain sentence per fault, none for a sound outbox."""

    events: int = 0
    images: int = 0
    waiting: int = 0
    parked: int = 0
    size_bytes: int = 0
    findings: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.findings


def check_file(path: Path) -> Report:
    """Check the outbox at `path`.

    Raises:
        OutboxError: There is none, it is in use, or a newer version wrote it.
    """
    if not path.is_file():
        raise OutboxError(f"{path}: there is no outbox")
    lock = ProcessLock(path.with_name(path.name + ".lock"))
    try:
        database = Database(connect(path, durability="process"))
    except sqlite3.Error as error:
        lock.release()
        return Report(findings=(f"the file cannot be read: {error}",))
    except BaseException:
        lock.release()
        raise
    try:
        database.connection.execute("pragma query_only = on")
        return _report(database, path)
    finally:
        database.close()
        lock.release()


def _report(database: Database, path: Path) -> Report:
    findings: list[str] = []
    numbers = {"events": 0, "images": 0, "waiting": 0, "parked": 0}
    try:
        for finding in _faults(database, path):
            findings.append(finding)
            if len(findings) == FINDINGS_SHOWN:
                findings.append("and perhaps more")
                break
        numbers["events"], numbers["images"] = (
            database.queries.count("events"),
            database.queries.count("images"),
        )
        for _, state, count, _ in database.queries.totals():
            numbers["parked" if state else "waiting"] += count
    except sqlite3.Error as error:
        findings.append(f"the database is broken: {error}")
    return Report(**numbers, size_bytes=database.stored_bytes, findings=tuple(findings))


def _faults(database: Database, path: Path) -> Iterator[str]:
    connection = database.connection
    for (said,) in connection.execute("pragma integrity_check"):
        if said != "ok":
            yield f"the database is broken: {said.splitlines()[-1]}"
    yield from _damaged_records(database)
    for (seq,) in connection.execute(
        "select distinct seq from deliveries where seq not in (select seq from events)"
    ):
        yield f"a delivery waits for event {seq}, which is not there"
    for (seq,) in connection.execute(
        "select seq from events where seq not in (select seq from deliveries)"
    ):
        yield f"event {seq} is kept though nobody waits for it"
    for (no,) in connection.execute(
        "select no from images where no not in (select no from image_uses)"
    ):
        yield f"image {no} is kept though nothing uses it"
    said_bytes, said_events = database.stored_bytes, database.stored_events
    database.recount()
    if (said_bytes, said_events) != (database.stored_bytes, database.stored_events):
        yield (
            f"the counters say {said_events} events and {said_bytes} bytes:"
            f" there are {database.stored_events} and {database.stored_bytes}"
        )
    watermark = Watermark(path.with_name(path.name + ".mark"))
    missing = watermark.mark.seq - database.queries.highest()[0]
    if missing > 0:
        yield f"the last {missing} events that were stored are not there"


def _damaged_records(database: Database) -> Iterator[str]:
    connection = database.connection
    for seq, nos in connection.execute("select seq, image_nos from events").fetchall():
        try:
            body = database.queries.body(seq)
            if body is not None:
                records.record_from(body)
        except (ValueError, TypeError, KeyError):
            yield f"event {seq} is damaged"
        for no in numbers_from(nos):
            try:
                if database.queries.image(no) is None:
                    yield f"event {seq} has lost image {no}"
            except ValueError:
                yield f"image {no} of event {seq} is damaged"
    for row in database.queries.open_rows():
        if row.body is None:
            yield f"the last event of open vehicle {row.car_id} is damaged"
