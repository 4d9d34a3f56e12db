"""Power cuts: the file system forgets what was not flushed (the ext4 shutdown ioctl), the process dies."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import new_event
from tests.faults.enqueue import picture
from tests.faults.finding import (
    CannotBeProvokedError,
    Finding,
    journaled_disk,
    mount_loop,
    unmount,
)
from tests.faults.processes import module
from tests.faults.rig import WAIT_S, numbers_of
from tests.servers import Scripted, answer, read_request, wait_until

if TYPE_CHECKING:
    import socket
    from pathlib import Path

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSHING_THE_LOG = 2
START_S = 30.0
EVENTS = 20


def power_cuts(folder: Path, *, cycles: int, seed: int = 1) -> Finding:
    """Cut, mount again, cut again, look; each cycle goes on with the same outbox."""
    chance = random.Random(seed)  # noqa: S311 - seeded, to be repeatable
    stored = lost = damaged = 0
    with journaled_disk(folder) as place:
        for _ in range(cycles):
            stored_to = cut(folder, place, chance.uniform(0.05, 0.6))
            # Once more, as soon as the next process has read what the first cut left and stored one event.
            stored_to |= cut(folder, place, 0.0)
            outbox = Outbox(OutboxSettings(path=place / "o"), clock=SYSTEM_CLOCK)
            seen: set[int] = set()
            while (delivery := outbox.take(1)) is not None:
                vehicle_no = delivery.event.vehicle_no
                seen.add(vehicle_no)
                if list(delivery.images.values()) != [picture(vehicle_no)]:
                    damaged += 1
                outbox.done(delivery)
            outbox.close()
            stored += len(stored_to)
            lost += len(stored_to - seen)
    return Finding(
        f"power cut, {2 * cycles} times while events are stored, every second one right after a restart",
        f"{lost} of {stored} stored events lost, {damaged} damaged; the file opened every time",
        held=stored > 0 and not lost and not damaged,
    )


def cut(folder: Path, place: Path, after_s: float) -> set[int]:
    """Let a process store events, cut the power, and mount what is left; the events that were stored."""
    stored: set[int] = set()
    first = threading.Event()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.enqueue", str(place / "o"), "power"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    def listen() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                stored.add(int(line))
                first.set()

    listener = threading.Thread(target=listen)
    listener.start()
    if not first.wait(START_S):
        process.kill()
        raise RuntimeError("nothing was stored")
    time.sleep(after_s)
    acknowledged = set(stored)  # before the cut: what comes during it is undecided
    try:
        shut_down(place)
    finally:
        process.kill()
    process.wait()
    listener.join()
    power_returns(folder, place)
    return acknowledged


def shut_down(place: Path) -> None:
    """The file system forgets what was not flushed, and takes nothing any more."""
    root = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(root, SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING_THE_LOG))
    except OSError as error:
        raise CannotBeProvokedError(f"needs the ext4 shutdown ioctl: {error}") from error
    finally:
        os.close(root)


def power_returns(folder: Path, place: Path) -> None:
    """What is left of it is mounted again."""
    unmount(place)
    mount_loop(folder / "disk.img", place)


def cut_behind_the_answer(folder: Path, *, cycles: int, seed: int = 1) -> Finding:
    """The receiver has the event and has said so; the power goes before that is noted."""
    chance = random.Random(seed)  # noqa: S311 - seeded, to be repeatable
    events = missing = other = repeats = 0
    with journaled_disk(folder) as place:
        for cycle in range(cycles):
            outbox = Outbox(OutboxSettings(path=place / "o"), clock=SYSTEM_CLOCK)
            numbers = range(1 + cycle * EVENTS, 1 + (cycle + 1) * EVENTS)
            outbox.put([new_event(n, image=picture(n)) for n in numbers])
            outbox.close()
            came: dict[int, bytes] = {}
            left = chance.randint(1, EVENTS)

            def take(connection: socket.socket, _: int, __: Scripted) -> None:
                nonlocal left, other, repeats
                while request := read_request(connection):
                    vehicle_no = numbers_of(request)[1]
                    body = request.partition(b"\r\n\r\n")[2]
                    repeats += vehicle_no in came  # noqa: B023 - served within the turn
                    other += came.setdefault(vehicle_no, body) != body  # noqa: B023 - as above
                    left -= 1
                    if not left:
                        shut_down(place)
                    connection.sendall(answer())

            with Scripted(take) as receiver:
                command = ["tests.faults.deliver", str(place / "o"), str(receiver.port)]
                with module(*command) as process:
                    wait_until(lambda: left <= 0, "the event before the cut")  # noqa: B023 - as above
                    process.kill()
                power_returns(folder, place)
                with module(*command) as process:
                    process.wait(WAIT_S)
            events += EVENTS
            missing += len(set(numbers) - came.keys())
    return Finding(
        f"power cut between a receiver's answer and our note of it, {cycles} times",
        f"{missing} of {events} events lost, {repeats} repeats, {other} of them with another body or number",
        held=not missing and not other and cycles <= repeats,
    )
