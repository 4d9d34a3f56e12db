"""Ctrl-C and SIGTERM: the first asks for an orderly end, a second one ends at once; neither ever shows a traceback.

An engine that is ended at once loses nothing: what it has stored waits in its outbox.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Final

from cammra_edge.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from cammra_edge.clock import Clock

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_TWICE_NS: Final = 300_000_000
"""Wrappers pass on what the terminal has sent already: two signals within this are one."""


@contextlib.contextmanager
def stoppable(clock: Clock) -> Iterator[None]:
    """Turn the first signal in the `with` block into a `KeyboardInterrupt`, and a later one into an end at once."""
    asked_mono_ns: int | None = None

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked_mono_ns
        now_mono_ns = clock.mono_ns()
        if asked_mono_ns is None:
            asked_mono_ns = now_mono_ns
            raise KeyboardInterrupt
        if now_mono_ns - asked_mono_ns > _TWICE_NS:
            end_at_once(Exit.INTERRUPTED)

    # What a shell has put into the background ignores Ctrl-C, and goes on doing so.
    heard = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_at_once(code: int) -> None:
    """End the process without asking any thread: one may be stuck in a pipe that nobody reads."""
    os._exit(code)
