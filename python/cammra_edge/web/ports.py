"""All that the page needs of the engine; `cammra_edge.engine.Engine` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cammra_edge.config import Settings
    from cammra_edge.delivery import Transcript, Try
    from cammra_edge.engine import EngineStatus
    from cammra_edge.model import Event
    from cammra_edge.outbox import (
        Delivery,
        Erased,
        EventQuery,
        EventState,
        FoundEvent,
        FoundPage,
        HistoryStatus,
        Parked,
    )
    from cammra_edge.trial import Step


class PagedOperator(Protocol):
    """What a person asks of a running engine: `engine.operator`."""

    def journal(self) -> Mapping[str, Sequence[Try]]:
        """The latest tries of each profile, by its key, oldest first."""
        ...

    def transcripts_kept(self) -> frozenset[int]:
        """The serial numbers of the tries whose bytes can be shown."""
        ...

    def transcript(self, event_id: str, serial: int) -> Transcript | None:
        """What is kept of the bytes of one try."""
        ...

    def plates_of(self, event_ids: Iterable[str]) -> Mapping[str, str]:
        """The plate of each of these events, by id, as far as it is remembered."""
        ...

    def event(self, event_id: str) -> FoundEvent | None:
        """One event, as a search finds it."""
        ...

    def picture(self, image_key: str) -> bytes | None:
        """The JPEG of a recent event."""
        ...

    def view(self, timeout_s: float = 2.0) -> bytes | None:
        """What the camera sees now, as a JPEG; `None` when no frame comes in time."""
        ...

    def parked(
        self, key: str | None = None, *, after: int = 0, limit: int = 200
    ) -> Mapping[str, Sequence[Parked]]:
        """Parked deliveries by the profile's key, of one profile or each: the first so many behind one (`seq`)."""
        ...

    def parked_whole(
        self, key: str | None = None, seq: int | None = None
    ) -> Iterator[tuple[str, Parked, Delivery]]:
        """Parked deliveries with event and pictures, each with its profile's key: all, a profile's, or one."""
        ...

    def parked_bytes(self, key: str, seq: int) -> bytes | None:
        """A parked delivery as it would be sent."""
        ...

    def retry_parked(self, key: str, seq: int | None = None) -> int:
        """Put one, or all, back into the queue; returns how many."""
        ...

    def discard_parked(self, key: str, seq: int | None = None) -> int:
        """Discard one, or all, for good; returns how many."""
        ...

    def give_backlog(self, from_key: str, to_key: str) -> int:
        """Hand a removed profile's backlog to a configured one; returns how many events."""
        ...

    def resume(self, key: str) -> bool:
        """Let a paused profile continue; False when there is no such profile."""
        ...

    def test(self, key: str, plate: str, settings: Settings) -> Iterable[Step]:
        """Test a profile of these settings; yields each step as it happens."""
        ...

    def test_keepalive(self, settings: Settings) -> Iterable[Step]:
        """Send one sign of life as these settings say; yields as `test`."""
        ...


class PagedEngine(Protocol):
    """A running engine as the page sees it. Every method may be called from any thread."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        ...

    def apply(self, settings: Settings) -> None:
        """Take over other settings; raises `CammraError` and changes nothing when it cannot."""
        ...

    def status(self) -> EngineStatus:
        """How everything stands now; cheap enough for every second."""
        ...

    def recent_events(self) -> Sequence[Event]:
        """The latest events, oldest first."""
        ...

    def outcomes_of(self, event_ids: Iterable[str]) -> Mapping[str, Mapping[str, EventState]]:
        """How the deliveries of these events stand, by id and profile's key, as far as the outbox tells."""
        ...

    def search(self, query: EventQuery) -> FoundPage:
        """One page of the events that are remembered, newest first."""
        ...

    def history_image(self, seq: int, image_key: str) -> bytes | None:
        """A picture of an event that was found, as long as it is there."""
        ...

    def history_status(self) -> HistoryStatus:
        """How far back events are remembered."""
        ...

    @property
    def erase(self) -> Callable[..., Erased]:
        """Overwrites events and pictures; takes what `outbox.History.erase` takes."""
        ...

    @property
    def operator(self) -> PagedOperator:
        """Journal, pictures, parked deliveries."""
        ...
