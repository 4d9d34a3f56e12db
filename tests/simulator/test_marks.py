"""Marks say whose reads a vehicle was made of: by themselves, and through the native tracker."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulator.drive import drive, texts_of
from tests.simulator.marks import MARKS, counts_of, info_of, marks_of, parts_of
from tests.simulator.noise import Noise
from tests.simulator.numbers import Numbers
from tests.simulator.test_judge import MS_NS, Event, reads
from tests.simulator.traffic import site

SITE = site(3, 60, seed=1)


def means(marks: list[int]) -> tuple[float | None, float | None]:
    infos = [info_of(mark) for mark in marks]
    first = sum(info.confidence_mmr or 0.0 for info in infos)
    second = sum(info.confidence_colour or 0.0 for info in infos)
    return first / len(marks), second / len(marks)


@pytest.mark.parametrize(
    "counts", [{0: 1}, {5: 120}, {11: 255}, {0: 7, 6: 3}, dict.fromkeys(range(MARKS), 119)]
)
def test_means_and_their_number_tell_every_count(counts: dict[int, int]) -> None:
    marks = list(Counter(counts).elements())
    assert counts_of(means(marks), len(marks)) == counts


def test_a_digit_that_runs_over_is_noticed() -> None:
    assert counts_of(means([0] * 300), 300) is None


def test_marks_of_vehicles_that_follow_each_other_differ() -> None:
    marks = marks_of(SITE)
    for frame in SITE.frames:
        numbers = [seen.vehicle for seen in frame.glimpses]
        assert len({marks[number] for number in numbers}) == len(numbers)
    assert set(marks) == set(range(MARKS))


def life(marks: list[int], from_ms: int, until_ms: int, unmarked: int = 0) -> list[Event]:
    """New and Lost of a vehicle with reads of these marks."""
    first, second = means(marks) if marks else (None, None)
    return [
        Event(
            kind,
            "",
            at_mono_ns=until_ms * MS_NS,
            first_mono_ns=from_ms * MS_NS,
            reads=len(marks) + unmarked,
            confidence_mmr=first,
            confidence_colour=second,
        )
        for kind in ("new", "lost")
    ]


def test_of_two_with_one_mark_the_one_counts_that_was_read_then() -> None:
    heard = [reads("AB1", 5), reads("CD2", 9, from_ms=1_000), reads("EF3", 4, from_ms=1_000)]
    marks = [3, 4, 3]
    assert parts_of(life([3] * 5, 0, 10_160), marks, heard) == {0: 5}
    assert parts_of(life([3] * 4 + [4] * 2, 1_000, 11_120), marks, heard) == {2: 4, 1: 2}
    assert parts_of(life([3] * 2, 900, 1_200), marks, heard) == {2: 2}


def test_a_vehicle_of_many_with_one_mark_has_reads_of_all() -> None:
    heard = [reads("AB1", 5), reads("CD2", 4, from_ms=1_000)]
    assert parts_of(life([3] * 9, 0, 11_120), [3, 3], heard) == {0: 5, 1: 4}


def test_reads_that_left_no_mark_are_those_of_the_first() -> None:
    heard = [reads("AB1", 5), reads("CD2", 9, track=2)]
    assert parts_of(life([3] * 2 + [4] * 5, 0, 20_000, unmarked=3), [3, 4], heard) == {0: 5, 1: 5}
    assert parts_of(life([], 0, 20_000, unmarked=3), [3, 4], heard) == {0: 3}


def test_where_marks_run_over_track_numbers_tell() -> None:
    heard = [reads("AB1", 200), reads("CD2", 100, track=2)]
    assert parts_of(life([3] * 300, 0, 20_000), [3, 3], heard) == {0: 200}


def test_the_native_tracker_hands_the_marks_on() -> None:
    """All reads of a vehicle with one plate are in it, where every read is right and no number is given twice."""
    driven = drive(SITE, texts_of(SITE, Noise.CLEAN, 1), Numbers.PERFECT, 1)
    counts: Counter[int] = Counter()
    for told in driven.told:
        assert len(told.parts) == 1
        counts += told.parts
    single = [vehicle.number for vehicle in SITE.vehicles if len(vehicle.plates) == 1]
    assert len(single) > 40
    assert all(counts[number] == len(driven.heard[number]) for number in single)
