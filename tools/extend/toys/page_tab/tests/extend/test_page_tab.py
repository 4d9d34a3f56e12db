"""A tab more stands in the bar, and shows what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.web import serve_page
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tab_opens(tmp_path: Path) -> None:
    engine = StillEngine(still_settings(tmp_path))
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        chromium() as browser,
        window(browser) as page,
    ):
        enter(page, served, "notes")
        page.get_by_label("NOTES").fill("the gate sticks")
        page.reload()
        page.wait_for_selector("nav.tabs")
        assert page.get_by_label("NOTES").last.input_value() == "the gate sticks"
        assert violations(page) == []
