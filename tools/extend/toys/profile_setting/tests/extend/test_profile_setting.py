"""A setting of profiles more: checked, in the schema, in the form, and followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import ConfigError, HttpPost, Profile
from cammra_edge.config.catalogue import catalogue
from cammra_edge.web import serve_page
from tests.payload.events import EVENT
from tests.web.chromium import chromium, window
from tests.web.installer import enter
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_followed_and_checked() -> None:
    profile = Profile("p", HttpPost("http://127.0.0.1:9/"), events=[EVENT.kind], max_confidence=0.5)
    assert not profile.wants(replace(EVENT, plate=replace(EVENT.plate, confidence=0.9)))
    assert profile.wants(replace(EVENT, plate=replace(EVENT.plate, confidence=0.4)))
    with pytest.raises(ConfigError, match="max_confidence"):
        replace(profile, max_confidence=2)


def test_the_schema_has_its_bounds() -> None:
    schema = catalogue().schemas["profiles[].max_confidence"]
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (0, 1, 1.0)


def test_the_form_shows_it(tmp_path: Path) -> None:
    engine = StillEngine(still_settings(tmp_path))
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        chromium() as browser,
        window(browser) as page,
    ):
        enter(page, served, "integration/push/1")
        assert page.get_by_label("Largest confidence").count() == 1
