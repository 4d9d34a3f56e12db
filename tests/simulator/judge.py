"""Compares what was said with what was true.

The words are those of the docs: a vehicle is *swallowed* where at least three of its reads are within an edit of
each other and no event tells of it, *joined* is one told vehicle with such reads of two, and every told vehicle of a
true one beyond the first is a *repeat*. `bars.py` says how many of each there may be.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tests.simulator.edits import edits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.simulator.drive import Drive, Told
    from tests.simulator.marks import Heard
    from tests.simulator.said import Said
    from tests.simulator.traffic import Vehicle

RUN_READS = 3
"""So many reads make a vehicle that must be told, and a share in another one that makes it joined."""
NEAR_EDITS = 2
"""Plates that are no further from each other are hard to tell apart."""
CLOSE_NS = 200_000_000
JUMP = 0.2
STEADY_READS = 10
_EPSILON = 1e-6

RULES = ("frequent", "surest", "last")
"""What a receiver could do without a vote: the most frequent read, the one with the best confidence, the last one."""


@dataclass(slots=True)
class Tally:
    """Counts of one cell, or of several.

    Args:
        vehicles: True vehicles that were read.
        told: Vehicles that were reported.
        right: True vehicles with one report, of their reads only, whose last text is the plate.
        repeats: Reports of a vehicle beyond the first.
        swallowed: Vehicles that no event tells of, whose plate differs by half or more from those that were told.
        swallowed_near: The others that no event tells of.
        joined: Reports of two vehicles whose plates differ by more than two edits.
        joined_near: Reports of two other ones.
        judged: Vehicles that have a text, true and told.
        ours: Edits from the plate, of Lost.
        reliable: The same, of Reliable.
        frequent: Of the most frequent read of the same reads.
        surest: Of the one with the best confidence, the latest of equal ones.
        last: Of the last one.
        sure: Reliable events.
        agreed: Those by agreement.
        agreed_right: Those of them with the plate.
        timed_right: Those of the others with the plate.
        updates: Updates.
        close_updates: Those within 200 ms of the Update before.
        changes: Changes of the text.
        back: Those to a text that had been reported before.
        jumps: Confidences that differ by more than 0.2 from the one before of the same text, from the tenth read on.
        uneven: Reports whose reads are all equal with one confidence, and that tell another one.
    """

    vehicles: int = 0
    told: int = 0
    right: int = 0
    repeats: int = 0
    swallowed: int = 0
    swallowed_near: int = 0
    joined: int = 0
    joined_near: int = 0
    judged: int = 0
    ours: int = 0
    reliable: int = 0
    frequent: int = 0
    surest: int = 0
    last: int = 0
    sure: int = 0
    agreed: int = 0
    agreed_right: int = 0
    timed_right: int = 0
    updates: int = 0
    close_updates: int = 0
    changes: int = 0
    back: int = 0
    jumps: int = 0
    uneven: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Tally)))

    def of_vehicles(self, count: int) -> float:
        """As a share of the true vehicles."""
        return count / self.vehicles if self.vehicles else 0.0

    def mean(self, edits_sum: int) -> float:
        """Edits of a text, on the average."""
        return edits_sum / self.judged if self.judged else 0.0


def judge(drive: Drive) -> Tally:
    """Counts of one site."""
    tally = Tally(vehicles=sum(bool(reads) for reads in drive.heard), told=len(drive.told))
    owned: dict[int, list[Told]] = {}
    mixed: set[int] = set()
    for told in drive.told:
        owner = owner_of(told, drive.vehicles)
        owned.setdefault(owner, []).append(told)
        second = _joined_to(owner, told, drive)
        if second is not None:
            is_near = _apart(drive.vehicles[owner], drive.vehicles[second]) <= NEAR_EDITS
            tally.joined_near += is_near
            tally.joined += not is_near
            mixed.add(owner)
        _judge_events(told, tally)
    tally.repeats = sum(len(several) - 1 for several in owned.values())
    _judge_silence(drive, tally)
    _judge_texts(drive, owned, tally)
    tally.right = sum(
        not _off(several[0].events[-1].text, drive.vehicles[number])
        for number, several in owned.items()
        if len(several) == 1 and number not in mixed
    )
    return tally


def owner_of(told: Told, vehicles: Sequence[Vehicle]) -> int:
    """Whose report it is: of those with a run in it the one whose plate its last text shows, else the one with most."""
    parts, text = told.parts, told.events[-1].text
    least = min(RUN_READS, max(parts.values()))

    def distance(number: int) -> tuple[int, int, int]:
        off = _off(text, vehicles[number])
        return (off if _is_legible(off, vehicles[number]) else len(text), -parts[number], number)

    return min((number for number in parts if parts[number] >= least), key=distance)


def _joined_to(owner: int, told: Told, drive: Drive) -> int | None:
    """The other vehicle with the most reads that show its plate, if they are a run.

    Where a plate is too far away to be read nobody can tell whose garbage it is: it joins no vehicles.
    """
    others = {
        number: _legible(number, count, told, drive)
        for number, count in told.parts.items()
        if number != owner
    }
    second = max(others, key=lambda number: (others[number], -number), default=None)
    if second is None or others[second] >= RUN_READS:
        return second
    # A vehicle with two reads that another one has taken over whole, name and all.
    reads = drive.heard[second]
    whole = len(reads) == told.parts[second] > 1
    opened = reads[0].mono_ns == told.events[0].first_mono_ns
    return second if whole and opened else None


def _legible(number: int, count: int, told: Told, drive: Drive) -> int:
    """How many of so many reads of a vehicle show its plate.

    The reads are those with a track number that the report has had, if there are so many, else the best that can be.
    """
    vehicle, last = drive.vehicles[number], told.events[-1]
    tracks = {event.track for event in told.events}
    then = [
        read
        for read in drive.heard[number]
        if last.first_mono_ns <= read.mono_ns <= last.at_mono_ns
    ]
    under = [read for read in then if read.track in tracks]
    chosen = under if len(under) == count else then
    return min(count, sum(_is_legible(_off(read.text, vehicle), vehicle) for read in chosen))


def _is_legible(off: int, vehicle: Vehicle) -> bool:
    """Whether less than half of the plate is wrong."""
    return off < min(len(plate) for plate in vehicle.plates) / 2


def _judge_silence(drive: Drive, tally: Tally) -> None:
    shown = {number for told in drive.told for number in shown_by(told, drive.vehicles)}
    for vehicle, reads in zip(drive.vehicles, drive.heard, strict=True):
        if vehicle.number in shown or not has_run(read.text for read in reads):
            continue
        others = _others(vehicle, drive)
        length = min(len(plate) for plate in vehicle.plates)
        apart = min((_apart(vehicle, other) for other in others), default=length)
        is_near = apart < length / 2
        tally.swallowed_near += is_near
        tally.swallowed += not is_near


def shown_by(told: Told, vehicles: Sequence[Vehicle]) -> set[int]:
    """The true vehicles that its events tell of: each text is that of the nearest one, of all it has reads of."""
    return {
        min(
            told.parts,
            key=lambda number: (_off(event.text, vehicles[number]), -told.parts[number], number),
        )
        for event in told.events
    }


def _others(vehicle: Vehicle, drive: Drive) -> list[Vehicle]:
    """What was told instead: the vehicles it was taken for, else those that had its track numbers."""
    takers = {owner_of(told, drive.vehicles) for told in drive.told if vehicle.number in told.parts}
    if not takers - {vehicle.number}:
        tracks = {read.track for read in drive.heard[vehicle.number]}
        takers = {
            number
            for number, reads in enumerate(drive.heard)
            if any(read.track in tracks for read in reads)
        }
    return [drive.vehicles[number] for number in sorted(takers - {vehicle.number})]


def has_run(texts: Iterable[str]) -> bool:
    """Whether three of them lie within an edit of each other."""
    counts = Counter(texts)
    if any(count >= RUN_READS for count in counts.values()):
        return True
    near = [pair for pair in itertools.combinations(counts, 2) if edits(*pair) <= 1]
    if any(counts[one] + counts[other] >= RUN_READS for one, other in near):
        return True
    neighbours = set(near)
    return any(
        (one, third) in neighbours and (other, third) in neighbours
        for one, other in near
        for third in counts
    )


def _judge_texts(drive: Drive, owned: dict[int, list[Told]], tally: Tally) -> None:
    for number, several in owned.items():
        vehicle = drive.vehicles[number]
        told = max(several, key=lambda one: one.parts[number])
        from_ns = told.events[0].first_mono_ns
        reads = [read for read in drive.heard[number] if read.mono_ns >= from_ns]
        reads = reads[: told.parts[number]] or drive.heard[number]
        tally.judged += 1
        tally.ours += _off(told.events[-1].text, vehicle)
        tally.reliable += _off(_reliable_of(told.events).text, vehicle)
        for rule, text in by_rule(reads).items():
            setattr(tally, rule, getattr(tally, rule) + _off(text, vehicle))
        if len(told.parts) == 1 and len({read[2:] for read in reads}) == 1:
            confidence = reads[0].confidence
            differs = abs(told.events[-1].confidence - confidence) > _EPSILON
            tally.uneven += 0 <= confidence <= 1 and differs
        for event in (event for one in several for event in one.events if event.kind == "reliable"):
            is_right = not _off(event.text, vehicle)
            by_agreement = getattr(event, "reliable_by", None) == "agreement"
            tally.sure += 1
            tally.agreed += by_agreement
            tally.agreed_right += by_agreement and is_right
            tally.timed_right += is_right and not by_agreement


def by_rule(reads: Sequence[Heard]) -> dict[str, str]:
    """The text by each of the simple rules, `RULES`."""
    counts = Counter(read.text for read in reads)
    sums: Counter[str] = Counter()
    for read in reads:
        sums[read.text] += round(read.confidence * 1e6)
    frequent = max(counts, key=lambda text: (counts[text], sums[text]))
    surest = max(enumerate(reads), key=lambda numbered: (numbered[1].confidence, numbered[0]))[1]
    return {"frequent": frequent, "surest": surest.text, "last": reads[-1].text}


def _judge_events(told: Told, tally: Tally) -> None:
    updated_ns: float = -math.inf
    before: Said | None = None
    texts: list[str] = []
    for event in told.events:
        if event.kind == "update":
            tally.updates += 1
            tally.close_updates += event.at_mono_ns - updated_ns < CLOSE_NS
            updated_ns = event.at_mono_ns
        if not texts or event.text != texts[-1]:
            tally.changes += bool(texts)
            tally.back += event.text in texts
            texts.append(event.text)
        elif before is not None and before.reads >= STEADY_READS:
            tally.jumps += abs(event.confidence - before.confidence) > JUMP
        before = event


def _reliable_of(events: Sequence[Said]) -> Said:
    return next(event for event in events if event.kind == "reliable")


def _off(text: str, vehicle: Vehicle) -> int:
    """Edits from the vehicle's plate; a lorry's may be either."""
    return min(edits(text, plate) for plate in vehicle.plates)


def _apart(one: Vehicle, other: Vehicle) -> int:
    return min(edits(a, b) for a in one.plates for b in other.plates)
