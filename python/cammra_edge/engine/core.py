"""The composition root of the event path.

`Engine.observe` is all that a recogniser calls. It never waits for encoding, disk or network, and never
raises for what it was handed: a broken frame or read is counted, logged once and shown in `status`.

Invariants, held by `tests/engine`:

1. The calling thread only tracks and copies pixels; nothing is encoded, written or sent on it.
2. An event that a profile wants is stored with all that it needs before anybody tries to send it.
3. Settings taken over with `apply` lose no event: what is stored goes out with the profile as it is then.
4. Vehicles that were open when a process died get their Lost at the next start.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings, Settings, TrackingSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.engine.assembly import assemble, event_id_from
from cammra_edge.engine.encoder import Encoder
from cammra_edge.engine.status import EngineStatus
from cammra_edge.errors import CammraError, ConfigError, FrameError, ReadError
from cammra_edge.model import (
    Device,
    Event,
    EventKind,
    FrameFormat,
    FrameTime,
    ImageSpec,
    MissingImage,
    PlateRead,
)
from cammra_edge.outbox import NewEvent, Outbox
from cammra_edge.payload import render
from cammra_edge.sinks import open_sink
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.imaging import Frame
    from cammra_edge.model import Message
    from cammra_edge.profile import Profile
    from cammra_edge.tracking import TrackEvent

_log = logging.getLogger(__name__)

LIVE_TICK_S = 1.0
"""How often timers are looked at when no frame comes: once a second wakes no camera."""

RECENT_EVENTS = 200
"""Events kept in memory for the page."""


class Engine:
    """Takes frames and plate reads, makes events of them and delivers these.

    Args:
        device: The camera itself, as receivers shall know it.
        profiles: Where events go; at most `max_profiles`.
        tracking: When a vehicle says what.
        outbox: Where events wait, and how safely.
        frame_format: How the buffers given to `observe` are to be read.
        frame_size: Width and height for reads without pictures; `None` takes each frame's own.
        network_mode: Scheme of a server URL that names none: `https` or `http`.
        max_profiles: The page has three; more only when this says so.
        stream_id: Names the stream; `None` makes a new one, as a camera does at every start.
        clock: Where the time comes from.

    Raises:
        ConfigError: A setting cannot be used; names it.
    """

    def __init__(
        self,
        *,
        device: Device | None = None,
        profiles: Sequence[Profile] = (),
        tracking: TrackingSettings | None = None,
        outbox: OutboxSettings | None = None,
        frame_format: FrameFormat = FrameFormat.RGB8,
        frame_size: tuple[int, int] | None = None,
        network_mode: str = "https",
        max_profiles: int = 3,
        stream_id: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._take_settings(
            Settings(
                device=device or Device(),
                profiles=tuple(profiles),
                frame_format=FrameFormat(frame_format),
                frame_size=frame_size,
                tracking=tracking or TrackingSettings(),
                outbox=outbox or OutboxSettings(),
                network_mode=network_mode,
                max_profiles=max_profiles,
            ),
            stream_id,
            clock,
        )

    @classmethod
    def from_settings(
        cls, settings: Settings, *, stream_id: str | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> Engine:
        """An engine with settings that are one value already."""
        engine = cls.__new__(cls)
        engine._take_settings(settings, stream_id, clock)
        return engine

    def _take_settings(self, settings: Settings, stream_id: str | None, clock: Clock) -> None:
        self.settings = settings
        self.stream_id = stream_id or f"run-{secrets.token_hex(8)}"
        self._clock = clock
        self._tracker = Tracker(settings)
        self._encoder = Encoder(self._store, self._fire_due)
        self._lock = threading.Lock()  # orders observe and tick, so that events queue in the order they were said
        self._last_frame: tuple[FrameTime, int] | None = None
        self._live = False
        self._outbox: Outbox | None = None
        self._workers: list[DeliveryWorker] = []
        self._said: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._last_refusal = ""
        self._recent: deque[Event] = deque(maxlen=RECENT_EVENTS)

    # ---- the recogniser's side ---------------------------------------------------------------

    def observe(self, frame: Frame | None, reads: Sequence[PlateRead], at: FrameTime) -> None:
        """Take in one frame and what was read in it.

        Copies the pixels of better shots and returns; the caller may reuse the buffer at once.

        Args:
            frame: A buffer, or a tuple of planes, in the engine's `frame_format`; `None` without a picture.
            reads: What the recogniser saw, one entry per vehicle.
            at: When the frame was taken.
        """
        with self._lock:
            self._said["frames"] += 1
            self._said["reads"] += len(reads)
            self._last_frame = (at, self._clock.mono_ns())
            try:
                said = self._tracker.observe(frame, reads, at)
            except FrameError as error:
                self._refuse("frames", error)
                said = self._observe_without_frame(reads, at)
            except ReadError as error:
                self._refuse("reads", error)
                said = self._tracker.tick(at)
            if said:
                self._encoder.append(said)

    def tick(self, at: FrameTime) -> None:
        """Fire the timers that are due at this frame time, when no frame comes."""
        with self._lock:
            said = self._tracker.tick(at)
            if said:
                self._encoder.append(said)

    def finish(self) -> None:
        """The stream has ended: every open vehicle says its last words."""
        with self._lock:
            said = self._tracker.finish()
            if said:
                self._encoder.append(said)

    def wait_for_room(self, events: int = 64) -> None:
        """Wait until fewer events wait for the encoder: for replays, which can wait; a camera never does."""
        self._encoder.wait_until_below(events)

    def _observe_without_frame(
        self, reads: Sequence[PlateRead], at: FrameTime
    ) -> Sequence[TrackEvent]:
        try:
            return self._tracker.observe(None, reads, at)
        except ReadError as error:
            self._refuse("reads", error)
            return self._tracker.tick(at)

    def _refuse(self, what: str, error: CammraError) -> None:
        self._refused[what] += 1
        text = str(error)
        if text != self._last_refusal:
            _log.warning("refused %s why=%s", what, text)
        self._last_refusal = text

    # ---- the encoder's side ------------------------------------------------------------------

    def _fire_due(self) -> float | None:
        """Tick on live streams; says in how many seconds to look again."""
        if not self._live or self._last_frame is None:
            return None
        at, seen_mono_ns = self._last_frame
        ahead_ns = self._clock.mono_ns() - seen_mono_ns
        deadline_ns = self._tracker.next_deadline_mono_ns()
        if deadline_ns is None:
            return LIVE_TICK_S
        wait_ns = deadline_ns - (at.mono_ns + ahead_ns)
        if wait_ns <= 0:
            self.tick(FrameTime(at.mono_ns + ahead_ns, at.utc_ns + ahead_ns))
            return 0.0
        return min(LIVE_TICK_S, wait_ns / 1e9)

    def _store(self, group: Sequence[tuple[TrackEvent, bool]]) -> None:
        outbox = self._opened()
        batch = []
        for said, crowded in group:
            batch.append(self._new_event(outbox, said, crowded=crowded))
        outbox.put(batch)
        for new in batch:
            self._said[new.event.kind] += 1
            self._said["unwanted"] += not new.wanted_by
            self._recent.append(new.event)
        for worker in self._workers:
            worker.wake()

    def _new_event(self, outbox: Outbox, said: TrackEvent, *, crowded: bool) -> NewEvent:
        kind = EventKind(said.kind)
        wanted_by = self._wanted_by(kind)
        specs = [spec for _, profile in wanted_by for spec in profile.image_specs()]
        event, images = assemble(
            said,
            specs,
            stream_id=self.stream_id,
            car_id=outbox.car_id(self.stream_id, said.vehicle_no),
            why_no_images="the encoder could not keep up" if crowded else "",
        )
        return NewEvent(event=event, images=images, wanted_by=tuple(no for no, _ in wanted_by))

    def _wanted_by(self, kind: EventKind) -> list[tuple[int, Profile]]:
        return [
            (profile_id, profile)
            for profile_id, profile in enumerate(self.settings.profiles, start=1)
            if profile.enabled and kind in profile.events
        ]
