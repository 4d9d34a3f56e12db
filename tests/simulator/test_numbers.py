"""Each tracker errs as its name says, and never gives one number to two vehicles of a frame."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest

from tests.simulator.numbers import Numbers, numbering, overlap
from tests.simulator.traffic import S_NS, Frame, Glimpse, site

SITE = site(0, 60, seed=1)


def glimpse(vehicle: int, x: float = 0) -> Glimpse:
    return Glimpse(vehicle, (x, 0, 100, 100), None, 20, None)


@pytest.mark.parametrize("kind", Numbers)
def test_no_number_is_given_twice_in_a_frame_and_the_same_seed_gives_the_same(
    kind: Numbers,
) -> None:
    one, other = numbering(kind, SITE, seed=1), numbering(kind, SITE, seed=1)
    for frame in SITE.frames:
        numbers = one.numbers(frame)
        assert numbers == other.numbers(frame)
        given = [number for number in numbers if number is not None]
        assert len(set(given)) == len(given)


def test_the_perfect_tracker_gives_every_vehicle_its_own() -> None:
    tracker = numbering(Numbers.PERFECT, SITE, seed=1)
    for frame in SITE.frames:
        assert tracker.numbers(frame) == [seen.vehicle + 1 for seen in frame.glimpses]


def test_the_tracker_that_breaks_does_so_after_a_second_and_finds_the_vehicle_soon() -> None:
    tracker = numbering(Numbers.BREAKING, SITE, seed=1)
    frame_ns = S_NS // 100
    numbers = [tracker.numbers(Frame(at * frame_ns, [glimpse(0)]))[0] for at in range(60_000)]
    tracks = {number for number in numbers if number is not None}
    assert len(tracks) == pytest.approx(600 / 1.15, rel=0.1)
    silent = [len(list(run)) for number, run in groupby(numbers) if number is None]
    assert 20 <= max(silent) <= 30


def test_the_tracker_that_swaps_does_so_at_crossings_only() -> None:
    tracker = numbering(Numbers.SWAPPING, SITE, seed=1)
    apart, together = [glimpse(0), glimpse(1, 200)], [glimpse(0), glimpse(1, 50)]
    swaps, before = 0, [1, 2]
    for at in range(200):
        numbers = tracker.numbers(Frame(at, together if at % 2 else apart))
        assert sorted(number or 0 for number in numbers) == [1, 2]
        if at % 2 == 0:
            assert numbers == before
        swaps += numbers != before
        before = [number or 0 for number in numbers]
    assert swaps == pytest.approx(50, abs=15)


def test_one_crossing_swaps_once_at_most() -> None:
    """However boxes tremble, and with a frame between in which one of the vehicles is not seen."""
    tracker = numbering(Numbers.SWAPPING, SITE, seed=1)
    crossing = [glimpse(0), glimpse(1, 65)], [glimpse(1, 75), glimpse(0)], [glimpse(0)]
    first = tracker.numbers(Frame(0, crossing[0]))
    for at in range(1, 60):
        glimpses = crossing[at % 3]
        numbers = tracker.numbers(Frame(at, glimpses))
        assert numbers == [first[seen.vehicle] for seen in glimpses]


def test_the_tracker_that_reuses_gives_the_number_of_a_vehicle_that_is_gone() -> None:
    tracker = numbering(Numbers.REUSING, SITE, seed=1)
    holders: dict[int, list[int]] = {}
    for frame in SITE.frames:
        for seen, number in zip(frame.glimpses, tracker.numbers(frame), strict=True):
            assert number is not None
            had = holders.setdefault(number, [])
            if seen.vehicle not in had:
                had.append(seen.vehicle)
    assert max(len(had) for had in holders.values()) >= 5
    last = {seen.vehicle: frame.mono_ns for frame in SITE.frames for seen in frame.glimpses}
    first = {
        seen.vehicle: frame.mono_ns for frame in reversed(SITE.frames) for seen in frame.glimpses
    }
    for had in holders.values():
        assert all(last[a] < first[b] for a, b in pairwise(had))


def test_overlap_is_a_share_of_the_smaller_box() -> None:
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == 0.5
    assert overlap((0, 0, 10, 10), (2, 2, 2, 2)) == 1
    assert overlap((0, 0, 10, 10), (10, 0, 10, 10)) == 0
