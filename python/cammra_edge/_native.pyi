"""The manual of the Rust half. `mypy.stubtest` holds it to the binary.

Five doors lead here and no other module may: `imaging`, `tracking`, `framing`, `plates`, `storing`. Errors are those of
`cammra_edge.errors`. Every call that works on pixels lets other Python threads run meanwhile.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, Self, TypeAlias, final

from typing_extensions import Buffer

from cammra_edge.errors import CammraError
from cammra_edge.model import Event, FrameTime, ImageSpec
from cammra_edge.profile.sender import Sender

__all__ = [
    "EventForm",
    "HttpAnswer",
    "Ledger",
    "LogGroup",
    "LogSearch",
    "MqttDecoder",
    "MqttPacket",
    "Offer",
    "Patterns",
    "Shot",
    "TrackEvent",
    "Tracker",
    "crc32",
    "edits",
    "encode_image",
    "log_directory",
    "log_encode_event",
    "log_erased_directory",
    "log_erased_frame",
    "log_erasures",
    "log_event",
    "log_events",
    "log_has_bare_ids",
    "log_header",
    "log_image",
    "log_image_nos",
    "log_images",
    "log_outcomes",
    "log_overview",
    "log_pictures",
    "log_read",
    "log_scan",
    "log_settled_frames",
    "log_settles",
    "log_story",
    "log_text",
    "log_trailer",
    "log_vehicle_hash",
    "log_words",
    "mqtt_connect",
    "mqtt_disconnect",
    "mqtt_ping",
    "mqtt_puback",
    "mqtt_publish",
    "mqtt_subscribe",
    "multipart_body",
    "simd_name",
]

class _Array(Protocol):
    """A numpy array. It is a `Buffer`, but numpy's types say so from Python 3.12 on only."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...

_Plane: TypeAlias = Buffer | _Array
_Frame: TypeAlias = _Plane | tuple[_Plane, ...]

# ---- imaging -------------------------------------------------------------------------------

def simd_name() -> str:
    """The instruction set that libjpeg-turbo uses on this processor: `avx2`, `sse2`, `neon` or `none`."""

def encode_image(
    frame: _Frame,
    frame_format: str,
    kind: str,
    box: tuple[float, float, float, float] | None,
    quality: int | None,
    subsampling: str,
    max_bytes: int | None,
    fit: tuple[int, int] | None,
    libjpeg_turbo: bool,
    /,
) -> tuple[bytes, int, int, tuple[int, int, int, int]]:
    """Cut and encode one image straight from the caller's frame, without copying it.

    The pixels must not change until the call returns.

    Args:
        frame: One buffer, or a tuple of planes (`(y, uv)`, `(y, u, v)`), each with any row stride. RGB8 and BGR8
            are `(height, width, 3)`, GRAY8 `(height, width)`, NV12 and I420 in one buffer `(height * 3 / 2,
            width)`; a JPEG is one-dimensional bytes.
        frame_format: A value of `model.FrameFormat`.
        kind: A value of `model.ImageKind`; crops need `box`.
        box: `(x, y, width, height)` in frame pixels; may reach over the edge.
        quality: 1..100; `None`: 85, or a lossless crop where a JPEG frame allows one.
        subsampling: `4:4:4`, `4:2:2` or `4:2:0`.
        max_bytes: Ceiling of the image; quality is lowered until it fits.
        fit: Size that a downsized frame must fit into, keeping its shape.
        libjpeg_turbo: Encode with libjpeg-turbo whatever the image; the bytes are the same.

    Returns:
        The JPEG, its width and height, and the part of the frame it shows.

    Raises:
        FrameError: The buffer does not fit the format.
        ImageError: The box or a setting cannot be used, or nothing fits under the ceiling.
    """

@final
class Shot:
    """Pixels of one read, kept until its vehicle's last event is encoded."""

    @property
    def shot_no(self) -> int:
        """Counts the tracker's shots from 1; with the stream id it names the image."""
    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of its frame."""
    def encode(
        self, specs: Sequence[ImageSpec], *, libjpeg_turbo: bool = False
    ) -> list[tuple[bytes, int, int, tuple[int, int, int, int]] | CammraError]:
        """An image for each, as `encode_image` returns it, or why there is none.

        It is encoded when it is first asked for, and remembered.
        """
    def offer(self, spec: ImageSpec) -> Offer | None:
        """The pixels of an image for an encoder that is not ours.

        `None`: the image is there already, or ours has to make it. That is so for pixels that are not NV12 or I420, for
        another subsampling than 4:2:0, for a downsized frame that has yet to be made smaller, for an image of less than
        128x128 pixels, and for one that cannot be made.
        """

@final
class Offer:
    """An image that another encoder may make."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image."""
    @property
    def quality(self) -> int:
        """1 to 100."""
    def planes(self) -> tuple[bytes, bytes, int]:
        """Luma, then chroma with U first, as NV12 of full range, and the bytes from one row of either to the next.

        The image lies in the upper left corner. Width and height are filled up to whole blocks of 16 pixels with its
        last column and row.
        """
    def adopt(self, answer: bytes) -> bool:
        """Take the JPEG that was made of it for the image, which `encode` then gives.

        False: it is over the ceiling, so that `encode` makes the image.

        Raises:
            ImageError: It is not that image, or not a whole JPEG.
        """

