"""Marks say whose reads a vehicle was made of: by themselves, and through the native tracker."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulator.drive import drive, texts_of
from tests.simulator.marks import MARKS, counts_of, info_of, marks_of
from tests.simulator.noise import Noise
from tests.simulator.numbers import Numbers
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
