"""`kill -9` at every N-th write to storage: the moments that a random kill seldom meets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.faults.enqueue import picture
from tests.faults.finding import CannotBeProvokedError, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SYSTEM_CALLS = ("pwrite64", "fdatasync", "ftruncate", "unlink")
LONGEST_S = 60.0


def killed_at_writes(folder: Path, *, steps: Iterable[int]) -> Finding:
    """Each step counts writes from the start of the process; the outbox goes on from step to step."""
    strace = shutil.which("strace")
    if strace is None:
        raise CannotBeProvokedError("needs strace")
    path = folder / "o.sqlite3"
    stored: set[int] = set()
    seen: set[int] = set()
    kills = damaged = 0
    for step in steps:
        for call in SYSTEM_CALLS:
            said = _until_killed(strace, path, f"inject={call}:signal=SIGKILL:when={step}")
            stored |= {int(line) for line in said.splitlines()}
            kills += 1
            # A process that makes fewer such calls lives on until its time is up; that kills it, too.
        outbox = Outbox(OutboxSettings(path=path))
        while (delivery := outbox.take(1)) is not None:
            seen.add(delivery.event.vehicle_no)
            damaged += list(delivery.images.values()) != [picture(delivery.event.vehicle_no)]
            outbox.done(delivery)
        outbox.close()
    return Finding(
        f"kill -9 at chosen writes, flushes and unlinks, {kills} times",
        f"{len(stored - seen)} of {len(stored)} stored events lost, {damaged} damaged",
        held=bool(stored) and not stored - seen and not damaged,
    )


def _until_killed(strace: str, path: Path, injection: str) -> str:
    command = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={','.join(SYSTEM_CALLS)}"]
    command += [
        "-e",
        injection,
        sys.executable,
        "-m",
        "tests.faults.enqueue",
        str(path),
        "power",
        "60",
    ]
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    except subprocess.TimeoutExpired as late:
        return late.stdout.decode() if isinstance(late.stdout, bytes) else late.stdout or ""
    if "not permitted" in done.stderr:
        raise CannotBeProvokedError("tracing is not allowed here")
    return done.stdout
