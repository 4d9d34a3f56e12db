"""What an installer does on the page, and vehicles that pass meanwhile."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from cammra_edge import FrameTime, PlateRead
from cammra_edge.clock import SYSTEM_CLOCK
from tests.web.still import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from cammra_edge import Engine
    from cammra_edge.web.serve import ServedPage

WIDTH, HEIGHT = 640, 360
FRAME = memoryview(bytes([128]) * (WIDTH * HEIGHT)).cast("B", (HEIGHT, WIDTH))
FRAMES_PER_VEHICLE = 5
FRAME_S = 0.06


@dataclass
class Traffic:
    """Vehicles that pass until told to stop, each with a plate of its own."""

    engine: Engine
    _stop: threading.Event = field(default_factory=threading.Event)
    vehicles: int = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.vehicles += 1
            for step in range(FRAMES_PER_VEHICLE):
                read = PlateRead(
                    track=self.vehicles,
                    text=f"AB{self.vehicles:04d}",
                    confidence=0.9,
                    vehicle=(200.0, 60.0 + 20 * step, 160.0, 120.0),
                    plate=(240.0, 140.0 + 20 * step, 60.0, 16.0),
                    country="CZE",
                )
                at = FrameTime(SYSTEM_CLOCK.mono_ns(), SYSTEM_CLOCK.utc_ns())
                self.engine.observe(FRAME, [read], at)
                self._stop.wait(FRAME_S)


def enter(page: Page, served: ServedPage, place: str = "events") -> None:
    """Through the door, by the keyboard alone."""
    page.goto(served.url)
    page.wait_for_selector("form")
    if page.locator("#code").count():
        page.keyboard.type(served.setup_code)
        page.keyboard.press("Tab")  # to the name, which is filled in
        tab_and_type(page, PASSWORD)
        page.keyboard.press("Tab")  # to the eye
    else:
        page.keyboard.type("admin")
    tab_and_type(page, PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("nav.tabs")
    go(page, place)


def tab_and_type(page: Page, text: str) -> None:
    page.keyboard.press("Tab")
    page.keyboard.type(text)


def go(page: Page, place: str) -> None:
    """Open a place, and wait until it is drawn with all that it asks the server for."""
    page.evaluate(
        """place => new Promise((done) => {
            if (location.hash === `#${place}`) { done(); return; }
            addEventListener("hashchange", () => setTimeout(done), { once: true });
            location.hash = place;
        })""",
        place,
    )
    page.wait_for_selector(
        f'nav.tabs a[data-tab="{place.split("/", maxsplit=1)[0]}"][aria-current]'
    )
    page.evaluate(
        "async () => { while (openFetches) await new Promise((done) => setTimeout(done, 20)); }"
    )


UNFOLD = """one => { for (let box = one.closest("details"); box; box = box.parentElement.closest("details"))
  box.open = true; }"""


def unfolded(page: Page, label: str) -> Locator:
    """What a label names, the fold around it open."""
    found = page.get_by_label(label, exact=True)
    found.evaluate(UNFOLD)
    return found


def fill(page: Page, label: str, text: str) -> None:
    unfolded(page, label).fill(text)


def switch(page: Page, label: str, *, on: bool) -> None:
    box = page.get_by_role("switch", name=label, exact=True, include_hidden=True)
    box.evaluate(UNFOLD)
    box.set_checked(on)


def save(page: Page) -> None:
    page.locator("#save").click()
    page.locator("#save").wait_for(state="hidden")
    page.locator(".toast", has_text="in force").last.wait_for()


def run_test(page: Page) -> str:
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator(".trial li").first.wait_for()
    page.get_by_role("button", name="Test", exact=True).and_(page.locator(":enabled")).wait_for()
    return page.locator(".trial").inner_text()


def open_profile(page: Page, number: int) -> None:
    page.get_by_role("tab", name=re.compile(rf"^Profile {number}\b")).click()


def first_visit(page: Page, served: ServedPage) -> None:
    """The console's code, a password, and an empty page that says what will be here."""
    page.goto(served.url)
    fill(page, "Code from the console", served.setup_code)
    fill(page, "Password", PASSWORD)
    fill(page, "The same again", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("No vehicle yet").wait_for()
    page.get_by_role("link", name="Integration").click()
