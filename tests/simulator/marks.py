"""A mark on every read of the vehicle that it is truly of, where no rule looks.

It stands in the confidences of a make and a colour that nobody names, of which an event tells the mean: each vehicle
has a digit of its own in the sum, so that means and number of reads say whose reads a vehicle was made of.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.model import VehicleInfo
from tests.simulator.traffic import S_NS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.simulator.said import Said
    from tests.simulator.traffic import Site

LOST_AFTER_NS = 10 * S_NS

_DIGITS = 6
_BASE = 256
"""No vehicle has so many reads."""
MARKS = 2 * _DIGITS


class Heard(NamedTuple):
    """One read, as the tracker got it."""

    mono_ns: int
    track: int
    text: str
    confidence: float


def marks_of(site: Site) -> list[int]:
    """A mark for each vehicle: the one that nobody on the road has had for longest."""
    seen = {one.vehicle: frame.mono_ns for frame in site.frames for one in frame.glimpses}
    marks = [0] * len(site.vehicles)
    free_from_ns = [-1] * MARKS
    met = dict.fromkeys(one.vehicle for frame in site.frames for one in frame.glimpses)
    for vehicle in met:
        marks[vehicle] = min(range(MARKS), key=free_from_ns.__getitem__)
        free_from_ns[marks[vehicle]] = seen[vehicle]
    return marks


def info_of(mark: int) -> VehicleInfo:
    """What a read with this mark carries."""
    share = float(_BASE) ** (mark % _DIGITS - _DIGITS)
    is_first = mark < _DIGITS
    return VehicleInfo(
        confidence_mmr=share if is_first else 0.0, confidence_colour=0.0 if is_first else share
    )


def counts_of(means: tuple[float | None, float | None], reads: int) -> Counter[int] | None:
    """Reads by mark, for the sums are exact, and the means nearly; `None` where a digit has run over."""
    counts: Counter[int] = Counter()
    for first, mean in zip((0, _DIGITS), means, strict=True):
        number = round((mean or 0.0) * reads * float(_BASE) ** _DIGITS)
        for digit in range(_DIGITS):
            count = number // _BASE**digit % _BASE
            if count:
                counts[first + digit] = count
    return counts if counts.total() == reads else None


def parts_of(last: Said, marks: Sequence[int], heard: Sequence[Sequence[Heard]]) -> Counter[int]:
    """Reads by true vehicle, of all reads of the vehicle whose last event this is."""
    counts = counts_of((last.confidence_mmr, last.confidence_colour), last.reads)
    parts: Counter[int] = Counter()
    for mark, count in (counts or {}).items():
        holders = [vehicle for vehicle, one in enumerate(marks) if one == mark]
        holder = _holder(last, count, {vehicle: heard[vehicle] for vehicle in holders})
        if holder is None:
            return _parts_by_track(last, heard)
        parts[holder] = count
    return parts or _parts_by_track(last, heard)


def _holder(last: Said, count: int, heard: Mapping[int, Sequence[Heard]]) -> int | None:
    """Who has so many reads while the vehicle was open; of several the one that was read first of all, or the last."""
    from_ns, until_ns = last.first_mono_ns, last.at_mono_ns
    # Lost is ten seconds after the last read, or at the last read where another vehicle took over.
    for end_ns in (until_ns - LOST_AFTER_NS, until_ns):
        fitting = [
            vehicle
            for vehicle, reads in heard.items()
            if sum(from_ns <= read.mono_ns <= end_ns for read in reads) >= count
        ]
        opened = [one for one in fitting if any(read.mono_ns == from_ns for read in heard[one])]
        if fitting:
            return (opened or fitting)[-1]
    return None


def _parts_by_track(last: Said, heard: Sequence[Sequence[Heard]]) -> Counter[int]:
    """Where so many vehicles are in one that marks tell them apart no longer: whose reads had its track number."""
    return Counter(
        vehicle
        for vehicle, reads in enumerate(heard)
        for read in reads
        if read.track == last.track and last.first_mono_ns <= read.mono_ns <= last.at_mono_ns
    )
