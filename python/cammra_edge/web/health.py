"""Whether the engine does its work now, for monitors and load balancers: in fixed words, to whoever asks.

What it says is `engine.health`'s. Invariants, held by `tests/web/test_health.py`:

1. However many ask, the engine is asked once a second, and one at a time.
2. An engine that does not answer is told as such, in `PATIENCE_S`; nobody who asks makes it wait longer.
3. Answers hold codes of ours alone: no plate, name, address, number or text from elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.engine import EngineStatus

_log = logging.getLogger(__name__)

FRESH_S = 1.0
"""So long one look at the engine is everybody's."""
PATIENCE_S = 2.0


class Glance:
    """The engine's status as it was a moment ago, for all who ask. Runs on one event loop."""

    def __init__(self, status: Callable[[], EngineStatus], clock: Clock) -> None:
        """Ask this, in a thread."""
        self._status = status
        self._clock = clock
        self._seen: EngineStatus | None = None
        self._seen_mono_ns = 0
        self._asking: asyncio.Task[None] | None = None

    async def status(self, patience_s: float = PATIENCE_S) -> EngineStatus | None:
        """The status; `None` when none comes in time, or asking failed."""
        if not self._is_fresh():
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            await asyncio.wait({self._asking}, timeout=patience_s)
        return self._seen if self._is_fresh() else None

    def _is_fresh(self) -> bool:
        age_s = (self._clock.mono_ns() - self._seen_mono_ns) / 1e9
        return self._seen is not None and age_s < FRESH_S

    async def _ask(self) -> None:
        try:
            seen = await run_in_threadpool(self._status)
        except Exception:  # noqa: BLE001 - whatever it is, no status is an answer too
            self._seen = None
            _log.exception("the engine's status cannot be had")
            return
        self._seen, self._seen_mono_ns = seen, self._clock.mono_ns()
