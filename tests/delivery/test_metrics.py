from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from cammra_edge.delivery import ProfileStatus
from cammra_edge.delivery.metrics import prometheus_text
from cammra_edge.outbox import OutboxStatus
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, TryLater
from tests.fakes import new_event

if TYPE_CHECKING:
    from tests.delivery.conftest import Rig

LINE = re.compile(
    r'^cammra_[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[0-9.]+$'
)


def test_every_line_is_of_the_text_format_and_says_the_truth(rig: Rig) -> None:
    rig.worker_with(name='bar"rier\\', max_age_s=100.0)
    rig.outbox.put([new_event(n) for n in range(1, 6)])
    rig.sink.answers = [
        Delivered(),
        TryLater(quoted("HTTP 503")),
        Delivered(),
        GiveUp(quoted("HTTP 400")),
    ]
    rig.run(2)
    rig.outbox.put([new_event(9)])
    status = rig.worker.status()
    text = prometheus_text(rig.outbox.status(), [status])
    assert text.endswith("\n")
    for line in text.splitlines():
        assert line.startswith("# ") or LINE.match(line), line
    label = '{profile="gate",name="bar\\"rier\\\\"}'
    assert f"cammra_delivered_total{label} 4" in text
    assert f"cammra_retried_total{label} 1" in text
    assert f"cammra_parked_total{label} 1" in text
    assert f"cammra_queue_events{label} 1" in text
    assert "cammra_outbox_durable 1" in text
    assert ProfileStatus(**json.loads(json.dumps(asdict(status)))) == status
    assert (
        OutboxStatus(**json.loads(json.dumps(asdict(rig.outbox.status())))) == rig.outbox.status()
    )


def test_drops_are_shown_by_reason(rig: Rig) -> None:
    rig.worker._render = lambda *_: None
    rig.outbox.put([new_event(1)])
    rig.run()
    text = prometheus_text(None, [rig.worker.status()])
    assert 'cammra_dropped_total{profile="gate",name="gate",reason="nothing to send"} 1' in text