# ---- tracking ------------------------------------------------------------------------------

@final
class TrackEvent:
    """One thing a vehicle says, before images and wire numbers are added."""

    @property
    def kind(self) -> str: ...
    @property
    def vehicle_no(self) -> int:
        """Counts the stream's vehicles from 1."""
    @property
    def track(self) -> int: ...
    @property
    def ordinal(self) -> int:
        """Counts the vehicle's events from 1."""
    @property
    def at_mono_ns(self) -> int: ...
    @property
    def at_utc_ns(self) -> int: ...
    @property
    def clock_synced(self) -> bool | None:
        """Whether the clock of these times was set; `None` where that is not known."""
    @property
    def first_mono_ns(self) -> int: ...
    @property
    def first_utc_ns(self) -> int: ...
    @property
    def last_utc_ns(self) -> int:
        """When the vehicle was last read."""
    @property
    def image_utc_ns(self) -> int:
        """When the shot's frame was taken; 0 without a shot."""
    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def reliable_by(self) -> Literal["agreement", "timeout", "end"] | None:
        """Why the answer is reliable; `None` before it is."""
    @property
    def image_text(self) -> str:
        """Text of the read that the shot shows."""
    @property
    def direction(self) -> str: ...
    @property
    def roi_id(self) -> int: ...
    @property
    def attributes(self) -> dict[str, str]:
        """Those that are known of country, region, region_code, iso3166_2, view, kind, colour, make, model."""
    @property
    def confidence_mmr(self) -> float | None: ...
    @property
    def confidence_colour(self) -> float | None: ...
    @property
    def vehicle_box(self) -> tuple[int, int, int, int] | None:
        """In the shot's frame, clipped to it."""
    @property
    def plate_box(self) -> tuple[int, int, int, int] | None: ...
    @property
    def previous_text(self) -> str:
        """The text that was told before an Update of it; else empty."""
    @property
    def candidates(self) -> list[tuple[str, float]]:
        """Texts that the plate may have, the consolidated one first, and how well its reads support each."""
    @property
    def changed(self) -> tuple[str, ...]:
        """What an Update changed: plate, direction, region, or an attribute's name."""
    @property
    def reads(self) -> int:
        """Reads with a text, so far."""
    @property
    def shot(self) -> Shot | None: ...

class _Settings(Protocol):
    """`config.Settings`, as far as a tracker looks."""

    @property
    def tracking(self) -> object:
        """`config.TrackingSettings`; every range is checked there."""
    @property
    def frame_format(self) -> str: ...
    @property
    def frame_size(self) -> tuple[int, int] | None: ...

@final
class Tracker:
    """All vehicles of one stream. One thread observes and ticks; a second thread waits its turn."""

    def __new__(cls, settings: _Settings, specs: Iterable[ImageSpec]) -> Tracker:
        """A tracker without vehicles.

        Args:
            settings: When a vehicle says what, and how frames are to be read.
            specs: The images that a best shot must be able to give.
        """
    def observe(
        self,
        frame: _Frame | None,
        reads: Iterable[object],
        at: FrameTime,
    ) -> list[TrackEvent]:
        """Take in one frame's reads, copy the pixels of better shots, and say what happened.

        The pixels must not change until the call returns.

        Args:
            frame: As in `encode_image`, in the settings' format; `None` for reads without a picture.
            reads: `model.PlateRead`s.
            at: The frame's time. Where its `mono_ns` steps back, or where it is no time, the latest is taken instead,
                and that is counted.

        Raises:
            FrameError: The frame cannot be used; nothing was taken in, neither reads nor time.
            ReadError: A read's field has the wrong type, or `reads` are none or raised. The frame's other reads were
                taken in; their events come first at the next call of `observe`, `tick` or `finish`.
        """
    def tick(self, at: FrameTime) -> list[TrackEvent]:
        """Fire the due timers when no frame comes."""
    def finish(self) -> list[TrackEvent]:
        """End the stream: every open vehicle says Reliable (if it has not) and Lost."""
    def next_deadline_mono_ns(self) -> int | None:
        """When the next timer is due, by the clock of the frames; `None` when no vehicle is open.

        The latest time seen, when a call that raised has left events to fetch.
        """
    def retune(self, settings: _Settings, specs: Iterable[ImageSpec]) -> None:
        """Change settings and images, given as to a new tracker. Open vehicles go on under the new ones."""
    @property
    def wrong_inputs(self) -> int:
        """How much of what came in was refused or corrected."""
    def counters(self) -> dict[str, int]:
        """What was refused, corrected, evicted or dropped since the start, by name; and `open_tracks`, `shot_bytes`."""

