"""The outbox beside a simple model: what waits, what it remembers, what is erased, with a crash at any write.

The model knows what was put and how each delivery stands. Settling is written lazily: until something was flushed
behind it, a crash may leave a delivery as it stood before. After a crash the outbox must stand as the model allows,
and the model goes on from there. Nothing is lost that `put` returned for, nothing is invented, an id is known for good,
a packet belongs to one event, a vehicle's events come in their order, what is erased never comes back and leaves no
byte, and what is remembered keeps to its time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind, Plate
from cammra_edge.outbox import EventQuery, NewEvent, Outbox
from tests.budget import NIGHTLY
from tests.fakes import NS, FakeClock, crash, new_event
from tests.outbox.traces import traces_in
from tests.property.crashing import DiedError, Mortal
from tests.property.putting import Packets, Put, Stand, Stands, bearing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.outbox import Delivery

STEPS = 50
EXAMPLES = 200 if NIGHTLY else 10
PROFILES = (1, 2)
REMOVED = 3
PLATES = ("ERASEONE", "ERASETWO", "ERASEÖ3")
DAY_NS = 86_400 * NS
DAYS = 7
CRASHES = st.one_of(st.just(0), st.integers(1, 6), st.integers(1, 40))
PARTS = st.integers(0, 8)


class Remembering(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="remembering-"))
        self.clock = FakeClock()
        self.put_events: dict[str, Put] = {}
        self.ordinals: defaultdict[int, int] = defaultdict(int)
        self.packets: dict[tuple[int, int], str] = {}
        self.packet_of: dict[tuple[int, str], int] = {}
        self.first_taken: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.given = Packets()
        self.tried: set[tuple[int, str]] = set()
        self.by_hand: set[tuple[int, str]] = set()
        self.flying: dict[int, Delivery] = {}
        self.roomy = True
        self.began = False

    @initialize(roomy=st.booleans())
    def begin(self, roomy: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        self.roomy = roomy
        self.open()
        self.began = True

    # -- living and dying ------------------------------------------------------------------------

    def open(self) -> None:
        self.clock = self.clock.restarted()
        self.flying.clear()
        config = OutboxSettings(
            path=self.folder / "outbox",
            max_bytes=16 << 20,
            history_bytes=(256 if self.roomy else 1) << 20,
            history_days=DAYS,
            max_age_s=10 * 365 * 86_400.0,
        )
        self.outbox = Outbox(config, clock=self.clock)
        self.clock.advance(0.001)  # no process stores anything in no time
        for no in (*PROFILES, REMOVED):
            assert self.outbox.profile_id(f"p{no}") == no

    @contextmanager
    def mortal(self, dies_at: int, part: int) -> Iterator[None]:
        """What the block does may end in a crash; so may the start after that, once."""
        mortal = Mortal(dies_at, part)
        try:
            with mortal.living():
                yield
        except DiedError:
            crash(self.outbox)
            mortal.bury()
            again = Mortal(1 + dies_at % 12, part)
            try:
                with again.living():
                    self.open()
            except DiedError:
                again.bury()
                self.open()
            self.look()

    def look(self) -> None:
        """After a crash: how everything stands is what the model allows, and what the model goes on from."""
        was_erasing = any(put.may_be_erased for put in self.put_events.values())
        self.given.look(self.outbox.status(), was_erasing=was_erasing)
        for event_id, put in list(self.put_events.items()):
            if not self.outbox.knows(event_id):
                assert not put.sure, "an event is lost that put returned for"
                del self.put_events[event_id]
                continue
            self.stored(put)
            for no, stand in put.stands.items():
                now = self.standing(event_id, no)
                assert now in stand.may, f"{put}: {now} at {no}"
                stand.be(now)
        found = self.found()
        for event_id, put in self.put_events.items():
            put.erased |= put.may_be_erased and not put.waits and event_id not in found
            put.may_be_erased = False

    def stored(self, put: Put) -> None:
        for no in put.stands if not put.sure else ():
            delivery = self.delivery(put.event.event_id, no)
            assert delivery is not None
            self.given.add(no, delivery[0])
        put.sure = True

    def delivery(self, event_id: str, no: int) -> tuple[Any, ...] | None:
        seq = self.outbox.history.seq_of(event_id)
        assert seq is not None
        return self.outbox._store.ledger.delivery(seq, no)

    def standing(self, event_id: str, no: int) -> Stands:
        found = self.delivery(event_id, no)
        return Stands.SETTLED if found is None else Stands(found[2])

    def found(self) -> set[str]:
        page = self.outbox.history.search(EventQuery(limit=1000))
        return {one.event.event_id for one in page.events}

    def flushed(self) -> None:
        for put in self.put_events.values():
            for stand in put.stands.values():
                stand.be(stand.now)

    # -- what may happen -------------------------------------------------------------------------

    @rule(
        vehicles=st.lists(st.integers(1, 5), min_size=1, max_size=3),
        plate=st.sampled_from(PLATES),
        where=st.integers(0, 3),
        wanted_by=st.sampled_from([(1,), (1, 2), (2,), (), (1, 3), (3,)]),
        size=st.sampled_from([0, 500, 60_000]),
        dies_at=CRASHES,
        part=PARTS,
    )
    def put(  # noqa: PLR0913, PLR0917 - what may differ
        self,
        vehicles: list[int],
        plate: str,
        where: int,
        wanted_by: tuple[int, ...],
        size: int,
        dies_at: int,
        part: int,
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
        with self.mortal(dies_at, part):
            self.outbox.put(batch)
            for new in batch:
                self.stored(self.put_events[new.event.event_id])
            self.flushed()

    @rule(no=st.sampled_from(PROFILES), dies_at=CRASHES, part=PARTS)
    def take(self, no: int, dies_at: int, part: int) -> None:
        if no in self.flying:
            return
        with self.mortal(dies_at, part):
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
        assert set(delivery.images) == {image.image_key for image in put.event.images}
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
        dies_at=CRASHES,
        part=PARTS,
    )
    def settle_parked(self, no: int, what: str, dies_at: int, part: int) -> None:
        parked = [
            (event_id, put.stands[no])
            for event_id, put in self.put_events.items()
            if no in put.stands and put.stands[no].now is Stands.PARKED
        ]
        to = Stands.WAITING if what == "retry" else Stands.SETTLED
        self.by_hand |= {(no, event_id) for event_id, _ in parked}
        for _, stand in parked:
            stand.become(to)
        with self.mortal(dies_at, part):
            act = self.outbox.parking.retry if what == "retry" else self.outbox.parking.discard
            assert act(no) == len(parked)
            if parked:
                self.flushed()

    @rule(
        how=st.sampled_from(["plate", "before", "all"]),
        plate=st.sampled_from(PLATES),
        days=st.sampled_from([0, 1, 3]),
        undelivered=st.booleans(),
        dies_at=CRASHES,
        part=PARTS,
    )
    def erase(  # noqa: PLR0913, PLR0917 - what may differ
        self,
        how: str,
        plate: str,
        days: int,
        undelivered: bool,  # noqa: FBT001 - hypothesis draws it
        dies_at: int,
        part: int,
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
        with self.mortal(dies_at, part):
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
        dies_at=CRASHES,
        part=PARTS,
    )
    def pass_time(self, seconds: float, dies_at: int, part: int) -> None:
        self.clock.advance(seconds)
        with self.mortal(dies_at, part):
            self.outbox.tick()

    @rule(dies_at=CRASHES, part=PARTS)
    def flush(self, dies_at: int, part: int) -> None:
        with self.mortal(dies_at, part):
            self.outbox.flush()
            self.flushed()

    @rule(dies_at=CRASHES, part=PARTS)
    def reopen(self, dies_at: int, part: int) -> None:
        with self.mortal(dies_at, part):
            self.outbox.close()
            self.flushed()
            self.open()

    @rule()
    def crash(self) -> None:
        crash(self.outbox)
        self.open()
        self.look()

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
            shutil.rmtree(self.folder)


Remembering.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    # A history of 50 steps takes minutes to shrink; the nightly run has them.
    phases=list(Phase) if NIGHTLY else [Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TestWhatIsRememberedBesideItsModel = Remembering.TestCase
