"""Test of a profile, step by step, to a browser: one at a time, each step as it happens.

The settings tried are the page's, saved or not. A stored password goes with them only to the server it was
saved for (`config.overlay`), and the answer's own bytes are not shown, so that the camera is no window
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

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cammra_edge.config.shape import SettingsError, refused
from cammra_edge.web.api_settings import draft, refuse
from cammra_edge.web.operation import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from cammra_edge.web.operation import Call

_log = logging.getLogger(__name__)

PLATE = "AXIS1234"
LONGEST_PLATE = 64
PAUSE_S = 1.0
BROKEN = "The test broke off; the log says why."


class ProfileTests:
    """Runs tests, one at a time and at most one a second: a camera must not become a port scanner."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._last_ns = 0

    async def run(self, call: Call) -> Response:
        """Start a test and stream its steps.

        Raises:
            Problem: 404 no such profile, 422 settings that cannot be used, 429 another test runs.
        """
        number = call.request.path_params["number"]
        plate = call.body.get("plate", PLATE)
        changes = call.body.get("changes", {})
        try:
            if not isinstance(plate, str) or not 0 < len(plate) <= LONGEST_PLATE:
                raise refused("plate", plate, f"a plate of 1 to {LONGEST_PLATE} characters")
            if not isinstance(changes, dict) or set(call.body) - {"plate", "changes"}:
                raise refused("changes", changes, "the fields to change, and nothing else")
            settings = await run_in_threadpool(draft, call.page.store, changes)
        except SettingsError as error:
            raise refuse(error) from error
        if not 1 <= number <= len(settings.profiles):
            raise Problem(404, "There is no such profile; fill it in first.")
        now = call.page.clock.mono_ns()
        if now - self._last_ns < PAUSE_S * 1e9 or not self._busy.acquire(blocking=False):
            raise Problem(429, "Another test is running. Try again in a second.", retry_after_s=1.0)
        self._last_ns = now
        operator = call.page.engine.operator
        lines = _lines(self._started(lambda: operator.test(number, plate, settings)))
        call.page.audit.note(call.who, f"profile {number} tested")
        return StreamingResponse(lines, media_type="application/x-ndjson")

    def _started(self, begin: Callable[[], Iterable[Any]]) -> asyncio.Queue[bytes | None]:
        """Run the steps in a thread, whether anybody reads them or not, so that the next test may follow."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()

        def put(item: bytes | None) -> None:
            with suppress(RuntimeError):  # the page was shut down meanwhile
                loop.call_soon_threadsafe(queue.put_nowait, item)

        def work() -> None:
            try:
                for step in begin():
                    put(line_of(asdict(step)))
            except Exception:  # noqa: BLE001 - the page must not take a test that broke off for a good one
                _log.exception("test of profile failed")
                put(line_of({"name": "send", "state": "failed", "detail": BROKEN}))
            finally:
                self._busy.release()
                put(None)

        threading.Thread(target=work, name="profile-test", daemon=True).start()
        return queue


async def _lines(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    while (line := await queue.get()) is not None:
        yield line


def line_of(step: dict[str, Any]) -> bytes:
    """One step as a line of JSON."""
    return (json.dumps(step, ensure_ascii=False) + "\n").encode()
