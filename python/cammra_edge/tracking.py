"""The tracking door: reads of one stream in, what its vehicles say out.

The rules live in Rust (`rust/cammra-core/src/tracker.rs`); this turns settings into the plain values it
takes and the profiles' wishes into what a best shot must keep.

Invariants, held by `tests/native/test_tracking*.py`:

1. The same calls make the same events, byte for byte.
2. `FrameError` means that nothing was taken in: hand the reads in again without the frame.
3. `ReadError` means that every other read was taken in; what they made happen comes first at the next call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cammra_edge import _native
from cammra_edge._native import Shot, TrackEvent
from cammra_edge.model import ImageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cammra_edge.config import Settings, TrackingSettings
    from cammra_edge.model import FrameTime, ImageSpec, PlateRead

__all__ = ["Shot", "TrackEvent", "Tracker", "wishes_from"]


class Tracker:
    """All vehicles of one stream.

    One thread observes and ticks; a second one waits its turn.

    Args:
        settings: When a vehicle says what, how frames are to be read, and which images the profiles want.

    Raises:
        ConfigError: A setting is out of range; names it.
    """

    def __init__(self, settings: Settings) -> None:
        self._frame_format = str(settings.frame_format)
        self._native = _native.Tracker(
            _rules_from(settings.tracking, settings.frame_size), wishes_from(_specs_of(settings))
        )

    def observe(
        self,
        frame: _native._Frame | None,
        reads: Sequence[PlateRead],
        at: FrameTime,
    ) -> list[TrackEvent]:
        """Take one frame's reads in, after the timers that were due before it.

        Args:
            frame: In the settings' frame format; `None` for reads without a picture. The pixels must not change
                until the call returns; those of better shots are copied.
            reads: What was seen, one entry per vehicle.
            at: When the frame was taken.

        Raises:
            FrameError: The frame cannot be used; nothing was taken in.
            ReadError: A read's field has the wrong type; all other reads were taken in.
        """
        return self._native.observe(frame, self._frame_format, reads, at.mono_ns, at.utc_ns)

    def tick(self, at: FrameTime) -> list[TrackEvent]:
        """Fire the timers that are due, when no frame comes."""
        return self._native.tick(at.mono_ns, at.utc_ns)

    def finish(self) -> list[TrackEvent]:
        """The stream ends: every open vehicle says Reliable (if it has not) and Lost."""
        return self._native.finish()

    def next_deadline_mono_ns(self) -> int | None:
        """When the next timer is due, by the clock of the frames; `None` when no vehicle is open."""
        return self._native.next_deadline_mono_ns()

    def apply(self, settings: Settings) -> None:
        """Take over other settings and wishes; open vehicles go on under them.

        Raises:
            ConfigError: A setting is out of range; then the old ones stay.
        """
        self._native.retune(
            _rules_from(settings.tracking, settings.frame_size), wishes_from(_specs_of(settings))
        )
        self._frame_format = str(settings.frame_format)

    def counters(self) -> dict[str, int]:
        """What was refused, corrected, evicted or dropped, by name; and `open_tracks`, `shot_bytes`."""
        return self._native.counters()


def _specs_of(settings: Settings) -> list[ImageSpec]:
    profiles = (profile for profile in settings.profiles if profile.enabled)
    return [spec for profile in profiles for spec in profile.image_specs()]


def _rules_from(tracking: TrackingSettings, frame_size: tuple[int, int] | None) -> dict[str, Any]:
    return {
        "result_delay_s": tracking.result_delay_s,
        "reliable_reads": tracking.reliable_reads,
        "reliable_confidence": tracking.reliable_confidence,
        "reliable_after_s": tracking.reliable_after_s,
        "change_reads": tracking.change_reads,
        "change_after_s": tracking.change_after_s,
        "lost_after_s": tracking.lost_after_s,
        "min_confidence": tracking.min_confidence,
        "direction_travel": tracking.direction_travel,
        "vehicles_without_plate": tracking.vehicles_without_plate,
        "regions": [(region.roi_id, region.polygon, region.arrow) for region in tracking.regions],
        "max_tracks": tracking.max_tracks,
        "shots_per_track": tracking.shots_per_track,
        "shot_budget_bytes": tracking.shot_budget_bytes,
        "frame_size": frame_size,
    }


def wishes_from(specs: Iterable[ImageSpec]) -> dict[str, Any]:
    """What a shot must keep so that every wish can be met; of several downsized frames the largest."""
    specs = tuple(specs)
    kinds = {spec.kind for spec in specs}
    fits = [spec.fit for spec in specs if spec.kind is ImageKind.DOWNSIZED_FRAME and spec.fit]
    largest = (max(width for width, _ in fits), max(height for _, height in fits)) if fits else None
    return {
        "vehicle_crop": ImageKind.VEHICLE_CROP in kinds,
        "plate_crop": ImageKind.PLATE_CROP in kinds,
        "full_frame": ImageKind.FULL_FRAME in kinds,
        "downsized_into": largest,
    }
