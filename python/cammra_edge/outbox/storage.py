"""Where events lie: the file, and a bounded memory while the file takes none.

Readers see one outbox. A write goes into the file; when the disk refuses (full, read-only, failing), it
goes into memory and is counted as not yet durable, and about once a second the file is tried again. When
it is back, what memory holds moves into it in one transaction with what was settled meanwhile.
A broken file is set aside and what is whole in it is taken over (`salvage`).
Held by `tests/outbox/test_storage.py` and `tests/faults/disks.py`.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cammra_edge.errors import OutboxError
from cammra_edge.outbox import salvage
from cammra_edge.outbox.database import Database
from cammra_edge.outbox.old_lock import ProcessLock
from cammra_edge.outbox.reserve import Reserve
from cammra_edge.outbox.rows import EventRow, Settled
from cammra_edge.outbox.schema import connect, connect_memory
from cammra_edge.outbox.watermark import Watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.queries import Queries
    from cammra_edge.outbox.rows import DeliveryRow

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

HEAL_EVERY_NS = 1_000_000_000
_PRIMARY = 0xFF


@dataclass(slots=True)
class Batch:
    """One transaction's worth of news."""

    rows: Sequence[EventRow] = ()
    settled: Settled = field(default_factory=Settled)
    state: Mapping[str, int | str] = field(default_factory=dict)
    make_room: Callable[[Database], None] | None = None
    meet: Callable[[Database], None] | None = None


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the module itself complained."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def written_bytes() -> int:
    """Bytes that this process sent to storage so far, as the kernel counts them; 0 where it does not say."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("write_bytes:")), 0)


class Storage:
    """Opens the file at `settings.path`, or starts without it.

    Raises:
        OutboxError: Another process holds the file, or a newer version wrote it.
    """

    def __init__(self, settings: OutboxSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        path = settings.path
        self._reserve = Reserve(path.with_name(path.name + ".reserve"))
        self.watermark = Watermark(path.with_name(path.name + ".mark"))
        self.disk: Database | None = None
        self.memory: Database | None = None
        self.trouble = ""
        self.salvaged = salvage.Found()
        self._owed = Settled()
        self._owed_closed: set[int] = set()
        self._heal_at_ns = 0
        self._in_memory = 0
        self._opened = (0, 0)
        self._indexed = False
        self._lock: ProcessLock | None = None
        try:
            self.open_disk()
        except OutboxError:
            self.release_lock()
            raise

    # -- opening and healing ---------------------------------------------------------------------

    def open_disk(self) -> bool:
        """Open the file, salvaging what is broken; False when the disk does not let us."""
        path = self._settings.path
        try:
            if self._lock is None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._lock = ProcessLock(path.with_name(path.name + ".lock"))
            self.disk, found = salvage.open_whole(
                path,
                lambda: Database(connect(path, durability=self._settings.durability)),
                self.watermark.mark,
            )
        except (sqlite3.Error, OSError) as error:
            self._ail(error)
            return False
        self._indexed = False
        status = path.stat()
        self._opened = (status.st_dev, status.st_ino)
        if found.damaged:
            self.salvaged = self.salvaged.plus(found)
            _log.error(
                "outbox damaged why=%r set_aside=%r events_saved=%d events_lost=%d",
                found.why,
                found.set_aside,
                found.events,
                found.lost,
            )
        self._reserve.hold()
        return True

    def _ail(self, error: Exception, *, reading: bool = False) -> None:
        """The disk refused: go on in memory, say so once.

        A disk that only refuses to be written goes on being read, so that what lies there is delivered. SQLite
        has rolled the transaction back and writes its pages anew at the next try, so a flush that failed
        proves nothing and is not believed.
        """
        why = f"{type(error).__name__}: {error}"
        if not self.trouble:
            _log.error("outbox cannot write, keeping events in memory why=%r", why)
        self.trouble = why
        self._heal_at_ns = self._clock.mono_ns() + HEAL_EVERY_NS
        if self.disk is not None and (reading or salvage.is_broken(error) or self._replaced()):
            with contextlib.suppress(sqlite3.Error):
                self.disk.close()
            self.disk = None

    def _replaced(self) -> bool:
        """Is another file at our path than the one we hold, as after a disk was taken off and put back?"""
        try:
            found = self._settings.path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) != self._opened

    def read(self, ask: Callable[[Storage], _T], otherwise: _T) -> _T:
        """Ask something; when the disk fails, note that and answer `otherwise`."""
        try:
            return ask(self)
        except sqlite3.Error as error:
            self._ail(error, reading=True)
            return otherwise

    @property
    def durable(self) -> bool:
        """Is everything that was put on disk?"""
        return self.memory is None and not self.trouble

    def heal_due(self) -> bool:
        """Is it time to try the disk again?"""
        return bool(self.trouble) and self._clock.mono_ns() >= self._heal_at_ns

    def try_again_now(self) -> None:
        """Do not wait with the next try."""
        self._heal_at_ns = self._clock.mono_ns()

    def next_heal_mono_ns(self) -> int | None:
        """When to try the disk again; `None` while it is well."""
        return self._heal_at_ns if self.trouble else None

    # -- writing ---------------------------------------------------------------------------------

    def write(self, batch: Batch) -> bool:
        """Take in a batch: on disk (True), or in memory until the disk is back (False)."""
        if not self.trouble or self.heal_due():
            try:
                self._write_disk(batch)
            except (sqlite3.Error, OSError, OutboxError) as error:
                if isinstance(error, sqlite3.Error) and code_of(error) == sqlite3.SQLITE_FULL:
                    self._write_settled_only(batch)
                self._ail(error)
            else:
                if self.trouble:
                    _log.warning("outbox writes again")
                self.trouble = ""
                return True
        self._write_memory(batch)
        return False

    def _write_disk(self, batch: Batch) -> None:
        if self.disk is None and not self.open_disk():
            raise OSError(self.trouble)
        disk = self.disk
        assert disk is not None  # noqa: S101 - open_disk said True
        healing = bool(self.trouble)
        with disk.transaction():
            if batch.meet is not None:
                batch.meet(disk)
            if self.memory is not None:
                disk.take_over(self.memory, self._owed_closed)
            disk.settle(self._owed)
            for row in batch.rows:
                disk.insert(row)
            disk.settle(batch.settled)
            if batch.make_room is not None:
                batch.make_room(disk)
            disk.save(batch.state)
        self._owed = Settled()
        self._owed_closed.clear()
        if self.memory is not None:
            self.memory.close()
            self.memory = None
            self._in_memory = 0
        if healing:
            self._reserve.hold()

    def _write_settled_only(self, batch: Batch) -> None:
        """On a full disk, at least take note of what was delivered: that frees room."""
        if self.disk is None or not (len(self._owed) + len(batch.settled)):
            return
        self._reserve.let_go()
        try:
            with self.disk.transaction():
                self.disk.settle(self._owed)
                self.disk.settle(batch.settled)
            self._owed = Settled()
        except sqlite3.Error:
            return  # `_ail` tells of the disk; nothing is lost but the note

    def _write_memory(self, batch: Batch) -> None:
        if self.memory is None:
            self.memory = Database(connect_memory())
        memory = self.memory
        with memory.transaction():
            for row in batch.rows:
                memory.insert(row)
                if row.last:
                    self._owed_closed.add(row.car_id)
                else:
                    self._owed_closed.discard(row.car_id)
            memory.settle(batch.settled)
            if batch.make_room is not None:
                batch.make_room(memory)
        self._in_memory += len(batch.rows)
        self._owed.merge(batch.settled)

    def close(self) -> None:
        """Close the file; what only memory holds is lost, and said so."""
        if self.memory is not None and self.memory.stored_events:
            _log.error(
                "outbox closed while the disk is ill events_lost=%d", self.memory.stored_events
            )
        for database in self.databases:
            with contextlib.suppress(sqlite3.Error):
                database.close()
        self.disk = self.memory = None
        self.watermark.close()
        self.release_lock()

    def release_lock(self) -> None:
        """Let the next process in."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # -- reading ---------------------------------------------------------------------------------

    @property
    def databases(self) -> tuple[Database, ...]:
        """The file and the memory, as far as they are there."""
        return tuple(database for database in (self.disk, self.memory) if database is not None)

    def first(self, ask: Callable[[Queries], _T | None]) -> _T | None:
        """The first answer that is one."""
        for database in self.databases:
            answer = ask(database.queries)
            if answer is not None:
                return answer
        return None

    def any(self, ask: Callable[[Queries], bool]) -> bool:
        """Does one of them say so?"""
        return any(ask(database.queries) for database in self.databases)

    def waiting(self, profile_id: int, *, after_seq: int, limit: int) -> list[DeliveryRow]:
        """The next waiting deliveries of a profile, in order."""
        rows = [
            row
            for database in self.databases
            for row in database.queries.waiting(profile_id, after_seq=after_seq, limit=limit)
        ]
        return sorted(rows)[:limit]

    def index_vehicles(self) -> None:
        """Make `waiting_of` quick, where a profile needs it."""
        if self.disk is not None and not self.trouble and not self._indexed:
            self.disk.index_vehicles()
            self._indexed = True

    def waiting_of(self, profile_id: int, car_id: int) -> list[DeliveryRow]:
        """The waiting deliveries of one vehicle, in order."""
        return sorted(
            row
            for database in self.databases
            for row in database.queries.waiting_of(profile_id, car_id)
        )

    def totals(self) -> list[tuple[int, int, int, int]]:
        """Per profile and state: deliveries and bytes."""
        sums: dict[tuple[int, int], list[int]] = {}
        for database in self.databases:
            for profile_id, state, events, size_bytes in database.queries.totals():
                held = sums.setdefault((profile_id, state), [0, 0])
                held[0] += events
                held[1] += size_bytes
        return [(*key, events, size_bytes) for key, (events, size_bytes) in sums.items()]

    @property
    def held(self) -> tuple[int, int]:
        """Length of all events and images held, and the number of events."""
        return (
            sum(database.stored_bytes for database in self.databases),
            sum(database.stored_events for database in self.databases),
        )

    def not_durable(self) -> int:
        """Events put since the disk refused."""
        return self._in_memory
