"""One destination, in the page's words and order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, Self

from cammra_edge.checks import (
    Check,
    Want,
    choice,
    mapping,
    maybe,
    number,
    refused,
    row_of,
    set_of,
    text,
    whole,
)
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, Entries, Taken, required, setting, settings
from cammra_edge.model import (
    Device,
    Direction,
    DirectionWord,
    Event,
    EventKind,
    EventWord,
    ImageKind,
    ImageSpec,
    ImageWord,
    Subsampling,
    SubsamplingWord,
)
from cammra_edge.profile.endpoint import NetworkMode  # noqa: TC001 - as above
from cammra_edge.profile.protocols import PROTOCOLS, Protocol
from cammra_edge.profile.sender import Sender
from cammra_edge.profile.wants import ProfileWant

_LONGEST_NAME = 64
_YEAR_S = 366 * 86_400.0
_AGE_S = number(0.001, _YEAR_S)
_LONGEST_WINDOW_S = 86_400.0
_LONGEST_SPREAD_S = 3600.0
_ONE_READ = (frozenset({EventKind.RELIABLE}), frozenset({EventKind.LOST}))


class Order(StrEnum):
    """What goes first when there is a backlog."""

    IN_ORDER = "in_order"
    LIVE_FIRST = "live_first"


OrderWord = Literal["in_order", "live_first"]


class Filter(StrEnum):
    """What keeps an event back from a profile: the setting's name, in the order in which they are asked."""

    ENABLED = "enabled"
    EVENTS = "events"
    DIRECTIONS = "directions"
    ROIS = "rois"
    LISTS = "lists"
    MIN_CONFIDENCE = "min_confidence"
    REPEAT_WINDOW_S = "repeat_window_s"


def _protocol() -> Check[Protocol]:
    """One of the protocols; plain data has its word here and its fields beside it (`config.flat`)."""

    def take(value: object) -> Protocol:
        if not isinstance(value, Protocol):
            raise refused(
                value, Want.ONE_OF(options=", ".join(cls.__name__ for cls in PROTOCOLS.values()))
            )
        return value

    return Check(take, choice(PROTOCOLS).schema)


