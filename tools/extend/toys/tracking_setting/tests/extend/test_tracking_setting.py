"""A setting of the tracker more: checked, in the schema, in the form, and followed by the Rust half."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge import ConfigError, FrameTime, PlateRead, Settings, TrackingSettings
from cammra_edge.config.catalogue import catalogue
from cammra_edge.tracking import Tracker
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, window
from tests.web.installer import enter
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("least", "kinds"), [(0, ["new"]), (5, ["new"]), (6, [])])
def test_it_is_followed(least: int, kinds: list[str]) -> None:
    tracker = Tracker(Settings(tracking=TrackingSettings(least_characters=least)))
    read = PlateRead(track=1, text="AB123", confidence=0.9)
    assert [event.kind for event in tracker.observe(None, [read], FrameTime(0, 0))] == kinds


def test_it_is_checked_and_the_schema_has_its_bounds() -> None:
    with pytest.raises(ConfigError, match="least_characters"):
        TrackingSettings(least_characters=33)
    schema = catalogue().schemas["tracking.least_characters"]
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (0, 32, 0)


def test_the_form_shows_it(tmp_path: Path) -> None:
    engine = StillEngine(still_settings(tmp_path))
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        chromium() as browser,
        window(browser) as page,
    ):
        enter(page, served, "settings/recognition")
        assert page.get_by_label("Characters, at least").count() == 1
