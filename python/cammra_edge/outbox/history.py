"""What the outbox remembers: searched from the newest segment to the oldest, by their directories.

Nothing is kept in memory for it, and nothing waits for it: a search reads while others write, and a segment that is
given back meanwhile is looked for anew. What is only in memory, while the disk is ill, is found too.
Held by `tests/outbox/test_history.py`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.model import Event
from cammra_edge.outbox.codec import plain_in, value_from
from cammra_edge.outbox.found import (
    Erasure,
    EventQuery,
    EventState,
    FoundEvent,
    FoundPage,
    HistoryStatus,
)
from cammra_edge.outbox.log import DamagedError, Purpose, StorageError
from cammra_edge.outbox.packing import unpacked
from cammra_edge.outbox.records import event_from, id_bytes, picture_from
from cammra_edge.storing import LogSearch, log_event, log_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cammra_edge.outbox.erasing import Erasing
    from cammra_edge.outbox.found import Erased
    from cammra_edge.outbox.keeping import Keeping
    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.store import Store

_STATE_BITS = {
    EventState.WAITING: 1,
    EventState.PARKED: 2,
    EventState.DELIVERED: 4,
    EventState.EXPIRED: 8,
    EventState.DROPPED: 16,
    EventState.UNWANTED: 32,
}
_WAITS = 3
"""Waiting or parked, as bits of `_STATE_BITS`: shown whatever their age."""
_UNSETTLED = frozenset({EventState.WAITING, EventState.PARKED})
_LEAST_LOOK = 512
"""Events of which is asked at first what became of them for one profile."""
_TRIES = 3
"""Searches until one is not disturbed by a segment that is given back."""

_ALL = 1 << 40
_MOST_SEQ = 1 << 62
"""More than any event's place."""

Hit = tuple[int, int, int, int, int, bool, int]
"""As `LogSearch.found` gives it: place in the outbox, segment, offset, length, kind, exact, states."""


