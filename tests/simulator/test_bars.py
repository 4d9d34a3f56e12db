"""Nobody is swallowed, joined or told again, and texts are nearer to the plates than by any simple rule.

Texts by day of a part of the vehicles; by night of all of them, and once more of ten times as many.
"""

from __future__ import annotations

import pytest

from tests.budget import NIGHTLY
from tests.simulator.bars import BEATEN_MODELS, is_best, missed, tallies, total, worse_than
from tests.simulator.noise import Noise
from tests.simulator.numbers import Numbers

COUNTS = (1_000, 10_000) if NIGHTLY else (300,)

HELD_COUNT = 300

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize("noise", [noise for noise in Noise if noise is not Noise.GARBAGE])
def test_every_vehicle_is_told_once_and_by_itself(noise: Noise) -> None:
    """With the trackers that keep a vehicle's number, or exchange two; far garbage is none of what can be held."""
    cells = tallies(noise, HELD_COUNT)
    held = {numbers: missed(cells[numbers]) for numbers in (Numbers.PERFECT, Numbers.SWAPPING)}
    assert held == {Numbers.PERFECT: [], Numbers.SWAPPING: []}


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
