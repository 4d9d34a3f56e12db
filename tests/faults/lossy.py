"""A receiver behind 200 ms and a link that loses one packet in a hundred, in a network namespace of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import a_life
from tests.faults.finding import CannotBeProvokedError, Finding, need, need_root
from tests.faults.receivers import LEAST_PER_S, SlowRoad
from tests.faults.rig import PICTURE, WAIT_S, Book, delivering, profile_to
from tests.faults.taker import taking
from tests.servers import Scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS, THEIRS, PORT = "10.213.77.1", "10.213.77.2", 8077
LOSS = "0.01"


@contextlib.contextmanager
def lossy_namespace() -> Iterator[str]:
    """Two private addresses with a bad link between them; the far one in the namespace of this name."""
    need_root("ip", "iptables")
    name = f"cammra{os.getpid()}"
    drop = ["-p", "tcp", "-m", "statistic", "--mode", "random", "--probability", LOSS, "-j", "DROP"]
    steps = [
        ["ip", "netns", "add", name],
        [
            "ip",
            "link",
            "add",
            f"{name[:13]}v",
            "type",
            "veth",
            "peer",
            "name",
            "far",
            "netns",
            name,
        ],
        ["ip", "addr", "add", f"{OURS}/30", "dev", f"{name[:13]}v"],
        ["ip", "link", "set", f"{name[:13]}v", "up"],
        ["ip", "-n", name, "addr", "add", f"{THEIRS}/30", "dev", "far"],
        ["ip", "-n", name, "link", "set", "far", "up"],
        *(
            ["ip", "netns", "exec", name, "iptables", "-A", way, *drop]
            for way in ("INPUT", "OUTPUT")
        ),
    ]
    try:
        for step in steps:
            done = subprocess.run(step, check=False, capture_output=True, text=True)
            if done.returncode:
                raise CannotBeProvokedError(f"{' '.join(step[:3])}: {done.stderr.strip()}")
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def far_and_lossy(folder: Path, *, events: int) -> Finding:
    """The rate over such a road, with eight deliveries in flight."""
    book = Book()
    outbox = Outbox(OutboxSettings(path=folder / "o"), clock=SYSTEM_CLOCK)
    for vehicle_no in range(1, events // 4 + 1):
        outbox.put(a_life(vehicle_no, image=PICTURE))
    with lossy_namespace() as name:
        there = (need("ip"), "netns", "exec", name)
        with (
            taking(book, host=THEIRS, port=PORT, within=there),
            Scripted(SlowRoad(PORT, 0.1, host=THEIRS).script) as road,
        ):
            began_s = time.monotonic()
            with delivering(outbox, profile_to(road.port, "far", window=8)) as (worker,):
                worker.wait_until_idle(WAIT_S)
                took_s = time.monotonic() - began_s
    outbox.close()
    rate = events / took_s
    return Finding(
        "a round trip of 200 ms and 1 % loss, eight deliveries in flight",
        f"{rate:.0f} events/s with a picture each, {len(book.at_s)} of {events}, order per vehicle kept",
        held=len(book.at_s) == events and book.in_order() and rate >= LEAST_PER_S,
    )