class LogHistory:
    """See the module, and `found.History`. From any thread.

    Args:
        store: Where events are.
        keeping: Knows which bound made it forget.
        erasing: Overwrites.
        profiles: Whose keys name who got what.
    """

    def __init__(
        self, store: Store, keeping: Keeping, erasing: Erasing, profiles: Profiles
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._keeping = keeping
        self._erasing = erasing

    # -- finding ---------------------------------------------------------------------------------

    def search(self, query: EventQuery) -> FoundPage:
        """Events that answer the query, newest first; what cannot be read any more is left out."""
        while True:
            hits = self._hits_of_profile(query) if query.profile else self._hits(query)
            events = tuple(event for event in map(self._found, hits) if event is not None)
            cursor = str(hits[-1][0]) if len(hits) == query.limit else ""
            if events or not cursor:
                return FoundPage(events=events, cursor=cursor)
            query = replace(query, cursor=cursor)

    def latest(self, most: int) -> Iterator[Event]:
        """The last events, newest first, also those that are too old to be found, as far as their texts are there."""
        for hit in self._hits(EventQuery(), most):
            with suppress(DamagedError, StorageError):
                yield self._read(hit)[0]

    def event(self, seq: int) -> FoundEvent | None:
        """One event, by its place; `None` when it is not remembered."""
        hit = self._hit(seq)
        return None if hit is None else self._found(hit)

    def plates(self, event_ids: Iterable[str]) -> dict[str, str]:
        """The plate of each of these events that is there, also of one that waits and is too old to be found."""
        plates: dict[str, str] = {}
        for event_id in event_ids:
            seq = self.seq_of(event_id)
            with suppress(DamagedError, StorageError, ValueError, TypeError, KeyError):
                payload = None if seq is None else self._store.payload(seq)
                if payload is not None:
                    plates[event_id] = event_from(payload).plate.text
        return plates

    def image(self, seq: int, image_key: str) -> bytes | None:
        """A picture of an event, as long as it is there."""
        for _ in range(_TRIES):
            hit = self._hit(seq)
            if hit is None:
                return None
            try:
                event, nos, _ = self._read(hit)
                keys = [image.image_key for image in event.images]
                return self._picture(nos[keys.index(image_key)]) if image_key in keys else None
            except (ValueError, StorageError):
                continue
        return None

    def outcomes(self, seqs: Iterable[int]) -> dict[int, dict[str, EventState]]:
        """How each delivery of these events stands, by the profile's key, as far as the log tells."""
        log, ledger = self._store.log, self._store.ledger
        ordered = sorted(seqs)
        places = (place for seq in ordered if (place := ledger.place(seq)) is not None)
        lowest = min((segment for segment, *_ in places), default=0)
        keys = {number: key for key, number in self._profiles.numbers().items()}
        told: dict[int, dict[str, EventState]] = {}
        for segment in log.numbers(Purpose.EVENTS):
            if segment < lowest:
                continue
            with suppress(DamagedError, StorageError):
                for seq, profile, bit in log_outcomes(log.digests(segment), ordered):
                    (state,) = _states_from(bit)
                    told.setdefault(seq, {})[keys.get(profile, "")] = state
        # The log is a moment behind what is known of a delivery.
        for seq in ordered:
            for profile, key in keys.items():
                delivery = ledger.delivery(seq, profile)
                if delivery is not None:
                    (told.setdefault(seq, {})[key],) = _states_from(delivery[2])
                elif told.get(seq, {}).get(key) in _UNSETTLED:
                    del told[seq][key]
        return told

    def _hits(self, query: EventQuery, limit: int | None = None) -> list[Hit]:
        for _ in range(_TRIES - 1):
            try:
                return self._searched(query, limit)
            except DamagedError:  # a segment was given back meanwhile
                continue
        return self._searched(query, limit, strict=False)

    def _hits_of_profile(self, query: EventQuery) -> list[Hit]:
        """As `_hits`, ever more at once: each look asks all segments what the events came to."""
        state = None if query.state is EventState.UNWANTED else query.state
        fitting: list[Hit] = []
        most, cursor = _LEAST_LOOK, query.cursor
        while True:
            hits = self._hits(replace(query, state=state, cursor=cursor), most)
            told = self.outcomes(hit[0] for hit in hits)
            fitting += [hit for hit in hits if _came_to(query, told.get(hit[0], {}), hit[-1])]
            if len(hits) < most or len(fitting) >= query.limit:
                return fitting[: query.limit]
            most, cursor = most * 8, str(hits[-1][0])

    def _searched(
        self, query: EventQuery, limit: int | None = None, *, strict: bool = True
    ) -> list[Hit]:
        search = search_from(query, limit)
        store = self._store
        search.segment(store.ledger, 0, b"".join(store.unsaved.digests))
        for number in reversed(store.log.numbers()):
            try:
                digests = store.log.digests(number)
            except (DamagedError, StorageError) as error:
                if strict and isinstance(error, DamagedError):
                    raise
                continue
            search.segment(store.ledger, number, digests)
        return search.found()

    def _hit(self, seq: int) -> Hit | None:
        if not 0 < seq < _MOST_SEQ:
            return None
        hits = self._hits(EventQuery(cursor=str(seq + 1), limit=1))
        return hits[0] if hits and hits[0][0] == seq else None

    # -- reading ---------------------------------------------------------------------------------

    def _found(self, hit: Hit) -> FoundEvent | None:
        seq, *_, exact, states = hit
        for _ in range(_TRIES):
            try:
                event, nos, stored_ns = self._read(hit)
            except (DamagedError, StorageError):
                again = self._hit(seq)
                if again is None or again == hit:
                    return None
                hit = again
                continue
            if not (states & _WAITS or self._keeping.is_remembered(stored_ns)):
                return None
            keys = tuple(
                image.image_key
                for image, no in zip(event.images, nos, strict=False)
                if no and self._is_there(no)
            )
            return FoundEvent(
                seq=seq, event=event, exact=exact, states=_states_from(states), image_keys=keys
            )
        return None

    def _read(self, hit: Hit) -> tuple[Event, list[int], int]:
        seq, segment, offset, length, *_ = hit
        if segment:
            payload = self._store.log.read(segment, offset, length)[1]
        else:
            payload = self._store.unsaved.payloads.get(seq, b"")
        try:
            text, nos, stored_ns = log_event(payload)
            return value_from(Event, plain_in(unpacked(text))), nos, stored_ns
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedError(f"event {seq} cannot be read") from error

    def _is_there(self, no: int) -> bool:
        return no in self._store.unsaved.pictures or (
            no not in self._erasing.erased_images and self._store.ledger.image(no) is not None
        )

    def _picture(self, no: int) -> bytes | None:
        unsaved = self._store.unsaved.pictures.get(no)
        if unsaved is not None:
            return unsaved[1]
        place = self._store.ledger.image(no)
        if place is None or not self._is_there(no):
            return None
        return picture_from(self._store.log.read(*place)[1])[1]

    # -- forgetting ------------------------------------------------------------------------------

    def erase(
        self,
        *,
        plate: str = "",
        before_utc_ns: int | None = None,
        everything: bool = False,
        undelivered: bool = False,
    ) -> Erased:
        """Overwrite text and pictures; what waits is kept and named, unless `undelivered`.

        Raises:
            ConfigError: The arguments do not go together.
            OutboxError: The disk does not take it now; the rest is erased at the next start.
        """
        erasure = Erasure(
            plate=plate,
            before_utc_ns=before_utc_ns,
            everything=everything,
            undelivered=undelivered,
        )
        query = EventQuery(plate=erasure.plate, to_utc_ns=erasure.before_utc_ns)
        erased = self._erasing.erase(erasure, lambda: [hit[0] for hit in self._hits(query, _ALL)])
        self._store.overviews.clear()
        return erased

    # -- seeing it -------------------------------------------------------------------------------

    def seq_of(self, event_id: str) -> int | None:
        """The place in the outbox of an event that it knows."""
        return self._store.ledger.seq_of(id_bytes(event_id))

    def status(self) -> HistoryStatus:
        """How far back it remembers."""
        log = self._store.log
        overviews = [held for number in log.numbers() if (held := self._store.overviews.of(number))]
        texts = [held.oldest_utc_ns for held in overviews if held.oldest_utc_ns is not None]
        pictures = [
            held.oldest_picture_utc_ns
            for held in overviews
            if held.oldest_picture_utc_ns is not None
        ]
        return HistoryStatus(
            events=sum(held.events for held in overviews) + len(self._store.unsaved.payloads),
            bytes=log.size_bytes,
            oldest_text_utc_ns=min(texts, default=None),
            oldest_picture_utc_ns=min(pictures, default=None),
            bound=self._keeping.bound,
        )


def search_from(query: EventQuery, limit: int | None = None) -> LogSearch:
    """The search that answers a query; `limit` for another number of events than one page."""
    return LogSearch(
        plate=query.plate,
        one_off=query.one_off,
        from_utc_ns=query.from_utc_ns,
        to_utc_ns=query.to_utc_ns,
        direction=None if query.direction is None else query.direction.value,
        roi=query.region,
        list_name=query.list_name,
        kinds=[*map(str, query.kinds)],
        min_confidence=query.min_confidence,
        states=0 if query.state is None else _STATE_BITS[query.state],
        before_seq=int(query.cursor) if query.cursor else 0,
        limit=query.limit if limit is None else limit,
    )


def _came_to(query: EventQuery, told: Mapping[str, EventState], states: int) -> bool:
    """Whether the profile of the query was to have an event, and it came to what is asked for."""
    if not told and states & ~_STATE_BITS[EventState.UNWANTED]:  # only the whole is known
        return query.state is None or bool(states & _STATE_BITS[query.state])
    outcome = told.get(query.profile, EventState.UNWANTED)
    return outcome is not EventState.UNWANTED if query.state is None else outcome is query.state


def _states_from(bits: int) -> tuple[EventState, ...]:
    return tuple(state for state, bit in _STATE_BITS.items() if bits & bit) or (
        EventState.UNWANTED,
    )
