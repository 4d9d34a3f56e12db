"""Running time of the outbox over all its processes: the clock that ages are counted by.

A wall clock may start in 1970 and jump by a day; the monotonic clock starts anew with the machine.
So the outbox counts how long it has been running, and saves the count with every group. After a
crash the time since the last group is missing: an event may look younger than it is, never older.
Time switched off is added only where the owner says that the wall clock is right at start. What is only remembered
ages in that time too, wherever the wall clock is plausible: it would otherwise be kept for longer than was asked for.
Held by `tests/outbox/test_outbox.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.noted import is_number, number_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.clock import Clock

_RUNNING = "running_ns"
_SAVED_AT = "saved_utc_ns"
_ABSENCES = "absences_ns"
_ABSENCES_KEPT = 256
_PLAUSIBLE_UTC_NS = 1_700_000_000 * 1_000_000_000
"""November 2023: a wall clock before it has not been set."""


class RunningTime:
    """Counts on from what was saved in `state`."""

    def __init__(self, state: Mapping[str, object], clock: Clock, *, trust_clock: bool) -> None:
        self._clock = clock
        self._trust_clock = trust_clock
        self._offset_ns = -clock.mono_ns()
        self._absences: list[tuple[int, int]] = []
        self.add(state)

    def add(self, state: Mapping[str, object]) -> None:
        """Go on after what was saved."""
        base_ns = number_in(state, _RUNNING)
        saved_utc_ns = number_in(state, _SAVED_AT)
        self._absences = _absences_from(state)
        absent_ns = self._clock.utc_ns() - saved_utc_ns
        if saved_utc_ns > _PLAUSIBLE_UTC_NS and absent_ns > 0:
            if self._trust_clock:
                base_ns += absent_ns
            else:
                self._absences = [*self._absences, (base_ns, absent_ns)][-_ABSENCES_KEPT:]
        self._offset_ns += base_ns

    def now_ns(self) -> int:
        """Running time; never goes back."""
        return self._clock.mono_ns() + self._offset_ns

    def age_with_absences_ns(self, stored_ns: int) -> int:
        """How long ago that was, with the time switched off since."""
        absent_ns = sum(absent_ns for at_ns, absent_ns in self._absences if at_ns >= stored_ns)
        return self.now_ns() - stored_ns + absent_ns

    def state(self) -> dict[str, object]:
        """What to save with every group."""
        return {_RUNNING: self.now_ns(), _SAVED_AT: self._clock.utc_ns()}

    def absences(self) -> dict[str, object]:
        """What to save with every segment: when it was switched off, and for how long."""
        return {_ABSENCES: self._absences} if self._absences else {}


def _absences_from(state: Mapping[str, object]) -> list[tuple[int, int]]:
    value = state.get(_ABSENCES)
    pairs = value if isinstance(value, list) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(map(is_number, pair))  # noqa: PLR2004 - a pair
    ]
