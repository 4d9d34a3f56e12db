"""Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, a second one ends at once; none shows a traceback.

The first raises `KeyboardInterrupt` wherever the program is, but for what must not be torn apart: `held` puts it off
until the block ends, and `heard` lets it in again where something is waited for.

An engine that is ended at once loses nothing that it has stored: it waits in its outbox.
Held by `tests/cli/test_stopping.py` and `tests/cli/test_stops.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Final

from cammra_edge.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from cammra_edge.clock import Clock

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TWICE_NS: Final = 300_000_000
"""Wrappers pass on what the terminal has sent already: two signals within this are one."""
_LINGER_S: Final = 0.5
"""How long threads that are not ours may keep a program that was stopped."""


class _Stop:
    """What has been asked for, of the process as a whole: signals come to no one else."""

    def __init__(self) -> None:
        self.asked_mono_ns: int | None = None
        self.is_told = False
        self.is_held = False

    def tell(self) -> None:
        """Raise what is due here, if anything is."""
        if self.asked_mono_ns is not None and not (self.is_held or self.is_told):
            self.is_told = True
            raise KeyboardInterrupt


_stop = _Stop()


@contextlib.contextmanager
def stoppable(clock: Clock) -> Iterator[None]:
    """Turn the first signal in the `with` block into a `KeyboardInterrupt`, and a later one into an end at once."""
    global _stop  # noqa: PLW0603 - as the handlers of signals are the process's
    _stop = stop = _Stop()

    def come(_number: int, _frame: FrameType | None) -> None:
        now_mono_ns = clock.mono_ns()
        if stop.asked_mono_ns is None:
            stop.asked_mono_ns = now_mono_ns
            stop.tell()
        elif now_mono_ns - stop.asked_mono_ns > _TWICE_NS:
            end_at_once(Exit.INTERRUPTED)

    # What a shell has put into the background ignores Ctrl-C, and goes on doing so; `nohup` does so with SIGHUP.
    ignored = signal.SIG_IGN
    heard_ones = [number for number in _SIGNALS if signal.getsignal(number) != ignored]
    before = {number: signal.signal(number, come) for number in heard_ones}
    try:
        yield
    finally:
        for number, handler in before.items():
            # Who is stopped ends by itself now, with its own code.
            signal.signal(number, handler if stop.asked_mono_ns is None else ignored)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Put a first signal off until the block ends."""
    stop, before = _stop, _stop.is_held
    stop.is_held = True
    try:
        yield
    finally:
        stop.is_held = before
    stop.tell()


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Let a signal in at once, also one that came before and that somebody's own code has swallowed."""
    stop, before = _stop, _stop.is_held
    stop.is_held = stop.is_told = False
    try:
        stop.tell()
        yield
    finally:
        stop.is_held = before


def was_asked() -> bool:
    """Whether a signal has asked for an end."""
    return _stop.asked_mono_ns is not None


def end_soon(code: int) -> None:
    """Let the program end by itself, and see that no thread of somebody else's keeps it from that."""
    timer = threading.Timer(_LINGER_S, end_at_once, (code,))
    timer.daemon = True
    with contextlib.suppress(RuntimeError):  # no threads left
        timer.start()


def end_at_once(code: int) -> None:
    """End the process without asking any thread: one may be stuck in a pipe that nobody reads."""
    os._exit(code)
