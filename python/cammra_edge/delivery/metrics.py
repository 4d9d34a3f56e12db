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
        _add_profile(page, profile)
    return page.text()


def _add_outbox(page: _Page, outbox: OutboxStatus) -> None:
    page.gauge("outbox_events", "Events stored for any profile.", outbox.events)
    page.gauge("outbox_bytes", "Bytes of events and images stored.", outbox.bytes)
    page.gauge("outbox_durable", "1 while everything that was put is on disk.", outbox.durable)
    page.gauge(
        "outbox_not_yet_durable", "Events put since the disk refused.", outbox.not_yet_durable
    )
    page.total("outbox_late", "Events that took more than 50 ms to store.", outbox.late_commits)
    page.total(
        "process_written_bytes",
        "Bytes this process sent to storage.",
        outbox.process_written_bytes,
    )
    page.total("outbox_salvaged", "Events saved from a broken file.", outbox.salvaged_events)
    page.total("outbox_lost", "Events lost in a broken file.", outbox.lost_events)


def _add_profile(page: _Page, profile: ProfileStatus) -> None:
    of = {"profile": profile.key, "name": profile.name}
    success_s = profile.last_success_utc_ns / NS_PER_S
    error_s = profile.last_error_utc_ns / NS_PER_S
    page.gauge("queue_events", "Events waiting or in flight.", profile.queue_events, of)
    page.gauge("queue_bytes", "Bytes of the same, with images.", profile.queue_bytes, of)
    page.gauge(
        "oldest_age_seconds",
        "Running time since the oldest was stored.",
        profile.oldest_age_s,
        of,
    )
    page.gauge("in_flight", "Deliveries being tried now.", profile.in_flight, of)
    page.gauge("parked", "Deliveries parked now.", profile.parked_now, of)
    page.gauge("alarm", "1 while the profile is paused and calls for a person.", profile.alarm, of)
    page.total("put", "Events stored for the profile.", profile.put, of)
    page.total("delivered", "Deliveries the receiver acknowledged.", profile.delivered, of)
    page.total("retried", "Tries that failed and are repeated.", profile.retried, of)
    page.total("parked", "Deliveries parked.", profile.parked, of)
    page.total("expired", "Deliveries too old to be sent.", profile.expired, of)
    page.total("sent_bytes", "Bytes of delivered messages since the start.", profile.sent_bytes, of)
    page.gauge("last_success_seconds", "When a delivery last arrived.", success_s, of)
    page.gauge("last_error_seconds", "When a try last failed.", error_s, of)
    for reason, count in sorted(profile.dropped.items()):
        page.total(
            "dropped",
            "Events, or images of events, dropped, by reason.",
            count,
            of | {"reason": reason},
        )
    for quantile, took_ms in (
        ("0.5", profile.latency_p50_ms),
        ("0.95", profile.latency_p95_ms),
        ("0.99", profile.latency_p99_ms),
    ):
        page.gauge(
            "latency_seconds",
            "Time of a delivered try, over the last thousand.",
            took_ms / _MS_PER_S,
            of | {"quantile": quantile},
        )


class _Page:
    """Gathers lines by metric, since all of one stand below its head."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def gauge(
        self, name: str, meaning: str, value: float, labels: dict[str, str] | None = None
    ) -> None:
        """What goes up and down."""
        self._add(name, "gauge", meaning, value, labels or {})

    def total(
        self, name: str, meaning: str, value: int, labels: dict[str, str] | None = None
    ) -> None:
        """What only goes up."""
        self._add(f"{name}_total", "counter", meaning, value, labels or {})

    def _add(
        self, name: str, kind: str, meaning: str, value: float, labels: dict[str, str]
    ) -> None:
        head = [f"# HELP cammra_{name} {meaning}", f"# TYPE cammra_{name} {kind}"]
        inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        braced = f"{{{inner}}}" if inner else ""
        number = f"{value:.6f}" if isinstance(value, float) else int(value)
        self._lines.setdefault(name, head).append(f"cammra_{name}{braced} {number}")

    def text(self) -> str:
        """The page."""
        return "".join(f"{line}\n" for lines in self._lines.values() for line in lines)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
