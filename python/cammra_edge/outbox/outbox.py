"""The durable queue between deciding and delivering.

The engine puts events with their images; each profile that wants one gets a delivery with a running
number of its own. Workers take deliveries and settle them. What is written lies in a log of segments (`log`); who
waits for what is in memory (`Ledger`), read from the log at start.

Two locks: `_lock` guards what is in memory and is never held while a disk is asked; one thread at a time writes
(`Writer.turn`). So status, settling and a delivery that is at hand never wait for storage. Callbacks run outside both.

Invariants, model-checked in `tests/property/test_outbox.py`:

1. What `put` has returned for is on disk: through a power cut with `durability="power"`, through a
   crash of the process with `"process"`. While the disk takes nothing it is in memory, and counted.
2. A delivery leaves only through `done`, `park`, `expire` or a counted drop. Settling is written lazily:
   losing it in a crash makes a duplicate with the same event id and packet, never a loss.
3. Deliveries of one vehicle are taken one at a time, in the order they went in (`lane`).
4. An event id is taken in once; a packet number belongs to one event for ever.
5. No decision rests on a stored wall-clock time: ages count running time (`running_time`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypedDict

from cammra_edge.outbox import records
from cammra_edge.outbox.erasing import Erasing
from cammra_edge.outbox.giving import Giving
from cammra_edge.outbox.history import LogHistory
from cammra_edge.outbox.holding import Holding
from cammra_edge.outbox.intake import Intake
from cammra_edge.outbox.keeping import Keeping
from cammra_edge.outbox.lane import TakeRules
from cammra_edge.outbox.log import Log, StorageError
from cammra_edge.outbox.opening import Opening
from cammra_edge.outbox.parking import Parking
from cammra_edge.outbox.profiles import Profiles
from cammra_edge.outbox.queues import Queues
from cammra_edge.outbox.room import Room
from cammra_edge.outbox.running_time import RunningTime
from cammra_edge.outbox.saved import Saved
from cammra_edge.outbox.status import status_of
from cammra_edge.outbox.store import Store
from cammra_edge.outbox.tallies import Tallies
from cammra_edge.outbox.values import Delivery, Dropped, OpenVehicle, OutboxStatus, Tally, Waiting
from cammra_edge.outbox.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.bounds import Limits
    from cammra_edge.outbox.lane import Entry
    from cammra_edge.outbox.rows import EventRow
    from cammra_edge.outbox.values import NewEvent

DURABLE_WITHIN_NS = 50_000_000
NS_PER_S = 1_000_000_000
DEFAULT_RULES = TakeRules()


class _Parts(TypedDict):
    store: Store
    writer: Writer
    queues: Queues
    tallies: Tallies


class Outbox:
    """Opens or makes the outbox at `settings.path`; used by any number of threads.

    `parking` sees to what is parked; `giving` hands a backlog to another profile; `holding` holds what is not to go
    yet; `history` is what it remembers.

    Args:
        settings: Where it is, and its bounds.
        clock: Where the time comes from.
        read_only: Look at what is there: nothing is written, not even a lock.

    Raises:
        OutboxError: Another process holds it, a newer version wrote it, or what is there is no outbox.
    """

    def __init__(self, settings: OutboxSettings, *, clock: Clock, read_only: bool = False) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.RLock()
        self._late_commits = 0
        self._listeners: dict[int, Callable[[], None]] = {}
        log = Log(
            settings.path,
            max_bytes=settings.max_bytes,
            durability=settings.durability,
            clock=clock,
            read_only=read_only,
        )
        self._store = store = Store(log, settings.known_events)
        self._tallies = tallies = Tallies()
        self._profiles = profiles = Profiles()
        self._intake = Intake(store, tallies)
        self._running_time = RunningTime({}, clock, trust_clock=settings.trust_clock)
        self._saved = Saved(self._intake, tallies, profiles, self._running_time)
        longest_ns = round(settings.max_age_s * NS_PER_S)
        self._queues = Queues(store, tallies, self._running_time, clock, longest_ns=longest_ns)
        self._opening = Opening(
            self._lock,
            store=store,
            intake=self._intake,
            tallies=tallies,
            profiles=profiles,
            saved=self._saved,
            queues=self._queues,
        )
        self._room = Room(settings, store, self._queues, tallies, self._running_time)
        self._writer = writer = Writer(
            self._lock,
            store=store,
            saved=self._saved,
            clock=clock,
            meet=self._opening.meet,
            healed=self._queues.look_anew,
            give_way=self._opening.give_way,
            read_only=read_only,
        )
        self._open()
        parts = _Parts(store=store, writer=writer, queues=self._queues, tallies=tallies)
        self._keeping = Keeping(
            settings, store, writer, self._lock, running_time=self._running_time, clock=clock
        )
        begun = self._opening.found.erasures
        self._erasing = Erasing(store, writer, self._queues, profiles, self._lock, begun=begun)
        self.history = LogHistory(store, self._keeping, self._erasing, profiles)
        if not read_only:
            self._opening.tell()
            with writer.turn:  # the watch looks from a thread of its own
                self._erasing.finish()
                self._keeping.tend()
        self.parking = Parking(self._lock, **parts, wake=self._wake)
        self.giving = Giving(self._lock, **parts, profiles=profiles, wake=self.wake)
        self.holding = Holding(self._lock, store, self._queues, writer, self.wake)

    def _open(self) -> None:
        log = self._store.log
        try:
            log.open()
            self._opening.begin(self._clock.utc_ns())
            if log.trouble:  # something could not be read yet
                self._writer.ail(StorageError(log.trouble))
        except StorageError as error:
            self._opening.begin_without(self._clock.utc_ns())
            self._writer.ail(error)
        except BaseException:
            log.close()
            raise
        log.watch(self._look)

    def close(self) -> None:
        """Write what is settled, once more also to a disk that was ill, note how far the log is, let others in."""
        writer = self._writer
        with writer.turn:
            try:
                writer.close()
            finally:
                self._store.log.close()

    # -- the engine's side -----------------------------------------------------------------------

    @property
    def boundary_key(self) -> bytes:
        """A random key kept with the outbox, for boundaries that nobody outside can guess."""
        return self._saved.boundary_key

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
            return self._store.ledger.seq_of(records.id_bytes(event_id)) is not None

    def put(self, batch: Sequence[NewEvent]) -> None:
        """Store events in one group; those known already are passed over.

        On return they are as safe as `durability` says. What has been settled meanwhile goes into the
        same group, so a busy outbox flushes once per batch. Never raises for what a disk does.
        """
        began_ns = self._clock.mono_ns()
        writer = self._writer
        with writer.turn:
            writer.get_ready()
            with self._lock:
                rows = self._intake.rows_from(batch, self._running_time.now_ns())
            if not rows:
                return
            woken, groups = set[int](), writer.groups
            try:
                writer.put(rows, lambda: woken.update(self._stored(rows)))
            except BaseException:
                if writer.groups == groups:  # otherwise the numbers may lie on the disk already
                    with self._lock:
                        self._intake.take_back(rows)
                raise
            if self._clock.mono_ns() - began_ns > DURABLE_WITHIN_NS:
                self._late_commits += len(rows)
            self._keeping.tend()
            self._erasing.finish()
        self._wake(woken)

    def _stored(self, rows: Sequence[EventRow]) -> set[int]:
        woken = self._queues.put(rows)
        self._room.make(len(rows))
        self._note_settled()
        return woken

    def wake(self, profile_id: int) -> None:
        """Tell who listens for this profile that something may be free for it."""
        self._wake((profile_id,))

    def _wake(self, profile_ids: Iterable[int]) -> None:
        for profile_id in profile_ids:
            listener = self._listeners.get(profile_id)
            if listener is not None:
                listener()

    def open_vehicles(self, *, other_than: str = "") -> list[OpenVehicle]:
        """Vehicles without a Lost whose stream is another: the last event of each, oldest vehicle first.

        After a crash the engine lets each of them say what it still has to say.
        """
        with self._lock:
            rows = self._store.ledger.open_vehicles()
        found: list[OpenVehicle] = []
        for _, seq, ids in sorted(rows):
            try:
                payload = self._store.payload(seq)
                if payload is None:
                    continue
                event = records.event_from(payload)
            except (ValueError, TypeError, KeyError, OSError):
                continue
            if event.stream_id != other_than:
                held = self._intake.held(event)
                known = frozenset(event_id.hex() for event_id in ids)
                found.append(OpenVehicle(event=event, held_image_keys=held, event_ids=known))
        return found

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
            self._room.limits[profile_id] = limits

    def take(self, profile_id: int, rules: TakeRules = DEFAULT_RULES) -> Delivery | None:
        """The next delivery to try, now in flight until it is settled or postponed.

        What has expired, or is superseded, is passed over and counted. May wait for the disk, where the event is
        not at hand; `None` also when the disk does not answer.
        """
        self._writer.tend()
        while True:
            with self._lock:
                entry = self._queues.pick(profile_id, rules)
                self._note_settled()
                if entry is None:
                    return None
                delivery = self._queues.from_memory(entry)
            if delivery is not None:
                return delivery
            try:
                found = self._queues.read(entry)
            except StorageError as error:
                self._writer.ail(error)
                with self._lock:
                    self._queues.put_back(profile_id, entry.row.seq)
                return None
            if isinstance(found, Delivery):
                return found
            self._let_go(profile_id, entry, found)

    def put_back(self, delivery: Delivery) -> None:
        """It was taken and not tried: as if it had not been taken."""
        with self._lock:
            self._queues.put_back(delivery.profile_id, delivery.seq)

    def _let_go(self, profile_id: int, entry: Entry, why: Dropped | None) -> None:
        """It cannot be sent; or it has gone meanwhile, and was counted there."""
        with self._lock:
            if why is None:
                self._queues.lane(profile_id).drop(entry.row.seq)
            else:
                self._queues.drop(profile_id, entry.row.seq, why)
                self._note_settled()

    def _note_settled(self) -> None:
        if self._store.ledger.pending:
            self._writer.settled()

    def done(self, delivery: Delivery) -> None:
        """The receiver has it."""
        with self._lock:
            self._queues.done(delivery.profile_id, delivery.seq)
            self._writer.settled()

    def drop(self, profile_id: int, seq: int, why: Dropped) -> None:
        """Gone for a counted reason."""
        with self._lock:
            self._queues.drop(profile_id, seq, why)
            self._writer.settled()

    def postpone(self, delivery: Delivery, *, due_mono_ns: int) -> None:
        """Not now: may be taken again at `due_mono_ns`. Keeps its place and its packet."""
        with self._lock:
            self._queues.postpone(delivery, due_mono_ns)
            self._writer.settled()

    def park(self, delivery: Delivery, *, why: str, words: str = "") -> None:
        """It will never be taken as it is: keep it for a person, let the next one go."""
        with self._lock:
            self._queues.park(delivery, why, words)
            self._writer.settled()

    def release_held(self, profile_id: int) -> None:
        """The receiver is back: what waited for its retry may go now."""
        with self._lock:
            self._queues.lane(profile_id).release_all()

    def is_empty(self, profile_id: int) -> bool:
        """Is nothing there to take before the next `put`? False also where it has not been looked for."""
        with self._lock:
            return self._queues.lane(profile_id).is_empty

    def next_due(self, profile_id: int, rules: TakeRules = DEFAULT_RULES) -> int | None:
        """When `take` may find something again without a `put`; `None` when only a `put` helps."""
        with self._lock:
            return self._queues.next_due(profile_id, rules)

    # -- seeing it -------------------------------------------------------------------------------

    def waiting(self, profile_id: int) -> Waiting:
        """What stands in the queue of a profile, with what is in flight."""
        with self._lock:
            self._queues.fill(profile_id)
            return self._queues.waiting(profile_id)

    def tally(self, profile_id: int) -> Tally:
        """What became of a profile's events so far."""
        with self._lock:
            return self._tallies.value(profile_id)

    def status(self) -> OutboxStatus:
        """The outbox as a whole."""
        with self._lock:
            return status_of(
                self._settings,
                self._store,
                self._opening.found,
                self._clock,
                trouble=self._writer.trouble,
                late_commits=self._late_commits,
            )

    # -- inside ----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Something changed about the folder: look, and have the workers come back when it is time to mend it."""
        if not self._writer.look():
            self._wake(tuple(self._listeners))

    def flush(self) -> None:
        """Write what is settled now."""
        self._writer.flush()

    def tick(self) -> int | None:
        """Write what was settled a while ago; returns when to come again (`None`: no need)."""
        self._writer.tend()
        self._keeping.tend_when_due()
        self._erasing.finish()
        return self._writer.due_ns()
