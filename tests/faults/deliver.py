"""Delivers what waits in an outbox to a port: `python -m tests.faults.deliver PATH PORT`, until all is delivered."""

from __future__ import annotations

import sys
from pathlib import Path

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.faults.rig import WAIT_S, delivering, profile_to


def main(path: str, port: str) -> None:
    """Once through."""
    outbox = Outbox(OutboxSettings(path=Path(path)), clock=SYSTEM_CLOCK)
    with delivering(outbox, profile_to(int(port), "vms")) as (worker,):
        worker.wait_until_idle(WAIT_S)
    outbox.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
