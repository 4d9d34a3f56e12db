"""Settings of the whole engine: read once, checked once, frozen.

A script makes them of Python values; the page lays saved fields over them (`config.drafting`). Past this room nobody
sees a dict.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Sequence
from dataclasses import KW_ONLY
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypedDict

from cammra_edge.checks import items, maybe, number, path, row_of, set_of, text, whole
from cammra_edge.config.channel import channel_of
from cammra_edge.config.lists import MAX_LISTS, PlateList, check_lists
from cammra_edge.config.wants import ConfigWant
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, Taken, record, setting, settings
from cammra_edge.model import (
    Device,
    FrameFormat,
    FrameFormatWord,
    ImageKind,
    ImageSpec,
    ImageWord,
)
from cammra_edge.profile import Keepalive, NetworkMode, NetworkModeWord, Profile
from cammra_edge.profile.wants import ProfileWant

PROFILES_ON_THE_PAGE = 3
SHORTEST_ARROW = 0.01
_FRACTION = number(0, 1)
_POINT = row_of(_FRACTION, 2, ConfigWant.POINT())
_TIMER_S = number(0, 60)


def env(name: str) -> str:
    """A secret from the environment.

    Raises:
        ConfigError: The variable is not set.
    """
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(f"env({name!r})", None, ConfigWant.ENVIRONMENT_VARIABLE(name=name))
    return value


def secret_file(path: str | Path) -> str:
    """A secret from a file, without the line break at its end.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"secret_file({str(path)!r})", type(error).__name__, ConfigWant.READABLE_FILE()
        ) from error


Point = tuple[float, float]


@settings
class Region(Checked):
    """A region of interest, with the arrow that says which way is in.

    Points are fractions of the frame, `(0, 0)` top left and `(1, 1)` bottom right, so they fit any resolution.

    Args:
        roi_id: Its number on the wire, 1 or 2.
        polygon: Its corners.
        arrow: Tail and head of the arrow.
    """

    _: KW_ONLY
    roi_id: int = setting(1, whole(1, 2))
    polygon: Taken[tuple[Point, ...], Sequence[Point]] = setting(
        ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), items(_POINT, least=3, most=32)
    )
    arrow: tuple[Point, Point] = setting(
        ((0.5, 0.0), (0.5, 1.0)), row_of(_POINT, 2, ConfigWant.TWO_POINTS())
    )

    def _agree(self) -> None:
        if math.dist(*self.arrow) < SHORTEST_ARROW:
            want = ConfigWant.ARROW_AT_LEAST(least=f"{SHORTEST_ARROW:g}")
            raise ConfigError("arrow", "too short", want)


@settings
class TrackingSettings(Checked):
    """When a vehicle says what. Times are frame time.

    Args:
        result_delay_s: How long New waits after the first read, to gather more.
        reliable_reads: Reliable needs this many reads equal to the reported text,
        reliable_support: with this share of the weight of all reads behind it, five times as much as for the next text,
        reliable_confidence: and this confidence;
        reliable_after_s: or this long since the first read
        reliable_plate_height: whose plate was at least this many pixels high; 0 for any.
        change_reads: A change counts after this many agreeing reads,
        change_after_s: or at the first agreeing read this long after it appeared.
        update_interval_s: After an Update, changes wait this long and go as one.
        takeover_reads: So many reads that agree on a plate far from the reported one are another vehicle; 0 for never.
        relink: Let a new track that begins where a vehicle was lost continue that vehicle.
        lost_after_s: A vehicle that was neither read nor seen inside a region for longer than this is Lost.
        longest_stay_s: A vehicle that stays for longer than this is Lost, too; 0 for never.
        min_confidence: Reads with less are ignored.
        direction_travel: How far a vehicle must move along the arrow to tell its direction if the recogniser gives
            none, as a fraction of the frame's diagonal; moving back five times as far means that it has turned round.
        vehicles_without_plate: Report vehicles whose plate was never read.
        regions: Where reads count; empty for the whole frame with the arrow pointing down.
        max_tracks: Vehicles at once; one more evicts the one not there for longest.
        shots_per_track: Texts of one vehicle, besides those that were reported, for which the best shot is kept.
        shot_budget_bytes: Bytes of pixels kept for all vehicles together.
        plate_margin: Room around the plate's box in a license plate crop, as a fraction of its width and height on each
            side; the frame's edge cuts it off.
    """

    _: KW_ONLY
    result_delay_s: float = setting(0.0, _TIMER_S)
    reliable_reads: int = setting(3, whole(1, 100))
    reliable_support: float = setting(0.5, _FRACTION)
    reliable_confidence: float = setting(0.0, _FRACTION)
    reliable_after_s: float = setting(1.0, _TIMER_S)
    reliable_plate_height: float = setting(0.0, number(0, 1000))
    change_reads: int = setting(3, whole(1, 100))
    change_after_s: float = setting(0.150, _TIMER_S)
    update_interval_s: float = setting(0.25, _TIMER_S)
    takeover_reads: int = setting(3, whole(0, 100))
    relink: bool = True
    lost_after_s: float = setting(10.0, number(0.1, 3600))
    longest_stay_s: float = setting(0.0, number(0, 7 * 86_400))
    min_confidence: float = setting(0.0, _FRACTION)
    direction_travel: float = setting(0.01, _FRACTION)
    vehicles_without_plate: bool = False
    regions: Taken[tuple[Region, ...], Sequence[Region]] = setting((), items(record(Region)))
    max_tracks: int = setting(256, whole(1, 10_000))
    shots_per_track: int = setting(3, whole(1, 16))
    shot_budget_bytes: int = setting(64 << 20, whole(1 << 20, 1 << 32))
    plate_margin: float = setting(0.08, _FRACTION)


