"""Delivers all that waits in an outbox: `python -m tests.faults.unload PATH`.

Prints how many came, and how many of them with another picture than their own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.faults.enqueue import picture


def unloaded(path: Path) -> tuple[set[int], int]:
    """The vehicles, and how many came with another picture than theirs."""
    outbox = Outbox(OutboxSettings(path=path), clock=SYSTEM_CLOCK)
    seen: set[int] = set()
    damaged = 0
    while (delivery := outbox.take(1)) is not None:
        seen.add(delivery.event.vehicle_no)
        damaged += list(delivery.images.values()) != [picture(delivery.event.vehicle_no)]
        outbox.done(delivery)
    outbox.close()
    return seen, damaged


def main(path: str) -> None:
    """Once through."""
    seen, damaged = unloaded(Path(path))
    sys.stdout.write(f"{len(seen)} {damaged}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
