"""The form follows the catalogue, the profiles follow their keys, and a region keeps each of its corners."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.profile import HttpPost, Profile
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, window
from tests.web.installer import enter, fill, go, open_profile, run_test, save
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from cammra_edge.config import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AWKWARD_KEY = "gate [1].tls.pin/ä%2F #?"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@contextmanager
def entered(
    browser: Browser, settings: Settings, folder: Path, place: str
) -> Iterator[tuple[StillEngine, Page]]:
    engine = StillEngine(settings)
    with (
        serve_page(engine, port=0, folder=folder / "page", say=False) as served,
        window(browser) as page,
    ):
        page.route("**/api/catalogue", with_toys)
        enter(page, served, place)
        yield engine, page


def with_toys(route: Route) -> None:
    """The catalogue, with settings that no script of the page knows."""
    answer = route.fetch()
    catalogue = answer.json()
    catalogue["schemas"] |= {
        "tracking.toy_limit": {"type": "integer", "minimum": 1, "maximum": 9},
        "profiles[].toy_word": {"type": "string", "enum": ["a", "b"], "protocols": ["TCP"]},
        "profiles[].toy_secret": {"type": "string", "writeOnly": True},
        "profiles[].toy_file": {"type": "string", "readOnly": True},
        "keepalive.toy_switch": {"type": "boolean", "default": False},
    }
    route.fulfill(response=answer, json=catalogue)


def test_a_setting_that_no_script_knows_is_laid_out_by_its_schema(
    browser: Browser, tmp_path: Path
) -> None:
    with entered(browser, still_settings(tmp_path), tmp_path, "settings/recognition") as (_, page):
        page.get_by_text("Limits").click()
        limit = page.locator("[data-field='tracking.toy_limit']")
        assert "toy_limit" in limit.inner_text()
        assert "1\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}9." in limit.inner_text()
        fill(page, "toy_limit", "4")
        limit.locator(".err", has_text="no such field here").wait_for()
        page.get_by_text("Discard", exact=True).click()

        go(page, "integration/push/1")
        page.get_by_text("Location, certificate, time limits, proxy").click()
        word = page.locator("[data-field='profiles[barrier].toy_word']")
        assert "Not used by HTTP POST" in word.inner_text()
        assert page.get_by_label("toy_secret", exact=True).get_attribute("type") == "password"
        assert page.locator("[data-field='profiles[barrier].toy_file']").count() == 0
        page.get_by_label("Protocol", exact=True).select_option("TCP")
        assert word.locator("option").all_inner_texts() == ["a", "b"]
        page.get_by_text("Discard", exact=True).click()

        go(page, "integration/keepalive")
        page.get_by_role("switch", name="toy_switch").wait_for()


def test_whatever_a_key_holds_the_page_reaches_its_profile(
    browser: Browser, tmp_path: Path
) -> None:
    profiles = (
        Profile("gate", HttpPost("http://127.0.0.1:9/a"), key=AWKWARD_KEY),
        Profile("gate [1]", HttpPost("http://127.0.0.1:9/b")),
    )
    settings = replace(still_settings(tmp_path), profiles=profiles, locked=frozenset())
    with entered(browser, settings, tmp_path, "integration/push/1") as (engine, page):
        fill(page, "Device ID", "GATE-1")
        fill(page, "Events in flight", "1000")
        page.locator(".save", has_text="1 field needs attention").wait_for()
        open_profile(page, 2)
        page.get_by_role("button", name="Show", exact=True).click()
        page.locator("[aria-invalid=true]:focus").wait_for()
        assert page.get_by_role("tab", name="Profile 1").get_attribute("aria-selected") == "true"
        fill(page, "Events in flight", "2")
        save(page)
        first, second = engine.settings.profiles
        assert (first.key, first.device_id, first.window) == (AWKWARD_KEY, "GATE-1", 2)
        assert second.device_id == "defaultID"
        run_test(page)
        assert page.locator(".trial .state.ok").count() == 1
        open_profile(page, 3)
        fill(page, "Server URL", "http://127.0.0.1:9/c")
        save(page)
        assert [profile.key for profile in engine.settings.profiles][2] == "Profile 3"


def test_corners_moved_one_after_the_other_all_stay_where_they_are(
    browser: Browser, tmp_path: Path
) -> None:
    with entered(browser, still_settings(tmp_path), tmp_path, "settings/regions") as (engine, page):
        page.get_by_text("Add a region").click()
        for name in ("Corner 1", "Corner 2", "Tip of the arrow"):
            page.get_by_role("button", name=name).press("ArrowRight")
        save(page)
        (region,) = engine.settings.tracking.regions
        assert region.polygon[:2] == ((0.09, 0.1), (0.93, 0.1))
        assert region.arrow == ((0.5, 0.25), (0.51, 0.75))


def test_what_is_wrong_is_called_as_the_page_calls_it(browser: Browser, tmp_path: Path) -> None:
    with entered(browser, still_settings(tmp_path), tmp_path, "lists") as (_, page):
        page.locator("button", has_text="Block list").click()
        fill(page, "Plates", "1AB1234\n\n" + "A" * 65)
        page.get_by_text("2 plates", exact=True).wait_for()
        page.locator(".err", has_text="Line 3: please give at most 64 characters.").wait_for()
        fill(page, "Plates", "1AB1234")
        page.get_by_text("1 plate", exact=True).wait_for()
        page.get_by_text("Discard", exact=True).click()
        go(page, "integration/push/1")
        fill(page, "Events in flight", "1000")
        assert "Events in flight: please give a whole number" in run_test(page)
