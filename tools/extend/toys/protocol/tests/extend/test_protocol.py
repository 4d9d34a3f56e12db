"""A protocol more: an engine delivers by it, Test tries it, and the page offers it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cammra_edge import Device, Engine, FrameTime, Lines, OutboxSettings, PlateRead, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.catalogue import catalogue
from cammra_edge.trial import trial

if TYPE_CHECKING:
    from pathlib import Path


def test_an_event_becomes_a_line(tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    profile = Profile("log", Lines(f"file://{lines}"), events={"new"}, image=None)
    engine = Engine(profiles=[profile], outbox=OutboxSettings(path=tmp_path / "o"))
    with engine.running(live=False):
        read = PlateRead(track=1, text="AB123", confidence=0.9)
        engine.observe(None, [read], FrameTime(0, 1_700_000_000_000_000_000))
        assert engine.drain(30)
    (line,) = lines.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["plateText"] == "AB123"


def test_it_can_be_tried(tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    profile = Profile("log", Lines(f"file://{lines}"), image=None)
    steps = list(trial(profile, profile_id=1, device=Device(), clock=SYSTEM_CLOCK))
    assert [(step.name, step.state) for step in steps if step.state != "running"] == [
        ("send", "ok"),
        ("answer", "ok"),
        ("done", "ok"),
    ]
    assert json.loads(lines.read_text(encoding="utf-8"))["plateText"] == "AXIS1234"


def test_the_form_offers_it() -> None:
    assert "LINES" in catalogue().schemas["profiles[].protocol"]["enum"]
