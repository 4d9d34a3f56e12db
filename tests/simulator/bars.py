"""What the judge holds a tracker to, and who comes to how much.

Bars are shares of the true vehicles. Of a small sample a share may allow less than one vehicle, and then allows none.
Where a bar is not reached yet, `REACHED` says what is, so that it grows no worse.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tests.simulator.drive import drive, texts_of
from tests.simulator.judge import RULES, Tally, judge
from tests.simulator.noise import Noise
from tests.simulator.numbers import Numbers
from tests.simulator.traffic import sites

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEED = 13

SWALLOWED = 0.0
SWALLOWED_NEAR = 0.01
JOINED = 0.001
JOINED_NEAR = 0.01
REPEATS = 0.01
JUMPS = 0
UNEVEN = 0
CLOSE_UPDATES = 0.02
BEATEN_MODELS = 6
"""Models in which the text must be nearer to the truth than that of every simple rule."""


@cache
def tallies(noise: Noise, count: int, seed: int = SEED) -> dict[Numbers, Tally]:
    """One model with every tracker: the same vehicles, read the same."""
    found = {numbers: Tally() for numbers in Numbers}
    for site in sites(count, seed):
        texts = texts_of(site, noise, seed)
        for numbers in Numbers:
            found[numbers] += judge(drive(site, texts, numbers, seed))
    return found


REACHED: dict[bool, dict[Numbers, dict[str, float]]] = {
    # Cars whose place another one takes while the tracker has lost them, or that come under a number used before.
    False: {
        Numbers.PERFECT: {},
        Numbers.BREAKING: {"joined": 0.008, "repeats": 0.018, "swallowed": 0.001},
        Numbers.SWAPPING: {"joined": 0.005},
        Numbers.REUSING: {"joined": 0.004, "swallowed": 0.001, "uneven confidence": 0.003},
    },
    # Of far garbage no text tells, and there is nothing but the place.
    True: {
        Numbers.PERFECT: {"joined": 0.004},
        Numbers.BREAKING: {"joined": 0.012},
        Numbers.SWAPPING: {"joined": 0.007},
        Numbers.REUSING: {"joined": 0.012, "swallowed": 0.002, "uneven confidence": 0.003},
    },
}
"""Shares where the bar is not reached, of all noises but far garbage and of that, by tracker."""


def reached(noise: Noise, numbers: Numbers) -> dict[str, float]:
    """What a cell is held to where its bar is not reached."""
    return REACHED[noise is Noise.GARBAGE][numbers]


def missed(tally: Tally, instead: Mapping[str, float] | None = None) -> list[str]:
    """The bars of a cell that are missed, with what was found; `instead` of some bars others hold."""
    bars = {
        "swallowed": (tally.of_vehicles(tally.swallowed), SWALLOWED),
        "swallowed, near": (tally.of_vehicles(tally.swallowed_near), SWALLOWED_NEAR),
        "joined": (tally.of_vehicles(tally.joined), JOINED),
        "joined, near": (tally.of_vehicles(tally.joined_near), JOINED_NEAR),
        "repeats": (tally.of_vehicles(tally.repeats), REPEATS),
        "jumps of confidence": (tally.jumps, JUMPS),
        "uneven confidence": (tally.of_vehicles(tally.uneven), UNEVEN),
        "close updates": (share(tally.close_updates, tally.updates), CLOSE_UPDATES),
    }
    held = {name: (found, (instead or {}).get(name, bar)) for name, (found, bar) in bars.items()}
    return [f"{name}: {found:.4f} > {most}" for name, (found, most) in held.items() if found > most]


def worse_than(tally: Tally) -> list[str]:
    """The simple rules whose texts are nearer to the truth than ours."""
    return [rule for rule in RULES if tally.ours > getattr(tally, rule)]


def is_best(tally: Tally) -> bool:
    """Whether ours are nearer than those of every simple rule."""
    return all(tally.ours < getattr(tally, rule) for rule in RULES)


def total(cells: Iterable[Tally]) -> Tally:
    """All of them together."""
    return sum(cells, start=Tally())


def share(part: int, whole: int) -> float:
    """Nothing of nothing is nothing."""
    return part / whole if whole else 0.0
