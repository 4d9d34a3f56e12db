"""A profile on a phone: short, the important things first, and a Test whose result is seen."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.profile import HttpPost, Profile, Tls
from cammra_edge.web import serve_page
from tests.web.busy import BusyEngine
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, fill, open_profile
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WIDTH, HEIGHT = 360, 740
SCREENS = 3
FOLDED = "details summary"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@contextmanager
def phone(browser: Browser, engine: StillEngine, folder: Path) -> Iterator[Page]:
    with (
        serve_page(engine, port=0, folder=folder / "page", say=False) as served,
        window(browser, width=WIDTH, height=HEIGHT) as page,
    ):
        enter(page, served, "integration/push/1")
        yield page


def test_a_profile_of_http_post_is_no_longer_than_three_screens(
    browser: Browser, tmp_path: Path
) -> None:
    with phone(browser, StillEngine(still_settings(tmp_path)), tmp_path) as page:
        page.locator(".profiles", has_text="Idle").wait_for()
        assert page.get_by_label("Protocol", exact=True).input_value() == "HTTP POST"
        # What the page says until the camera has answered goes again.
        page.wait_for_function(
            f"document.querySelector('#test-plate').getBoundingClientRect().top < {HEIGHT}"
        )
        assert page.evaluate("document.documentElement.scrollHeight") <= SCREENS * HEIGHT
        tops = [
            page.locator(name).first.bounding_box()
            for name in (
                ".profiles .state",
                ".switch.big",
                "#test-plate",
                "[data-field$=server_url]",
            )
        ]
        heights = [box["y"] for box in tops if box is not None]
        assert heights == sorted(heights)
        assert heights[2] < HEIGHT, "state, switch and Test are on the first screen"


def test_a_fold_tells_what_is_set_inside(browser: Browser, tmp_path: Path) -> None:
    settings = still_settings(tmp_path)
    post = HttpPost(
        "https://127.0.0.1:9/a", user="cam", password="s3cret-one", proxy="http://127.0.0.1:3128",
        tls=Tls(old=True),
    )  # fmt: skip
    profiles = (
        Profile("barrier", post, directions={"in"}, max_age_s=3600.0),
        *settings.profiles[1:],
    )
    with phone(browser, StillEngine(replace(settings, profiles=profiles)), tmp_path) as page:
        told = [" ".join(one.split()) for one in page.locator(FOLDED).all_inner_texts() if one]
        assert "Signing in · User, Password set" in told
        assert "Filters · Direction set" in told
        assert "When the server is away · Forget after set" in told
        assert "Location, certificate, time limits, proxy · Old receivers, Proxy set" in told
        assert "More about images" in told
        fill(page, "Latitude", "50.1")
        fill(page, "Longitude", "14.4")
        line = page.locator(FOLDED, has_text="Location, certificate")
        line.filter(has_text="Latitude, Longitude, Old receivers and 1 more set").wait_for()
        assert violations(page) == []


def test_a_failing_step_comes_first_and_into_view(browser: Browser, tmp_path: Path) -> None:
    engine = BusyEngine(still_settings(tmp_path))
    engine.done.set()
    with phone(browser, engine, tmp_path) as page:
        page.locator("#test-plate").evaluate("one => one.scrollIntoView({ block: 'end' })")
        page.get_by_role("button", name="Test", exact=True).click()
        steps = page.locator(".trial li")
        page.locator(".trial li:first-child .state.failed").wait_for()
        assert "Connect" in steps.first.inner_text()
        assert steps.count() == 2
        page.wait_for_function(
            """() => { const { top, bottom } = document.querySelector(".trial").getBoundingClientRect();
            return top > 0 && bottom < innerHeight; }"""
        )


def test_what_a_protocol_lacks_takes_no_room(browser: Browser, tmp_path: Path) -> None:
    with phone(browser, StillEngine(still_settings(tmp_path)), tmp_path) as page:
        assert not page.get_by_text("Path and naming").is_visible()
        open_profile(page, 3)
        page.get_by_text("Path and naming").wait_for()