# ---- framing -------------------------------------------------------------------------------

class _Words(Protocol):
    """What only Python knows; each is asked once or twice per event."""

    @property
    def local_stamp(self) -> Callable[[int, str], str]:
        """`YYYYMMDDHHMMSS` of a second in a zone."""
    @property
    def ascii_text(self) -> Callable[[str], str]:
        """A text spelled in ASCII."""
    @property
    def file_token(self) -> Callable[[str], str]:
        """A plate as names of files have it."""

@final
class EventForm:
    """The FF JSON events of one camera and profile: from the model's event to the receiver's bytes.

    An image that the profile does not send, or whose bytes are not in `images`, is left out everywhere.

    Args:
        sender: What is the same in all of its events.
        specs: The images that the profile sends, the selected one first.
        words: What only Python knows.
        extended: Whether the object ends with the member that is ours.
    """

    def __new__(
        cls, sender: Sender, specs: Sequence[ImageSpec], words: _Words, extended: bool = False
    ) -> EventForm: ...
    def attached(
        self, event: Event, images: Mapping[str, bytes], packet: int
    ) -> list[tuple[str, bytes, bool, int]]:
        """The images that go along, the selected one first.

        File name, JPEG, whether it is the license plate crop, and its place in `Event.images`.
        """
    def files(
        self, event: Event, images: Mapping[str, bytes], packet: int, sidecar: bool
    ) -> list[tuple[str, bytes]]:
        """What stands behind the base name of each file, and its bytes, in the order of their upload.

        First the JSON, where a sidecar is wanted, and the selected image last: who sees that one sees all.
        """
    def with_images(self, event: Event, images: Mapping[str, bytes], packet: int) -> bytes:
        """The object with its images inside as base64, in one allocation, without an intermediate copy."""
    def multipart(
        self,
        event: Event,
        images: Mapping[str, bytes],
        packet: int,
        boundary: str,
        part_names: tuple[str, str, str],
        event_as_file: bool,
    ) -> bytes:
        """The body that `multipart_body` makes of object and images.

        Raises:
            BoundaryError, ValueError: As there.
        """

@final
class HttpAnswer:
    """The answer to one HTTP request, read as leniently as libcurl reads it; see `cammra_core::http_answer`.

    Bytes are fed in as they come. The final status line decides, once it is whole; interim answers are passed over.
    """

    def __new__(cls) -> Self: ...
    def feed(self, received: bytes) -> None:
        """Take in the next bytes."""
    @property
    def status(self) -> int:
        """The final status, once its line is whole; 0 before."""
    @property
    def head_whole(self) -> bool:
        """The final head has come to its end."""
    @property
    def body_pending(self) -> bool:
        """More of the body is to come, and the framing will tell its end."""
    @property
    def whole(self) -> bool:
        """All of it has come, as its framing says."""
    @property
    def garbage(self) -> bool:
        """What came is no HTTP answer, or its head is beyond all bounds."""
    @property
    def reusable(self) -> bool:
        """It is whole, nothing came behind it, and nothing in it forbids another request on the connection."""
    @property
    def body_full(self) -> bool:
        """As much of the body has come as is kept."""
    @property
    def head(self) -> bytes:
        """The first 8 kB of the final head, as they came; of what is no answer, of whatever came."""
    @property
    def body(self) -> bytes:
        """The first 64 kB of the body, as they came."""
    def values(self, name: str) -> list[str]:
        """All values of a header field, one character a byte (Latin-1).

        Kept are `authentication-info`, `content-encoding`, `content-type`, `date`, `location`, `proxy-authenticate`,
        `retry-after` and `www-authenticate`.
        """
    def value(self, name: str) -> str:
        """The first of `values`, or an empty text."""

@final
class MqttDecoder:
    """Whole packets of MQTT out of bytes that come as they like; see `cammra_core::mqtt`."""

    def __new__(cls, largest_bytes: int, *, level: int = 5) -> Self:
        """A decoder for a new connection.

        Args:
            largest_bytes: A packet, its head included, that is larger is a fault.
            level: 5, or 4 for MQTT 3.1.1.
        """
    def feed(self, received: bytes) -> None:
        """Take in the next bytes; behind a fault they are dropped."""
    def next(self) -> MqttPacket | None:
        """The next packet, once it is whole; `None` while more bytes are needed, and for good behind a fault."""
    @property
    def fault(self) -> int:
        """0, or the reason code that tells the server what is wrong with what it sent.

        0x81 no packet; 0x82 one that it must not send; 0x90 a topic with a wildcard; 0x94 a topic alias, none of which
        was allowed; 0x95 larger than was allowed.
        """

