"""Whether the engine does its work now, for monitors and load balancers: in fixed words, to whoever asks.

`FAILING` are the alarms by which it does not: no picture comes, nothing is stored, a profile stands. The others call
for a person while everything works. Invariants, held by `tests/web/test_health.py`:

1. However many ask, the engine is asked once a second, and one at a time.
2. An engine that does not answer is told as such, in `PATIENCE_S`; nobody who asks makes it wait longer.
3. Answers hold codes of ours alone: no plate, name, address, number or text from elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from cammra_edge.web.alarms import AlarmCode, alarms_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.engine import EngineStatus

_log = logging.getLogger(__name__)

FRESH_S = 1.0
"""So long one look at the engine is everybody's."""
PATIENCE_S = 2.0

FAILING = frozenset(
    {
        AlarmCode.PROFILE_PAUSED,
        AlarmCode.DISK_ILL,
        AlarmCode.DISK_SLOW,
        AlarmCode.EVENTS_NOT_STORED,
        AlarmCode.SOURCE_TROUBLE,
        AlarmCode.SOURCE_NEVER_CAME,
        AlarmCode.SOURCE_GONE,
        AlarmCode.FRAMES_REFUSED,
    }
)


class Ill(StrEnum):
    """What no alarm says, as there is no engine to say it."""

    NOT_RUNNING = "not_running"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Health:
    """How it is.

    Args:
        reasons: Why it does not work, the most urgent first; empty when it does.
        alarms: What else calls for a person.
    """

    reasons: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()


def health_of(status: EngineStatus | None) -> Health:
    """How an engine of this status is; `None`: it did not answer."""
    if status is None:
        return Health((Ill.NO_ANSWER.value,))
    if not status.running:
        return Health((Ill.NOT_RUNNING.value,))
    codes = tuple(dict.fromkeys(alarm.code for alarm in alarms_of(status)))
    return Health(
        tuple(code.value for code in codes if code in FAILING),
        tuple(code.value for code in codes if code not in FAILING),
    )


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
