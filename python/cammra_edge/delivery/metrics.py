"""The state of outbox and profiles as metrics. Held by `tests/delivery/test_metrics.py`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cammra_edge.delivery.exposition import Exposition
from cammra_edge.delivery.status import ProfileState
from cammra_edge.outbox import Dropped
from cammra_edge.profile import Filter
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cammra_edge.delivery.status import ProfileStatus
    from cammra_edge.outbox import OutboxStatus

MOST_PROFILES = 100
"""Profiles that have samples of their own; the page has three, a script rarely more."""
_MS_PER_S = 1000
_OTHER = "other"
_REASONS = {one.value: one.name.lower() for one in Dropped}
_FILTERS = {one.value: one.value for one in Filter}


def prometheus_text(outbox: OutboxStatus | None, profiles: Iterable[ProfileStatus]) -> str:
    """What is known of an outbox and its profiles, ending in a line end."""
    page = Exposition()
    add_outbox(page, outbox)
    add_profiles(page, profiles)
    return page.text()


def add_outbox(page: Exposition, now: OutboxStatus | None) -> None:
    """The outbox as a whole; nothing where there is none."""
    if now is None:
        return
    page.gauge("outbox_events", "Events stored for any profile.", now.events)
    page.gauge("outbox_bytes", "Bytes of events and images stored for any profile.", now.bytes)
    page.gauge("outbox_limit_events", "How many may be stored.", now.max_events)
    page.gauge("outbox_limit_bytes", "How many bytes may be stored.", now.max_bytes)
    page.gauge("outbox_durable", "1 while everything that was put is on disk.", now.durable)
    page.gauge("outbox_unsaved_events", "Events put since the disk refused.", now.not_yet_durable)
    page.total(
        "outbox_late_commits", "Events that took more than 50 ms to store.", now.late_commits
    )
    written = now.process_written_bytes
    page.total("process_written_bytes", "Bytes that this process sent to storage.", written)
    page.gauge("outbox_segments", "Segments of the log.", now.segments)
    page.gauge("outbox_file_bytes", "Length of the log's files.", now.file_bytes)
    waits_s = now.storage_waits_s
    page.gauge(
        "outbox_storage_wait_seconds", "For how long the disk has not answered.", float(waits_s)
    )
    page.total("outbox_lost_events", "Stored events that cannot be read.", now.lost_events)


def add_profiles(page: Exposition, profiles: Iterable[ProfileStatus]) -> None:
    """Each profile, under its key and its name."""
    for profile in islice(profiles, MOST_PROFILES):
        page.labels = {"profile": profile.key, "name": profile.name}
        _add_profile(page, profile)
    page.labels = {}


def _add_profile(page: Exposition, now: ProfileStatus) -> None:
    success_s, error_s = now.last_success_utc_ns / NS_PER_S, now.last_error_utc_ns / NS_PER_S
    page.state("profile_state", "1 for what the profile does.", ProfileState, now.state, "state")
    page.gauge("profile_alarm", "1 while it is paused and calls for a person.", now.alarm)
    page.gauge("queue_events", "Events waiting or in flight.", now.queue_events)
    page.gauge("queue_bytes", "Bytes of the same, with images.", now.queue_bytes)
    page.gauge(
        "queue_oldest_age_seconds",
        "Running time since the oldest waiting event was stored: the lag.",
        float(now.oldest_age_s),
    )
    page.gauge("in_flight_events", "Deliveries being tried now.", now.in_flight)
    page.gauge("parked_events", "Deliveries parked now.", now.parked_now)
    page.total("put", "Events stored for the profile.", now.put)
    page.total("delivered", "Deliveries that the receiver acknowledged.", now.delivered)
    page.total("failed_tries", "Tries that failed and are repeated.", now.retried)
    page.total("parked", "Deliveries parked.", now.parked)
    page.total("expired", "Deliveries too old to be sent.", now.expired)
    page.total("sent_bytes", "Bytes of delivered messages since the start.", now.sent_bytes)
    page.gauge("last_success_timestamp_seconds", "When a delivery last arrived.", success_s)
    page.gauge("last_error_timestamp_seconds", "When a try last failed.", error_s)
    for reason, count in _by_label(now.dropped, _REASONS).items():
        meaning = "Events, or images of events, dropped, by reason."
        page.total("dropped", meaning, count, reason=reason)
    for keeps, count in _by_label(now.kept_back, _FILTERS).items():
        meaning = "Events that the profile's filters kept back, by filter."
        page.total("kept_back", meaning, count, filter=keeps)
    latencies_ms = now.latency_p50_ms, now.latency_p95_ms, now.latency_p99_ms
    for quantile, took_ms in zip(("0.5", "0.95", "0.99"), latencies_ms, strict=True):
        meaning = "Time of a delivered try, over the last thousand."
        page.quantile("delivery_duration_seconds", meaning, took_ms / _MS_PER_S, quantile)


def _by_label(counts: Mapping[str, int], labels: Mapping[str, str]) -> dict[str, int]:
    """A count for each label there is, so that none begins in the middle; other words are counted as one."""
    by_label = dict.fromkeys([*labels.values(), _OTHER], 0)
    for word, count in counts.items():
        by_label[labels.get(word, _OTHER)] += count
    return by_label
