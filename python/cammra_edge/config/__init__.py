"""Settings of the whole engine: parsed once, checked once, frozen.

A script builds them from Python values; the page lays saved fields over them (`web`). After this
module nobody sees a dict.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Sequence  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from cammra_edge.config.lists import PlateList, check_lists
from cammra_edge.errors import ConfigError
from cammra_edge.limits import bounded, check_bounds
from cammra_edge.model import Device, FrameFormat
from cammra_edge.profile import Keepalive, Profile

PROFILES_ON_THE_PAGE = 3
MIN_CORNERS = 3
MAX_CORNERS = 32
SHORTEST_ARROW = 0.01


def env(name: str) -> str:
    """A secret from the environment.

    Raises:
        ConfigError: The variable is not set.
    """
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(f"env({name!r})", None, f"the environment variable {name} to be set")
    return value


def secret_file(path: str | Path) -> str:
    """A secret from a file, without the line end.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"secret_file({str(path)!r})", type(error).__name__, "a readable text file"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region of interest and the arrow that says which way is in.

    Points are fractions of the frame, `(0, 0)` top left and `(1, 1)` bottom right, so that they survive a
    change of resolution.
    """

    roi_id: int = 1
    polygon: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    arrow: tuple[tuple[float, float], tuple[float, float]] = ((0.5, 0.0), (0.5, 1.0))

    def __post_init__(self) -> None:
        if self.roi_id not in {1, 2}:
            raise ConfigError("roi_id", self.roi_id, "1 or 2, as the wire knows them")
        if not MIN_CORNERS <= len(self.polygon) <= MAX_CORNERS:
            raise ConfigError(
                "polygon", f"{len(self.polygon)} corners", f"{MIN_CORNERS} to {MAX_CORNERS} corners"
            )
        if any(not 0.0 <= part <= 1.0 for point in (*self.polygon, *self.arrow) for part in point):
            raise ConfigError(
                "polygon", "a point outside the frame", "every point as fractions from 0 to 1"
            )
        if math.dist(*self.arrow) < SHORTEST_ARROW:
            raise ConfigError(
                "arrow", "too short", f"an arrow at least {SHORTEST_ARROW:g} of the frame long"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingSettings:
    """When a vehicle says what. Times are frame time.

    Args:
        result_delay_s: How long New waits and gathers reads after the first.
        reliable_reads: Reads equal to the reported text that make it reliable,
        reliable_confidence: and their mean confidence,
        reliable_after_s: or this long after the first read.
        change_reads: A change counts at this many agreeing reads,
        change_after_s: or at the first agreeing read this long after it appeared.
        lost_after_s: Not read inside a region for more than this.
        min_confidence: Reads below are not taken in.
        direction_travel: How far along the arrow, as a fraction of the frame's diagonal, tells the direction where the
            recogniser gives none; five times as far back tells that the vehicle has turned round.
        vehicles_without_plate: Report vehicles whose plate was never read.
        regions: Where reads count; empty is the whole frame, arrow down.
        max_tracks: More vehicles at once evict the one not read for longest.
        shots_per_track: Candidate texts of one vehicle whose best picture is kept.
        shot_budget_bytes: Pixels kept for all vehicles together.
    """

    result_delay_s: float = bounded(0.0, 0.0, 60.0)
    reliable_reads: int = bounded(3, 1, 100)
    reliable_confidence: float = bounded(0.8, 0.0, 1.0)
    reliable_after_s: float = bounded(1.0, 0.0, 60.0)
    change_reads: int = bounded(3, 1, 100)
    change_after_s: float = bounded(0.150, 0.0, 60.0)
    lost_after_s: float = bounded(10.0, 0.1, 3600.0)
    min_confidence: float = bounded(0.0, 0.0, 1.0)
    direction_travel: float = bounded(0.01, 0.0, 1.0)
    vehicles_without_plate: bool = False
    regions: Sequence[Region] = ()
    max_tracks: int = bounded(256, 1, 10_000)
    shots_per_track: int = bounded(3, 1, 16)
    shot_budget_bytes: int = bounded(64 << 20, 1 << 20, 1 << 32)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """Where events wait, how safely, and how many.

    `durability` is `power` (an event counts as stored after the flush) or `process` (survives a crash of the
    process, not of the power).

    Args:
        path: The database; a lock file and a few small helpers lie beside it.
        durability: As above.
        max_bytes: Events and images of all profiles together.
        max_events: Events of all profiles together.
        max_age_s: An event not delivered after so much running time expires.
        known_events: Event ids and vehicle numbers remembered, so that a replay adds nothing twice.
        memory_bytes: Events and images kept in memory while the disk takes none.
        trust_clock: The wall clock is right at start, so time switched off counts into ages.
    """

    path: Path = Path("cammra-outbox.sqlite3")
    durability: str = "power"
    max_bytes: int = bounded(512 << 20, 1 << 20, 1 << 40)
    max_events: int = bounded(100_000, 1, 10_000_000)
    max_age_s: float = bounded(7 * 86_400.0, 1.0, 10 * 365 * 86_400.0)
    known_events: int = bounded(200_000, 1_000, 100_000_000)
    memory_bytes: int = bounded(32 << 20, 1 << 20, 1 << 32)
    trust_clock: bool = False

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.durability not in {"power", "process"}:
            raise ConfigError("durability", self.durability, "power or process")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the engine needs to know.

    `locked` names the fields that the page must leave as the script has them: `lost_after_s` wherever it
    stands, `tracking.lost_after_s` or `profiles[barrier].server_url` only there.
    """

    device: Device = field(default_factory=Device)
    profiles: Sequence[Profile] = ()
    frame_format: FrameFormat = FrameFormat.RGB8
    frame_size: tuple[int, int] | None = None
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    plate_lists: Sequence[PlateList] = ()
    keepalive: Keepalive = field(default_factory=Keepalive)
    network_mode: str = "https"
    max_profiles: int = PROFILES_ON_THE_PAGE
    locked: Collection[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiles", tuple(self.profiles))
        object.__setattr__(self, "frame_format", FrameFormat(self.frame_format))
        object.__setattr__(self, "locked", frozenset(self.locked))
        if len(self.profiles) > self.max_profiles:
            raise ConfigError(
                "profiles",
                f"{len(self.profiles)} profiles",
                f"at most {self.max_profiles}, or a larger max_profiles",
            )
        names = [profile.name for profile in self.profiles]
        if len(set(names)) != len(names):
            raise ConfigError("profiles", names, "a name of its own for each profile")
        keys = [profile.key for profile in self.profiles]
        if len(set(keys)) != len(keys):
            raise ConfigError("profiles", keys, "a key of its own for each profile")
        check_lists(self.plate_lists, "plate_lists")
        if self.network_mode not in {"http", "https"}:
            raise ConfigError("network_mode", self.network_mode, "http or https")


class SettingsFields(TypedDict, total=False):
    """The fields of `Settings` as keyword arguments, each of them optional."""

    device: Device
    profiles: Sequence[Profile]
    frame_format: FrameFormat
    frame_size: tuple[int, int] | None
    tracking: TrackingSettings
    outbox: OutboxSettings
    plate_lists: Sequence[PlateList]
    keepalive: Keepalive
    network_mode: str
    max_profiles: int
    locked: Collection[str]
