"""A running engine as a service: it says when it is ready, how it stands, that it lives, and when it stops.

Held by `tests/cli/test_service.py`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cammra_edge.cli.notify import READY, STOPPING, status
from cammra_edge.cli.watchdog import Watchdog
from cammra_edge.delivery import ProfileState
from cammra_edge.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cammra_edge.cli.notify import Notifier
    from cammra_edge.engine import Engine
    from cammra_edge.pulse import Pulse


@contextmanager
def served(engine: Engine, pulses: Mapping[str, Pulse], notifier: Notifier) -> Iterator[None]:
    """All listens when the block begins, and ends with it.

    Args:
        engine: Runs.
        pulses: Of the loops that must live besides the engine's own.
        notifier: Who is told.
    """
    if not notifier.is_heard:
        yield
        return
    watchdog = Watchdog(notifier, {"encoder": engine.pulse, **pulses}, lambda: stands(engine))
    with watchdog.watching():
        notifier.tell(READY, stands(engine))
        try:
            yield
        finally:
            notifier.tell(STOPPING, status("stopping"))


def stands(engine: Engine) -> str:
    """How it stands, in one line: no plate, no address."""
    told = engine.status()
    words = [counted(sum(told.events.values()), "event")]
    waiting = sum(profile.queue_events for profile in told.profiles)
    if waiting:
        words.append(counted(waiting, "delivery waits", "deliveries wait"))
    paused = sum(profile.state is ProfileState.PAUSED for profile in told.profiles)
    if paused:
        words.append(f"{counted(paused, 'profile')} paused")
    if told.outbox is not None and told.outbox.trouble:
        words.append("the disk is ill")
    if told.source is not None:
        words.append(f"source {told.source.state}")
    return status(", ".join(words))
