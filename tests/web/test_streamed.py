"""What is sent in pieces is broken off, and what was looked for is not told, once its asker is let in no more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from unittest import mock

import httpx
import pytest

from cammra_edge.web import views
from tests.web.still import PATIENT_S, StillEngine, an_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.outbox import EventQuery, FoundPage
    from tests.web.conftest import Browser

PASSWORD = "longer than eight"


@pytest.fixture
def bob(browser: Browser, stranger: Browser) -> Browser:
    """A second admin, signed in."""
    person = {"name": "Bob", "role": "admin", "password": PASSWORD}
    assert browser.send("POST", "/api/people", person).status_code == 201
    answer = stranger.http.post("/api/session", json={"name": "Bob", "password": PASSWORD})
    stranger.csrf = answer.json()["csrf"]
    return stranger


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("path", ["/api/events.csv", "/api/events.zip", "/api/parked/export"])
def test_an_export_is_broken_off(
    browser: Browser, bob: Browser, engine: StillEngine, go_on: threading.Event, path: str
) -> None:
    for number in range(400):
        engine.history.add(an_event(number + 1, "9XX0001"))
    plain = engine.history.search

    def slow(query: EventQuery) -> FoundPage:
        if query.cursor:
            go_on.wait(PATIENT_S)
        return plain(query)

    def parked(*_: object) -> Iterator[tuple[str]]:
        yield ("one",)
        go_on.wait(PATIENT_S)
        yield ("two",)

    with (
        mock.patch.object(engine.history, "search", slow),
        mock.patch.object(engine, "parked_whole", parked),
        mock.patch.object(views, "parked_line", lambda word: word.encode() * (1 << 19)),
    ):
        with bob.http.stream("GET", path) as answer:
            assert answer.status_code == 200
            assert browser.send("DELETE", "/api/people/Bob").is_success
            go_on.set()
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                answer.read()
        assert browser.http.get(path).status_code == 200, "its turn is another's"


def test_what_was_looked_for_is_not_told(
    browser: Browser, bob: Browser, engine: StillEngine, go_on: threading.Event
) -> None:
    engine.history.add(an_event(1, "9XX0001"))
    plain, begun = engine.history.search, threading.Event()

    def slow(query: EventQuery) -> FoundPage:
        begun.set()
        go_on.wait(PATIENT_S)
        return plain(query)

    with (
        mock.patch.object(engine.history, "search", slow),
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(partial(bob.http.get, "/api/events"))
        assert begun.wait(PATIENT_S)
        assert browser.send("PATCH", "/api/people/Bob", {"role": "viewer"}).is_success
        go_on.set()
        answer = asked.result()
    assert answer.status_code == 401
    assert "9XX0001" not in answer.text
