"""From the outbox to one receiver: takes, renders, sends, settles.

`step` does one such round and needs no thread, so tests drive it with a clock of their own; `start` runs
`window` threads of steps, each with a sink of its own. `_settle` alone matches outcomes; how long to wait is the
gate's arithmetic. Held by `tests/delivery`.

1. A delivery is settled once, when its outcome is known; after a crash in between it is tried again.
2. Of one vehicle at most one delivery is in flight, whatever the window (`outbox.lane`).
3. Nothing that a sink or a payload does ends a thread: what cannot be rendered is parked.
4. No plate text and no secret is logged; the first failure in a row is a warning, the rest are counted.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from cammra_edge.delivery.crew import Crew
from cammra_edge.delivery.gate import HOPELESS_TRIES, Gate, GateState
from cammra_edge.delivery.journal import Journal, Try
from cammra_edge.delivery.pace import Pace
from cammra_edge.delivery.rules import rules_from
from cammra_edge.delivery.status import ProfileState, ProfileStatus, stored_status
from cammra_edge.delivery.told import tell
from cammra_edge.delivery.transcript import Sent, kept_of
from cammra_edge.message import Attempt, size_bytes
from cammra_edge.outbox import Delivery, Dropped, Limits
from cammra_edge.retry import NS_PER_S, draw_evenly
from cammra_edge.sinks.base import (
    Delivered,
    GiveUp,
    Misconfigured,
    Outcome,
    TryLater,
    begin,
    connect_now,
    presence_trouble,
)
from cammra_edge.sinks.whys import QueueWhy, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.clock import Clock
    from cammra_edge.message import Message
    from cammra_edge.model import Event
    from cammra_edge.outbox import Outbox, TakeRules
    from cammra_edge.profile import Profile
    from cammra_edge.sinks.base import Sink
    from cammra_edge.sinks.deadline import Deadline

_log = logging.getLogger(__name__)

IDLE_WAIT_S = 60.0
LEAST_WAIT_S = 0.02
"""Where due deliveries cannot be taken (the disk does not answer), the thread must not spin."""
LOOK_AGAIN_S = 1.0


class DeliveryWorker:
    """Delivers one profile's events.

    Args:
        profile: Whose events they are.
        outbox: Where its events wait.
        sink: The first connection.
        render: The event as this profile's message; `None` when there is nothing to send.
        clock: Where the time comes from.
        draw: Evenly distributed numbers in `[0, 1)`, for the jitter.
        more_sinks: Makes further connections, where the profile's window is above 1.
        journal: That of the worker before, whose tries and times are this profile's too.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        profile: Profile,
        outbox: Outbox,
        sink: Sink,
        render: Callable[[Event, Mapping[str, bytes], int], Message | None],
        *,
        clock: Clock,
        draw: Callable[[], float] = draw_evenly,
        more_sinks: Callable[[], Sink] | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.profile_key = profile.key
        self.profile_id = outbox.profile_id(profile.key)
        self.profile = profile
        self._pace = Pace(rules_from(profile), profile.drain_per_s)
        self._outbox = outbox
        outbox.limit(
            self.profile_id,
            Limits(max_bytes=profile.max_queue_bytes, max_events=profile.max_queue_events),
        )
        self._sink = sink
        self._more_sinks = more_sinks
        self._render = render
        self._clock = clock
        self._lock = threading.RLock()
        # Taken by the lock where nobody waits: a condition's own `with` is a call into Python more, for each event.
        self._changed = threading.Condition(self._lock)
        self._gate = Gate(draw, 0.0 if profile.protocol.stays_connected else profile.spread_s)
        if journal is None:
            self._gate.begin(clock.mono_ns())
        else:  # a successor goes on at once: a person has changed the settings
            connect_now(sink)
        self.journal = journal or Journal()
        self._in_flight = 0
        self._wakes = 0
        self._stopping = False
        self._retired = False
        self._broken_off = False
        self._crew = Crew(f"delivery-{self.profile_id}", self._run)

    # -- one round -------------------------------------------------------------------------------

    def step(self, sink: Sink | None = None) -> bool:
        """Take one delivery, try it, settle it; False when there is nothing to do now."""
        with self._lock:
            if self._stopping or not self.profile.enabled:
                return False
            now_mono_ns = self._clock.mono_ns()
            if not self._gate.admits(now_mono_ns):
                return False
            probe = self._gate.started()
            rules = self._pace.begin(now_mono_ns)
        delivery = self._taken(rules, probe=probe)
        if delivery is None:
            return False
        try:
            self._try(delivery, sink or self._sink, probe=probe)
        finally:
            with self._lock:
                self._in_flight -= 1
                self._gate.ended(probe=probe)
                self._changed.notify_all()
                retired = self._retired
            if retired:  # a successor worker may be waiting for this vehicle
                self._outbox.wake(self.profile_id)
        return True

    def _taken(self, rules: TakeRules, *, probe: bool) -> Delivery | None:
        """The next delivery, counted as in flight. Taken without our lock: it may have to come from a slow disk."""
        delivery = None
        try:
            delivery = self._outbox.take(self.profile_id, rules)
        finally:
            with self._lock:
                stopping = self._stopping
                self._pace.taken(rules, delivery)
                if delivery is None or stopping:
                    self._gate.ended(probe=probe)
                else:
                    self._in_flight += 1
        if delivery is not None and stopping:
            self._outbox.put_back(delivery)
            self._outbox.wake(self.profile_id)  # a successor worker may be waiting for this vehicle
            return None
        return delivery

    def _try(self, delivery: Delivery, sink: Sink, *, probe: bool) -> None:
        try:
            message = self._render(delivery.event, delivery.images, delivery.packet)
        # `BaseException`, since a panic of the Rust half is no `Exception`: the next event must be sent anyway.
        except BaseException as error:  # noqa: BLE001
            refusal = GiveUp(Why.NOT_RENDERED(kind=type(error).__name__))
            self._settle(delivery, refusal, Sent(), probe=probe)
            return
        if message is None:
            self._outbox.drop(self.profile_id, delivery.seq, Dropped.NOTHING_TO_SEND)
            return
        attempt = Attempt(
            event_id=delivery.event.event_id, packet=delivery.packet, number=delivery.attempts + 1
        )
        began_ns = self._clock.mono_ns()
        try:
            outcome = sink.send(message, attempt)
        except Exception as error:  # noqa: BLE001 - a fault of ours: the event waits, the worker goes on
            _log.exception("sink failed profile=%r event=%s", self.profile_key, attempt.event_id)
            outcome = TryLater(Why.SINK_FAILED(kind=type(error).__name__))
        sent = Sent(
            took_ns=self._clock.mono_ns() - began_ns,
            size_bytes=size_bytes(message),
            transcript=kept_of(sink, message, delivery.images),
        )
        self._settle(delivery, outcome, sent, probe=probe)

    def _settle(self, delivery: Delivery, outcome: Outcome, sent: Sent, *, probe: bool) -> None:
        """Do what the outcome means; no other place matches outcomes."""
        now_mono_ns = self._clock.mono_ns()
        with self._lock:
            if self._broken_off and not isinstance(outcome, Delivered):
                return  # as if it had not been tried
            gate = self._gate
            before = gate.state
            match outcome:
                case Delivered(note=note):
                    self._outbox.done(delivery)
                    unheard = note if outcome.unheard else ""
                    if gate.delivered(delivery.seq, now_mono_ns=now_mono_ns, unheard=unheard):
                        self._outbox.release_held(self.profile_id)
                    result, why = "delivered", note
                case TryLater(why=why) | GiveUp(why=why) | Misconfigured(why=why) if self._retired:
                    # Outcome under old settings; the new worker retries.
                    self._outbox.postpone(delivery, due_mono_ns=now_mono_ns)
                    result = "retry"
                case TryLater(why=why):
                    due_mono_ns = gate.try_later(
                        delivery.seq,
                        delivery.attempts + 1,
                        outcome,
                        probe=probe,
                        now_mono_ns=now_mono_ns,
                    )
                    if gate.is_hopeless(delivery.seq):
                        passed = QueueWhy.PASSED_BY(count=HOPELESS_TRIES, why=why)
                        self._outbox.park(delivery, why=passed, words=outcome.words)
                        result = "parked"
                    else:
                        self._outbox.postpone(delivery, due_mono_ns=due_mono_ns)
                        result = "retry"
                case GiveUp(why=why):
                    if gate.given_up(why=why, now_mono_ns=now_mono_ns):
                        self._outbox.park(delivery, why=why, words=outcome.words)
                        result = "parked"
                    else:
                        self._outbox.postpone(delivery, due_mono_ns=gate.due_mono_ns)
                        result = "paused"
                case Misconfigured(why=why):
                    gate.pause(why, now_mono_ns=now_mono_ns)
                    self._outbox.postpone(delivery, due_mono_ns=gate.due_mono_ns)
                    result = "paused"
                case unknown:
                    assert_never(unknown)
            made = Try(
                at_utc_ns=self._clock.utc_ns(),
                event_id=delivery.event.event_id,
                kind=delivery.event.kind.value,
                packet=delivery.packet,
                number=delivery.attempts + 1,
                outcome=result,
                why=why,
                words=outcome.words,
                took_ns=sent.took_ns,
                size_bytes=sent.size_bytes,
            )
            self.journal.add(made, sent.transcript)
            tell(self.profile_key, made, before=before, gate=gate)

    # -- threads ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Deliver from now on, on threads of its own."""
        if self._crew.begun or not self.profile.enabled:
            return
        self._stopping = False
        self._outbox.release_held(self.profile_id)  # new settings are tried at once
        self._outbox.listen(self.profile_id, self.wake)
        sinks = [self._sink]
        if self._more_sinks is not None:
            sinks += [self._more_sinks() for _ in range(self.profile.window - 1)]
        with self._lock:
            if not self._crew.start(sinks):
                _log.error("no thread to deliver with profile=%r", self.profile_key)

    def retire(self) -> None:
        """As `end`, since a successor starts; until a try under way is settled, nobody else gets its vehicle."""
        self._retired = True
        self.end()

    def stop(self) -> None:
        """End the threads; waits for tries under way, so that they are settled."""
        self.end()
        self.join()

    def join(self, until: Deadline | None = None) -> bool:
        """Wait for the end of the threads; whether they have ended."""
        if not self._crew.join(until):
            return False
        self._sink.close()
        return True

    def break_off(self) -> None:
        """Let no try under way count unless the receiver has taken it: the next start makes it again."""
        with self._lock:
            self._broken_off = True
        self._crew.break_off()

    def end(self) -> None:
        """Take no more, without waiting."""
        with self._lock:
            if self._stopping:
                return  # the listener is already our successor's
            self._stopping = True
            self._changed.notify_all()
        self._outbox.listen(self.profile_id, None)

    @property
    def ended(self) -> bool:
        """Has every thread ended?"""
        return self._crew.ended

    def wake(self) -> None:
        """Look at the queue again."""
        with self._lock:
            self._wakes += 1
            if not self._stopping:
                self._crew.fill()
            self._changed.notify_all()

    def resume(self) -> None:
        """A person says it is mended: end a pause, or a wait for the next try."""
        connect_now(self._sink)
        with self._lock:
            self._gate.resume()
            self._outbox.release_held(self.profile_id)
            self._wakes += 1
            self._changed.notify_all()

    def _run(self, sink: Sink) -> None:
        begin(sink)
        try:
            while True:
                with self._lock:
                    if self._stopping:
                        return
                    wakes = self._wakes
                if not self.step(sink) or self._outbox.is_empty(self.profile_id):
                    self._wait(wakes)
        finally:
            sink.close()

    def _wait(self, wakes: int) -> None:
        """Sleep until there may be something to do: a wake, a retry, or settled deliveries to commit."""
        flush_ns = self._outbox.tick()
        with self._lock:
            if self._stopping or self._wakes != wakes:
                return
            now_ns = self._clock.mono_ns()
            dues = [due for due in (self._due_mono_ns(), flush_ns) if due is not None]
            wait_s = min(((due - now_ns) / NS_PER_S for due in dues), default=IDLE_WAIT_S)
            self._changed.wait(min(max(wait_s, LEAST_WAIT_S), IDLE_WAIT_S))

    def _due_mono_ns(self) -> int | None:
        if not self.profile.enabled or self._gate.probing:
            return None  # the probe's thread wakes the others when it is done
        held = self._pace.due_mono_ns(
            self._clock.mono_ns(), lambda rules: self._outbox.next_due(self.profile_id, rules)
        )
        if held is None:
            return None
        if self._gate.state is GateState.OPEN:
            return held
        return max(held, self._gate.due_mono_ns)

    # -- seeing it -------------------------------------------------------------------------------

    def wait_until_idle(self, timeout_s: float | None = None) -> bool:
        """Wait until every delivery is settled or parked; False when the time ran out first."""
        end_ns = None if timeout_s is None else self._clock.mono_ns() + round(timeout_s * NS_PER_S)
        with self._lock:
            while self._in_flight or self._outbox.waiting(self.profile_id).events:
                left_s = LOOK_AGAIN_S
                if end_ns is not None:
                    left_s = (end_ns - self._clock.mono_ns()) / NS_PER_S
                    if left_s <= 0:
                        return False
                self._changed.wait(min(left_s, LOOK_AGAIN_S))
        return True

    def status(self) -> ProfileStatus:
        """A snapshot."""
        stored = stored_status(self._outbox, self.profile_key, self.profile.name)
        with self._lock:
            return replace(
                self.journal.told_in(stored),
                state=self._state(stored.queue_events),
                why=self._gate.why,
                alarm=self._gate.state is GateState.PAUSED,
                unheard=self._gate.unheard,
                presence=presence_trouble(self._sink),
                in_flight=self._in_flight,
                next_try_s=self._next_try_s(stored.queue_events),
            )

    def _next_try_s(self, waiting: int) -> float:
        if self._gate.state is GateState.OPEN or not waiting:
            return 0.0
        return round(max(0, self._gate.due_mono_ns - self._clock.mono_ns()) / NS_PER_S, 1)

    def _state(self, waiting: int) -> ProfileState:
        if not self.profile.enabled:
            return ProfileState.OFF
        if self._gate.state is GateState.OPEN and not waiting:
            return ProfileState.IDLE
        return ProfileState(self._gate.state.value)
