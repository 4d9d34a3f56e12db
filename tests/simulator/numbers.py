"""The track numbers that come with reads: four trackers."""

from __future__ import annotations

import itertools
import random
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from tests.simulator.traffic import S_NS, Frame, Site

if TYPE_CHECKING:
    from cammra_edge.model import Box

BREAKS_AFTER_S = 1.0
"""How long a track of the tracker that breaks lasts, on the average."""
_SILENT_S = 0.3
"""How long such a tracker takes to find the vehicle again, at most."""
_CROSSING = 0.3
"""Share of the smaller box that lies in the other one where two vehicles cross."""
_APART = 0.1
"""The share below which a crossing is over: boxes tremble."""
_SWAPS = 0.5


class Numbers(StrEnum):
    """The four trackers."""

    PERFECT = "perfect"
    BREAKING = "breaks"
    SWAPPING = "swaps"
    REUSING = "reuses"


class Numbering(Protocol):
    """A tracker."""

    def numbers(self, frame: Frame) -> list[int | None]:
        """The number of each vehicle in a frame; `None` for one that the tracker has lost."""


def numbering(kind: Numbers, site: Site, seed: int) -> Numbering:
    """A tracker at one site."""
    # Not for secrets; the same everywhere.
    chance = random.Random(f"numbers {seed} {kind} {site.number}")  # noqa: S311
    match kind:
        case Numbers.PERFECT:
            return _Perfect()
        case Numbers.BREAKING:
            return _Breaking(chance)
        case Numbers.SWAPPING:
            return _Swapping(chance)
        case Numbers.REUSING:
            return _Reusing(site)


class _Perfect:
    def numbers(self, frame: Frame) -> list[int | None]:
        return [seen.vehicle + 1 for seen in frame.glimpses]


class _Breaking:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._next = itertools.count(1)
        self._tracks: dict[int, tuple[int, int, int]] = {}

    def numbers(self, frame: Frame) -> list[int | None]:
        return [self._number(seen.vehicle, frame.mono_ns) for seen in frame.glimpses]

    def _number(self, vehicle: int, now_ns: int) -> int | None:
        track, from_ns, until_ns = self._tracks.get(vehicle, (0, 0, 0))
        if now_ns >= until_ns:
            found_ns = now_ns
            if track:
                found_ns += round(self._chance.uniform(0, _SILENT_S) * S_NS)
            lasts_ns = round(self._chance.expovariate(1 / BREAKS_AFTER_S) * S_NS)
            track, from_ns, until_ns = next(self._next), found_ns, found_ns + lasts_ns
            self._tracks[vehicle] = (track, from_ns, until_ns)
        return track if now_ns >= from_ns else None


class _Swapping:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._numbers: dict[int, int] = {}
        self._crossing: set[tuple[int, int]] = set()

    def numbers(self, frame: Frame) -> list[int | None]:
        numbers = self._numbers
        for seen in frame.glimpses:
            numbers.setdefault(seen.vehicle, seen.vehicle + 1)
        for one, other in itertools.combinations(frame.glimpses, 2):
            a, b = sorted((one.vehicle, other.vehicle))
            share = overlap(one.box, other.box)
            if share < _APART:
                self._crossing.discard((a, b))
            elif share > _CROSSING and (a, b) not in self._crossing:
                self._crossing.add((a, b))
                if self._chance.random() < _SWAPS:
                    numbers[a], numbers[b] = numbers[b], numbers[a]
        return [numbers[seen.vehicle] for seen in frame.glimpses]


class _Reusing:
    """The lowest number that no vehicle has; it is free as soon as its vehicle is gone."""

    def __init__(self, site: Site) -> None:
        self._last_ns = {
            seen.vehicle: frame.mono_ns for frame in site.frames for seen in frame.glimpses
        }
        self._numbers: dict[int, int] = {}

    def numbers(self, frame: Frame) -> list[int | None]:
        self._numbers = {
            vehicle: number
            for vehicle, number in self._numbers.items()
            if self._last_ns[vehicle] >= frame.mono_ns
        }
        for seen in frame.glimpses:
            if seen.vehicle not in self._numbers:
                taken = set(self._numbers.values())
                self._numbers[seen.vehicle] = next(n for n in itertools.count(1) if n not in taken)
        return [self._numbers[seen.vehicle] for seen in frame.glimpses]


def overlap(one: Box, other: Box) -> float:
    """How much of the smaller box lies in the other one."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min(one[2] * one[3], other[2] * other[3])
