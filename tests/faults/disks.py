"""Disks that are full, read-only or slow, for real."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.check import check_folder
from tests.end_to_end.playing import WAIT_S, finished
from tests.fakes import FakeClock, new_event
from tests.faults.finding import (
    CannotBeProvokedError,
    Finding,
    journaled_disk,
    need_root,
    small_memory_disk,
)
from tests.faults.kills import replay, script_for, three_receivers

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURE = bytes(30_000)
HOG_BYTES = 1 << 20
NOBODY = 65534
FIFREEZE, FITHAW = 0xC0045877, 0xC0045878
MAX_BYTES = 16 << 20
"""With which a segment is small beside the disk."""
ONE_SEGMENT_BYTES = 448 << 10
"""What holds one such segment, and none in reserve."""


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
        hog = place / "hog"
        return _full(place, "disk filled by another program", lambda: fill(hog), hog.unlink)


def no_more_files(folder: Path) -> Finding:
    """Another program takes every inode; later it gives them back."""
    with journaled_disk(folder, "-N", "64") as place:
        hog = place / "hog"
        hog.mkdir()

        def take_all_inodes() -> None:
            with contextlib.suppress(OSError):
                for number in range(1 << 16):
                    (hog / str(number)).touch()

        return _full(
            place, "a disk without inodes left", take_all_inodes, lambda: shutil.rmtree(hog)
        )


def _full(
    place: Path, what: str, fill_up: Callable[[], object], make_room: Callable[[], object]
) -> Finding:
    clock = FakeClock()
    settings = OutboxSettings(path=place / "o", max_bytes=MAX_BYTES)
    outbox = Outbox(settings, clock=clock)
    outbox.put([new_event(n, image=PICTURE) for n in range(1, 21)])
    fill_up()
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
    make_room()
    clock.advance(2)
    outbox.tick()
    healed = outbox.status().durable
    outbox.close()
    sound = check_folder(place / "o", clock=clock).sound
    outbox = Outbox(settings, clock=clock)
    rest = take_all(outbox)
    outbox.close()
    whole = [one.packet for one in drained if one is not None] + rest
    return Finding(
        f"{what}, then freed",
        f"{in_memory} events in memory and said so, 30 delivered meanwhile, {120 - len(set(whole))} of 120 lost",
        held=said and healed and sound and in_memory > 0 and whole == list(range(1, 121)),
    )


def of_another_user(_: Path) -> Finding:
    """The outbox's folder may not even be entered, at start and later; then its rights are mended."""
    need_root()
    # Everything above the folder has to let anybody through, and what tests get does not.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        return _without_rights(Path(name) / "theirs")


def _without_rights(place: Path) -> Finding:
    place.mkdir(mode=0o700)
    clock = FakeClock()
    seen: list[tuple[bool, list[int]]] = []

    def without_rights() -> None:
        # Of this thread alone: the user by whom the kernel judges files, who loses root's rights over them.
        ctypes.CDLL(None).setfsuid(NOBODY)
        outbox = Outbox(OutboxSettings(path=place / "o"), clock=clock)
        for n in range(1, 21):
            outbox.put([new_event(n, image=PICTURE)])
            clock.advance(0.3)
        said = bool(outbox.status().trouble)
        first = outbox.take(1)
        assert first is not None
        outbox.done(first)
        rights.set()
        mended.wait()
        clock.advance(2)
        outbox.tick()
        healed = outbox.status().durable
        outbox.close()
        seen.append((said and healed, [first.packet]))

    rights, mended = threading.Event(), threading.Event()
    thread = threading.Thread(target=without_rights)
    thread.start()
    rights.wait(WAIT_S)
    place.chmod(0o777)
    mended.set()
    thread.join()
    outbox = Outbox(OutboxSettings(path=place / "o"), clock=clock)
    packets = [packet for _, first in seen for packet in first] + take_all(outbox)
    outbox.close()
    return Finding(
        "a folder of another user, then its rights mended",
        f"said so, went on from memory and moved to disk: {len(packets)} of 20 events",
        # Nobody knew what was given before, so numbers begin behind the clock.
        held=all(good for good, _ in seen) and packets == [*range(packets[0], packets[0] + 20)],
    )


def storage_that_hangs(folder: Path, *, hangs_s: float) -> Finding:
    """The file system is frozen: whatever writes to it waits, and nobody is told for how long."""
    with journaled_disk(folder) as place:
        outbox = Outbox(OutboxSettings(path=place / "o"), clock=SYSTEM_CLOCK)
        outbox.put([new_event(n, image=PICTURE) for n in range(1, 21)])
        writer = threading.Thread(target=lambda: outbox.put([new_event(21, image=PICTURE)]))
        root = os.open(place, os.O_RDONLY)
        slowest_s, taken, trouble = 0.0, 0, ""
        try:
            freeze(root)
            writer.start()
            until_s = time.monotonic() + hangs_s
            while time.monotonic() < until_s:
                began_s = time.monotonic()
                trouble = outbox.status().trouble
                delivery = outbox.take(1)
                if delivery is not None:
                    outbox.done(delivery)
                    taken += 1
                slowest_s = max(slowest_s, time.monotonic() - began_s)
                time.sleep(0.05)
        finally:
            with contextlib.suppress(OSError):
                fcntl.ioctl(root, FITHAW, 0)
            os.close(root)
        writer.join()
        outbox.flush()
        well = outbox.status().durable
        rest = len(take_all(outbox))
        outbox.close()
    return Finding(
        f"storage that does not answer for {hangs_s:g} s",
        f"says `{trouble}`; status and {taken} deliveries took at most {slowest_s * 1e3:.0f} ms each;"
        f" {taken + rest} of 21 events came out",
        held="has not answered" in trouble
        and taken == 20
        and slowest_s < hangs_s / 2
        and well
        and taken + rest == 21,
    )


def freeze(root: int) -> None:
    """Stop everything that writes to a file system."""
    try:
        fcntl.ioctl(root, FIFREEZE, 0)
    except OSError as error:
        raise CannotBeProvokedError(f"needs FIFREEZE: {error}") from error


def full_in_a_replay(folder: Path, recording: Path) -> Finding:
    """The disk fills up in the middle of a replay, and stays so: what is recognised arrives all the same."""
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "calm.py", receivers, folder / "calm")
        finished(replay(recording, script, folder, "max"))
        wanted = [{event.raw for event in one.events} for one in receivers]
    with small_memory_disk(folder, ONE_SEGMENT_BYTES) as place, ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "full.py", receivers, place / "o")
        small = f"outbox=OutboxSettings(max_bytes={MAX_BYTES}, "
        script.write_text(script.read_text().replace("outbox=OutboxSettings(", small))
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
    with hog.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(HOG_BYTES)):
            pass


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
