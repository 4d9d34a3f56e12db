"""What is asked of an outbox's database; nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.codec import crc_at
from cammra_edge.outbox.rows import DeliveryRow, OpenRow, numbers_from

if TYPE_CHECKING:
    import sqlite3


LAST_SEQ = "last_seq"


class Queries:
    """The questions, on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def count(self, table: str) -> int:
        """Rows of one of our tables."""
        row = self._db.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - our own names
        return int(row[0])

    def oldest_waiting_seq(self) -> int:
        """The first event that somebody waits for; 0 when there is none."""
        row = self._db.execute(
            "select ifnull(min(seq), 0) from (select seq from deliveries where state = 0 order by seq limit 1)"
        ).fetchone()
        return int(row[0])

    def state(self) -> dict[str, object]:
        """All named values."""
        return dict(self._db.execute("select name, value from state").fetchall())

    def number(self, name: str) -> int:
        """A named number; 0 when it was never saved."""
        row = self._db.execute("select value from state where name = ?", (name,)).fetchone()
        return row[0] if row is not None and isinstance(row[0], int) else 0

    def highest(self) -> tuple[int, int]:
        """The highest event place and image number held."""
        row = self._db.execute(
            "select (select ifnull(max(seq), 0) from events), (select ifnull(max(no), 0) from images)"
        ).fetchone()
        return max(int(row[0]), self.number(LAST_SEQ)), int(row[1])

    def knows(self, event_id: bytes) -> bool:
        """Was an event of this id ever put (within the bound of `prune`)? Looks at every vehicle."""
        row = self._db.execute(
            "select 1 from vehicles where instr(event_ids, ?) limit 1", (event_id,)
        ).fetchone()
        return row is not None

    def event_ids(self, stream_id: str, vehicle_no: int) -> bytes:
        """The ids of a vehicle's events so far, one after the other."""
        row = self._db.execute(
            "select event_ids from vehicles where stream_id = ? and vehicle_no = ?",
            (stream_id, vehicle_no),
        ).fetchone()
        return b"" if row is None else bytes(row[0])

    def car_id(self, stream_id: str, vehicle_no: int) -> int | None:
        """The number of a vehicle that was put before."""
        row = self._db.execute(
            "select car_id from vehicles where stream_id = ? and vehicle_no = ?",
            (stream_id, vehicle_no),
        ).fetchone()
        return None if row is None else int(row[0])

    def waits(self, seq: int, profile_id: int) -> bool:
        """Does this delivery wait?"""
        row = self._db.execute(
            "select 1 from deliveries where seq = ? and profile_id = ? and state = 0",
            (seq, profile_id),
        ).fetchone()
        return row is not None

    def waiting(self, profile_id: int, *, after_seq: int, limit: int) -> list[DeliveryRow]:
        """The next waiting deliveries of a profile, in order."""
        rows = self._db.execute(
            "select seq, profile_id, packet, attempts, car_id, kind, stored_ns, bytes, pictures"
            " from deliveries where seq > ? and profile_id = ? and state = 0 order by seq limit ?",
            (after_seq, profile_id, limit),
        ).fetchall()
        return [DeliveryRow(*row) for row in rows]

    def waiting_of(self, profile_id: int, car_id: int) -> list[DeliveryRow]:
        """The waiting deliveries of one vehicle, in order."""
        rows = self._db.execute(
            "select seq, profile_id, packet, attempts, car_id, kind, stored_ns, bytes, pictures"
            " from deliveries where profile_id = ? and car_id = ? and state = 0 order by seq",
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

    def open_rows(self, *, newest: int = -1) -> list[OpenRow]:
        """Vehicles without a Lost, oldest first; `body` is `None` where the record is damaged.

        All of them, or the `newest` so many.
        """
        rows = self._db.execute(
            "select car_id, image_nos, crc, body from open_vehicles order by car_id desc limit ?",
            (newest,),
        ).fetchall()
        return [
            OpenRow(car_id, numbers_from(nos), bytes(body) if crc_at(car_id, body) == crc else None)
            for car_id, nos, crc, body in reversed(rows)
        ]

    def kept(self, profile_id: int, *, after_seq: int, limit: int) -> list[tuple[int, bool]]:
        """What waits or is parked for a profile, in order, and whether it is parked."""
        rows = self._db.execute(
            "select seq, state from deliveries where seq > ? and profile_id = ? order by seq limit ?",
            (after_seq, profile_id, limit),
        ).fetchall()
        return [(seq, state == 1) for seq, state in rows]

    def has_image(self, no: int) -> bool:
        """Is this image still held?"""
        return self._db.execute("select 1 from images where no = ?", (no,)).fetchone() is not None

    def parked(
        self, profile_id: int | None = None
    ) -> list[tuple[int, int, int, str, int, str, str, int]]:
        """Parked deliveries: profile, place, packet, kind, attempts, why, the receiver's words, when."""
        return self._db.execute(
            "select profile_id, seq, packet, kind, attempts, ifnull(why, ''), ifnull(words, ''),"
            " ifnull(parked_utc_ns, 0)"
            " from deliveries where state = 1 and (?1 is null or profile_id = ?1)"
            " order by profile_id, seq",
            (profile_id,),
        ).fetchall()
