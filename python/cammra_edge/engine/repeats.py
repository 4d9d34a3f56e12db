"""A profile's memory of plates: whose plate it was told of lately, so that it is not told again.

Decided once per vehicle, at its first event from Reliable on that the profile wants otherwise. What was decided is
stored with the event (`Event.recalled`), and a start takes the memory up from there: neither a restart nor a replay
changes a decision. Pure: no clock, only the events' own times.

Invariants, held by `tests/engine/test_repeats.py`:

1. Of one vehicle all that is wanted goes, or nothing; what went before the decision (New) decides it.
2. A vehicle is a repeat of another one, never of itself. The window runs from when that one was last there, whether it
   was told or not: a car that stays, and is taken for a new vehicle again and again, is told once.
3. What is not told is counted, and told with the next event of its plate that goes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from cammra_edge.model import Direction, EventKind, Recalled, Repeat
from cammra_edge.plates import edits, list_key
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cammra_edge.model import Event
    from cammra_edge.outbox import Erasure
    from cammra_edge.profile import Profile

MOST_PLATES = 8192
"""Plates that a profile remembers; the one that was seen longest ago is forgotten first."""
MOST_VEHICLES = 4096
"""Vehicles whose decision is remembered; those without a Lost."""

_LETTER_BITS = 128
_Vehicle = tuple[str, int]
_Spot = tuple[str, int, Direction]
"""A plate's normal form, region and direction."""


@dataclass(slots=True, eq=False)
class _Plate:
    """When a plate was seen last, which vehicle told it, and how many repeats there were since; its letters as bits."""

    spot: _Spot
    vehicle: _Vehicle
    seen_utc_ns: int
    letters: int = 0
    count: int = 0
    first_utc_ns: int = 0
    last_utc_ns: int = 0

    def repeat(self) -> Repeat:
        """What was kept back, as receivers are told it."""
        return Repeat(
            count=self.count, first_utc_ns=self.first_utc_ns, last_utc_ns=self.last_utc_ns
        )


