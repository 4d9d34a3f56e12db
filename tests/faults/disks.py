"""Disks that are full, read-only or slow, for real."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.check import check_file
from tests.fakes import FakeClock, new_event
from tests.faults.finding import Finding, journaled_disk, small_memory_disk

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = bytes(30_000)
HOG_BYTES = 1 << 20


def take_all(outbox: Outbox) -> list[int]:
    """Deliver everything; packets in order."""
    packets = []
    while (delivery := outbox.take(1)) is not None:
        packets.append(delivery.packet)
        outbox.done(delivery)
    return packets


def full_disk(folder: Path) -> Finding:
    """Another program fills the disk to the last byte; later it makes room again."""
    with small_memory_disk(folder, 8 << 20) as place:
        clock = FakeClock()
        outbox = Outbox(OutboxSettings(path=place / "o.sqlite3"), clock=clock)
        outbox.put([new_event(n, image=PICTURE) for n in range(1, 21)])
        hog = place / "hog"
        with hog.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(HOG_BYTES))
                file.flush()
        for n in range(21, 121):
            outbox.put([new_event(n, image=PICTURE)])
            clock.advance(0.3)
        said = not outbox.status()["durable"]
        in_memory = outbox.status()["not_yet_durable"]
        drained = [outbox.take(1) for _ in range(30)]
        for delivery in drained:
            if delivery is not None:
                outbox.done(delivery)
        outbox.flush()
        hog.unlink()
        clock.advance(2)
        outbox.tick()
        healed = outbox.status()["durable"]
        outbox.close()
        sound = check_file(place / "o.sqlite3").sound
        outbox = Outbox(OutboxSettings(path=place / "o.sqlite3"), clock=clock)
        rest = take_all(outbox)
        outbox.close()
    whole = [one.packet for one in drained if one is not None] + rest
    return Finding(
        "disk filled by another program, then freed",
        f"{in_memory} events in memory and said so, 30 delivered meanwhile, {120 - len(set(whole))} of 120 lost",
        held=said and healed and sound and in_memory > 0 and whole == list(range(1, 121)),
    )


def read_only_disk(folder: Path) -> Finding:
    """The kernel turns the file system read-only under us, and back."""
    with journaled_disk(folder) as place:
        clock = FakeClock()
        outbox = Outbox(OutboxSettings(path=place / "o.sqlite3"), clock=clock)
        outbox.put([new_event(n, image=PICTURE) for n in range(1, 21)])
        # A file system with a file open for writing is not made read-only in order, only after an error.
        subprocess.run(
            ["mount", "-o", "remount,abort", str(place)], check=False, capture_output=True
        )
        for n in range(21, 41):
            outbox.put([new_event(n, image=PICTURE)])
            clock.advance(0.3)
        said = not outbox.status()["durable"]
        packets = take_all(outbox)
        outbox.close()
    return Finding(
        "file system turned read-only while events come",
        f"said so, and delivered {len(packets)} of 40 events, old ones and new ones",
        held=said and packets == list(range(1, 41)),
    )
