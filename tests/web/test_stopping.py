"""A page that ends while people look, test and upload: at once, and without a word in the log."""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.trial import Step
from cammra_edge.trial.found import Found
from cammra_edge.web import ending, serve_page
from tests.servers import wait_until
from tests.web.conftest import first_visitor
from tests.web.still import PATIENT_S, StillEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.web.conftest import Browser

FOR_EVER_S = 3600.0


@contextmanager
def left_open(browser: Browser, method: str, path: str, **more: object) -> Iterator[httpx.Response]:
    """An answer that has begun."""
    headers = {"X-CSRF-Token": browser.csrf}
    with browser.http.stream(method, path, headers=headers, **more) as answer:  # type: ignore[arg-type]  # httpx's own
        yield answer


@contextmanager
def begun_upload(url: str) -> Iterator[socket.socket]:
    """A request whose body never comes to its end."""
    at = httpx.URL(url)
    with socket.create_connection((at.host, at.port or 0), timeout=PATIENT_S) as line:
        head = f"POST /api/session HTTP/1.1\r\nHost: {at.netloc.decode()}\r\nContent-Length: 9\r\n"
        line.sendall(
            f"{head}Expect: 100-continue\r\nContent-Type: application/json\r\n\r\n".encode()
        )
        assert line.recv(99).startswith(b"HTTP/1.1 100 ")  # it waits for the body now
        yield line


def test_open_pages_and_uploads_do_not_hold_up_the_end(
    engine: StillEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ending, "LAST_ANSWERS_S", FOR_EVER_S)
    with ExitStack() as stack, caplog.at_level(logging.WARNING):
        with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page:
            browser = stack.enter_context(first_visitor(page))
            streams = [
                stack.enter_context(left_open(browser, "GET", "/api/events/stream"))
                for _ in range(3)
            ]
            firsts = [stream.iter_lines() for stream in streams]
            assert [next(lines) for lines in firsts] == ["retry: 2000"] * 3
            upload = stack.enter_context(begun_upload(page.url))
        for lines in firsts:  # ended in order, not torn off
            assert list(lines)[-1] == ""
        assert upload.recv(1) == b""
    assert not caplog.records


def test_whoever_waits_for_a_test_is_told(
    engine: StillEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    over = threading.Event()

    def test(*_: object) -> Iterator[Step]:
        yield Step("dns", "running")
        yield Step("dns", "ok")
        yield Step("tcp", "running")
        over.wait()

    monkeypatch.setattr(engine.operator, "test", test)
    with ExitStack() as stack, caplog.at_level(logging.WARNING):
        with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page:
            browser = stack.enter_context(first_visitor(page))
            way = "/api/profiles/vms/test"
            answer = stack.enter_context(left_open(browser, "POST", way, json={}))
            lines = answer.iter_lines()
            assert [json.loads(next(lines))["name"] for _ in range(3)] == ["dns", "dns", "tcp"]
        (last,) = [json.loads(line) for line in lines]
        over.set()
    assert (last["name"], last["state"], last["detail"]) == ("tcp", "failed", Found.STOPPED())
    assert last["remedy"]
    assert not caplog.records


def test_what_is_being_answered_gets_a_moment_and_no_more(
    engine: StillEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ending, "LAST_ANSWERS_S", 0.01)
    asked, over = threading.Event(), threading.Event()

    def view(*_: object) -> None:
        asked.set()
        over.wait()

    monkeypatch.setattr(engine.operator, "view", view)

    def look(browser: Browser) -> None:
        with pytest.raises(httpx.TransportError):
            browser.send("GET", "/api/view")

    with ExitStack() as stack, caplog.at_level(logging.WARNING):
        with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page:
            browser = stack.enter_context(first_visitor(page))
            looking = threading.Thread(target=look, args=(browser,))
            looking.start()
            wait_until(asked.is_set, "a question")
        looking.join()
        over.set()
    assert not caplog.records


def test_each_answer_has_its_date(browser: Browser) -> None:
    for path in ("/", "/api/status", "/nothing"):
        answer = browser.send("GET", path)
        assert parsedate_to_datetime(answer.headers["date"]).tzinfo is not None
