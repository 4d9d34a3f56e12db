"""A process that puts events and says so, for tests that take the power from it.

`python -m tests.faults.enqueue PATH DURABILITY [COUNT]`: prints the number of each event once `put` has
returned; so many of them, or without end.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import Durability, OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import new_event

PICTURE_BYTES = 30_000


def picture(vehicle_no: int) -> bytes:
    """The same bytes for the same vehicle, in every process."""
    return random.Random(vehicle_no).randbytes(PICTURE_BYTES)  # noqa: S311 - not a secret


def main() -> None:
    """Put until there are enough, or until somebody ends it."""
    left = int(sys.argv[3]) if len(sys.argv) > 3 else -1
    durability = Durability(sys.argv[2])
    settings = OutboxSettings(path=Path(sys.argv[1]), durability=durability)
    outbox = Outbox(settings, clock=SYSTEM_CLOCK)
    vehicle_no = outbox.car_id("cut", 10**9) - 1
    while left:
        left -= 1
        vehicle_no += 1
        outbox.put([new_event(vehicle_no, image=picture(vehicle_no))])
        sys.stdout.write(f"{vehicle_no}\n")
        sys.stdout.flush()
    outbox.close()


if __name__ == "__main__":
    main()