@settings
class Profile(Checked):
    """One destination: what it gets, how, and where.

    Args:
        name: What people call it.
        protocol: `HttpPost`, `Tcp`, `Ftp` …
        key: What settings, backlog and packet numbers go by, whatever becomes of its name, position and URL; by default
            the name it was first given.
        device_id: Device ID, the name this camera gives itself there.
        events: Event types it gets: any of `new`, `reliable`, `update`, `lost`. By default New; for UTMC and
            UTMC-2, which take one read per vehicle, Lost.
        image: Which image its events carry; `None` is "Do not send images".
        two_images: Send the license plate crop as a second one.
        quality: JPEG quality, 1 to 100; `None` is the default (85).
        subsampling: Chroma subsampling of the JPEGs.
        max_image_bytes: Most bytes of one image; quality is lowered until it fits.
        downsized_into: The size that a downsized frame must fit into.
        enabled: "Send data to server".
        expires_s: By event type, the age in seconds beyond which an event is not sent.
        max_age_s: The same for all types; `None` keeps events until they are delivered.
        order: `in_order`, or `live_first`: new events go at once, the backlog in the gaps between them.
        window: Events in flight at once; each vehicle's events stay in order.
        max_queue_events: Events that may wait for it; `None` for no bound but the outbox's.
        max_queue_bytes: Bytes of waiting events and their images; `None` as above.
        spread_s: The first try, at start and after each break, lies at random within so many seconds, so that not all
            cameras connect at once; 0 tries at once. 60 is usual in a fleet.
        drain_per_s: Events in a second that a backlog goes with; what happens now goes at once, except behind its own
            vehicle. `None` sends all that waited at once.
        coalesce_updates: Leave out an Update if a later one of the same vehicle waits behind it.
        latitude: Instead of the device's.
        longitude: Instead of the device's.
        directions: Only events of these directions; empty takes all.
        rois: Only events of these regions; empty takes all.
        lists: Only plates on these lists (a list's name, or `allow`, `block`); empty takes all.
        min_confidence: Only plates read with at least this confidence.
        repeat_window_s: A vehicle whose plate another one's was, with its direction (unknown is any) and in its region,
            less than so many seconds before is not told; 0 tells all. 300 is usual.
        repeat_distance: How many letters may differ for it to be the same plate.
        repeat_holds_new: New waits until its vehicle is reliable, so that a repeat's is not told either; otherwise what
            goes before Reliable goes, and then everything of its vehicle.
        extended: The FF JSON ends with one member more, `cammra_edge`, which tells what the vendor's have no place for.
    """

    name: str = required(text(least=1, most=_LONGEST_NAME))
    protocol: Protocol = required(_protocol())
    _: KW_ONLY
    key: str = setting("", text(most=_LONGEST_NAME), derived=True)
    device_id: str = "defaultID"
    events: Taken[frozenset[EventKind], Collection[EventKind | EventWord] | None] = setting(
        None, set_of(choice(EventKind)), derived=True
    )
    image: Taken[ImageKind | None, ImageKind | ImageWord | None] = setting(ImageKind.VEHICLE_CROP)
    two_images: bool = False
    quality: int | None = setting(None, maybe(whole(1, 100)))
    subsampling: Taken[Subsampling, Subsampling | SubsamplingWord] = setting(Subsampling.QUARTER)
    max_image_bytes: int | None = setting(None, maybe(whole(1024, 16 << 20)))
    downsized_into: tuple[int, int] = setting(
        (640, 360), row_of(whole(16, 16_384), 2, ProfileWant.WIDTH_AND_HEIGHT())
    )
    enabled: bool = True
    expires_s: Taken[
        Mapping[EventKind, float],
        Entries[EventKind | EventWord, float],
    ] = setting(MappingProxyType({}), mapping(choice(EventKind), _AGE_S))
    max_age_s: float | None = setting(None, maybe(_AGE_S))
    order: Taken[Order, Order | OrderWord] = setting(Order.IN_ORDER)
    window: int = setting(1, whole(1, 32))
    max_queue_events: int | None = setting(None, maybe(whole(1, 10_000_000)))
    max_queue_bytes: int | None = setting(None, maybe(whole(1 << 16, 1 << 40)))
    spread_s: float = setting(0.0, number(0, _LONGEST_SPREAD_S))
    drain_per_s: float | None = setting(None, maybe(number(0.1, 10_000)))
    coalesce_updates: bool = False
    latitude: float | None = setting(None, maybe(number(-90, 90)))
    longitude: float | None = setting(None, maybe(number(-180, 180)))
    directions: Taken[frozenset[Direction], Collection[Direction | DirectionWord]] = setting(
        frozenset(), set_of(choice(Direction))
    )
    rois: Taken[frozenset[int], Collection[int]] = setting(frozenset(), set_of(whole(1, 99)))
    lists: Taken[frozenset[str], Collection[str]] = setting(frozenset(), set_of(text(least=1)))
    min_confidence: float = setting(0.0, number(0, 1))
    repeat_window_s: float = setting(0.0, number(0, _LONGEST_WINDOW_S))
    repeat_distance: int = setting(0, whole(0, 2))
    repeat_holds_new: bool = False
    extended: bool = False

    def _owner(self) -> str:
        return f"profile {self.name!r}"

    def _agree(self) -> None:
        if not self.key:
            self._put("key", self.name)
        if self.key in {".", ".."}:
            raise ConfigError("key", self.key, ProfileWant.KEY_FOR_A_PATH())
        if self.events is None:
            self._put("events", self.protocol.usual_events)
        if self.protocol.one_read and self.events not in _ONE_READ:
            want = ProfileWant.ONE_READ_EVENTS(protocol=self.protocol.word)
            raise ConfigError("events", ", ".join(sorted(self.events)), want)

    def over(self, mode: NetworkMode) -> Self:
        """The profile in this network mode."""
        protocol = self.protocol.over(mode)
        return self if protocol is self.protocol else replace(self, protocol=protocol)

    def image_specs(self, kind: EventKind | None = None) -> tuple[ImageSpec, ...]:
        """The images of this profile's events: the selected one, then the plate crop if there are two.

        One image if the selected one is the plate crop; none with "Do not send images".

        Args:
            kind: Of events of this type alone; without it, of any that go with images.
        """
        pictured = self.protocol.pictured_events()
        if self.image is None or not pictured or not (kind is None or kind in pictured):
            return ()
        return _image_specs(
            self.image,
            self.two_images,
            self.quality,
            self.subsampling,
            min(filter(None, (self.max_image_bytes, self.protocol.most_image_bytes)), default=None),
            self.downsized_into,
        )

    def sender(self, profile_id: int, device: Device) -> Sender:
        """Who sends the events of this profile.

        Args:
            profile_id: The profile's number on the wire.
            device: The camera; its place holds where the profile has none of its own.
        """
        return Sender(
            device=device,
            profile_id=profile_id,
            device_id=self.device_id,
            latitude=device.latitude if self.latitude is None else self.latitude,
            longitude=device.longitude if self.longitude is None else self.longitude,
        )

    def wants(self, event: Event) -> bool:
        """Whether the profile gets this event, as far as the event alone tells."""
        return self.kept_back_by(event) is None

    def kept_back_by(self, event: Event) -> Filter | None:  # noqa: PLR0911 - one per filter
        """The first filter that keeps the event back, memory of plates aside; `None` lets it go."""
        if not self.enabled:
            return Filter.ENABLED
        if event.kind not in self.events:
            return Filter.EVENTS
        if self.directions and event.direction not in self.directions:
            return Filter.DIRECTIONS
        if self.rois and event.roi_id not in self.rois:
            return Filter.ROIS
        if self.lists and self.lists.isdisjoint({event.listed.name, event.listed.mode}):
            return Filter.LISTS
        if event.plate.confidence < self.min_confidence:
            return Filter.MIN_CONFIDENCE
        return None


@lru_cache(maxsize=64)  # asked for several times with every event
def _image_specs(  # noqa: PLR0913, PLR0917 - the fields of a profile that make its images
    image: ImageKind,
    two_images: bool,  # noqa: FBT001 - as above
    quality: int | None,
    subsampling: Subsampling,
    max_bytes: int | None,
    downsized_into: tuple[int, int],
) -> tuple[ImageSpec, ...]:
    kinds = [image]
    if two_images and image is not ImageKind.PLATE_CROP:
        kinds.append(ImageKind.PLATE_CROP)
    return tuple(
        ImageSpec(
            kind=kind,
            quality=quality,
            subsampling=subsampling,
            max_bytes=max_bytes,
            fit=downsized_into if kind is ImageKind.DOWNSIZED_FRAME else None,
        )
        for kind in kinds
    )
