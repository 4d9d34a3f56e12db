"""A camera whose troubles a test brings about: a real engine with its page, a clock that is set, and a receiver."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.receiver import Receiver
from cammra_edge.web import serve_page
from tests.web.installer import FRAME, HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.web.serve import ServedPage


@dataclass
class SetClock:
    """The machine's clock; a test moves it on, and says whether it is set."""

    ahead_ns: int = 0
    synced: bool = True

    def mono_ns(self) -> int:
        return SYSTEM_CLOCK.mono_ns() + self.ahead_ns

    def utc_ns(self) -> int:
        return SYSTEM_CLOCK.utc_ns() + self.ahead_ns

    def is_synced(self) -> bool:
        return self.synced

    def advance(self, seconds: int) -> None:
        self.ahead_ns += seconds * 10**9


@dataclass
class Camera:
    """A real engine with its page, and what it sends to."""

    engine: Engine
    served: ServedPage
    clock: SetClock
    receiver: Receiver
    vehicles: int = 0

    def frame(self, frame: object = FRAME, *reads: PlateRead) -> None:
        at = FrameTime(self.clock.mono_ns(), self.clock.utc_ns())
        self.engine.observe(frame, reads, at)  # type: ignore[arg-type]  # what is no frame, too

    def vehicle(self) -> None:
        """One that passes: its New, and nothing else, stored."""
        self.pass_by()
        self.engine.wait_for_room(1)

    def pass_by(self) -> None:
        """The same, without waiting for it."""
        self.vehicles += 1
        box = (200.0, 60.0, 160.0, 120.0)
        text = f"AB{self.vehicles:04d}"
        self.frame(
            FRAME, PlateRead(track=self.vehicles, text=text, confidence=0.9, vehicle=box, plate=box)
        )


@contextmanager
def camera_at(folder: Path, frame_format: FrameFormat = FrameFormat.GRAY8) -> Iterator[Camera]:
    """One that runs, live, with a profile of New events."""
    clock = SetClock()
    with Receiver() as receiver:
        engine = Engine(
            profiles=[Profile("gate", HttpPost(receiver.http_url), events={"new"}, image=None)],
            frame_format=frame_format,
            frame_size=(WIDTH, HEIGHT),
            outbox=OutboxSettings(path=folder / "outbox"),
            clock=clock,
        )
        with (
            engine.running(local_socket=False),
            serve_page(engine, port=0, folder=folder / "page", say=False) as served,
        ):
            yield Camera(engine, served, clock, receiver)
