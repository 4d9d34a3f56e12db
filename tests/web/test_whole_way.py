"""A newcomer's whole way to a delivered event, with every state on it looked at, on each width and in both colours."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

import pytest

from cammra_edge import Engine, FrameFormat, FrameTime, OutboxSettings, PlateRead
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.receiver import Answer, Receiver
from cammra_edge.web import serve_page
from tests.budget import NIGHTLY
from tests.servers import LOOPBACK, free_port
from tests.web.chromium import chromium, window
from tests.web.installer import FRAME, HEIGHT, WIDTH, fill, go, run_test, save, switch
from tests.web.looks import faults, well
from tests.web.still import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BY_DAY = [(360, "dark"), (768, "light"), (1440, "dark")]
BY_NIGHT = [(360, "light"), (768, "dark"), (1440, "light")]
PATIENCE_S = 60.0
FRAME_S = 0.5
PLATES = ("1AB1234", "7KX9056", "4MZ3781")
WORDS = "no such gate here"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


class SetClock:
    """The machine's clock, which somebody has set."""

    mono_ns = staticmethod(SYSTEM_CLOCK.mono_ns)
    utc_ns = staticmethod(SYSTEM_CLOCK.utc_ns)

    def is_synced(self) -> bool:
        return True


@dataclass
class Site:
    """An engine as it comes, its page, the receiver that waits for it, and a camera that never falls silent."""

    engine: Engine
    served: ServedPage
    receiver: Receiver
    vehicles: int = 0
    _passing: SimpleQueue[PlateRead] = field(default_factory=SimpleQueue)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(FRAME_S):
            reads = [] if self._passing.empty() else [self._passing.get()]
            at = FrameTime(SYSTEM_CLOCK.mono_ns(), SYSTEM_CLOCK.utc_ns())
            self.engine.observe(FRAME, reads, at)

    def vehicle(self) -> str:
        """One passes; its plate."""
        text, left = PLATES[self.vehicles], 20.0 + 210 * self.vehicles  # each in a lane of its own
        self.vehicles += 1
        read = PlateRead(
            track=self.vehicles, text=text, confidence=0.9, vehicle=(left, 60, 160, 120),
            plate=(left + 40, 140, 60, 16), country="CZE",
        )  # fmt: skip
        self._passing.put(read)
        return text

    def arrives(self, text: str) -> None:
        arrived = self.receiver.wait_for(
            lambda: any(event.plate == text for event in self.receiver.events), PATIENCE_S
        )
        assert arrived, text


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    engine = Engine(
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=folder / "outbox"),
        clock=SetClock(),
    )
    with (
        Receiver() as receiver,
        engine.running(local_socket=False),
        serve_page(engine, port=0, folder=folder / "page", say=False) as served,
        Site(engine, served, receiver) as made,
    ):
        yield made


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def comes_in(page: Page, served: ServedPage) -> None:
    """The console's code and a password, at first not the same one twice."""
    page.goto(served.url)
    page.wait_for_selector("#code")
    well(page, "the door")
    unfold(page)
    well(page, "where the code is told")
    fill(page, "Code from the console", served.setup_code)
    fill(page, "Password", PASSWORD)
    fill(page, "The same again", PASSWORD + "!")
    page.keyboard.press("Enter")
    page.locator("#door-error", has_text="differ").wait_for()
    well(page, "two passwords")
    fill(page, "The same again", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("No vehicle yet").wait_for()
    well(page, "EVENTS, empty")


def sets_up(page: Page, url: str) -> None:
    """A profile of HTTP POST: what is no address, where nobody listens, and where the receiver is."""
    page.get_by_role("link", name="Integration").click()
    page.locator(".profiles", has_text="Profile 1").wait_for()
    well(page, "a profile as it comes")
    unfold(page)
    well(page, "a profile, unfolded")
    fill(page, "Server URL", "not an address")
    page.wait_for_selector(".err:visible")
    well(page, "no address")
    fill(page, "Server URL", f"http://{LOOPBACK}:{free_port()}/in")
    assert "refuses" in run_test(page)
    well(page, "a Test that failed")
    fill(page, "Server URL", url)
    assert "refuses" not in run_test(page)
    assert page.locator(".trial .state.failed").count() == 0
    well(page, "a Test that went well")
    fill(page, "Device ID", "GATE-1")
    switch(page, "Send data to server", on=True)
    save(page)
    well(page, "saved")


def sees(page: Page, plate: str) -> None:
    """A vehicle on EVENTS and in SEARCH, its picture and its deliveries."""
    go(page, "events")
    card = page.locator(".vehicle", has_text=plate)
    card.locator(".state.delivered").first.wait_for()
    well(page, "EVENTS")
    card.locator("button.shots").click()
    page.wait_for_selector("dialog[open] img")
    well(page, "a picture, enlarged")
    page.keyboard.press("Escape")
    go(page, "search")
    fill(page, "Plate", plate)
    found = page.locator(".found .vehicle", has_text=plate)
    delivered = found.locator(".plain", has_text="Delivered").first
    delivered.wait_for()
    unfold(page)
    well(page, "SEARCH")
    delivered.click()
    page.locator("dialog[open]", has_text="Profile 1").wait_for()
    well(page, "an event")
    page.keyboard.press("Escape")


def waits_for_it(page: Page, camera: Site) -> None:
    """The receiver is away and comes back: nobody has to do anything."""
    camera.receiver.go_away()
    plate = camera.vehicle()
    go(page, "integration")
    page.locator(".profiles .state.retrying").wait_for()
    well(page, "the receiver is away")
    go(page, "integration/deliveries")
    page.locator("table tbody tr", has_text=plate).first.wait_for()
    well(page, "tries that failed")
    camera.receiver.come_back()
    camera.arrives(plate)
    page.locator("#live", has_text="Live").wait_for()


def mends(page: Page, camera: Site) -> None:
    """The receiver refuses an event for good: the badge leads there, and Retry delivers it."""
    camera.receiver.answer(Answer(422, body=WORDS.encode()), times=1)
    plate = camera.vehicle()
    go(page, "events")
    badge = page.locator("#live button", has_text="1 alarm")
    badge.wait_for()
    page.locator(".vehicle", has_text=plate).locator(".state.parked").wait_for()
    well(page, "EVENTS beside an alarm")
    badge.click()
    alarm = page.locator("dialog .alarms li", has_text="the server refused 1 event for good")
    alarm.wait_for()
    well(page, "the alarms")
    alarm.get_by_role("link", name="Go there").click()
    page.wait_for_function("location.hash === '#integration/deliveries'")
    parked = page.locator("table tbody tr", has_text=plate).first
    parked.get_by_role("button", name="Retry", exact=True).wait_for()
    assert WORDS in parked.inner_text()
    well(page, "parked")
    parked.get_by_role("button", name="Retry", exact=True).click()
    camera.arrives(plate)
    page.get_by_text("Nothing is parked").wait_for()
    page.locator("#live", has_text="Live").wait_for()
    well(page, "retried")
    sees(page, plate)


@pytest.mark.parametrize(("width", "scheme"), BY_DAY + (BY_NIGHT if NIGHTLY else []))
def test_a_newcomer_gets_an_event_to_its_receiver_and_mends_what_fails(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    with site(tmp_path) as camera, window(browser, width=width, height=900, scheme=scheme) as page:
        comes_in(page, camera.served)
        sets_up(page, camera.receiver.http_url)
        plate = camera.vehicle()
        camera.arrives(plate)
        sees(page, plate)
        waits_for_it(page, camera)
        mends(page, camera)
        assert camera.receiver.problems == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p style='width:9000px'>far</p>", "the page is"),
        ("<p style='width:40px;overflow:hidden;white-space:nowrap'>cut in two</p>", "cut"),
        ("<p style='height:5px;overflow:hidden'>cut</p>", "cut"),
        ("<input aria-label=x style='width:40px' placeholder='Find a plate'>", "placeholder cut"),
        ("<button>one</button><button style='margin-left:-20px'>two</button>", "controls overlap"),
        ("<p>one line</p><p style='margin-top:-1em'>another</p>", "texts overlap"),
    ],
)
def test_what_looks_wrong_is_found(browser: Browser, body: str, fault: str) -> None:
    with window(browser) as page:
        page.set_content(f"<style>p {{ margin: 0; line-height: 1 }}</style>{body}")
        assert any(one.startswith(fault) for one in faults(page)), faults(page)
