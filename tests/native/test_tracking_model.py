"""The tracker beside a simple model of it: clear plates, any order of reads and ticks."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.model import Direction
from tests.budget import examples
from tests.native.streams import at_ms, read, tracker_of

LOST_AFTER_MS = 10_000
RELIABLE_AFTER_MS = 1_000
CHANGE_READS = 3
CHANGE_AFTER_MS = 150


@dataclass
class ModelVehicle:
    """One vehicle whose plate is always read right, by a recogniser that knows the direction."""

    number: int
    track: int
    first_ms: int
    reads_ms: list[int] = field(default_factory=list)
    reliable: bool = False
    directed: bool = False

    def hear(self, ms: int) -> list[tuple[int, str, int]]:
        """A read; says what it makes the vehicle say."""
        self.reads_ms.append(ms)
        events = [] if len(self.reads_ms) > 1 else [(self.number, "new", ms)]
        long_enough = ms - self.first_ms >= CHANGE_AFTER_MS
        if not self.directed and (len(self.reads_ms) >= CHANGE_READS or long_enough):
            self.directed = True
            events.append((self.number, "update", ms))
        if self.directed and not self.reliable and len(self.reads_ms) >= CHANGE_READS:
            self.reliable = True
            events.append((self.number, "reliable", ms))
        return events


class Model:
    """What the events table of the design says, as plainly as possible."""

    def __init__(self) -> None:
        self.open: dict[int, ModelVehicle] = {}
        self.vehicles = 0

    def tick(self, now_ms: int) -> list[tuple[int, str, int]]:
        due: list[tuple[int, int, str, int]] = []
        for vehicle in list(self.open.values()):
            lost_ms = vehicle.reads_ms[-1] + LOST_AFTER_MS
            reliable_ms = vehicle.first_ms + RELIABLE_AFTER_MS
            if not vehicle.reliable and reliable_ms <= now_ms:
                vehicle.reliable = True
                due.append((reliable_ms, vehicle.number, "reliable", reliable_ms))
            if lost_ms < now_ms:
                due.append((lost_ms, vehicle.number, "lost", lost_ms))
                del self.open[vehicle.track]
        return [(number, kind, ms) for _, number, kind, ms in sorted(due)]

    def observe(self, tracks: list[int], now_ms: int) -> list[tuple[int, str, int]]:
        events = self.tick(now_ms)
        known = [track for track in tracks if track in self.open]
        for track in known + [track for track in tracks if track not in self.open]:
            if track not in self.open:
                self.vehicles += 1
                self.open[track] = ModelVehicle(self.vehicles, track, now_ms)
            events += self.open[track].hear(now_ms)
        return events


steps = st.tuples(
    st.one_of(st.integers(1, 400), st.sampled_from([999, 1000, 1001, 9999, 10_000, 10_001])),
    st.none() | st.lists(st.integers(0, 4), unique=True, max_size=5),
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(steps, max_size=60))
def test_the_tracker_says_what_the_model_says(walk: list[tuple[int, list[int] | None]]) -> None:
    tracker, model, now_ms = tracker_of(), Model(), 0
    for passed_ms, tracks in walk:
        now_ms += passed_ms
        if tracks is None:
            events, expected = tracker.tick(at_ms(now_ms)), model.tick(now_ms)
        else:
            reads = [read(f"1AB{track}234", track, direction=Direction.IN) for track in tracks]
            events, expected = (
                tracker.observe(None, reads, at_ms(now_ms)),
                model.observe(tracks, now_ms),
            )
        assert [(e.vehicle_no, e.kind, e.at_mono_ns // 1_000_000) for e in events] == expected
        deadline_ns = tracker.next_deadline_mono_ns()
        assert (deadline_ns is None) == (not model.open)
        assert deadline_ns is None or deadline_ns > at_ms(now_ms).mono_ns
