"""A hundred thousand events that nobody takes: memory, start and drain.

`python -m tests.faults.backlog PATH EVENTS PORT` prints one JSON line of what it measured; it and the receiver
run as processes of their own so that its memory is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox
from cammra_edge.sinks import open_sink
from tests.fakes import new_event
from tests.faults.finding import Finding
from tests.faults.rig import Book, profile_to, render
from tests.faults.taker import taking

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PLATE_CROP = bytes(3_000)
GROUP = 100
EMPTY_ROUNDS = 400
MOST_MEMORY_MIB = 64
LEAST_SHARE = 0.8


def memory_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / (1 << 20)


def drained_per_s(worker: DeliveryWorker, most: int) -> float:
    """Deliveries a second, over so many."""
    began_s = time.perf_counter()
    count = 0
    while count < most and worker.step():
        count += 1
    return count / (time.perf_counter() - began_s)


def empty_queue_per_s(outbox: Outbox, worker: DeliveryWorker) -> float:
    """Deliveries a second where each event is taken before the next one comes."""
    took_s = 0.0
    for n in range(1, EMPTY_ROUNDS + 1):
        outbox.put([new_event(n, image=PLATE_CROP)])
        began_s = time.perf_counter()
        worker.step()
        took_s += time.perf_counter() - began_s
    return EMPTY_ROUNDS / took_s


def measure(path: Path, events: int, port: int) -> Mapping[str, Any]:
    """Fill, start again, drain."""
    settings = OutboxSettings(path=path, max_events=events + GROUP * 10, max_bytes=1 << 30)
    outbox = Outbox(settings, clock=SYSTEM_CLOCK)
    way = profile_to(port, "vms")
    sink = open_sink(way.protocol, clock=SYSTEM_CLOCK)
    worker = DeliveryWorker(way, outbox, sink, render, clock=SYSTEM_CLOCK)
    short_rate = empty_queue_per_s(outbox, worker)
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
    outbox = Outbox(settings, clock=SYSTEM_CLOCK)
    worker = DeliveryWorker(way, outbox, sink, render, clock=SYSTEM_CLOCK)
    start_s = time.perf_counter() - began_s
    waiting = outbox.waiting(1).events
    long_rate = drained_per_s(worker, events)
    outbox.close()
    sink.close()
    return {
        "waiting": waiting,
        "memory_mib": max(full_mib, memory_mib()) - idle_mib,
        "start_s": start_s,
        "short_rate": short_rate,
        "long_rate": long_rate,
    }


def long_backlog(folder: Path, *, events: int, least_share: float = LEAST_SHARE) -> Finding:
    """Measure in a process of its own. A short backlog is gone too soon for its rate to be sure."""
    book = Book()
    with taking(book) as port:
        words = [str(folder / "o"), str(events), str(port)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.backlog", *words],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    seen = json.loads(done.stdout.splitlines()[-1])
    share = seen["long_rate"] / seen["short_rate"]
    return Finding(
        f"a backlog of {events} events with plate crops",
        f"{seen['memory_mib']:.0f} MiB above idle, open after {seen['start_s']:.1f} s,"
        f" drains at {share:.0%} of an empty queue's rate ({seen['long_rate']:.0f}/s), {len(book.at_s)} arrived",
        held=seen["waiting"] == events
        and len(book.at_s) == events + EMPTY_ROUNDS
        and seen["memory_mib"] <= MOST_MEMORY_MIB
        and share >= least_share,
    )


if __name__ == "__main__":
    seen = measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(seen) + "\n")
