"""An alarm of each kind, from the cause in a real engine to the badge on every tab and the place it leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import PlateRead
from cammra_edge.profile import Keepalive
from cammra_edge.receiver import Answer
from tests.fakes import fall_ill
from tests.servers import LOOPBACK, free_port
from tests.web.alarmed import camera_at
from tests.web.chromium import chromium, violations, window
from tests.web.installer import FRAME, enter, go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.web.alarmed import Camera

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TABS = ("events", "search", "lists", "integration", "settings")
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    with camera_at(tmp_path_factory.mktemp("camera")) as made:
        yield made


@pytest.fixture
def page(browser: Browser, camera: Camera) -> Iterator[Page]:
    with window(browser, width=360, height=740) as made:
        camera.frame()
        enter(made, camera.served)
        made.locator("#live", has_text="Live").wait_for()
        yield made
        camera.frame()
        go(made, "events")
        made.locator("#live", has_text="Live").wait_for()


def shown(page: Page, text: str, cure: str, where: str) -> None:
    """The alarm is on every tab, never beside "Live"; it says what to do and leads there."""
    badge = page.locator("#live button", has_text="1 alarm")
    badge.wait_for()
    for tab in TABS:
        go(page, tab)
        assert page.locator("#live").inner_text() == "1 alarm"
    badge.click()
    alarm = page.locator("dialog .alarms li", has_text=text)
    alarm.wait_for()
    assert cure in alarm.inner_text()
    assert violations(page) == []
    alarm.get_by_role("link", name="Go there").click()
    page.locator("dialog").wait_for(state="detached")
    page.wait_for_function(f"() => location.hash === '#{where}'")
    assert violations(page) == []


def test_a_paused_profile_until_it_is_resumed(page: Page, camera: Camera) -> None:
    camera.receiver.answer(Answer(401))
    camera.vehicle()
    shown(page, "Profile 1 (gate) is paused: status 401", "press Resume", "integration/push/1")
    camera.receiver.behave()
    page.get_by_role("button", name="Resume").click()


def test_a_parked_event_until_it_is_retried(page: Page, camera: Camera) -> None:
    camera.receiver.answer(Answer(422), times=1)
    camera.vehicle()
    shown(page, "the server refused 1 event for good", "retry or discard", "integration/deliveries")
    page.get_by_role("button", name="Retry", exact=True).click()


def test_a_disk_that_refuses_until_it_takes_again(page: Page, camera: Camera) -> None:
    heal = fall_ill()
    try:
        camera.vehicle()
        shown(page, "disk has a problem: ", "are lost with the power", "settings/camera")
        page.locator(".facts", has_text="no space left on the disk").wait_for()
    finally:
        heal()
    camera.vehicle()


def test_refused_frames_name_the_format_that_they_have(page: Page, camera: Camera) -> None:
    camera.frame(JPEG)
    shown(
        page,
        "Frames refused: set frame format to JPEG.",
        "events have no pictures",
        "settings/camera",
    )
    page.locator(".facts", has_text="To mend it: set frame_format to jpeg.").wait_for()
    go(page, "settings/regions")
    page.locator(".hint", has_text="Frames refused: set frame format to JPEG.").wait_for()
    camera.clock.advance(121)


def test_confidence_in_percent(page: Page, camera: Camera) -> None:
    camera.frame(FRAME, PlateRead(track=9_999, text="", confidence=31.0))
    shown(
        page, "Confidences are no numbers from 0 to 1", "divide percent by 100", "settings/camera"
    )
    camera.clock.advance(121)


def test_a_source_that_is_gone_until_a_frame_comes(page: Page, camera: Camera) -> None:
    camera.clock.advance(50_000)
    shown(page, "No frame has come for 14 h", "recogniser still runs", "settings/camera")


def test_a_clock_that_nobody_has_set(page: Page, camera: Camera) -> None:
    camera.clock.synced = False
    camera.clock.advance(2)
    camera.frame()
    shown(page, "clock is not set", "time service", "settings/camera")
    assert "Not set" in page.locator(".facts").inner_text()
    camera.clock.synced = True
    camera.clock.advance(2)


def test_a_keepalive_that_fails_until_it_is_mended(page: Page, camera: Camera) -> None:
    well = camera.engine.settings
    fails = Keepalive(f"http://{LOOPBACK}:{free_port()}/alive", enabled=True)
    camera.engine.apply(replace(well, keepalive=fails))
    shown(page, "Keepalive failed: ", "Test says", "integration/keepalive")
    camera.engine.apply(well)


def test_the_list_follows_what_happens_while_it_is_open(page: Page, camera: Camera) -> None:
    camera.clock.advance(50_000)
    page.locator("#live button").click()
    page.locator("dialog", has_text="No frame has come").wait_for()
    camera.clock.synced = False
    camera.clock.advance(2)
    page.locator("dialog", has_text="clock is not set").wait_for()
    assert page.locator("#live").inner_text() == "2 alarms"
    camera.clock.synced = True
    camera.clock.advance(2)
    camera.frame()
    page.get_by_text("Nothing is wrong any more.").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
