"""What the outbox writes: bytes that reach the block device per delivered event, and flushes.

Events of 53 kB with two images go through a real outbox, a worker and a socket, one at a time or in groups, on an ext4
of its own; counted is what the device itself has seen, settlements and directories and journal with it, by the bytes
of the body that was sent. The courses run at the same time, each on a device of its own: bytes are no matter of speed.
Calls of fsync are counted by strace. `python -m benches.store COURSE` runs one of them and prints JSON.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.disk import DiskError, Moved, disk
from benches.listener import Listener
from benches.report import Result, Table
from benches.stored import Pictures, all_delivered, body_bytes, new_event, worker_of
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox

WARM = 20
SETTLED_S = 0.5
DELIVERED_S = 30.0
MARK = 9_999
"""An fdatasync of this descriptor, which nothing has, marks the place in strace's log."""

FLUSHES = "fsync,fdatasync,sync_file_range,msync,sync,syncfs"


@dataclass(frozen=True)
class Course:
    """How events come.

    Args:
        said: What the table calls it.
        events: How many, and of a quick run.
        every_s: From group to group; 0: as soon as the one before is delivered.
        group: Events of one put.
        full: The outbox was filled before, so that its segments are used again.
    """

    said: str
    events: tuple[int, int]
    every_s: float
    group: int = 1
    full: bool = False


COURSES = {
    "steady": Course("one at a time, 20 a second", (1000, 100), 0.05),
    "quiet": Course("one in 10 s", (18, 3), 10.0),
    "tens": Course("in groups of ten", (1000, 200), 0.5, group=10),
    "steady-again": Course("one at a time, segments used again", (1000, 100), 0.05, full=True),
    "tens-again": Course("in groups of ten, segments used again", (1000, 200), 0.5, 10, full=True),
    "flushes": Course("one at a time, as fast as they go", (400, 100), 0.0),
}
SMALL = {"history_bytes": 48 << 20}
"""Of an outbox that is soon full."""

FILL_BYTES = 128 << 20
"""After so many its segments are used again."""


def run(*, quick: bool) -> Result:
    result = Result()
    running = {name: _started(name, quick=quick) for name in COURSES if name != "flushes"}
    found: dict[str, dict[str, Any]] = {}
    for name, child in running.items():
        output, _ = child.communicate()
        found[name] = json.loads(output) if child.returncode == 0 else {"why": "failed"}
    for name, key in (
        ("steady", "store_bytes_steady"),
        ("quiet", "store_bytes_quiet"),
        ("tens", "store_bytes_tens"),
    ):
        result.bars[key] = found[name].get("by_size", found[name].get("why", ""))
    result.tables.append(_bytes_table(found))
    result.bars["store_flushes"] = _flush_calls(result, quick=quick)
    return result


def _started(name: str, *, quick: bool, under: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    words = [*under, sys.executable, "-m", "benches.store", name, *(["quick"] if quick else [])]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def _flush_calls(result: Result, *, quick: bool) -> float | str:
    strace = shutil.which("strace")
    if strace is None:
        return "needs strace: apt-get install strace"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "strace.log"
        under = (strace, "-f", "-qq", "-e", f"trace={FLUSHES}", "-o", str(log))
        child = _started("flushes", quick=quick, under=under)
        output, _ = child.communicate()
        found = json.loads(output)
        if "why" in found:
            return str(found["why"])
        between = log.read_text().split(f"fdatasync({MARK}")[1]
    calls = len(re.findall(r"\b(?:f?sync|fdatasync|sync_file_range|msync|syncfs)\(", between))
    groups, segments = found["groups"], found["segments"]
    result.tables.append(
        Table(
            "Calls of fsync and fdatasync, one event after the other",
            ("groups stored", "new segments", "calls", "by group", "more per segment"),
            (
                (
                    f"{groups}",
                    f"{segments}",
                    f"{calls}",
                    f"{calls / groups:.2f}",
                    f"{(calls - groups) / segments:.2f}" if segments else "-",
                ),
            ),
            "Each event is settled before the next one comes; settlements are in it.",
        )
    )
    return calls / (groups + 2 * segments)


def _bytes_table(found: dict[str, dict[str, Any]]) -> Table:
    return Table(
        "Bytes that reach the disk per delivered event of 53 kB",
        ("", "events", "bytes", "x its size", "flushes of the device"),
        tuple(
            (
                COURSES[name].said,
                *(
                    (row["why"], "", "", "")
                    if "why" in row
                    else (
                        f"{row['events']}",
                        f"{row['bytes']:,.0f}",
                        f"{row['by_size']:.2f}",
                        f"{row['flushes']:.2f}",
                    )
                ),
            )
            for name, row in found.items()
        ),
        "ext4, blocks of 4 kB. In a fresh segment each flush also commits the journal: one more flush of the device.",
    )


def _measure(name: str, *, quick: bool) -> dict[str, Any]:
    course = COURSES[name]
    events = course.events[quick]
    try:
        with disk() as place, Listener() as listener:
            path = place.folder / "outbox"
            settings = OutboxSettings(path=path, **(SMALL if course.full else {}))
            outbox = Outbox(settings, clock=SYSTEM_CLOCK)
            worker = worker_of(outbox, listener.url)
            worker.start()
            filled = _fill(outbox) if course.full else 0
            _play(outbox, filled, WARM, 1, 0.0)
            time.sleep(SETTLED_S)
            before, segments = place.moved(), _segments(path)
            _mark()
            _play(outbox, filled + WARM, events, course.group, course.every_s)
            time.sleep(SETTLED_S)
            _mark()
            moved = place.moved().since(before)
            segments = _segments(path) - segments
            worker.stop()
            outbox.close()
    except DiskError as why:
        return {"why": str(why)}
    return _told(moved, events, course.group, len(segments))


def _told(moved: Moved, events: int, group: int, segments: int) -> dict[str, Any]:
    size = body_bytes(new_event(1, Pictures().of(1)))
    return {
        "events": events,
        "groups": events // group,
        "segments": segments,
        "bytes": moved.written_bytes / events,
        "by_size": moved.written_bytes / events / size,
        "flushes": moved.flushes / events,
    }


def _play(outbox: Outbox, first: int, events: int, group: int, every_s: float) -> None:
    """Put groups, each delivered before the next one comes."""
    pictures = Pictures()
    began_s = time.monotonic()
    for number in range(0, events, group):
        batch = [
            new_event(first + n, pictures.of(first + n)) for n in range(number, number + group)
        ]
        due_s = began_s + number // group * every_s
        time.sleep(max(0.0, due_s - time.monotonic()))
        outbox.put(batch)
        _wait(outbox)


def _fill(outbox: Outbox) -> int:
    """More than the bounds hold, so that the oldest segments are used again."""
    pictures = Pictures()
    sum_bytes = number = 0
    while sum_bytes < FILL_BYTES:
        batch = [new_event(n, pictures.of(n)) for n in range(number, number + 20)]
        sum_bytes += sum(len(jpeg) for put in batch for jpeg in put.images.values())
        number += len(batch)
        outbox.put(batch)
        _wait(outbox)
    return number


def _wait(outbox: Outbox) -> None:
    until_s = time.monotonic() + DELIVERED_S
    while not all_delivered(outbox):
        if time.monotonic() > until_s:
            raise RuntimeError("events were not delivered")
        time.sleep(0.002)


def _segments(path: Path) -> set[str]:
    return {file.name for file in path.glob("events-*.log")} if path.is_dir() else set()


def _mark() -> None:
    with suppress(OSError):
        os.fdatasync(MARK)


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], quick="quick" in sys.argv)))
