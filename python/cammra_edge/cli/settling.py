"""Waits for the receivers to get the rest, and says whom and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.cli.terminal import shown
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.phrases import counted

if TYPE_CHECKING:
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.delivery import ProfileStatus
    from cammra_edge.engine import Engine

_STEP_S = 1.0
_GLANCE_S = 0.1
_NS_PER_S = 1_000_000_000


def settle(engine: Engine, terminal: Terminal, wait_s: float) -> bool:
    """Wait until every delivery is settled or parked, at most so long; returns whether they are."""
    end_mono_ns = SYSTEM_CLOCK.mono_ns() + round(wait_s * _NS_PER_S)
    told: list[str] = []
    while True:
        left_s = (end_mono_ns - SYSTEM_CLOCK.mono_ns()) / _NS_PER_S
        if engine.drain(max(min(_STEP_S, left_s), 0.0)):
            return True
        if left_s <= _STEP_S:
            return False
        waited_for = [profile for profile in engine.status().profiles if not profile.settled]
        if told != (told := [_why(profile) for profile in waited_for]):
            left = ", ".join(map(_left, waited_for)) or "what is being stored"
            terminal.note(f"waiting up to {left_s:.0f} s for {left}; Ctrl-C ends it")


def send_rest(engine: Engine, wait_s: float) -> None:
    """Give what goes out at once a moment: nothing is waited for that a receiver refuses, or does not answer."""
    end_mono_ns = SYSTEM_CLOCK.mono_ns() + round(wait_s * _NS_PER_S)
    before = -1
    while not engine.drain(_GLANCE_S) and SYSTEM_CLOCK.mono_ns() < end_mono_ns:
        status = engine.status()
        delivered = sum(profile.delivered for profile in status.profiles)
        if delivered == before and not status.pending:
            return
        before = delivered


def _left(profile: ProfileStatus) -> str:
    return f"{_why(profile)}: {counted(profile.queue_events + profile.in_flight, 'event')} left"


def _why(profile: ProfileStatus) -> str:
    return f"{shown(profile.name)} ({shown(profile.why)})" if profile.why else shown(profile.name)
