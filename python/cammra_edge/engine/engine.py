"""The composition root of the event path.

`Engine.observe` is all that a recogniser calls. It never waits for encoding, disk or network, and never
raises for what it was handed: broken frames, times and reads are counted, said once for each kind, and shown
in `status`.

Invariants, held by `tests/engine`:

1. The calling thread only tracks and copies pixels; nothing is encoded, written or sent on it.
2. An event that a profile wants is stored with all that it needs before anybody tries to send it.
3. Settings taken over with `apply` lose no event: what is stored goes out with the profile as it is then.
4. Vehicles that were open when a process died get their Lost at the next start.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import Settings
from cammra_edge.delivery.stopping import GRACE_S
from cammra_edge.engine.closing import DISK_S, tell_stuck
from cammra_edge.engine.encoder import Encoder
from cammra_edge.engine.erasing import erase
from cammra_edge.engine.image_encoder import door_to
from cammra_edge.engine.local_socket import LocalSocket
from cammra_edge.engine.operator import Operator
from cammra_edge.engine.recent import Recent
from cammra_edge.engine.run import Run
from cammra_edge.engine.snapshot import Snapshot
from cammra_edge.engine.status import EngineStatus
from cammra_edge.engine.timing import StreamTime
from cammra_edge.engine.troubles import PICTURE_KINDS, InputKind, Troubles
from cammra_edge.errors import FrameError, FrameFormatError, OutboxError, ReadError
from cammra_edge.outbox import Erasure, EventQuery
from cammra_edge.retry import NS_PER_S
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Unpack

    from cammra_edge.camera import SourceStatus
    from cammra_edge.clock import Clock
    from cammra_edge.config import SettingsFields
    from cammra_edge.engine.image_encoder import ImageEncoder
    from cammra_edge.imaging import Frame
    from cammra_edge.model import Event, FrameTime, PlateRead
    from cammra_edge.outbox import Erased, EventState, FoundPage, History, HistoryStatus
    from cammra_edge.pulse import Pulse
    from cammra_edge.tracking import TrackEvent

MOST_NESTED = 1
"""How deep a read may observe while it is looked at: one that does so without end must not."""

LIVE_TICK_S = 1.0
"""Longest time between timer checks while a vehicle is open and no frame comes."""


class Engine:
    """Turns frames and plate reads into events, and delivers them.

    Args:
        settings: Everything at once; `None`: the defaults.
        stream_id: Names the stream; `None`: a new name, as a camera takes at every start.
        clock: Where the time comes from.
        image_encoder: Makes JPEGs of NV12 and I420 frames instead of ours, such as a processor's hardware.
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
        image_encoder: ImageEncoder | None = None,
        **fields: Unpack[SettingsFields],
    ) -> None:
        self.settings = replace(settings or Settings(), **fields)
        self.stream_id = stream_id or f"run-{os.urandom(8).hex()}"
        self._clock = clock
        self.image_encoder = image_encoder
        self._tracker = Tracker(self.settings)
        self._encoder = Encoder(self._fire_due)
        # Taken by observe and tick, so that events are queued in the order in which they happen; again by the same
        # thread where looking at a read runs code that observes.
        self._lock = threading.RLock()
        self._run: Run | None = None
        self._socket: LocalSocket | None = None
        self._recent = Recent()
        self._snapshot = Snapshot()
        self.operator = Operator(
            lambda: self._run, lambda: self.settings, self._recent, self._snapshot, clock
        )
        self._troubles = Troubles(clock)
        self._time = StreamTime(clock, self._troubles)
        self._wrong_inputs = 0
        self._nested = 0
        self.is_stuck = False
        """The disk did not answer when it was stopped: threads of it are left, and it should not be started again."""
        # How the source stands; `cammra-edge run` sets it.
        self.source_status: Callable[[], SourceStatus | None] = lambda: None

    # ---- the recogniser's side ---------------------------------------------------------------

    def observe(
        self,
        frame: Frame | None,
        reads: Iterable[PlateRead],
        at: FrameTime,
    ) -> None:
        """Take in one frame and what was read in it.

        Copies the pixels of better shots and returns; the caller may reuse the buffer at once.

        Args:
            frame: A buffer, or a tuple of planes, in the settings' `frame_format`; `None`: no picture.
            reads: What the recogniser saw, one entry per vehicle.
            at: When the frame was taken.
        """
        if self._snapshot.wanted and frame is not None:
            self._snapshot.offer(frame)
        with self._lock:
            if self._nested > MOST_NESTED:
                self._troubles.add(InputKind.READ, "a read that observes while it is looked at")
                return
            self._nested += 1
            try:
                self._observe(frame, reads, self._time.of(at))
            finally:
                self._nested -= 1

    def _observe(self, frame: Frame | None, reads: Iterable[PlateRead], at: FrameTime) -> None:
        try:
            events = self._tracker.observe(frame, reads, at)
        except FrameError as error:
            if isinstance(error, FrameFormatError):
                self._troubles.add(InputKind.FORMAT, str(error), fits=error.fits)
            else:
                self._troubles.add(InputKind.FRAME, str(error))
            events = self._observe_without_frame(reads, at)
        except ReadError as error:
            events = self._after_bad_read(error, at)
        if events:
            self._encoder.append(events)
        if self._tracker.wrong_inputs != self._wrong_inputs:
            self._wrong_inputs = self._tracker.wrong_inputs
            self._troubles.heed(self._tracker.counters())

    def tick(self, at: FrameTime) -> None:
        """Fire the timers that are due at this time, where no frame comes."""
        with self._lock:
            self._encoder.append(self._tracker.tick(at))

    def finish(self) -> None:
        """The stream has ended: every open vehicle says its last words."""
        with self._lock:
            self._encoder.append(self._tracker.finish())

    def wait_for_room(self, events: int = 64) -> None:
        """Wait until fewer events than this are pending. For replays; a camera never waits."""
        self._encoder.wait_until_below(events)

    def _observe_without_frame(self, reads: Iterable[PlateRead], at: FrameTime) -> list[TrackEvent]:
        try:
            return self._tracker.observe(None, reads, at)
        except ReadError as error:
            return self._after_bad_read(error, at)

    def _after_bad_read(self, error: ReadError, at: FrameTime) -> list[TrackEvent]:
        """The tracker has taken in all other reads; its next call returns their events."""
        self._troubles.explain(InputKind.READ, str(error))
        return self._tracker.tick(at)

    def _fire_due(self) -> float | None:
        """Fire due timers of a live stream; returns in how many seconds to look again."""
        if not self._time.live:
            return None
        deadline_ns, now = self._tracker.next_deadline_mono_ns(), self._time.now()
        if now is None or deadline_ns is None:
            # The New of the next vehicle wakes this thread, unless a result delay holds it back.
            return LIVE_TICK_S if self.settings.tracking.result_delay_s else None
        wait_ns = deadline_ns - now.mono_ns
        if wait_ns <= 0:
            self.tick(now)
            return 0.0
        return min(LIVE_TICK_S, wait_ns / NS_PER_S)

    # ---- life --------------------------------------------------------------------------------

    @contextmanager
    def running(self, *, live: bool = True, local_socket: bool = True) -> Iterator[Engine]:
        """Open the outbox, start encoder and workers; at the end store what is pending, and stop.

        Args:
            live: Timers also fire when no frame comes, by the machine's clock, and stopping ends the stream. A
                replay passes `False`: its time is the recording's, and it calls `finish` at the recording's
                end; if stopped earlier, the next start resumes as after a crash.
            local_socket: Listen for the commands of the outbox's owner (`local_socket`).

        Raises:
            OutboxError: The outbox is in use by another process, or of a newer version.
        """
        self.start(live=live, local_socket=local_socket)
        try:
            yield self
        finally:
            self.stop()

    def start(self, *, live: bool = True, local_socket: bool = True) -> None:
        """As `running`, for callers that cannot use `with`."""
        if self._run is not None:
            raise RuntimeError("the engine runs already")
        self._time.begin(live=live)
        run = Run(self.settings.outbox, self.stream_id, self._recent, self.status, self._clock)
        run.writer.door = door_to(self.image_encoder, self._troubles)
        self._run = run
        try:
            run.start(self.settings)
        except BaseException:
            self._run = None
            run.close(*self._bounds())
            raise
        self._recent.remember(run.outbox.history)
        self._encoder.start(run.writer.store, run.writer.follow)
        if local_socket:
            self._socket = LocalSocket(self, self.settings.outbox.path, self._clock)

    def stop(self) -> None:
        """End a live stream, store what is pending, and close the outbox.

        Tries under way get two seconds; then they are broken off, and made again at the next start. A disk that does
        not answer is left alone after ten: it is said, and `is_stuck` is true.
        """
        run = self._run
        if run is None:
            return
        until, patience = self._bounds()
        run.end_sending()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._time.live:
            self.finish()
        is_stored = self._encoder.stop(max(0.0, patience.left_s()))
        self.is_stuck = not run.close(until, patience) or not is_stored
        if self.is_stuck:
            tell_stuck(self._encoder.pending() + run.outbox.status().not_yet_durable)
        self._run = None

    def _bounds(self) -> tuple[Deadline, Deadline]:
        """Until when tries and the disk may take from now."""
        return Deadline(self._clock, GRACE_S), Deadline(self._clock, DISK_S)

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until every event is stored, and every delivery settled or parked.

        Returns:
            False when the time ran out first.
        """
        began_ns = self._clock.mono_ns()
        if not self._encoder.wait_until_below(1, timeout_s):
            return False
        if timeout_s is not None:
            timeout_s -= (self._clock.mono_ns() - began_ns) / NS_PER_S
        return self._run is None or self._run.wait_until_idle(timeout_s)

    @property
    def pulse(self) -> Pulse:
        """The sign of life of the thread that encodes and writes."""
        return self._encoder.pulse

    def apply(self, settings: Settings) -> None:
        """Take over other settings, also while running; no event is lost.

        A profile that changed gets a new worker, which goes on with its backlog at once. Only vehicles whose event
        is being tried wait until that try has ended. The outbox's own settings stay those of the start.

        Raises:
            ConfigError: A setting cannot be used; nothing was taken over.
        """
        with self._lock:
            self._tracker.apply(settings)
            self.settings = settings
        if self._run is not None:
            self._run.apply(settings)
        self._encoder.wake()

    # ---- seeing it ---------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        """A snapshot; cheap enough to take every second."""
        run, local = self._run, self._socket
        counters, troubles = self._tracker.counters(), self._troubles
        return EngineStatus(
            stream_id=self.stream_id,
            running=run is not None,
            frames=counters["frames"],
            reads=counters["reads"] + counters["refused_reads"],
            events=self._recent.counts(),
            unwanted=self._recent.unwanted,
            pending=self._encoder.pending(),
            not_stored=self._encoder.not_stored,
            broken_frames=sum(troubles.count(kind, counters) for kind in PICTURE_KINDS),
            broken_reads=troubles.count(InputKind.READ, counters),
            last_refusal=troubles.latest,
            input_troubles=troubles.status(counters),
            tracker=counters,
            stream=None if run is None else self._time.status(counters["frames"]),
            outbox=None if run is None else run.outbox.status(),
            profiles=() if run is None else run.profiles(),
            keepalive=None if run is None else run.keepalive.status(),
            local_socket="" if local is None else local.path,
            local_socket_trouble="" if local is None else local.trouble,
            source=self.source_status(),
        )

    def recent_events(self) -> tuple[Event, ...]:
        """The latest events, oldest first; also those of earlier runs that the outbox remembers."""
        return self._recent.events()

    def outcomes_of(self, event_ids: Iterable[str]) -> Mapping[str, Mapping[str, EventState]]:
        """How the deliveries of these events stand, by id and profile's key, as far as the outbox tells.

        While the engine does not run: of earlier runs' events, as they stood when it last began.
        """
        run = self._run
        return self._recent.outcomes() if run is None else run.outcomes_of(event_ids)

    # ---- the outbox's memory -----------------------------------------------------------------

    def search(self, query: EventQuery | None = None) -> FoundPage:
        """Events that the outbox remembers, newest first; `None` asks for all, page by page.

        Raises:
            OutboxError: The engine does not run.
        """
        return self._history().search(query or EventQuery())

    def history_image(self, seq: int, image_key: str) -> bytes | None:
        """A picture of an event that was found, as long as it is there.

        Raises:
            OutboxError: The engine does not run.
        """
        return self._history().image(seq, image_key)

    def history_status(self) -> HistoryStatus:
        """How far back the outbox remembers.

        Raises:
            OutboxError: The engine does not run.
        """
        return self._history().status()

    def erase(
        self,
        *,
        plate: str = "",
        before_utc_ns: int | None = None,
        everything: bool = False,
        undelivered: bool = False,
    ) -> Erased:
        """Overwrite text and pictures of events, on the disk and here.

        Args:
            plate: Those with this plate; `*` is any text, `?` one character.
            before_utc_ns: Those before this time.
            everything: All of them.
            undelivered: Also those that wait for a profile or are parked; otherwise they stay, and are counted.

        Raises:
            ConfigError: Not exactly one of the first three is given.
            OutboxError: The engine does not run, or the disk refused.
        """
        what = Erasure(
            plate=plate,
            before_utc_ns=before_utc_ns,
            everything=everything,
            undelivered=undelivered,
        )
        return erase(self._running(), self._recent, what)

    def _history(self) -> History:
        return self._running().outbox.history

    def _running(self) -> Run:
        if self._run is None:
            raise OutboxError("the engine does not run")
        return self._run
