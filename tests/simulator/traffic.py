"""Vehicles that drive through a picture, from far to near: the truth.

The camera looks down a road of three lanes and a bay, 3840x2160. What is small is far: everything is measured in the
height of the plate, 12 px where vehicles appear and 72 px where they leave.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tests.simulator.plates import COUNTRIES, FLEET, neighbour_of, plate_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.model import Box

FRAME_SIZE = (3840, 2160)
FAR_PX, NEAR_PX = 12.0, 72.0
S_NS = 1_000_000_000

_LANES = (-1, 0, 1)
_FPS = (8.0, 10.0, 12.5, 15.0, 20.0, 25.0)
_BAY_X = 3450
_SITE_LEAST, _SITE_MOST = 15, 100


class Kind(StrEnum):
    """What a vehicle does that others do not."""

    PASSING = "passing"
    TAILGATING = "tailgating"
    TURNING = "turning"
    PARKED = "parked"
    LORRY = "lorry"
    MOTORCYCLE = "motorcycle"


SHARES = {
    Kind.PASSING: 0.62,
    Kind.TAILGATING: 0.1,
    Kind.TURNING: 0.1,
    Kind.PARKED: 0.04,
    Kind.LORRY: 0.06,
    Kind.MOTORCYCLE: 0.08,
}
_WIDTHS = {Kind.LORRY: 4.4, Kind.MOTORCYCLE: 2.0}
_HEIGHTS = {Kind.LORRY: 5.0, Kind.MOTORCYCLE: 3.6}
_CAR = (3.5, 3.2)
"""Of a vehicle, in widths of its plate."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle of a site; a lorry has a second plate."""

    number: int
    kind: Kind
    plates: tuple[str, ...]


class Glimpse(NamedTuple):
    """A vehicle in one frame; `plate` is the one that can be read there, `None` where only the vehicle is seen."""

    vehicle: int
    box: Box
    plate: str | None
    height_px: float
    plate_box: Box | None


class Frame(NamedTuple):
    mono_ns: int
    glimpses: list[Glimpse]


@dataclass(frozen=True, slots=True)
class Site:
    """What one camera sees."""

    number: int
    vehicles: list[Vehicle] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


@dataclass(slots=True)
class _Lane:
    began_s: float = 0.0
    ended_s: float = 0.0


