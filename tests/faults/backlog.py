"""A hundred thousand events that nobody takes: memory, start and drain.

`python -m tests.faults.backlog PATH EVENTS` prints one JSON line of what it measured; it runs as a process
of its own so that its memory is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox
from tests.fakes import FakeSink, new_event, profile, render_text
from tests.faults.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PLATE_CROP = bytes(3_000)
GROUP = 100
EMPTY_ROUNDS = 1_000
MOST_MEMORY_MIB = 64
LEAST_SHARE = 0.8


def memory_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / (1 << 20)


def drained_per_s(worker: DeliveryWorker, sink: FakeSink, most: int) -> float:
    """Deliveries a second, over so many."""
    began_s = time.perf_counter()
    count = 0
    while count < most and worker.step():
        count += 1
        sink.taken.clear()
        sink.tried.clear()
    return count / (time.perf_counter() - began_s)


def empty_queue_per_s(outbox: Outbox, worker: DeliveryWorker, sink: FakeSink) -> float:
    """Deliveries a second where each event is taken before the next one comes."""
    took_s = 0.0
    for n in range(1, EMPTY_ROUNDS + 1):
        outbox.put([new_event(n, image=PLATE_CROP)])
        began_s = time.perf_counter()
        worker.step()
        took_s += time.perf_counter() - began_s
        sink.taken.clear()
        sink.tried.clear()
    return EMPTY_ROUNDS / took_s


def measure(path: Path, events: int) -> Mapping[str, Any]:
    """Fill, start again, drain."""
    settings = OutboxSettings(path=path, durability="process", max_events=events + GROUP * 10)
    outbox = Outbox(settings)
    sink = FakeSink()
    worker = DeliveryWorker(1, profile(), outbox, sink, render_text)
    short_rate = empty_queue_per_s(outbox, worker, sink)
    idle_mib = memory_mib()
    for first in range(10_000_000, 10_000_000 + events, GROUP):
        outbox.put(
            [
                new_event(n, image=PLATE_CROP, kind=EventKind.LOST)
                for n in range(first, first + GROUP)
            ]
        )
    full_mib = memory_mib()
    outbox.close()
    began_s = time.perf_counter()
    outbox = Outbox(settings)
    worker = DeliveryWorker(1, profile(), outbox, sink, render_text)
    start_s = time.perf_counter() - began_s
    waiting = outbox.waiting(1).events
    long_rate = drained_per_s(worker, sink, events)
    outbox.close()
    return {
        "waiting": waiting,
        "memory_mib": max(full_mib, memory_mib()) - idle_mib,
        "start_s": start_s,
        "short_rate": short_rate,
        "long_rate": long_rate,
    }


def long_backlog(folder: Path, *, events: int, least_share: float = LEAST_SHARE) -> Finding:
    """Measure in a process of its own. A short backlog is gone too soon for its rate to be sure."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.backlog", str(folder / "o.sqlite3"), str(events)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    share = seen["long_rate"] / seen["short_rate"]
    return Finding(
        f"a backlog of {events} events with plate crops",
        f"{seen['memory_mib']:.0f} MiB above idle, open after {seen['start_s']:.1f} s,"
        f" drains at {share:.0%} of a short queue's rate ({seen['long_rate']:.0f}/s)",
        held=seen["waiting"] == events
        and seen["memory_mib"] <= MOST_MEMORY_MIB
        and share >= least_share,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")
