"""How fast a backlog goes: so many deliveries a second, while what happens now goes at once.

A delivery whose event is older than what counts as live (`TakeRules.live_ns`) belongs to the backlog. Where the next of
those has to wait, only live ones are taken, and of those only such whose vehicle has nothing older waiting. Pure: time
is an argument; the worker holds its lock around every call. Held by `tests/delivery/test_pace.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.outbox import Delivery, TakeRules

_LATE_NS = 25_000_000
"""Threads wake up late: so much of it is made up for, and no more."""


class Pace:
    """One profile's pace.

    Args:
        rules: How its queue is read.
        drain_per_s: Deliveries of the backlog in a second; `None` for as many as go.
    """

    def __init__(self, rules: TakeRules, drain_per_s: float | None) -> None:
        self._rules = rules
        self._live_only = replace(rules, live_only=True)
        self._gap_ns = 0 if drain_per_s is None else round(NS_PER_S / drain_per_s)
        self._next_mono_ns = 0

    def begin(self, now_mono_ns: int) -> TakeRules:
        """How to take the next delivery; the turn of the backlog is taken with it, where it has come."""
        if now_mono_ns < self._next_mono_ns:
            return self._live_only
        if self._gap_ns:
            self._next_mono_ns = max(self._next_mono_ns, now_mono_ns - _LATE_NS) + self._gap_ns
        return self._rules

    def taken(self, rules: TakeRules, delivery: Delivery | None) -> None:
        """What came of it; a turn that the backlog has not used comes again at once."""
        if rules is self._rules and (delivery is None or delivery.age_ns <= rules.live_ns):
            self._next_mono_ns -= self._gap_ns

    def due_mono_ns(
        self, now_mono_ns: int, next_due: Callable[[TakeRules], int | None]
    ) -> int | None:
        """When something can be taken without a new event; `None` when only that helps.

        Args:
            now_mono_ns: The time.
            next_due: The same, as the queue has it, when it is read by some rules.
        """
        due_mono_ns = next_due(self._rules)
        if due_mono_ns is None or now_mono_ns >= self._next_mono_ns:
            return due_mono_ns
        of_live = next_due(self._live_only)
        of_backlog = max(due_mono_ns, self._next_mono_ns)
        return of_backlog if of_live is None else min(of_live, of_backlog)
