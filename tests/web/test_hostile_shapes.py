"""Five thousand requests of hostile shapes to each family of operations: refused, and nothing else happens."""

from __future__ import annotations

import json
import logging
import random
import socket
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge import Engine
from cammra_edge.config.drafting import draft_of
from cammra_edge.web import (
    api_access,
    api_journal,
    api_search,
    api_settings,
    api_traffic,
    api_transfer,
    api_trial,
    serve_page,
)
from tests.budget import NIGHTLY, examples
from tests.web.shapes import Shaper
from tests.web.still import PASSWORD, PATIENT_S, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.web.operation import Operation
    from tests.web.shapes import Shape

SHAPES = 5000 if NIGHTLY else examples(1600)
FAMILIES = (
    api_access,
    api_settings,
    api_transfer,
    api_trial,
    api_traffic,
    api_journal,
    api_search,
)
WITHOUT = {
    "/api/events/stream",  # has no end
    "/api/view",  # waits for a frame
}
SECRET = b"s3cret-one"
NO_HTTP = b"Invalid HTTP request received."
"""What the server says of itself to what is no request at all."""


@dataclass
class Victim:
    """A page over a real engine, and all the ways in."""

    host: str
    port: int
    engine: Engine
    folder: Path
    ways: list[dict[str, str]]
    line: socket.socket | None = None

    def kept(self) -> object:
        """What must not change where a request is refused: settings and files, but for the log of who came."""
        files = {
            path.name: path.stat().st_mtime_ns
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix != ".jsonl"
        }
        return self.engine.settings, files

    def ask(self, shape: Shape, way: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer; 0 where the page just hangs up."""
        raw = shape.raw(f"{self.host}:{self.port}", way)
        for fresh in (False, True):
            line = None if fresh else self.line
            self.line = None
            if line is None:
                line = socket.create_connection((self.host, self.port), timeout=PATIENT_S)
            try:
                line.sendall(raw)
                if shape.cut:
                    line.shutdown(socket.SHUT_WR)
                status, content, stays = read_answer(line)
            except (ConnectionError, HTTPException):
                line.close()
                if fresh or shape.cut:
                    return 0, b""
                continue
            if stays and not shape.cut:
                self.line = line
            else:
                line.close()
            return status, content
        return 0, b""


def read_answer(line: socket.socket) -> tuple[int, bytes, bool]:
    """One answer, and whether the connection stays."""
    with HTTPResponse(line) as answer:
        answer.begin()
        return answer.status, answer.read(), not answer.will_close


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("shapes")
    settings = still_settings(folder)
    quiet = replace(
        settings,
        profiles=tuple(replace(one, enabled=False) for one in settings.profiles),
        locked=settings.locked | {"enabled", "server_url", "proxy"},
    )
    engine = Engine(quiet)
    with (
        engine.running(live=False, local_socket=False),
        serve_page(engine, port=0, folder=folder / "page", say=False) as page,
        httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        answer = http.post("/api/setup", json={"code": page.setup_code, "password": PASSWORD})
        csrf = {"X-CSRF-Token": answer.json()["csrf"]}
        session = {"Cookie": "; ".join(f"{name}={text}" for name, text in http.cookies.items())}
        tokens = [
            http.post("/api/tokens", json={"name": "t", "scopes": scopes}, headers=csrf).json()
            for scopes in (
                ["read"],
                ["settings"],
                ["deliveries"],
                ["read", "settings", "deliveries"],
            )
        ]
        ways = [session | csrf, session | csrf, session, {}]
        ways += [{"Authorization": f"Bearer {one['secret']}"} for one in tokens]
        at = httpx.URL(page.url)
        shown = Victim(at.host, at.port or 80, engine, folder / "page", ways)
        yield shown
        if shown.line is not None:
            shown.line.close()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__.rpartition(".")[2])
@pytest.mark.timeout(900)
@pytest.mark.slow
def test_a_hostile_shape_is_refused_and_leaves_nothing(
    family: object, victim: Victim, caplog: pytest.LogCaptureFixture
) -> None:
    operations: list[Operation] = [
        one
        for one in family.OPERATIONS  # type: ignore[attr-defined]  # each family has some
        if one.path not in WITHOUT
    ]
    chance = random.Random(family.__name__)  # type: ignore[attr-defined] # noqa: S311 - no secret
    shaper = Shaper(chance, draft_of(victim.engine.settings, {}).values)
    statuses: dict[int, int] = {}
    caplog.set_level(logging.ERROR)
    before = victim.kept()
    for _ in range(SHAPES):
        operation = chance.choice(operations)
        way = chance.choice(victim.ways)
        if operation.path == "/api/session" and operation.method == "DELETE":
            way = {}  # else the rest were strangers
        shape = shaper.shape(operation)
        status, content = victim.ask(shape, way)
        statuses[status] = statuses.get(status, 0) + 1
        told = f"{operation.method} {operation.path}: {shape!r:.2000} → {status} {content[:500]!r}"
        assert status < 500, told
        assert b"Traceback" not in content, told
        assert SECRET not in content or "secrets=true" in shape.target, told
        after = victim.kept()
        if status >= 400:
            assert content == NO_HTTP or json.loads(content)["error"], told
            assert after == before, told
        before = after
    assert not caplog.records, caplog.text
    assert sum(count for status, count in statuses.items() if status >= 400) > SHAPES / 3
