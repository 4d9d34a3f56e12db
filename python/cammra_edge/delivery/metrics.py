"""The state of outbox and profiles as Prometheus reads it.

The text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Input are the snapshots
that `Outbox.status` and `DeliveryWorker.status` give, which are the JSON form of the same numbers. Held by
`tests/delivery/test_metrics.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NS_PER_S = 1e9

_OUTBOX = (
    ("events", "outbox_events", "gauge", "Events stored for any profile."),
    ("bytes", "outbox_bytes", "gauge", "Bytes of events and images stored."),
    ("durable", "outbox_durable", "gauge", "1 while everything that was put is on disk."),
    ("not_yet_durable", "outbox_not_yet_durable", "gauge", "Events put since the disk refused."),
    ("late_commits", "outbox_late_total", "counter", "Events that took more than 50 ms to store."),
    (
        "process_written_bytes",
        "process_written_bytes_total",
        "counter",
        "Bytes this process sent to storage.",
    ),
    ("salvaged_events", "outbox_salvaged_total", "counter", "Events saved from a broken file."),
    ("lost_events", "outbox_lost_total", "counter", "Events lost in a broken file."),
)
_PROFILE = (
    ("queue_events", "queue_events", "gauge", "Events waiting or in flight."),
    ("queue_bytes", "queue_bytes", "gauge", "Bytes of the same, with images."),
    ("oldest_age_s", "oldest_age_seconds", "gauge", "Running time since the oldest was stored."),
    ("in_flight", "in_flight", "gauge", "Deliveries being tried now."),
    ("parked_now", "parked", "gauge", "Deliveries parked now."),
    ("alarm", "alarm", "gauge", "1 while the profile is paused and calls for a person."),
    ("put", "put_total", "counter", "Events stored for the profile."),
    ("delivered", "delivered_total", "counter", "Deliveries the receiver acknowledged."),
    ("retried", "retried_total", "counter", "Tries that came to nothing."),
    ("parked", "parked_total", "counter", "Deliveries parked."),
    ("expired", "expired_total", "counter", "Deliveries too old to be sent."),
    ("sent_bytes", "sent_bytes_total", "counter", "Bytes of delivered messages since the start."),
)
_LATENCIES = (("0.5", "latency_p50_ms"), ("0.95", "latency_p95_ms"), ("0.99", "latency_p99_ms"))


def prometheus_text(outbox: Mapping[str, Any], profiles: Iterable[Mapping[str, Any]]) -> str:
    """One page of metrics, ending in a line end."""
    lines: list[str] = []
    for key, name, kind, meaning in _OUTBOX:
        if key in outbox:
            lines += _head(name, kind, meaning)
            lines.append(f"cammra_{name} {_number(outbox[key])}")
    known = list(profiles)
    for key, name, kind, meaning in _PROFILE:
        lines += _head(name, kind, meaning)
        lines += [f"cammra_{name}{_labels(one)} {_number(one[key])}" for one in known]
    lines += _head("dropped_total", "counter", "Events, or images of events, dropped, by reason.")
    for one in known:
        lines += [
            f"cammra_dropped_total{_labels(one, reason=reason)} {_number(count)}"
            for reason, count in sorted(one["dropped"].items())
        ]
    for key, name, meaning in (
        ("last_success_utc_ns", "last_success_seconds", "When a delivery last arrived."),
        ("last_error_utc_ns", "last_error_seconds", "When a try last failed."),
    ):
        lines += _head(name, "gauge", meaning)
        lines += [f"cammra_{name}{_labels(one)} {one[key] / NS_PER_S:.3f}" for one in known]
    lines += _head("latency_seconds", "gauge", "Time of a delivered try, over the last thousand.")
    lines += [
        f"cammra_latency_seconds{_labels(one, quantile=quantile)} {one[key] / 1e3:.6f}"
        for one in known
        for quantile, key in _LATENCIES
    ]
    return "\n".join(lines) + "\n"


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP cammra_{name} {meaning}", f"# TYPE cammra_{name} {kind}"]


def _labels(profile: Mapping[str, Any], **more: str) -> str:
    labels = {"profile": str(profile["profile_id"]), "name": str(profile["name"]), **more}
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
