"""Gives plates numbers that stay from frame to frame, for recognisers that do not track.

A plate is taken for the one with the same text, wherever that was: between two frames of a slow reader
a car goes far. Otherwise for the one whose expected place it is nearest to, as long as that lies within
`reach` plate widths and neither is more than twice as wide. No learning, no randomness: the same boxes
and texts at the same times get the same numbers.

Held by `tests/recogniser/test_follow.py`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.model import Box

_S_NS = 1_000_000_000
_MAX_GROWTH = 2.0
_GAPS = 5
_FRAMES = 2.5
# A car is about 3.5 plates wide and as high; the plate sits in the middle of its lower third.
_VEHICLE_WIDTHS, _VEHICLE_HEIGHTS = 4.2, 3.6
_PLATE_AT = 0.72


@dataclass(slots=True)
class _Followed:
    track: int
    x: float
    y: float
    width: float
    seen_mono_ns: int
    x_per_ns: float = 0.0
    y_per_ns: float = 0.0
    text: str = ""

    def expected(self, mono_ns: int) -> tuple[float, float]:
        ahead_ns = mono_ns - self.seen_mono_ns
        return (self.x + self.x_per_ns * ahead_ns, self.y + self.y_per_ns * ahead_ns)


class PlateFollower:
    """Follows plates.

    Args:
        reach: How far from its expected place a plate may be, in plate widths.
        forget_after_s: A plate not seen for so long is another one when it comes back; of a reader whose frames come
            farther apart than that, one that was missing in two of them.
    """

    def __init__(self, *, reach: float = 1.5, forget_after_s: float = 1.0) -> None:
        self._reach = reach
        self._forget_after_ns = round(forget_after_s * _S_NS)
        self._followed: list[_Followed] = []
        self._next_track = 1
        self._last_mono_ns: int | None = None
        self._gaps_ns: deque[int] = deque(maxlen=_GAPS)

    def follow(
        self, plates: Sequence[Box], mono_ns: int, texts: Sequence[str | None] = ()
    ) -> list[int]:
        """The numbers of these plates, in their order.

        Args:
            plates: Boxes of one frame, `(x, y, width, height)`.
            mono_ns: When it was taken; never goes back.
            texts: What each plate says, `None` or empty where that is not known; none at all: places alone count.
        """
        said = [text or "" for text in texts] or [""] * len(plates)
        forget_after_ns = max(self._forget_after_ns, self._two_frames_ns(mono_ns))
        self._followed = [
            known for known in self._followed if mono_ns - known.seen_mono_ns <= forget_after_ns
        ]
        middles = [(x + width / 2, y + height / 2, width) for x, y, width, height in plates]
        pairs = sorted(
            (not is_same, distance, known_no, plate_no)
            for known_no, known in enumerate(self._followed)
            for plate_no, middle in enumerate(middles)
            for is_same in (bool(known.text) and known.text == said[plate_no],)
            for distance in (self._distance(known, middle, mono_ns),)
            if is_same or distance <= self._reach
        )
        tracks: dict[int, int] = {}
        taken: set[int] = set()
        for _, _, known_no, plate_no in pairs:
            if known_no not in taken and plate_no not in tracks:
                taken.add(known_no)
                known = self._followed[known_no]
                tracks[plate_no] = self._moved(known, middles[plate_no], mono_ns)
                known.text = said[plate_no] or known.text
        for plate_no, (x, y, width) in enumerate(middles):
            if plate_no not in tracks:
                tracks[plate_no] = self._next_track
                new = _Followed(self._next_track, x, y, width, mono_ns, text=said[plate_no])
                self._followed.append(new)
                self._next_track += 1
        return [tracks[plate_no] for plate_no in range(len(middles))]

    def _two_frames_ns(self, mono_ns: int) -> int:
        """How long two frames and a little more take of late: a gap in the stream is no slow reader."""
        if self._last_mono_ns is not None:
            self._gaps_ns.append(mono_ns - self._last_mono_ns)
        self._last_mono_ns = mono_ns
        return round(_FRAMES * median(self._gaps_ns)) if self._gaps_ns else 0

    def _distance(
        self, known: _Followed, middle: tuple[float, float, float], mono_ns: int
    ) -> float:
        """In widths of the larger of both; endless when one is far larger than the other."""
        x, y, width = middle
        small, large = sorted((max(width, 1.0), max(known.width, 1.0)))
        if large > small * _MAX_GROWTH:
            return math.inf
        return math.dist(known.expected(mono_ns), (x, y)) / large

    def _moved(self, known: _Followed, middle: tuple[float, float, float], mono_ns: int) -> int:
        x, y, known.width = middle
        spent_ns = mono_ns - known.seen_mono_ns
        if spent_ns > 0:
            known.x_per_ns, known.y_per_ns = (x - known.x) / spent_ns, (y - known.y) / spent_ns
        known.x, known.y, known.seen_mono_ns = x, y, mono_ns
        return known.track


def vehicle_around(plate: Box) -> Box:
    """Where the vehicle of a plate probably is, for recognisers that find plates only: a rough guess."""
    x, y, width, height = plate
    vehicle_width, vehicle_height = width * _VEHICLE_WIDTHS, width * _VEHICLE_HEIGHTS
    return (
        x + width / 2 - vehicle_width / 2,
        y + height / 2 - vehicle_height * _PLATE_AT,
        vehicle_width,
        vehicle_height,
    )
