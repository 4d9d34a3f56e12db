"""The SEARCH tab on a phone, a tablet and a desk: pages of cards, by keyboard, and nothing for axe to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox import EventState
from cammra_edge.web import serve_page
from tests.web.busy import BusyEngine, jpeg
from tests.web.chromium import chromium, violations
from tests.web.installer import fill
from tests.web.searching import remembering, said, searching
from tests.web.still import an_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from cammra_edge.web.serve import ServedPage

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


def test_one_leafs_through_pages_by_the_keyboard_and_is_told_where_one_is(
    browser: Browser, served: ServedPage
) -> None:
    with searching(browser, served, width=360) as page:
        said(page, "The newest 25")
        newer, older = (
            page.get_by_role("button", name=name, exact=True) for name in ("Newer", "Older")
        )
        assert newer.is_disabled()
        numbers = [numbers_of(page)]
        for words in ("26 to 50", "51 to 60"):
            older.press("Enter")
            said(page, words)
            numbers.append(numbers_of(page))
            told = page.locator(":focus")
            assert told.inner_text() == words, "a screen reader goes on from here"
            assert told.evaluate("(one) => one.getBoundingClientRect().top >= 0")
            page.keyboard.press("Tab")
            assert page.locator(":focus").inner_text() == "Export with pictures"
        assert older.is_disabled()
        seen = [number for shown in numbers for number in shown]
        assert seen == [f"{number:02}" for number in range(59, -1, -1)]
        newer.press("Enter")
        said(page, "26 to 50")
        assert numbers_of(page) == numbers[1]
        fill(page, "Plate", "1AB1234")
        said(page, "15 found")
        assert page.get_by_role("navigation", name="Pages").count() == 0


def numbers_of(page: Page) -> list[str]:
    """The minutes of what is shown."""
    times = page.locator(".found .facts > span:first-of-type").all_inner_texts()
    return [time.split(":")[1] for time in times]


@pytest.mark.parametrize(("width", "most_pixels"), [(360, 4250), (768, 3300), (1440, 1800)])
def test_two_hundred_rows_are_cards_on_pages_that_a_thumb_can_leaf_through(
    browser: Browser, served: ServedPage, engine: BusyEngine, width: int, most_pixels: int
) -> None:
    for number in range(200):
        text = f"1AB{number:04}"
        engine.history.add(an_event(number, text), EventState.DELIVERED, jpegs={"a1": jpeg()})
    with searching(browser, served, width=width) as page:
        said(page, "The newest 25")
        height, across = page.evaluate(
            "[document.querySelector('.found').offsetHeight, document.documentElement.scrollWidth - innerWidth]"
        )
        assert height <= most_pixels
        assert across <= 0
        for card in page.locator(".found .vehicle").all():
            assert card.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_axe_finds_nothing_in_any_state(
    browser: Browser, served: ServedPage, width: int, scheme: str
) -> None:
    with searching(browser, served, width=width, scheme=scheme) as page:
        page.get_by_text("More filters").click()
        assert violations(page) == [], "all that can be asked"
        page.get_by_role("button", name="Older").click()
        said(page, "26 to 50")
        assert violations(page) == [], "another page"
        fill(page, "Plate", "1AB1234")
        page.get_by_text("Also plates that are one character off").click()
        page.locator(".found .tag.near").first.wait_for()
        assert violations(page) == [], "some of them only near"
        page.get_by_text("Also plates that are one character off").click()
        fill(page, "Plate", "--")
        page.locator(".note", has_text="Plate").wait_for()
        assert violations(page) == []
        fill(page, "Plate", "nobody")
        said(page, "Nothing found")
        assert violations(page) == []
