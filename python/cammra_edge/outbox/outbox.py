"""The durable queue between deciding and delivering.

The engine puts events with their images; each profile that wants one gets a delivery with a running
number of its own. Workers take deliveries and settle them. One lock guards it all; callbacks run
outside it.

Invariants, model-checked in `tests/property/test_outbox.py`:

1. What `put` has returned for is on disk: through a power cut with `durability="power"`, through a
   crash of the process with `"process"`. While the disk takes nothing it is in memory, and counted.
2. A delivery leaves only through `done`, `park`, `expire` or a counted drop. Settling is committed lazily:
   losing it in a crash makes a duplicate with the same event id and packet, never a loss.
3. Deliveries of one vehicle are taken one at a time, in the order they went in (`lane`).
4. An event id is taken in once; a packet number belongs to one event for ever.
5. No decision rests on a stored wall-clock time: ages count running time (`running_time`).
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

from cammra_edge.outbox import records
from cammra_edge.outbox.bounds import Limits, Room
from cammra_edge.outbox.giving import Giving
from cammra_edge.outbox.intake import Intake
from cammra_edge.outbox.lane import TakeRules
from cammra_edge.outbox.parking import Parking
from cammra_edge.outbox.profiles import Profiles
from cammra_edge.outbox.queues import Queues
from cammra_edge.outbox.running_time import RunningTime
from cammra_edge.outbox.storage import Batch, Storage, written_bytes
from cammra_edge.outbox.tallies import Tallies
from cammra_edge.outbox.values import Delivery, Dropped, OpenVehicle, OutboxStatus, Tally, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.database import Database
    from cammra_edge.outbox.rows import EventRow
    from cammra_edge.outbox.values import NewEvent

SETTLE_TOGETHER = 64
SETTLE_WITHIN_NS = 200_000_000
PRUNE_EVERY = 1024
DURABLE_WITHIN_NS = 50_000_000
BOUNDARY_KEY = "boundary_key"
KEY_BYTES = 32
NS_PER_S = 1_000_000_000
DEFAULT_RULES = TakeRules()


class Outbox:
    """Opens or makes the outbox at `settings.path`; used by any number of threads.

    `boundary_key` is a random key kept with the outbox, for boundaries that nobody outside can guess;
    `parking` is where the parked deliveries are seen to; `giving` hands a backlog to another profile.

    Raises:
        OutboxError: Another process holds it, or a newer version wrote it.
    """

    def __init__(self, settings: OutboxSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.RLock()
        self._storage = Storage(settings, clock)
        self._limits: dict[int, Limits] = {}
        self._settled_since_ns = 0
        self._since_prune = 0
        self._late_commits = 0
        self._listeners: dict[int, Callable[[], None]] = {}
        self._tallies = Tallies()
        self._profiles = Profiles(self._storage.watermark.profiles)
        self._intake = Intake(self._storage, self._tallies, clock.utc_ns())
        self._running_time = RunningTime({}, clock, trust_clock=settings.trust_clock)
        self.boundary_key = os.urandom(KEY_BYTES)
        self._queues = Queues(
            self._storage,
            self._tallies,
            self._running_time,
            clock,
            longest_ns=round(settings.max_age_s * NS_PER_S),
        )
        self._disk_read = False
        self._storage.read(lambda _: self._read_disk(), None)
        self.parking = Parking(
            self._lock,
            self._storage,
            self._tallies,
            settle=self.flush,
            changed=self._queues.recount,
            wake=self._wake,
        )
        self.giving = Giving(
            self._lock,
            self._storage,
            self._queues,
            self._tallies,
            self._profiles,
            commit=lambda: self._commit(()),
            wake=self.wake,
        )

    def _read_disk(self) -> None:
        """Take over what the file knows; at start, or when the disk comes back for the first time."""
        disk = self._storage.disk
        if disk is None:
            self._intake.catch_up()
            return
        state = disk.queries.state()
        self._tallies.add(state)
        self._profiles.add(state)
        self._running_time.add(state)
        self._keep_key(disk, state)
        self._intake.catch_up()
        self._disk_read = True
        self._queues.recount()

    def _keep_key(self, disk: Database, state: Mapping[str, object]) -> None:
        kept = state.get(BOUNDARY_KEY)
        if isinstance(kept, str) and len(kept) == 2 * KEY_BYTES:
            self.boundary_key = bytes.fromhex(kept)
        else:
            with disk.transaction():
                disk.save({BOUNDARY_KEY: self.boundary_key.hex()})

    def close(self) -> None:
        """Write what is settled, fold the log into the file, let the next process in.

        A disk that was ill is tried once more, for what is only in memory.
        """
        with self._lock:
            try:
                if self._storage.trouble:
                    self._storage.try_again_now()
                    self._commit(())
                self.flush()
            finally:
                self._storage.close()

    # -- the engine's side -----------------------------------------------------------------------

    def profile_id(self, key: str) -> int:
        """The number of the profile with this key: the same for ever, a new one for a new key."""
        with self._lock:
            return self._profiles.number(key)

    def profile_ids(self) -> dict[str, int]:
        """The numbers of all keys that this outbox ever knew, also of profiles that are configured no longer."""
        with self._lock:
            return self._profiles.numbers()

    def car_id(self, stream_id: str, vehicle_no: int) -> int:
        """The vehicle's number on the wire: counts on across restarts, the same for the same vehicle."""
        with self._lock:
            return self._intake.car_id(stream_id, vehicle_no)

    def knows(self, event_id: str) -> bool:
        """Was this event put before, by this process or an earlier one?"""
        with self._lock:
            return self._intake.knows(records.id_bytes(event_id))

    def put(self, batch: Sequence[NewEvent]) -> None:
        """Store events in one transaction; those known already are passed over.

        On return they are as safe as `durability` says. What has been settled meanwhile goes into the
        same transaction, so a busy outbox flushes once per batch. Never raises for what a disk does.
        """
        with self._lock:
            rows = self._intake.rows_from(batch, self._running_time.now_ns())
            woken = self._queues.put(rows)
            self._commit(rows)
        self._wake(woken)

    def wake(self, profile_id: int) -> None:
        """Tell who listens for this profile that something may be free for it."""
        self._wake((profile_id,))

    def _wake(self, profile_ids: Iterable[int]) -> None:
        for profile_id in profile_ids:
            listener = self._listeners.get(profile_id)
            if listener is not None:
                listener()

    def _commit(self, rows: Sequence[EventRow]) -> None:
        began_ns = self._clock.mono_ns()
        self._since_prune += len(rows)
        self._settled_since_ns = 0
        losses: Counter[tuple[int, Dropped]] = Counter()
        ailing = not self._storage.durable
        batch = Batch(
            rows=rows,
            settled=self._queues.hand_over(),
            state={
                **self._running_time.state(),
                **self._intake.state(),
                **self._tallies.unsaved(),
                **(self._profiles.state() if self._profiles.dirty else {}),
            },
            meet=None if self._disk_read else self._meet,
            make_room=lambda database: self._make_room(database, losses),
        )
        if self._storage.write(batch):
            self._tallies.saved()
            self._profiles.dirty = False
            self._queues.committed()
            if ailing:
                back = self._queues.recount if self._disk_read else self._read_disk
                self._storage.read(lambda _: back(), None)
            self._keep_mark()
        if losses:
            for (profile_id, why), count in losses.items():
                self._tallies.drop(profile_id, why, count)
            self._storage.read(lambda _: self._queues.recount(), None)
        if rows and self._clock.mono_ns() - began_ns > DURABLE_WITHIN_NS:
            self._late_commits += len(rows)

    def _keep_mark(self) -> None:
        disk = self._storage.disk
        if disk is not None:
            oldest_seq = self._storage.read(lambda _: disk.queries.oldest_waiting_seq(), 0)
            self._storage.watermark.write(self._intake.mark(oldest_seq))
            self._storage.watermark.write_profiles(self._profiles.numbers())

    def _meet(self, disk: Database) -> None:
        """The file comes late, and may number its profiles otherwise than we did meanwhile."""
        changes = self._profiles.meet(disk.queries.state())
        if changes:
            disk.renumber(changes)
        disk.save(self._profiles.state())

    def _make_room(self, database: Database, losses: Counter[tuple[int, Dropped]]) -> None:
        """Keep a database within its bounds, and forget ids beyond theirs; inside its transaction."""
        losses.clear()  # of a transaction that the disk took back
        settings = self._settings
        if database is self._storage.memory:
            limits = Limits(max_bytes=settings.memory_bytes, max_events=settings.max_events)
        else:
            limits = Limits(max_bytes=settings.max_bytes, max_events=settings.max_events)
        in_flight = self._queues.in_flight()
        for profile_id, own in self._limits.items():
            depth = self._queues.depths.of(profile_id)
            if own.exceeded(depth.size_bytes, depth.events):
                Room(database, own, in_flight, profile_id, losses).make()
        Room(database, limits, in_flight, None, losses).make()
        if self._since_prune >= PRUNE_EVERY:
            self._since_prune = 0
            database.prune(before_seq=self._intake.seq - settings.known_events)
            # Nobody takes from the queue of a profile that is off, so nobody else would see its age.
            longest_ns = round(settings.max_age_s * NS_PER_S)
            old = database.drop_older(self._running_time.now_ns() - longest_ns, in_flight)
            for profile_id, count in old.items():
                losses[(profile_id, Dropped.TOO_OLD)] += count

    def open_vehicles(self, *, other_than: str = "") -> list[OpenVehicle]:
        """Vehicles without a Lost whose stream is another: the last event of each, oldest vehicle first.

        After a crash the engine lets each of them say what it still has to say.
        """
        with self._lock:
            return self._storage.read(lambda _: self._intake.open_vehicles(other_than), [])

    # -- the workers' side -----------------------------------------------------------------------

    def listen(self, profile_id: int, wake: Callable[[], None] | None) -> None:
        """Call `wake` after each `put` that this profile wants; `None` ends it."""
        with self._lock:
            if wake is None:
                self._listeners.pop(profile_id, None)
            else:
                self._listeners[profile_id] = wake

    def limit(self, profile_id: int, limits: Limits) -> None:
        """Bound one profile's queue."""
        with self._lock:
            self._limits[profile_id] = limits

    def take(self, profile_id: int, rules: TakeRules = DEFAULT_RULES) -> Delivery | None:
        """The next delivery to try, now in flight until it is settled or postponed.

        What has expired, or is superseded, is passed over and counted.
        """
        with self._lock:
            self._heal()
            taken = self._storage.read(lambda _: self._queues.take(profile_id, rules), None)
            self._settle_later()
            return taken

    def done(self, delivery: Delivery) -> None:
        """The receiver has it."""
        with self._lock:
            self._queues.done(delivery.profile_id, delivery.seq)
            self._settle_later()

    def drop(self, profile_id: int, seq: int, why: Dropped) -> None:
        """Gone for a counted reason."""
        with self._lock:
            self._queues.drop(profile_id, seq, why)
            self._settle_later()

    def postpone(self, delivery: Delivery, *, due_mono_ns: int) -> None:
        """Not now: may be taken again at `due_mono_ns`. Keeps its place and its packet."""
        with self._lock:
            self._queues.postpone(delivery, due_mono_ns)
            self._settle_later()

    def park(self, delivery: Delivery, *, why: str, words: str = "") -> None:
        """It will never be taken as it is: keep it for a person, let the next one go."""
        with self._lock:
            self._queues.park(delivery, why, words)
            self._settle_later()

    def release_held(self, profile_id: int) -> None:
        """The receiver is back: what waited for its retry may go now."""
        with self._lock:
            self._queues.lane(profile_id).release_all()

    def next_due(self, profile_id: int) -> int | None:
        """When `take` may find something again without a `put`; `None` when only a `put` helps."""
        with self._lock:
            return self._queues.lane(profile_id).next_due()

    # -- seeing it -------------------------------------------------------------------------------

    def waiting(self, profile_id: int) -> Waiting:
        """What stands in the queue of a profile, with what is in flight."""
        with self._lock:
            self._storage.read(lambda _: self._queues.fill(profile_id), None)
            return self._queues.waiting(profile_id)

    def tally(self, profile_id: int) -> Tally:
        """What became of a profile's events so far."""
        with self._lock:
            return self._tallies.value(profile_id)

    def status(self) -> OutboxStatus:
        """The outbox as a whole."""
        with self._lock:
            storage = self._storage
            size_bytes, events = storage.held
            return OutboxStatus(
                path=str(self._settings.path),
                durability=self._settings.durability,
                events=events,
                bytes=size_bytes,
                max_events=self._settings.max_events,
                max_bytes=self._settings.max_bytes,
                durable=storage.durable,
                trouble=storage.trouble,
                not_yet_durable=storage.not_durable(),
                late_commits=self._late_commits,
                process_written_bytes=written_bytes(),
                salvaged_events=storage.salvaged.events,
                lost_events=storage.salvaged.lost,
                damage=storage.salvaged.why,
                set_aside=storage.salvaged.set_aside,
            )

    # -- inside ----------------------------------------------------------------------------------

    def flush(self) -> None:
        """Commit what is settled now."""
        with self._lock:
            if len(self._queues.settled) or self._tallies.dirty or self._profiles.dirty:
                self._commit(())

    def tick(self) -> int | None:
        """Commit what was settled a while ago; returns when to come again (`None`: no need)."""
        with self._lock:
            self._heal()
            heal_ns = self._storage.next_heal_mono_ns()
            if not len(self._queues.settled):
                return heal_ns
            due_ns = self._settled_since_ns + SETTLE_WITHIN_NS
            if self._clock.mono_ns() < due_ns:
                return due_ns if heal_ns is None else min(due_ns, heal_ns)
            self._commit(())
            return self._storage.next_heal_mono_ns()

    def _heal(self) -> None:
        """Try the disk again when it is time."""
        if self._storage.heal_due():
            self._commit(())

    def _settle_later(self) -> None:
        count = len(self._queues.settled)
        if not count:
            return
        now_ns = self._clock.mono_ns()
        self._settled_since_ns = self._settled_since_ns or now_ns
        if count >= SETTLE_TOGETHER or now_ns - self._settled_since_ns >= SETTLE_WITHIN_NS:
            self._commit(())
