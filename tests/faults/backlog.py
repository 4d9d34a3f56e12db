"""A hundred thousand events that nobody takes: memory, start and drain.

`python -m tests.faults.backlog fill|drain PATH EVENTS PORT` prints one JSON line of what it measured. Each part, and
the receiver, runs as a process of its own: so its memory is its own, and that of one outbox.
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
MOST_MEMORY_MIB = 40
LEAST_SHARE = 0.8


def resident_mib() -> float:
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


def opened(path: Path, events: int, port: int) -> tuple[Outbox, DeliveryWorker]:
    """The outbox, and a worker that sends to the receiver."""
    settings = OutboxSettings(path=path, max_events=events + GROUP * 10, max_bytes=1 << 30)
    outbox = Outbox(settings, clock=SYSTEM_CLOCK)
    way = profile_to(port, "vms")
    sink = open_sink(way.protocol, clock=SYSTEM_CLOCK)
    return outbox, DeliveryWorker(way, outbox, sink, render, clock=SYSTEM_CLOCK)


def fill(path: Path, events: int, port: int) -> Mapping[str, Any]:
    """Deliver a few as they come, then store what nobody takes."""
    outbox, worker = opened(path, events, port)
    short_rate = empty_queue_per_s(outbox, worker)
    idle_mib = resident_mib()
    for first in range(10_000_000, 10_000_000 + events, GROUP):
        outbox.put(
            [
                new_event(n, image=PLATE_CROP, kind=EventKind.LOST)
                for n in range(first, first + GROUP)
            ]
        )
    full_mib = resident_mib()
    outbox.close()
    return {"short_rate": short_rate, "idle_mib": idle_mib, "full_mib": full_mib}


def drain(path: Path, events: int, port: int) -> Mapping[str, Any]:
    """Start again, and deliver all of it."""
    began_s = time.perf_counter()
    outbox, worker = opened(path, events, port)
    start_s = time.perf_counter() - began_s
    waiting = outbox.waiting(1).events
    started_mib = resident_mib()
    long_rate = drained_per_s(worker, events)
    full_mib = max(started_mib, resident_mib())
    outbox.close()
    return {"waiting": waiting, "start_s": start_s, "long_rate": long_rate, "full_mib": full_mib}


PARTS = {"fill": fill, "drain": drain}


def run(part: str, *words: str) -> Mapping[str, Any]:
    """One part in a process of its own: what it measured."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.backlog", part, *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def long_backlog(folder: Path, *, events: int, least_share: float = LEAST_SHARE) -> Finding:
    """Measure in a process of its own. A short backlog is gone too soon for its rate to be sure."""
    book = Book()
    with taking(book) as port:
        words = [str(folder / "o"), str(events), str(port)]
        filled, drained = run("fill", *words), run("drain", *words)
    share = drained["long_rate"] / filled["short_rate"]
    memory_mib = max(filled["full_mib"], drained["full_mib"]) - filled["idle_mib"]
    return Finding(
        f"a backlog of {events} events with plate crops",
        f"{memory_mib:.0f} MiB above idle, open after {drained['start_s']:.1f} s,"
        f" drains at {share:.0%} of an empty queue's rate ({drained['long_rate']:.0f}/s), {len(book.at_s)} arrived",
        held=drained["waiting"] == events
        and len(book.at_s) == events + EMPTY_ROUNDS
        and memory_mib <= MOST_MEMORY_MIB
        and share >= least_share,
    )


if __name__ == "__main__":
    seen = PARTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(json.dumps(seen) + "\n")
