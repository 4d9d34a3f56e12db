"""When one profile may try, and what an outcome means for it. Pure: time and chance are arguments.

The gate stands in one of three states:

* **open**: deliveries are sent.
* **shut** after a `TryLater`: nothing is sent until the wait is over, then one delivery as a probe. Its outcome
  decides for all. Waits grow with the failures in a row (`retry.Backoff`), or are as long as the receiver asks.
* **paused** after a `Misconfigured`, or after five parked in a row with none delivered: an alarm for a person.
  Everything is kept. `resume` opens it, and so does one of the rare probes once the receiver's side is mended.

With a `spread_s` the first try, and each after a break, wait for their place in it instead (`retry.Redial`). A receiver
that answers has broken nothing, unless it says that it is busy; nor has a delivery that fails while others pass.

With several deliveries in flight, the first failure shuts the gate. Failures of the same moment count once, so
that eight broken connections cause no longer wait than one.

A delivery that alone fails while others pass (a poisoned one, or one too large for a connection that dies under
it) waits on its own: after `OWN_TRIES` its next try is due after the gate's, so that the next vehicle's delivery is
the probe. When others have passed it `HOPELESS_TRIES` times, it is to be parked. A receiver that says it is busy
counts against nobody.
Held by `tests/delivery/test_gate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cammra_edge.retry import NS_PER_S, Backoff, Redial, retry_after_ns
from cammra_edge.sinks.whys import QueueWhy

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.phrases import Said
    from cammra_edge.sinks.base import TryLater

PARKED_IN_A_ROW = 5
OWN_TRIES = 3
HOPELESS_TRIES = 10
PAUSED_PROBE_NS = 900 * NS_PER_S
_BUSY = frozenset({429, 503})
_MOST_PASSED = 1000


class GateState(StrEnum):
    """The three states; the values are shown to people."""

    OPEN = "sending"
    SHUT = "retrying"
    PAUSED = "paused"


@dataclass(slots=True)
class Gate:
    """One profile's gate; the worker holds its lock around every call."""

    draw: Callable[[], float]
    spread_s: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)
    state: GateState = GateState.OPEN
    why: str = ""
    unheard: str = ""
    """Why nobody gets what is sent, as the last answer that tells has it."""
    due_mono_ns: int = 0
    failures: int = 0
    parked_in_a_row: int = 0
    probing: bool = False
    failed: set[int] = field(default_factory=set)
    """Since the last that was delivered."""
    suspected: set[int] = field(default_factory=set)
    """Those of them whose receiver did not say that it is busy."""
    passed: dict[int, int] = field(default_factory=dict)
    """How often a delivery failed before another one passed it."""
    _redial: Redial = field(init=False)

    def __post_init__(self) -> None:
        """Spread what breaks over this time."""
        self._redial = Redial(self.draw, self.spread_s, self.backoff)

    def begin(self, now_mono_ns: int) -> None:
        """The first try may have to wait for its turn."""
        if self.spread_s:
            self.state = GateState.SHUT
            self.why = QueueWhy.TURN_COMES(spread_s=f"{self.spread_s:g}")
            self.due_mono_ns = self._redial.start(now_mono_ns)

    def admits(self, now_mono_ns: int) -> bool:
        """May a delivery be tried now? While not open, only one at a time."""
        if self.state is GateState.OPEN:
            return True
        return not self.probing and now_mono_ns >= self.due_mono_ns

    def started(self) -> bool:
        """A delivery is being tried; returns whether it is the probe, for `ended`."""
        if self.state is GateState.OPEN:
            return False
        self.probing = True
        return True

    def ended(self, *, probe: bool) -> None:
        """A try is over, whatever came of it."""
        if probe:
            self.probing = False

    def delivered(self, seq: int, *, now_mono_ns: int, unheard: str = "") -> bool:
        """Open up.

        Args:
            seq: Which one.
            now_mono_ns: The time.
            unheard: Why nobody gets it all the same.

        Returns:
            Whether the receiver was away: then every delivery that waits for its retry may go at once.
        """
        self._redial.came_up(now_mono_ns)
        away = len(self.failed) > 1
        self.passed.pop(seq, None)
        for other in self.suspected - {seq}:
            self.passed[other] = self.passed.get(other, 0) + 1
        while len(self.passed) > _MOST_PASSED:
            del self.passed[next(iter(self.passed))]
        self._open()
        self.unheard = unheard
        return away

    def _open(self) -> None:
        self.state = GateState.OPEN
        self.why = ""
        self.failures = 0
        self.parked_in_a_row = 0
        self.failed.clear()
        self.suspected.clear()

    def try_later(
        self, seq: int, attempts: int, outcome: TryLater, *, probe: bool, now_mono_ns: int
    ) -> int:
        """Shut; returns when this delivery may be tried again."""
        why, after_s = outcome.why, outcome.after_s
        if outcome.unheard:
            self.unheard = why
        self.failed.add(seq)
        if after_s is None and outcome.status not in _BUSY:
            self.suspected.add(seq)
        if self.state is GateState.PAUSED:
            if probe:
                self.due_mono_ns = now_mono_ns + PAUSED_PROBE_NS
        elif probe or self.state is GateState.OPEN:
            self.failures += 1
            self.state = GateState.SHUT
            self.why = why
            self.due_mono_ns = self._due_mono_ns(seq, outcome, now_mono_ns)
        if after_s is not None:
            self.due_mono_ns = max(self.due_mono_ns, now_mono_ns + retry_after_ns(after_s))
        if attempts < OWN_TRIES:
            return self.due_mono_ns
        return self.due_mono_ns + 1 + self.backoff.wait_ns(attempts, self.draw)

    def _due_mono_ns(self, seq: int, outcome: TryLater, now_mono_ns: int) -> int:
        """When the next try is due after the first of some failures."""
        broke = outcome.broke and not self.passed.get(seq)
        if self.spread_s and (broke or outcome.status in _BUSY):
            after_ns = 0 if outcome.after_s is None else retry_after_ns(outcome.after_s)
            return self._redial.broke(now_mono_ns, after_ns=after_ns)
        return now_mono_ns + self.backoff.wait_ns(self.failures, self.draw)

    def is_hopeless(self, seq: int) -> bool:
        """Has this delivery, which has just failed, been passed by others so often that the fault is its own?"""
        if seq not in self.suspected or self.passed.get(seq, 0) < HOPELESS_TRIES:
            return False
        del self.passed[seq]
        self.failed.discard(seq)
        self.suspected.discard(seq)
        return True

    def given_up(self, *, why: Said, now_mono_ns: int) -> bool:
        """The receiver refused one delivery for good; since it answers, the gate opens.

        Returns:
            Whether to park it. While paused it is kept, since the profile is at fault.
        """
        if self.state is GateState.PAUSED:
            self.due_mono_ns = now_mono_ns + PAUSED_PROBE_NS
            return False
        self.parked_in_a_row += 1
        self.failures = 0
        self.failed.clear()
        self.suspected.clear()
        if self.parked_in_a_row >= PARKED_IN_A_ROW:
            in_a_row = QueueWhy.REFUSED_IN_A_ROW(count=PARKED_IN_A_ROW, why=why)
            self.pause(in_a_row, now_mono_ns=now_mono_ns)
        else:
            self.state = GateState.OPEN
            self.why = ""
        return True

    def pause(self, why: Said, *, now_mono_ns: int) -> None:
        """Stop and call for a person."""
        self.state = GateState.PAUSED
        self.why = why
        self.due_mono_ns = now_mono_ns + PAUSED_PROBE_NS

    def resume(self) -> None:
        """A person says it is mended."""
        self.probing = False
        self.unheard = ""
        self._open()
