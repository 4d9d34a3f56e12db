"""`cammra-edge run` as a process that is told to stop: what the tests and `make soak` have in common."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 60.0
SOURCE = """
import sys, time
from cammra_edge import FrameTime, PlateRead

def source():
    for number in range(1_000_000_000):
        at = FrameTime(time.monotonic_ns(), time.time_ns())
        yield None, [PlateRead(track=number // 10, text=f"AB{number // 10}", confidence=0.95)], at
        sys.stderr.write(f"observed {number}\\n")  # one write: a line of the log does not come between
        time.sleep(0.01)
"""
"""A vehicle every tenth of a second, each read ten times; says what was taken in."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a process ended after the signal."""

    code: int
    took_s: float
    said: str


class Running:
    """A `cammra-edge run`; what it says on standard error goes into a file, so that no pipe holds it up."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    def wait_said(self, words: str) -> None:
        """Until it has said this.

        Raises:
            RuntimeError: It has ended, or never says so.
        """
        give_up = time.monotonic() + WAIT_S
        while words not in self.said():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"never said {words!r}: {self.said()[-2000:]}")
            time.sleep(0.01)

    def stopped_by(self, number: signal.Signals) -> Stopped:
        """Send the signal, and wait for the end."""
        began_s = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        return Stopped(code, time.monotonic() - began_s, self.said())


@contextlib.contextmanager
def run_of(
    script: Path, *options: str, page: str = "off", number: signal.Signals = signal.SIGTERM
) -> Iterator[Running]:
    """`cammra-edge run` of a config script, until the end of the block; `number` is heard, whoever ignores it.

    Nothing but the signal is done between fork and start, so other threads do no harm.
    """
    log = script.with_suffix(".log")
    words = [sys.executable, "-m", "cammra_edge", "run", str(script), "--page", page, *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as said:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            cwd=script.parent, env=environment,
            # Who is started in the background ignores Ctrl-C, and so would what he starts.
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - as said above
        )  # fmt: skip
    running = Running(process, log)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
