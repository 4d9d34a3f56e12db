"""A process that puts events while its memory runs out: `python -m tests.faults.hungry PATH SPARE`.

Takes a MiB more with each event, and prints the event's number once `put` has returned. With `SPARE` above 0 its
address space may grow by so many MiB; with 0 somebody else sets the limit, and kills it. In the end it gives all back
and goes on.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import new_event
from tests.faults.enqueue import picture

MIB = 1 << 20
HUNGRY, FED = 150, 10


def main(path: str, spare: str) -> None:
    """Eat and put, then put."""
    outbox = Outbox(OutboxSettings(path=Path(path)), clock=SYSTEM_CLOCK)
    size_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
    eaten: list[bytes] = []
    if int(spare):
        soft = size_bytes + int(spare) * MIB
        resource.setrlimit(resource.RLIMIT_AS, (soft, resource.RLIM_INFINITY))
    for vehicle_no in range(1, HUNGRY + FED + 1):
        if vehicle_no > HUNGRY:
            eaten.clear()
        else:
            with contextlib.suppress(MemoryError):
                eaten.append(b"\1" * MIB)
        with contextlib.suppress(MemoryError):
            outbox.put([new_event(vehicle_no, image=picture(vehicle_no))])
            os.write(1, b"%d\n" % vehicle_no)
    outbox.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
