"""Settings of the whole engine: parsed once, checked once, frozen.

A script builds them from Python values; the page lays saved fields over them (`web`). After this
module nobody sees a dict.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Sequence
from dataclasses import KW_ONLY
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypedDict

from cammra_edge.checks import (
    Checked,
    Taken,
    items,
    maybe,
    number,
    path,
    record,
    row_of,
    set_of,
    setting,
    settings,
    text,
    whole,
)
from cammra_edge.config.lists import PlateList, check_lists
from cammra_edge.errors import ConfigError
from cammra_edge.model import Device, FrameFormat, FrameFormatWord
from cammra_edge.profile import Keepalive, NetworkMode, NetworkModeWord, Profile

PROFILES_ON_THE_PAGE = 3
SHORTEST_ARROW = 0.01
_FRACTION = number(0, 1)
_POINT = row_of(_FRACTION, 2, "(x, y)")
_TIMER_S = number(0, 60)


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


Point = tuple[float, float]


@settings
class Region(Checked):
    """A region of interest and the arrow that says which way is in.

    Points are fractions of the frame, `(0, 0)` top left and `(1, 1)` bottom right, so that they survive a
    change of resolution.

    Args:
        roi_id: 1 or 2, as the wire knows them.
        polygon: Its corners.
        arrow: Tail and head.
    """

    _: KW_ONLY
    roi_id: int = setting(1, whole(1, 2))
    polygon: Taken[tuple[Point, ...], Sequence[Point]] = setting(
        ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), items(_POINT, least=3, most=32)
    )
    arrow: tuple[Point, Point] = setting(
        ((0.5, 0.0), (0.5, 1.0)), row_of(_POINT, 2, "two points: tail and head")
    )

    def _agree(self) -> None:
        if math.dist(*self.arrow) < SHORTEST_ARROW:
            want = f"an arrow at least {SHORTEST_ARROW:g} of the frame long"
            raise ConfigError("arrow", "too short", want)


@settings
class TrackingSettings(Checked):
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

    _: KW_ONLY
    result_delay_s: float = setting(0.0, _TIMER_S)
    reliable_reads: int = setting(3, whole(1, 100))
    reliable_confidence: float = setting(0.8, _FRACTION)
    reliable_after_s: float = setting(1.0, _TIMER_S)
    change_reads: int = setting(3, whole(1, 100))
    change_after_s: float = setting(0.150, _TIMER_S)
    lost_after_s: float = setting(10.0, number(0.1, 3600))
    min_confidence: float = setting(0.0, _FRACTION)
    direction_travel: float = setting(0.01, _FRACTION)
    vehicles_without_plate: bool = False
    regions: Taken[tuple[Region, ...], Sequence[Region]] = setting((), items(record(Region)))
    max_tracks: int = setting(256, whole(1, 10_000))
    shots_per_track: int = setting(3, whole(1, 16))
    shot_budget_bytes: int = setting(64 << 20, whole(1 << 20, 1 << 32))


class Durability(StrEnum):
    """What a stored event survives."""

    POWER = "power"
    PROCESS = "process"


DurabilityWord = Literal["power", "process"]


@settings
class OutboxSettings(Checked):
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

    _: KW_ONLY
    path: Taken[Path, Path | str] = setting(Path("cammra-outbox.sqlite3"), path())
    durability: Taken[Durability, Durability | DurabilityWord] = setting(Durability.POWER)
    max_bytes: int = setting(512 << 20, whole(1 << 20, 1 << 40))
    max_events: int = setting(100_000, whole(1, 10_000_000))
    max_age_s: float = setting(7 * 86_400.0, number(1, 10 * 365 * 86_400))
    known_events: int = setting(200_000, whole(1_000, 100_000_000))
    memory_bytes: int = setting(32 << 20, whole(1 << 20, 1 << 32))
    trust_clock: bool = False


@settings
class Settings(Checked):
    """Everything the engine needs to know.

    Args:
        device: The camera itself.
        profiles: Where events go.
        frame_format: How the bytes of a frame are to be read.
        frame_size: Of the frames, `(width, height)`, for reads that come without one.
        tracking: When a vehicle says what.
        outbox: Where events wait.
        plate_lists: Known plates.
        keepalive: The sign of life.
        network_mode: What a URL without a scheme means.
        max_profiles: More are refused.
        locked: The fields that the page must leave as the script has them: `lost_after_s` wherever it stands,
            `tracking.lost_after_s` or `profiles[barrier].server_url` only there.
    """

    _: KW_ONLY
    device: Device = Device()
    profiles: Taken[tuple[Profile, ...], Sequence[Profile]] = setting((), items(record(Profile)))
    frame_format: Taken[FrameFormat, FrameFormat | FrameFormatWord] = setting(FrameFormat.RGB8)
    frame_size: tuple[int, int] | None = setting(
        None, maybe(row_of(whole(1, 65_535), 2, "(width, height)"))
    )
    tracking: TrackingSettings = TrackingSettings()
    outbox: OutboxSettings = OutboxSettings()
    plate_lists: Taken[tuple[PlateList, ...], Sequence[PlateList]] = setting(
        (), items(record(PlateList))
    )
    keepalive: Keepalive = Keepalive()
    network_mode: Taken[NetworkMode, NetworkMode | NetworkModeWord] = setting(NetworkMode.HTTPS)
    max_profiles: int = setting(PROFILES_ON_THE_PAGE, whole(0, 1000))
    locked: Taken[frozenset[str], Collection[str]] = setting(frozenset(), set_of(text(least=1)))

    def _agree(self) -> None:
        if len(self.profiles) > self.max_profiles:
            raise ConfigError(
                "profiles",
                f"{len(self.profiles)} profiles",
                f"at most {self.max_profiles}, or a larger max_profiles",
            )
        for field in ("name", "key"):
            known: list[str] = [getattr(profile, field) for profile in self.profiles]
            if len(set(known)) != len(known):
                raise ConfigError("profiles", ", ".join(known), f"a {field} of its own for each")
        check_lists(self.plate_lists, "plate_lists")
        self._put("profiles", tuple(one.over(self.network_mode) for one in self.profiles))
        self._put("keepalive", self.keepalive.over(self.network_mode))


class SettingsFields(TypedDict, total=False):
    """The fields of `Settings` as keyword arguments, each of them optional."""

    device: Device
    profiles: Sequence[Profile]
    frame_format: FrameFormat | FrameFormatWord
    frame_size: tuple[int, int] | None
    tracking: TrackingSettings
    outbox: OutboxSettings
    plate_lists: Sequence[PlateList]
    keepalive: Keepalive
    network_mode: NetworkMode | NetworkModeWord
    max_profiles: int
    locked: Collection[str]
