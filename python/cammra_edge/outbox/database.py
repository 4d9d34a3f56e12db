"""Every SQL statement that writes events, images and deliveries; no decision is made here.

A `Database` is the file, or the bounded memory that stands in for it while the disk is
ill. It knows no time, no lock and no policy; `Outbox` calls it under its lock. Whatever
the disk does wrong leaves as `sqlite3.Error`, with the transaction rolled back.
Held by `tests/outbox/test_outbox.py`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

from cammra_edge.outbox.codec import crc_at
from cammra_edge.outbox.queries import Queries
from cammra_edge.outbox.records import ID_BYTES, with_wanted
from cammra_edge.outbox.rows import EventRow, Settled, numbers_from, text_from

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

STORED_BYTES = "stored_bytes"
STORED_EVENTS = "stored_events"
IDS_KEPT = 256
TAKEN_OVER = {
    "events": 5,
    "images": 5,
    "image_uses": 2,
    "deliveries": 13,
}


class Database:
    """The statements, on one connection; `queries` are those that only read.

    `stored_bytes` is the length of all events and images held, `stored_events` how many events. Both are
    saved with every transaction, so that nobody counts a long backlog at start.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.queries = Queries(connection)
        self.stored_bytes = self.queries.number(STORED_BYTES)
        self.stored_events = self.queries.number(STORED_EVENTS)

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self.connection.close()

    def index_vehicles(self) -> None:
        """Make one vehicle's deliveries quick to find; only `live_first` pays for it."""
        self.connection.execute(
            "create index if not exists deliveries_by_car on deliveries (profile_id, car_id, seq)"
        )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when it ends (as far as `durability` goes)."""
        before = self.stored_bytes, self.stored_events
        self.connection.execute("begin immediate")
        try:
            yield
            self.save({STORED_BYTES: self.stored_bytes, STORED_EVENTS: self.stored_events})
            self.connection.execute("commit")
        except BaseException:
            self.stored_bytes, self.stored_events = before
            # SQLite has rolled back by itself after a full disk or an I/O error.
            if self.connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("rollback")
            raise

    # -- writing, inside a transaction ---------------------------------------------------------

    def insert(self, row: EventRow) -> None:
        """Store one event, its new images, its deliveries, and its vehicle's state."""
        db = self.connection
        for no, image_key, data in row.images:
            db.execute(
                "insert into images values (?, ?, ?, ?, ?)",
                (no, image_key, len(data), crc_at(no, data), data),
            )
            self.stored_bytes += len(data)
        if row.deliveries:
            self.stored_bytes += len(row.body)
            self.stored_events += 1
            db.execute(
                "insert into events values (?, ?, ?, ?, ?)",
                (
                    row.seq,
                    len(row.body),
                    text_from(row.image_nos),
                    crc_at(row.seq, row.body),
                    row.body,
                ),
            )
            db.executemany(
                "insert into image_uses values (?, ?)", [(no, row.seq) for no in row.image_nos]
            )
            db.executemany(
                "insert into deliveries (seq, profile_id, packet, attempts, car_id, kind, stored_ns,"
                " bytes, pictures, state) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                row.deliveries,
            )
        self._remember_vehicle(row)

    def remember(
        self, stream_id: str, vehicle_no: int, car_id: int, seq: int, event_ids: bytes
    ) -> None:
        """Keep a vehicle's number, and the ids of its last events."""
        ids = (self.queries.event_ids(stream_id, vehicle_no) + event_ids)[-IDS_KEPT * ID_BYTES :]
        self.connection.execute(
            "insert or replace into vehicles values (?, ?, ?, ?, ?)",
            (stream_id, vehicle_no, car_id, seq, ids),
        )

    def _remember_vehicle(self, row: EventRow) -> None:
        """Keep the last event of a vehicle until its Lost, together with that event's images."""
        db = self.connection
        self.remember(row.stream_id, row.vehicle_no, row.car_id, row.seq, row.event_id)
        held = self._held_by_open(row.car_id)
        if row.last:
            db.execute("delete from open_vehicles where car_id = ?", (row.car_id,))
            keep: tuple[int, ...] = ()
        else:
            db.execute(
                "insert or replace into open_vehicles values (?, ?, ?, ?, ?)",
                (
                    row.car_id,
                    row.stream_id,
                    text_from(row.image_nos),
                    crc_at(row.car_id, row.body),
                    row.body,
                ),
            )
            keep = row.image_nos
        # Uses by an open vehicle carry its number below zero, so that they never meet an event's.
        gone = [no for no in held if no not in keep]
        db.executemany(
            "insert into image_uses values (?, ?)",
            [(no, -row.car_id) for no in keep if no not in held],
        )
        self.release(gone, -row.car_id)
        if not row.deliveries and not keep:
            self.release(row.image_nos, row.seq)

    def _held_by_open(self, car_id: int) -> tuple[int, ...]:
        row = self.connection.execute(
            "select image_nos from open_vehicles where car_id = ?", (car_id,)
        ).fetchone()
        return numbers_from(row[0]) if row else ()

    def forget_open(self, car_id: int) -> None:
        """The vehicle has its Lost, or its last event stands elsewhere."""
        held = self._held_by_open(car_id)
        self.connection.execute("delete from open_vehicles where car_id = ?", (car_id,))
        self.release(held, -car_id)

    def unhold(self, car_id: int) -> None:
        """An open vehicle gives up the images kept for its Lost; its last event stays."""
        self.release(self._held_by_open(car_id), -car_id)
        self.connection.execute(
            "update open_vehicles set image_nos = '' where car_id = ?", (car_id,)
        )

    def settle(self, settled: Settled) -> None:
        """Write what became of deliveries; an event that nobody waits for goes, with its images."""
        if not len(settled):
            return
        db = self.connection
        db.executemany(
            "update deliveries set attempts = ? where seq = ? and profile_id = ?",
            [(attempts, *key) for key, attempts in settled.attempts.items()],
        )
        db.executemany(
            "update deliveries set state = 1, why = ?, words = ?, parked_utc_ns = ?, attempts = ?"
            " where seq = ? and profile_id = ?",
            [(*what, seq, profile_id) for seq, profile_id, *what in settled.parked],
        )
        db.executemany("delete from deliveries where seq = ? and profile_id = ?", settled.gone)
        for seq in {seq for seq, _ in settled.gone}:
            self.forget_if_settled(seq)

    def forget_if_settled(self, seq: int) -> None:
        """Delete an event that has no delivery left."""
        db = self.connection
        if db.execute("select 1 from deliveries where seq = ? limit 1", (seq,)).fetchone():
            return
        row = db.execute("select image_nos, bytes from events where seq = ?", (seq,)).fetchone()
        if row is None:
            return
        db.execute("delete from events where seq = ?", (seq,))
        self.stored_bytes -= row[1]
        self.stored_events -= 1
        self.release(numbers_from(row[0]), seq)

    def release(self, image_nos: Sequence[int], user: int) -> None:
        """An event (its place) or an open vehicle (minus its number) needs these images no longer."""
        db = self.connection
        for no in image_nos:
            db.execute("delete from image_uses where no = ? and seq = ?", (no, user))
            if db.execute("select 1 from image_uses where no = ? limit 1", (no,)).fetchone():
                continue
            row = db.execute("select bytes from images where no = ?", (no,)).fetchone()
            if row is not None:
                self.stored_bytes -= row[0]
                db.execute("delete from images where no = ?", (no,))

    def save(self, values: Mapping[str, int | str]) -> None:
        """Write named values: counters, and profiles' tallies. All lie in one page."""
        self.connection.executemany(
            "insert or replace into state values (?, ?)", list(values.items())
        )

    def prune(self, *, before_seq: int) -> None:
        """Forget vehicles and their event ids; those of waiting events and open vehicles stay."""
        self.connection.execute(
            "delete from vehicles where last_seq < ?1"
            " and last_seq < ifnull((select min(seq) from events), ?1)"
            " and car_id not in (select car_id from open_vehicles)",
            (before_seq,),
        )

    def take_over(self, other: Database, closed_cars: Iterable[int]) -> None:
        """Copy everything the other holds; what is here already stays as it is here.

        `closed_cars` are vehicles that got their Lost there and may stand open here.
        """
        for table, columns in TAKEN_OVER.items():
            self.connection.executemany(
                f"insert or ignore into {table} values ({', '.join('?' * columns)})",  # noqa: S608 - our own names
                other.connection.execute(f"select * from {table} order by 1"),  # noqa: S608 - as above
            )
        for row in other.connection.execute("select * from vehicles").fetchall():
            self.remember(*row)
        # Only now, when the new events hold the images that they share with these.
        for car_id in closed_cars:
            self.forget_open(car_id)
        for row in other.connection.execute("select * from open_vehicles").fetchall():
            held, kept = self._held_by_open(row[0]), numbers_from(row[2])
            self.connection.execute(
                "insert or replace into open_vehicles values (?, ?, ?, ?, ?)", row
            )
            self.release([no for no in held if no not in kept], -row[0])
        self.recount()

    def recount(self) -> None:
        """Count what is held, after rows came in by the side."""
        row = self.connection.execute(
            "select (select ifnull(sum(bytes), 0) from events) + (select ifnull(sum(bytes), 0) from images),"
            " (select count(*) from events)"
        ).fetchone()
        self.stored_bytes, self.stored_events = int(row[0]), int(row[1])

    def drop_older(self, stored_before_ns: int, in_flight: Collection[int]) -> Counter[int]:
        """Delete waiting deliveries stored before then; returns how many of each profile went."""
        old = self.connection.execute(
            "select seq, profile_id from deliveries where stored_ns < ? and state = 0",
            (stored_before_ns,),
        ).fetchall()
        rows = [row for row in old if row[0] not in in_flight]
        self.connection.executemany("delete from deliveries where seq = ? and profile_id = ?", rows)
        for seq in {seq for seq, _ in rows}:
            self.forget_if_settled(seq)
        return Counter(profile_id for _, profile_id in rows)

    def give(self, seq: int, giver: int, taker: int, packet: int) -> None:
        """Make a delivery another profile's; it was not tried there yet."""
        self.connection.execute(
            "update deliveries set profile_id = ?, packet = ?, attempts = attempts * state"
            " where seq = ? and profile_id = ?",
            (taker, packet, seq, giver),
        )

    def rewrite(self, seq: int, body: bytes) -> None:
        """Put another record in place of an event's."""
        row = self.connection.execute("select bytes from events where seq = ?", (seq,)).fetchone()
        longer = len(body) - row[0]
        self.connection.execute(
            "update events set bytes = ?, crc = ?, body = ? where seq = ?",
            (len(body), crc_at(seq, body), body, seq),
        )
        self.connection.execute(
            "update deliveries set bytes = bytes + ? where seq = ?", (longer, seq)
        )
        self.stored_bytes += longer

    def renumber(self, numbers: Mapping[int, int]) -> None:
        """Give profiles other numbers, all at once: in deliveries, records and counters."""
        db = self.connection
        pairs = [(new, old) for old, new in numbers.items()]
        db.executemany("update deliveries set profile_id = -? where profile_id = ?", pairs)
        db.execute("update deliveries set profile_id = -profile_id where profile_id < 0")
        for (seq,) in db.execute("select seq from events").fetchall():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                body = self.queries.body(seq) or b""
                self.rewrite(
                    seq, with_wanted(body, lambda no, packet: (numbers.get(no, no), packet))
                )
        names = {f"profile:{old}": f"profile:{new}" for old, new in numbers.items()}
        saved = self.queries.state()
        db.executemany("delete from state where name = ?", [(name,) for name in names])
        db.execute("delete from state where name like 'profile_key:%'")
        self.save({new: str(saved[old]) for old, new in names.items() if old in saved})

    def unpark(self, seq: int, profile_id: int) -> None:
        """Let a parked delivery wait again."""
        self.connection.execute(
            "update deliveries set state = 0, why = null, words = null where seq = ? and profile_id = ? and state = 1",
            (seq, profile_id),
        )

    def drop(self, seq: int, profile_id: int) -> None:
        """Delete a delivery, and its event with the last one."""
        self.connection.execute(
            "delete from deliveries where seq = ? and profile_id = ?", (seq, profile_id)
        )
        self.forget_if_settled(seq)
