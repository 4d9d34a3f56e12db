"""How a source stands: one frozen value, for the status, the page and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cammra_edge.phrases import Phrase, Said


class SourceWhy(Phrase):
    """How the trouble of a source is told."""

    WITH_DETAIL = "{what} ({detail})"


class SourceState(StrEnum):
    """What a source is doing."""

    IDLE = "idle"
    CONNECTING = "connecting"
    PLAYING = "playing"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why no picture comes.

    Args:
        kind: One word for programs.
        what: What happened.
        remedy: What the installer can do.
        detail: Words of the camera or a library, without user, password or token of the address.
    """

    kind: str
    what: Said
    remedy: Said
    detail: str = ""

    @property
    def why(self) -> Said:
        """What happened, with the detail where there is one."""
        if not self.detail:
            return self.what
        return SourceWhy.WITH_DETAIL(what=self.what, detail=self.detail)

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.why}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """A snapshot; counters count since the source was made.

    Args:
        address: Where the pictures come from, secrets masked.
        state: What it is doing.
        width: Of the last picture in pixels; 0 before the first.
        height: As `width`.
        codec: As the stream names it.
        rate_fps: Pictures a second, measured over the last ones.
        pictures: Pictures that came.
        skipped_frames: Pictures that the recogniser could not take, as newer ones had come.
        damaged_frames: Pictures that could not be decoded.
        reconnects: How often the stream was opened anew.
        lag_ms: Age of the last picture when the recogniser took it.
        recognitions: Pictures that the recogniser was given.
        recogniser_s: How long it took for all of them.
        recogniser_errors: How many of them it raised for, and so read nothing in.
        camera_clock_offset_ms: The camera's clock by the machine's, where it tells it; `None`: not known.
        trouble: Why no picture comes; `None` while they do.
    """

    address: str
    state: SourceState
    width: int = 0
    height: int = 0
    codec: str = ""
    rate_fps: float = 0.0
    pictures: int = 0
    skipped_frames: int = 0
    damaged_frames: int = 0
    reconnects: int = 0
    lag_ms: float = 0.0
    recognitions: int = 0
    recogniser_s: float = 0.0
    recogniser_errors: int = 0
    camera_clock_offset_ms: float | None = None
    trouble: Trouble | None = None
