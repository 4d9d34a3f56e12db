"""A served page over a still engine, and a signed-in browser without a window."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.web import serve_page
from tests.web.still import PASSWORD, PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.web.serve import ServedPage


@dataclass
class Browser:
    """A client with cookies that sends the CSRF token, as the page does."""

    http: httpx.Client
    csrf: str = ""

    def send(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        headers = {"X-CSRF-Token": self.csrf, **more.pop("headers", {})}
        return self.http.request(method, path, json=body, headers=headers, **more)

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        answer = self.http.post("/api/session", json={"password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer


@contextmanager
def first_visitor(page: ServedPage) -> Iterator[Browser]:
    """A browser that has set the page's password."""
    with httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http:
        answer = http.post("/api/setup", json={"code": page.setup_code, "password": PASSWORD})
        yield Browser(http, answer.json()["csrf"])


@pytest.fixture
def engine(tmp_path: Path) -> StillEngine:
    return StillEngine(still_settings(tmp_path))


@pytest.fixture
def clock() -> Clock:
    return SYSTEM_CLOCK


@pytest.fixture
def page(engine: StillEngine, clock: Clock, tmp_path: Path) -> Iterator[ServedPage]:
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False, clock=clock) as served:
        yield served


@pytest.fixture
def stranger(page: ServedPage) -> Iterator[Browser]:
    with httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http:
        yield Browser(http)


@pytest.fixture
def browser(page: ServedPage) -> Iterator[Browser]:
    with first_visitor(page) as browser:
        yield browser
