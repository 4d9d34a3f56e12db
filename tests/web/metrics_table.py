"""The table of metrics in `docs/ref/metrics.md`; `python -m tests.web.metrics_table` writes it anew.

Held by `tests/web/test_metrics.py`.
"""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cammra_edge.camera import SourceState, SourceStatus
from cammra_edge.delivery import KeepaliveStatus, ProfileState, ProfileStatus
from cammra_edge.delivery.exposition import TextFormat
from cammra_edge.engine import EngineStatus
from cammra_edge.engine.status import StreamStatus
from cammra_edge.outbox import OutboxStatus
from cammra_edge.web.metrics import metrics_text

PAGE = Path(__file__).parents[2] / "docs" / "ref" / "metrics.md"
BEGIN, END = "<!-- metrics -->\n", "<!-- /metrics -->"

FULL = EngineStatus(
    stream_id="s",
    running=True,
    stream=StreamStatus(silent_s=0.04, usual_gap_s=0.04, clock_synced=True),
    outbox=OutboxStatus(path="/a/secret/place", durability="power", max_events=5, max_bytes=7),
    profiles=(ProfileStatus(key="gate", profile_id=1, name="barrier", state=ProfileState.IDLE),),
    keepalive=KeepaliveStatus(sent=3),
    source=SourceStatus(address="rtsp://camera.example/stream", state=SourceState.PLAYING),
)
"""An engine with everything that is told of."""


def table(text: str) -> str:
    """What the metrics of this page are, a row a metric."""
    rows = ["| metric | type | labels | |", "|---|---|---|---|"]
    for family in text_string_to_metric_families(text):
        labels = dict.fromkeys(label for one in family.samples for label in one.labels)
        told = ", ".join(f"`{label}`" for label in labels)
        names = dict.fromkeys(one.name for one in family.samples)
        assert len(names) == 1
        rows.append(f"| `{next(iter(names))}` | {family.type} | {told} | {family.documentation} |")
    return "\n".join(rows) + "\n"


def told() -> str:
    """The table as the page has it."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    made = table(metrics_text(FULL, TextFormat.PROMETHEUS))
    PAGE.write_text(before + begin + made + END + rest.partition(END)[2], encoding="utf-8")
