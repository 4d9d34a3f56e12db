"""EVENTS goes on where it was: over a restart of the engine while a page stays open, and over midnight."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, FrameFormat, FrameTime, OutboxSettings, PlateRead
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.web import serve_page
from tests.servers import free_port
from tests.web.chromium import chromium, violations, window
from tests.web.installer import FRAME, HEIGHT, WIDTH, enter
from tests.web.still import PASSWORD, StillEngine, an_event, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DAY_NS = 86_400 * 10**9
NOON_NS = 1_764_158_400 * 10**9
"""2025-11-26T12:00Z."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@contextmanager
def camera(folder: Path, port: int) -> Iterator[tuple[Engine, ServedPage]]:
    """An engine with its page, as one process of a camera has them."""
    engine = Engine(
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=folder / "outbox"),
    )
    with (
        engine.running(live=False),
        serve_page(engine, port=port, folder=folder / "page", say=False) as served,
    ):
        yield engine, served


def pass_by(engine: Engine, *texts: str) -> None:
    """Vehicles, one after the other, each with all that it says."""
    for number, text in enumerate(texts):
        now = FrameTime(SYSTEM_CLOCK.mono_ns(), SYSTEM_CLOCK.utc_ns())
        read = PlateRead(
            track=number, text=text, confidence=0.9, vehicle=(200, 60, 160, 120), plate=(240, 140, 60, 16)
        )  # fmt: skip
        engine.observe(FRAME, [read], now)
        engine.finish()
    assert engine.drain(60)


def shown(page: Page) -> list[str]:
    """The plates on the page, the newest first."""
    return page.locator("article.vehicle .plate").all_inner_texts()


def test_a_page_that_stays_open_over_a_restart_doubles_and_misses_no_row(
    browser: Browser, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with ExitStack() as first, window(browser) as page:
        engine, served = first.enter_context(camera(tmp_path, port))
        enter(page, served)
        pass_by(engine, "1AB1234", "2CD5678")
        page.locator("article.vehicle").nth(1).wait_for()
        page.evaluate("window.stays = true")
        first.close()
        assert caplog.records == [], "an open page makes no stop noisy"
        page.locator(".live", has_text="Reconnecting").wait_for()
        with camera(tmp_path, port) as (engine, _):
            pass_by(engine, "3EF9012")  # while the browser is still away
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.locator("article.vehicle", has_text="3EF9012").wait_for()
            assert shown(page) == ["3EF9012", "2CD5678", "1AB1234"]
            pass_by(engine, "1AB1234")
            page.locator("article.vehicle").nth(3).wait_for()
            assert shown(page) == ["1AB1234", "3EF9012", "2CD5678", "1AB1234"]
            steps = page.locator("article.vehicle").first.locator(".steps li")
            steps.nth(1).wait_for()
            pictures = page.locator("article.vehicle .shots img")
            page.wait_for_function(
                "() => [...document.querySelectorAll('.shots img')].every((one) => one.naturalWidth)"
            )
            assert pictures.count() == 4, "those of before the restart, too"
            assert page.evaluate("window.stays"), "the page was not loaded anew"


def test_what_did_not_happen_today_has_its_date_also_once_today_is_over(
    browser: Browser, tmp_path: Path
) -> None:
    engine = StillEngine(still_settings(tmp_path), texts=())
    for number, at_ns in enumerate((NOON_NS - 40 * DAY_NS, NOON_NS), start=1):
        event = replace(an_event(number, f"1AB000{number}"), at_utc_ns=at_ns, first_utc_ns=at_ns)
        engine.events.append(replace(event, last_utc_ns=at_ns))
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        window(browser, width=360) as page,
    ):
        page.clock.install(time=NOON_NS / 1e9)
        enter(page, served)
        cards = page.locator("article.vehicle")
        cards.nth(1).wait_for()
        assert "2025" not in cards.first.inner_text()
        assert "2025" in cards.nth(1).locator(".what").inner_text()
        assert "2025" in cards.nth(1).locator(".facts").inner_text()
        assert violations(page) == []
        page.clock.fast_forward(86_400_000)
        cards.first.locator(".what", has_text="2025").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
