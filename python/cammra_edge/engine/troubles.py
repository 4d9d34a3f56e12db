"""What is wrong with what a recogniser or image encoder hands in: counted by kind, said once for each, and shown.

Nothing here refuses anything: it tells what the engine and the tracker have made of it (the tables at the head of
`rust/cammra-core/src/tracker.rs`). Called under the engine's lock, and only where something is wrong; of `ENCODER` by
the encoder's thread alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cammra_edge.clock import Clock

_log = logging.getLogger(__name__)


class InputKind(StrEnum):
    """What may be wrong."""

    FORMAT = "format"
    FRAME = "frame"
    TIME = "time"
    ORDER = "order"
    READ = "read"
    CONFIDENCE = "confidence"
    BOX = "box"
    TEXT = "text"
    TURNED = "turned"
    ENCODER = "encoder"


PICTURE_KINDS = (InputKind.FRAME, InputKind.FORMAT)
"""The kinds that cost a picture."""


class _Words(NamedTuple):
    what: str
    remedy: str
    counters: tuple[str, ...] = ()
    """The tracker's counters of it."""
    is_once: bool = False
    """It may be as it should, which nobody here can tell: it counts as lately once."""


_WORDS = {
    InputKind.FORMAT: _Words(
        "frames do not fit frame_format, so their events have no picture",
        "set frame_format to the format that the recogniser hands in",
    ),
    InputKind.FRAME: _Words(
        "frames cannot be used, so their events have no picture", "hand in whole frames"
    ),
    InputKind.TIME: _Words(
        "frames have no usable time, so they count as taken when they came",
        "hand in FrameTime(time.monotonic_ns(), time.time_ns()): whole nanoseconds of 64 bits",
        ("refused_times",),
    ),
    InputKind.ORDER: _Words(
        "times of frames go back, so they count as the latest",
        "hand in frames in their order, with a mono_ns that never goes back",
        ("late_frames", "clock_restarts"),
    ),
    InputKind.READ: _Words(
        "reads cannot be used and are left out",
        "hand in a sequence of PlateRead with fields of its types",
        ("refused_reads",),
    ),
    InputKind.CONFIDENCE: _Words(
        "confidences are no numbers from 0 to 1, so their reads count without",
        "hand in fractions: divide percent by 100",
        ("corrected_confidences",),
    ),
    InputKind.BOX: _Words(
        "boxes are empty, no numbers or absurd, so they count as missing",
        "hand in (x, y, width, height) in pixels of the frame",
        ("refused_boxes",),
    ),
    InputKind.TEXT: _Words(
        "texts are longer than any plate and are cut",
        "hand in one plate a read, and attributes of a few words",
        ("cut_texts", "cut_values"),
    ),
    InputKind.TURNED: _Words(
        "frames ask viewers to turn them (EXIF orientation), but are sent, and boxes mean them, as they are stored",
        "let the recogniser decode them as they are stored (OpenCV: IMREAD_COLOR | IMREAD_IGNORE_ORIENTATION), or set"
        " the camera to turn the picture itself",
        ("turned_frames",),
        is_once=True,
    ),
    InputKind.ENCODER: _Words(
        "the script's image encoder fails, so our own makes the image",
        "let it return the JPEG of the box, of its size, as bytes, within half a second",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTrouble:
    """One kind of wrong input.

    Args:
        kind: What it is about.
        count: How often it came.
        what: What is wrong, and what becomes of it, in words.
        why: The latest of it, where more is known.
        remedy: What to do.
        ago_s: How long ago it last came.
        fits: Of `FORMAT`, the formats that the latest frame may have.
    """

    kind: InputKind
    count: int
    what: str
    why: str
    remedy: str
    ago_s: float = 0.0
    fits: tuple[str, ...] = ()


class Troubles:
    """All that has been wrong since the engine was made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[InputKind, int] = {}
        self._whys: dict[InputKind, str] = {}
        self._said: set[InputKind] = set()
        self._heeded: dict[InputKind, int] = {}
        self._came_mono_ns: dict[InputKind, int] = {}
        self._fits: tuple[str, ...] = ()
        self.latest = ""

    def add(self, kind: InputKind, why: str, *, fits: Sequence[str] = ()) -> None:
        """Count one that the tracker does not count."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if kind is InputKind.FORMAT:
            self._fits = tuple(fits)
        self.explain(kind, why)

    def explain(self, kind: InputKind, why: str) -> None:
        """Tell more of one that the tracker counts."""
        self._whys[kind] = self.latest = why
        self._came(kind)

    def heed(self, counters: Mapping[str, int]) -> None:
        """Note what the tracker has counted since it was last heeded."""
        for kind, words in _WORDS.items():
            told = sum(counters[name] for name in words.counters)
            if told > self._heeded.get(kind, 0) and not (words.is_once and kind in self._said):
                self._heeded[kind] = told
                self._came(kind)

    def _came(self, kind: InputKind) -> None:
        self._came_mono_ns[kind] = self._clock.mono_ns()
        self._say(kind)

    def _say(self, kind: InputKind) -> None:
        if kind in self._said:
            return
        self._said.add(kind)
        words = _WORDS[kind]
        why = ": ".join(filter(None, (words.what, self._whys.get(kind, ""))))
        if not self._fits_of(kind):  # else the reason names them
            why += f". {words.remedy}"
        # An error, for a script or a recogniser has to be mended: this is seen without --verbose, too.
        _log.error("wrong input kind=%s why=%s", kind, why)

    def count(self, kind: InputKind, counters: Mapping[str, int]) -> int:
        """How often something of this kind came."""
        told = sum(counters[name] for name in _WORDS[kind].counters)
        return self._counts.get(kind, 0) + told

    def status(self, counters: Mapping[str, int]) -> tuple[InputTrouble, ...]:
        """What has come, by kind."""
        return tuple(
            InputTrouble(
                kind=kind,
                count=count,
                what=words.what,
                why=self._whys.get(kind, ""),
                remedy=self._remedy(kind),
                ago_s=self._ago_s(kind),
                fits=self._fits_of(kind),
            )
            for kind, words in _WORDS.items()
            if (count := self.count(kind, counters))
        )

    def _fits_of(self, kind: InputKind) -> tuple[str, ...]:
        return self._fits if kind is InputKind.FORMAT else ()

    def _remedy(self, kind: InputKind) -> str:
        fits = self._fits_of(kind)
        return f"set frame_format to {' or '.join(fits)}" if fits else _WORDS[kind].remedy

    def _ago_s(self, kind: InputKind) -> float:
        now_mono_ns = self._clock.mono_ns()
        return (now_mono_ns - self._came_mono_ns.get(kind, now_mono_ns)) / NS_PER_S
