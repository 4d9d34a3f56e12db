"""Stand-ins that keep the promises of the real things: a clock, a sink, events."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from unittest import mock

from cammra_edge.message import Attempt, Body, Message
from cammra_edge.model import Event, EventKind, ImageKind, ImageRef, ImageSpec, Plate, Rect
from cammra_edge.outbox import NewEvent, Outbox, Wanted
from cammra_edge.profile import HttpPost, Profile
from cammra_edge.sinks.base import Delivered, Outcome
from cammra_edge.sinks.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

NS = 1_000_000_000
JPEG = b"\xff\xd8" + bytes(range(256)) * 4 + b"\xff\xd9"


@dataclass
class FakeClock:
    """Time that stands still until told; the two clocks move and jump apart from each other."""

    now_mono_ns: int = 1_000 * NS
    now_utc_ns: int = 1_760_000_000 * NS

    def mono_ns(self) -> int:
        return self.now_mono_ns

    def utc_ns(self) -> int:
        return self.now_utc_ns

    def advance(self, seconds: float) -> None:
        self.now_mono_ns += round(seconds * NS)
        self.now_utc_ns += round(seconds * NS)

    def restarted(self) -> FakeClock:
        """The clock of the same machine after a reboot: monotonic time begins anew."""
        return FakeClock(now_mono_ns=5 * NS, now_utc_ns=self.now_utc_ns)


@dataclass
class FakeSink:
    """Takes what it is given, or answers as told; remembers what it took, as a receiver would."""

    answers: list[Outcome] = field(default_factory=list)
    taken: list[tuple[Attempt, Message]] = field(default_factory=list)
    tried: list[Attempt] = field(default_factory=list)
    closed: bool = False
    broken_off: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        with self.lock:
            assert not self.closed
            self.tried.append(attempt)
            outcome = self.answers.pop(0) if self.answers else Delivered()
            if isinstance(outcome, Delivered):
                self.taken.append((attempt, message))
            return outcome

    def exchange(self) -> Exchange:
        return Exchange(head=b"to the fake\n", answer=b"from the fake")

    def break_off(self) -> None:
        self.broken_off.set()

    def close(self) -> None:
        self.closed = True

    def packets(self) -> list[int]:
        return [attempt.packet for attempt, _ in self.taken]


def crash(outbox: Outbox) -> None:
    """As a dead process leaves it: what was not written is gone, the lock is free."""
    with outbox._writer.turn:
        outbox._store.log.close()


def fall_ill(number: int = errno.ENOSPC) -> Callable[[], None]:
    """Let every disk refuse what is written to a log; returns what heals it."""

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    patch = mock.patch("cammra_edge.outbox.tail.write_all", refuse)
    patch.start()
    return patch.stop


def file_of(outbox: Outbox, segment: int) -> Path:
    """The file of a segment."""
    return outbox._store.log._shelf.segments[segment].path


def damage(outbox: Outbox, place: tuple[int, int, int] | None) -> None:
    """Flip every bit of the frame at a place, and let nobody have it from memory."""
    assert place is not None
    segment, offset, length = place
    outbox._store.recent.clear()
    with file_of(outbox, segment).open("r+b") as file:
        file.seek(offset)
        content = file.read(length)
        file.seek(offset)
        file.write(bytes(255 - byte for byte in content))


def no_jitter() -> float:
    """The longest wait of every backoff, so that a test knows it."""
    return 1.0


def render_text(event: Event, images: Mapping[str, bytes], packet: int) -> Message | None:
    """A message that shows everything a test wants to see."""
    names = ",".join(sorted(images))
    return Body(
        content=f"{packet} {event.vehicle_no} {event.kind} {event.ordinal} {names}".encode(),
        content_type="text/plain",
    )


def profile(name: str = "gate", **settings: object) -> Profile:
    return replace(
        Profile(name, HttpPost("http://127.0.0.1:9/"), events=frozenset(EventKind)),
        **settings,  # type: ignore[arg-type]
    )


def event_id(stream_id: str, vehicle_no: int, ordinal: int) -> str:
    return hashlib.sha256(f"{stream_id}/{vehicle_no}/{ordinal}".encode()).hexdigest()[:32]


def new_event(  # noqa: PLR0913 - what a test may want to differ
    vehicle_no: int = 1,
    ordinal: int = 1,
    *,
    kind: EventKind = EventKind.NEW,
    stream_id: str = "run-1",
    car_id: int | None = None,
    wanted_by: Iterable[int] = (1,),
    image: bytes | None = None,
    image_key: str | None = None,
) -> NewEvent:
    """An event as the engine would put it, with one picture where bytes for it are given."""
    key = image_key or f"{stream_id}-{vehicle_no}-{ordinal}"
    refs: tuple[ImageRef, ...] = ()
    if image is not None or image_key is not None:
        refs = (
            ImageRef(
                spec=ImageSpec(kind=ImageKind.VEHICLE_CROP),
                image_key=key,
                width=64,
                height=48,
                shows=Rect(1, 2, 64, 48),
                size_bytes=len(image or b""),
            ),
        )
    event = Event(
        event_id=event_id(stream_id, vehicle_no, ordinal),
        stream_id=stream_id,
        vehicle_no=vehicle_no,
        car_id=vehicle_no if car_id is None else car_id,
        kind=kind,
        ordinal=ordinal,
        at_utc_ns=1_760_000_000 * NS + ordinal,
        first_utc_ns=1_760_000_000 * NS,
        plate=Plate(text=f"1AB{vehicle_no:04}", confidence=0.9),
        images=refs,
    )
    return NewEvent(
        event=event,
        images={} if image is None else {key: image},
        wanted_by=[Wanted(profile_id=profile_id) for profile_id in wanted_by],
    )


def a_life(vehicle_no: int, **settings: object) -> list[NewEvent]:
    """New, Reliable, Update, Lost of one vehicle."""
    return [
        new_event(vehicle_no, ordinal, kind=kind, **settings)  # type: ignore[arg-type]
        for ordinal, kind in enumerate(
            (EventKind.NEW, EventKind.RELIABLE, EventKind.UPDATE, EventKind.LOST), start=1
        )
    ]
