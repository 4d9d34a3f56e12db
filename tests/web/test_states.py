"""The page on a bad day: every state says what it is, is there for everyone, and leads to what mends it."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config.catalogue import catalogue
from cammra_edge.delivery import ProfileState, ProfileStatus
from cammra_edge.web import serve_page
from cammra_edge.web.files_served import page_files
from tests.web.busy import DAMAGE, MISFIT, TROUBLE, WHY, BusyEngine
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, fill, go, open_profile, save
from tests.web.still import still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# What a script alone may say: the camera's own files, and what only a client certificate of those needs.
NOT_ON_THE_PAGE = {"ssh_key", "ca_file", "client_cert", "client_key", "client_key_password"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def engine(tmp_path: Path) -> BusyEngine:
    return BusyEngine(still_settings(tmp_path))


@pytest.fixture
def served(engine: BusyEngine, tmp_path: Path) -> Iterator[ServedPage]:
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as made:
        yield made


@contextmanager
def entered(
    browser: Browser, served: ServedPage, place: str, *, width: int = 1440, scheme: str = "light"
) -> Iterator[Page]:
    with window(browser, width=width, scheme=scheme) as page:
        enter(page, served, place)
        yield page


def cards(page: Page) -> list[str]:
    return [" ".join(one.inner_text().split()) for one in page.locator(".profiles button").all()]


def test_each_profile_says_its_state_and_why_at_a_glance(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    with entered(browser, served, "integration", width=360) as page:
        page.locator(".profiles", has_text="Paused").wait_for()
        retrying, paused, off = cards(page)
        assert "Retrying · 13 waiting" in retrying
        assert WHY["retrying"] in retrying
        assert "Paused · 13 waiting · 2 parked" in paused
        assert WHY["paused"] in paused
        assert "Off" in off
        assert "“Send data to server” is off." in off
        engine.states = ["sending", "idle", "idle"]
        page.locator(".profiles", has_text="Sending").wait_for()
        sending, parked, idle = cards(page)
        assert "Sending" in sending
        assert "Parked" in parked
        assert "refused" in parked
        assert "Idle" in idle


OVERLAPPING = """() => { const boxes = [...document.querySelectorAll(".head :is(.brand span, .tabs a, .badge, #me)")]
.map((one) => [one, one.getBoundingClientRect()]);
return boxes.flatMap(([one, a], index) => boxes.slice(index + 1).filter(([, b]) => a.left < b.right - 1
  && b.left < a.right - 1 && a.top < b.bottom && b.top < a.bottom).map(([two]) => one.innerText + two.innerText)); }"""


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1270, 1440])
def test_nothing_in_the_header_overlaps_beside_alarms(
    browser: Browser, served: ServedPage, width: int
) -> None:
    with entered(browser, served, "events", width=width) as page:
        page.get_by_role("button", name="5 alarms").wait_for()
        assert page.evaluate(OVERLAPPING) == []
        right = page.locator("#me").bounding_box()
        assert right is not None
        assert right["x"] + right["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state_of_a_bad_day(
    browser: Browser, served: ServedPage, engine: BusyEngine, scheme: str
) -> None:
    with entered(browser, served, "events", width=360, scheme=scheme) as page:
        badge = page.get_by_role("button", name="5 alarms")
        badge.wait_for()
        assert violations(page) == [], "alarms, and where events went"
        badge.click()
        alarms = page.locator("dialog .alarms li")
        told = " ".join(alarms.all_inner_texts())
        for words in (WHY["paused"], TROUBLE, f"{DAMAGE}. Events known to be lost: 3.", MISFIT):
            assert words in told, words
        assert "the server refused 2 events for good" in told
        assert violations(page) == [], "the list of alarms"
        page.keyboard.press("Escape")
        for states in (("retrying", "paused", "off"), ("sending", "idle", "idle")):
            engine.states = list(states)
            for place, shows in (
                ("integration", ".profiles"),
                ("integration/deliveries", "#panel"),
            ):
                go(page, place)
                page.locator(shows, has_text=states[0].capitalize()).first.wait_for()
                assert violations(page) == [], (place, states)
        page.get_by_role("button", name="Discard", exact=True).first.click()
        page.get_by_text("Discard for good?").wait_for()
        assert violations(page) == [], "parked, and asked whether to discard"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_test_runs_nor_after_it(
    browser: Browser, served: ServedPage, engine: BusyEngine, scheme: str
) -> None:
    with entered(browser, served, "integration/push/1", width=360, scheme=scheme) as page:
        button = page.get_by_role("button", name="Test", exact=True)
        button.click()
        running = page.locator(".trial li", has_text="Connect")
        running.locator(".state.running").wait_for()
        assert page.locator(".trial li").first.inner_text().startswith("Find the server")
        assert violations(page) == [], "running"
        engine.done.set()
        running.locator(".state.failed").wait_for()
        assert "Look at the port." in running.inner_text()
        assert violations(page) == [], "failed"
        engine.fails = False
        button.and_(page.locator(":enabled")).click()
        page.get_by_text("The exact 12 bytes").click()
        page.locator("pre", has_text="ABCDEFGHIJKL").wait_for()
        page.evaluate("scrollTo(0, 0)")  # nothing lies half under the header
        assert page.locator(".trial figure img, figure img").count() == 1
        assert violations(page) == [], "done, with picture and bytes"


def test_axe_finds_nothing_in_what_save_import_and_access_say(
    browser: Browser, served: ServedPage, tmp_path: Path
) -> None:
    (tmp_path / "foreign.json").write_text("{}")
    with entered(browser, served, "integration/push/2") as page:
        fill(page, "Device ID", "GATE-7")
        save(page)
        assert violations(page) == [], "saved"
        with entered(browser, served, "integration/push/2") as other:
            fill(other, "Device ID", "GATE-8")
            save(other)
        fill(page, "Device ID", "GATE-9")
        page.locator("#save").click()
        page.locator(".toast", has_text="Somebody else has saved").wait_for()
        assert violations(page) == [], "two editors"
        page.get_by_text("Load again").click()
        page.locator("#save").wait_for(state="hidden")
        assert page.get_by_label("Device ID", exact=True).input_value() == "GATE-8"
        go(page, "integration/backup")
        page.locator("#file").set_input_files(tmp_path / "foreign.json")
        page.locator(".note.bad", has_text="no file that this page").wait_for()
        assert violations(page) == [], "a foreign file"
        go(page, "settings/access")
        fill(page, "Name", "robot")
        page.get_by_role("button", name="New token").click()
        page.get_by_text("not shown again").wait_for()
        assert violations(page) == [], "a new token"
        page.get_by_role("button", name="You: admin").click()
        page.get_by_text("Change password").first.click()
        fill(page, "Current password", "not the password")
        fill(page, "New password", "another good one")
        fill(page, "The same again", "another good one")
        page.get_by_role("button", name="Change password").click()
        page.locator(".err", has_text="your password").wait_for()
        assert violations(page) == [], "a wrong password"
        page.get_by_role("button", name="Close").last.click()
        go(page, "settings/history")
        page.get_by_text("Version 2").wait_for()
        changed = page.locator("li.card", has_text="Version 2")
        assert "Profile 2, Device ID" in changed.inner_text()
        assert violations(page) == [], "history"


def test_axe_finds_nothing_at_the_sign_in_nor_when_the_camera_is_away(
    browser: Browser, engine: BusyEngine, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(ExitStack())
        served = server.enter_context(
            serve_page(engine, port=0, folder=tmp_path / "page", say=False)
        )
        page = stack.enter_context(window(browser, width=360))
        enter(page, served, "settings/access")
        page.get_by_role("button", name="You: admin").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Sign in").wait_for()
        assert violations(page) == [], "sign-in"
        page.fill("#password", "not the password")
        page.keyboard.press("Enter")
        page.wait_for_selector("#door-error:visible")
        assert violations(page) == [], "a wrong password"
        enter(page, served, "integration/push/2")
        fill(page, "Device ID", "GATE-7")
        server.close()
        page.locator("#live", has_text="Reconnecting").wait_for()
        page.locator("#save").click()
        page.locator(".toast", has_text="cannot be reached").wait_for()
        assert violations(page) == [], "away"


def test_what_a_removed_profile_left_is_shown_and_given_to_another(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    left = ProfileStatus(
        key="old gate", profile_id=4, name="old gate", state=ProfileState.REMOVED, queue_events=21
    )
    engine.left = (left,)
    with entered(browser, served, "integration/deliveries", width=360) as page:
        card = page.locator("#panel section", has_text="old gate")
        card.get_by_text("Removed", exact=True).wait_for()
        assert violations(page) == []
        go(page, "events")
        page.get_by_text("1 barrier · 2 vms · 3 archive", exact=True).wait_for()
        go(page, "integration/deliveries")
        card.get_by_label("The profile that gets it").select_option(label="2 vms")
        engine.states = ["sending", "idle", "idle"]
        # Drawn anew, with the choice as it was.
        page.locator("#panel", has_text="Sending").wait_for()
        card.get_by_role("button", name="Give it all").click()
        page.get_by_text("21 events handed over.").wait_for()
        assert engine.asked == ["give old gate vms"]
        card.wait_for(state="detached")


def test_parked_events_are_downloaded_retried_and_discarded(
    browser: Browser, served: ServedPage, engine: BusyEngine
) -> None:
    with entered(browser, served, "integration/deliveries") as page:
        rows = page.locator("table", has_text="it finds it invalid").locator("tbody tr")
        rows.nth(1).wait_for()
        with page.expect_download() as download:
            rows.first.get_by_text("Download").click()
        assert Path(download.value.path()).read_bytes() == b"vms 7"
        rows.first.get_by_role("button", name="Retry", exact=True).click()
        rows.nth(1).wait_for(state="detached")
        discard = rows.first.get_by_role("button", name="Discard")
        discard.click()
        assert engine.asked == ["retry vms 7"], "one tap of a glove discards nothing"
        discard.click()
        page.get_by_text("Nothing is parked").wait_for()
        assert engine.asked == ["retry vms 7", "discard vms 8"]


def test_an_error_elsewhere_is_led_to(browser: Browser, served: ServedPage) -> None:
    with entered(browser, served, "settings/recognition") as page:
        fill(page, "Lost event delay", "never")
        go(page, "integration/push/2")
        page.locator(".save", has_text="1 field needs attention").wait_for()
        page.locator("#save").click()
        wrong = page.get_by_label("Lost event delay", exact=True)
        page.locator("[aria-invalid=true]:focus").wait_for()
        assert wrong.input_value() == "never"
        fill(page, "Lost event delay", "9000")
        go(page, "integration/push/2")
        fill(page, "Events in flight", "1000")
        open_profile(page, 1)
        page.get_by_role("button", name="Show", exact=True).click()
        wrong = page.get_by_label("Events in flight", exact=True)
        page.locator("[aria-invalid=true]:focus").wait_for()
        assert wrong.input_value() == "1000"


def test_every_setting_has_its_place_on_the_page(browser: Browser, served: ServedPage) -> None:
    """One truth: what the API and the file can say, the page can say too."""
    wanted = {name.replace("[]", "[barrier]") for name in catalogue().schemas}
    found: set[str] = {"plate_lists"}
    with entered(browser, served, "integration/push/1") as page:
        for place in ("integration/push/1", "integration/keepalive", "settings/recognition",
                      "settings/regions", "settings/camera", "settings/access"):  # fmt: skip
            go(page, place)
            found |= set(
                page.evaluate(
                    "[...document.querySelectorAll('[data-field]')].map(one => one.dataset.field)"
                )
            )
    assert "network_mode" in found
    missing = {name for name in wanted - found if name.split(".")[-1] not in NOT_ON_THE_PAGE}
    assert missing == set()


def test_another_language_words_what_the_camera_says(browser: Browser, served: ServedPage) -> None:
    texts = json.loads(page_files()["en.json"].content)
    phrases = {"nothing_listens": "{where} svarar inte"}
    with window(browser) as page:
        page.add_init_script("localStorage.setItem('language', 'sv')")
        page.route("**/sv.json", lambda route: route.fulfill(json={**texts, "phrases": phrases}))
        enter(page, served, "integration")
        page.locator(".profiles", has_text="10.0.5.223:8077 svarar inte").wait_for()
