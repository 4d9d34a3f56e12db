"""Packet counters and what became of each profile's events; saved with the commit that changes them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.outbox.noted import MOST_PROFILES, by_number, is_number
from cammra_edge.outbox.values import Dropped, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PROFILE = "profile:"
_KEPT_BACK = "kept_back:"
STATES = (_PROFILE, _KEPT_BACK)
"""What begins the names of what is saved for each profile, before its number."""
_DIGITS = 20
_COUNTED = ("put", "delivered", "retried", "parked", "expired")


@dataclass(slots=True)
class Count:
    """One profile's counters."""

    packet: int = 0
    put: int = 0
    delivered: int = 0
    retried: int = 0
    parked: int = 0
    expired: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    kept_back: Counter[str] = field(default_factory=Counter)

    def value(self) -> Tally:
        """Frozen, for readers."""
        return Tally(
            put=self.put,
            delivered=self.delivered,
            retried=self.retried,
            parked=self.parked,
            expired=self.expired,
            dropped=dict(self.dropped),
            kept_back=dict(self.kept_back),
        )


class Tallies:
    """All profiles' counters, and which of them are not saved yet.

    Attributes:
        first_packet: After which number the packets of a profile begin that never had one.
    """

    def __init__(self) -> None:
        self._counts: dict[int, Count] = {}
        self._changed: set[int] = set()
        self._saving: set[int] = set()
        self.first_packet = 0

    def start_after(self, packet: int) -> None:
        """Number the packets of profiles not seen yet from here on, now and at later starts."""
        self.first_packet = max(self.first_packet, packet)

    def add(self, state: Mapping[str, object]) -> None:
        """Count what was saved on top of what is counted since."""
        for profile_id, value in by_number(state, _PROFILE, MOST_PROFILES).items():
            self._add(profile_id, str(value))
        for profile_id, value in by_number(state, _KEPT_BACK, MOST_PROFILES).items():
            kept_back = _numbers_in(str(value).split("|"))
            self._of(profile_id).kept_back.update(kept_back)

    def _add(self, profile_id: int, text: str) -> None:
        numbers, *dropped = text.split("|")
        try:
            packet, *counted = map(int, numbers.split())
        except ValueError:
            return
        by_reason = _numbers_in(dropped)
        if len(by_reason) != len(dropped) or not all(map(is_number, (packet, *counted))):
            return
        count = self._of(profile_id)
        count.packet = max(count.packet, packet)
        for name, number in zip(_COUNTED, counted, strict=False):
            setattr(count, name, getattr(count, name) + number)
        count.dropped.update(by_reason)

    @property
    def dirty(self) -> bool:
        """Is there anything that is not saved?"""
        return bool(self._changed or self._saving)

    def profile_ids(self) -> list[int]:
        """Profiles that ever had an event."""
        return sorted(self._counts)

    def change(self, profile_id: int) -> Count:
        """The counters of a profile, to be changed now."""
        self._changed.add(profile_id)
        return self._of(profile_id)

    def _of(self, profile_id: int) -> Count:
        count = self._counts.get(profile_id)
        if count is None:
            count = self._counts[profile_id] = Count()
        return count

    def drop(self, profile_id: int, why: Dropped, count: int = 1) -> None:
        """So many went without being delivered."""
        self.change(profile_id).dropped[why.value] += count

    def keep_back(self, profile_id: int, why: str, count: int = 1) -> None:
        """So many did not pass a profile's filters."""
        self.change(profile_id).kept_back[why] += count

    def next_packet(self, profile_id: int) -> int:
        """The number of the profile's next event."""
        count = self.change(profile_id)
        count.packet = self.last_packet(profile_id) + 1
        count.put += 1
        return count.packet

    def take_packet_back(self, profile_id: int) -> None:
        """The last number was given to an event that was not stored."""
        count = self.change(profile_id)
        count.packet -= 1
        count.put -= 1

    def give(self, giver: int, taker: int, *, moved: int, dropped: int, parked: int) -> None:
        """So many went from one profile to another, each with the next number there."""
        self.drop(giver, Dropped.GIVEN, moved + dropped)
        count = self.change(taker)
        count.packet = self.last_packet(taker) + moved
        count.put += moved
        count.parked += parked

    def last_packet(self, profile_id: int) -> int:
        """The number after which the profile's next event comes."""
        count = self._counts.get(profile_id)
        return max(count.packet if count else 0, self.first_packet)

    def packets(self) -> dict[int, int]:
        """The last number given, per profile."""
        return {profile_id: count.packet for profile_id, count in self._counts.items()}

    def raise_packets(self, packets: Mapping[int, int]) -> None:
        """Go on after numbers that were given, though their events are gone."""
        for profile_id, packet in packets.items():
            known = self._of(profile_id)
            if is_number(packet) and known.packet < packet:
                self.change(profile_id).packet = packet

    def skip(self, step: int, profile_ids: Iterable[int]) -> None:
        """Go on so many packets later, in each of these profiles and of those that ever had an event."""
        for profile_id in {*self._counts, *profile_ids} if step else ():
            count = self.change(profile_id)
            count.packet = self.last_packet(profile_id) + step

    def value(self, profile_id: int) -> Tally:
        """A profile's counters, frozen."""
        return self._counts.get(profile_id, Count()).value()

    def unsaved(self) -> dict[str, object]:
        """What the next group writes."""
        self._saving |= self._changed
        self._changed.clear()
        texts: dict[str, object] = {
            f"{_PROFILE}{profile_id}": self._text(profile_id) for profile_id in self._saving
        }
        for profile_id in self._saving:
            if kept_back := self._counts[profile_id].kept_back:
                texts[f"{_KEPT_BACK}{profile_id}"] = "|".join(_texts_of(kept_back))
        return texts

    def whole(self) -> dict[str, object]:
        """All of it."""
        self._changed.update(self._counts)
        return self.unsaved()

    def renumber(self, numbers: Mapping[int, int]) -> None:
        """Give profiles other numbers, all at once."""
        self._counts = {numbers.get(no, no): count for no, count in self._counts.items()}

    def _text(self, profile_id: int) -> str:
        count = self._counts[profile_id]
        numbers = (
            f"{count.packet} {count.put} {count.delivered} {count.retried} {count.parked}"
            f" {count.expired}"
        )
        if not count.dropped:
            return numbers
        return "|".join([numbers, *_texts_of(count.dropped)])

    def saved(self) -> None:
        """What `unsaved` gave is written."""
        self._saving.clear()


def _texts_of(counts: Mapping[str, int]) -> list[str]:
    return [f"{why}={number}" for why, number in counts.items()]


def _numbers_in(texts: Iterable[str]) -> dict[str, int]:
    """Counts by reason, as `_texts_of` writes them; what is none is left out."""
    parted = [text.rpartition("=") for text in texts]
    return {
        why: int(number)
        for why, _, number in parted
        if number.isdecimal() and len(number) <= _DIGITS and is_number(int(number))
    }