@final
class MqttPacket:
    """One packet that a server sent. What its kind does not have is 0, False or empty."""

    @property
    def kind(
        self,
    ) -> Literal["connack", "publish", "puback", "suback", "pingresp", "disconnect", "auth"]:
        """Which packet it is."""
    @property
    def packet_id(self) -> int:
        """Which message it is, with QoS 1, or answers."""
    @property
    def reason(self) -> int:
        """What became of it, by the numbers of MQTT 5 also where 3.1.1 is spoken."""
    @property
    def reasons(self) -> bytes:
        """Of a SUBACK, one for each filter."""
    @property
    def session_present(self) -> bool:
        """The server remembers a session of before."""
    @property
    def topic(self) -> str:
        """Where the message was published."""
    @property
    def payload(self) -> bytes:
        """What it says."""
    @property
    def qos(self) -> int:
        """0 or 1."""
    @property
    def retain(self) -> bool:
        """The server had kept it for those who come later."""
    @property
    def duplicate(self) -> bool:
        """It may have been sent before."""
    @property
    def user_properties(self) -> list[tuple[str, str]]:
        """The pairs that the other side made up, in order."""
    def number(self, name: str) -> int | None:
        """A property that is a number or flag, by the standard's name: `receive_maximum`; `None` without it."""
    def text(self, name: str) -> str:
        """A property that is a text: `reason_string`; empty without it."""
    def data(self, name: str) -> bytes:
        """A property that is bytes: `correlation_data`; empty without it."""

def crc32(content: bytes, start: int) -> int:
    """CRC-32 as `zlib.crc32` has it, going on from `start`: by the processor's own instructions where it has some.

    Other Python threads run meanwhile, from 64 kB on.
    """

def mqtt_connect(
    client_id: str,
    *,
    level: int,
    keep_alive_s: int,
    clean_start: bool,
    session_expiry_s: int,
    receive_maximum: int,
    largest_bytes: int,
    user: str | None,
    password: bytes | None,
    will: tuple[str, bytes, bool] | None,
) -> bytes:
    """The first packet of a connection.

    Args:
        client_id: The client's name, of which a server takes one at a time.
        level: 5, or 4 for MQTT 3.1.1, which knows nothing of `session_expiry_s`, `receive_maximum` and `largest_bytes`.
        keep_alive_s: Longest silence; 0 for no bound.
        clean_start: Forget a session of before.
        session_expiry_s: How long the server remembers the session once the connection is over.
        receive_maximum: Messages with QoS 1 that it may send unacknowledged.
        largest_bytes: The largest packet that is taken.
        user: Who signs in.
        password: With what.
        will: Topic, payload, and whether it is kept: what others hear when the connection breaks; with QoS 1.

    Raises:
        ValueError: A text has a NUL or is too long, a topic has a wildcard; or a password alone with level 4.
    """

def mqtt_publish(
    topic: str,
    payload: bytes,
    *,
    level: int,
    packet_id: int,
    retain: bool,
    expiry_s: int | None,
    content_type: str,
    response_topic: str,
    correlation_data: bytes,
    user_properties: Sequence[tuple[str, str]],
) -> bytes:
    """A message.

    Args:
        topic: Where.
        payload: What.
        level: 5, or 4 for MQTT 3.1.1, which says nothing beside the message.
        packet_id: Names it, so that it is acknowledged: QoS 1. 0 for QoS 0.
        retain: Keep it for those who come later.
        expiry_s: After so many seconds nobody need get it.
        content_type: Its media type; empty leaves it out.
        response_topic: Where to answer; empty for no answer.
        correlation_data: What the answer is to repeat; empty leaves it out.
        user_properties: Pairs of one's own.

    Raises:
        ValueError: A text has a NUL or is too long, a topic is empty or has a wildcard, or all of it is too large.
    """

def mqtt_puback(packet_id: int, reason: int = 0, *, level: int = 5) -> bytes:
    """The answer to a message with QoS 1; 3.1.1 cannot say a reason."""

def mqtt_subscribe(
    packet_id: int, filters: Sequence[tuple[str, bool]], *, level: int = 5, retained: bool = True
) -> bytes:
    """Ask for messages.

    Args:
        packet_id: Names it.
        filters: Each with QoS 1 where its flag is set.
        level: 5, or 4 for MQTT 3.1.1.
        retained: Whether what was kept is to be sent first; 3.1.1 always does.

    Raises:
        ValueError: No filter, an empty one, or no number.
    """

def mqtt_ping() -> bytes:
    """A sign of life, which the server answers."""

def mqtt_disconnect(reason: int = 0, *, level: int = 5) -> bytes:
    """The end of a connection; with reason 0, and in 3.1.1 always, no will is published."""

