"""Packet counters and what became of each profile's events; saved with the commit that changes them."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.outbox.values import Dropped, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_JSON = json.JSONEncoder(separators=(",", ":"))
_PROFILE = "profile"
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

    def value(self) -> Tally:
        """Frozen, for readers."""
        return Tally(
            put=self.put,
            delivered=self.delivered,
            retried=self.retried,
            parked=self.parked,
            expired=self.expired,
            dropped=dict(self.dropped),
        )


@dataclass(slots=True)
class Depth:
    """How much of a profile waits, and how many are parked."""

    events: int = 0
    size_bytes: int = 0
    parked: int = 0


class Depths:
    """All profiles' queues in numbers, counted along so that nobody scans the backlog to show them."""

    def __init__(self, totals: Iterable[tuple[int, int, int, int]]) -> None:
        self._depths: dict[int, Depth] = {}
        for profile_id, state, events, size_bytes in totals:
            depth = self.of(profile_id)
            if state:
                depth.parked = events
            else:
                depth.events, depth.size_bytes = events, size_bytes

    def of(self, profile_id: int) -> Depth:
        """One profile's numbers."""
        return self._depths.setdefault(profile_id, Depth())

    def put(self, profile_id: int, size_bytes: int) -> None:
        """One more waits."""
        depth = self.of(profile_id)
        depth.events += 1
        depth.size_bytes += size_bytes

    def gone(self, profile_id: int, size_bytes: int) -> None:
        """One waits no longer."""
        depth = self.of(profile_id)
        depth.events -= 1
        depth.size_bytes -= size_bytes


class Tallies:
    """All profiles' counters, and which of them are not saved yet."""

    def __init__(self) -> None:
        self._counts: dict[int, Count] = {}
        self._changed: set[int] = set()
        self._first_packet = 0

    def start_after(self, packet: int) -> None:
        """Number the packets of profiles not seen yet from here on."""
        self._first_packet = packet

    def add(self, state: Mapping[str, object]) -> None:
        """Count what was saved on top of what is counted since."""
        for name, value in state.items():
            kind, _, number = name.partition(":")
            if kind == _PROFILE and number.isdecimal():
                self._add(int(number), str(value))

    def _add(self, profile_id: int, text: str) -> None:
        try:
            plain = json.loads(text)
        except ValueError:
            return
        count = self._counts.setdefault(profile_id, Count())
        for name in _COUNTED:
            number = plain.get(name, 0)
            if isinstance(number, int):
                setattr(count, name, getattr(count, name) + number)
        packet = plain.get("packet", 0)
        count.packet = max(count.packet, packet if isinstance(packet, int) else 0)
        dropped = plain.get("dropped")
        if isinstance(dropped, dict):
            count.dropped.update(dropped)

    @property
    def dirty(self) -> bool:
        """Is there anything that is not saved?"""
        return bool(self._changed)

    def profile_ids(self) -> list[int]:
        """Profiles that ever had an event."""
        return sorted(self._counts)

    def change(self, profile_id: int) -> Count:
        """The counters of a profile, to be changed now."""
        self._changed.add(profile_id)
        return self._counts.setdefault(profile_id, Count())

    def drop(self, profile_id: int, why: Dropped, count: int = 1) -> None:
        """So many went without being delivered."""
        self.change(profile_id).dropped[why.value] += count

    def next_packet(self, profile_id: int) -> int:
        """The number of the profile's next event."""
        count = self.change(profile_id)
        count.packet = max(count.packet, self._first_packet) + 1
        count.put += 1
        return count.packet

    def packets(self) -> dict[int, int]:
        """The last number given, per profile."""
        return {profile_id: count.packet for profile_id, count in self._counts.items()}

    def raise_packets(self, packets: Mapping[int, int]) -> None:
        """Go on after numbers that were given, though their events are gone."""
        for profile_id, packet in packets.items():
            if self._counts.setdefault(profile_id, Count()).packet < packet:
                self.change(profile_id).packet = packet

    def value(self, profile_id: int) -> Tally:
        """A profile's counters, frozen."""
        return self._counts.get(profile_id, Count()).value()

    @contextmanager
    def kept_at_errors(self) -> Iterator[None]:
        """Undo what is counted inside when it raises."""
        before = deepcopy((self._counts, self._changed))
        try:
            yield
        except BaseException:
            self._counts, self._changed = before
            raise

    def unsaved(self) -> dict[str, str]:
        """What the next commit writes."""
        return {f"{_PROFILE}:{profile_id}": self._text(profile_id) for profile_id in self._changed}

    def _text(self, profile_id: int) -> str:
        count = self._counts[profile_id]
        return _JSON.encode(
            {
                "packet": count.packet,
                "put": count.put,
                "delivered": count.delivered,
                "retried": count.retried,
                "parked": count.parked,
                "expired": count.expired,
                "dropped": count.dropped,
            }
        )

    def saved(self) -> None:
        """The commit is through."""
        self._changed.clear()
