"""People on the page: a first visit, what each role sees, who is let in and out, and what the log says of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cammra_edge.web import serve_page
from tests.web.busy import BusyEngine
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, fill, go
from tests.web.still import PASSWORD, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OTHER = "another gate in the sun"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedPage]:
    engine = BusyEngine(still_settings(tmp_path))
    engine.states = ["retrying", "paused", "idle"]
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as made:
        yield made


def tabs(page: Page) -> list[str]:
    return [link.get_attribute("data-tab") or "" for link in page.locator("nav.tabs a").all()]


def let_in(page: Page, name: str, role: str) -> None:
    """By the form, as an admin."""
    go(page, "settings/people")
    fill(page, "Name", name)
    page.locator("#person-role").select_option(role)
    fill(page, "First password", OTHER)
    page.locator("#person-password-again").fill(OTHER)
    page.get_by_role("button", name="Let in").click()
    page.locator("li.card", has_text=name).wait_for()


@contextmanager
def signed_in(
    browser: Browser, served: ServedPage, name: str, *, width: int = 360
) -> Iterator[Page]:
    with window(browser, width=width, height=740) as page:
        page.goto(served.url)
        page.wait_for_selector("form")
        fill(page, "Name", name)
        fill(page, "Password", OTHER)
        page.keyboard.press("Enter")
        page.wait_for_selector("nav.tabs")
        yield page


def refused_calls(page: Page) -> list[str]:
    """What the page asks from now on and is refused: each is a dead button, or a part that should not be there."""
    refused: list[str] = []
    page.on(
        "response",
        lambda answer: refused.append(answer.url) if answer.status in {401, 403} else None,
    )
    return refused


def test_a_first_visit_tells_where_the_code_is_and_has_an_eye(
    browser: Browser, served: ServedPage
) -> None:
    with window(browser, width=360, height=740) as page:
        page.goto(served.url)
        page.get_by_text("Where do I find the code?").click()
        assert "journalctl -u cammra-edge" in page.inner_text("main")
        assert violations(page) == []
        assert page.get_attribute("#name", "autocomplete") == "username"
        page.fill("#code", served.setup_code)
        page.fill("#name", "Anna")
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Show the text").click()
        types = [page.get_attribute(name, "type") for name in ("#password", "#password-again")]
        assert types == ["text", "text"]
        page.get_by_role("button", name="Show the text").click()
        page.fill("#password-again", PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="You: Anna").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Sign in").wait_for()
        assert page.get_attribute("#name", "autocomplete") == "username"
        fill(page, "Name", "anna")
        fill(page, "Password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("nav.tabs")


def test_a_viewer_sees_events_and_search_and_no_dead_button(
    browser: Browser, served: ServedPage
) -> None:
    with window(browser) as admin:
        enter(admin, served)
        assert tabs(admin) == ["events", "search", "lists", "integration", "settings"]
        let_in(admin, "Bob", "viewer")
        with signed_in(browser, served, "bob") as page:
            assert tabs(page) == ["events", "search"]
            refused = refused_calls(page)
            page.reload()
            page.locator(".vehicle").first.wait_for()
            go(page, "search")
            page.locator(".found .vehicle").first.wait_for()
            assert page.get_by_role("button", name="Erase").count() == 0
            assert violations(page) == []
            for place in ("settings/people", "integration", "lists"):
                page.evaluate("place => { location.hash = place; }", place)
                page.wait_for_selector('nav.tabs a[data-tab="events"][aria-current]')
            page.locator(".badge").click()
            page.locator(".alarms li", has_text="Tell an admin").first.wait_for()
            assert page.locator(".alarms a").count() == 0
            assert violations(page) == []
            page.get_by_role("button", name="Close").last.click()
            page.get_by_role("button", name="You: Bob").click()
            assert violations(page) == []
            page.get_by_role("button", name="Close").last.click()
            assert refused == []
            admin.get_by_text("Change Bob").click()
            admin.locator("li.card", has_text="Bob").get_by_role("button", name="Remove").click()
            admin.get_by_role("button", name="Remove Bob for good?").click()
            page.get_by_role("heading", name="Sign in").wait_for()
        admin.locator("li.card", has_text="Bob").wait_for(state="detached")


def test_an_operator_has_deliveries_and_test_and_no_dead_button(
    browser: Browser, served: ServedPage
) -> None:
    with window(browser) as admin:
        enter(admin, served)
        let_in(admin, "Bob", "operator")
        with signed_in(browser, served, "Bob") as page:
            assert tabs(page) == ["events", "search", "integration"]
            refused = refused_calls(page)
            go(page, "integration")
            subs = page.locator("[role=tablist] [role=tab]").all_inner_texts()
            assert subs == ["Deliveries", "Test"]
            page.get_by_role("button", name="Retry", exact=True).first.click()
            page.locator(".toast").first.wait_for()
            assert violations(page) == []
            go(page, "integration/trials")
            page.get_by_role("button", name="Test", exact=True).click()
            page.locator(".trial li").first.wait_for()
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            assert refused == []


def test_an_admin_gives_roles_and_passwords_and_reads_the_log(
    browser: Browser, served: ServedPage
) -> None:
    with window(browser, width=360, height=740) as page:
        enter(page, served)
        let_in(page, "Bob", "viewer")
        assert violations(page) == []
        bob = page.locator("li.card", has_text="Bob")
        bob.get_by_text("Change Bob").click()
        bob.locator("select").select_option("operator")
        bob.get_by_role("button", name="Change role").click()
        bob.locator(".soft", has_text="Operator").wait_for()
        bob.get_by_text("Change Bob").click()
        bob.get_by_label("New password").fill(PASSWORD)
        bob.get_by_label("The same again").fill("mistyped in the rain")
        bob.get_by_role("button", name="Set password").click()
        bob.locator(".err", has_text="differ").wait_for()
        assert violations(page) == []
        bob.get_by_label("The same again").fill(PASSWORD)
        bob.get_by_role("button", name="Set password").click()
        page.locator(".toast", has_text="signed out").last.wait_for()
        fill(page, "Name", "BOB")
        fill(page, "First password", PASSWORD)
        page.locator("#person-password-again").fill(PASSWORD)
        page.get_by_role("button", name="Let in").click()
        page.locator(".err", has_text="nobody has yet").wait_for()
        go(page, "search")
        page.get_by_label("Plate", exact=True).fill("1AB1234")
        page.locator(".found .vehicle").first.wait_for()
        go(page, "settings/audit")
        page.get_by_label("What", exact=True).select_option("people")
        page.locator("tbody tr", has_text="new password of Bob set").wait_for()
        assert page.locator("tbody tr").count() == 4
        page.get_by_label("What", exact=True).select_option("")
        page.get_by_label("Was this plate looked for?").fill("1ab 1234")
        page.get_by_text("about this plate").wait_for()
        assert page.locator("tbody tr", has_text="events searched").count() >= 1
        assert violations(page) == []
        page.get_by_label("Was this plate looked for?").fill("9ZZ9999")
        page.get_by_text("No line is about this plate.").wait_for()
        assert "1AB1234" not in page.inner_text("main")
