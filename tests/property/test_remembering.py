"""The outbox beside a simple model: what waits, what it remembers, what is erased, with a death at any write.

The model knows what was put and how each delivery stands. Settling is written lazily: until something was flushed
behind it, a crash may leave a delivery as it stood before. After a crash the outbox must stand as the model allows,
and the model goes on from there (`remembered`). Nothing is lost that `put` returned for, nothing is invented, an id is
known for good, a packet belongs to one event, a vehicle's events come in their order, a backlog that is given away is
one profile's or the other's, bytes keep to their bounds, what is erased never comes back and leaves no byte, and what
is remembered keeps to its time.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from cammra_edge.model import EventKind, Plate
from tests.budget import NIGHTLY
from tests.fakes import NS, crash, new_event
from tests.outbox.traces import traces_in
from tests.property.crashing import Mortal
from tests.property.putting import Put, Stand, Stands, bearing
from tests.property.remembered import (
    DAYS,
    HISTORY_BYTES,
    MAX_BYTES,
    PROFILES,
    REMOVED,
    Death,
    Remembered,
)

if TYPE_CHECKING:
    from cammra_edge.outbox import Delivery, NewEvent

STEPS = 50
EXAMPLES = 200 if NIGHTLY else 10
PLATES = ("ERASEONE", "ERASETWO", "ERASEÖ3")
DAY_NS = 86_400 * NS
DEATHS = st.builds(
    Death,
    at=st.one_of(st.just(0), st.integers(1, 6), st.integers(1, 40)),
    part=st.integers(0, 8),
    cut=st.none() | st.integers(0, 1000),
)
MODES = ("ample", "little history", "little room", "power cuts")


class Remembering(Remembered):
    # -- what may happen -------------------------------------------------------------------------

    @initialize(mode=st.sampled_from(MODES))
    def begin(self, mode: str) -> None:
        self.roomy = mode not in {"little history", "little room"}
        self.tight = mode == "little room"
        self.cuts = mode == "power cuts"
        with Mortal(disk=self.disk).living():
            self.open()
        self.began = True

    @rule(
        vehicles=st.lists(st.integers(1, 5), min_size=1, max_size=3),
        plate=st.sampled_from(PLATES),
        where=st.integers(0, 3),
        wanted_by=st.sampled_from([(1,), (1, 2), (2,), (), (1, 3), (3,)]),
        size=st.sampled_from([0, 500, 60_000]),
        death=DEATHS,
    )
    def put(  # noqa: PLR0913, PLR0917 - what may differ
        self,
        vehicles: list[int],
        plate: str,
        where: int,
        wanted_by: tuple[int, ...],
        size: int,
        death: Death,
    ) -> None:
        batch: list[NewEvent] = []
        for vehicle_no in vehicles:
            self.ordinals[vehicle_no] += 1
            ordinal = self.ordinals[vehicle_no]
            image = b"\xff\xd8" + plate.encode() * (size // 8) + b"\xff\xd9" if size else None
            kind = EventKind.NEW if ordinal == 1 else EventKind.UPDATE
            new = new_event(vehicle_no, ordinal, kind=kind, wanted_by=wanted_by, image=image)
            event = replace(new.event, at_utc_ns=self.clock.utc_ns(), plate=Plate(text="NONE1"))
            event = bearing(event, plate, where)
            batch.append(replace(new, event=event))
            stands = {no: Stand() for no in wanted_by}
            self.put_events[event.event_id] = Put(event, plate, self.clock.utc_ns(), stands)
        size_bytes = self.outbox.status().bytes + sum(
            len(data) for new in batch for data in new.images.values()
        )
        if self.tight:
            self.any_may_make_room()
        with self.mortal(death):
            self.outbox.put(batch)
            self.note_what_made_room(size_bytes)
            for new in batch:
                self.stored(self.put_events[new.event.event_id])
            self.flushed()

    def any_may_make_room(self) -> None:
        for put in self.put_events.values():
            for stand in put.stands.values():
                stand.may.add(Stands.SETTLED)

    def note_what_made_room(self, size_bytes: int) -> None:
        """Events go only where there is too much, and none that is in flight; then there is not too much any more."""
        flying = {(no, delivery.event.event_id) for no, delivery in self.flying.items()}
        for event_id, put in self.put_events.items():
            for no, stand in put.stands.items():
                if self.standing(event_id, no) is not stand.now:
                    assert self.standing(event_id, no) is Stands.SETTLED
                    assert size_bytes > MAX_BYTES[self.tight] * 9 // 10
                    assert (no, event_id) not in flying
                    stand.become(Stands.SETTLED)
        waiting = (
            (no, event_id)
            for event_id, put in self.put_events.items()
            for no, stand in put.stands.items()
            if stand.now is Stands.WAITING
        )
        is_little = self.outbox.status().bytes <= MAX_BYTES[self.tight]
        assert is_little or all(one in self.tried for one in waiting)

    @rule(no=st.sampled_from(PROFILES), death=DEATHS)
    def take(self, no: int, death: Death) -> None:
        if no in self.flying:
            return
        with self.mortal(death):
            delivery = self.outbox.take(no)
            if delivery is not None:
                self.flying[no] = delivery
                self.taken(no, delivery)

    def taken(self, no: int, delivery: Delivery) -> None:
        event_id, event = delivery.event.event_id, delivery.event
        put = self.put_events[event_id]
        assert not put.erased, "what was erased came back"
        assert put.stands[no].now is Stands.WAITING
        assert replace(event, images=(), missing=()) == replace(put.event, images=())
        keys = {image.image_key for image in put.event.images}
        assert set(delivery.images) == keys or (self.tight and not delivery.images)
        assert self.packets.setdefault((no, delivery.packet), event_id) == event_id
        assert self.packet_of.setdefault((no, event_id), delivery.packet) == delivery.packet
        vehicle = no, event.vehicle_no
        if (no, event_id) not in self.by_hand:
            assert event.ordinal >= self.first_taken[vehicle] or (no, event_id) in self.tried
        self.tried.add((no, event_id))
        self.first_taken[vehicle] = max(self.first_taken[vehicle], event.ordinal)

    @precondition(lambda self: self.flying)
    @rule(how=st.sampled_from(["done", "done", "park", "postpone", "put back"]))
    def end_a_try(self, how: str) -> None:
        no, delivery = self.flying.popitem()
        stand = self.put_events[delivery.event.event_id].stands[no]
        if how == "done":
            self.outbox.done(delivery)
            stand.become(Stands.SETTLED)
        elif how == "park":
            words = f"no {self.put_events[delivery.event.event_id].plate}"
            self.outbox.park(delivery, why="HTTP 422", words=words)
            stand.become(Stands.PARKED)
        elif how == "postpone":
            self.outbox.postpone(delivery, due_mono_ns=self.clock.mono_ns() + NS)
        else:
            self.outbox.put_back(delivery)

    @rule(
        no=st.sampled_from(PROFILES),
        what=st.sampled_from(["retry", "discard"]),
        death=DEATHS,
    )
    def settle_parked(self, no: int, what: str, death: Death) -> None:
        parked = [
            (event_id, put.stands[no])
            for event_id, put in self.put_events.items()
            if no in put.stands and put.stands[no].now is Stands.PARKED
        ]
        to = Stands.WAITING if what == "retry" else Stands.SETTLED
        self.by_hand |= {(no, event_id) for event_id, _ in parked}
        for _, stand in parked:
            stand.become(to)
        with self.mortal(death):
            act = self.outbox.parking.retry if what == "retry" else self.outbox.parking.discard
            assert act(no) == len(parked)
            for _, stand in parked:
                stand.be(to)
            if parked:
                self.flushed()

    @rule(
        how=st.sampled_from(["plate", "before", "all"]),
        plate=st.sampled_from(PLATES),
        days=st.sampled_from([0, 1, 3]),
        undelivered=st.booleans(),
        death=DEATHS,
    )
    def erase(
        self,
        how: str,
        plate: str,
        days: int,
        undelivered: bool,  # noqa: FBT001 - hypothesis draws it
        death: Death,
    ) -> None:
        before = self.clock.utc_ns() - days * DAY_NS
        ways: dict[str, dict[str, Any]] = {
            "plate": {"plate": f" {plate.lower()}-"},
            "before": {"before_utc_ns": before},
            "all": {"everything": True},
        }
        words = ways[how]
        flying = {delivery.event.event_id for delivery in self.flying.values()}
        covered = [
            put
            for put in self.put_events.values()
            if not put.erased
            and (
                how == "all"
                or (put.plate == plate if how == "plate" else put.event.at_utc_ns < before)
            )
        ]
        kept = {
            put.event.event_id
            for put in covered
            if put.waits and (not undelivered or put.event.event_id in flying)
        }
        doomed = [put for put in covered if put.event.event_id not in kept]
        for put in doomed:
            put.may_be_erased = True
            for stand in put.stands.values():
                stand.may.add(Stands.SETTLED)
        with self.mortal(death):
            erased = self.outbox.history.erase(undelivered=undelivered, **words)
            assert erased.kept == {self.outbox.history.seq_of(event_id) for event_id in kept}
            for put in doomed:
                put.erased, put.may_be_erased = True, False
                for stand in put.stands.values():
                    stand.be(Stands.SETTLED)
            if doomed:
                self.flushed()
            if not kept:
                self.nothing_is_left({put.plate for put in doomed} if how != "before" else set())

    def nothing_is_left(self, plates: set[str]) -> None:
        there = {put.plate for put in self.put_events.values() if not put.erased}
        assert traces_in(self.folder, *(plates - there)) == {}

    @rule(
        seconds=st.sampled_from([0.3, 2.0, 3600.0, 86_400.0, 3 * 86_400.0]),
        death=DEATHS,
    )
    def pass_time(self, seconds: float, death: Death) -> None:
        self.clock.advance(seconds)
        with self.mortal(death):
            self.outbox.tick()

    @rule(death=DEATHS)
    def flush(self, death: Death) -> None:
        with self.mortal(death):
            self.outbox.flush()
            self.flushed()

    @rule(death=DEATHS)
    def reopen(self, death: Death) -> None:
        with self.mortal(death):
            self.outbox.close()
            self.flushed()
            self.open()

    @rule(death=DEATHS)
    def crash(self, death: Death) -> None:
        crash(self.outbox)
        self.start_again(death)

    @rule(taker=st.sampled_from(PROFILES), death=DEATHS)
    def give(self, taker: int, death: Death) -> None:
        given = {
            event_id: put
            for event_id, put in self.put_events.items()
            if REMOVED in put.stands and put.stands[REMOVED].now is not Stands.SETTLED
        }
        moved = {event_id: put for event_id, put in given.items() if taker not in put.stands}
        for put in moved.values():
            was = put.stands[REMOVED]
            put.stands[taker] = Stand(was.now, was.may | {Stands.SETTLED})
            put.taker = taker
        for put in given.values():
            put.stands[REMOVED].become(Stands.SETTLED)
        with self.mortal(death):
            assert self.outbox.giving.give(f"p{REMOVED}", f"p{taker}") == len(moved)
            for event_id, put in moved.items():
                put.taker = None
                put.stands[REMOVED].be(Stands.SETTLED)
                put.stands[taker].be(put.stands[taker].now)
                self.took(event_id, taker)
            self.flushed()

    # -- what holds ------------------------------------------------------------------------------

    @precondition(lambda self: self.began)
    @invariant()
    def deliveries_stand_as_the_model_says(self) -> None:
        for event_id, put in self.put_events.items():
            assert self.outbox.knows(event_id)
            for no, stand in put.stands.items():
                assert self.standing(event_id, no) is stand.now, put

    @precondition(lambda self: self.began)
    @invariant()
    def what_is_remembered_keeps_to_its_time(self) -> None:
        found = self.found()
        assert found <= self.put_events.keys(), "an event was invented"
        for event_id, put in self.put_events.items():
            age_ns = self.clock.utc_ns() - put.put_utc_ns
            if put.erased:
                assert event_id not in found, "what was erased came back"
            elif put.waits or (self.roomy and age_ns < DAYS * DAY_NS):
                assert event_id in found, put
            elif age_ns > DAYS * DAY_NS:
                assert event_id not in found, put

    @precondition(lambda self: self.began)
    @invariant()
    def files_keep_to_their_bounds(self) -> None:
        files = sum(file.stat().st_size for file in (self.folder / "outbox").glob("*.log"))
        waiting = sum(live for _, live, *_ in self.outbox._store.ledger.segments())
        segment = self.outbox._store.log.segment_bytes
        assert files <= waiting + HISTORY_BYTES[self.roomy] + 4 * segment
        assert files <= MAX_BYTES[self.tight] + HISTORY_BYTES[self.roomy]

    def teardown(self) -> None:
        try:
            if self.began:
                self.outbox.close()
                self.flushed()
                self.open()
                for no in PROFILES:
                    while (delivery := self.outbox.take(no)) is not None:
                        self.taken(no, delivery)
                        self.outbox.done(delivery)
                        self.put_events[delivery.event.event_id].stands[no].be(Stands.SETTLED)
                    stands = [
                        put.stands[no].now for put in self.put_events.values() if no in put.stands
                    ]
                    assert Stands.WAITING not in stands
                self.deliveries_stand_as_the_model_says()
                self.outbox.history.erase(everything=True, undelivered=True)
                assert traces_in(self.folder, *PLATES) == {}
        finally:
            if self.began:
                self.outbox.close()
            self.disk.close()
            shutil.rmtree(self.folder)


Remembering.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    # A history of 50 steps takes minutes to shrink; the nightly run has them.
    phases=list(Phase) if NIGHTLY else [Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.timeout(3600 if NIGHTLY else 120)
TestWhatIsRememberedBesideItsModel = Remembering.TestCase
