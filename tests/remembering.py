"""A memory of events that keeps the promises of the outbox's (`cammra_edge.outbox.History`), by plain looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cammra_edge.outbox import (
    Erased,
    Erasure,
    EventQuery,
    EventState,
    FoundEvent,
    FoundPage,
    HistoryStatus,
)
from cammra_edge.plates import list_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cammra_edge.model import Event

_KEPT = {EventState.WAITING, EventState.PARKED}


@dataclass
class FakeHistory:
    """See the module. `waits` are the profiles' keys, by the event's `seq`."""

    events: list[FoundEvent] = field(default_factory=list)
    jpegs: dict[str, bytes] = field(default_factory=dict)
    waits: dict[int, tuple[str, ...]] = field(default_factory=dict)
    asked: list[EventQuery] = field(default_factory=list)

    def add(
        self,
        event: Event,
        *states: EventState,
        jpegs: Mapping[str, bytes] | None = None,
        waits: tuple[str, ...] = (),
    ) -> FoundEvent:
        """The event as the next one, with these pictures still there."""
        seq = self.events[-1].seq + 1 if self.events else 1
        found = FoundEvent(seq=seq, event=event, states=states, image_keys=tuple(jpegs or ()))
        self.events.append(found)
        self.jpegs |= jpegs or {}
        self.waits[seq] = waits
        return found

    def search(self, query: EventQuery) -> FoundPage:
        self.asked.append(query)
        before = int(query.cursor) if query.cursor else 2**63
        fitting = [
            replace(found, exact=exact)
            for found in reversed(self.events)
            if found.seq < before
            and (exact := _fits(found, query)) is not None
            and self._is_of(found, query)
        ]
        events = tuple(fitting[: query.limit])
        return FoundPage(
            events=events, cursor=str(events[-1].seq) if len(fitting) > query.limit else ""
        )

    def _is_of(self, found: FoundEvent, query: EventQuery) -> bool:
        return query.profile in {"", *self.waits[found.seq]}

    def latest(self, most: int) -> Iterable[Event]:
        return [found.event for found in self.events[:most]]

    def event(self, seq: int) -> FoundEvent | None:
        return next((found for found in self.events if found.seq == seq), None)

    def plates(self, event_ids: Iterable[str]) -> Mapping[str, str]:
        wanted = set(event_ids)
        return {
            one.event.event_id: one.event.plate.text
            for one in self.events
            if one.event.event_id in wanted
        }

    def image(self, seq: int, image_key: str) -> bytes | None:
        found = self.event(seq)
        return self.jpegs.get(image_key) if found and image_key in found.image_keys else None

    def erase(
        self,
        *,
        plate: str = "",
        before_utc_ns: int | None = None,
        everything: bool = False,
        undelivered: bool = False,
    ) -> Erased:
        what = Erasure(
            plate=plate, before_utc_ns=before_utc_ns, everything=everything, undelivered=undelivered
        )
        covered = [found for found in self.events if what.covers(found.event)]
        kept = [found for found in covered if not undelivered and _KEPT.intersection(found.states)]
        gone = [found for found in covered if found not in kept]
        self.events = [found for found in self.events if found not in gone]
        waiting = Counter(key for found in kept for key in self.waits[found.seq])
        return Erased(
            events=len(gone),
            pictures=sum(len(found.image_keys) for found in gone),
            waiting=tuple(waiting.items()),
            seqs=frozenset(found.seq for found in gone),
            kept=frozenset(found.seq for found in kept),
        )

    def outcomes(self, seqs: Iterable[int]) -> Mapping[int, Mapping[str, EventState]]:
        return {
            seq: dict.fromkeys(self.waits[seq], EventState.WAITING)
            for seq in seqs
            if self.waits.get(seq)
        }

    def seq_of(self, event_id: str) -> int | None:
        return next((one.seq for one in self.events if one.event.event_id == event_id), None)

    def status(self) -> HistoryStatus:
        texts = [found.event.at_utc_ns for found in self.events]
        pictures = [found.event.at_utc_ns for found in self.events if found.image_keys]
        return HistoryStatus(
            events=len(texts),
            bytes=sum(map(len, self.jpegs.values())),
            oldest_text_utc_ns=min(texts, default=None),
            oldest_picture_utc_ns=min(pictures, default=None),
            bound="bytes",
        )


def _fits(found: FoundEvent, query: EventQuery) -> bool | None:
    """Whether the plate is the one looked for; `None` where the event is not."""
    event = found.event
    given = (
        query.from_utc_ns is None or event.at_utc_ns >= query.from_utc_ns,
        query.to_utc_ns is None or event.at_utc_ns < query.to_utc_ns,
        query.direction in {None, event.direction},
        query.region in {None, event.roi_id},
        query.list_name in {"", event.listed.name},
        event.kind in query.kinds,
        event.plate.confidence >= query.min_confidence,
        query.state is None or query.state in found.states,
    )
    if not all(given):
        return None
    wanted, plate = list_key(query.plate, pattern=True), list_key(event.plate.text)
    if not wanted or fnmatchcase(plate, wanted):
        return True
    return False if query.one_off and _one_off(plate, wanted) else None


def _one_off(one: str, other: str) -> bool:
    """Whether one character is replaced, missing or too much."""
    short, long = sorted((one, other), key=len)
    at = next(
        (at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    if len(short) == len(long):
        return short[at + 1 :] == long[at + 1 :]
    return len(long) == len(short) + 1 and short[at:] == long[at + 1 :]
