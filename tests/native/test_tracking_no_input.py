"""What stands where a time or reads should be: the latest time is taken, and the reads that came before count."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.errors import ReadError
from cammra_edge.model import FrameTime, PlateRead
from tests.native.streams import at_ms, counted, read, tracker_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_TIMES: list[Any] = [
    None,
    (1, 2),
    5,
    "now",
    FrameTime(1.5, 1.5),  # type: ignore[arg-type]  # seconds
    FrameTime(2**63, 2**80),
    FrameTime("1", None),  # type: ignore[arg-type]
    SimpleNamespace(),
]


@pytest.mark.parametrize("at", NO_TIMES, ids=repr)
def test_what_is_no_time_is_the_latest_time(at: Any) -> None:  # noqa: ANN401 - whatever it is
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111", 1)], at_ms(500))
    (new,) = tracker.observe(None, [read("BBB222", 2)], at)
    assert (new.at_mono_ns, new.at_utc_ns) == at_ms(500)[:2]
    assert tracker.tick(at) == []
    assert counted(tracker, "refused_times", "late_frames", "frames") == [2, 0, 2]
    assert tracker.wrong_inputs == 2


def test_the_half_of_a_time_that_can_be_used_is() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111", 1)], at_ms(500))
    (new,) = tracker.observe(None, [read("BBB222", 2)], FrameTime(at_ms(700).mono_ns, 0.5))  # type: ignore[arg-type]
    assert (new.at_mono_ns, new.at_utc_ns) == at_ms(700)[:2]
    (new,) = tracker.observe(None, [read("CCC333", 3)], FrameTime(None, 10**18))  # type: ignore[arg-type]
    assert (new.at_mono_ns, new.at_utc_ns) == (at_ms(700).mono_ns, 10**18)


def test_a_first_frame_without_a_time_begins_at_nought() -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AAA111")], None)  # type: ignore[arg-type]
    assert (new.at_mono_ns, new.at_utc_ns) == (0, 0)


def test_after_a_restart_of_the_clock_a_missing_time_goes_on_from_there() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], at_ms(100_000))
    tracker.observe(None, [read("AAA111")], at_ms(0))
    tracker.observe(None, [read("AAA111")], None)  # type: ignore[arg-type]
    assert counted(tracker, "refused_times", "late_frames", "clock_restarts") == [1, 0, 1]


@pytest.mark.parametrize("reads", [None, 5, object()], ids=["None", "int", "object"])
def test_reads_that_are_none_are_named_and_the_time_goes_on(reads: Any) -> None:  # noqa: ANN401 - whatever it is
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], at_ms(0))
    with pytest.raises(ReadError, match=r"reads is a \w+: want PlateReads"):
        tracker.observe(None, reads, at_ms(1000))
    assert [e.kind for e in tracker.tick(at_ms(1000))] == ["reliable"]
    assert counted(tracker, "frames", "reads", "refused_reads") == [2, 1, 1]


def test_reads_may_be_generated_and_those_before_an_error_count() -> None:
    def generated() -> Iterator[PlateRead]:
        yield read("AAA111", 1)
        yield read("BBB222", 2)
        raise LookupError("camera unplugged")

    tracker = tracker_of()
    with pytest.raises(ReadError, match=r"reads raised LookupError after 2"):
        tracker.observe(None, generated(), at_ms(0))
    assert [e.text for e in tracker.tick(at_ms(0))] == ["AAA111", "BBB222"]


def test_an_interrupt_while_reads_are_generated_is_no_bad_read() -> None:
    def generated() -> Iterator[PlateRead]:
        yield read("AAA111", 1)
        raise KeyboardInterrupt

    tracker = tracker_of()
    with pytest.raises(KeyboardInterrupt):
        tracker.observe(None, generated(), at_ms(0))
    assert counted(tracker, "refused_reads") == [0]
