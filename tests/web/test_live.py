"""The live feed: one question to the engine for all who look, bounded for those who are slow."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

from cammra_edge.web.live import MAX_VIEWERS, QUEUE, LiveFeed, sample_of
from tests.web.still import PATIENT_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Browser


PROFILE = {
    "key": "gate",
    "queue_events": 2,
    "delivered": 3,
    "retried": 0,
    "latency_p50_ms": 1.0,
    "latency_p95_ms": 2.0,
}


class Asked:
    """Counts how often the engine is asked, and lets one event happen at each question."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.trouble = 0

    def status(self) -> dict[str, Any]:
        if self.trouble:
            self.trouble -= 1
            raise OSError(5, "Input/output error")
        self.times["status"] += 1
        return {
            "now": self.times["status"],
            "profiles": [PROFILE],
        }

    def events(self) -> list[dict[str, Any]]:
        self.times["events"] += 1
        return [{"id": f"{number}"} for number in range(self.times["events"])]


async def take(stream: AsyncIterator[bytes], count: int) -> list[bytes]:
    return [await anext(stream) for _ in range(count)]


async def beaten(feed: LiveFeed, asked: Asked, beats: int) -> None:
    """Let the feed beat so often, without waiting for its clock."""
    task = asyncio.create_task(feed.run())
    until = asked.times["events"] + beats
    while asked.times["events"] < until:
        feed.wake()
        await asyncio.sleep(0.001)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def waiting(feed: LiveFeed, stream: AsyncIterator[bytes]) -> list[bytes]:
    """What waits for the only viewer."""
    (viewer,) = feed._viewers
    return await take(stream, viewer.qsize())


def test_twenty_viewers_are_one_question() -> None:
    async def scenario() -> Asked:
        asked = Asked()
        feed = LiveFeed(asked.status, asked.events)
        streams = [feed.watch(whole=True) for _ in range(20)]
        for stream in streams:
            await take(stream, 2)
        asked.times.clear()
        await beaten(feed, asked, 5)
        assert feed.viewers == 20
        return asked

    asked = asyncio.run(scenario())
    assert asked.times["events"] <= asked.times["status"] <= 8


def test_it_ends_when_it_is_told_to_while_it_is_being_woken() -> None:
    async def scenario() -> None:
        for _ in range(20):
            feed = LiveFeed(Asked().status, Asked().events)
            task = asyncio.create_task(feed.run())
            while not feed.samples:  # noqa: ASYNC110 - the feed tells nobody of its first beat
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            feed.wake()  # both in one turn of the loop: what it waits for has come when the cancellation does
            await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=PATIENT_S)
            assert done

    asyncio.run(scenario())


def test_a_slow_viewer_loses_beats_and_no_memory() -> None:
    async def scenario() -> int:
        asked = Asked()
        feed = LiveFeed(asked.status, asked.events)
        stream = feed.watch(whole=True)
        await take(stream, 2)
        await beaten(feed, asked, 30)
        return max(viewer.qsize() for viewer in feed._viewers)

    assert asyncio.run(scenario()) <= QUEUE


def test_a_viewer_that_was_slow_misses_nothing_in_the_end() -> None:
    async def scenario() -> list[bytes]:
        asked = Asked()
        feed = LiveFeed(asked.status, asked.events)
        stream = feed.watch(whole=True)
        first = await take(stream, 2)
        await beaten(feed, asked, 30)
        return [*first, *await waiting(feed, stream)]

    messages = [m for m in asyncio.run(scenario()) if m.startswith(b"event: events")]
    told = [one["id"] for m in messages for one in json.loads(m.split(b"data: ")[1])]
    newest = max(map(int, told))
    assert newest > 20
    assert set(told) == {f"{number}" for number in range(newest + 1)}


def test_what_was_erased_is_gone_from_every_viewer() -> None:
    async def scenario() -> tuple[list[bytes], list[bytes]]:
        asked = Asked()
        there = [[{"id": "1"}, {"id": "2"}], [{"id": "2"}]]
        feed = LiveFeed(asked.status, lambda: there[0] if asked.times["events"] < 2 else there[1])
        stream = feed.watch(whole=True)
        first = await take(stream, 2)
        await feed._beat(asked.status())
        asked.times["events"] = 2
        await feed._beat(asked.status())
        soon = await waiting(feed, stream)
        for _ in range(QUEUE):  # a slow viewer, who may miss that something is gone
            await feed._beat(asked.status())
        return [*first, *soon], await waiting(feed, stream)

    soon, late = asyncio.run(scenario())
    assert b"event: anew" in soon[0]
    assert [m for m in soon if m.startswith(b"event: gone")] == [b'event: gone\ndata: ["1"]\n\n']
    assert [m.split(b"\n")[1] for m in late if not m.startswith(b"event: status")] == [
        b"data: []",
        b'data: [{"id":"2"}]',
    ]


def test_only_what_is_new_is_sent_again() -> None:
    async def scenario() -> list[bytes]:
        asked = Asked()
        feed = LiveFeed(asked.status, asked.events)
        stream = feed.watch(whole=True)
        first = await take(stream, 2)
        await beaten(feed, asked, 3)
        return [*first, *await waiting(feed, stream)]

    messages = [m for m in asyncio.run(scenario()) if m.startswith(b"event: events")]
    sizes = [len(json.loads(m.split(b"data: ")[1])) for m in messages]
    assert sizes[-1] == 1


def test_a_question_that_fails_once_is_asked_again() -> None:
    async def scenario() -> list[bytes]:
        asked = Asked()
        feed = LiveFeed(asked.status, asked.events)
        stream = feed.watch(whole=True)
        await take(stream, 2)
        asked.trouble = 2
        await beaten(feed, asked, 2)
        return await waiting(feed, stream)

    assert any(one.startswith(b"event: status") for one in asyncio.run(scenario()))


def test_a_sample_has_what_the_plots_show() -> None:
    sample = sample_of({"now": 5, "profiles": [PROFILE | {"name": "x"}]})
    assert sample["at"] == 5
    assert sample["profiles"]["gate"]["queue_events"] == 2
    assert "name" not in sample["profiles"]["gate"]


def test_the_stream_reaches_a_browser_and_is_bounded_in_number(browser: Browser) -> None:
    with httpx.Client(
        base_url=browser.http.base_url,
        cookies=browser.http.cookies,
        trust_env=False,
        timeout=PATIENT_S,
        limits=httpx.Limits(max_connections=None),
    ) as http:
        open_streams = [
            http.send(http.build_request("GET", "/api/events/stream"), stream=True)
            for _ in range(MAX_VIEWERS)
        ]
        lines = open_streams[0].iter_lines()
        assert next(lines) == "retry: 2000"
        assert "event: events" in [next(lines) for _ in range(6)]
        refused = http.get("/api/events/stream")
        assert refused.status_code == 429
        for stream in open_streams:
            stream.close()
