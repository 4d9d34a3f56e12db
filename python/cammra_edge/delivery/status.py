"""How one profile, and the keepalive, stand: what page, API, metrics and command line all read."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from cammra_edge.outbox import Outbox


class ProfileState(StrEnum):
    """What a profile is doing; the values are shown to people."""

    OFF = "off"
    IDLE = "idle"
    SENDING = "sending"
    RETRYING = "retrying"
    PAUSED = "paused"
    NOT_RUNNING = "not running"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileStatus:
    """A snapshot. What the outbox counts is counted since it was made; the rest since the profile came in.

    Args:
        key: The profile's key.
        profile_id: Its number in the outbox; 0 when the outbox does not know it.
        name: How people call it.
        state: What it is doing.
        why: Why it is retrying or paused.
        alarm: It is paused and calls for a person.
        unheard: Why nobody gets what it sends, although its receiver answers: that calls for a person, too.
        presence: Why what its connection says of the camera itself does not arrive: that calls for a person, too.
        queue_events: Events waiting or in flight.
        queue_bytes: Bytes of the same, with images.
        oldest_age_s: Running time since the oldest of them was stored.
        in_flight: Deliveries being tried now.
        next_try_s: In how many seconds a receiver that failed is tried again; 0 where nothing waits for that.
        parked_now: Deliveries parked now.
        put: Events stored for it.
        delivered: Deliveries that the receiver acknowledged.
        retried: Tries that failed and are repeated.
        parked: Deliveries parked so far.
        expired: Deliveries too old to be sent.
        dropped: Events, or images of events, dropped, by reason.
        kept_back: Events that its filters kept from being stored for it, by the filter's name.
        sent_bytes: Bytes of delivered messages.
        last_success_utc_ns: When a delivery last arrived; 0 for never.
        last_error_utc_ns: When a try last failed; 0 for never.
        last_error: Why it failed.
        latency_p50_ms: Time of a delivered try, over the last thousand: the median.
        latency_p95_ms: The same, 95th percentile.
        latency_p99_ms: The same, 99th percentile.
    """

    key: str
    profile_id: int
    name: str
    state: ProfileState
    why: str = ""
    alarm: bool = False
    unheard: str = ""
    presence: str = ""
    queue_events: int = 0
    queue_bytes: int = 0
    oldest_age_s: float = 0.0
    in_flight: int = 0
    next_try_s: float = 0.0
    parked_now: int = 0
    put: int = 0
    delivered: int = 0
    retried: int = 0
    parked: int = 0
    expired: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    kept_back: Mapping[str, int] = field(default_factory=dict)
    sent_bytes: int = 0
    last_success_utc_ns: int = 0
    last_error_utc_ns: int = 0
    last_error: str = ""
    latency_p50_ms: float = 0.0
    latency_p95_ms: float = 0.0
    latency_p99_ms: float = 0.0

    @property
    def settled(self) -> bool:
        """Nothing waits and nothing is parked."""
        return not (self.queue_events or self.parked_now)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepaliveStatus:
    """How the signs of life go.

    Args:
        sent: How many went since these settings are in force.
        last_utc_ns: When the last of them went; 0 for none yet.
        took_ms: How long it took.
        failed: How many failed in a row, the last included; 0 where the last one arrived.
        why: Why it failed.
        next_s: In how many seconds the next one goes; 0 while one is being sent.
    """

    sent: int = 0
    last_utc_ns: int = 0
    took_ms: float = 0.0
    failed: int = 0
    why: str = ""
    next_s: float = 0.0


def stored_status(
    outbox: Outbox, key: str, name: str, state: ProfileState = ProfileState.NOT_RUNNING
) -> ProfileStatus:
    """What the outbox knows of a profile, whether or not a worker sends it."""
    profile_id = outbox.profile_ids().get(key, 0)
    waiting, tally = outbox.waiting(profile_id), outbox.tally(profile_id)
    return ProfileStatus(
        key=key,
        profile_id=profile_id,
        name=name,
        state=state,
        queue_events=waiting.events,
        queue_bytes=waiting.size_bytes,
        oldest_age_s=round(waiting.oldest_age_ns / NS_PER_S, 3),
        parked_now=waiting.parked,
        put=tally.put,
        delivered=tally.delivered,
        retried=tally.retried,
        parked=tally.parked,
        expired=tally.expired,
        dropped=dict(tally.dropped),
        kept_back=dict(tally.kept_back),
    )
