"""Takes the pictures of `docs/guide/page.md`: the drawn scene passes; one receiver is there, one is away, one refuses.

`python -m tests.web.pictures docs/guide/page` writes them anew; plates and makes in them are invented.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge import Device, Engine, FrameFormat, HttpPost, OutboxSettings, Profile, Tcp
from cammra_edge.receiver import Answer, Receiver
from cammra_edge.recording.scene import Scene
from cammra_edge.web import serve_page
from tests.servers import free_port
from tests.web.chromium import chromium, window
from tests.web.installer import go
from tests.web.still import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from cammra_edge.recording import Recording
    from cammra_edge.web.serve import ServedPage

WIDTHS = (360, 768, 1440)
PLACES = {
    "events": "events",
    "search": "search",
    "integration": "integration/push/1",
    "test": "integration/push/1",
    "deliveries": "integration/deliveries",
    "recognition": "settings/recognition",
    "regions": "settings/regions",
}
SETTLE_MS = 1200
QUALITY = 72


def engine_of(folder: Path, there: Receiver, refuses: Receiver) -> Engine:
    """A barrier whose receiver is there, a VMS whose receiver is away, and an office that takes nothing."""
    return Engine(
        device=Device(serial="B8A44F960ACE", model="AXIS Q1805-LE"),
        profiles=[
            Profile(
                "barrier", HttpPost(there.http_url), events={"new", "reliable"}, two_images=True
            ),
            Profile(
                "vms",
                Tcp(f"127.0.0.1:{free_port()}"),
                events={"update", "lost"},
                image="full frame",
            ),
            Profile("office", HttpPost(refuses.http_url), events={"lost"}),
        ],
        frame_format=FrameFormat.JPEG,
        outbox=OutboxSettings(path=folder / "outbox.db"),
    )


def drive(
    engine: Engine, recording: Recording, seen: threading.Event, stop: threading.Event
) -> None:
    """The scene, and then its last frame again and again, so that there is something to see."""
    last = None
    for frame in recording.frames():
        engine.wait_for_room()
        engine.observe(frame.jpeg, frame.reads, frame.at)
        last = frame
    seen.set()
    while last is not None and not stop.wait(0.1):
        engine.observe(last.jpeg, [], last.at)


def try_out(page: Page) -> None:
    """Run Test, and show what it says."""
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_text("The exact").wait_for()
    page.get_by_role("heading", name="Test", exact=True).evaluate("one => one.scrollIntoView()")


def draw(page: Page) -> None:
    """Draw a region, and show it whole."""
    page.get_by_text("Add a region").click()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")


PREPARED = {"test": try_out, "regions": draw}


def take(browser: Browser, served: ServedPage, to: Path) -> None:
    """Every place at every width, light and dark."""
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            with window(
                browser, width=width, height=800 if width < WIDTHS[1] else 1000, scheme=scheme
            ) as page:
                page.goto(served.url)
                page.wait_for_selector("form")
                if page.locator("#code").count():
                    page.screenshot(
                        path=to / f"first-visit-{width}-{scheme}.jpg", type="jpeg", quality=QUALITY
                    )
                    page.fill("#code", served.setup_code)
                    page.fill("#password-again", PASSWORD)
                page.fill("#password", PASSWORD)
                page.keyboard.press("Enter")
                page.wait_for_selector("nav.tabs")
                for name, place in PLACES.items():
                    go(page, place)
                    PREPARED.get(name, lambda _: None)(page)
                    page.wait_for_timeout(SETTLE_MS)
                    page.screenshot(
                        path=to / f"{name}-{width}-{scheme}.jpg", type="jpeg", quality=QUALITY
                    )
                    if name == "regions":
                        page.get_by_text("Discard", exact=True).click()


def main(to: Path) -> None:
    """Take them all."""
    to.mkdir(parents=True, exist_ok=True)
    seen, stop = threading.Event(), threading.Event()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        there, refuses = (stack.enter_context(Receiver()) for _ in range(2))
        refuses.answer(Answer(422))
        engine = engine_of(folder, there, refuses)
        stack.enter_context(engine.running(live=False))
        recording = Scene().record(folder / "scene")
        driver = threading.Thread(target=drive, args=(engine, recording, seen, stop))
        driver.start()
        stack.callback(driver.join)
        stack.callback(stop.set)
        served = stack.enter_context(serve_page(engine, port=0, folder=folder / "page", say=False))
        seen.wait()
        take(stack.enter_context(chromium()), served, to)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
