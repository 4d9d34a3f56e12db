"""Durable enqueue beside its floor: append the same bytes to a file and flush.

Floor and outbox take turns in short bursts on one journaled ext4, so that a neighbour's load falls on both;
what counts is the median of the turns' ratios.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import NewEvent, Outbox
from tests.fakes import new_event
from tests.faults.finding import Finding, journaled_disk

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD_BYTES = 900
SECTOR_BYTES = 512
LEAST_SHARE = 0.5
WRITTEN, FLUSHES = 9, 18  # columns of /proc/diskstats


@dataclass(frozen=True)
class Burst:
    """What one burst cost."""

    per_s: float
    written_ratio: float
    flushes_per_event: float


def device_of(place: Path) -> str:
    """The block device under a file system, as /proc/diskstats names it."""
    number = place.stat().st_dev
    return Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name


def counters(device: str) -> tuple[int, int]:
    """Bytes written to a device, and flushes."""
    for line in Path("/proc/diskstats").read_text().splitlines():
        columns = line.split()
        if columns[2] == device:
            flushes = int(columns[FLUSHES]) if len(columns) > FLUSHES else 0
            return int(columns[WRITTEN]) * SECTOR_BYTES, flushes
    return 0, 0


class Course:
    """One size and grouping, run by floor and outbox in turn."""

    def __init__(self, place: Path, size_bytes: int, group: int, events: int) -> None:
        self._device = device_of(place)
        self._group = group
        self._events = events
        self._picture = random.Random(1).randbytes(size_bytes)  # noqa: S311 - not a secret
        self._payload_bytes = events * (size_bytes + RECORD_BYTES)
        self._floor = place / "floor"
        self._outbox = Outbox(
            OutboxSettings(path=place / "o", max_bytes=1 << 30), clock=SYSTEM_CLOCK
        )
        self._next = 0

    def close(self) -> None:
        """Take everything off the disk again."""
        self._outbox.close()
        shutil.rmtree(self._floor.parent / "o")
        self._floor.unlink(missing_ok=True)

    def floor(self) -> Burst:
        """Append and flush."""
        record = bytes(RECORD_BYTES) + self._picture
        fd = os.open(self._floor, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

        def append(_: int) -> None:
            os.write(fd, record * self._group)
            os.fdatasync(fd)

        try:
            return self._timed(append)
        finally:
            os.close(fd)
            self._floor.unlink()

    def outbox(self) -> Burst:
        """Put, for three profiles."""
        groups = [self._group_of_events() for _ in range(self._events // self._group)]
        burst = self._timed(lambda turn: self._outbox.put(groups[turn]))
        for profile_id in (1, 2, 3):
            while (delivery := self._outbox.take(profile_id)) is not None:
                self._outbox.done(delivery)
        self._outbox.flush()
        return burst

    def _group_of_events(self) -> list[NewEvent]:
        self._next += self._group
        return [
            new_event(n, kind=EventKind.LOST, wanted_by=(1, 2, 3), image=self._picture)
            for n in range(self._next, self._next + self._group)
        ]

    def _timed(self, work: Callable[[int], object]) -> Burst:
        os.sync()
        bytes_before, flushes_before = counters(self._device)
        began_s = time.perf_counter()
        for turn in range(self._events // self._group):
            work(turn)
        took_s = time.perf_counter() - began_s
        os.sync()
        bytes_after, flushes_after = counters(self._device)
        return Burst(
            per_s=self._events / took_s,
            written_ratio=(bytes_after - bytes_before) / self._payload_bytes,
            flushes_per_event=(flushes_after - flushes_before) / self._events,
        )


def enqueue_rate(  # noqa: PLR0913 - a measurement and its lengths
    folder: Path, *, size_bytes: int, group: int, turns: int, events: int, must: bool
) -> Finding:
    """Events a second and bytes per event, beside the floor of the same run."""
    with journaled_disk(folder) as place:
        course = Course(place, size_bytes, group, events)
        pairs = [(course.floor(), course.outbox()) for _ in range(turns)]
        course.close()
    share = statistics.median(ours.per_s / floor.per_s for floor, ours in pairs)
    floor_per_s = statistics.median(floor.per_s for floor, _ in pairs)
    per_s = statistics.median(ours.per_s for _, ours in pairs)
    written = statistics.median(ours.written_ratio for _, ours in pairs)
    floor_written = statistics.median(floor.written_ratio for floor, _ in pairs)
    flushes = statistics.median(ours.flushes_per_event for _, ours in pairs)
    floor_flushes = statistics.median(floor.flushes_per_event for floor, _ in pairs)
    groups = "one flush per event" if group == 1 else f"groups of {group}"
    return Finding(
        f"durable enqueue of {size_bytes // 1000} kB, {groups}",
        f"{per_s:.0f} events/s, {share:.2f} of the floor's {floor_per_s:.0f};"
        f" {written:.2f} bytes written per byte (floor {floor_written:.2f}),"
        f" {flushes:.2f} flushes per event (floor {floor_flushes:.2f})",
        held=not must or share >= LEAST_SHARE,
    )
