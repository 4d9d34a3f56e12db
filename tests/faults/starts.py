"""A start with much stored and nothing of it in the page cache: `python -m tests.faults.starts PATH` opens one.

Prints how long that took, and how many bytes were read from the disk for it, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import crash, new_event
from tests.faults.finding import CannotBeProvokedError, Finding

PICTURE_BYTES = 50_000
TOGETHER = 20
MOST_READ_BYTES, LONGEST_S = 16 << 20, 1.0
"""What it may cost."""


def settings_at(path: Path) -> OutboxSettings:
    """Room for all of it."""
    return OutboxSettings(path=path, max_bytes=4 << 30, durability="process")


def cold_start(folder: Path, *, size_bytes: int) -> Finding:
    """Store so much, as a killed process leaves it, and open it with a cold cache."""
    path = folder / "o"
    outbox = Outbox(settings_at(path), clock=SYSTEM_CLOCK)
    events = size_bytes // PICTURE_BYTES
    for first in range(1, events + 1, TOGETHER):
        numbers = range(first, min(first + TOGETHER, events + 1))
        outbox.put([new_event(number, image=_picture(number)) for number in numbers])
    crash(outbox)
    _forget_pages(path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.starts", str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    told = json.loads(done.stdout)
    if not told["read_bytes"]:
        raise CannotBeProvokedError("needs a folder for temporary files that is on a disk")
    return Finding(
        f"a start with {size_bytes >> 20} MiB stored and a cold cache",
        f"{told['took_s']:.2f} s, {told['read_bytes'] / 1e6:.1f} MB read; {told['waiting']} of {events} events wait",
        held=told["read_bytes"] <= MOST_READ_BYTES
        and told["took_s"] <= LONGEST_S
        and told["waiting"] == events,
    )


def _picture(number: int) -> bytes:
    return random.Random(number).randbytes(PICTURE_BYTES)  # noqa: S311 - noise


def _forget_pages(path: Path) -> None:
    """Write all files out, and have the kernel drop what it holds of them."""
    for file in path.iterdir():
        if file.is_file():
            fd = os.open(file, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def _read_bytes() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes:"))


def main(path: str) -> None:
    """Open it once."""
    before, began_s = _read_bytes(), time.monotonic()
    outbox = Outbox(settings_at(Path(path)), clock=SYSTEM_CLOCK)
    took_s = time.monotonic() - began_s
    told = {
        "took_s": took_s,
        "read_bytes": _read_bytes() - before,
        "waiting": outbox.waiting(1).events,
    }
    outbox.close()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
