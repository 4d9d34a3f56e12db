"""What the tests of the SEARCH tab share: a camera that remembers 60 events, and a browser on that tab."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge import PlateList
from cammra_edge.model import Direction, EventKind, ListMatch
from cammra_edge.outbox import EventState
from tests.web.busy import BusyEngine, jpeg
from tests.web.chromium import window
from tests.web.installer import enter
from tests.web.still import an_event, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from cammra_edge.web.serve import ServedPage

NOON_NS = 1_764_158_400 * 10**9
"""2025-11-26T12:00Z."""
TEXTS = ("1AB1234", "1AB1235", "MLB 84R", "TÖL SL123")
STATES = (EventState.DELIVERED, EventState.WAITING, EventState.PARKED, EventState.EXPIRED)
EVENTS = 60
ANSWERED = """() => new Promise((done) => {
    const look = () => { if (window.openFetches) setTimeout(look, 20); else done(); };
    look();
})"""


def remembering(tmp_path: Path) -> BusyEngine:
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
