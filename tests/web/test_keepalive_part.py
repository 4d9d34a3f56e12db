"""The keepalive's part of the page, with a real engine: how it goes, and a Test of what is saved or not."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, OutboxSettings
from cammra_edge.profile import Keepalive
from cammra_edge.web import serve_page
from tests.servers import LOOPBACK, Scripted, answer, answering, free_port
from tests.web.chromium import chromium, violations, window
from tests.web.installer import enter, fill, run_test
from tests.web.still import still_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Browser
    from tests.web.still import StillEngine


def test_a_keepalive_that_is_not_saved_is_tried_and_nothing_is_kept(
    browser: Browser, engine: StillEngine
) -> None:
    answer = browser.send("POST", "/api/keepalive/test", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_filled_in")
    changes = {"keepalive.server_url": "http://127.0.0.1:9/alive"}
    answer = browser.send("POST", "/api/keepalive/test", {"changes": changes})
    assert answer.status_code == 200
    assert '"detail": "http://127.0.0.1:9/alive"' in answer.text
    assert engine.settings.keepalive.server_url == ""
    answer = browser.send("POST", "/api/keepalive/test", {"plate": "AXIS1234"})
    assert answer.status_code == 422


def test_a_stored_password_goes_with_no_test_to_another_server(browser: Browser) -> None:
    kept = {"server_url": "http://127.0.0.1:9/alive", "user": "cam", "password": "s3cret-one"}
    saved = {f"keepalive.{name}": value for name, value in kept.items()}
    assert browser.send("PATCH", "/api/settings", {"changes": saved}).status_code == 200
    changes = {"keepalive.server_url": "http://127.0.0.2:9/alive"}
    answer = browser.send("POST", "/api/keepalive/test", {"changes": changes})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "keepalive.password"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_says_how_it_goes_and_test_says_at_which_step_it_fails(tmp_path: Path) -> None:
    with ExitStack() as stack:
        heard = stack.enter_context(Scripted(answering(answer(), answer())))
        url = f"http://{LOOPBACK}:{heard.port}/alive"
        engine = Engine(
            replace(still_settings(tmp_path), profiles=(), keepalive=Keepalive(url, enabled=True)),
            outbox=OutboxSettings(path=tmp_path / "outbox"),
        )
        stack.enter_context(engine.running(local_socket=False))
        served = stack.enter_context(
            serve_page(engine, port=0, folder=tmp_path / "page", say=False)
        )
        page = stack.enter_context(window(stack.enter_context(chromium()), width=360, height=740))
        enter(page, served, "integration/keepalive")
        facts = page.locator("dl.facts")
        facts.filter(has_text="Arrived, in").wait_for()
        facts.filter(has_text="In 24 h").wait_for()
        assert violations(page) == []
        fill(page, "URL or IP", f"http://{LOOPBACK}:{free_port()}/alive")
        assert "refuses" in run_test(page)
        assert page.locator(".trial li:first-child .state.failed").count() == 1
        fill(page, "URL or IP", url)
        assert "refuses" not in run_test(page)
        assert page.locator(".trial .state.failed").count() == 0
        assert len(heard.received) == 2
        assert heard.received[1].startswith(b"POST /alive HTTP/1.1\r\n")
        own = engine.status().keepalive
        assert own is not None
        assert own.sent == 1, "a Test is none of the engine's own"
        assert violations(page) == []
