"""Journal and parked events name the plate, and lead to the event with its pictures and what the receiver said."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.receiver import Answer, Receiver
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, violations, window
from tests.web.conftest import first_visitor
from tests.web.installer import FRAME, HEIGHT, WIDTH, enter
from tests.web.looks import well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from cammra_edge.web.serve import ServedPage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AT_NS = 1_764_158_400 * 10**9
PLATES = ("1AB1234", "2CD5678")
WORDS = "no such gate here"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@contextmanager
def camera(folder: Path, receiver: Receiver) -> Iterator[tuple[Engine, ServedPage]]:
    engine = Engine(
        profiles=[Profile("gate", HttpPost(receiver.http_url), events={"new"})],
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=folder / "outbox"),
    )
    with (
        engine.running(live=False),
        serve_page(engine, port=0, folder=folder / "page", say=False) as served,
    ):
        yield engine, served


def pass_by(engine: Engine, number: int, text: str) -> None:
    read = PlateRead(
        track=number, text=text, confidence=0.9, vehicle=(200, 60, 160, 120), plate=(240, 140, 60, 16)
    )  # fmt: skip
    at_ns = number * 60 * 10**9
    engine.observe(FRAME, [read], FrameTime(at_ns, AT_NS + at_ns))
    engine.finish()
    assert engine.drain(60)


@contextmanager
def refused_once(folder: Path) -> Iterator[tuple[Engine, ServedPage, Receiver]]:
    """The first vehicle is refused for good, the second delivered."""
    with Receiver() as receiver, camera(folder, receiver) as (engine, served):
        receiver.answer(Answer(status=413, body=WORDS.encode()))
        pass_by(engine, 1, PLATES[0])
        receiver.answer(Answer(status=200))
        pass_by(engine, 2, PLATES[1])
        yield engine, served, receiver


@pytest.mark.parametrize("width", [360, 1440])
def test_a_line_leads_to_its_event_and_back(browser: Browser, tmp_path: Path, width: int) -> None:
    with refused_once(tmp_path) as (engine, served, _), window(browser, width=width) as page:
        page.clock.install()
        enter(page, served, "integration/deliveries")
        parked, journal = page.locator("#panel section:has(table)").all()
        assert PLATES[0] in parked.inner_text()
        assert [plate.inner_text() for plate in journal.locator(".plate").all()] == [*PLATES[::-1]]
        assert violations(page) == []
        line = journal.get_by_role("button", name=f"Event of {PLATES[0]}")
        line.press("Enter")
        box = page.locator("dialog[open]")
        box.locator("figure img").first.wait_for()
        page.wait_for_function(
            "() => [...document.querySelectorAll('dialog img')].every((one) => one.naturalWidth)"
        )
        said = box.inner_text()
        for words in (PLATES[0], "2025-11-26", "Profile 1: Parked", WORDS, "413"):
            assert words in said, words
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        with page.expect_download() as download:
            box.get_by_role("link", name="Download").click()
        assert PLATES[0].encode() in Path(download.value.path()).read_bytes()
        # The list behind it stays as it was, or there would be no line to come back to.
        page.clock.fast_forward(20_000)
        page.keyboard.press("Escape")
        box.wait_for(state="detached")
        assert page.locator(":focus").get_attribute("aria-label") == f"Event of {PLATES[0]}"
        discard = parked.get_by_role("button", name="Discard all of Profile 1")
        discard.click()
        parked.get_by_role("button", name="Discard for good?").click()
        page.get_by_text("Nothing is parked").wait_for()
        assert engine.operator.parked() == {"gate": []}


def test_a_parked_event_names_its_plate_after_a_restart_and_no_log_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with refused_once(tmp_path):
        pass
    with (
        Receiver() as receiver,
        camera(tmp_path, receiver) as (_, served),
        first_visitor(served) as visitor,
    ):
        (parked,) = visitor.http.get("/api/parked").json()
        assert (parked["plate"], parked["words"]) == (PLATES[0], WORDS)
        known = visitor.http.get(f"/api/event/{parked['event']}").json()
        assert known["event"]["text"] == PLATES[0]
        assert known["event"]["images"]
        assert known["stands"] == [{"profile": "gate", "state": "parked"}]
        assert known["tries"] == []
    assert not any(plate in record.getMessage() for plate in PLATES for record in caplog.records)


@pytest.mark.parametrize("width", [360, 1440])
def test_an_event_s_tries_show_what_was_sent_and_answered(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    with refused_once(tmp_path) as (_, served, receiver), window(browser, width=width) as page:
        enter(page, served, "integration/deliveries")
        page.get_by_role("button", name=f"Event of {PLATES[0]}").last.click()
        box = page.locator("dialog[open]")
        box.get_by_text("Request and answer").click()
        box.locator("pre").last.wait_for()
        request, answer = box.locator("pre").all()
        sent, came = request.inner_text(), answer.inner_text()
        assert sent.startswith("POST ")
        assert f"Host: {receiver.http_url.split('/')[2]}" in sent
        assert PLATES[0] in sent
        assert "[JPEG, " in sent
        assert came.startswith("HTTP/1.")
        assert came.endswith(WORDS)
        assert violations(page) == []
        well(page, "the bytes of a try")


def test_bytes_are_kept_of_what_is_remembered_and_of_nothing_else(tmp_path: Path) -> None:
    with refused_once(tmp_path) as (_, served, _), first_visitor(served) as visitor:
        delivered, parked = visitor.http.get("/api/journal").json()
        assert (delivered["kept"], parked["kept"]) == (True, True)
        path = "/api/journal/{event}/{serial}"
        assert PLATES[1] in visitor.http.get(path.format(**delivered)).json()["request"]
        for other in (
            {**delivered, "event": parked["event"]},
            {**delivered, "serial": 0},
            {**delivered, "serial": 10**15 - 1},
            {**delivered, "event": "nobody"},
        ):
            answer = visitor.http.get(path.format(**other))
            assert (answer.status_code, answer.json()["code"]) == (404, "bytes_gone")
        visitor.send("POST", "/api/erase", {"plate": PLATES[1]})
        assert not visitor.http.get("/api/journal").json()[0]["kept"]
        assert visitor.http.get(path.format(**delivered)).status_code == 404
        assert visitor.http.get(path.format(**parked)).status_code == 200


def test_what_was_erased_is_named_no_longer(tmp_path: Path) -> None:
    with refused_once(tmp_path) as (_, served, _), first_visitor(served) as visitor:
        before = visitor.http.get("/api/journal").json()
        assert [entry["plate"] for entry in before] == [*PLATES[::-1]]
        assert f",{PLATES[1]}," in visitor.http.get("/api/journal.csv").text
        visitor.send("POST", "/api/erase", {"plate": PLATES[1]})
        assert [entry["plate"] for entry in visitor.http.get("/api/journal").json()] == [
            "",
            PLATES[0],
        ]
        for event_id in (before[0]["event"], "0" * 32, "nobody", "%2F"):
            answer = visitor.http.get(f"/api/event/{event_id}")
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_event")
