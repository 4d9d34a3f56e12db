"""`/metrics`: what the engine tells of itself, to monitors with a token, or to everybody where a setting says so."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from cammra_edge.camera import SourceState
from cammra_edge.delivery import ProfileState
from cammra_edge.delivery.exposition import TextFormat
from cammra_edge.engine.alarms import AlarmCode
from cammra_edge.engine.troubles import InputKind, InputTrouble
from cammra_edge.web import serve_page
from cammra_edge.web.metrics import metrics_text
from tests.fakes import FakeClock
from tests.web.conftest import first_visitor
from tests.web.metrics_table import FULL, PAGE, table, told
from tests.web.still import PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.engine import EngineStatus

UNIT = re.compile(r"_(seconds|bytes|events|frames|total|info|per_second)$")
WITHOUT_UNIT = {
    "cammra_engine_running", "cammra_open_vehicles", "cammra_clock_synced", "cammra_source_state",
    "cammra_alarms", "cammra_keepalive_failures", "cammra_outbox_durable", "cammra_outbox_segments",
    "cammra_profile_state", "cammra_profile_alarm",
}  # fmt: skip
"""Flags, states, and counts of what the name itself names."""


def samples(status: EngineStatus) -> dict[str, float]:
    """Each sample as it is written, but for the number."""
    text = metrics_text(status, TextFormat.PROMETHEUS)
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_the_reference_has_every_metric() -> None:
    assert told() == table(metrics_text(FULL, TextFormat.PROMETHEUS))


def test_alert_rules_speak_of_metrics_and_labels_that_there_are() -> None:
    rules = PAGE.read_text(encoding="utf-8").partition("## Alerts")[2]
    names = set(re.findall(r"\bcammra_\w+", rules))
    text = metrics_text(FULL, TextFormat.PROMETHEUS)
    assert names
    for name in names:
        assert f"\n{name}" in text, name
    for pattern in re.findall(r'reason=~"([^"]+)"', rules):
        reasons = re.findall(r'reason="(\w+)"', text)
        assert all(
            any(re.fullmatch(one, reason) for reason in reasons) for one in pattern.split("|")
        )


def test_both_formats_are_read_by_strict_parsers_and_say_the_same() -> None:
    plain = list(read_plain(metrics_text(FULL, TextFormat.PROMETHEUS)))
    opened = list(read_open(metrics_text(FULL, TextFormat.OPENMETRICS)))
    values = [
        [(sample.name, sample.labels, sample.value) for one in page for sample in one.samples]
        for page in (plain, opened)
    ]
    assert values[0] == values[1]
    assert len({one.name for one in opened}) == len(opened)


def test_names_say_their_units() -> None:
    names = {
        sample.name
        for family in read_plain(metrics_text(FULL, TextFormat.PROMETHEUS))
        for sample in family.samples
    }
    assert {name for name in names if not UNIT.search(name)} == WITHOUT_UNIT


def test_they_say_the_truth() -> None:
    assert FULL.source is not None
    assert FULL.stream is not None
    source = replace(
        FULL.source,
        state=SourceState.LOST,
        pictures=250,
        skipped_frames=40,
        lag_ms=120.0,
        recognitions=210,
        recogniser_s=42.5,
        recogniser_errors=2,
    )
    troubles = (
        InputTrouble(kind=InputKind.FRAME, count=7, what="w", why="y", remedy="r", ago_s=1.0),
    )
    found = samples(
        replace(
            FULL,
            frames=210,
            events={"new": 5, "lost": 4},
            broken_frames=7,
            input_troubles=troubles,
            source=source,
            stream=replace(FULL.stream, clock_synced=False, silent_s=31.5),
            profiles=(replace(FULL.profiles[0], state=ProfileState.PAUSED, alarm=True),),
        )
    )
    assert found["cammra_frames_total"] == 210
    assert found['cammra_events_total{type="new"}'] == 5
    assert found['cammra_events_total{type="reliable"}'] == 0
    assert found["cammra_refused_frames_total"] == 7
    assert found['cammra_wrong_input_total{kind="frame"}'] == 7
    assert found['cammra_source_state{state="lost"}'] == 1
    assert found['cammra_source_state{state="playing"}'] == 0
    assert found["cammra_source_skipped_frames_total"] == 40
    assert found["cammra_source_lag_seconds"] == 0.12
    assert found["cammra_recogniser_seconds_total"] == 42.5
    assert found["cammra_recogniser_frames_total"] == 210
    assert found["cammra_recogniser_errors_total"] == 2
    assert found["cammra_clock_synced"] == 0
    assert found["cammra_frame_age_seconds"] == 31.5
    assert found['cammra_profile_state{profile="gate",name="barrier",state="paused"}'] == 1
    alarms = {name: value for name, value in found.items() if name.startswith("cammra_alarms")}
    assert len(alarms) == len(AlarmCode)
    assert {name for name, value in alarms.items() if value} == {
        f'cammra_alarms{{code="{code}"}}'
        for code in ("profile_paused", "source_gone", "frames_broken", "clock_unset")
    }
    assert any(f'version="{version("cammra-edge")}"' in name for name in found)


def test_what_is_not_known_is_left_out() -> None:
    assert FULL.stream is not None
    bare = replace(FULL, source=None, outbox=None, stream=None, keepalive=None, profiles=())
    names = {name.partition("{")[0] for name in samples(bare)}
    assert not any("source" in name or "outbox" in name for name in names)
    unknown = replace(FULL, stream=replace(FULL.stream, clock_synced=None))
    assert "cammra_clock_synced" not in samples(unknown)


def test_nothing_of_addresses_and_places_is_told() -> None:
    text = metrics_text(FULL, TextFormat.PROMETHEUS)
    assert "example" not in text
    assert "/a/secret/place" not in text


def test_a_token_of_its_scope_reads_them_and_a_switch_opens_them(tmp_path: Path) -> None:
    engine = StillEngine(still_settings(tmp_path))
    with (
        serve_page(
            engine, port=0, folder=tmp_path / "page", say=False, clock=FakeClock()
        ) as served,
        first_visitor(served) as admin,
        httpx.Client(base_url=served.url, trust_env=False, timeout=PATIENT_S) as stranger,
    ):
        assert stranger.get("/metrics").status_code == 401
        made = admin.send("POST", "/api/tokens", {"name": "p", "scopes": ["metrics"]}).json()
        shown = {"Authorization": f"Bearer {made['secret']}"}
        answer = stranger.get("/metrics", headers=shown)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == TextFormat.PROMETHEUS.value
        assert list(read_plain(answer.text))
        assert stranger.get("/api/status", headers=shown).status_code == 403
        liked = {"Accept": "application/openmetrics-text;version=1.0.0"}
        answer = stranger.get("/metrics", headers=shown | liked)
        assert answer.headers["content-type"] == TextFormat.OPENMETRICS.value
        assert answer.text.endswith("\n# EOF\n")
        wrong = {"Authorization": "Bearer ce_wrong"}
        assert stranger.get("/metrics", headers=wrong).status_code == 401

        for is_open, status in ((True, 200), (False, 401)):
            body = {"changes": {"open_metrics": is_open}}
            assert admin.send("PATCH", "/api/settings", body).status_code == 200
            assert stranger.get("/metrics").status_code == status
            assert stranger.get("/metrics", headers=wrong).status_code == status
            assert stranger.get("/api/status").status_code == 401
        assert "open_metrics" in admin.send("GET", "/api/catalogue").text


@pytest.mark.parametrize("is_open", [True, False])
def test_a_script_opens_them_too_and_may_lock_the_switch(tmp_path: Path, *, is_open: bool) -> None:
    settings = replace(
        still_settings(tmp_path), open_metrics=is_open, locked=frozenset({"open_metrics"})
    )
    with (
        serve_page(StillEngine(settings), port=0, folder=tmp_path / "p", say=False) as served,
        first_visitor(served) as admin,
        httpx.Client(base_url=served.url, trust_env=False, timeout=PATIENT_S) as stranger,
    ):
        assert (stranger.get("/metrics").status_code == 200) is is_open
        body = {"changes": {"open_metrics": not is_open}}
        assert admin.send("PATCH", "/api/settings", body).status_code == 422
