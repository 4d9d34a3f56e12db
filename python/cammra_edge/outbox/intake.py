"""Events on their way in: each gets its place, its images' numbers and its deliveries' packets.

Numbers only go up. They go on after the highest that the database or the watermark knows, so that none is
given to two events, whatever was lost. Not thread-safe: the outbox has the lock.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind
from cammra_edge.outbox import records
from cammra_edge.outbox.queries import LAST_SEQ
from cammra_edge.outbox.rows import DeliveryRow, EventRow, ImageRow
from cammra_edge.outbox.values import OpenVehicle
from cammra_edge.outbox.watermark import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.model import Event
    from cammra_edge.outbox.storage import Storage
    from cammra_edge.outbox.tallies import Tallies
    from cammra_edge.outbox.values import NewEvent

IMAGE_KEYS_KEPT = 1024
CARS_KEPT = 4096
NS_PER_S = 1_000_000_000
_LAST_IMAGE_NO = "last_image_no"
_LAST_CAR_ID = "last_car_id"


class Intake:
    """Numbers what comes in."""

    def __init__(self, storage: Storage, tallies: Tallies, started_utc_ns: int) -> None:
        self._storage = storage
        self._tallies = tallies
        mark = storage.watermark.mark
        self._seq = mark.seq
        self._image_no = mark.image_no
        self._car_id = mark.car_id
        self._turn = mark.turn
        if storage.disk is None and not mark.turn:
            # Neither file nor watermark can be read, so nobody knows what was given. The seconds since
            # 1970 grow faster than any of these numbers, so from there on none is met again.
            seconds = started_utc_ns // NS_PER_S
            self._seq = self._image_no = seconds << 20
            self._car_id = seconds
            tallies.start_after(seconds)
        self._cars: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._image_nos: OrderedDict[str, int] = OrderedDict()

    def catch_up(self) -> None:
        """Go on after what the databases hold."""
        for database in self._storage.databases:
            seq, image_no = database.queries.highest()
            self._seq = max(self._seq, seq)
            self._image_no = max(self._image_no, image_no, database.queries.number(_LAST_IMAGE_NO))
            self._car_id = max(self._car_id, database.queries.number(_LAST_CAR_ID))
        self._tallies.raise_packets(self._storage.watermark.mark.packets)
        for database in self._storage.databases:
            for row in database.queries.open_rows(newest=IMAGE_KEYS_KEPT):
                if row.body is None:
                    continue
                record = records.record_from(row.body)
                for image, no in zip(record.event.images, record.image_nos, strict=False):
                    if no and database.queries.has_image(no):
                        self._image_nos[image.image_key] = no

    @property
    def seq(self) -> int:
        """The last place given."""
        return self._seq

    def state(self) -> dict[str, int]:
        """What to save with the next commit."""
        return {LAST_SEQ: self._seq, _LAST_IMAGE_NO: self._image_no, _LAST_CAR_ID: self._car_id}

    def mark(self, oldest_seq: int) -> Mark:
        """What the watermark is to remember now."""
        self._turn += 1
        return Mark(
            turn=self._turn,
            seq=self._seq,
            image_no=self._image_no,
            car_id=self._car_id,
            oldest_seq=oldest_seq or self._seq + 1,
            packets=self._tallies.packets(),
        )

    def car_id(self, stream_id: str, vehicle_no: int) -> int:
        """The vehicle's number; the next one for a vehicle not seen before."""
        key = (stream_id, vehicle_no)
        car_id = self._cars.get(key)
        if car_id is None:
            car_id = self._storage.read(
                lambda storage: storage.first(
                    lambda queries: queries.car_id(stream_id, vehicle_no)
                ),
                None,
            )
        if car_id is None:
            self._car_id += 1
            car_id = self._car_id
            self._cars[key] = car_id
            if len(self._cars) > CARS_KEPT:
                self._cars.popitem(last=False)
        return car_id

    def knows(self, event_id: bytes) -> bool:
        """Was it put before? A disk that does not answer counts as no."""
        return self._storage.read(
            lambda storage: storage.any(lambda queries: queries.knows(event_id)), otherwise=False
        )

    def _had(self, event: Event, event_id: bytes) -> bool:
        """As `knows`, where the vehicle is known."""
        return self._storage.read(
            lambda storage: storage.any(
                lambda queries: event_id in queries.event_ids(event.stream_id, event.vehicle_no)
            ),
            otherwise=False,
        )

    def image_no(self, image_key: str) -> int:
        """The number of an image that is held; 0 when it is not."""
        no = self._image_nos.get(image_key, 0)
        if no and self._storage.read(
            lambda storage: storage.any(lambda queries: queries.has_image(no)), otherwise=False
        ):
            return no
        return 0

    def open_vehicles(self, other_than: str) -> list[OpenVehicle]:
        """Vehicles without a Lost whose stream is another, oldest first."""
        found: list[OpenVehicle] = []
        rows = [
            (database, row)
            for database in self._storage.databases
            for row in database.queries.open_rows()
        ]
        for database, row in rows:
            if row.body is None:
                continue
            event = records.record_from(row.body).event
            if event.stream_id == other_than:
                continue
            held = tuple(
                image.image_key for image in event.images if self.image_no(image.image_key)
            )
            ids = records.ids_from(database.queries.event_ids(event.stream_id, event.vehicle_no))
            found.append(OpenVehicle(event=event, held_image_keys=held, event_ids=ids))
        return found

    def rows_from(self, batch: Sequence[NewEvent], stored_ns: int) -> list[EventRow]:
        """Rows of the events that are new."""
        rows: list[EventRow] = []
        seen: set[bytes] = set()
        fresh: dict[str, int] = {}
        for new in batch:
            event_id = records.id_bytes(new.event.event_id)
            if event_id in seen or self._had(new.event, event_id):
                continue
            seen.add(event_id)
            rows.append(self._row_from(new, event_id, stored_ns, fresh))
            self._cars.pop((new.event.stream_id, new.event.vehicle_no), None)
        return rows

    def _row_from(
        self, new: NewEvent, event_id: bytes, stored_ns: int, fresh: dict[str, int]
    ) -> EventRow:
        event = new.event
        self._seq += 1
        self._car_id = max(self._car_id, event.car_id)
        nos, images = self._number_images(new, fresh)
        sizes = {image.image_key: image.size_bytes for image in event.images}
        sizes |= {key: len(data) for key, data in new.images.items()}
        wanted = {one.profile_id: one.image_keys for one in new.wanted_by}
        numbered = [
            (profile_id, self._tallies.next_packet(profile_id), keys)
            for profile_id, keys in wanted.items()
        ]
        body = records.bytes_from_event(event, stored_ns=stored_ns, wanted=numbered, image_nos=nos)
        deliveries = tuple(
            DeliveryRow(
                seq=self._seq,
                profile_id=profile_id,
                packet=packet,
                attempts=0,
                car_id=event.car_id,
                kind=event.kind.value,
                stored_ns=stored_ns,
                size_bytes=len(body)
                + sum(size for key, size in sizes.items() if keys is None or key in keys),
            )
            for profile_id, packet, keys in numbered
        )
        return EventRow(
            seq=self._seq,
            event_id=event_id,
            body=body,
            image_nos=tuple(no for no in nos if no),
            images=images,
            deliveries=deliveries,
            stream_id=event.stream_id,
            vehicle_no=event.vehicle_no,
            car_id=event.car_id,
            last=event.kind is EventKind.LOST,
        )

    def _number_images(
        self, new: NewEvent, fresh: dict[str, int]
    ) -> tuple[list[int], tuple[ImageRow, ...]]:
        """Numbers of the event's images in their order (0: nowhere), and the rows to be stored.

        `fresh` are the numbers that this batch gave and no database holds yet.
        """
        nos: list[int] = []
        rows: list[ImageRow] = []
        for image in new.event.images:
            key = image.image_key
            no = fresh.get(key) or self.image_no(key)
            data = new.images.get(key)
            if not no and data is not None:
                self._image_no += 1
                no = fresh[key] = self._image_no
                rows.append(ImageRow(no, key, data))
            if no:
                self._image_nos[key] = no
                self._image_nos.move_to_end(key)
            nos.append(no)
        while len(self._image_nos) > IMAGE_KEYS_KEPT:
            self._image_nos.popitem(last=False)
        return nos, tuple(rows)
