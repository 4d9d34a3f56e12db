"""All that the engine tells of itself as metrics: engine, source, alarms, keepalive, outbox and profiles.

No plate, address or secret is among them; labels are words of ours, and each profile's key and name. What each means
stands in `docs/ref/metrics.md`, which `tests/web/test_metrics.py` holds.
"""

from __future__ import annotations

import platform
from collections import Counter
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from cammra_edge.camera import SourceState
from cammra_edge.delivery.exposition import Exposition, TextFormat
from cammra_edge.delivery.metrics import add_outbox, add_profiles
from cammra_edge.engine.alarms import AlarmCode, alarms_of
from cammra_edge.engine.troubles import InputKind
from cammra_edge.model import EventKind
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from cammra_edge.camera import SourceStatus
    from cammra_edge.delivery import KeepaliveStatus
    from cammra_edge.engine import EngineStatus
    from cammra_edge.engine.status import StreamStatus

_MS_PER_S = 1000


def metrics_text(status: EngineStatus, form: TextFormat) -> str:
    """One page of metrics."""
    page = Exposition()
    page.gauge(
        "build_info", "1; the labels say what runs.", 1, version=_version(),
        python=platform.python_version(), machine=platform.machine(),
    )  # fmt: skip
    _add_engine(page, status)
    _add_stream(page, status.stream)
    _add_source(page, status.source)
    found = Counter(alarm.code for alarm in alarms_of(status))
    for code in AlarmCode:
        page.gauge("alarms", "What calls for a person now, by code.", found[code], code=code.value)
    _add_keepalive(page, status.keepalive)
    add_outbox(page, status.outbox)
    add_profiles(page, status.profiles)
    return page.text(form)


@cache
def _version() -> str:
    return version("cammra-edge")


def _add_engine(page: Exposition, now: EngineStatus) -> None:
    page.gauge("engine_running", "1 while workers and encoder are at work.", now.running)
    page.total("frames", "Frames observed.", now.frames)
    page.total("reads", "Plate reads observed.", now.reads)
    page.total("refused_frames", "Frames that no picture could be made of.", now.broken_frames)
    page.total("refused_reads", "Plate reads that could not be used.", now.broken_reads)
    counts = {trouble.kind: trouble.count for trouble in now.input_troubles}
    for kind in InputKind:
        meaning = "Wrong input of recogniser or image encoder, by what it was about."
        page.total("wrong_input", meaning, counts.get(kind, 0), kind=kind.value)
    for event in EventKind:
        page.total("events", "Events, by type.", now.events.get(event, 0), type=event.value)
    page.total("unwanted_events", "Events that no profile wanted.", now.unwanted)
    page.gauge("pending_events", "Events that are not stored yet.", now.pending)
    page.total("not_stored_events", "Events that a fault kept from the disk.", now.not_stored)
    open_vehicles = now.tracker.get("open_tracks", 0)
    page.gauge("open_vehicles", "Vehicles whose Lost has not come yet.", open_vehicles)
    page.gauge("shot_bytes", "Pixels kept for them.", now.tracker.get("shot_bytes", 0))


def _add_stream(page: Exposition, now: StreamStatus | None) -> None:
    if now is None:
        return
    page.gauge("frame_age_seconds", "Time since a frame last came.", float(now.silent_s))
    page.gauge("frame_gap_seconds", "Mean time between frames so far.", float(now.usual_gap_s))
    if now.clock_synced is not None:
        page.gauge("clock_synced", "1 while the clock is set.", now.clock_synced)


def _add_source(page: Exposition, now: SourceStatus | None) -> None:
    if now is None:
        return
    page.state("source_state", "1 for what the source does.", SourceState, now.state, "state")
    page.total("source_pictures", "Pictures that came.", now.pictures)
    page.total(
        "source_skipped_frames",
        "Pictures that the recogniser passed over, as newer ones had come.",
        now.skipped_frames,
    )
    page.total("source_damaged_frames", "Pictures that could not be decoded.", now.damaged_frames)
    page.total("source_reconnects", "How often the stream was opened anew.", now.reconnects)
    page.gauge("source_frames_per_second", "Pictures a second, lately.", float(now.rate_fps))
    page.gauge(
        "source_lag_seconds",
        "Age of the last picture when the recogniser took it.",
        now.lag_ms / _MS_PER_S,
    )
    page.total("recogniser_frames", "Pictures that the recogniser was given.", now.recognitions)
    page.total("recogniser_seconds", "Time that the recogniser took.", float(now.recogniser_s))
    page.total(
        "recogniser_errors", "Pictures that the recogniser raised for.", now.recogniser_errors
    )


def _add_keepalive(page: Exposition, now: KeepaliveStatus | None) -> None:
    if now is None:
        return
    last_s = now.last_utc_ns / NS_PER_S
    page.total("keepalives_sent", "Keepalives since these settings are in force.", now.sent)
    page.gauge("keepalive_failures", "How many failed in a row.", now.failed)
    page.gauge("keepalive_last_timestamp_seconds", "When the last one went.", last_s)
