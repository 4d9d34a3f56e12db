"""What is asked of the outbox's memory, and what it answers: frozen values, checked as settings are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from cammra_edge.checks import choice, maybe, number, set_of, text, whole
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, Taken, setting, settings
from cammra_edge.model import Direction, DirectionWord, Event, EventKind, EventWord
from cammra_edge.outbox.bearing import Bearing
from cammra_edge.outbox.codec import plain_from
from cammra_edge.outbox.wants import OutboxWant
from cammra_edge.plates import WILDCARDS, list_key

MAX_FOUND = 1000
"""Events in one page of an answer."""

_MAX_PLATE = 64
_MAX_INT = 2**63 - 1
_TIME = maybe(whole(0, _MAX_INT))
_PLATE = text(most=_MAX_PLATE)
_CURSOR = text(most=19, pattern="[0-9]*", want=OutboxWant.CURSOR())


class EventState(StrEnum):
    """What became of an event. One that several profiles want may be in several states."""

    WAITING = "waiting"
    PARKED = "parked"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DROPPED = "dropped"
    UNWANTED = "unwanted"


EventStateWord = Literal["waiting", "parked", "delivered", "expired", "dropped", "unwanted"]


@settings
class EventQuery(Checked):
    """Which events are looked for; what is given must all hold.

    Args:
        plate: In any spelling of its normal form (`plates.list_key`); `*` is any text, `?` one character. Empty: any.
        one_off: Plates that are one character off the one given count too.
        from_utc_ns: Events at this time or later, by frame time.
        to_utc_ns: Events before this time.
        direction: Movement along the region's arrow.
        region: Region of interest (`roi_id`).
        list_name: The plate list that the plate stands on. Empty: any, or none.
        kinds: Event types.
        min_confidence: Least confidence of the plate.
        state: What became of the event, for at least one profile.
        profile: Events that this profile (its key) was to have; with `state`, what became of them for it. Of an event
            whose pictures are gone only the whole is known, and counts.
        cursor: Events put before the one with this `seq`: where a page ended, the next goes on. Empty: all.
        limit: Events in one page.
    """

    plate: str = setting("", _PLATE)
    one_off: bool = False
    from_utc_ns: int | None = setting(None, _TIME)
    to_utc_ns: int | None = setting(None, _TIME)
    direction: Taken[Direction | None, Direction | DirectionWord | None] = setting(None)
    region: int | None = setting(None, maybe(whole(0, 2**32 - 1)))
    list_name: str = ""
    kinds: Taken[frozenset[EventKind], Collection[EventKind | EventWord]] = setting(
        frozenset(EventKind), set_of(choice(EventKind))
    )
    min_confidence: float = setting(0.0, number(0, 1))
    state: Taken[EventState | None, EventState | EventStateWord | None] = setting(None)
    profile: str = ""
    cursor: str = setting("", _CURSOR)
    limit: int = setting(50, whole(1, MAX_FOUND))

    def _agree(self) -> None:
        _check_plate(self.plate)
        if self.one_off and WILDCARDS.intersection(self.plate):
            raise ConfigError("one_off", self.one_off, OutboxWant.PLATE_WITHOUT_WILDCARDS())
        if not self.kinds:
            raise ConfigError("kinds", "none", OutboxWant.KINDS_AT_LEAST_ONE())
        began, ended = self.from_utc_ns, self.to_utc_ns
        if began is not None and ended is not None and began >= ended:
            raise ConfigError("to_utc_ns", ended, OutboxWant.TIME_AFTER(other="from_utc_ns"))


@settings
class Erasure(Checked):
    """What is to be forgotten: exactly one of `plate`, `before_utc_ns` and `everything`.

    Args:
        plate: Events with this plate, as in `EventQuery`, whatever field of theirs it stands in (`bearing`).
        before_utc_ns: Events before this time.
        everything: All events.
        undelivered: Also those that still wait for a profile, or are parked.
    """

    plate: str = setting("", _PLATE)
    before_utc_ns: int | None = setting(None, _TIME)
    everything: bool = False
    undelivered: bool = False

    def _agree(self) -> None:
        _check_plate(self.plate)
        given = [bool(self.plate), self.before_utc_ns is not None, self.everything]
        if sum(given) != 1:
            raise ConfigError("plate", self.plate, OutboxWant.ONE_TO_FORGET())

    def covers(self, event: Event) -> bool:
        """Whether the event is to be forgotten, wherever it is kept; of one that waits, `undelivered` decides."""
        if self.before_utc_ns is not None:
            return event.at_utc_ns < self.before_utc_ns
        bearing = self.bearing
        return bearing is None or bearing.is_borne(plain_from(event))

    @property
    def bearing(self) -> Bearing | None:
        """What tells whether a record bears the plate; `None` where no plate is given."""
        return Bearing(self.plate) if self.plate else None


def _check_plate(plate: str) -> None:
    if plate and not list_key(plate, pattern=True):
        raise ConfigError("plate", plate, OutboxWant.PLATE_SIGNS())


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    """An event that the outbox remembers.

    Args:
        seq: Its place in the outbox, which names it.
        event: As it was put; of older ones only the text is left.
        exact: Whether the plate is the one looked for, not one that is a character off.
        states: What became of it, in the order of `EventState`.
        image_keys: The pictures that are still there.
    """

    seq: int
    event: Event
    exact: bool = True
    states: tuple[EventState, ...] = ()
    image_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """Events found, newest first. An empty `cursor` says that there are no more."""

    events: tuple[FoundEvent, ...] = ()
    cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was forgotten.

    Args:
        events: Events whose text was overwritten.
        pictures: Pictures that were overwritten.
        waiting: Events that were kept because they still wait or are parked, by the profile's key.
        seqs: The events that went, by their place in the outbox.
        kept: The events that were kept.
    """

    events: int = 0
    pictures: int = 0
    waiting: tuple[tuple[str, int], ...] = ()
    seqs: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStatus:
    """How far back the outbox remembers.

    Args:
        events: Events whose text is there.
        bytes: Bytes of files that hold them.
        oldest_text_utc_ns: Time of the oldest event; `None` where there is none.
        oldest_picture_utc_ns: Time of the oldest event with a picture.
        bound: Which bound made it forget last: `days`, `bytes`, or empty for neither yet.
    """

    events: int = 0
    bytes: int = 0
    oldest_text_utc_ns: int | None = None
    oldest_picture_utc_ns: int | None = None
    bound: str = ""