def sites(count: int, seed: int) -> Iterator[Site]:
    """So many vehicles at sites of ten countries."""
    size = min(_SITE_MOST, max(_SITE_LEAST, count // len(COUNTRIES)))
    for number, first in enumerate(range(0, count, size)):
        yield site(number, min(size, count - first), seed)


def site(number: int, count: int, seed: int) -> Site:
    """One site."""
    # Not for secrets; the same everywhere.
    return _Painter(number, random.Random(f"site {seed} {number}")).paint(count)  # noqa: S311


class _Painter:
    def __init__(self, number: int, chance: random.Random) -> None:
        self._chance = chance
        self._country = COUNTRIES[number % len(COUNTRIES)]
        self._fps = chance.choice(_FPS)
        self._site = Site(number)
        self._lanes = {lane: _Lane() for lane in _LANES}
        self._bay_free_s = 0.0
        self._glimpses: dict[int, list[Glimpse]] = {}

    def paint(self, count: int) -> Site:
        taken: set[str] = set()
        kinds = self._chance.choices(list(SHARES), list(SHARES.values()), k=count)
        for number, kind in enumerate(kinds):
            plates = [self._plate(taken) for _ in range(1 + (kind is Kind.LORRY))]
            vehicle = Vehicle(number, kind, tuple(plates))
            self._site.vehicles.append(vehicle)
            if kind is Kind.PARKED:
                self._park(vehicle)
            else:
                self._drive(vehicle)
        for at in sorted(self._glimpses):
            late_ns = self._chance.randrange(5_000_000)
            mono_ns = round(at * S_NS / self._fps) + late_ns
            self._site.frames.append(Frame(mono_ns, self._glimpses[at]))
        return self._site

    def _plate(self, taken: set[str]) -> str:
        """One that no other vehicle of the site has."""
        while True:
            before = self._site.vehicles[-1].plates[0] if self._site.vehicles else ""
            is_fleet = bool(before) and self._chance.random() < FLEET
            plate = (
                neighbour_of(before, self._chance)
                if is_fleet
                else plate_of(self._country, self._chance)
            )
            if plate not in taken:
                taken.add(plate)
                return plate

    def _drive(self, vehicle: Vehicle) -> None:
        chance = self._chance
        is_motorcycle = vehicle.kind is Kind.MOTORCYCLE
        reads = chance.randint(1, 2) if is_motorcycle else chance.randint(8, 120)
        lasts_s = (
            chance.uniform(0.6, 1.5)
            if is_motorcycle
            else max(reads / self._fps / 0.9, chance.uniform(1.5, 4.0))
        )
        lane_no = chance.choice(_LANES)
        lane = self._lanes[lane_no]
        apart_s = (
            chance.uniform(0.6, 1.0)
            if vehicle.kind is Kind.TAILGATING
            else 0.8 + chance.expovariate(1 / 3)
        )
        # Nobody drives through the one in front: behind it at the start as at the end.
        began_s = max(lane.began_s + apart_s, lane.ended_s + apart_s - lasts_s)
        lane.began_s, lane.ended_s = began_s, began_s + lasts_s
        frames = list(range(int(began_s * self._fps), int((began_s + lasts_s) * self._fps) + 1))
        frames = self._without_a_gap(frames)
        readable = set(chance.sample(frames, min(reads, len(frames))))
        braking = chance.uniform(1.0, 1.6)
        to_lane = chance.choice(_LANES) if vehicle.kind is Kind.TURNING else lane_no
        plates = self._plates_in_turn(vehicle)
        for at in frames:
            part = min(max((at / self._fps - began_s) / lasts_s, 0.0), 1.0)
            height = FAR_PX * (NEAR_PX / FAR_PX) ** (part**braking)
            turned = min(max((part - 0.3) / 0.5, 0.0), 1.0)
            lane_now = lane_no + (to_lane - lane_no) * turned
            middle = (FRAME_SIZE[0] / 2 + lane_now * 4.2 * 4 * height, 300 + 22.2 * height)
            if at in readable:
                self._see(vehicle, at, middle, height, next(plates))
            elif chance.random() < 0.6:
                self._see(vehicle, at, middle, height, None)

    def _park(self, vehicle: Vehicle) -> None:
        """Its box is always there, its plate can be read for half a second now and then."""
        chance = self._chance
        height = chance.uniform(24, 50)
        middle = (_BAY_X, 300 + 22.2 * height)
        reads = chance.randint(8, 40)
        began_s = max(self._bay_free_s, min(lane.began_s for lane in self._lanes.values()))
        at, last = int(began_s * self._fps), 0
        while reads > 0:
            for _ in range(min(reads, max(2, int(self._fps / 2)))):
                self._see(vehicle, at, middle, height, vehicle.plates[0])
                reads -= 1
                at += 1
            last = at
            at += int(chance.uniform(3.5, 11.5) * self._fps)
            for between in range(last, at, max(1, int(self._fps / 4))):
                self._see(vehicle, between, middle, height, None)
        self._bay_free_s = at / self._fps + 3.0

    def _plates_in_turn(self, vehicle: Vehicle) -> Iterator[str]:
        """Which plate is read next: the first one, then now this and now that."""
        at = 0
        while True:
            for _ in range(self._chance.randint(1, 6)):
                yield vehicle.plates[at]
            at = (at + 1) % len(vehicle.plates)

    def _without_a_gap(self, frames: list[int]) -> list[int]:
        """Every fifth vehicle is hidden for a while."""
        most = int(0.6 * self._fps)
        if self._chance.random() > 0.2 or len(frames) < 4 * most:
            return frames
        at = self._chance.randrange(most, len(frames) - most)
        return frames[:at] + frames[at + self._chance.randint(2, most) :]

    def _see(
        self,
        vehicle: Vehicle,
        at: int,
        middle: tuple[float, float],
        height: float,
        plate: str | None,
    ) -> None:
        """Boxes tremble by some hundredths of the vehicle."""
        chance = self._chance
        plate_width = 4 * height
        wide, high = _CAR
        width = _WIDTHS.get(vehicle.kind, wide) * plate_width
        tall = _HEIGHTS.get(vehicle.kind, high) * plate_width
        x = middle[0] + chance.gauss(0, 0.01) * width
        y = middle[1] + chance.gauss(0, 0.01) * tall
        box = (x - width / 2, y - 0.72 * tall, width, tall)
        plate_box = None
        if plate is not None:
            up = 2.5 * height if plate != vehicle.plates[0] else 0.0
            plate_box = (x - plate_width / 2, y - height / 2 - up, plate_width, height)
        seen = Glimpse(vehicle.number, box, plate, height, plate_box)
        self._glimpses.setdefault(at, []).append(seen)
