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
_UNMARKED = 20


class Heard(NamedTuple):
    """One read, as the tracker got it."""

    mono_ns: int
    track: int
    text: str
    confidence: float


def marks_of(site: Site) -> list[int]:
    """A mark for each vehicle."""
    spans: dict[int, tuple[int, int]] = {}
    for frame in site.frames:
        for seen in frame.glimpses:
            first_ns, _ = spans.get(seen.vehicle, (frame.mono_ns, 0))
            spans[seen.vehicle] = (first_ns, frame.mono_ns)
    return marks_for([spans[vehicle.number] for vehicle in site.vehicles])


def marks_for(spans: Sequence[tuple[int, int]]) -> list[int]:
    """A mark for each span of time: the one that has been free for longest."""
    marks = [0] * len(spans)
    free_from_ns = [-1] * MARKS
    for number in sorted(range(len(spans)), key=spans.__getitem__):
        mark = min(range(MARKS), key=free_from_ns.__getitem__)
        marks[number], free_from_ns[mark] = mark, spans[number][1]
    return marks


def info_of(mark: int) -> VehicleInfo:
    """What a read with this mark carries."""
    share = float(_BASE) ** (mark % _DIGITS - _DIGITS)
    is_first = mark < _DIGITS
    return VehicleInfo(
        confidence_mmr=share if is_first else 0.0, confidence_colour=0.0 if is_first else share
    )


def counts_of(means: tuple[float | None, float | None], reads: int) -> Counter[int] | None:
    """Reads by mark, for the sums are exact, and the means nearly; `None` where a digit has run over.

    Not every read need have left its mark: a run that took over may have come without. So many are tried as there are
    reads, and then some fewer, until the counts are whole.
    """
    for marked in range(reads, max(0, reads - _UNMARKED), -1):
        counts: Counter[int] = Counter()
        for first, mean in zip((0, _DIGITS), means, strict=True):
            number = round((mean or 0.0) * marked * float(_BASE) ** _DIGITS)
            for digit in range(_DIGITS):
                count = number // _BASE**digit % _BASE
                if count:
                    counts[first + digit] = count
        if counts.total() == marked:
            return counts
    return None


def parts_of(
    events: Sequence[Said], marks: Sequence[int], heard: Sequence[Sequence[Heard]]
) -> Counter[int]:
    """Reads by true vehicle, of all reads of the vehicle that said this."""
    last = events[-1]
    counts = counts_of((last.confidence_mmr, last.confidence_colour), last.reads)
    if counts is None and last.confidence_mmr is not None:
        return _parts_by_track(last, heard)
    parts: Counter[int] = Counter()
    for mark, count in (counts or {}).items():
        holders = [vehicle for vehicle, one in enumerate(marks) if one == mark]
        parts += _shared(last, count, {vehicle: heard[vehicle] for vehicle in holders})
    unmarked = last.reads - parts.total()
    if unmarked:
        parts[_opener(events[0], heard)] += unmarked
    return parts


def _opener(new: Said, heard: Sequence[Sequence[Heard]]) -> int:
    """Whose read the first one was."""
    then = [
        (read.track != new.track, vehicle)
        for vehicle, reads in enumerate(heard)
        for read in reads
        if read.mono_ns == new.first_mono_ns
    ]
    return min(then)[1]


def _shared(last: Said, count: int, heard: Mapping[int, Sequence[Heard]]) -> Counter[int]:
    """Who of those with one mark has so many reads while the vehicle was open.

    One alone, if it can be: of several the one that was read first of all, or the last. Else each has what it can have.
    """
    # Lost is ten seconds after the last read, or at the last read where another vehicle took over.
    for end_ns in (last.at_mono_ns - LOST_AFTER_NS, last.at_mono_ns):
        there = _reads_within(last.first_mono_ns, end_ns, heard)
        fitting = [vehicle for vehicle in there if there[vehicle] >= count]
        opened = [
            vehicle
            for vehicle in fitting
            if any(read.mono_ns == last.first_mono_ns for read in heard[vehicle])
        ]
        if fitting:
            return Counter({(opened or fitting)[-1]: count})
    shares: Counter[int] = Counter()
    for vehicle, most in _reads_within(last.first_mono_ns, last.at_mono_ns, heard).items():
        shares[vehicle] = min(most, count - shares.total())
    return +shares


def _reads_within(
    from_ns: int, until_ns: int, heard: Mapping[int, Sequence[Heard]]
) -> dict[int, int]:
    return {
        vehicle: sum(from_ns <= read.mono_ns <= until_ns for read in reads)
        for vehicle, reads in heard.items()
    }


def _parts_by_track(last: Said, heard: Sequence[Sequence[Heard]]) -> Counter[int]:
    """Where so many vehicles are in one that marks tell them apart no longer: whose reads had its track number."""
    return Counter(
        vehicle
        for vehicle, reads in enumerate(heard)
        for read in reads
        if read.track == last.track and last.first_mono_ns <= read.mono_ns <= last.at_mono_ns
    )
