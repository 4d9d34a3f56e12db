"""The state of outbox and profiles as Prometheus reads it.

The text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Held by
`tests/delivery/test_metrics.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.delivery.status import ProfileStatus
    from cammra_edge.outbox import OutboxStatus

_MS_PER_S = 1000


def prometheus_text(outbox: OutboxStatus | None, profiles: Iterable[ProfileStatus]) -> str:
    """One page of metrics, ending in a line end."""
    page = _Page()
    if outbox is not None:
        _add_outbox(page, outbox)
    for profile in profiles:
        page.labels = {"profile": profile.key, "name": profile.name}
        _add_profile(page, profile)
    return page.text()


def _add_outbox(page: _Page, now: OutboxStatus) -> None:
    page.gauge("outbox_events", "Events stored for any profile.", now.events)
    page.gauge("outbox_bytes", "Bytes of events and images stored.", now.bytes)
    page.gauge("outbox_durable", "1 while everything that was put is on disk.", now.durable)
    page.gauge("outbox_not_yet_durable", "Events put since the disk refused.", now.not_yet_durable)
    page.total("outbox_late", "Events that took more than 50 ms to store.", now.late_commits)
    written = now.process_written_bytes
    page.total("process_written_bytes", "Bytes this process sent to storage.", written)
    page.gauge("outbox_segments", "Segments of the log.", now.segments)
    page.gauge("outbox_file_bytes", "Length of its files.", now.file_bytes)
    waits_s = now.storage_waits_s
    page.gauge("outbox_storage_waits_seconds", "Since the disk answers nothing.", waits_s)
    page.total("outbox_lost", "Events stored that cannot be read.", now.lost_events)


def _add_profile(page: _Page, now: ProfileStatus) -> None:
    success_s, error_s = now.last_success_utc_ns / NS_PER_S, now.last_error_utc_ns / NS_PER_S
    page.gauge("queue_events", "Events waiting or in flight.", now.queue_events)
    page.gauge("queue_bytes", "Bytes of the same, with images.", now.queue_bytes)
    page.gauge("oldest_age_seconds", "Running time since the oldest was stored.", now.oldest_age_s)
    page.gauge("in_flight", "Deliveries being tried now.", now.in_flight)
    page.gauge("parked", "Deliveries parked now.", now.parked_now)
    page.gauge("alarm", "1 while the profile is paused and calls for a person.", now.alarm)
    page.total("put", "Events stored for the profile.", now.put)
    page.total("delivered", "Deliveries the receiver acknowledged.", now.delivered)
    page.total("retried", "Tries that failed and are repeated.", now.retried)
    page.total("parked", "Deliveries parked.", now.parked)
    page.total("expired", "Deliveries too old to be sent.", now.expired)
    page.total("sent_bytes", "Bytes of delivered messages since the start.", now.sent_bytes)
    page.gauge("last_success_seconds", "When a delivery last arrived.", success_s)
    page.gauge("last_error_seconds", "When a try last failed.", error_s)
    for reason, count in sorted(now.dropped.items()):
        meaning = "Events, or images of events, dropped, by reason."
        page.total("dropped", meaning, count, reason=reason)
    for keeps, count in sorted(now.kept_back.items()):
        meaning = "Events that its filters kept back, by filter."
        page.total("kept_back", meaning, count, filter=keeps)
    latencies_ms = now.latency_p50_ms, now.latency_p95_ms, now.latency_p99_ms
    for quantile, took_ms in zip(("0.5", "0.95", "0.99"), latencies_ms, strict=True):
        meaning = "Time of a delivered try, over the last thousand."
        page.gauge("latency_seconds", meaning, took_ms / _MS_PER_S, quantile=quantile)


class _Page:
    """Gathers lines by metric, since all lines of one stand below its head."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}

    def gauge(self, name: str, meaning: str, value: float, **labels: str) -> None:
        """What goes up and down."""
        self._add(name, "gauge", meaning, value, labels)

    def total(self, name: str, meaning: str, value: int, **labels: str) -> None:
        """What only goes up."""
        self._add(f"{name}_total", "counter", meaning, value, labels)

    def _add(
        self, name: str, kind: str, meaning: str, value: float, labels: dict[str, str]
    ) -> None:
        head = [f"# HELP cammra_{name} {meaning}", f"# TYPE cammra_{name} {kind}"]
        named = (self.labels | labels).items()
        inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in named)
        braced = f"{{{inner}}}" if inner else ""
        number = f"{value:.6f}" if isinstance(value, float) else int(value)
        self._lines.setdefault(name, head).append(f"cammra_{name}{braced} {number}")

    def text(self) -> str:
        """The page."""
        return "".join(f"{line}\n" for lines in self._lines.values() for line in lines)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
