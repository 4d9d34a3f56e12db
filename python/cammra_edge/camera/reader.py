"""Keeps the newest picture of a live stream, and opens the stream anew whenever it breaks off.

One thread per source decodes everything (later pictures are made of earlier ones) and lays the newest down; whoever
takes it takes that one, and what nobody took is counted. Held by `tests/camera/test_reader.py`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cammra_edge.camera.rate import Rate
from cammra_edge.camera.status import SourceState, SourceStatus, Trouble
from cammra_edge.camera.timeline import Timeline
from cammra_edge.camera.troubles import StreamError, stream_error
from cammra_edge.model import FrameTime
from cammra_edge.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.camera.picture import Picture, Stream, Taken
    from cammra_edge.clock import Clock

_log = logging.getLogger(__name__)

WAITS_S = (0.1, 0.5, 1.0, 2.0)
"""Waits before the stream is opened again, the last from then on."""
REFUSED_WAIT_S = 30.0
"""Where user or password is wrong: many cameras lock an account after a few tries."""
_REFUSED = frozenset({"unauthorised", "forbidden"})
_STOP_S = 0.2
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Newest:
    """A picture, and when it was taken."""

    picture: Picture
    at: FrameTime
    came_mono_ns: int


class LiveReader:
    """Reads a live stream.

    Args:
        address: As people see it.
        opened: Opens the stream.
        clock: Where the time comes from.
        trusts_camera: Times are the camera's own where it tells them.
    """

    def __init__(
        self,
        address: str,
        opened: Callable[[], Stream],
        clock: Clock,
        *,
        trusts_camera: bool = False,
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._trusts_camera = trusts_camera
        self._timeline = Timeline()
        self._rate = Rate()
        self._changed = threading.Condition()
        self._newest: Newest | None = None
        self.pulse = Pulse(self._wake)
        """That of whoever takes pictures; while there are none, too."""
        # One for each start: a thread that hung when it was stopped must not go on with the next one.
        self._stopping = threading.Event()
        self._is_refused = False
        self._status = SourceStatus(address=address, state=SourceState.IDLE)
        self._thread: threading.Thread | None = None

    # ---- whoever takes pictures --------------------------------------------------------------

    def start(self) -> None:
        """Begin to read."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopping,), name="camera", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it. A read that hangs in the stream ends by itself, within its own time-out."""
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_STOP_S)
        self._tell(state=SourceState.ENDED)

    def take(self, timeout_s: float | None = None) -> Newest | None:
        """Wait for a picture that nobody has taken yet; `None`: it was stopped, or none came in time."""

        def is_over() -> bool:
            self.pulse.beat()
            return self._newest is not None or self._stopping.is_set()

        with self._changed:
            self._changed.wait_for(is_over, timeout_s)
            newest, self._newest = self._newest, None
        if newest is not None:
            lag_ms = (self._clock.mono_ns() - newest.came_mono_ns) / _NS_PER_MS
            self._tell(lag_ms=round(lag_ms, 1))
        return newest

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def status(self) -> SourceStatus:
        """A snapshot."""
        status = self._status
        rate_fps = self._rate.fps(self._clock.mono_ns())
        return replace(status, rate_fps=rate_fps)

    def fail(self, error: StreamError) -> None:
        """What came cannot be used as it was asked for; nor will what comes until the stream is opened anew."""
        self._is_refused = True
        self._trouble(error.trouble)

    # ---- the thread --------------------------------------------------------------------------

    def _run(self, stopping: threading.Event) -> None:
        failures = 0
        while not stopping.is_set():
            before = self._status.pictures
            error = self._read_to_its_end(stopping)
            failures = 1 if self._status.pictures > before else failures + 1
            if stopping.is_set():
                break
            self._trouble(error.trouble)
            stopping.wait(_wait_s(error, failures))
            self._tell(reconnects=self._status.reconnects + 1)

    def _read_to_its_end(self, stopping: threading.Event) -> StreamError:
        """Read until the stream breaks off; returns why."""
        if self._status.trouble is None:
            self._tell(state=SourceState.CONNECTING)
        self._is_refused = False
        self._timeline.begin_anew()
        try:
            with contextlib.closing(self._opened()) as stream:
                self._tell(codec=stream.codec)
                for taken in stream.pictures():
                    if stopping.is_set():
                        break
                    self._lay_down(taken)
        except StreamError as error:
            return error
        except Exception as error:  # noqa: BLE001 - what another's code did not foresee must not end the source
            return stream_error("unknown", type(error).__name__)
        return stream_error("cut")

    def _lay_down(self, taken: Taken | None) -> None:
        if taken is None:
            self._tell(damaged_frames=self._status.damaged_frames + 1)
            return
        came_mono_ns = self._clock.mono_ns()
        at, offset_ms = self._timed(taken, came_mono_ns)
        self._rate.add(came_mono_ns)
        picture = taken.picture
        with self._changed:
            skipped = self._status.skipped_frames + (self._newest is not None)
            self._newest = Newest(picture, at, came_mono_ns)
            self._changed.notify_all()
        self._tell(
            width=picture.width,
            height=picture.height,
            pictures=self._status.pictures + 1,
            skipped_frames=skipped,
            camera_clock_offset_ms=offset_ms,
        )
        if self._status.state is not SourceState.PLAYING and not self._is_refused:
            self._plays()

    def _timed(self, taken: Taken, came_mono_ns: int) -> tuple[FrameTime, float | None]:
        mono_ns = self._timeline.at(taken.stream_ns, came_mono_ns)
        utc_ns = self._clock.utc_ns() - (came_mono_ns - mono_ns)
        camera_utc_ns = taken.camera_utc_ns
        if camera_utc_ns is None:
            return FrameTime(mono_ns, utc_ns), None
        offset_ms = round((camera_utc_ns - utc_ns) / _NS_PER_MS, 1)
        return FrameTime(mono_ns, camera_utc_ns if self._trusts_camera else utc_ns), offset_ms

    def _plays(self) -> None:
        if self._status.trouble is not None:
            source = self._status.address
            _log.warning("source=%s pictures come again", source)
        self._tell(state=SourceState.PLAYING, trouble=None)

    def _trouble(self, trouble: Trouble) -> None:
        """Said once for each kind, until pictures come again."""
        before = self._status.trouble
        if before is None or before.kind != trouble.kind:
            source, why = self._status.address, str(trouble)
            _log.warning("source=%s kind=%s why=%r", source, trouble.kind, why)
        self._tell(state=SourceState.LOST, trouble=trouble)

    def _tell(self, **changes: object) -> None:
        with self._changed:
            self._status = replace(self._status, **changes)  # type: ignore[arg-type]  # fields of it, by name


def _wait_s(error: StreamError, failures: int) -> float:
    if error.lasts or error.trouble.kind in _REFUSED:
        return REFUSED_WAIT_S
    return WAITS_S[min(failures, len(WAITS_S)) - 1]
