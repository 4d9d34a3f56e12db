"""What goes into the outbox and what comes out of it: frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field
from enum import StrEnum

from cammra_edge.model import Event  # noqa: TC001 - as above


class Dropped(StrEnum):
    """Why an event, or a part of it, went without being delivered or parked."""

    COALESCED = "coalesced"
    REPEAT = "repeat"
    STALE_UPDATE = "overflow: stale update"
    UPDATE_IMAGE = "overflow: image of an update"
    IMAGE = "overflow: image"
    OVERFLOW = "overflow: oldest event"
    PARKED_OVERFLOW = "overflow: parked"
    TOO_OLD = "too old, and nobody took it"
    NOTHING_TO_SEND = "nothing to send"
    GIVEN = "given to another profile"
    DISCARDED = "discarded by hand"
    ERASED = "erased by hand"
    DAMAGED = "damaged on disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A profile that wants an event, and which of the event's images it carries.

    `image_keys` `None` means all of them. What is `held` is not taken before it is released.
    """

    profile_id: int
    image_keys: tuple[str, ...] | None = None
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event with its images on the way into the outbox.

    `images` may leave out a key that the outbox holds already (two events of one shot). `kept_back` names what keeps it
    back from whom, by the profile's number; it is counted once, when the event is stored.
    """

    event: Event
    images: Mapping[str, bytes] = field(default_factory=dict)
    wanted_by: Sequence[Wanted] = ()
    kept_back: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one profile.

    Args:
        profile_id: Whose it is.
        seq: Place of the event in the outbox; with `profile_id` it names the delivery.
        packet: The profile's running number of it; the same at every attempt.
        attempts: Tries made before, also by earlier processes.
        age_ns: Running time since it was stored.
        event: As it was put; images that are gone since stand in `missing`.
        images: The JPEGs this profile carries, by image key.
    """

    profile_id: int
    seq: int
    packet: int
    attempts: int
    age_ns: int
    event: Event
    images: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVehicle:
    """A vehicle whose Lost is still to come.

    Args:
        event: Its last event.
        held_image_keys: Those of that event's images that the outbox still holds.
        event_ids: Of its events so far; of very many, the last ones.
    """

    event: Event
    held_image_keys: tuple[str, ...] = ()
    event_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A delivery that will never be taken as it is, kept for a person; `words` are the receiver's own."""

    profile_id: int
    seq: int
    event_id: str
    packet: int
    kind: str
    attempts: int
    why: str
    words: str = ""
    parked_utc_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What stands in a profile's queue now. `oldest_age_ns` is running time, 0 for an empty queue."""

    events: int = 0
    size_bytes: int = 0
    oldest_age_ns: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """The outbox as a whole.

    Args:
        path: Its folder.
        durability: What a stored event outlives: `power` or `process`.
        events: Events stored for any profile.
        bytes: Bytes of these events and their images.
        max_events: How many may be stored.
        max_bytes: As above, in bytes.
        durable: Everything that was put is on disk.
        trouble: Why it is not.
        not_yet_durable: Events put since the disk refused.
        late_commits: Events that took more than 50 ms to store.
        storage_waits_s: For how long the disk has not answered what it was asked last.
        segments: Segments of the log.
        file_bytes: Length of all its files.
        process_written_bytes: Bytes that this process sent to storage.
        lost_events: Events that were stored and cannot be read.
        damage: What was wrong with the log when it was read.
        set_aside: What belongs to another outbox, and where it lies now.
    """

    path: str
    durability: str
    events: int = 0
    bytes: int = 0
    max_events: int
    max_bytes: int
    durable: bool = True
    trouble: str = ""
    not_yet_durable: int = 0
    late_commits: int = 0
    storage_waits_s: float = 0.0
    segments: int = 0
    file_bytes: int = 0
    process_written_bytes: int = 0
    lost_events: int = 0
    damage: str = ""
    set_aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a profile's events since the outbox was made; `kept_back` by what kept them, never put."""

    put: int = 0
    delivered: int = 0
    retried: int = 0
    parked: int = 0
    expired: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    kept_back: Mapping[str, int] = field(default_factory=dict)
