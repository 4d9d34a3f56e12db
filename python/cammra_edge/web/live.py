"""What the page shows live: gathered once for all viewers, sent to each as server-sent events.

Invariants, held by `tests/web/test_live.py`:

1. Twenty viewers cost the engine what one costs: it is queried once per beat, and the answer is encoded once.
2. A slow viewer loses beats and costs no memory: each has a queue of `QUEUE` messages. When it is full, its messages
   give way to everything there is now, shown `anew`, so that nothing is missing afterwards, and nothing too much.
3. While nobody looks, the engine is queried every `SAMPLE_S`, for the plots.
4. What is there no longer, since it was erased, is `gone` from every viewer with the next beat.
5. A failed query is retried at the next beat; people look when a disk fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from cammra_edge.web.narrowed import narrowed_event, narrowed_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_log = logging.getLogger(__name__)

BEAT_S = 0.5
SAMPLE_S = 5.0
SAMPLES = 120
QUEUE = 12
MAX_VIEWERS = 32
KEEP_S = 15.0
MOST_AT_ONCE = 3
"""Messages of one beat."""
_END = b""
_ANEW = b"event: anew\ndata: []\n\n"


class LiveFeed:
    """Gathers status and events for the viewers. Runs on the page's event loop."""

    def __init__(
        self, status: Callable[[], dict[str, Any]], events: Callable[[], list[dict[str, Any]]]
    ) -> None:
        """Query these two; they may block, as a thread calls them. Who may not see all is told them narrowed."""
        self._status = status
        self._events = events
        self._viewers: dict[asyncio.Queue[bytes], bool] = {}
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shown: dict[str, str] = {}
        self._sampled_s = -SAMPLE_S
        self.samples: deque[dict[str, Any]] = deque(maxlen=SAMPLES)

    @property
    def viewers(self) -> int:
        """How many there are."""
        return len(self._viewers)

    def wake(self) -> None:
        """Beat now: a person has changed something."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    def end(self) -> None:
        """End every viewer's stream."""
        for viewer in self._viewers:
            while not viewer.empty():
                viewer.get_nowait()
            viewer.put_nowait(_END)

    async def run(self) -> None:
        """Beat until cancelled."""
        self._loop = asyncio.get_running_loop()
        failed = False
        while True:
            self._changed.clear()
            try:
                await self._look(self._loop.time())
                failed = False
            except Exception:  # noqa: BLE001 - whatever it is, the next beat may work
                if not failed:
                    _log.exception("live feed failed")
                failed = True
            # Not `wait_for`: until Python 3.12 it swallows a cancellation that comes together with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S if self._viewers else SAMPLE_S):
                    await self._changed.wait()

    async def _look(self, now_s: float) -> None:
        status = await run_in_threadpool(self._status)
        if now_s - self._sampled_s >= SAMPLE_S:
            self._sampled_s = now_s
            self.samples.append(sample_of(status))
        if self._viewers:
            await self._beat(status)

    async def _beat(self, status: dict[str, Any]) -> None:
        events = await run_in_threadpool(self._events)
        texts = {event["id"]: _json(event) for event in events}
        fresh = [event for event in events if self._shown.get(event["id"]) != texts[event["id"]]]
        gone = [key for key in self._shown if key not in texts]
        self._shown = texts
        for whole in set(self._viewers.values()):
            state = _message("status", _json(status if whole else narrowed_status(status)))
            changes = [_message("gone", _json(gone))] if gone else []
            if fresh:
                changes.append(_events(fresh, whole=whole))
            for viewer in [one for one, sees in self._viewers.items() if sees is whole]:
                news = changes
                if viewer.qsize() > QUEUE - MOST_AT_ONCE:
                    while not viewer.empty():
                        viewer.get_nowait()
                    news = [_ANEW, _events(events, whole=whole)]
                for message in (state, *news):
                    viewer.put_nowait(message)

    async def watch(self, *, whole: bool) -> AsyncIterator[bytes]:
        """One viewer's stream; the first message has all events there are.

        Args:
            whole: Whether receivers may be named to this viewer.
        """
        queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self._viewers[queue] = whole
        try:
            events = await run_in_threadpool(self._events)
            yield b"retry: 2000\n\n" + _ANEW
            yield _events(events, whole=whole)
            self._changed.set()
            while True:
                message = b": still here\n\n"
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KEEP_S):
                        message = await queue.get()
                if message == _END:
                    return
                yield message
        finally:
            self._viewers.pop(queue, None)


def sample_of(status: dict[str, Any]) -> dict[str, Any]:
    """One point of the plots: what they show of each profile, by its key."""
    kept = ("queue_events", "delivered", "retried", "latency_p50_ms", "latency_p95_ms")
    return {
        "at": status["now"],
        "profiles": {
            profile["key"]: {name: profile[name] for name in kept} for profile in status["profiles"]
        },
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _events(events: list[dict[str, Any]], *, whole: bool) -> bytes:
    return _message("events", _json(events if whole else [*map(narrowed_event, events)]))


def _message(kind: str, data: str) -> bytes:
    return f"event: {kind}\ndata: {data}\n\n".encode()
