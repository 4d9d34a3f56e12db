"""Nobody is swallowed, joined or told again, and texts are nearer to the plates than by any simple rule.

Texts by day of a part of the vehicles; by night of all of them, and once more of ten times as many.
"""

from __future__ import annotations

import pytest

from tests.budget import NIGHTLY
from tests.simulator.bars import (
    BEATEN_MODELS,
    REACHED,
    is_best,
    missed,
    reached,
    tallies,
    total,
    worse_than,
)
from tests.simulator.judge import Tally
from tests.simulator.noise import Noise
from tests.simulator.numbers import Numbers

COUNTS = (1_000, 10_000) if NIGHTLY else (300,)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_600)]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("noise", Noise)
def test_every_vehicle_is_told_once_and_by_itself(noise: Noise, count: int) -> None:
    """With every tracker; where a bar is not reached yet, the value that is."""
    cells = tallies(noise, count).items()
    off = {numbers: missed(tally, reached(noise, numbers)) for numbers, tally in cells}
    assert off == {numbers: [] for numbers in Numbers}


def test_what_is_reached_is_held_only_where_it_is_beside_a_bar() -> None:
    """An empty tally misses nothing, one with everything misses each bar that has a value instead."""
    names = {name for of_noise in REACHED.values() for one in of_noise.values() for name in one}
    every = Tally(vehicles=1, joined=1, repeats=1, swallowed=1, uneven=1)
    assert missed(Tally()) == []
    assert names <= {line.partition(":")[0] for line in missed(every)}
    assert not missed(every, dict.fromkeys(names, 1.0))


@pytest.mark.parametrize("count", COUNTS)
def test_no_simple_rule_is_nearer_to_the_plates_and_ours_is_nearest_in_most_noises(
    count: int,
) -> None:
    """By day of all trackers together, for so few texts of one differ by chance."""
    for trackers in [[one] for one in Numbers] if NIGHTLY else [list(Numbers)]:
        models = {
            noise: total(tallies(noise, count)[numbers] for numbers in trackers) for noise in Noise
        }
        worse = {noise: worse_than(model) for noise, model in models.items() if worse_than(model)}
        assert worse == {}
        assert sum(is_best(model) for model in models.values()) >= BEATEN_MODELS