def multipart_body(boundary: str, parts: Sequence[tuple[str, str, str, bytes]]) -> bytes:
    """A `multipart/form-data` body of known length, in one allocation.

    Args:
        boundary: At most 70 characters of `[0-9A-Za-z'()+_,./:=?-]`.
        parts: `(name, filename, content type, content)`, in order.

    Raises:
        BoundaryError: The boundary occurs in a content.
        ValueError: A name, filename or type holds a control character, quote or backslash.
    """

# ---- plates --------------------------------------------------------------------------------

def edits(text: str, other: str) -> int:
    """Characters to put in, leave out or exchange between two plates (Levenshtein), by which the vote measures them.

    Of a text of more than 32 characters its beginning counts, as of every plate that is read.
    """

@final
class Patterns:
    """Patterns of plates, where `*` stands for any characters and `?` for one; the first that fits speaks.

    Every character of every pattern is looked at once at the most, whatever patterns and text are.
    """

    def __new__(cls, patterns: Sequence[str]) -> Patterns: ...
    def first(self, text: str) -> int | None:
        """The place of the first pattern that fits the whole text; `None` without one, and for more than 64 characters.

        Other Python threads run meanwhile.
        """

# ---- storing -------------------------------------------------------------------------------

@final
class LogGroup:
    """Frames of the outbox's log that are written together: numbers and events go in, bytes come out.

    What raised was not added. A picture is kept by reference, not copied.

    Args:
        store_id: The store's own name, 16 bytes.
        segment: The segment in which it is to lie.
        offset: Where in it; a multiple of 8.
    """

    def __new__(cls, store_id: bytes, segment: int, offset: int) -> Self: ...
    def header(self, purpose: int, size: int) -> None:
        """Begin a segment of `size` bytes: for events (0) or texts (1). Comes first, at offset 0.

        Raises:
            ValueError: It does not.
        """
    def image(self, no: int, image_key: str, jpeg: bytes) -> None:
        """A picture under its number."""
    def event(
        self,
        event: object,
        *,
        seq: int,
        event_id: bytes,
        stored_ns: int,
        image_nos: Sequence[int],
        wanted: Sequence[tuple[int, int, int, int]],
    ) -> int:
        """An event that is to be delivered; its images come first.

        Args:
            event: A `model.Event`.
            seq: Its place in the outbox.
            event_id: Its name, 16 bytes.
            stored_ns: Running time.
            image_nos: Of each of `event.images`; 0 for one that is stored nowhere.
            wanted: Profile, packet, which images (bit i: image i; `2**64 - 1`: all), and the bytes of those images. The
                event's own bytes are added to those.

        Returns:
            The length of the payload.

        Raises:
            ValueError, TypeError, OverflowError: It cannot be stored.
        """
    def again(self, ledger: Ledger, seq: int, payload: bytes) -> None:
        """The event of an EVENT's payload once more, its deliveries as the ledger has them; its images come first.

        Raises:
            ValueError: That is no such payload.
        """
    def text(self, ledger: Ledger, payload: bytes, text: bytes) -> None:
        """The event of an EVENT's payload alone.

        Args:
            ledger: Knows what became of its deliveries.
            payload: Whose head and plate it gets.
            text: The event itself, as `outbox.packing` made it of `log_text`.

        Raises:
            ValueError: That is no such payload.
        """
    def ids(self, ledger: Ledger, digests: bytes) -> None:
        """The ids in these digests that the ledger knows still; nothing where it knows none."""
    def settled(self, ledger: Ledger) -> int:
        """What became of deliveries and is not in the log yet; it stays pending until the group is applied.

        Returns:
            How much that is; nothing is added for 0.
        """
    def state(self, json: bytes) -> None:
        """Counters and the like: a JSON object, merged at the replay into those before."""
    def erase(self, number: int, seqs: Sequence[int]) -> None:
        """These events are about to be erased, in the erasure of that number."""
    def erased_done(self, number: int) -> None:
        """The erasure of that number is done."""
    def fill_block(self) -> None:
        """End a long group with zeros up to the next 4096, so that no block of the disk is written twice."""
    @property
    def size(self) -> int:
        """Bytes so far."""
    @property
    def segment(self) -> int: ...
    @property
    def offset(self) -> int:
        """Where it begins."""
    @property
    def events(self) -> int:
        """EVENT frames so far."""
    def buffers(self) -> list[bytes]:
        """What is to be written, in order; pictures are the objects that were given."""
    def digests(self) -> bytes:
        """The digests of its frames, for the segment's directory."""

