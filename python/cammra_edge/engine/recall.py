"""The memories of all profiles that remember plates: made, taken up from the outbox, asked, and followed.

Used by the writer alone, on its thread. What a memory holds back until a vehicle is reliable lies in the outbox, held;
here is known which of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.engine.repeats import PlateMemory, is_early
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.config import Settings
    from cammra_edge.model import Event, Recalled
    from cammra_edge.outbox import Erasure, Outbox
    from cammra_edge.profile import Profile

LOOKED_BACK = 4096
"""Events that a start looks at, however old they are,"""
MOST_LOOKED_BACK = 32_768
"""and at most, where the longest window reaches further back."""

_Vehicle = tuple[str, int]


class Recall:
    """See the module.

    Args:
        outbox: Remembers events, and holds what is not to go yet.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._memories: dict[str, PlateMemory] = {}
        # Ids of events that wait for their vehicle's decision, by the profile's key.
        self._held: dict[str, dict[_Vehicle, list[str]]] = {}
        # What is to become of some of these once the group is stored: profile, ids, whether they are dropped.
        self._due: list[tuple[str, list[str], bool]] = []

    def apply(self, settings: Settings) -> None:
        """Have a memory for each profile that remembers plates, and no other."""
        lost_after_ns = round(settings.tracking.lost_after_s * NS_PER_S)
        wanted = {profile.key: profile for profile in settings.profiles if profile.repeat_window_s}
        for key in self._memories.keys() - wanted.keys():
            del self._memories[key]
            held = self._held.pop(key, {})
            self._due += [(key, event_ids, False) for event_ids in held.values()]
        new = wanted.keys() - self._memories.keys()
        for key, profile in wanted.items():
            if key in new:
                self._memories[key] = PlateMemory(profile, lost_after_ns)
            else:
                self._memories[key].apply(profile, lost_after_ns)
        if new:
            self._take_up(new, max(profile.repeat_window_s for profile in wanted.values()))
        for key, profile in wanted.items():
            if not profile.repeat_holds_new:
                held = self._held.pop(key, {})
                self._memories[key].tell(held)
                self._due += [(key, event_ids, False) for event_ids in held.values()]
        self.follow()

    def decides(self, profile: Profile, event: Event) -> bool:
        """Does something wait for this event, whether or not the profile wants the event itself?"""
        vehicle = (event.stream_id, event.vehicle_no)
        return vehicle in self._held.get(profile.key, {}) and not is_early(event)

    def judge(self, profile: Profile, event: Event, *, tells: bool) -> Recalled:
        """What becomes of an event that the profile wants; or, where it does not (`tells`), of what waits for it."""
        recalled = self._memories[profile.key].judge(event, tells=tells)
        self._note_held(profile.key, event, recalled)
        return recalled

    def follow(self) -> None:
        """Release, or drop, what was held for vehicles that are decided by now; their events are stored."""
        due, self._due = self._due, []
        for key, event_ids, drop in due:
            profile_id = self._outbox.profile_id(key)
            self._outbox.holding.release(profile_id, event_ids, drop=drop)

    def forget(self, what: Erasure) -> None:
        """Let go of plates that are to be forgotten."""
        for memory in self._memories.values():
            memory.forget(what)

    def _note_held(self, key: str, event: Event, recalled: Recalled) -> None:
        vehicle = (event.stream_id, event.vehicle_no)
        if recalled.verdict == "held":
            self._held.setdefault(key, {}).setdefault(vehicle, []).append(event.event_id)
        elif event_ids := self._held.get(key, {}).pop(vehicle, None):
            self._due.append((key, event_ids, recalled.verdict == "repeat"))

    def _take_up(self, keys: Iterable[str], window_s: float) -> None:
        """Remember what earlier runs told."""
        for event in reversed(list(self._looked_back(round(window_s * NS_PER_S)))):
            for recalled in event.recalled:
                if recalled.profile in keys:
                    self._memories[recalled.profile].note(event, recalled)
                    self._note_held(recalled.profile, event, recalled)
        for key, event_ids, _ in self._due:
            self._outbox.holding.hold(self._outbox.profile_id(key), event_ids)
        for key, held in self._held.items():
            for event_ids in held.values():
                self._outbox.holding.hold(self._outbox.profile_id(key), event_ids)

    def _looked_back(self, window_ns: int) -> Iterable[Event]:
        newest_utc_ns: int | None = None
        for number, event in enumerate(self._outbox.history.latest(MOST_LOOKED_BACK)):
            if newest_utc_ns is None:
                newest_utc_ns = event.at_utc_ns
            if number >= LOOKED_BACK and event.at_utc_ns < newest_utc_ns - window_ns:
                return
            yield event
