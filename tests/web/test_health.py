"""`/health`: fixed words, to everybody, at the cost of one look at the engine a second."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from cammra_edge.delivery import ProfileState, ProfileStatus
from cammra_edge.engine.alarms import AlarmCode
from cammra_edge.engine.health import FAILING, Ill, health_of
from cammra_edge.outbox import OutboxStatus
from cammra_edge.web import serve_page
from cammra_edge.web.health import Glance
from tests.fakes import FakeClock
from tests.web.metrics_table import FULL, PAGE
from tests.web.still import PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.engine import EngineStatus

GATE = ProfileStatus(key="1AB1234", profile_id=1, name="gate.example", state=ProfileState.PAUSED)
DISK = OutboxStatus(path="/a/place", durability="power", max_events=5, max_bytes=7)


class Told(StillEngine):
    """An engine whose status is given, and counted; it waits while it `hangs`."""

    def __init__(self, folder: Path, told: EngineStatus) -> None:
        super().__init__(still_settings(folder))
        self.told = told
        self.asked = 0
        self.broken = False
        self.goes_on = threading.Event()
        self.goes_on.set()

    def status(self) -> EngineStatus:
        self.asked += 1
        if self.broken:
            raise RuntimeError("of /a/place")
        self.goes_on.wait(PATIENT_S)
        return self.told


@pytest.fixture
def engine(tmp_path: Path) -> Told:
    return Told(tmp_path, FULL)


@pytest.fixture
def page(engine: Told, tmp_path: Path) -> Iterator[httpx.Client]:
    clock = FakeClock()
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False, clock=clock) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=PATIENT_S) as client,
    ):
        yield client


def test_it_says_to_everybody_that_all_is_well(page: httpx.Client) -> None:
    answer = page.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "reasons": [], "alarms": []}
    assert answer.headers["cache-control"] == "no-store"
    assert page.head("/health").status_code == 200


def test_what_stands_is_a_reason_and_what_calls_for_a_person_an_alarm(
    engine: Told, page: httpx.Client
) -> None:
    engine.told = replace(
        FULL,
        profiles=(
            replace(GATE, alarm=True, parked_now=3, why="401 from gate.example"),
            replace(GATE, key="2", alarm=True),
        ),
        outbox=replace(DISK, durable=False, trouble="/a/place is full"),
    )
    answer = page.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "failing",
        "reasons": ["profile_paused", "disk_ill"],
        "alarms": ["parked"],
    }
    for secret in ("1AB1234", "gate.example", "/a/place", "401"):
        assert secret not in answer.text


@pytest.mark.parametrize(("told", "why"), [(replace(FULL, running=False), Ill.NOT_RUNNING)])
def test_an_engine_that_does_not_run_is_no_health(told: EngineStatus, why: Ill) -> None:
    assert health_of(told).reasons == (why,)
    assert health_of(None).reasons == (Ill.NO_ANSWER,)


def test_every_alarm_is_told_of_on_the_page_of_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    failing, _, calling = text.partition("`alarms` call for a person")
    calling = calling.partition("Both are codes")[0]
    for code in AlarmCode:
        assert (f"`{code}`" in failing) is (code in FAILING), code
        assert (f"`{code}`" in calling) is (code not in FAILING), code
    assert all(f"`{ill}`" in failing for ill in Ill)


def test_any_number_of_askers_cost_the_engine_one_look_a_second(engine: Told) -> None:
    clock = FakeClock()
    glance = Glance(engine.status, clock)

    async def ask(times: int) -> list[EngineStatus | None]:
        return await asyncio.gather(*(glance.status() for _ in range(times)))

    async def run() -> None:
        assert await ask(50) == [FULL] * 50
        assert await ask(50) == [FULL] * 50
        assert engine.asked == 1
        clock.advance(1.0)
        assert await ask(50) == [FULL] * 50
        assert engine.asked == 2

    asyncio.run(run())


def test_an_engine_that_hangs_is_asked_once_and_told_of_in_time(engine: Told) -> None:
    glance = Glance(engine.status, FakeClock())

    async def run() -> None:
        engine.goes_on.clear()
        try:
            answers = await asyncio.gather(*(glance.status(0.01) for _ in range(20)))
            assert answers == [None] * 20
            assert await glance.status(0.01) is None
            assert engine.asked == 1
        finally:
            engine.goes_on.set()
        assert await glance.status(PATIENT_S) is FULL

    asyncio.run(run())


def test_an_engine_that_raises_is_no_health_and_is_asked_again(
    engine: Told, page: httpx.Client
) -> None:
    engine.broken = True
    answer = page.get("/health")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["no_answer"])
    engine.broken = False
    assert page.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("request_lines", "status"),
    [
        (b"GET /health HTTP/1.0\r\n\r\n", 200),
        (b"HEAD /health HTTP/1.0\r\n\r\n", 200),
        (b"GET /api/session HTTP/1.0\r\n\r\n", 421),
        (b"GET / HTTP/1.0\r\n\r\n", 421),
        (b"POST /health HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 421),
        (b"GET /health HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n", 421),
        (b"GET /health HTTP/1.0\r\nHost: a\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /health/ HTTP/1.0\r\n\r\n", 421),
        (b"GET //health HTTP/1.0\r\n\r\n", 421),
    ],
)
def test_a_monitor_need_not_name_a_host_but_no_foreign_name_is_answered(
    page: httpx.Client, request_lines: bytes, status: int
) -> None:
    place = urlsplit(str(page.base_url))
    assert place.port is not None
    link = http.client.HTTPConnection("127.0.0.1", place.port, timeout=PATIENT_S)
    link.connect()
    link.sock.sendall(request_lines)
    with http.client.HTTPResponse(link.sock, method=request_lines.split()[0].decode()) as answer:
        answer.begin()
        content = answer.read()
    link.close()
    assert answer.status == status, content
    if status == 200 and content:
        said: dict[str, Any] = json.loads(content)
        assert said["status"] == "ok"
