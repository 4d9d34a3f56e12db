"""One destination, in the page's words and order."""

from __future__ import annotations

from collections.abc import Collection, Mapping  # noqa: TC003 - fields are read at run time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from cammra_edge.errors import ConfigError
from cammra_edge.model import Direction, Event, EventKind, ImageKind, ImageSpec, Subsampling
from cammra_edge.profile import _checks
from cammra_edge.profile._templated import ONE_READ_PER_VEHICLE, Protocol, Utmc

_LONGEST_NAME = 64
_LEAST_IMAGE_BYTES = 1024
_MOST_IMAGE_BYTES = 16 << 20
_LARGEST_SIDE = 16_384
_YEAR_S = 366 * 86_400.0
_LARGEST_WINDOW = 32
_MOST_QUEUE_EVENTS = 10_000_000
_LEAST_QUEUE_BYTES = 1 << 16
_MOST_QUEUE_BYTES = 1 << 40
DEFAULT_EVENTS = frozenset({EventKind.NEW})
_ONE_READ = (frozenset({EventKind.RELIABLE}), frozenset({EventKind.LOST}))


class Order(StrEnum):
    """What goes first when there is a backlog."""

    IN_ORDER = "in_order"
    LIVE_FIRST = "live_first"


@dataclass(frozen=True, slots=True, init=False)
class Profile:
    """One destination: what it gets, how, and where.

    Args:
        name: How people call it.
        key: How settings, backlog and packet numbers find it, whatever its name, place and URL become; the name it
            was first given unless a script says otherwise.
        protocol: `HttpPost`, `Tcp`, `Ftp` …
        device_id: Device ID, the name this camera gives itself there.
        events: Event types it gets: any of `new`, `reliable`, `update`, `lost`. By default New; with UTMC and
            UTMC-2, which take one read per vehicle, Lost.
        image: Which image its events carry; `None` is "Do not send images".
        two_images: Send the license plate crop as a second one.
        quality: JPEG quality, 1 to 100; `None` is the default (85).
        subsampling: How chroma is thinned out.
        max_image_bytes: Ceiling of one image; quality goes down until it fits.
        downsized_into: The size that a downsized frame must fit into.
        enabled: "Send data to server".
        expires_s: Event types that are worthless when they are older than this, in seconds.
        max_age_s: Nothing older than this is sent; `None` keeps events until they are delivered.
        order: `in_order`, or `live_first`: what is happening now goes at once, the backlog follows in the gaps.
        window: Events in flight at once; order per vehicle is kept.
        max_queue_events: Events that may wait for it; `None` leaves it to the outbox's own bound.
        max_queue_bytes: As above, with their images.
        coalesce_updates: Leave out an Update that a later one of the same vehicle has overtaken in the queue.
        latitude: Instead of the device's.
        longitude: Instead of the device's.
        directions: Only events of these directions; empty takes all.
        rois: Only events of these regions; empty takes all.
        lists: Only plates on these lists (a list's name, or `allow`, `block`); empty takes all.
        min_confidence: Only plates read with at least this confidence.
    """

    name: str
    key: str
    protocol: Protocol
    device_id: str
    events: frozenset[EventKind]
    image: ImageKind | None
    two_images: bool
    quality: int | None
    subsampling: Subsampling
    max_image_bytes: int | None
    downsized_into: tuple[int, int]
    enabled: bool
    expires_s: Mapping[EventKind, float]
    max_age_s: float | None
    order: Order
    window: int
    max_queue_events: int | None
    max_queue_bytes: int | None
    coalesce_updates: bool
    latitude: float | None
    longitude: float | None
    directions: frozenset[Direction]
    rois: frozenset[int]
    lists: frozenset[str]
    min_confidence: float

    def __init__(  # noqa: PLR0913 - the page has that many fields
        self,
        name: str,
        protocol: Protocol,
        *,
        key: str = "",
        device_id: str = "defaultID",
        events: Collection[EventKind | str] = DEFAULT_EVENTS,
        image: ImageKind | str | None = ImageKind.VEHICLE_CROP,
        two_images: bool = False,
        quality: int | None = None,
        subsampling: Subsampling | str = Subsampling.QUARTER,
        max_image_bytes: int | None = None,
        downsized_into: tuple[int, int] = (640, 360),
        enabled: bool = True,
        expires_s: Mapping[EventKind, float] | Mapping[str, float] = MappingProxyType(
            {}
        ),  # no default that somebody could change
        max_age_s: float | None = None,
        order: Order | str = Order.IN_ORDER,
        window: int = 1,
        max_queue_events: int | None = None,
        max_queue_bytes: int | None = None,
        coalesce_updates: bool = False,
        latitude: float | None = None,
        longitude: float | None = None,
        directions: Collection[Direction | str] = frozenset(),
        rois: Collection[int] = frozenset(),
        lists: Collection[str] = frozenset(),
        min_confidence: float = 0.0,
    ) -> None:
        at = f"profile {name!r}"
        if len(_checks.text("profile name", name, empty=False)) > _LONGEST_NAME:
            raise ConfigError("profile name", name, f"at most {_LONGEST_NAME} characters")
        if len(_checks.text("profile key", key)) > _LONGEST_NAME:
            raise ConfigError("profile key", key, f"at most {_LONGEST_NAME} characters")
        if not isinstance(protocol, Protocol):
            raise ConfigError(
                f"{at}: protocol",
                type(protocol).__name__,
                "HttpPost, Tcp, Ftp, Utmc, Utmc2 or Template",
            )
        one_read = isinstance(protocol, ONE_READ_PER_VEHICLE)
        if one_read and events is DEFAULT_EVENTS:
            events = {EventKind.LOST}
        if isinstance(events, str) or isinstance(directions, str) or isinstance(lists, str):
            raise ConfigError(
                f"{at}: events, directions or lists", events, "a set of words, not one text"
            )

        def limit(field: str, value: object, least: int, most: int) -> int | None:
            return (
                None
                if value is None
                else _checks.whole(f"{at}: {field}", value, least=least, most=most)
            )

        def maybe(field: str, value: object, least: float, most: float) -> float | None:
            return (
                None
                if value is None
                else _checks.number(f"{at}: {field}", value, least=least, most=most)
            )

        width, height = _pair(f"{at}: downsized_into", downsized_into)
        ages = {
            _checks.choice(f"{at}: expires_s", kind, EventKind): _checks.number(
                f"{at}: expires_s[{str(kind)!r}]", age, least=0.001, most=_YEAR_S
            )
            for kind, age in expires_s.items()
        }
        checked: dict[str, object] = {
            "name": name,
            "key": key or name,
            "protocol": protocol,
            "device_id": _checks.text(f"{at}: device_id", device_id),
            "events": frozenset(
                _checks.choice(f"{at}: events", kind, EventKind) for kind in events
            ),
            "image": None if image is None else _checks.choice(f"{at}: image", image, ImageKind),
            "two_images": _checks.flag(f"{at}: two_images", two_images),
            "quality": limit("quality", quality, 1, 100),
            "subsampling": _checks.choice(f"{at}: subsampling", subsampling, Subsampling),
            "max_image_bytes": limit(
                "max_image_bytes", max_image_bytes, _LEAST_IMAGE_BYTES, _MOST_IMAGE_BYTES
            ),
            "downsized_into": (width, height),
            "enabled": _checks.flag(f"{at}: enabled", enabled),
            "expires_s": ages,
            "max_age_s": maybe("max_age_s", max_age_s, 0.001, _YEAR_S),
            "order": _checks.choice(f"{at}: order", order, Order),
            "window": _checks.whole(f"{at}: window", window, least=1, most=_LARGEST_WINDOW),
            "max_queue_events": limit("max_queue_events", max_queue_events, 1, _MOST_QUEUE_EVENTS),
            "max_queue_bytes": limit(
                "max_queue_bytes", max_queue_bytes, _LEAST_QUEUE_BYTES, _MOST_QUEUE_BYTES
            ),
            "coalesce_updates": _checks.flag(f"{at}: coalesce_updates", coalesce_updates),
            "latitude": maybe("latitude", latitude, -90, 90),
            "longitude": maybe("longitude", longitude, -180, 180),
            "directions": frozenset(
                _checks.choice(f"{at}: directions", way, Direction) for way in directions
            ),
            "rois": frozenset(_checks.whole(f"{at}: rois", roi, least=1, most=99) for roi in rois),
            "lists": frozenset(_checks.text(f"{at}: lists", entry, empty=False) for entry in lists),
            "min_confidence": _checks.number(
                f"{at}: min_confidence", min_confidence, least=0, most=1
            ),
        }
        if one_read and checked["events"] not in _ONE_READ:
            raise ConfigError(
                f"{at}: events",
                sorted(events),
                "reliable or lost alone: UTMC takes one read per vehicle",
            )
        for field, value in checked.items():
            object.__setattr__(self, field, value)

    def image_specs(self) -> tuple[ImageSpec, ...]:
        """The images this profile's events carry, the selected one first, the plate crop second.

        One image when the selected one is the plate crop; none with "Do not send images".
        """
        if self.image is None or isinstance(self.protocol, Utmc):
            return ()
        return _image_specs(
            self.image,
            self.two_images,
            self.quality,
            self.subsampling,
            self.max_image_bytes,
            self.downsized_into,
        )

    def wants(self, event: Event) -> bool:
        """Whether the event is one that this profile asked for."""
        return (
            self.enabled
            and event.kind in self.events
            and (not self.directions or event.direction in self.directions)
            and (not self.rois or event.roi_id in self.rois)
            and (
                not self.lists or not self.lists.isdisjoint({event.listed.name, event.listed.mode})
            )
            and event.plate.confidence >= self.min_confidence
        )


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


def _pair(field: str, value: object) -> tuple[int, int]:
    if not isinstance(value, tuple | list) or len(value) != len(("width", "height")):
        raise ConfigError(field, value, "(width, height)")
    width, height = (_checks.whole(field, side, least=16, most=_LARGEST_SIDE) for side in value)
    return width, height