@final
class LogSearch:
    """A search that goes on from segment to segment; all that is asked must hold. Erased events are never found.

    Args:
        plate: In any spelling of its normal form; `*` is any text, `?` one character. Empty: any.
        one_off: Plates that are one character off count too: another one, one more or one fewer.
        from_utc_ns: Events at this time or later; `None`: any.
        to_utc_ns: Events before this time; `None`: any.
        direction: A value of `model.Direction`; `None`: any.
        roi: Region of interest; `None`: any.
        list_name: The plate list that the plate stands on. Empty: any, or none.
        kinds: Values of `model.EventKind`.
        min_confidence: Least confidence of the plate.
        states: 1 waits, 2 parked, 4 delivered, 8 expired, 16 dropped, 32 wanted by nobody, together; for at least one
            profile. 0: any.
        before_seq: Events stored before this one. 0: any.
        limit: How many are wanted.

    Raises:
        ValueError: There is no such direction.
    """

    def __new__(
        cls,
        *,
        plate: str,
        one_off: bool,
        from_utc_ns: int | None,
        to_utc_ns: int | None,
        direction: str | None,
        roi: int | None,
        list_name: str,
        kinds: Sequence[str],
        min_confidence: float,
        states: int,
        before_seq: int,
        limit: int,
    ) -> Self: ...
    def segment(self, ledger: Ledger, segment: int, digests: bytes) -> bool:
        """Look through a segment, while other Python threads run. The newest ones come first, for speed alone.

        Returns:
            Whether it has as many as are wanted. Another segment is still of interest where it holds an event that was
            stored after `lowest_seq`: one that was copied forward lies in a newer segment than its neighbours.
        """
    @property
    def lowest_seq(self) -> int:
        """The oldest event of as many as are wanted; 0 while there are fewer."""
    def found(self) -> list[tuple[int, int, int, int, int, bool, int]]:
        """The newest of all that fit, the newest first.

        Place in the outbox; segment, offset and length of its frame; the frame's kind (4 with pictures, 7 text alone);
        whether the plate is the one asked for; its states, as asked.
        """

def log_encode_event(event: object) -> tuple[bytes, int]:
    """An event as JSON: what `outbox.codec` documents, with `images` and `missing` behind all others.

    Returns:
        The JSON, and how long it is without those two and the brace that closes it.

    Raises:
        TypeError: It holds something that cannot be stored, or is no dataclass.
    """

def log_vehicle_hash(stream_id: str, vehicle_no: int) -> int:
    """Stands for a vehicle of a stream in the log, in 64 bits. The same for good."""

def log_directory(
    store_id: bytes, segment: int, offset: int, size: int, digests: bytes
) -> tuple[bytes, bytes]:
    """The directory of a segment of `size` bytes, to be written at `offset`; and the 32 bytes that belong at its end.

    Raises:
        ValueError: No segment has that size.
    """

def log_read(store_id: bytes, segment: int, offset: int, frame: bytes) -> tuple[int, bytes]:
    """Kind and payload of the frame that these bytes begin with. Other Python threads run meanwhile, from 64 kB on.

    Raises:
        ValueError: It does not verify there.
    """

def log_scan(
    store_id: bytes, segment: int, content: bytes, start: int
) -> tuple[bytes, int, list[tuple[int, int]]]:
    """Read a segment frame by frame, and over what is broken.

    Args:
        store_id: As above.
        segment: As above.
        content: The segment's bytes from `start` on.
        start: Where in the segment they begin: at a frame.

    Returns:
        The digests of the frames, where the last of them ends, and the ranges before that which are broken.
    """

def log_header(content: bytes) -> tuple[int, int, bytes, int, int]:
    """Version, purpose, store id, segment and size, from a segment's beginning; of a later version, too.

    Raises:
        ValueError: No segment begins so.
    """

def log_trailer(store_id: bytes, segment: int, size: int, content: bytes) -> tuple[int, int]:
    """Where the directory is, and its frame's length, from the last 32 bytes of a segment of `size` bytes.

    Raises:
        ValueError: The segment has no directory.
    """

def log_erased_frame(store_id: bytes, segment: int, offset: int, frame: bytes) -> bytes:
    """The frame of an event, text or image as it is to be written over itself: erased, and as long.

    Raises:
        ValueError: It does not verify there, or is another's.
    """

def log_erased_directory(
    store_id: bytes,
    segment: int,
    offset: int,
    frame: bytes,
    seqs: Sequence[int],
    image_nos: Sequence[int],
) -> bytes:
    """A frame of a directory, or of settlements, without what it says of those events and images, and as long.

    Raises:
        ValueError: It does not verify there, or is another's.
    """

