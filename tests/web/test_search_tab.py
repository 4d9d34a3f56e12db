"""The SEARCH tab in a real browser: found while one types, exported, enlarged, erased after a question."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.web import serve_page
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, fill, go
from tests.web.searching import ANSWERED, EVENTS, remembering, said, searching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Route

    from cammra_edge.web.serve import ServedPage
    from tests.web.busy import BusyEngine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def engine(tmp_path: Path) -> BusyEngine:
    return remembering(tmp_path)


@pytest.fixture
def served(engine: BusyEngine, tmp_path: Path) -> Iterator[ServedPage]:
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as made:
        yield made


def test_what_is_typed_is_found_at_once(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    with searching(browser, served) as page:
        said(page, "The newest 25")
        since = "Texts since 2025-11-26 13:00:00 +01:00, pictures since 2025-11-26 13:10:00 +01:00."
        page.get_by_text(since).wait_for()
        asked = len(engine.history.asked)
        page.get_by_label("Plate", exact=True).press_sequentially("1ab-1234", delay=20)
        said(page, "15 found")
        # One asks when the fingers rest, not for every letter.
        assert len(engine.history.asked) - asked < len("1ab-1234")
        first = page.locator(".found .vehicle").first
        assert "2025-11-26 13:56:00 +01:00" in first.inner_text()
        assert "Delivered" in first.inner_text()


def test_what_is_asked_anew_is_waited_for_no_longer(browser: Browser, served: ServedPage) -> None:
    with searching(browser, served) as page:
        given_up: list[str] = []
        page.on("requestfailed", lambda asked: given_up.append(asked.url))
        held: list[Route] = []
        page.route("**/api/events?plate=1A&*", lambda route: held.append(route))  # noqa: PLW0108 - playwright wants its own
        with page.expect_request("**/api/events?plate=1A&*"):
            fill(page, "Plate", "1A")
        with page.expect_event("requestfailed"):
            fill(page, "Plate", "MLB84R")
        said(page, "15 found")
        assert [url.rpartition("?")[2].partition("&")[0] for url in given_up] == ["plate=1A"]
        assert len(held) == 1


def test_what_one_profile_has_not_had_is_found(browser: Browser, served: ServedPage) -> None:
    with searching(browser, served) as page:
        page.get_by_text("More filters").click()
        page.get_by_label("For profile").select_option(label="1 barrier")
        said(page, "The newest 25")
        page.get_by_label("State").select_option("Waiting")
        said(page, "15 found")


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
        said(page, "The newest 25")
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
        said(page, "The newest 25")
        assert page.locator(".found .vehicle", has_text="one character off").count() == 13
        page.get_by_role("button", name="Older").click()
        said(page, "26 to 30")
        assert page.locator(".found .vehicle", has_text="one character off").count() == 2
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
        page.get_by_label("Between the table's cells").select_option("Semicolon")
        with page.expect_download() as table:
            page.get_by_role("link", name="As CSV").click()
        rows = Path(table.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert rows[0].startswith("time;plate;")
        assert len(rows) == 16
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


def test_an_engine_that_does_not_run_says_so(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    engine.ill = "the engine does not run"
    with window(browser) as page:
        enter(page, served, "search")
        page.locator(".note", has_text="the engine does not run").wait_for()
