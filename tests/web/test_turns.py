"""Searches take turns, and what nobody waits for any more is not looked for."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from cammra_edge.web.page import SEARCHES_AT_ONCE
from cammra_edge.web.turns import GoneError, Turns
from tests.web.still import PATIENT_S

if TYPE_CHECKING:
    from starlette.requests import Request

    from cammra_edge.outbox import EventQuery, FoundPage
    from tests.web.conftest import Browser
    from tests.web.still import StillEngine


class Asker:
    """A request, as far as `Turns` looks at it; `leave` ends its connection."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[str] = asyncio.Queue()
        self._said.put_nowait("http.request")

    async def receive(self) -> dict[str, str]:
        return {"type": await self._said.get()}

    def leave(self) -> None:
        self._said.put_nowait("http.disconnect")


class Slow:
    """A question that takes until it may end, and tells how many are asked at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, answer: int) -> int:
        with self._lock:
            self.begun += 1
            self.now += 1
            self.most = max(self.most, self.now)
        self.go_on.wait(PATIENT_S)
        with self._lock:
            self.now -= 1
        return answer


async def until_begun(slow: Slow, count: int) -> None:
    while slow.begun < count:  # noqa: ASYNC110 - a thread counts
        await asyncio.sleep(0.001)


def test_so_many_at_once_and_all_are_answered() -> None:
    async def scenario() -> tuple[list[int], int]:
        slow, turns = Slow(), Turns(2)
        asked = [
            asyncio.create_task(turns.ask(cast("Request", Asker()), slow, number))
            for number in range(7)
        ]
        await until_begun(slow, 2)
        slow.go_on.set()
        return await asyncio.gather(*asked), slow.most

    assert asyncio.run(scenario()) == ([*range(7)], 2)


def test_who_has_gone_is_not_asked_for_and_holds_up_nobody() -> None:
    async def scenario() -> tuple[int, int]:
        slow, turns, askers = Slow(), Turns(1), [Asker() for _ in range(12)]
        asked = [
            asyncio.create_task(turns.ask(cast("Request", asker), slow, number))
            for number, asker in enumerate(askers)
        ]
        await until_begun(slow, 1)
        for asker in askers[:-1]:
            asker.leave()
        for left in asked[:-1]:
            with pytest.raises(GoneError):
                await left
        slow.go_on.set()
        return await asked[-1], slow.begun

    answer, begun = asyncio.run(scenario())
    assert answer == 11
    assert begun == 2, "the one that had begun, and the one that somebody waits for"


def test_what_fails_fails_for_who_asked() -> None:
    async def scenario() -> None:
        turns = Turns(1)
        with pytest.raises(ZeroDivisionError):
            await turns.ask(cast("Request", Asker()), lambda: 1 // 0)
        assert await turns.ask(cast("Request", Asker()), lambda: 5) == 5

    asyncio.run(scenario())


def test_a_browser_that_gives_up_its_question_leaves_its_turn_to_others(
    browser: Browser, engine: StillEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = threading.Semaphore(0)
    plain_ask = Turns.ask

    async def ask(turns: Turns, *what: Any) -> object:  # noqa: ANN401 - as the plain one takes it
        try:
            return await plain_ask(turns, *what)
        except GoneError:
            gone.release()
            raise

    monkeypatch.setattr(Turns, "ask", ask)
    begun = threading.Semaphore(0)
    go_on = threading.Event()
    plain = engine.history.search
    asked: list[str] = []

    def slow(query: EventQuery) -> FoundPage:
        asked.append(query.plate)
        begun.release()
        go_on.wait(PATIENT_S)
        return plain(query)

    engine.history.search = slow  # type: ignore[method-assign]

    async def type_fast() -> None:
        http = httpx.AsyncClient(
            base_url=browser.http.base_url, cookies=browser.http.cookies, trust_env=False
        )
        async with http:
            letters = [
                asyncio.create_task(http.get(f"/api/events?plate=1A{number}", timeout=PATIENT_S))
                for number in range(8)
            ]
            for _ in range(SEARCHES_AT_ONCE):
                await asyncio.to_thread(begun.acquire)
            for letter in letters[:-1]:
                letter.cancel()
            await asyncio.gather(*letters[:-1], return_exceptions=True)
            for _ in letters[:-1]:
                await asyncio.to_thread(gone.acquire)
            last = asyncio.create_task(http.get("/api/events?plate=LAST", timeout=PATIENT_S))
            go_on.set()
            assert (await last).status_code == 200

    asyncio.run(type_fast())
    assert {"1A7", "LAST"} <= set(asked)
    assert len(asked) <= SEARCHES_AT_ONCE + 2, "those that had begun, and the two that wait"
