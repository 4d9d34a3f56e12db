"""Events on their way in: each gets its place, its images' numbers and its deliveries' packets.

Numbers only go up. They go on after the highest that log or mark know, so that none is given to two events,
whatever was lost. Not thread-safe: the outbox has the lock.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cammra_edge.outbox import records
from cammra_edge.outbox.census import LAST_SEQ, SKIPPED, Doubt, skipped_in
from cammra_edge.outbox.mark import Mark
from cammra_edge.outbox.noted import is_number, number_in
from cammra_edge.outbox.rows import ALL_IMAGES, MOST_PICKED, EventRow, ImageRow, WantedRow
from cammra_edge.storing import log_vehicle_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cammra_edge.model import Event
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.tallies import Tallies
    from cammra_edge.outbox.values import NewEvent

CARS_KEPT = 4096
STEPS = {Doubt.NONE: (0, 0), Doubt.TORN: (256, 256), Doubt.MISSING: (1 << 20, 1 << 16)}
"""How far to go on behind the highest known numbers: of events and images, and of vehicles and packets.

The second ones are on the wire, where a step is a gap; there are no more events in the largest segment.
"""
NS_PER_S = 1_000_000_000
_LAST_IMAGE_NO = "last_image_no"
_LAST_CAR_ID = "last_car_id"
_FIRST_PACKET = "first_packet"


class Intake:
    """Numbers what comes in."""

    def __init__(self, store: Store, tallies: Tallies) -> None:
        self._store = store
        self._tallies = tallies
        self._seq = 0
        self._image_no = 0
        self._car_id = 0
        self._cars: OrderedDict[int, int] = OrderedDict()
        self._skipped: dict[int, int] = {}
        self._skipped_unsaved: dict[int, int] = {}

    def begin_after_clock(self, utc_ns: int) -> None:
        """Nobody knows what was given: neither log nor mark can be read.

        The seconds since 1970 grow faster than any of these numbers, so from there on none is met again.
        """
        seconds = utc_ns // NS_PER_S
        self._skip_to(seconds << 20)
        self._image_no = max(self._image_no, seconds << 20)
        self._car_id = max(self._car_id, seconds)
        self._tallies.start_after(seconds)

    def skip(self, doubt: Doubt, profile_ids: Iterable[int]) -> None:
        """Go on well behind the highest numbers known, of these profiles' packets too: more may have been given."""
        step, step_on_wire = STEPS[doubt]
        self._skip_to(self._seq + step)
        self._image_no += step
        self._car_id += step_on_wire
        self._tallies.skip(step_on_wire, profile_ids)

    def _skip_to(self, seq: int) -> None:
        if seq > self._seq:
            self._skipped[self._seq] = self._skipped_unsaved[self._seq] = seq
            self._seq = seq

    def skipped(self) -> dict[str, object]:
        """The places that were never given: behind each of these up to that one."""
        return {f"{SKIPPED}{after}": last for after, last in self._skipped.items()}

    def catch_up(self, mark: Mark, state: Mapping[str, object]) -> None:
        """Go on after what mark and log know."""
        self._skipped |= skipped_in(state)
        seq, image_no, car_id = (no if is_number(no) else 0 for no in self._store.ledger.highest)
        self._seq = max(self._seq, seq, mark.seq, number_in(state, LAST_SEQ))
        self._image_no = max(
            self._image_no, image_no, mark.image_no, number_in(state, _LAST_IMAGE_NO)
        )
        self._car_id = max(self._car_id, car_id, mark.car_id, number_in(state, _LAST_CAR_ID))
        self._tallies.start_after(number_in(state, _FIRST_PACKET))

    @property
    def seq(self) -> int:
        """The last place given."""
        return self._seq

    def state(self) -> dict[str, object]:
        """What to save with the next group."""
        numbers: dict[str, object] = {
            LAST_SEQ: self._seq,
            _LAST_IMAGE_NO: self._image_no,
            _LAST_CAR_ID: self._car_id,
        }
        if first_packet := self._tallies.first_packet:
            numbers[_FIRST_PACKET] = first_packet
        if not self._skipped_unsaved:
            return numbers
        skipped = {f"{SKIPPED}{after}": last for after, last in self._skipped_unsaved.items()}
        return numbers | skipped

    def saved(self) -> None:
        """What `state` gave is written."""
        self._skipped_unsaved.clear()

    def mark(self, *, closed: bool) -> Mark:
        """What the mark is to remember now."""
        return Mark(
            seq=self._seq,
            image_no=self._image_no,
            car_id=self._car_id,
            closed=closed,
            packets=self._tallies.packets(),
        )

    def car_id(self, stream_id: str, vehicle_no: int) -> int:
        """The vehicle's number; the next one for a vehicle not seen before."""
        vehicle = log_vehicle_hash(stream_id, vehicle_no)
        car_id = self._cars.get(vehicle) or self._store.ledger.car_id(vehicle)
        if car_id is None:
            self._car_id += 1
            car_id = self._cars[vehicle] = self._car_id
            if len(self._cars) > CARS_KEPT:
                self._cars.popitem(last=False)
        return car_id

    def rows_from(self, batch: Sequence[NewEvent], stored_ns: int) -> list[EventRow]:
        """Rows of the events that are new."""
        rows: list[EventRow] = []
        seen: set[bytes] = set()
        fresh: dict[str, int] = {}
        for new in batch:
            event_id = records.id_bytes(new.event.event_id)
            if event_id in seen or self._store.ledger.seq_of(event_id):
                continue
            seen.add(event_id)
            rows.append(self._row_from(new, event_id, stored_ns, fresh))
        return rows

    def held(self, event: Event) -> tuple[str, ...]:
        """Keys of an event's images that are still there."""
        keys = (image.image_key for image in event.images)
        return tuple(key for key in keys if self._store.ledger.image_no(key))

    def take_back(self, rows: Sequence[EventRow]) -> None:
        """None of these was stored, and nobody has seen their numbers."""
        for row in rows:
            for wanted in row.wanted:
                self._tallies.take_packet_back(wanted.profile_id)
            for profile_id, why in row.new.kept_back.items():
                self._tallies.keep_back(profile_id, why, -1)
        self._seq -= len(rows)
        self._image_no -= sum(len(row.images) for row in rows)

    def _row_from(
        self, new: NewEvent, event_id: bytes, stored_ns: int, fresh: dict[str, int]
    ) -> EventRow:
        event = new.event
        self._seq += 1
        self._car_id = max(self._car_id, event.car_id)
        nos, images = self._number_images(new, fresh)
        for profile_id, why in new.kept_back.items():
            self._tallies.keep_back(profile_id, why)
        wanted = {
            one.profile_id: one.image_keys for one in new.wanted_by
        }  # whoever is named twice gets it once
        return EventRow(
            self._seq,
            event_id,
            event,
            stored_ns,
            nos,
            images,
            new.images,
            tuple(
                [
                    WantedRow(
                        profile_id, self._tallies.next_packet(profile_id), *_carried(new, keys)
                    )
                    for profile_id, keys in wanted.items()
                ]
            ),
            new,
        )

    def _number_images(
        self, new: NewEvent, fresh: dict[str, int]
    ) -> tuple[tuple[int, ...], tuple[ImageRow, ...]]:
        """Numbers of the event's images in their order (0: nowhere), and the rows to be stored.

        `fresh` are the numbers that this batch gave and the ledger does not know yet.
        """
        nos: list[int] = []
        rows: list[ImageRow] = []
        for ref in new.event.images:
            key = ref.image_key
            no = fresh.get(key) or self._store.ledger.image_no(key)
            data = new.images.get(key)
            if not no and data is not None:
                self._image_no += 1
                no = fresh[key] = self._image_no
                rows.append(ImageRow(no, key, data))
            nos.append(no)
        return tuple(nos), tuple(rows)


def _carried(new: NewEvent, image_keys: Sequence[str] | None) -> tuple[int, int]:
    """Which of the event's images a profile carries, as bits, and their bytes."""
    bits, size_bytes = (ALL_IMAGES, 0) if image_keys is None else (0, 0)
    for place, ref in enumerate(new.event.images):
        if image_keys is None or (place < MOST_PICKED and ref.image_key in image_keys):
            bits |= 1 << place
            data = new.images.get(ref.image_key)
            size_bytes += ref.size_bytes if data is None else len(data)
    return bits, size_bytes
