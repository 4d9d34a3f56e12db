"""The page in a real browser: every tab and state for everyone, on every width, with nothing else to help it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.web import serve_page
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, go
from tests.web.still import PASSWORD, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PLACES = [
    "events",
    "search",
    "lists",
    "integration",
    "integration/push/2",
    "integration/push/3",
    "integration/deliveries",
    "integration/keepalive",
    "integration/backup",
    "settings/recognition",
    "settings/regions",
    "settings/camera",
    "settings/people",
    "settings/access",
    "settings/audit",
    "settings/history",
]
EVIL = ["<img src=x onerror=alert(1)>", "\u202e1AB1234", "TÖLSL123", "京PL3N67", "A" * 300, ""]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    folder = tmp_path_factory.mktemp("page")
    engine = StillEngine(still_settings(folder), texts=["1AB1234", *EVIL])
    with serve_page(engine, port=0, folder=folder / "page", say=False) as made:
        yield made


def test_the_first_visit_says_what_is_wrong_and_lets_nobody_in(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("first")
    with (
        serve_page(
            StillEngine(still_settings(folder)), port=0, folder=folder / "page", say=False
        ) as served,
        window(browser, width=360, height=740) as page,
    ):
        page.goto(served.url)
        page.wait_for_selector("#code")
        assert violations(page) == []
        page.fill("#code", "AAAA-AAAA")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.locator("#door-error", has_text="differ").wait_for()
        assert page.evaluate("document.activeElement.id") == "password-again"
        page.fill("#password-again", PASSWORD)
        page.keyboard.press("Enter")
        page.locator("#door-error", has_text="code that the console").wait_for()
        assert violations(page) == []
        page.fill("#code", served.setup_code)
        page.fill("#password", "short")
        page.fill("#password-again", "short")
        page.keyboard.press("Enter")
        page.locator("#door-error", has_text="10").wait_for()
        page.fill("#password", PASSWORD)
        page.fill("#password-again", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("nav.tabs")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_on_any_tab(
    browser: Browser, served: ServedPage, width: int, scheme: str
) -> None:
    with window(browser, width=width, scheme=scheme) as page:
        enter(page, served)
        for place in PLACES:
            go(page, place)
            page.evaluate(
                "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
            )
            assert violations(page) == [], place


def test_axe_finds_nothing_in_any_state_of_the_form(browser: Browser, served: ServedPage) -> None:
    with window(browser) as page:
        enter(page, served, "integration/push/2")
        for word in ("HTTP POST", "FTP", "TCP"):
            page.get_by_label("Protocol").select_option(word)
            page.get_by_label("Server URL").fill("not an address")
            page.wait_for_selector(".err:visible")
            assert violations(page) == [], word
        page.get_by_text("Discard", exact=True).click()
        go(page, "settings/regions")
        page.get_by_text("Add a region").click()
        assert violations(page) == []
        go(page, "lists")
        page.locator("button", has_text="Block list").click()
        assert violations(page) == []
        page.get_by_text("Discard", exact=True).click()
        go(page, "events")
        page.locator("button.shots").first.click()
        page.wait_for_selector("dialog[open]")
        assert violations(page) == []


def test_the_tabs_are_the_products_and_an_older_address_still_leads_there(
    browser: Browser, served: ServedPage
) -> None:
    with window(browser) as page:
        enter(page, served)
        names = ["EVENTS", "SEARCH", "LISTS", "INTEGRATION", "SETTINGS"]
        assert page.locator("nav.tabs a").all_inner_texts() == names
        page.goto(f"{served.url}#settings/lists")
        page.get_by_role("heading", name="LISTS", exact=True).wait_for()
        assert page.url.endswith("#lists")
        current = page.locator("nav.tabs a[aria-current]")
        assert current.all_inner_texts() == ["LISTS"]


CUT_IN_HEADER = """() => [...document.querySelectorAll(".head :is(a, span)")]
.filter((one) => one.checkVisibility())
.filter((one) => { const { left, right } = one.getBoundingClientRect();
  return left < 0 || right > innerWidth || one.scrollWidth > one.clientWidth + 1 && one.clientWidth; })
.map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [320, 360, 640, 768, 1024, 1270, 1440, 3840])
def test_nothing_is_cut_at_any_width(browser: Browser, served: ServedPage, width: int) -> None:
    """640 is what a 1280 px screen leaves at 200 % zoom."""
    with window(browser, width=width, height=900) as page:
        enter(page, served)
        assert page.evaluate(CUT_IN_HEADER) == []
        for place in PLACES:
            go(page, place)
            page.evaluate(
                "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
            )
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, place


def test_every_target_is_large_enough_for_a_glove(browser: Browser, served: ServedPage) -> None:
    with window(browser, width=360, height=740) as page:
        enter(page, served)
        for place in PLACES:
            go(page, place)
            small = page.evaluate(
                """() => [...document.querySelectorAll("main :is(button, a, select, input, summary, label)")]
                .filter((one) => one.matches(":is(button, a, select, input, summary, .switch, .pill)"))
                .filter((one) => one.checkVisibility() && !one.closest("label:not(:scope), .unseen"))
                .filter((one) => one.getBoundingClientRect().height < 47.5)
                .map((one) => one.outerHTML.slice(0, 120))"""
            )
            assert small == [], place


def test_hostile_plates_are_only_text(browser: Browser, served: ServedPage) -> None:
    with window(browser) as page:
        enter(page, served)
        page.wait_for_selector(".vehicle")
        assert page.locator(".plate", has_text="<img src=x").count() == 1
        assert page.locator("main img[src='x']").count() == 0


def test_a_region_is_moved_by_the_keyboard_alone(browser: Browser, served: ServedPage) -> None:
    with window(browser) as page:
        enter(page, served, "settings/regions")
        page.get_by_text("Add a region").press("Enter")
        corner = page.locator(".handle").first
        corner.focus()
        before = corner.get_attribute("aria-label")
        for _ in range(5):
            page.keyboard.press("ArrowRight")
        assert corner.get_attribute("aria-label") != before
        page.locator("#save").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".toast")
        page.get_by_text("Undo", exact=True).click()
        page.locator(".handle").first.wait_for(state="detached")


def test_greyed_fields_say_why_and_locked_ones_by_whom(
    browser: Browser, served: ServedPage
) -> None:
    with window(browser) as page:
        enter(page, served, "integration/push/2")
        box = page.locator(".field", has=page.get_by_label("Auth type"))
        assert page.get_by_label("Auth type").is_disabled()
        assert "Not used by TCP" in box.inner_text()
        go(page, "integration/push/3")
        locked = page.locator(".field", has=page.get_by_label("Server URL"))
        assert page.get_by_label("Server URL").is_disabled()
        assert "script" in locked.inner_text()


def test_little_stands_before_the_first_paint(browser: Browser, served: ServedPage) -> None:
    """What the first paint waits for, counted; how long that takes, `paint.py` measures."""
    with window(browser) as page:
        page.goto(served.url)
        page.wait_for_selector("form")
        painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        blocking = page.evaluate(
            f"""() => performance.getEntriesByType('resource')
                .filter(one => one.renderBlockingStatus === 'blocking' && one.startTime < {painted})
                .map(one => [one.name, one.decodedBodySize])"""
        )
    assert len(blocking) <= 2, blocking
    assert sum(size for _, size in blocking) <= 40_000, blocking
