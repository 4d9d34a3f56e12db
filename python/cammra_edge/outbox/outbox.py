"""The durable queue between deciding and delivering.

The engine puts events with their images; each profile that wants one gets a delivery with a running
number of its own. Workers take deliveries and settle them. One lock guards it all; callbacks run
outside it.

Invariants, model-checked in `tests/property/test_outbox.py`:

1. What `put` has returned for is on disk: through a power cut with `durability="power"`, through a
   crash of the process with `"process"`.
2. A delivery leaves only through `done`, `park`, `expire` or a counted drop. Settling is committed lazily:
   losing it in a crash makes a duplicate with the same event id and packet, never a loss.
3. Deliveries of one vehicle are taken one at a time, in the order they went in (`lane`).
4. An event id is taken in once; a packet number belongs to one event for ever.
5. No decision rests on a stored wall-clock time: ages count running time (`odometer`).
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import OutboxError
from cammra_edge.model import EventKind
from cammra_edge.outbox import records
from cammra_edge.outbox.lane import LOOK_AHEAD, Lane, TakeRules
from cammra_edge.outbox.lock import ProcessLock
from cammra_edge.outbox.odometer import Odometer
from cammra_edge.outbox.schema import connect
from cammra_edge.outbox.store import DeliveryRow, EventRow, ImageRow, Settled, Store
from cammra_edge.outbox.tallies import Depths, Tallies
from cammra_edge.outbox.values import Delivery, Dropped, OpenVehicle, Parked, Tally, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.values import NewEvent

SETTLE_TOGETHER = 64
SETTLE_WITHIN_NS = 200_000_000
PRUNE_EVERY = 1024
IMAGE_KEYS_KEPT = 1024
CARS_KEPT = 4096
KEY_BYTES = 32
DEFAULT_RULES = TakeRules()


class Outbox:
    """Opens or makes the outbox at `settings.path`; used by any number of threads.

    `boundary_key` is a random key kept with the outbox, for boundaries that nobody outside can guess.

    Raises:
        OutboxError: Another process holds it, or a newer version wrote it.
    """

    def __init__(self, settings: OutboxSettings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.RLock()
        settings.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._process_lock = ProcessLock(settings.path.with_name(settings.path.name + ".lock"))
        try:
            self._store = Store(connect(settings.path, durability=settings.durability))
            self._read_state()
        except sqlite3.Error as error:
            self._process_lock.release()
            raise OutboxError(f"{settings.path} cannot be opened: {error}") from error
        except BaseException:
            self._process_lock.release()
            raise

    def _read_state(self) -> None:
        store = self._store
        self._odometer = Odometer(store.meta(), self._clock, trust_clock=self._settings.trust_clock)
        self._tallies = Tallies(store.profiles())
        self.boundary_key = store.key("boundary", secrets.token_bytes(KEY_BYTES))
        seq, image_no, car_id = store.highest()
        self._next_seq = seq + 1
        self._next_image_no = image_no + 1
        self._next_car_id = car_id + 1
        self._cars: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._image_nos: OrderedDict[str, int] = OrderedDict()
        self._lanes: dict[int, Lane] = {}
        self._depths = Depths(store.totals())
        self._settled = Settled()
        self._settled_since_ns = 0
        self._since_prune = 0
        self._listeners: dict[int, Callable[[], None]] = {}
        for row in store.open_rows():
            if row.body is not None:
                for image, no in zip(
                    records.record_from(row.body).event.images, row.image_nos, strict=False
                ):
                    if store.has_image(no):
                        self._image_nos[image.image_key] = no

    def close(self) -> None:
        """Write what is settled, fold the log into the file, let the next process in."""
        with self._lock:
            try:
                self.flush()
            finally:
                self._store.close()
                self._process_lock.release()

    # -- the engine's side -----------------------------------------------------------------------

    def car_id(self, stream_id: str, vehicle_no: int) -> int:
        """The vehicle's number on the wire: counts on across restarts, the same for the same vehicle."""
        key = (stream_id, vehicle_no)
        with self._lock:
            car_id = self._cars.get(key)
            if car_id is None:
                car_id = self._store.car_id(stream_id, vehicle_no)
            if car_id is None:
                car_id = self._next_car_id
                self._next_car_id += 1
                self._cars[key] = car_id
                if len(self._cars) > CARS_KEPT:
                    self._cars.popitem(last=False)
            return car_id

    def knows(self, event_id: str) -> bool:
        """Was this event put before, by this process or an earlier one?"""
        with self._lock:
            return self._store.knows(records.id_bytes(event_id))

    def put(self, batch: Sequence[NewEvent]) -> None:
        """Store events in one transaction; those known already are passed over.

        On return they are as safe as `durability` says. What has been settled meanwhile goes into the
        same transaction, so a busy outbox flushes once per batch.
        """
        with self._lock:
            rows = self._rows_from(batch)
            self._commit(rows)
            wake = {delivery.profile_id for row in rows for delivery in row.deliveries}
            for row in rows:
                self._cars.pop((row.stream_id, row.vehicle_no), None)
                for delivery in row.deliveries:
                    self._lane(delivery.profile_id).put(delivery)
                    self._depths.put(delivery.profile_id, delivery.size_bytes)
        for profile_id in wake:
            listener = self._listeners.get(profile_id)
            if listener is not None:
                listener()

    def _rows_from(self, batch: Sequence[NewEvent]) -> list[EventRow]:
        rows: list[EventRow] = []
        seen: set[bytes] = set()
        fresh: set[int] = set()
        for new in batch:
            event_id = records.id_bytes(new.event.event_id)
            if event_id in seen or self._store.knows(event_id):
                continue
            seen.add(event_id)
            rows.append(self._row_from(new, event_id, fresh))
        return rows

    def _row_from(self, new: NewEvent, event_id: bytes, fresh: set[int]) -> EventRow:
        seq = self._next_seq
        self._next_seq += 1
        self._next_car_id = max(self._next_car_id, new.event.car_id + 1)
        nos, images = self._number_images(new, fresh)
        sizes = {
            image.image_key: image.size_bytes or len(new.images.get(image.image_key, b""))
            for image in new.event.images
        }
        packets = {wanted.profile_id: wanted for wanted in new.wanted_by}
        numbered = [
            (profile_id, self._tallies.next_packet(profile_id), wanted.image_keys)
            for profile_id, wanted in packets.items()
        ]
        stored_ns = self._odometer.now_ns()
        body = records.bytes_from_event(
            new.event, stored_ns=stored_ns, wanted=numbered, image_nos=nos
        )
        deliveries = tuple(
            DeliveryRow(
                seq=seq,
                profile_id=profile_id,
                packet=packet,
                attempts=0,
                car_id=new.event.car_id,
                kind=new.event.kind.value,
                stored_ns=stored_ns,
                size_bytes=len(body)
                + sum(size for key, size in sizes.items() if keys is None or key in keys),
            )
            for profile_id, packet, keys in numbered
        )
        return EventRow(
            seq=seq,
            event_id=event_id,
            body=body,
            image_nos=tuple(no for no in nos if no),
            images=images,
            deliveries=deliveries,
            stream_id=new.event.stream_id,
            vehicle_no=new.event.vehicle_no,
            car_id=new.event.car_id,
            last=new.event.kind is EventKind.LOST,
        )

    def _number_images(
        self, new: NewEvent, fresh: set[int]
    ) -> tuple[list[int], tuple[ImageRow, ...]]:
        """Numbers of the event's images in their order (0: nowhere), and the rows to be stored.

        `fresh` are the numbers that this batch has given and the file does not hold yet.
        """
        nos: list[int] = []
        rows: list[ImageRow] = []
        for image in new.event.images:
            no = self._image_nos.get(image.image_key, 0)
            if no and no not in fresh and not self._store.has_image(no):
                no = 0
            data = new.images.get(image.image_key)
            if not no and data is not None:
                no = self._next_image_no
                self._next_image_no += 1
                fresh.add(no)
                rows.append(ImageRow(no, image.image_key, data))
            if no:
                self._image_nos[image.image_key] = no
                self._image_nos.move_to_end(image.image_key)
            nos.append(no)
        while len(self._image_nos) > IMAGE_KEYS_KEPT:
            self._image_nos.popitem(last=False)
        return nos, tuple(rows)

    def _commit(self, rows: Sequence[EventRow]) -> None:
        with self._store.transaction():
            for row in rows:
                self._store.insert(row)
            if len(self._settled):
                self._store.settle(self._settled)
            self._since_prune += len(rows)
            if self._since_prune >= PRUNE_EVERY:
                self._since_prune = 0
                bound = self._settings.known_events
                self._store.prune(
                    known_before_seq=self._next_seq - bound, cars_before=self._next_car_id - bound
                )
            self._store.save_profiles(self._tallies.unsaved())
            self._store.save_meta(self._odometer.meta())
        self._tallies.saved()
        self._settled = Settled()

    def open_vehicles(self, *, other_than: str = "") -> list[OpenVehicle]:
        """Vehicles without a Lost whose stream is another: the last event of each, oldest vehicle first.

        After a crash the engine gives each of them its Lost.
        """
        with self._lock:
            found: list[OpenVehicle] = []
            for row in self._store.open_rows():
                if row.body is None:
                    continue
                event = records.record_from(row.body).event
                if event.stream_id == other_than:
                    continue
                held = tuple(
                    image.image_key
                    for image in event.images
                    if self._store.has_image(self._image_nos.get(image.image_key, 0))
                )
                found.append(OpenVehicle(event=event, held_image_keys=held))
            return found

    # -- the workers' side -----------------------------------------------------------------------

    def listen(self, profile_id: int, wake: Callable[[], None] | None) -> None:
        """Call `wake` after each `put` that this profile wants; `None` ends it."""
        with self._lock:
            if wake is None:
                self._listeners.pop(profile_id, None)
            else:
                self._listeners[profile_id] = wake

    def take(self, profile_id: int, rules: TakeRules = DEFAULT_RULES) -> Delivery | None:
        """The next delivery to try, now in flight until it is settled or postponed.

        What has expired, or is superseded, is passed over and counted.
        """
        with self._lock:
            lane = self._lane(profile_id)
            while True:
                self._fill(profile_id, lane)
                now_ns = self._odometer.now_ns()
                entry = lane.pick(
                    now_mono_ns=self._clock.mono_ns(),
                    now_ns=now_ns,
                    rules=rules,
                    load_vehicle=lambda car_id: self._load_vehicle(profile_id, lane, car_id),
                )
                if entry is None:
                    return None
                row = entry.row
                limit_ns = rules.expires_ns.get(row.kind)
                age_ns = now_ns - row.stored_ns
                if limit_ns is not None and age_ns > limit_ns:
                    self.expire(profile_id, row.seq)
                elif rules.coalesce and lane.superseded(entry):
                    self.drop(profile_id, row.seq, Dropped.COALESCED)
                else:
                    delivery = self._delivery_from(row, entry.attempts, max(age_ns, 0))
                    if delivery is not None:
                        entry.in_flight = True
                        return delivery

    def _fill(self, profile_id: int, lane: Lane) -> None:
        while lane.wants_rows():
            rows = self._store.waiting(profile_id, after_seq=lane.cursor, limit=LOOK_AHEAD)
            lane.load(self._unsettled(rows))
            lane.cursor = rows[-1].seq if rows else lane.cursor
            lane.exhausted = len(rows) < LOOK_AHEAD

    def _load_vehicle(self, profile_id: int, lane: Lane, car_id: int) -> None:
        lane.load_vehicle(self._unsettled(self._store.waiting_of(profile_id, car_id)))

    def _unsettled(self, rows: Iterable[DeliveryRow]) -> list[DeliveryRow]:
        gone = self._settled.keys()
        return [row for row in rows if (row.seq, row.profile_id) not in gone]

    def _delivery_from(self, row: DeliveryRow, attempts: int, age_ns: int) -> Delivery | None:
        try:
            body = self._store.body(row.seq)
            if body is None:  # dropped by overflow, and counted there
                self._lane(row.profile_id).drop(row.seq)
                self._depths = Depths(self._store.totals())
                return None
            event, images = records.event_with_images(
                records.record_from(body), row.profile_id, self._store.image
            )
        except (ValueError, TypeError, KeyError):
            self.drop(row.profile_id, row.seq, Dropped.DAMAGED)
            return None
        return Delivery(
            profile_id=row.profile_id,
            seq=row.seq,
            packet=row.packet,
            attempts=attempts,
            age_ns=age_ns,
            event=event,
            images=images,
        )

    def done(self, delivery: Delivery) -> None:
        """The receiver has it."""
        with self._lock:
            self._tallies.change(delivery.profile_id).delivered += 1
            self._gone(delivery.profile_id, delivery.seq)

    def expire(self, profile_id: int, seq: int) -> None:
        """Too old to be worth sending."""
        with self._lock:
            self._tallies.change(profile_id).expired += 1
            self._gone(profile_id, seq)

    def drop(self, profile_id: int, seq: int, why: Dropped) -> None:
        """Gone for a counted reason."""
        with self._lock:
            self._tallies.drop(profile_id, why)
            self._gone(profile_id, seq)

    def _gone(self, profile_id: int, seq: int) -> None:
        with self._lock:
            self._settled.gone.append((seq, profile_id))
            entry = self._lane(profile_id).drop(seq)
            if entry is not None:
                self._depths.gone(profile_id, entry.row.size_bytes)
            self._settle_later()

    def postpone(self, delivery: Delivery, *, due_mono_ns: int, tried: bool = True) -> None:
        """Not now: may be taken again at `due_mono_ns`. Keeps its place and its packet."""
        with self._lock:
            entry = self._lane(delivery.profile_id).entries.get(delivery.seq)
            if entry is None:
                return
            entry.in_flight = False
            entry.due_mono_ns = due_mono_ns
            if tried:
                entry.attempts = delivery.attempts + 1
                self._tallies.change(delivery.profile_id).retried += 1
                self._settled.attempts[(delivery.seq, delivery.profile_id)] = entry.attempts
                self._settle_later()

    def park(self, delivery: Delivery, *, why: str) -> None:
        """It will never be taken as it is: keep it for a person, let the next one go."""
        with self._lock:
            self._tallies.change(delivery.profile_id).parked += 1
            self._settled.parked.append(
                (
                    delivery.seq,
                    why,
                    self._clock.utc_ns(),
                    delivery.attempts + 1,
                    delivery.profile_id,
                )
            )
            entry = self._lane(delivery.profile_id).drop(delivery.seq)
            if entry is not None:
                self._depths.gone(delivery.profile_id, entry.row.size_bytes)
                self._depths.of(delivery.profile_id).parked += 1
            self._settle_later()

    def release_held(self, profile_id: int) -> None:
        """The receiver is back: what waited for its retry may go now."""
        with self._lock:
            self._lane(profile_id).release_all()

    def next_due(self, profile_id: int) -> int | None:
        """When `take` may find something again without a `put`; `None` when only a `put` helps."""
        with self._lock:
            return self._lane(profile_id).next_due()

    # -- seeing it -------------------------------------------------------------------------------

    def waiting(self, profile_id: int) -> Waiting:
        """What stands in the queue of a profile."""
        with self._lock:
            lane = self._lane(profile_id)
            self._fill(profile_id, lane)
            depth = self._depths.of(profile_id)
            oldest_ns = lane.oldest_stored_ns()
            return Waiting(
                events=depth.events,
                size_bytes=depth.size_bytes,
                oldest_age_ns=0
                if oldest_ns is None
                else max(0, self._odometer.now_ns() - oldest_ns),
                parked=depth.parked,
            )

    def tally(self, profile_id: int) -> Tally:
        """What became of a profile's events so far."""
        with self._lock:
            return self._tallies.value(profile_id)

    def parked(self, profile_id: int | None = None) -> list[Parked]:
        """Parked deliveries, of one profile or of all."""
        with self._lock:
            self.flush()
            return [
                Parked(
                    profile_id=profile,
                    seq=seq,
                    event_id=self._event_id(seq),
                    packet=packet,
                    kind=kind,
                    attempts=attempts,
                    why=why,
                    parked_utc_ns=utc_ns,
                )
                for profile, seq, packet, kind, attempts, why, utc_ns in self._store.parked(
                    profile_id
                )
            ]

    def _event_id(self, seq: int) -> str:
        try:
            body = self._store.body(seq)
            return records.record_from(body).event.event_id if body is not None else ""
        except (ValueError, TypeError, KeyError):
            return ""

    # -- inside ----------------------------------------------------------------------------------

    def flush(self) -> None:
        """Commit what is settled now."""
        with self._lock:
            if len(self._settled) or self._tallies.dirty:
                self._commit(())

    def tick(self) -> int | None:
        """Commit what was settled a while ago; returns when to come again (`None`: no need)."""
        with self._lock:
            if not len(self._settled):
                return None
            due = self._settled_since_ns + SETTLE_WITHIN_NS
            if self._clock.mono_ns() >= due:
                self._commit(())
                return None
            return due

    def _settle_later(self) -> None:
        count = len(self._settled)
        if count == 1:
            self._settled_since_ns = self._clock.mono_ns()
        if count >= SETTLE_TOGETHER:
            self._commit(())

    def _lane(self, profile_id: int) -> Lane:
        lane = self._lanes.get(profile_id)
        if lane is None:
            lane = self._lanes[profile_id] = Lane()
        return lane