@final
class Ledger:
    """All that is known about what the log holds: who waits for what, and where it lies.

    Any thread may call it. What changes is told twice: to the ledger at once, and to the log with the next group
    that takes the pending settlements along. An event is live while somebody waits for it, while it is parked, or
    while it is the last of an open vehicle. A state is a bit: 1 waiting, 2 parked, 4 delivered, 8 expired, 16 dropped.
    Segment 0 stands for "only in memory". Texts may hold lone surrogates.

    Args:
        known_events: How far back ids and vehicles' numbers are remembered; those of live events are in any case.
    """

    def __new__(cls, known_events: int) -> Ledger: ...
    def apply(self, group: LogGroup) -> None:
        """A group is on disk.

        Its new events wait, known ones are read there from now on, and what it took along is pending no longer.
        """

    def apply_in_memory(self, group: LogGroup) -> None:
        """A group could not be written: its new events are only in memory, and what it took along stays pending."""

    def replay(self, segment: int, digests: bytes) -> int:
        """What a segment's frames said, at start; segments in the order of their numbers.

        Returns how many digests could not be read. Other Python threads run meanwhile.

        Raises:
            ValueError: No segment has this number.
        """

    @property
    def highest(self) -> tuple[int, int, int]:
        """The highest place of an event, number of an image, and number of a vehicle seen."""

    @property
    def packets(self) -> dict[int, int]:
        """The highest packet number of each profile that an event was ever for."""

    def state(self) -> dict[str, Any]:
        """The entries of all STATE frames replayed; later ones win."""

    def seq_of(self, event_id: bytes) -> int | None:
        """The place of the event of this id, 16 bytes; `None`: none was put that is still known."""

    def car_id(self, vehicle_hash: int) -> int | None:
        """The number of a vehicle that was put before."""

    def renumber(self, numbers: Sequence[tuple[int, int]]) -> None:
        """Profiles get other numbers, all at once: (old, new)."""

    def waiting(
        self, profile: int, after_seq: int, limit: int
    ) -> list[tuple[int, int, int, int, int, str, int, int, int]]:
        """The next waiting deliveries of a profile, in order.

        Each is event, profile, packet, attempts, vehicle, kind, running time when it was stored, bytes, and 0 when its
        pictures are gone.
        """

    def waiting_of(
        self, profile: int, car_id: int
    ) -> list[tuple[int, int, int, int, int, str, int, int, int]]:
        """A vehicle's waiting deliveries, in order; rows as those of `waiting`."""

    def waits(self, seq: int, profile: int) -> bool:
        """Does this delivery wait?"""

    def delivery(
        self, seq: int, profile: int
    ) -> tuple[int, int, int, int, int, int, str, str, int] | None:
        """Packet, attempts, state, pictures, bits of the images, bytes, why, words, and when it was parked.

        `None` when it neither waits nor is parked.
        """

    def totals(self) -> list[tuple[int, int, int, int]]:
        """Profile, state (1 waiting, 2 parked), how many deliveries, their bytes."""

    @property
    def held(self) -> tuple[int, int]:
        """Bytes of what waits or is parked, with all pictures that are needed; and how many events."""

    @property
    def held_in_memory(self) -> tuple[int, int]:
        """The same of what is only in memory."""

    def is_live(self, seq: int) -> bool:
        """Does somebody wait for this event, is it parked, or is it the last of an open vehicle?"""

    def states(self, seq: int) -> int:
        """What became of an event, a bit for each state: of a live one, or of a settled one whose segment is there."""

    def place(self, seq: int) -> tuple[int, int, int] | None:
        """Segment, offset and length of an event's frame (events as `states`); zeros when it is only in memory."""

    def images(self, seq: int) -> list[tuple[int, int, int, int]]:
        """A live event's images in its order: number, segment, offset, length of the frame.

        The last three are 0 for one that is only in memory, and for one that nobody needs any more.
        """

    def image(self, no: int) -> tuple[int, int, int] | None:
        """Segment, offset and length of an image's frame, needed or not; `None` when it is gone."""

    def image_no(self, image_key: str) -> int:
        """The number of an image of this key (of the last 1024) that somebody needs; 0 where there is none."""

    def open_vehicles(self) -> list[tuple[int, int, list[bytes]]]:
        """Vehicles without a Lost, oldest first: number, last event, ids of its events so far."""

    def done(self, seq: int, profile: int) -> bool:
        """The receiver has it. False, as from all below: it neither waited nor was parked, and nothing changes."""

    def expire(self, seq: int, profile: int) -> bool:
        """It became too old."""

    def drop(self, seq: int, profile: int, why: str) -> bool:
        """It goes without being delivered."""

    def attempts(self, seq: int, profile: int, number: int) -> bool:
        """So many tries were made; more than 65,535 are counted as so many."""

    def park(
        self, seq: int, profile: int, attempts: int, utc_ns: int, why: str, words: str
    ) -> bool:
        """Keep it for a person."""

    @property
    def pending(self) -> int:
        """How many settlements are not in the log yet."""

    def parked(
        self, profile: int | None, after: tuple[int, int], limit: int
    ) -> list[tuple[int, int, int, str, int, str, str, int, bytes]]:
        """Parked deliveries of one profile or of all, in the order of profile and event, after those of `after`.

        Each is profile, event, packet, kind, attempts, why, the receiver's words, when, and the event's id.
        """

    def unpark(self, profile: int | None = None, seq: int | None = None) -> list[tuple[int, int]]:
        """Parked deliveries wait again, of one profile or of all, of one event or of all: event and profile of each."""

    def discard(self, profile: int | None = None, seq: int | None = None) -> list[tuple[int, int]]:
        """Parked deliveries are dropped; otherwise as `unpark`."""

    def give(
        self, giver: int, taker: int, next_packet: int, in_flight: set[int]
    ) -> tuple[int, int, int]:
        """One profile's backlog becomes another's, but what is in flight, with packets from `next_packet` on.

        Returns how many moved, how many were dropped since the taker wanted them itself, and how many of those
        moved are parked.
        """

    def make_room(
        self,
        max_bytes: int | None,
        max_events: int | None,
        in_flight: set[int],
        profile: int | None,
        in_memory: bool,
    ) -> list[tuple[int, str, int]]:
        """Let go of what must go, in the order of `docs/ref/delivery.md`, and a twentieth more.

        Args:
            max_bytes: How much may be held.
            max_events: How many events.
            in_flight: Events that are being tried.
            profile: Look only at what waits for this one.
            in_memory: Look only at events that are only in memory.

        Returns:
            Profile, reason as `outbox.Dropped` words it, how many deliveries.
        """

    def drop_older(self, before_stored_ns: int, in_flight: set[int]) -> list[tuple[int, int]]:
        """Drop what waits and was stored before then, but what is in flight: profile, how many."""

    def segments(self) -> list[tuple[int, int, int, int]]:
        """Segment, bytes of frames that are needed, live events, events whose text is read there."""

    def live_in(self, segment: int) -> list[int]:
        """The live events whose frame, or an image that they need, lies there (0: only in memory), in order."""

    def carry(self, segment: int, digests: bytes) -> None:
        """Make pending what only this segment says of events elsewhere, and which vehicles are open.

        Before a segment goes, its live events are copied, then this is written and flushed; then `forget_segment`.
        """

    def forget_segment(self, segment: int) -> None:
        """A segment is gone, with what was settled in it and all its images."""

    def erase(self, seqs: Sequence[int]) -> list[tuple[int, int]]:
        """Nobody waits for these events any more, and no vehicle is open by them.

        Returns event and profile of what waited or was parked.
        """

