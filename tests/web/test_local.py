"""The page's API over an engine's local socket: who gets in, what it is without a page, and when it ends."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.audit import AuditLog
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.saved import page_folder
from cammra_edge.engine.socket_place import listening
from cammra_edge.web import local, serve_page
from cammra_edge.web.app import OF_AN_ENGINE
from tests.emulation import PATIENCE
from tests.web.still import PATIENT_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.web.serve import ServedPage
    from tests.web.conftest import Browser
    from tests.web.still import StillEngine

US = f"uid {os.geteuid()}"


@contextmanager
def spoken(engine: StillEngine, path: Path) -> Iterator[tuple[httpx.Client, threading.Thread]]:
    """A client of the engine's socket, and the thread that answers it."""
    ended, end = socket.socketpair()
    with ended, end, listening(path) as listener:
        thread = threading.Thread(
            target=local.speak, args=(engine, SYSTEM_CLOCK, listener, ended), daemon=True
        )
        thread.start()
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(
            transport=transport, base_url="http://localhost", timeout=PATIENT_S
        ) as http:
            yield http, thread
        end.send(b".")
        thread.join(PATIENT_S)
        assert not thread.is_alive()


@pytest.fixture
def shell(engine: StillEngine, tmp_path: Path) -> Iterator[httpx.Client]:
    with spoken(engine, tmp_path / "socket") as (http, _):
        yield http


def test_the_owner_needs_no_token(shell: httpx.Client) -> None:
    assert shell.get("/api/status").json()["running"]
    assert shell.get("/api/events").json()["events"][0]["text"] == "1AB1234"


def test_another_user_is_hung_up_on(shell: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "peer_uid", lambda _: os.geteuid() + 1)
    with pytest.raises(httpx.TransportError):
        shell.get("/api/status")


def test_without_a_page_there_is_what_concerns_the_engine_and_nothing_is_written_by_looking(
    shell: httpx.Client, engine: StillEngine
) -> None:
    described = shell.get("/api/openapi.json").json()["paths"]
    assert len(described) == len({one.path for one in OF_AN_ENGINE})
    assert shell.get("/api/settings").status_code == 404
    assert shell.get("/").status_code == 404
    folder = page_folder(engine.settings)
    assert not folder.exists()
    answer = shell.post("/api/profiles/vms/test", json={})
    assert json.loads(answer.text)["detail"] == "vms AXIS1234"
    (line,) = AuditLog(folder / "audit.jsonl", SYSTEM_CLOCK).entries()
    assert (line["who"], line["from"], line["what"]) == ("shell", US, "profile vms tested")
    assert engine.applied == []


def test_beside_a_page_it_is_that_page(
    page: ServedPage, browser: Browser, shell: httpx.Client, tmp_path: Path
) -> None:
    assert page.url.startswith("http://")
    changes = {"changes": {"profiles[vms].device_id": "FROM-SHELL"}}
    assert shell.patch("/api/settings", json=changes).json()["version"] == 1
    held = browser.http.get("/api/settings").json()
    assert held["settings"]["profiles[vms].device_id"] == "FROM-SHELL"
    assert f'"who": "shell", "from": "{US}"' in (tmp_path / "page" / "audit.jsonl").read_text()
    assert shell.post("/api/tokens", json={"name": "n", "scopes": ["read"]}).status_code == 201


def test_a_page_that_comes_and_goes_is_noticed(
    engine: StillEngine, tmp_path: Path, shell: httpx.Client
) -> None:
    assert shell.get("/api/settings").status_code == 404
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False):
        assert shell.get("/api/settings").status_code == 200
    assert shell.get("/api/settings").status_code == 404


def test_it_ends_when_nobody_has_connected_for_a_while(
    engine: StillEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "KEEP_S", 2.0)
    with spoken(engine, tmp_path / "socket") as (http, thread):
        with http.stream("GET", "/api/events/stream") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            time.sleep(3.0)
            assert thread.is_alive()
        http.close()
        thread.join(10 * PATIENCE)
        assert not thread.is_alive()


def test_a_viewer_does_not_hold_up_the_end(engine: StillEngine, tmp_path: Path) -> None:
    with (
        spoken(engine, tmp_path / "socket") as (http, _),
        http.stream("GET", "/api/events/stream") as answer,
    ):
        assert next(answer.iter_lines()) == "retry: 2000"
