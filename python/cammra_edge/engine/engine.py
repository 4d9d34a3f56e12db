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
import os
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import Settings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.engine.encoder import Encoder
from cammra_edge.engine.handover import Handover
from cammra_edge.engine.keepalive import EngineKeepalive
from cammra_edge.engine.operator import Operator
from cammra_edge.engine.snapshot import Snapshot
from cammra_edge.engine.status import EngineStatus
from cammra_edge.engine.writer import EventWriter
from cammra_edge.errors import FrameError, ReadError
from cammra_edge.model import EventKind, FrameTime
from cammra_edge.outbox import Outbox
from cammra_edge.payload import Renderer
from cammra_edge.retry import NS_PER_S
from cammra_edge.sinks import open_sink
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Unpack

    from cammra_edge.clock import Clock
    from cammra_edge.config import SettingsFields
    from cammra_edge.errors import CammraError
    from cammra_edge.imaging import Frame
    from cammra_edge.model import Event, Message, PlateRead
    from cammra_edge.profile import Profile
    from cammra_edge.sinks.base import Sink
    from cammra_edge.tracking import TrackEvent

_log = logging.getLogger(__name__)

LIVE_TICK_S = 1.0
"""How often timers are looked at when no frame comes, while there is a vehicle: once a second wakes no camera."""


