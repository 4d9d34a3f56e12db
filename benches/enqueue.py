"""How fast events become durable, beside the floor: append the same bytes to a growing file, and fdatasync.

Floor and outbox take turns in short bursts on one ext4, so that a neighbour's load falls on both; reported is the
median of the turns' ratios. Once into fresh segments, once into segments that are used again.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from typing import TYPE_CHECKING

from benches.disk import DiskError, disk
from benches.report import Result, Table
from benches.store import FILL_BYTES, SMALL
from benches.stored import new_event
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.outbox import NewEvent

PICTURE_BYTES = 30_000
RECORD_BYTES = 900
BURST = 160
PROFILES = (1, 2, 3)
GROUPS = {1: "one flush each", 8: "in groups of eight"}


def run(*, quick: bool) -> Result:
    result = Result()
    rows = []
    try:
        for full in (False, True):
            kind = "used again" if full else "fresh"
            for group, said in GROUPS.items():
                with disk() as place:
                    course = Course(place.folder, group, full=full)
                    pairs = [course.turn() for _ in range(5 if quick else 21)]
                    course.close()
                ratios = [floor_s / outbox_s for floor_s, outbox_s in pairs]
                result.bars[f"enqueue_{kind.replace(' ', '_')}_{group}"] = statistics.median(ratios)
                rows.append((said, kind, *_cells(pairs, ratios)))
    except DiskError as why:
        for kind in ("fresh", "used_again"):
            result.bars |= {f"enqueue_{kind}_{group}": str(why) for group in GROUPS}
    columns = ("", "segments", "floor events/s", "ours events/s", "by the floor", "quartiles")
    title = "Durable enqueue of 30 kB for three profiles, by append + fdatasync"
    result.tables.append(Table(title, columns, tuple(rows)))
    return result


def _cells(pairs: list[tuple[float, float]], ratios: list[float]) -> tuple[str, ...]:
    floor, ours = (statistics.median(BURST / pair[n] for pair in pairs) for n in (0, 1))
    low, _, high = statistics.quantiles(ratios, n=4)
    return (
        f"{floor:,.0f}",
        f"{ours:,.0f}",
        f"{statistics.median(ratios):.2f}",
        f"{low:.2f} to {high:.2f}",
    )


class Course:
    """One outbox and its floor on one file system."""

    def __init__(self, folder: Path, group: int, *, full: bool) -> None:
        self._group = group
        self._floor = folder / "floor"
        self._picture = random.Random(1).randbytes(PICTURE_BYTES)  # noqa: S311 - not a secret
        path = folder / "outbox"
        settings = OutboxSettings(path=path, **(SMALL if full else {}))
        self._outbox = Outbox(settings, clock=SYSTEM_CLOCK)
        for profile_id in PROFILES:
            self._outbox.profile_id(f"bench {profile_id}")
        self._next = 0
        bursts = FILL_BYTES // (BURST * PICTURE_BYTES) if full else 1
        for _ in range(bursts):
            self._enqueue()

    def turn(self) -> tuple[float, float]:
        """Seconds of the floor's burst and of the outbox's."""
        return self._append(), self._enqueue()

    def close(self) -> None:
        self._outbox.close()

    def _append(self) -> float:
        content = (bytes(RECORD_BYTES) + self._picture) * self._group
        fd = os.open(self._floor, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

        def append(_: int) -> None:
            os.write(fd, content)
            os.fdatasync(fd)

        took_s = self._timed(append)
        os.close(fd)
        self._floor.unlink()
        return took_s

    def _enqueue(self) -> float:
        groups = [self._batch() for _ in range(BURST // self._group)]
        took_s = self._timed(lambda turn: self._outbox.put(groups[turn]))
        for profile_id in PROFILES:
            while (delivery := self._outbox.take(profile_id)) is not None:
                self._outbox.done(delivery)
        self._outbox.flush()
        return took_s

    def _batch(self) -> list[NewEvent]:
        self._next += self._group
        numbers = range(self._next - self._group, self._next)
        return [new_event(number, [self._picture], wanted_by=PROFILES) for number in numbers]

    def _timed(self, work: Callable[[int], object]) -> float:
        os.sync()
        began_s = time.perf_counter()
        for turn in range(BURST // self._group):
            work(turn)
        return time.perf_counter() - began_s