class History(Protocol):
    """The outbox's memory: `outbox.history`. From any thread."""

    def search(self, query: EventQuery) -> FoundPage:
        """Events that answer the query, newest first."""
        ...

    def latest(self, most: int) -> Iterable[Event]:
        """The last events, newest first, also those that are too old to be found."""
        ...

    def event(self, seq: int) -> FoundEvent | None:
        """One event, by its place."""
        ...

    def plates(self, event_ids: Iterable[str]) -> Mapping[str, str]:
        """The plate of each of these events that is there, by the event's id."""
        ...

    def image(self, seq: int, image_key: str) -> bytes | None:
        """A picture of an event, as long as it is there."""
        ...

    def outcomes(self, seqs: Iterable[int]) -> Mapping[int, Mapping[str, EventState]]:
        """How each delivery of these events stands, by the profile's key, as far as that is known."""
        ...

    def erase(
        self,
        *,
        plate: str = "",
        before_utc_ns: int | None = None,
        everything: bool = False,
        undelivered: bool = False,
    ) -> Erased:
        """Overwrite text and pictures; the arguments are those of `Erasure`.

        Raises:
            ConfigError: They do not go together.
        """
        ...

    def seq_of(self, event_id: str) -> int | None:
        """The place in the outbox of an event that it knows."""
        ...

    def status(self) -> HistoryStatus:
        """How far back it remembers."""
        ...
