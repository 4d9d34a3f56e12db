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
    need,
    unmount,
)
from tests.faults.processes import module
from tests.faults.rig import WAIT_S, numbers_of
from tests.faults.unload import unloaded
from tests.servers import Scripted, answer, read_request, wait_until

if TYPE_CHECKING:
    import socket
    from pathlib import Path

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSHING_THE_LOG = 2
START_S = 30.0
EVENTS = 20
LONGEST_READING_S = 0.1


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


def cut_in_recovery(folder: Path, *, cycles: int, seed: int = 1) -> Finding:
    """The power goes again and again while what the first cut left is read."""
    chance = random.Random(seed)  # noqa: S311 - seeded, to be repeatable
    with journaled_disk(folder) as place:
        path = place / "o"
        stored = cut(folder, place, 1.0)
        for _ in range(cycles):
            with module("tests.faults.opening", str(path)) as process:
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(chance.uniform(0.0, LONGEST_READING_S))
                shut_down(place)
                process.kill()
            power_returns(folder, place)
        seen, damaged = unloaded(path)
    return Finding(
        f"power cut, then {cycles} more while the outbox is read",
        f"{len(stored - seen)} of {len(stored)} stored events lost, {damaged} damaged",
        held=bool(stored) and not stored - seen and not damaged,
    )


def lying_flush(folder: Path) -> Finding:
    """The disk says that it has flushed, and has not; then the power goes. It is noticed, and no number given again."""
    with journaled_disk(folder) as place:
        path = place / "o"
        done = subprocess.run(
            [
                *lying(),
                sys.executable,
                "-m",
                "tests.faults.enqueue",
                str(path),
                "power",
                str(EVENTS),
            ],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        said = {int(line) for line in done.stdout.split()}
        # What a disk loses of what it did not flush is up to the disk: this one happens to have the mark.
        with (path / "mark").open("rb") as mark:
            os.fsync(mark.fileno())
        shut_down(place)
        power_returns(folder, place)
        outbox = Outbox(OutboxSettings(path=path), clock=SYSTEM_CLOCK)
        came = []
        while (delivery := outbox.take(1)) is not None:
            came.append(delivery.packet)
            outbox.done(delivery)
        status = outbox.status()
        outbox.put([new_event(10**6)])
        fresh = outbox.take(1)
        outbox.close()
    lost = len(said) - len(came)
    return Finding(
        "a disk that says it has flushed, and has not, then a power cut",
        f"{lost} of {len(said)} events lost, {status.lost_events} said to be; `{status.damage}`",
        held=0 < lost <= status.lost_events
        and fresh is not None
        and fresh.packet > len(said)
        and bool(status.damage),
    )


def lying() -> list[str]:
    """Before a command: its flushes return at once and do nothing."""
    quiet = [need("strace"), "-f", "-qq", "-o", "/dev/null"]
    return [*quiet, "-e", "trace=fdatasync", "-e", "inject=fdatasync:retval=0"]
