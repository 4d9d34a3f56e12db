"""The SEARCH tab in a real browser: found while one types, exported, enlarged, erased after a question."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import PlateList
from cammra_edge.model import Direction, EventKind, ListMatch
from cammra_edge.outbox import EventState
from cammra_edge.web import serve_page
from tests.web.busy import BusyEngine, jpeg
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, fill, go
from tests.web.still import an_event, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOON_NS = 1_764_158_400 * 10**9
"""2025-11-26T12:00Z."""
TEXTS = ("1AB1234", "1AB1235", "MLB 84R", "TÖL SL123")
STATES = (EventState.DELIVERED, EventState.WAITING, EventState.PARKED, EventState.EXPIRED)
EVENTS = 60
ANSWERED = """() => new Promise((done) => {
    const look = () => { if (window.openFetches) setTimeout(look, 20); else done(); };
    look();
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def engine(tmp_path: Path) -> BusyEngine:
    """It remembers 60 events of four plates, a minute apart, the first ten without pictures."""
    settings = still_settings(tmp_path)
    device = replace(settings.device, time_zone="Europe/Stockholm")
    engine = BusyEngine(
        replace(settings, device=device, plate_lists=(PlateList("staff", "allow"),))
    )
    engine.history.events.clear()
    for number in range(EVENTS):
        event = replace(
            an_event(number + 1, TEXTS[number % 4]),
            at_utc_ns=NOON_NS + number * 60 * 10**9,
            kind=list(EventKind)[number % 4],
            direction=list(Direction)[number % 3],
            listed=ListMatch(name="staff", mode="allow") if number % 5 == 0 else ListMatch(),
        )
        state = STATES[number % 4]
        waits = ("barrier",) if number % 4 in {1, 2} else ()
        engine.history.add(event, state, jpegs={"a1": jpeg()} if number > 9 else {}, waits=waits)
    return engine


@pytest.fixture
def served(engine: BusyEngine, tmp_path: Path) -> Iterator[ServedPage]:
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as made:
        yield made


@contextmanager
def searching(
    browser: Browser, served: ServedPage, *, width: int = 1440, scheme: str = "light"
) -> Iterator[Page]:
    with window(browser, width=width, scheme=scheme) as page:
        enter(page, served, "search")
        page.wait_for_selector(".found .vehicle")
        yield page


def said(page: Page, words: str) -> None:
    page.get_by_text(words, exact=True).wait_for()


def test_what_is_typed_is_found_at_once_and_the_rest_by_more(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    with searching(browser, served) as page:
        said(page, "The newest 50")
        page.get_by_role("button", name="Show more").click()
        said(page, "60 found")
        since = "Texts since 2025-11-26 13:00:00 +01:00, pictures since 2025-11-26 13:10:00 +01:00."
        page.get_by_text(since).wait_for()
        assert page.locator(".found .vehicle").count() == EVENTS
        asked = len(engine.history.asked)
        page.get_by_label("Plate", exact=True).press_sequentially("1ab-1234", delay=20)
        said(page, "15 found")
        # One asks when the fingers rest, not for every letter.
        assert len(engine.history.asked) - asked < len("1ab-1234")
        first = page.locator(".found .vehicle").first
        assert "2025-11-26 13:56:00 +01:00" in first.inner_text()
        assert "Delivered" in first.inner_text()


def test_an_old_answer_never_overwrites_a_newer_one(browser: Browser, served: ServedPage) -> None:
    held: list[Route] = []
    with searching(browser, served) as page:
        page.route("**/api/events?plate=1AB*", lambda route: held.append(route))  # noqa: PLW0108 - playwright wants its own
        with page.expect_request("**/api/events?plate=1AB*"):
            fill(page, "Plate", "1AB1234")
        fill(page, "Plate", "MLB84R")
        said(page, "15 found")
        (late,) = held
        late.continue_()
        page.evaluate(ANSWERED)
        texts = page.locator(".found .vehicle").all_inner_texts()
        assert len(texts) == 15
        assert all("MLB 84R" in text for text in texts)


def test_a_list_that_is_gone_is_looked_for_no_longer(browser: Browser, served: ServedPage) -> None:
    with searching(browser, served) as page:
        page.get_by_text("More filters").click()
        page.get_by_label("Plate list").select_option("staff")
        said(page, "12 found")
        go(page, "lists")
        page.get_by_role("button", name="Remove list").click()
        go(page, "search")
        said(page, "The newest 50")
        assert page.get_by_label("Plate list").input_value() == ""


def test_by_keyboard_alone_on_a_phone(browser: Browser, served: ServedPage) -> None:
    with searching(browser, served, width=360) as page:
        page.get_by_label("Plate", exact=True).focus()
        page.keyboard.type("tölsl123")
        said(page, "15 found")
        while page.evaluate("document.activeElement.tagName") != "SUMMARY":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.press("p")  # the state's box: the first word with this letter
        said(page, "Nothing found")
        for _ in ("Delivered", "Expired"):
            page.keyboard.press("ArrowDown")
        said(page, "15 found")
        while page.evaluate("document.activeElement.className") != "shots":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open] figure img")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        assert page.evaluate("document.activeElement.className") == "shots"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_filters_combine_and_stay_while_another_tab_is_open(
    browser: Browser, served: ServedPage
) -> None:
    with searching(browser, served) as page:
        fill(page, "From", "2025-11-26T13:30")
        fill(page, "To", "2025-11-26T13:40")
        said(page, "10 found")
        page.get_by_text("More filters").click()
        page.get_by_label("Event type").select_option("Reliable")
        said(page, "2 found")
        page.get_by_label("State").select_option("Delivered")
        said(page, "Nothing found")
        page.get_by_label("State").select_option("Waiting")
        said(page, "2 found")
        go(page, "events")
        go(page, "search")
        said(page, "2 found")
        assert page.get_by_label("Event type").input_value() == "reliable"


def test_a_plate_that_is_one_character_off_says_so(browser: Browser, served: ServedPage) -> None:
    with searching(browser, served) as page:
        fill(page, "Plate", "1AB1234")
        said(page, "15 found")
        page.get_by_text("More filters").click()
        page.get_by_text("Also plates that are one character off").click()
        said(page, "30 found")
        assert page.locator(".found .vehicle", has_text="one character off").count() == 15
        fill(page, "Plate", "1AB*")
        page.locator(".note", has_text="without * and ?").wait_for()


def test_what_cannot_be_asked_is_said_and_nothing_found_too(
    browser: Browser, served: ServedPage
) -> None:
    with searching(browser, served) as page:
        fill(page, "From", "2025-11-26T13:30")
        fill(page, "To", "2025-11-26T13:20")
        page.locator(".note", has_text="To: please give a time after from").wait_for()
        fill(page, "To", "")
        page.locator(".note", has_text="please").wait_for(state="detached")
        fill(page, "Plate", "nobody")
        said(page, "Nothing found")


def test_a_picture_is_enlarged_and_one_that_is_gone_says_so(
    browser: Browser, served: ServedPage
) -> None:
    with searching(browser, served) as page:
        page.locator(".found button.shots").first.press("Enter")
        page.wait_for_selector("dialog[open] figure img")
        size = page.evaluate("document.querySelector('dialog img').naturalWidth")
        assert size == 320
        page.locator("dialog", has_text="2025-11-26 13:59:00 +01:00").wait_for()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        fill(page, "To", "2025-11-26T13:05")
        said(page, "5 found")
        assert page.get_by_text("Picture no longer kept").count() == 5


def test_what_is_found_is_exported(browser: Browser, served: ServedPage) -> None:
    with searching(browser, served) as page:
        fill(page, "Plate", "MLB84R")
        said(page, "15 found")
        with page.expect_download() as download:
            page.get_by_role("link", name="Export with pictures").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            pictures = [name for name in archive.namelist() if name.startswith("pictures/")]
        assert len(pictures) == 13
        assert all("MLB84R" in name for name in pictures)


def test_erasing_says_what_waits_and_asks(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    with searching(browser, served) as page:
        fill(page, "Plate", "1AB1235")
        said(page, "15 found")
        page.get_by_role("button", name="Erase").click()
        page.locator("dialog", has_text="15 of these events wait for delivery").wait_for()
        assert violations(page) == []
        page.get_by_role("button", name="Erase for good").click()
        page.locator(".toast", has_text="15 kept for").wait_for()
        assert len(engine.history.events) == EVENTS
        page.get_by_role("button", name="Erase").click()
        page.locator("dialog", has_text="15 of these events wait").wait_for()
        page.get_by_text("Erase them too", exact=True).click()
        # What waits is meant of these events only: another plate, and it has to be said again.
        plate = page.locator("dialog").get_by_label("One plate").and_(page.locator("[type=text]"))
        plate.fill("MLB84R")
        page.locator("dialog", has_text="15 of these events wait").wait_for()
        assert not page.get_by_role("switch").is_checked()
        plate.fill("--")
        page.locator("dialog .note", has_text="Plate: please give letters").wait_for()
        assert page.get_by_role("button", name="Erase for good").is_disabled()
        plate.fill("1AB1235")
        page.locator("dialog", has_text="15 of these events wait").wait_for()
        page.get_by_text("Erase them too", exact=True).click()
        page.get_by_role("button", name="Erase for good").click()
        page.locator(".toast", has_text="15 events and").wait_for()
        said(page, "Nothing found")
        assert len(engine.history.events) == EVENTS - 15


def test_everything_or_what_is_old_is_erased(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    with searching(browser, served) as page:
        page.get_by_role("button", name="Erase").click()
        assert page.get_by_role("button", name="Erase for good").is_disabled()
        page.locator("dialog").get_by_label("All before").and_(
            page.locator("[type=datetime-local]")
        ).fill("2025-11-26T13:08")
        page.locator("dialog", has_text="4 of these events wait").wait_for()
        page.get_by_role("button", name="Erase for good").click()
        page.locator(".toast", has_text="4 events and 0 pictures erased").wait_for()
        page.get_by_text("Texts since 2025-11-26 13:01:00 +01:00").wait_for()
        page.get_by_role("button", name="Erase").click()
        page.get_by_text("Everything", exact=True).click()
        page.locator("dialog", has_text="30 of these events wait").wait_for()
        page.get_by_role("button", name="Close").last.click()
        page.wait_for_selector("dialog", state="detached")
        assert len(engine.history.events) == EVENTS - 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_in_any_state(
    browser: Browser, served: ServedPage, width: int, scheme: str
) -> None:
    with searching(browser, served, width=width, scheme=scheme) as page:
        page.get_by_text("More filters").click()
        assert violations(page) == []
        fill(page, "Plate", "--")
        page.locator(".note", has_text="Plate").wait_for()
        assert violations(page) == []
        fill(page, "Plate", "nobody")
        said(page, "Nothing found")
        assert violations(page) == []


def test_an_engine_that_does_not_run_says_so(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    engine.ill = "the engine does not run"
    with window(browser) as page:
        enter(page, served, "search")
        page.locator(".note", has_text="the engine does not run").wait_for()
