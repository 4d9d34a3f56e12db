"""Disks that are full, read-only or slow, for real."""

from __future__ import annotations

import contextlib
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.check import check_folder
from tests.end_to_end.playing import WAIT_S, finished
from tests.fakes import FakeClock, new_event
from tests.faults.finding import Finding, journaled_disk, small_memory_disk
from tests.faults.kills import replay, script_for, three_receivers

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = bytes(30_000)
HOG_BYTES = 1 << 20
MAX_BYTES = 16 << 20
"""With which a segment is small beside the disk."""


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
        outbox = Outbox(OutboxSettings(path=place / "o", max_bytes=MAX_BYTES), clock=clock)
        outbox.put([new_event(n, image=PICTURE) for n in range(1, 21)])
        hog = place / "hog"
        fill(hog)
        for n in range(21, 121):
            outbox.put([new_event(n, image=PICTURE)])
            clock.advance(0.3)
        said = not outbox.status().durable
        in_memory = outbox.status().not_yet_durable
        drained = [outbox.take(1) for _ in range(30)]
        for delivery in drained:
            if delivery is not None:
                outbox.done(delivery)
        outbox.flush()
        hog.unlink()
        clock.advance(2)
        outbox.tick()
        healed = outbox.status().durable
        outbox.close()
        sound = check_folder(place / "o", clock=clock).sound
        outbox = Outbox(OutboxSettings(path=place / "o", max_bytes=MAX_BYTES), clock=clock)
        rest = take_all(outbox)
        outbox.close()
    whole = [one.packet for one in drained if one is not None] + rest
    return Finding(
        "disk filled by another program, then freed",
        f"{in_memory} events in memory and said so, 30 delivered meanwhile, {120 - len(set(whole))} of 120 lost",
        held=said and healed and sound and in_memory > 0 and whole == list(range(1, 121)),
    )


def full_in_a_replay(folder: Path, recording: Path) -> Finding:
    """The disk fills up in the middle of a replay, and stays so: what is recognised arrives all the same."""
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "calm.py", receivers, folder / "calm")
        finished(replay(recording, script, folder, "max"))
        wanted = [{event.raw for event in one.events} for one in receivers]
    with small_memory_disk(folder, 8 << 20) as place, ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "full.py", receivers, place / "o")
        with replay(recording, script, folder, "2") as process:
            told = receivers[0].wait_for(lambda: len(receivers[0].events) >= 3, WAIT_S)
            fill(place / "hog")
            _, err = process.communicate(timeout=WAIT_S)
        got = [{event.raw for event in one.events} for one in receivers]
        wrong = [problem for one in receivers for problem in one.problems]
    lost = sum(len(expected - come) for expected, come in zip(wanted, got, strict=True))
    total = sum(map(len, wanted))
    return Finding(
        "disk filled in the middle of a replay into three receivers",
        f"said so, went on from memory, {lost} of {total} events lost, {len(wrong)} out of order",
        held=told
        and process.returncode == 0
        and "outbox cannot write" in err
        and got == wanted
        and not wrong,
    )


def fill(hog: Path) -> None:
    """Take the last byte of a disk."""
    with hog.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(HOG_BYTES))
            file.flush()


def read_only_disk(folder: Path) -> Finding:
    """The kernel turns the file system read-only under us, and back."""
    with journaled_disk(folder) as place:
        clock = FakeClock()
        outbox = Outbox(OutboxSettings(path=place / "o", max_bytes=MAX_BYTES), clock=clock)
        outbox.put([new_event(n, image=PICTURE) for n in range(1, 21)])
        # A file system with a file open for writing is not made read-only in order, only after an error.
        subprocess.run(
            ["mount", "-o", "remount,abort", str(place)], check=False, capture_output=True
        )
        for n in range(21, 41):
            outbox.put([new_event(n, image=PICTURE)])
            clock.advance(0.3)
        said = not outbox.status().durable
        packets = take_all(outbox)
        outbox.close()
    return Finding(
        "file system turned read-only while events come",
        f"said so, and delivered {len(packets)} of 40 events, old ones and new ones",
        held=said and packets == list(range(1, 41)),
    )