class Durability(StrEnum):
    """What a stored event survives: a power cut, or only a crash of the process."""

    POWER = "power"
    PROCESS = "process"


DurabilityWord = Literal["power", "process"]


@settings
class OutboxSettings(Checked):
    """Where events wait, how safely, and how many.

    Args:
        path: The folder that holds the log of events, open to its owner only.
        durability: What a stored event survives: `power` flushes the disk before an event counts as stored, `process`
            leaves that to the operating system.
        max_bytes: Bytes of events and images of all profiles together.
        max_events: Events of all profiles together.
        max_age_s: Running time after which an event that is not delivered expires.
        known_events: Event ids and vehicle numbers remembered, so that a replay adds nothing twice.
        memory_bytes: Bytes of events and images kept in memory while the disk takes none.
        trust_clock: The wall clock is right at start, so time spent switched off counts as age.
        history_days: How long events are remembered after they are settled; 0: not at all.
        history_bytes: Bytes of files that remembering may take; 0: none.
        history_image: The picture that is remembered of each event, also of one that no profile wants; `None`: what the
            profiles asked for, as long as it is there.
    """

    _: KW_ONLY
    path: Taken[Path, Path | str] = setting(Path("cammra-outbox"), path())
    durability: Taken[Durability, Durability | DurabilityWord] = setting(Durability.POWER)
    max_bytes: int = setting(512 << 20, whole(1 << 20, 1 << 40))
    max_events: int = setting(100_000, whole(1, 10_000_000))
    max_age_s: float = setting(7 * 86_400.0, number(1, 10 * 365 * 86_400))
    known_events: int = setting(200_000, whole(1_000, 100_000_000))
    memory_bytes: int = setting(32 << 20, whole(1 << 20, 1 << 32))
    trust_clock: bool = False
    history_days: float = setting(7.0, number(0, 3650))
    history_bytes: int = setting(128 << 20, whole(0, 1 << 40))
    history_image: Taken[ImageKind | None, ImageKind | ImageWord | None] = setting(
        ImageKind.PLATE_CROP
    )

    @property
    def own_image(self) -> ImageSpec | None:
        """What is remembered of each event, whoever wants it; `None` where nothing is remembered, or no picture."""
        if self.history_image is None or not self.history_days or not self.history_bytes:
            return None
        return ImageSpec(kind=self.history_image)


@settings
class Settings(Checked):
    """Everything the engine needs to know.

    Args:
        device: The camera itself.
        profiles: Where events go.
        frame_format: The format of the frames.
        frame_size: Width and height of the frames, for reads that come without one.
        tracking: When a vehicle says what.
        outbox: Where events wait.
        plate_lists: Known plates.
        keepalive: The "still here" of this camera.
        network_mode: The scheme of a URL that has none.
        max_profiles: Most profiles.
        locked: The fields that the page may not change: `lost_after_s` wherever there is one, or in one place,
            `tracking.lost_after_s` or `profiles[barrier].server_url`.
        deny_local: Send nothing to this machine itself or its link, whatever name or address leads there.
        open_metrics: Whoever reaches the page may read `/metrics`, without a token.
        libjpeg_turbo: Encode every image with libjpeg-turbo, also those for which there is a faster encoder. The bytes
            are the same.
    """

    _: KW_ONLY
    device: Device = Device()
    profiles: Taken[tuple[Profile, ...], Sequence[Profile]] = setting((), items(record(Profile)))
    frame_format: Taken[FrameFormat, FrameFormat | FrameFormatWord] = setting(FrameFormat.RGB8)
    frame_size: tuple[int, int] | None = setting(
        None, maybe(row_of(whole(1, 65_535), 2, ProfileWant.WIDTH_AND_HEIGHT()))
    )
    tracking: TrackingSettings = TrackingSettings()
    outbox: OutboxSettings = OutboxSettings()
    plate_lists: Taken[tuple[PlateList, ...], Sequence[PlateList]] = setting(
        (), items(record(PlateList), most=MAX_LISTS)
    )
    keepalive: Keepalive = Keepalive()
    network_mode: Taken[NetworkMode, NetworkMode | NetworkModeWord] = setting(NetworkMode.HTTPS)
    max_profiles: int = setting(PROFILES_ON_THE_PAGE, whole(0, 1000))
    locked: Taken[frozenset[str], Collection[str]] = setting(frozenset(), set_of(text(least=1)))
    deny_local: bool = False
    open_metrics: bool = False
    libjpeg_turbo: bool = False

    def _agree(self) -> None:
        if len(self.profiles) > self.max_profiles:
            raise ConfigError(
                "profiles",
                f"{len(self.profiles)} profiles",
                ConfigWant.PROFILES_AT_MOST(most=self.max_profiles),
            )
        for field in ("name", "key"):
            values: list[str] = [getattr(profile, field) for profile in self.profiles]
            if len(set(values)) != len(values):
                want = ConfigWant.EACH_ITS_OWN(field=field)
                raise ConfigError("profiles", ", ".join(values), want)
        check_lists(self.plate_lists, "plate_lists")
        channel_of(self.profiles)
        mode = self.network_mode
        self._put("profiles", tuple(profile.over(mode) for profile in self.profiles))
        self._put("keepalive", self.keepalive.over(mode))


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
    deny_local: bool
    open_metrics: bool
    libjpeg_turbo: bool
