from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from cammra_edge.delivery import ProfileStatus
from cammra_edge.delivery.exposition import (
    MOST_SAMPLES,
    Exposition,
    TextFormat,
    wanted_format,
)
from cammra_edge.delivery.metrics import MOST_PROFILES, prometheus_text
from cammra_edge.outbox import Dropped, OutboxStatus
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, TryLater
from tests.fakes import new_event

if TYPE_CHECKING:
    from tests.delivery.conftest import Rig


def values_in(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels; the parser refuses what is not of the format."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in read_plain(text):
        assert family.documentation
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in found.setdefault(sample.name, {}), sample
            found[sample.name][labels] = sample.value
    return found


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
    found = values_in(prometheus_text(rig.outbox.status(), [status]))
    gate = (("name", 'bar"rier\\'), ("profile", "gate"))
    assert found["cammra_delivered_total"] == {gate: 4.0}
    assert found["cammra_failed_tries_total"] == {gate: 1.0}
    assert found["cammra_parked_total"] == {gate: 1.0}
    assert found["cammra_parked_events"] == {gate: 1.0}
    assert found["cammra_queue_events"] == {gate: 1.0}
    assert found["cammra_outbox_durable"] == {(): 1.0}
    assert ProfileStatus(**json.loads(json.dumps(asdict(status)))) == status
    assert (
        OutboxStatus(**json.loads(json.dumps(asdict(rig.outbox.status())))) == rig.outbox.status()
    )


def test_drops_are_shown_by_reason_from_the_start(rig: Rig) -> None:
    rig.worker._render = lambda *_: None
    rig.outbox.put([new_event(1)])
    rig.run()
    status = replace(rig.worker.status(), dropped={"nothing to send": 1, "of 2030": 2, "odd": 3})
    found = values_in(prometheus_text(None, [status]))["cammra_dropped_total"]
    by_reason = {dict(labels)["reason"]: value for labels, value in found.items()}
    expected = {one.name.lower(): 0.0 for one in Dropped}
    assert by_reason == expected | {"nothing_to_send": 1.0, "other": 5.0}


def test_any_number_of_profiles_makes_a_bounded_page(rig: Rig) -> None:
    status = rig.worker.status()
    many = (replace(status, key=f"p{number}") for number in range(10 * MOST_PROFILES))
    found = values_in(prometheus_text(None, many))
    assert len(found["cammra_put_total"]) == MOST_PROFILES
    page = Exposition()
    for number in range(MOST_SAMPLES + 5):
        page.gauge("many", "Many.", number, number=str(number))
    assert page.text().count("\n") == MOST_SAMPLES + 2


@pytest.mark.parametrize("form", TextFormat)
def test_whatever_a_label_holds_it_is_read_back_by_a_strict_parser(form: TextFormat) -> None:
    page = Exposition()
    texts = ['"', "\\", "\n", "\\n", "}", "{", "=", ",", " # EOF", "Ö", "京", "", "a\rb", "x\0y"]
    for text in texts:
        page.gauge("odd", 'A "word"\nwith \\ in it.', 1.5, label=text)
    page.total("much", "Much.", 3, label="a")
    page.quantile("took_seconds", "How long.", 0.25, "0.5")
    page.gauge("never", "No number.", float("nan"))
    page.gauge("ever", "Infinite.", float("-inf"))
    page.gauge("torn", "No Unicode.", 2, label="\udcff")
    read = read_open if form is TextFormat.OPENMETRICS else read_plain
    families = {family.name: family for family in read(page.text(form))}
    assert [sample.labels["label"] for sample in families["cammra_odd"].samples] == texts
    assert families["cammra_odd"].documentation == 'A "word"\nwith \\ in it.'
    assert families["cammra_much"].type == "counter"
    assert families["cammra_much"].samples[0].name == "cammra_much_total"
    assert families["cammra_took_seconds"].type == "summary"
    assert families["cammra_torn"].samples[0].labels == {"label": "?"}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", TextFormat.PROMETHEUS),
        ("*/*", TextFormat.PROMETHEUS),
        ("application/openmetrics-text", TextFormat.OPENMETRICS),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
            TextFormat.OPENMETRICS,
        ),
        ("text/plain, application/openmetrics-text;q=0.9", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;q=0", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;q=many", TextFormat.PROMETHEUS),
        ("application/openmetrics-text;q=nan", TextFormat.PROMETHEUS),
        (";;;,,,=;q", TextFormat.PROMETHEUS),
    ],
)
def test_openmetrics_is_given_to_whoever_likes_it_better(accept: str, form: TextFormat) -> None:
    assert wanted_format(accept) is form
