"""Power cuts: the file system forgets what was not flushed (the ext4 shutdown ioctl), the process dies."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.faults.enqueue import picture
from tests.faults.finding import (
    CannotBeProvokedError,
    Finding,
    journaled_disk,
    mount_loop,
    unmount,
)

if TYPE_CHECKING:
    from pathlib import Path

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSHING_THE_LOG = 2
START_S = 30.0


def power_cuts(folder: Path, *, cycles: int, seed: int = 1) -> Finding:
    """Cut, mount again, cut again, look; each cycle goes on with the same outbox."""
    chance = random.Random(seed)  # noqa: S311 - seeded, to be repeatable
    stored = lost = damaged = 0
    with journaled_disk(folder) as place:
        for _ in range(cycles):
            stored_to = cut(folder, place, chance.uniform(0.05, 0.6))
            # Once more, as soon as the next process has read what the first cut left and stored one event.
            stored_to |= cut(folder, place, 0.0)
            outbox = Outbox(OutboxSettings(path=place / "o.sqlite3"), clock=SYSTEM_CLOCK)
            seen: set[int] = set()
            while (delivery := outbox.take(1)) is not None:
                vehicle_no = delivery.event.vehicle_no
                seen.add(vehicle_no)
                if list(delivery.images.values()) != [picture(vehicle_no)]:
                    damaged += 1
                outbox.done(delivery)
            outbox.close()
            stored += len(stored_to)
            lost += len(stored_to - seen)
    return Finding(
        f"power cut, {2 * cycles} times while events are stored, every second one right after a restart",
        f"{lost} of {stored} stored events lost, {damaged} damaged; the file opened every time",
        held=stored > 0 and not lost and not damaged,
    )


def cut(folder: Path, place: Path, after_s: float) -> set[int]:
    """Let a process store events, cut the power, and mount what is left; the events that were stored."""
    stored: set[int] = set()
    first = threading.Event()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.enqueue", str(place / "o.sqlite3"), "power"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    def listen() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                stored.add(int(line))
                first.set()

    listener = threading.Thread(target=listen)
    listener.start()
    if not first.wait(START_S):
        process.kill()
        raise RuntimeError("nothing was stored")
    time.sleep(after_s)
    root = os.open(place, os.O_RDONLY)
    acknowledged = set(stored)  # before the cut: what comes during it is undecided
    try:
        fcntl.ioctl(root, SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING_THE_LOG))
    except OSError as error:
        process.kill()
        raise CannotBeProvokedError(f"needs the ext4 shutdown ioctl: {error}") from error
    finally:
        os.close(root)
    process.kill()
    process.wait()
    listener.join()
    unmount(place)
    mount_loop(folder / "disk.img", place)
    return acknowledged
