"""Whether the engine does its work now, in codes: a pure function of its status.

`FAILING` are the alarms by which it does not: no picture comes, nothing is stored, a profile stands. The others call
for a person while everything works. Page, monitors and brokers are told the same. Held by `tests/web/test_health.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cammra_edge.engine.alarms import AlarmCode, alarms_of

if TYPE_CHECKING:
    from cammra_edge.engine.status import EngineStatus

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
