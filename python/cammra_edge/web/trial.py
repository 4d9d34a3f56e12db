"""Tests of profiles, step by step, to a browser: one at a time, each step as it happens.

The settings tried are the page's, saved or not. A stored password goes with them only to the server it was
given for, and only that way (`config.ways`), and the answer's own bytes are not shown, so that the camera is no window
into its network (`tests/web/test_security.py`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cammra_edge.trial.found import Found
from cammra_edge.trial.remedies import Remedy
from cammra_edge.trial.step import Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from cammra_edge.clock import Clock

_log = logging.getLogger(__name__)

PAUSE_S = 1.0


class BusyError(Exception):
    """Another test runs, or ended just now."""


class ProfileTests:
    """Runs one test at a time, and at most one a second: a camera must not become a port scanner."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._busy = threading.Lock()
        self._last_ns = 0
        self._step = "send"
        self._listener: asyncio.Queue[bytes | None] | None = None

    def start(self, steps: Callable[[], Iterable[Step]]) -> AsyncIterator[bytes]:
        """Start a test, which takes these steps; gives a line of JSON for each as it happens.

        Raises:
            BusyError: Another test runs, or ended less than `PAUSE_S` ago.
        """
        now_ns = self._clock.mono_ns()
        if now_ns - self._last_ns < PAUSE_S * 1e9 or not self._busy.acquire(blocking=False):
            raise BusyError
        self._last_ns = now_ns
        return _lines(self._started(steps))

    def end(self) -> None:
        """The program ends: whoever waits for a test is told, instead of losing the connection."""
        if self._listener is not None and self._busy.locked():
            step = Step(self._step, "failed", detail=Found.STOPPED(), remedy=Remedy.WHEN_BACK())
            self._listener.put_nowait(line_of(step_plain(step)))
            self._listener.put_nowait(None)

    def _started(self, begin: Callable[[], Iterable[Step]]) -> asyncio.Queue[bytes | None]:
        """Run the steps in a thread, to their end even when nobody reads them: the next test waits for it."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._step, self._listener = "send", queue

        def put(line: bytes | None) -> None:
            with suppress(RuntimeError):  # the page was shut down meanwhile
                loop.call_soon_threadsafe(queue.put_nowait, line)

        def work() -> None:
            try:
                for step in begin():
                    self._step = step.name
                    put(line_of(step_plain(step)))
            except Exception:  # noqa: BLE001 - a test that broke off must not look like a good one
                _log.exception("test of profile failed")
                put(line_of(step_plain(Step(self._step, "failed", detail=Found.BROKE_OFF()))))
            finally:
                self._busy.release()
                put(None)

        threading.Thread(target=work, name="profile-test", daemon=True).start()
        return queue


async def _lines(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    while (line := await queue.get()) is not None:
        yield line


def step_plain(step: Step) -> dict[str, Any]:
    """A step, and what its finding and its remedy are known by."""
    return {**asdict(step), **step.detail.plain(), "remedy_code": step.remedy.code}


def line_of(step: dict[str, Any]) -> bytes:
    """One step as a line of JSON."""
    return (json.dumps(step, ensure_ascii=False) + "\n").encode()
