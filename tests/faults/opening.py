"""Opens an outbox, to be killed meanwhile: `python -m tests.faults.opening PATH`. Says when it begins."""

from __future__ import annotations

import sys
from pathlib import Path

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.outbox import Outbox
from tests.faults.damage import settings_at

if __name__ == "__main__":
    settings = settings_at(Path(sys.argv[1]))
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    Outbox(settings, clock=SYSTEM_CLOCK)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    sys.stdin.read()
