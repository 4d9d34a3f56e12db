"""An engine that stands still: it has settings and a few events, and does what the page asks, in memory.

The door, the store and the forms are tested against it; what the page and the real engine do together is
tested in `test_newcomer.py`.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cammra_edge.checks import Want
from cammra_edge.config import OutboxSettings, Settings
from cammra_edge.delivery import ProfileState, ProfileStatus
from cammra_edge.engine import EngineStatus
from cammra_edge.engine.wants import OperatorWant
from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.model import (
    Device,
    Event,
    EventKind,
    ImageKind,
    ImageRef,
    ImageSpec,
    MissingImage,
    Plate,
    Rect,
)
from cammra_edge.outbox import EventState
from cammra_edge.phrases import quoted
from cammra_edge.profile import Ftp, HttpPost, Profile, Tcp
from cammra_edge.trial import Step
from tests.emulation import PATIENCE
from tests.remembering import FakeHistory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cammra_edge.delivery import Transcript, Try
    from cammra_edge.engine.troubles import InputTrouble
    from cammra_edge.outbox import (
        Delivery,
        Erased,
        EventQuery,
        FoundEvent,
        FoundPage,
        HistoryStatus,
        Parked,
    )

PASSWORD = "a gate in the rain"
JPEG = b"\xff\xd8\xff\xd9"
PATIENT_S = 60.0 * PATIENCE
"""How long a client of the tests waits for the page: a busy machine hashes a password slowly."""


def still_settings(folder: Path) -> Settings:
    """Three profiles, one of them switched off and with a locked address."""
    return Settings(
        device=Device(serial="B8A44F960ACE", model="AXIS Q1805-LE"),
        profiles=(
            Profile("barrier", HttpPost("http://127.0.0.1:9/a", user="cam", password="s3cret-one")),
            Profile("vms", Tcp("127.0.0.1:9"), events={"new", "lost"}, image=None),
            Profile("archive", Ftp("ftp://127.0.0.1:9"), enabled=False),
        ),
        outbox=OutboxSettings(path=folder / "outbox"),
        locked=frozenset({"profiles[archive].server_url"}),
    )


def an_event(number: int, text: str) -> Event:
    return Event(
        event_id=f"{number:032x}",
        stream_id="still",
        vehicle_no=number,
        car_id=number,
        kind=EventKind.NEW,
        ordinal=1,
        at_utc_ns=1_700_000_000_000_000_000 + number,
        first_utc_ns=0,
        plate=Plate(text=text, confidence=0.93, country="CZE"),
        images=(
            ImageRef(
                spec=ImageSpec(kind=ImageKind.VEHICLE_CROP),
                image_key="a1",
                width=640,
                height=400,
                shows=Rect(0, 0, 640, 400),
                size_bytes=5,
            ),
        ),
        missing=(MissingImage(kind=ImageKind.PLATE_CROP, why="no plate box"),),
    )


class StillEngine:
    """See the module."""

    def __init__(self, settings: Settings, texts: Sequence[str] = ("1AB1234",)) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self.applied: list[Settings] = []
        self.refuses = ""
        self.ill = ""
        self.input_troubles: tuple[InputTrouble, ...] = ()
        self.events = [an_event(number, text) for number, text in enumerate(texts, start=1)]
        self.history = FakeHistory()
        for event in self.events:
            self.history.add(event, EventState.DELIVERED, jpegs={"a1": JPEG})

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def operator(self) -> StillEngine:
        return self

    def apply(self, settings: Settings) -> None:
        if self.refuses:
            raise ConfigError("engine", self.refuses, Want.VALUE())
        with self._lock:
            self._settings = replace(settings)
            self.applied.append(settings)

    def status(self) -> EngineStatus:
        profiles = tuple(
            ProfileStatus(
                key=profile.key, profile_id=number, name=profile.name, state=ProfileState.IDLE
            )
            for number, profile in enumerate(self._settings.profiles, start=1)
        )
        return EngineStatus(
            stream_id="still",
            running=True,
            input_troubles=self.input_troubles,
            profiles=profiles,
        )

    def recent_events(self) -> Sequence[Event]:
        return tuple(self.events)

    def outcomes_of(self, _: Iterable[str], /) -> Mapping[str, Mapping[str, EventState]]:
        return {}

    def plates_of(self, event_ids: Iterable[str]) -> Mapping[str, str]:
        return self.history.plates(event_ids)

    def event(self, event_id: str) -> FoundEvent | None:
        seq = self.history.seq_of(event_id)
        return None if seq is None else self.history.event(seq)

    def search(self, query: EventQuery, /) -> FoundPage:
        if self.ill:
            raise OutboxError(self.ill)
        return self.history.search(query)

    def history_image(self, seq: int, image_key: str) -> bytes | None:
        return self.history.image(seq, image_key)

    def history_status(self) -> HistoryStatus:
        if self.ill:
            raise OutboxError(self.ill)
        return self.history.status()

    def erase(self, **what: Any) -> Erased:  # noqa: ANN401 - as the history takes it
        return self.history.erase(**what)

    def journal(self) -> Mapping[str, Sequence[Try]]:
        return {}

    def transcripts_kept(self) -> frozenset[int]:
        return frozenset()

    def transcript(self, event_id: str, serial: int) -> Transcript | None:  # noqa: ARG002 - nothing was tried
        return None

    def picture(self, image_key: str) -> bytes | None:
        return JPEG if image_key == "a1" else None

    def view(self, timeout_s: float = 2.0) -> bytes | None:  # noqa: ARG002 - there is no camera
        return None

    def parked(
        self,
        key: str | None = None,  # noqa: ARG002 - nothing is parked
        *,
        after: int = 0,  # noqa: ARG002 - as above
        limit: int = 200,  # noqa: ARG002 - as above
    ) -> Mapping[str, Sequence[Parked]]:
        return {}

    def parked_whole(
        self,
        key: str | None = None,  # noqa: ARG002 - nothing is parked
        seq: int | None = None,  # noqa: ARG002 - nothing is parked
    ) -> Iterator[tuple[str, Parked, Delivery]]:
        yield from ()

    def parked_bytes(self, key: str, seq: int) -> bytes | None:  # noqa: ARG002 - nothing is parked
        return None

    def retry_parked(self, key: str, seq: int | None = None) -> int:  # noqa: ARG002 - nothing is parked
        return 0

    def discard_parked(self, key: str, seq: int | None = None) -> int:  # noqa: ARG002 - nothing is parked
        return 0

    def give_backlog(self, from_key: str, to_key: str) -> int:
        if from_key in {profile.key for profile in self._settings.profiles}:
            raise ConfigError("from", from_key, OperatorWant.REMOVED_PROFILE())
        if to_key == "ill":
            raise OutboxError("the disk does not take it now")
        return len(from_key) + len(to_key)

    def resume(self, key: str) -> bool:
        return key in {profile.key for profile in self._settings.profiles}

    def test(self, key: str, plate: str, settings: Settings) -> Iterator[Step]:
        names = {profile.key: profile.name for profile in settings.profiles}
        yield Step("send", "ok", detail=quoted(f"{names[key]} {plate}"))

    def test_keepalive(self, settings: Settings) -> Iterator[Step]:
        yield Step("send", "ok", detail=quoted(settings.keepalive.server_url))
