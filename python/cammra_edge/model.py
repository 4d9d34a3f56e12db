"""The field's nouns, frozen.

A recogniser hands in `PlateRead` and `FrameTime`; the tracker says what happened; an `Event` is
what the outbox stores and every payload renders. Boxes are frame pixels, `(x, y, width, height)`.
"""

from dataclasses import KW_ONLY, dataclass, field, fields, replace
from enum import StrEnum
from typing import Literal, NamedTuple, Self

from cammra_edge.checks import number, time_zone
from cammra_edge.fields import Checked, setting, settings


class EventKind(StrEnum):
    """The event types of the page; the values are the wire's `carState`."""

    NEW = "new"
    RELIABLE = "reliable"
    UPDATE = "update"
    LOST = "lost"


EventWord = Literal["new", "reliable", "update", "lost"]


class Direction(StrEnum):
    """Movement along the region's arrow; the values are the wire's `carMoveDirection`."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


DirectionWord = Literal["in", "out", "unknown"]


class ImageKind(StrEnum):
    """The four pictures of the page, in the page's words."""

    VEHICLE_CROP = "vehicle crop"
    FULL_FRAME = "full frame"
    DOWNSIZED_FRAME = "downsized frame"
    PLATE_CROP = "license plate crop"


ImageWord = Literal["vehicle crop", "full frame", "downsized frame", "license plate crop"]


class FrameFormat(StrEnum):
    """How the bytes of a frame are to be read.

    `NV12` and `I420` are video range (luma 16 to 235), as sensors deliver them; the `_FULL` ones use
    0 to 255. `JPEG` is one whole frame of an MJPEG stream.
    """

    RGB8 = "rgb8"
    BGR8 = "bgr8"
    GRAY8 = "gray8"
    NV12 = "nv12"
    NV12_FULL = "nv12-full"
    I420 = "i420"
    I420_FULL = "i420-full"
    JPEG = "jpeg"


FrameFormatWord = Literal["rgb8", "bgr8", "gray8", "nv12", "nv12-full", "i420", "i420-full", "jpeg"]


class Subsampling(StrEnum):
    """How chroma is thinned out in a JPEG."""

    FULL = "4:4:4"
    HALF = "4:2:2"
    QUARTER = "4:2:0"


SubsamplingWord = Literal["4:4:4", "4:2:2", "4:2:0"]


class Rect(NamedTuple):
    """A box in frame pixels."""

    x: int
    y: int
    width: int
    height: int


Box = tuple[float, float, float, float]
"""A box as a recogniser gives it: `(x, y, width, height)`, may hang over the edge."""


class FrameTime(NamedTuple):
    """When a frame was taken.

    `mono_ns` drives every timer and must not go back; `utc_ns` is what is reported. `clock_synced` says whether
    somebody has set the clock of `utc_ns`: a camera begins in 1970 until it hears the time. `None`: not known; on a
    live stream the engine asks the machine.
    """

    mono_ns: int
    utc_ns: int
    clock_synced: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleInfo:
    """What a make-and-model recogniser says; an empty text means not known.

    `view` is front or rear, `kind` CAR, TRUCK, BUS, VAN, SUV or PICKUP, `colour` in upper case. The
    confidences lie in 0..1, `None` when nobody gave one.
    """

    view: str = ""
    kind: str = ""
    colour: str = ""
    make: str = ""
    model: str = ""
    confidence_mmr: float | None = None
    confidence_colour: float | None = None


NOTHING_KNOWN = VehicleInfo()
"""What is known of a vehicle that nobody recognised more of than its plate."""