class Engine:
    """Takes frames and plate reads, makes events of them and delivers these.

    Args:
        settings: Everything at once; `None` begins with the defaults.
        stream_id: Names the stream; `None` makes a new one, as a camera does at every start.
        clock: Where the time comes from.
        fields: Any field of `Settings` by name: `device`, `profiles`, `tracking`, `outbox`, `frame_format` …

    Raises:
        ConfigError: A setting cannot be used; names it.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        /,
        *,
        stream_id: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
        **fields: Unpack[SettingsFields],
    ) -> None:
        self.settings = replace(settings or Settings(), **fields)
        self.stream_id = stream_id or f"run-{os.urandom(8).hex()}"
        self._clock = clock
        self._tracker = Tracker(self.settings)
        self._writer = EventWriter(self.stream_id, self.settings)
        self._encoder = Encoder(self._writer.store, self._fire_due)
        # Orders observe and tick, so that events queue in the order in which they were said.
        self._lock = threading.Lock()
        self._last_frame: tuple[FrameTime, int] | None = None
        self._live = False
        self._workers: list[DeliveryWorker] = []
        self._handover = Handover()
        self._snapshot = Snapshot()
        self.operator = Operator(
            self._writer,
            self._snapshot,
            lambda: self._workers,
            lambda: self.settings,
            self._clock,
        )
        self._keepalive = EngineKeepalive(self.status, clock)
        self._seen: Counter[str] = Counter()
        self._last_refusal = ""

    # ---- the recogniser's side ---------------------------------------------------------------

    def observe(
        self,
        frame: Frame | None,
        reads: Sequence[PlateRead],
        at: FrameTime,
    ) -> None:
        """Take in one frame and what was read in it.

        Copies the pixels of better shots and returns; the caller may reuse the buffer at once.

        Args:
            frame: A buffer, or a tuple of planes, in the settings' `frame_format`; `None` without a picture.
            reads: What the recogniser saw, one entry per vehicle.
            at: When the frame was taken.
        """
        if self._snapshot.wanted and frame is not None:
            self._snapshot.offer(frame)
        with self._lock:
            self._seen["frames"] += 1
            self._seen["reads"] += len(reads)
            self._last_frame = (at, self._clock.mono_ns())
            try:
                said = self._tracker.observe(frame, reads, at)
            except FrameError as error:
                self._refuse("frames", error)
                said = self._observe_without_frame(reads, at)
            except ReadError as error:
                said = self._after_bad_read(error, at)
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

    def _observe_without_frame(self, reads: Sequence[PlateRead], at: FrameTime) -> list[TrackEvent]:
        try:
            return self._tracker.observe(None, reads, at)
        except ReadError as error:
            return self._after_bad_read(error, at)

    def _after_bad_read(self, error: ReadError, at: FrameTime) -> list[TrackEvent]:
        """All other reads were taken in; what they made happen comes at the tracker's next call."""
        self._refuse("reads", error)
        return self._tracker.tick(at)

    def _refuse(self, what: str, error: CammraError) -> None:
        self._seen[f"broken {what}"] += 1
        why = str(error)
        if why != self._last_refusal:
            _log.warning("refused %s why=%s", what, why)
        self._last_refusal = why

    def _fire_due(self) -> float | None:
        """Tick on live streams; says in how many seconds to look again."""
        if not self._live:
            return None
        deadline_ns = self._tracker.next_deadline_mono_ns()
        if self._last_frame is None or deadline_ns is None:
            # The next vehicle wakes this thread by its New, unless a result delay holds that back.
            return LIVE_TICK_S if self.settings.tracking.result_delay_s else None
        at, seen_mono_ns = self._last_frame
        ahead_ns = self._clock.mono_ns() - seen_mono_ns
        wait_ns = deadline_ns - (at.mono_ns + ahead_ns)
        if wait_ns <= 0:
            self.tick(FrameTime(at.mono_ns + ahead_ns, at.utc_ns + ahead_ns))
            return 0.0
        return min(LIVE_TICK_S, wait_ns / NS_PER_S)

    # ---- life --------------------------------------------------------------------------------

    @contextmanager
    def running(self, *, live: bool = True) -> Iterator[Engine]:
        """Open the outbox, start encoder and workers; at the end store all that was said and stop.

        Args:
            live: Timers also fire when no frame comes, by the machine's clock, and stopping ends the stream. A
                replay says `False`: its time is the recording's, and it calls `finish` at the recording's end;
                one that is stopped before goes on at the next start, as after a crash.

        Raises:
            OutboxError: The outbox is in use by another process, or of a newer version.
        """
        self.start(live=live)
        try:
            yield self
        finally:
            self.stop()

    def start(self, *, live: bool = True) -> None:
        """As `running`, for callers whose life is no `with` block."""
        if self._writer.outbox is not None:
            raise RuntimeError("the engine runs already")
        self._live = live
        outbox = Outbox(self.settings.outbox, clock=self._clock)
        self._writer.outbox = outbox
        self._writer.lose_vehicles_left_open()
        self._workers = [
            self._new_worker(outbox, profile_id, profile)
            for profile_id, profile in enumerate(self.settings.profiles, start=1)
        ]
        for worker in self._workers:
            worker.start()
        self._encoder.start()
        self._keepalive.apply(self.settings)

    def stop(self) -> None:
        """Store what was said, let tries under way end, close the outbox; a live stream says Lost before."""
        outbox = self._writer.outbox
        if outbox is None:
            return
        self._keepalive.stop()
        if self._live:
            self.finish()
        self._encoder.stop()
        self._handover.finish()
        for worker in self._workers:
            worker.stop()
        self._writer.outbox = None
        outbox.close()

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was said is stored, and every delivery settled or parked.

        Returns:
            False when the time ran out first.
        """
        end_ns = None if timeout_s is None else self._clock.mono_ns() + round(timeout_s * NS_PER_S)
        if not self._encoder.wait_until_below(1, timeout_s):
            return False
        for worker in self._workers:
            left_s = None if end_ns is None else (end_ns - self._clock.mono_ns()) / NS_PER_S
            if not worker.wait_until_idle(left_s):
                return False
        return True

    def apply(self, settings: Settings) -> None:
        """Take over other settings while running; no event is lost by it.

        Profiles that changed get a new worker, which goes on with what is stored at once; a vehicle whose event is
        being tried follows when that try has ended, which nobody waits for here. The outbox stays as it was at the
        start.

        Raises:
            ConfigError: A setting cannot be used; nothing was taken over.
        """
        before = self.settings
        with self._lock:
            self._tracker.apply(settings)
            self._writer.apply(settings)
            self.settings = settings
        self._encoder.wake()
        outbox = self._writer.outbox
        if outbox is None:
            return
        shared_changed = (before.device, before.network_mode) != (
            settings.device,
            settings.network_mode,
        )
        old = dict(enumerate(before.profiles, start=1))
        workers = {worker.profile_id: worker for worker in self._workers}
        for profile_id, profile in enumerate(settings.profiles, start=1):
            if old.pop(profile_id, None) == profile and not shared_changed:
                continue
            new = self._new_worker(outbox, profile_id, profile)
            self._handover.replace(workers.get(profile_id), new)
            workers[profile_id] = new
        for removed in old:
            self._handover.replace(workers.pop(removed), None)
        self._workers = [workers[profile_id] for profile_id in sorted(workers)]
        self._keepalive.apply(settings)

    def _new_worker(self, outbox: Outbox, profile_id: int, profile: Profile) -> DeliveryWorker:
        network_mode = self.settings.network_mode
        renderer = Renderer(profile, profile_id=profile_id, device=self.settings.device)

        def message(event: Event, images: Mapping[str, bytes], packet: int) -> Message | None:
            # The key is asked for each time: a disk that comes back may bring its own.
            return renderer.render(event, images, packet=packet, boundary_key=outbox.boundary_key)

        def way_out() -> Sink:
            return open_sink(profile, network_mode=network_mode, clock=self._clock)

        return DeliveryWorker(
            profile_id, profile, outbox, way_out(), message, clock=self._clock, more_sinks=way_out
        )

    # ---- seeing it ---------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        """What the engine does now; cheap enough to ask every second."""
        outbox = self._writer.outbox
        said = self._writer.counts
        return EngineStatus(
            stream_id=self.stream_id,
            running=outbox is not None,
            frames=self._seen["frames"],
            reads=self._seen["reads"],
            events={kind.value: said[kind] for kind in EventKind},
            unwanted=said["unwanted"],
            pending=self._encoder.pending(),
            not_stored=self._encoder.not_stored,
            broken_frames=self._seen["broken frames"],
            broken_reads=self._seen["broken reads"],
            last_refusal=self._last_refusal,
            tracker=self._tracker.counters(),
            outbox=None if outbox is None else outbox.status(),
            profiles=tuple(worker.status() for worker in self._workers),
        )

    def recent_events(self) -> tuple[Event, ...]:
        """The latest events, oldest first."""
        return tuple(self._writer.recent)