class PlateMemory:
    """See the module. One per profile key; outlives changes of its settings.

    Args:
        profile: Whose it is.
        lost_after_ns: How long after a vehicle was last there its Lost comes.
    """

    def __init__(self, profile: Profile, lost_after_ns: int) -> None:
        self.apply(profile, lost_after_ns)
        self._plates: OrderedDict[_Spot, _Plate] = OrderedDict()
        # What was decided of each open vehicle: told (`None`), or a repeat of this plate.
        self._decided: OrderedDict[_Vehicle, _Plate | None] = OrderedDict()
        # Repeats that no event has told of; those of plates that were forgotten among them.
        self._untold = 0
        # What a held event will have told of a plate's repeats, should it go.
        self._promised: OrderedDict[_Vehicle, tuple[_Plate, int]] = OrderedDict()

    def apply(self, profile: Profile, lost_after_ns: int) -> None:
        """Decide by these settings from the next vehicle on."""
        self._key = profile.key
        self._window_ns = round(profile.repeat_window_s * NS_PER_S)
        self._distance = profile.repeat_distance
        self._holds_new = profile.repeat_holds_new
        self._lost_after_ns = lost_after_ns

    def judge(self, event: Event, *, tells: bool = True) -> Recalled:
        """What becomes of an event that the profile wants, and what it is to tell.

        Args:
            event: Of a vehicle that may be decided by it.
            tells: The profile wants the event itself; otherwise it only decides on what is held.
        """
        vehicle = _vehicle_of(event)
        if vehicle in self._decided:
            is_repeat = self._decided[vehicle] is not None
        elif is_early(event):
            if self._holds_new:
                told = self._kept_back(event)
                return self._noted(event, Recalled(profile=self._key, verdict="held", repeat=told))
            is_repeat = False
        else:
            is_repeat = self._lately(event) is not None
        if is_repeat:
            return self._noted(event, Recalled(profile=self._key, verdict="repeat"))
        self._settle(vehicle)
        repeat = self._kept_back(event) if tells else None
        return self._noted(event, Recalled(profile=self._key, repeat=repeat))

    def note(self, event: Event, recalled: Recalled) -> None:
        """Take in what was decided, now or by an earlier run; events in their order."""
        vehicle = _vehicle_of(event)
        if recalled.verdict == "held":
            self._note_held(event, vehicle, recalled)
            return
        if recalled.verdict == "repeat":
            self._note_repeat(event, vehicle)
        else:
            self._note_told(event, vehicle, recalled)
        if event.kind is EventKind.LOST:
            self._decided.pop(vehicle, None)
        elif len(self._decided) > MOST_VEHICLES:
            self._decided.popitem(last=False)

    def tell(self, vehicles: Iterable[tuple[str, int]]) -> None:
        """These are told, whatever comes of them: what was held of them goes."""
        for vehicle in vehicles:
            self._decided[vehicle] = None
            self._settle(vehicle)

    def forget(self, what: Erasure) -> None:
        """Let go of plates that are to be forgotten."""
        bearing, before_utc_ns = what.bearing, what.before_utc_ns
        for spot, plate in list(self._plates.items()):
            if before_utc_ns is not None:
                is_meant = plate.seen_utc_ns < before_utc_ns
            else:
                is_meant = bearing is None or bearing.is_plate(spot[0])
            if is_meant:
                del self._plates[spot]

    def _noted(self, event: Event, recalled: Recalled) -> Recalled:
        self.note(event, recalled)
        return recalled

    def _kept_back(self, event: Event) -> Repeat | None:
        """What was kept back of the event's plate and has not been told."""
        plate = self._counted(event)
        return None if plate is None else plate.repeat()

    def _counted(self, event: Event) -> _Plate | None:
        if not self._untold:
            return None
        return next((plate for plate in self._alike(event) if plate.count), None)

    def _note_held(self, event: Event, vehicle: _Vehicle, recalled: Recalled) -> None:
        plate = self._counted(event)
        if plate is not None and recalled.repeat is not None and vehicle not in self._promised:
            self._promised[vehicle] = plate, recalled.repeat.count
            if len(self._promised) > MOST_VEHICLES:
                self._promised.popitem(last=False)

    def _settle(self, vehicle: _Vehicle) -> None:
        """What is held of the vehicle goes, with what it tells of repeats."""
        plate, count = self._promised.pop(vehicle, (None, 0))
        if plate is not None:
            self._tell(plate, count)

    def _tell(self, plate: _Plate, count: int) -> None:
        """So many repeats were told of; others may have come since."""
        self._untold -= min(count, plate.count)
        plate.count = max(0, plate.count - count)
        plate.first_utc_ns = plate.last_utc_ns

    def _note_repeat(self, event: Event, vehicle: _Vehicle) -> None:
        self._promised.pop(vehicle, None)
        plate = self._decided.get(vehicle)
        if plate is None:
            plate = self._lately(event) or next(self._alike(event), None)
            if plate is None:  # told by an event that a start no longer looked at
                plate = self._plate_of(event)
            self._decided[vehicle] = plate
            if not plate.count:
                plate.first_utc_ns = event.first_utc_ns
            plate.count += 1
            self._untold += 1
        plate.last_utc_ns = event.at_utc_ns
        self._see(plate, max(plate.seen_utc_ns, self._seen_utc_ns(event)))

    def _note_told(self, event: Event, vehicle: _Vehicle, recalled: Recalled) -> None:
        self._decided[vehicle] = None
        self._settle(vehicle)
        if recalled.repeat is not None and (counted := self._counted(event)) is not None:
            self._tell(counted, recalled.repeat.count)
        plate = self._plate_of(event)
        plate.vehicle = vehicle
        self._see(plate, self._seen_utc_ns(event))

    def _plate_of(self, event: Event) -> _Plate:
        """The event's plate as it is remembered, or is from now on."""
        text = list_key(event.plate.text)
        spot = (text, event.roi_id, event.direction)
        plate = self._plates.get(spot)
        if plate is None:
            plate = _Plate(spot, _vehicle_of(event), 0, _letters_of(text))
            if text:
                self._plates[spot] = plate
        return plate

    def _see(self, plate: _Plate, seen_utc_ns: int) -> None:
        """The plate was seen: of all it is forgotten last, unless it was forgotten already."""
        plate.seen_utc_ns = seen_utc_ns
        if self._plates.get(plate.spot) is plate:
            self._plates.move_to_end(plate.spot)
            if len(self._plates) > MOST_PLATES:
                self._plates.popitem(last=False)

    def _seen_utc_ns(self, event: Event) -> int:
        """When the vehicle was last there: Lost comes later."""
        if event.kind is not EventKind.LOST:
            return event.at_utc_ns
        there_utc_ns = event.at_utc_ns - self._lost_after_ns
        return max(event.last_utc_ns or event.first_utc_ns, there_utc_ns)

    def _lately(self, event: Event) -> _Plate | None:
        """Another vehicle's plate, like this one's, that was seen within the window."""
        for plate in self._alike(event):
            gap_ns = event.first_utc_ns - plate.seen_utc_ns
            if plate.vehicle != _vehicle_of(event) and abs(gap_ns) < self._window_ns:
                return plate
        return None

    def _alike(self, event: Event) -> Iterator[_Plate]:
        """Plates that may be the event's, in its region and direction: the nearest text first, then the latest."""
        text, roi_id, direction = list_key(event.plate.text), event.roi_id, event.direction
        if not text:
            return
        if not self._distance:
            unknown = Direction.UNKNOWN
            directions = Direction if direction is unknown else (direction, unknown)
            found = [self._plates.get((text, roi_id, one)) for one in directions]
            yield from sorted(
                (plate for plate in found if plate is not None), key=lambda one: -one.seen_utc_ns
            )
            return
        letters, most_bits = _letters_of(text), 2 * self._distance
        near = [
            (edits(text, other), plate)
            for (other, roi, way), plate in reversed(self._plates.items())
            # An edit changes two letters at most: quick, and most plates have other ones.
            if (plate.letters ^ letters).bit_count() <= most_bits
            and roi == roi_id
            and _may_be_one(way, direction)
        ]
        near.sort(key=itemgetter(0))
        yield from (plate for off, plate in near if off <= self._distance)


def is_early(event: Event) -> bool:
    """Does the event come before its vehicle's Reliable?"""
    if event.kind is EventKind.UPDATE:
        return event.reliable_by is None
    return event.kind is EventKind.NEW


def _letters_of(text: str) -> int:
    """A bit for each letter that a text has."""
    letters = 0
    for letter in text:
        letters |= 1 << ord(letter) % _LETTER_BITS
    return letters


def _vehicle_of(event: Event) -> _Vehicle:
    return (event.stream_id, event.vehicle_no)


def _may_be_one(one: Direction, other: Direction) -> bool:
    return one is other or Direction.UNKNOWN in {one, other}