def log_overview(digests: bytes) -> tuple[int, int, int, int | None, int | None]:
    """A segment's events in numbers; what was erased does not count.

    Returns:
        How many there are; running time when the oldest and the newest were stored, also of erased ones; the time of
        the oldest one, and of the oldest one with a picture.
    """

def log_story(digests: bytes) -> tuple[list[bytes], list[tuple[int, int, int, int]]]:
    """What a segment says of the outbox as a whole.

    Returns:
        The saved states; and its events, erased ones too, as runs without a gap: offset and place in the outbox of the
        first one, and of the last one.
    """

def log_events(digests: bytes) -> list[tuple[int, int, int, int]]:
    """The events of a segment that are not erased: place in the outbox, offset, length and kind of the frame."""

def log_images(digests: bytes, nos: Sequence[int]) -> list[tuple[int, int, int]]:
    """Which of these images a segment holds: number, offset and length of the frame. Erased ones are not there."""

def log_pictures(digests: bytes) -> list[int]:
    """The numbers of a segment's pictures, but of erased ones."""

def log_image_nos(digests: bytes, seqs: Sequence[int]) -> list[int]:
    """Numbers of the images that these events of a segment name."""

def log_erasures(digests: bytes) -> tuple[list[tuple[int, list[int]]], list[int]]:
    """The erasures that a segment says were begun, each with its events, and those that it says are done."""

def log_has_bare_ids(digests: bytes) -> bool:
    """Does a segment know ids that no text of it tells: of events that are gone, or erased?"""

def log_settled_frames(
    store_id: bytes, segment: int, content: bytes, seqs: Sequence[int]
) -> list[tuple[int, int]]:
    """Offset and length of the frames that say what became of these events, from a segment's bytes."""

def log_settles(digests: bytes, seqs: Sequence[int]) -> bool:
    """Does a segment say what became of one of these events, beside the events themselves?"""

def log_outcomes(digests: bytes, seqs: Sequence[int]) -> list[tuple[int, int, int]]:
    """What a segment says of the deliveries of these events, in its order: event, profile, state as in `states`."""

def log_words(digests: bytes) -> list[tuple[int, str]]:
    """What receivers said of events, as a segment tells it: the event, and the words."""

def log_event(payload: bytes) -> tuple[bytes, list[int], int]:
    """What is in an EVENT or TEXT frame.

    Returns:
        The event as JSON (of a TEXT: packed), the numbers of its images in order, 0 where there is none, and running
        time when it was stored.

    Raises:
        ValueError: It is not one of these.
    """

def log_text(payload: bytes) -> bytes:
    """The event of an EVENT frame as JSON, without images.

    Raises:
        ValueError: It is not one.
    """

def log_image(payload: bytes) -> tuple[int, str, bytes]:
    """Number, key and JPEG of an IMAGE frame.

    Raises:
        ValueError: It is not one.
    """
