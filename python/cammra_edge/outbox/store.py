"""Every SQL statement about events, images and deliveries; no decision is made here.

One `Store` is one database: the file, or the bounded memory that stands in for it while the disk is
ill. It knows no time, no lock and no policy; `Outbox` calls it under its lock. Whatever
the disk does wrong leaves as `sqlite3.Error`, with the transaction rolled back.
Held by `tests/outbox/test_store.py`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.outbox.codec import crc_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

WAITING = 0
PARKED = 1


class DeliveryRow(NamedTuple):
    """One delivery as the queue needs it."""

    seq: int
    profile_id: int
    packet: int
    attempts: int
    car_id: int
    kind: str
    stored_ns: int
    size_bytes: int


class ImageRow(NamedTuple):
    """One JPEG to be stored."""

    no: int
    image_key: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event to be stored, with everything that hangs on it."""

    seq: int
    event_id: bytes
    body: bytes
    image_nos: tuple[int, ...]
    images: tuple[ImageRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    stream_id: str
    vehicle_no: int
    car_id: int
    last: bool


@dataclass(slots=True)
class Settled:
    """What became of deliveries since the last commit; written together."""

    gone: list[tuple[int, int]] = field(default_factory=list)
    parked: list[tuple[int, str, int, int, int]] = field(default_factory=list)
    attempts: dict[tuple[int, int], int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.gone) + len(self.parked) + len(self.attempts)

    def keys(self) -> set[tuple[int, int]]:
        """Deliveries that wait no longer, though the file may still say so."""
        return {*self.gone, *((row[0], row[4]) for row in self.parked)}


class OpenRow(NamedTuple):
    """The last event of a vehicle that has no Lost yet."""

    car_id: int
    image_nos: tuple[int, ...]
    body: bytes | None


def numbers_from(text: str) -> tuple[int, ...]:
    """Image numbers out of their column."""
    return tuple(int(part) for part in text.split(",") if part)


def text_from(numbers: Iterable[int]) -> str:
    """Image numbers as their column holds them."""
    return ",".join(map(str, numbers))


class Store:
    """The statements, on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @property
    def connection(self) -> sqlite3.Connection:
        """For checks and salvage, which read the file as such."""
        return self._db

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when it ends (as far as `durability` goes)."""
        self._db.execute("begin immediate")
        try:
            yield
            self._db.execute("commit")
        except BaseException:
            # SQLite has rolled back by itself after a full disk or an I/O error.
            if self._db.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("rollback")
            raise

    # -- writing, inside a transaction ---------------------------------------------------------

    def insert(self, row: EventRow) -> None:
        """Store one event, its new images, its deliveries, and its vehicle's state."""
        db = self._db
        db.execute("insert into known values (?, ?)", (row.event_id, row.seq))
        db.executemany(
            "insert into images values (?, ?, ?, ?, ?)",
            [
                (
                    image.no,
                    image.image_key,
                    len(image.data),
                    crc_at(image.no, image.data),
                    image.data,
                )
                for image in row.images
            ],
        )
        if row.deliveries:
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
                "insert into deliveries (seq, profile_id, packet, attempts, car_id, kind, stored_ns, bytes,"
                " state) values (?, ?, ?, ?, ?, ?, ?, ?, 0)",
                row.deliveries,
            )
        self._remember_vehicle(row)

    def _remember_vehicle(self, row: EventRow) -> None:
        """Keep the last event of a vehicle until its Lost, together with that event's images."""
        db = self._db
        db.execute("insert or ignore into streams (stream_id) values (?)", (row.stream_id,))
        db.execute(
            "insert or ignore into vehicles select stream_no, ?, ? from streams where stream_id = ?",
            (row.vehicle_no, row.car_id, row.stream_id),
        )
        before = db.execute(
            "select image_nos from open_vehicles where car_id = ?", (row.car_id,)
        ).fetchone()
        held = numbers_from(before[0]) if before else ()
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
        self._release(gone, -row.car_id)
        if not row.deliveries and not keep:
            self._release(row.image_nos, row.seq)

    def settle(self, settled: Settled) -> None:
        """Write what became of deliveries; an event that nobody waits for goes, with its images."""
        db = self._db
        db.executemany(
            "update deliveries set attempts = ? where seq = ? and profile_id = ?",
            [(attempts, *key) for key, attempts in settled.attempts.items()],
        )
        db.executemany(
            "update deliveries set state = 1, why = ?, parked_utc_ns = ?, attempts = ?"
            " where seq = ? and profile_id = ?",
            [
                (why, utc_ns, attempts, seq, profile_id)
                for seq, why, utc_ns, attempts, profile_id in settled.parked
            ],
        )
        db.executemany("delete from deliveries where seq = ? and profile_id = ?", settled.gone)
        for seq in {seq for seq, _ in settled.gone}:
            self.forget_if_settled(seq)

    def forget_if_settled(self, seq: int) -> None:
        """Delete an event that has no delivery left."""
        db = self._db
        if db.execute("select 1 from deliveries where seq = ? limit 1", (seq,)).fetchone():
            return
        row = db.execute("select image_nos from events where seq = ?", (seq,)).fetchone()
        if row is None:
            return
        db.execute("delete from events where seq = ?", (seq,))
        self._release(numbers_from(row[0]), seq)

    def _release(self, image_nos: Sequence[int], user: int) -> None:
        db = self._db
        for no in image_nos:
            db.execute("delete from image_uses where no = ? and seq = ?", (no, user))
            if not db.execute("select 1 from image_uses where no = ? limit 1", (no,)).fetchone():
                db.execute("delete from images where no = ?", (no,))

    def save_meta(self, values: Mapping[str, int]) -> None:
        """Write named numbers."""
        self._db.executemany("insert or replace into meta values (?, ?)", list(values.items()))

    def save_profiles(self, rows: Iterable[tuple[int, int, Mapping[str, object]]]) -> None:
        """Write packet counters and tallies."""
        self._db.executemany(
            "insert or replace into profiles values (?, ?, ?)",
            [(profile_id, packet, json.dumps(tally)) for profile_id, packet, tally in rows],
        )

    def prune(self, *, known_before_seq: int, cars_before: int) -> None:
        """Forget old event ids and vehicle numbers; those of waiting events and open vehicles stay."""
        db = self._db
        db.execute(
            "delete from known where seq < ? and seq < ifnull((select min(seq) from events), seq + 1)",
            (known_before_seq,),
        )
        db.execute(
            "delete from vehicles where car_id < ? and car_id not in (select car_id from open_vehicles)",
            (cars_before,),
        )
        db.execute(
            "delete from streams where stream_no not in (select stream_no from vehicles)"
            " and stream_no < (select max(stream_no) from streams)"
        )

    def key(self, name: str, fresh: bytes) -> bytes:
        """The kept random key of this name; `fresh` becomes it at the first call."""
        self._db.execute("insert or ignore into keys values (?, ?)", (name, fresh))
        row = self._db.execute("select value from keys where name = ?", (name,)).fetchone()
        return bytes(row[0])

    # -- reading -------------------------------------------------------------------------------

    def meta(self) -> dict[str, int]:
        """All named numbers."""
        return dict(self._db.execute("select name, value from meta").fetchall())

    def profiles(self) -> list[tuple[int, int, dict[str, object]]]:
        """Packet counters and tallies."""
        rows = self._db.execute("select profile_id, packet, tally from profiles").fetchall()
        return [(profile_id, packet, json.loads(tally)) for profile_id, packet, tally in rows]

    def highest(self) -> tuple[int, int, int]:
        """The highest event place, image number and vehicle number ever stored here."""
        row = self._db.execute(
            "select (select ifnull(max(seq), 0) from known), (select ifnull(max(no), 0) from images),"
            " (select ifnull(max(car_id), 0) from vehicles)"
        ).fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def stored_bytes(self) -> int:
        """Bytes of all events and images held."""
        row = self._db.execute(
            "select (select ifnull(sum(bytes), 0) from events) + (select ifnull(sum(bytes), 0) from images)"
        ).fetchone()
        return int(row[0])

    def knows(self, event_id: bytes) -> bool:
        """Was an event of this id ever put (within the bound of `prune`)?"""
        row = self._db.execute("select 1 from known where event_id = ?", (event_id,)).fetchone()
        return row is not None

    def car_id(self, stream_id: str, vehicle_no: int) -> int | None:
        """The number of a vehicle that was put before."""
        row = self._db.execute(
            "select car_id from vehicles join streams using (stream_no)"
            " where stream_id = ? and vehicle_no = ?",
            (stream_id, vehicle_no),
        ).fetchone()
        return None if row is None else int(row[0])

    def waiting(self, profile_id: int, *, after_seq: int, limit: int) -> list[DeliveryRow]:
        """The next waiting deliveries of a profile, in order."""
        rows = self._db.execute(
            "select seq, profile_id, packet, attempts, car_id, kind, stored_ns, bytes from deliveries"
            " where seq > ? and profile_id = ? and state = 0 order by seq limit ?",
            (after_seq, profile_id, limit),
        ).fetchall()
        return [DeliveryRow(*row) for row in rows]

    def waiting_of(self, profile_id: int, car_id: int) -> list[DeliveryRow]:
        """The waiting deliveries of one vehicle, in order."""
        rows = self._db.execute(
            "select seq, profile_id, packet, attempts, car_id, kind, stored_ns, bytes from deliveries"
            " where profile_id = ? and car_id = ? and state = 0 order by seq",
            (profile_id, car_id),
        ).fetchall()
        return [DeliveryRow(*row) for row in rows]

    def totals(self) -> list[tuple[int, int, int, int]]:
        """Per profile and state: deliveries and bytes."""
        return self._db.execute(
            "select profile_id, state, count(*), sum(bytes) from deliveries group by profile_id, state"
        ).fetchall()

    def body(self, seq: int) -> bytes | None:
        """The record of an event; `None` when it is gone.

        Raises:
            ValueError: It is damaged.
        """
        row = self._db.execute("select crc, body from events where seq = ?", (seq,)).fetchone()
        if row is None:
            return None
        if crc_at(seq, row[1]) != row[0]:
            message = f"event at {seq} is damaged on disk"
            raise ValueError(message)
        return bytes(row[1])

    def image(self, no: int) -> bytes | None:
        """A JPEG; `None` when it is gone.

        Raises:
            ValueError: It is damaged.
        """
        row = self._db.execute("select crc, data from images where no = ?", (no,)).fetchone()
        if row is None:
            return None
        if crc_at(no, row[1]) != row[0]:
            message = f"image {no} is damaged on disk"
            raise ValueError(message)
        return bytes(row[1])

    def open_rows(self) -> list[OpenRow]:
        """All vehicles without a Lost; `body` is `None` where the record is damaged."""
        rows = self._db.execute(
            "select car_id, image_nos, crc, body from open_vehicles order by car_id"
        ).fetchall()
        return [
            OpenRow(car_id, numbers_from(nos), bytes(body) if crc_at(car_id, body) == crc else None)
            for car_id, nos, crc, body in rows
        ]

    def has_image(self, no: int) -> bool:
        """Is this image still held?"""
        return self._db.execute("select 1 from images where no = ?", (no,)).fetchone() is not None

    def parked(
        self, profile_id: int | None = None
    ) -> list[tuple[int, int, int, str, int, str, int]]:
        """Parked deliveries: profile, place, packet, kind, attempts, why, when."""
        return self._db.execute(
            "select profile_id, seq, packet, kind, attempts, ifnull(why, ''), ifnull(parked_utc_ns, 0)"
            " from deliveries where state = 1 and (?1 is null or profile_id = ?1)"
            " order by profile_id, seq",
            (profile_id,),
        ).fetchall()

    def unpark(self, seq: int, profile_id: int) -> bool:
        """Let a parked delivery wait again; False when there is none."""
        cursor = self._db.execute(
            "update deliveries set state = 0, why = null where seq = ? and profile_id = ? and state = 1",
            (seq, profile_id),
        )
        return cursor.rowcount == 1
