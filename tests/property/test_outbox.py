"""The outbox and a worker beside a simple model, with crashes at every seam.

The model knows what was put and what arrived. After any history the rest is delivered, and then: each
event arrived at each profile that wanted it, or is parked; an event has one packet number and a number
one event; of each vehicle the events first arrived in their order. A third profile is removed: its backlog
waits, until it is given to one of the others.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.message import Attempt, Message
from cammra_edge.model import EventKind
from cammra_edge.outbox import Delivery, Outbox
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, Outcome, TryLater
from cammra_edge.sinks.exchange import NO_EXCHANGE, Exchange
from cammra_edge.storing import Ledger
from tests.budget import NIGHTLY
from tests.fakes import (
    JPEG,
    FakeClock,
    crash,
    fall_ill,
    new_event,
    no_jitter,
    profile,
    render_text,
)

PROFILES = (1, 2)
REMOVED = 3
STEPS = 50
EXAMPLES = 200 if NIGHTLY else 25

OUTCOMES = st.sampled_from(
    [
        Delivered(),
        Delivered(),
        TryLater(quoted("away")),
        TryLater(quoted("busy"), after_s=2.0),
        GiveUp(quoted("refused")),
        Misconfigured(quoted("password")),
    ]
)


class Receiver:
    """A sink that answers as told and remembers what it took."""

    def __init__(self, model: OutboxModel, profile_id: int) -> None:
        self.model = model
        self.profile_id = profile_id
        self.answer: Outcome = Delivered()

    def break_off(self) -> None:
        """Nothing takes time here."""

    def send(self, message: Message, attempt: Attempt) -> Outcome:  # noqa: ARG002 - a sink's own form
        if isinstance(self.answer, Delivered):
            self.model.arrived(self.profile_id, attempt)
        return self.answer

    def exchange(self) -> Exchange:
        return NO_EXCHANGE

    def close(self) -> None:
        pass


class OutboxModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="outbox-model-"))
        self.clock = FakeClock()
        self.wanted: dict[int, dict[str, tuple[int, int]]] = {no: {} for no in (*PROFILES, REMOVED)}
        self.first_arrivals: dict[int, list[str]] = {no: [] for no in PROFILES}
        self.packets: dict[int, dict[int, str]] = {no: {} for no in PROFILES}
        self.tried_again: set[str] = set()
        self.ordinals: defaultdict[int, int] = defaultdict(int)
        self.finished: set[int] = set()
        self.flying: list[Delivery] = []
        self.ill = False
        self.open()

    def open(self) -> None:
        self.clock = self.clock.restarted()
        self.outbox = Outbox(OutboxSettings(path=self.folder / "outbox"), clock=self.clock)
        self.flying.clear()
        self.receivers = {no: Receiver(self, no) for no in PROFILES}
        self.workers = {
            no: DeliveryWorker(
                profile(f"p{no}"),
                self.outbox,
                self.receivers[no],
                render_text,
                clock=self.clock,
                draw=no_jitter,
            )
            for no in PROFILES
        }
        assert self.outbox.profile_id(f"p{REMOVED}") == REMOVED

    def arrived(self, profile_id: int, attempt: Attempt) -> None:
        held = self.packets[profile_id].setdefault(attempt.packet, attempt.event_id)
        assert held == attempt.event_id, "a packet number was given to two events"
        assert list(self.packets[profile_id].values()).count(attempt.event_id) == 1
        if attempt.event_id not in self.first_arrivals[profile_id]:
            self.first_arrivals[profile_id].append(attempt.event_id)

    # -- what may happen -------------------------------------------------------------------------

    @rule(
        vehicle_no=st.integers(1, 5),
        kind=st.sampled_from([EventKind.UPDATE, EventKind.UPDATE, EventKind.LOST]),
        wanted_by=st.sampled_from([(1, 2), (1, 2), (1,), (2,), (), (1, 3), (3,)]),
        image_key=st.sampled_from([None, "shot-a", "shot-b"]),
        twice=st.booleans(),
    )
    def put(
        self,
        vehicle_no: int,
        kind: EventKind,
        wanted_by: tuple[int, ...],
        image_key: str | None,
        twice: bool,  # noqa: FBT001 - hypothesis draws it
    ) -> None:
        if vehicle_no in self.finished:
            return
        self.ordinals[vehicle_no] += 1
        ordinal = self.ordinals[vehicle_no]
        new = new_event(
            vehicle_no,
            ordinal,
            kind=EventKind.NEW if ordinal == 1 and kind is not EventKind.LOST else kind,
            wanted_by=wanted_by,
            image=JPEG if image_key else None,
            image_key=image_key,
        )
        if kind is EventKind.LOST:
            self.finished.add(vehicle_no)
        self.outbox.put([new, new] if twice else [new])
        if twice:
            self.outbox.put([new])
        for no in wanted_by:
            self.wanted[no][new.event.event_id] = (vehicle_no, ordinal)

    @rule(no=st.sampled_from(PROFILES), answer=OUTCOMES, steps=st.integers(1, 6))
    def work(self, no: int, answer: Outcome, steps: int) -> None:
        self.receivers[no].answer = answer
        for _ in range(steps):
            self.workers[no].step()

    @rule(no=st.sampled_from(PROFILES))
    def begin_a_try(self, no: int) -> None:
        delivery = self.outbox.take(no)
        if delivery is not None:
            assert delivery.event.vehicle_no not in {
                other.event.vehicle_no for other in self.flying if other.profile_id == no
            }, "two events of one vehicle are in flight"
            self.flying.append(delivery)

    @precondition(lambda self: self.flying)
    @rule(answer=OUTCOMES, arrived=st.booleans())
    def end_a_try(self, answer: Outcome, arrived: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        delivery = self.flying.pop(0)
        attempt = Attempt(event_id=delivery.event.event_id, packet=delivery.packet)
        if isinstance(answer, Delivered):
            self.arrived(delivery.profile_id, attempt)
            self.outbox.done(delivery)
        elif isinstance(answer, GiveUp):
            self.outbox.park(delivery, why=answer.why)
        else:
            if arrived:  # the receiver stored it and died before it answered
                self.arrived(delivery.profile_id, attempt)
            self.outbox.postpone(delivery, due_mono_ns=self.clock.mono_ns() + 10**9)

    # While the disk is ill a person is told so, and nothing changes.
    @precondition(lambda self: not self.ill)
    @rule(no=st.sampled_from(PROFILES))
    def try_parked_again(self, no: int) -> None:
        self.tried_again |= {row.event_id for row in self.outbox.parking.listed(no)}
        self.outbox.parking.retry(no)

    @precondition(lambda self: not self.ill)
    @rule(no=st.sampled_from(PROFILES))
    def give_what_the_removed_profile_left(self, no: int) -> None:
        left, had = self.wanted[REMOVED], self.wanted[no].keys()
        moved = self.outbox.giving.give(f"p{REMOVED}", f"p{no}")
        assert moved == len(left.keys() - had)
        self.tried_again |= (
            left.keys() - had
        )  # as a person asked for it, out of its vehicle's order
        self.wanted[no] = left | self.wanted[no]
        self.wanted[REMOVED] = {}

    @rule(seconds=st.sampled_from([0.01, 0.5, 5.0, 100.0, 2000.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.outbox.tick()

    @rule(days=st.integers(-20_000, 20_000))
    def jump_the_wall_clock(self, days: int) -> None:
        self.clock.now_utc_ns += days * 86_400 * 10**9

    @rule()
    def let_the_disk_refuse_or_heal(self) -> None:
        if self.ill:
            self.heal()
        else:
            self.ill = True
            self.cure = fall_ill()

    def heal(self) -> None:
        if self.ill:
            self.ill = False
            self.cure()
            self.clock.advance(1.1)
            self.outbox.tick()
            assert self.outbox.status().durable

    # What only memory holds dies with the process, and is counted as not durable: no crash while ill.
    @precondition(lambda self: not self.ill)
    @rule()
    def crash(self) -> None:
        crash(self.outbox)
        self.open()

    @precondition(lambda self: not self.ill)
    @rule()
    def reopen(self) -> None:
        self.outbox.close()
        self.open()

    @invariant()
    def the_depth_is_what_comes_when_the_lane_is_read(self) -> None:
        for no in (*PROFILES, REMOVED):
            rows = self.outbox._store.ledger.waiting(no, 0, 10_000)
            waiting = self.outbox.waiting(no)
            assert (waiting.events, waiting.size_bytes) == (len(rows), sum(row[7] for row in rows))

    @precondition(lambda self: not self.ill)
    @invariant()
    def the_log_tells_what_memory_knows(self) -> None:
        """Another ledger, filled from the log as a start would do it, after all that is settled was written."""
        self.outbox.flush()
        ours, store = self.outbox._store.ledger, self.outbox._store
        theirs = Ledger(store.known_events)
        for segment in store.log.numbers():
            theirs.replay(segment, store.log.digests(segment))
        assert sorted(theirs.totals()) == sorted(ours.totals())
        assert theirs.held == ours.held
        for no in (*PROFILES, REMOVED):
            assert theirs.waiting(no, 0, 10_000) == ours.waiting(no, 0, 10_000)

    # -- the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.heal()
            self.outbox.close()
            self.open()
            for no in PROFILES:
                while self.workers[no].step():
                    pass
                self.check(no)
            assert self.outbox.waiting(REMOVED).events == len(self.wanted[REMOVED])
            self.outbox.flush()
            self.check_nothing_is_left()
        finally:
            self.outbox.close()
            shutil.rmtree(self.folder)

    def check(self, no: int) -> None:
        parked = {row.event_id for row in self.outbox.parking.listed(no)}
        assert set(self.first_arrivals[no]) | parked == set(self.wanted[no])
        per_vehicle: defaultdict[int, list[int]] = defaultdict(list)
        for event_id in self.first_arrivals[no]:
            if event_id in self.tried_again:  # it comes when a person asked for it
                continue
            vehicle_no, ordinal = self.wanted[no][event_id]
            per_vehicle[vehicle_no].append(ordinal)
        for ordinals in per_vehicle.values():
            assert ordinals == sorted(ordinals)

    def check_nothing_is_left(self) -> None:
        """Nothing is held but what waits, is parked, or is an open vehicle's last picture."""
        held_bytes, held_events = self.outbox._store.ledger.held
        kept = [row for row in self.outbox.parking.listed() if row.profile_id in PROFILES]
        waiting = len(self.wanted[REMOVED])
        assert held_events <= len(kept) + waiting
        pictures = 2 * len(JPEG)  # two shots, whoever shows them
        assert held_bytes <= held_events * 4096 + pictures * (1 + len(self.ordinals))


OutboxModel.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    # A history of 50 steps takes minutes to shrink; the nightly run has them.
    phases=list(Phase) if NIGHTLY else [Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TestOutboxBesideItsModel = OutboxModel.TestCase
