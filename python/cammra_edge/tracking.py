"""The tracking door: reads of one stream in, what its vehicles say out.

The rules are in Rust (`rust/cammra-core/src/tracker.rs`); it takes the settings and the images that are wanted.

Invariants, held by `tests/native/test_tracking*.py`:

1. The same calls give the same events, byte for byte.
2. `FrameError` means that nothing was taken in: hand in the reads again without the frame.
3. `ReadError` means that every other read was taken in; the events of that call come first at the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge import _native
from cammra_edge._native import Shot, TrackEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.config import Settings
    from cammra_edge.model import FrameTime, ImageSpec, PlateRead

__all__ = ["Shot", "TrackEvent", "Tracker"]


class Tracker:
    """All vehicles of one stream.

    One thread observes and ticks; a second thread waits its turn.

    Args:
        settings: When a vehicle says what, how frames are to be read, and which images are wanted.
    """

    def __init__(self, settings: Settings) -> None:
        self._native = _native.Tracker(settings, _specs_of(settings))

    def observe(
        self,
        frame: _native._Frame | None,
        reads: Iterable[PlateRead],
        at: FrameTime,
    ) -> list[TrackEvent]:
        """Take in one frame's reads, after the timers that were due before it.

        Args:
            frame: In the settings' frame format; `None` for reads without a picture. The pixels must not change until
                the call returns; those of better shots are copied.
            reads: What was seen, one entry per vehicle.
            at: When the frame was taken; what is no usable time is counted and taken as the latest.

        Raises:
            FrameError: The frame cannot be used; nothing was taken in.
            ReadError: A read's field has the wrong type, or `reads` are none; all other reads were taken in.
        """
        return self._native.observe(frame, reads, at)

    def tick(self, at: FrameTime) -> list[TrackEvent]:
        """Fire the due timers when no frame comes."""
        return self._native.tick(at)

    def finish(self) -> list[TrackEvent]:
        """End the stream: every open vehicle says Reliable (if it has not) and Lost."""
        return self._native.finish()

    def next_deadline_mono_ns(self) -> int | None:
        """When the next timer is due, by the clock of the frames; `None` when no vehicle is open."""
        return self._native.next_deadline_mono_ns()

    def apply(self, settings: Settings) -> None:
        """Take over other settings; open vehicles go on under them."""
        self._native.retune(settings, _specs_of(settings))

    @property
    def wrong_inputs(self) -> int:
        """How many times, reads, confidences, boxes and texts were refused or corrected; cheaper than the counters."""
        return self._native.wrong_inputs

    def counters(self) -> dict[str, int]:
        """What was refused, corrected, evicted or dropped, by name; and `open_tracks`, `shot_bytes`."""
        return self._native.counters()


def _specs_of(settings: Settings) -> list[ImageSpec]:
    profiles = (profile for profile in settings.profiles if profile.enabled)
    specs = [spec for profile in profiles for spec in profile.image_specs()]
    own = settings.outbox.own_image
    return specs if own is None else [*specs, own]
