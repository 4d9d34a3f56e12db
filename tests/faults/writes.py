"""`kill -9` at the N-th write to storage, and writes that fail with EIO: moments that chance seldom meets.

`strace` does it to real system calls of a process that stores events.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.outbox.check import check_folder
from tests.faults.finding import CannotBeProvokedError, Finding, need
from tests.faults.unload import unloaded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SYSTEM_CALLS = ("/^pwritev?2?(64)?$", "fdatasync", "fsync", "rename", "fallocate")
WRITES = ("/^pwritev?2?(64)?$", "fdatasync")
COUNT = 60
LONGEST_S = 120.0


def killed_at_writes(folder: Path, *, steps: Iterable[int]) -> Finding:
    """Each step counts calls from the start of the process; the outbox goes on from step to step."""
    path = folder / "o"
    stored: set[int] = set()
    seen: set[int] = set()
    kills = damaged = 0
    for step in steps:
        for call in SYSTEM_CALLS:
            done = _storing(path, f"{call}:signal=SIGKILL:when={step}")
            stored |= _numbers_in(done)
            kills += done.returncode == -signal.SIGKILL
            # A process that makes fewer such calls comes to its end; that is no kill.
        arrived, broken = unloaded(path)
        seen |= arrived
        damaged += broken
    return Finding(
        f"kill -9 at chosen writes, flushes, renames and reservations, {kills} times",
        f"{len(stored - seen)} of {len(stored)} stored events lost, {damaged} damaged",
        held=kills > 0 and bool(stored) and not stored - seen and not damaged,
    )


def failing_writes(folder: Path, *, steps: Iterable[int]) -> Finding:
    """One write or one flush fails with EIO; the process goes on, and ends as it should."""
    failed = stored = lost = damaged = unsound = 0
    for step in steps:
        for call in WRITES:
            path = folder / f"{len(call)}-{step}"
            done = _storing(path, f"{call}:error=EIO:when={step}")
            failed += "outbox cannot write" in done.stderr
            said = _numbers_in(done)
            unsound += bool(done.returncode) or not check_folder(path, clock=SYSTEM_CLOCK).sound
            arrived, broken = unloaded(path)
            stored += len(said)
            lost += len(said - arrived)
            damaged += broken
    return Finding(
        f"a write or a flush that fails with EIO, {failed} times",
        f"said so, {lost} of {stored} events lost, {damaged} damaged, {unsound} files unsound",
        held=failed > 0 and stored > 0 and not lost and not damaged and not unsound,
    )


def _numbers_in(done: subprocess.CompletedProcess[str]) -> set[int]:
    return {int(line) for line in done.stdout.splitlines()}


def _storing(path: Path, injection: str) -> subprocess.CompletedProcess[str]:
    """A process that stores events, with something done to one of its calls; ended when it takes too long."""
    command = [
        need("strace"),
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={','.join(SYSTEM_CALLS)}",
    ]
    command += ["-e", f"inject={injection}"]
    command += [sys.executable, "-m", "tests.faults.enqueue", str(path), "power", str(COUNT)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        out, err = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # what is traced would live on without its tracer
        out, err = process.communicate()
    if "not permitted" in err:
        raise CannotBeProvokedError("tracing is not allowed here")
    return subprocess.CompletedProcess(command, process.returncode, out, err)
