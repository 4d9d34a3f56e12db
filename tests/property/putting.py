"""What a model of the outbox knows of an event that was put."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from cammra_edge.model import Candidate, ListMatch, Plate

if TYPE_CHECKING:
    from cammra_edge.model import Event
    from cammra_edge.outbox import OutboxStatus


class Stands(Enum):
    WAITING = 1
    PARKED = 2
    SETTLED = 0


@dataclass
class Stand:
    """How a delivery stands `now`, and how it `may` stand after a crash."""

    now: Stands = Stands.WAITING
    may: set[Stands] = field(default_factory=lambda: {Stands.WAITING})

    def become(self, now: Stands) -> None:
        self.now = now
        self.may.add(now)

    def be(self, now: Stands, *, surely: bool = True) -> None:
        """It stands so; not `surely`: a power cut may still take that back."""
        self.now = now
        self.may = {now} if surely else {*self.may, now}


@dataclass
class Put:
    """An event that was put, or, where that is not `sure`, may have been."""

    event: Event
    plate: str
    put_utc_ns: int
    stands: dict[int, Stand]
    sure: bool = False
    erased: bool = False
    may_be_erased: bool = False
    taker: int | None = None
    """The profile that it is being given to."""

    @property
    def waits(self) -> bool:
        return any(stand.now is not Stands.SETTLED for stand in self.stands.values())


class Packets:
    """The packet numbers that each profile's stored events have."""

    def __init__(self) -> None:
        self._given: defaultdict[int, set[int]] = defaultdict(set)
        self._may_jump = False

    def look(self, status: OutboxStatus, *, was_torn: bool) -> None:
        """After a crash nothing is damaged, but for what was being overwritten, or was not flushed when power went."""
        assert was_torn or not (status.damage or status.lost_events)
        self._may_jump |= bool(status.damage)

    def add(self, no: int, packet: int | None) -> None:
        """One more event is stored for a profile: numbers go up without a gap. `None`: it had to make room."""
        if packet is None:
            self._may_jump = True
            return
        given = self._given[no]
        given.add(packet)
        assert self._may_jump or len(given) == max(given), "a packet number is passed over"


def bearing(event: Event, plate: str, where: int) -> Event:
    match where:
        case 0:
            return replace(event, plate=Plate(text=plate, confidence=0.9))
        case 1:
            return replace(event, previous_plate=plate.lower())
        case 2:
            return replace(event, candidates=(Candidate(text=plate, confidence=0.1),))
        case _:
            return replace(event, listed=ListMatch(name="staff", meant=plate))