VEHICLE_TEXTS = tuple(field.name for field in fields(VehicleInfo) if field.default == "")
"""The fields of `VehicleInfo` that hold a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateRead:
    """What a recogniser saw of one vehicle in one frame.

    Args:
        track: The tracker's number of the vehicle; stays the same from frame to frame.
        text: The plate, or `None` for a vehicle whose plate was not read.
        confidence: Of the text, 0..1.
        vehicle: Box of the vehicle.
        plate: Box of the plate.
        country: ISO 3166-1 alpha-3, empty when not known.
        region: Name of the region, empty when not known.
        region_code: Its letters on the plate.
        iso3166_2: Its ISO 3166-2 code.
        roi: Region of interest the recogniser puts it in; `None` lets the regions' polygons decide.
        direction: Movement along the arrow; `None` lets the boxes decide.
        info: Make, model and colour, where somebody recognises them.
    """

    track: int
    text: str | None = None
    confidence: float = 0.0
    vehicle: Box | None = None
    plate: Box | None = None
    country: str = ""
    region: str = ""
    region_code: str = ""
    iso3166_2: str = ""
    roi: int | None = None
    direction: Direction | None = None
    info: VehicleInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """The consolidated plate of a vehicle at the moment of an event."""

    text: str = ""
    confidence: float = 0.0
    country: str = ""
    region: str = ""
    region_code: str = ""
    iso3166_2: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """Which picture, and how it is encoded. Equal specs of one shot are one image, encoded once.

    `quality` is 1..100, `None` for the default (85, or the camera's own bits where a JPEG frame allows
    a lossless crop). `fit` is the size `(width, height)` a downsized frame must fit into.
    """

    kind: ImageKind
    quality: int | None = None
    subsampling: Subsampling = Subsampling.QUARTER
    max_bytes: int | None = None
    fit: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """One image of an event.

    Args:
        spec: What was asked for.
        image_key: Names the bytes in the outbox; two events of one shot share it.
        width: Of the JPEG, in pixels.
        height: Of the JPEG, in pixels.
        shows: The part of the frame it shows, in frame pixels.
        size_bytes: Length of the JPEG.
    """

    spec: ImageSpec
    image_key: str
    width: int
    height: int
    shows: Rect
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingImage:
    """An image that a profile wanted and that could not be made, and why."""

    kind: ImageKind
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMatch:
    """The plate list that the plate stands on; `mode` is allow, block or empty.

    `meant` is the list's own plate where the one read is a character off, and empty where they agree.
    """

    name: str = ""
    mode: str = ""
    description: str = ""
    meant: str = ""


NOT_LISTED = ListMatch()
"""What is said of a plate that stands on no list."""


ReliableBy = Literal["agreement", "timeout", "end"]
"""Why a plate counts as reliable: its reads agree, time was up, or the vehicle was gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A text that a plate may have, and how well its reads support it, 0..1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Vehicles that were not reported because their plate just had been."""

    count: int
    first_utc_ns: int
    last_utc_ns: int


RecallVerdict = Literal["told", "repeat", "held"]
"""It goes; it does not, since its plate has just been told; it waits until its vehicle is reliable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What a profile's memory of plates made of an event that the profile wants otherwise.

    Args:
        profile: The profile's key.
        verdict: What becomes of it.
        repeat: What had been kept back, and is told with this event.
    """

    profile: str
    verdict: RecallVerdict = "told"
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one vehicle: what the outbox stores and payloads render.

    What is not known has its default. A field is stored under its name (`outbox.codec`), and keeps that for good.

    Args:
        event_id: 32 hex digits; the same at every replay of the same stream.
        stream_id: The camera's run or the recording it comes from.
        vehicle_no: Counts vehicles of the stream from 1.
        car_id: The vehicle's number on the wire; counts on across restarts.
        kind: New, Reliable, Update or Lost.
        ordinal: Counts the vehicle's events from 1.
        at_utc_ns: When it happened, by frame time.
        first_utc_ns: When the vehicle was read first.
        last_utc_ns: When it was read last.
        image_utc_ns: When the frame was taken that the images are cut from; 0 without one.
        plate: The consolidated plate.
        direction: Movement along the region's arrow.
        roi_id: Region of interest, from 1.
        vehicle_box: In frame pixels, from the frame of the images.
        plate_box: In frame pixels, from the frame of the images.
        info: Make, model, colour.
        changed: What an update changed: `plate`, `direction`, `region` or an attribute's name.
        previous_plate: The text that was reported before an update of the plate.
        candidates: The texts that the plate may have, the best first.
        reliable_by: Why the plate is reliable; `None` before it is.
        final: Whether it is the vehicle's last event.
        repeat: What was not sent since this plate was last reported, as one receiver is told it (`told_to`).
        recalled: What the memory of each profile that remembers plates made of it.
        clock_synced: Whether the camera's clock was set when it happened.
        images: What could be made, every profile's wishes together.
        missing: What could not be made.
        image_text: The text read in the frame of the images; differs from `plate.text` only where the
            vote reports a text that no single frame gave, or that frame's pixels are gone.
        listed: The plate list it stands on.
        test: True for the synthetic event of a Test.
    """

    event_id: str
    stream_id: str
    vehicle_no: int
    car_id: int
    kind: EventKind
    ordinal: int
    at_utc_ns: int
    first_utc_ns: int
    last_utc_ns: int | None = None
    image_utc_ns: int = 0
    plate: Plate = field(default_factory=Plate)
    direction: Direction = Direction.UNKNOWN
    roi_id: int = 1
    vehicle_box: Rect | None = None
    plate_box: Rect | None = None
    info: VehicleInfo = NOTHING_KNOWN
    changed: tuple[str, ...] = ()
    previous_plate: str = ""
    candidates: tuple[Candidate, ...] = ()
    reliable_by: ReliableBy | None = None
    final: bool | None = None
    repeat: Repeat | None = None
    recalled: tuple[Recalled, ...] = ()
    clock_synced: bool | None = None
    images: tuple[ImageRef, ...] = ()
    missing: tuple[MissingImage, ...] = ()
    image_text: str = ""
    listed: ListMatch = NOT_LISTED
    test: bool = False

    @property
    def captured_utc_ns(self) -> int:
        """The capture time that receivers are told: New and Lost report the first read, the others their own frame."""
        # Not `in {…}`: an enum's hash is slow.
        first = self.kind is EventKind.NEW or self.kind is EventKind.LOST
        return self.first_utc_ns if first else self.at_utc_ns

    def told_to(self, profile: str) -> Self:
        """The event as the receiver of this profile is told it: with the repeats that were kept back from it."""
        for one in self.recalled:
            if one.profile == profile and one.repeat is not None:
                return replace(self, repeat=one.repeat)
        return self


@settings
class Device(Checked):
    """The camera itself, as it names itself on the wire.

    Args:
        serial: Its serial number.
        model: Its model.
        ip: Its address.
        mac: With or without colons; empty takes the serial number (Axis serials are MACs).
        latitude: Where it stands.
        longitude: As above.
        geo_target: What it looks at.
        time_zone: An IANA name; empty takes the machine's zone.
    """

    _: KW_ONLY
    serial: str = ""
    model: str = ""
    ip: str = ""
    mac: str = ""
    latitude: float = setting(55.70421, number(-90, 90))
    longitude: float = setting(13.19366, number(-180, 180))
    geo_target: str = "Camera"
    time_zone: str = setting("", time_zone())

    @property
    def bare_mac(self) -> str:
        """`ACCC8E9BB16D`: the MAC, or the serial number, without colons."""
        return (self.mac or self.serial).replace(":", "").replace("-", "").upper()
