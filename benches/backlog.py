"""What a long backlog costs: opening it cold, its memory, and what is parked in it.

Each part runs in a process of its own (`python -m benches.backlog PART PATH`), on an ext4 of its own: bytes read are
those of its device, memory is that of the process alone. What is opened was left by a process that died.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.disk import DiskError, disk, forget_pages
from benches.event import DEVICE
from benches.path import resident_mib
from benches.report import Result, Table, number
from benches.stored import PLATE_BYTES, Pictures, new_event
from cammra_edge import Engine, FrameFormat
from cammra_edge.cli.asking import engine_on, path_of
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP = 10
STORED_EVENTS, STORED_BYTES = 19_500, 1 << 30
WAITING_EVENTS = 100_000
PARKED_EVENTS, EXPORTED_EVENTS = 50_000, 2_000
PAGE = 100
IDLE_EVENTS = 400
PLATE_ONLY = Pictures((PLATE_BYTES,))


def run(*, quick: bool) -> Result:
    share = 20 if quick else 1
    result = Result()
    try:
        with disk(4 << 30) as place:
            path = place.folder / "outbox"
            filled = _child("fill", path, STORED_EVENTS // share)
            forget_pages()
            before = place.moved_now()
            opened = _child("open", path, 0)
            opened["read_mb"] = place.moved_now().since(before).read_bytes / 1e6
        with disk(4 << 30) as place:
            waiting = _child("wait", place.folder / "outbox", WAITING_EVENTS // share)
        with disk(4 << 30) as place:
            parked = _child("park", place.folder / "outbox", PARKED_EVENTS // share)
    except DiskError as why:
        keys = ("open_s", "open_mb", "waiting_mib", "parked_page_ms", "parked_one_ms", "export_s")
        result.bars |= dict.fromkeys(keys, str(why))
        return result
    result.bars |= {
        "open_s": opened["open_s"],
        "open_mb": opened["read_mb"],
        "waiting_mib": max(waiting["put_mib"], waiting["opened_mib"]),
        "parked_page_ms": parked["page_ms"],
        "parked_one_ms": parked["one_ms"],
        "export_s": parked["export_s"],
    }
    result.tables.append(_table(filled | opened, waiting, parked))
    return result


def _table(opened: dict[str, Any], waiting: dict[str, Any], parked: dict[str, Any]) -> Table:
    rows = (
        ("GB stored by a process that was killed", number(opened["stored_gb"])),
        ("open it cold, s", number(opened["open_s"])),
        ("open it cold, MB read", number(opened["read_mb"])),
        ("then the first event is taken after, ms", number(opened["first_ms"])),
        ("events with plate crops that wait", f"{waiting['events']:,}"),
        ("MiB above idle: after putting them", number(waiting["put_mib"])),
        ("MiB above idle: after opening them", number(waiting["opened_mib"])),
        ("events parked", f"{parked['events']:,}"),
        (
            f"list {PAGE} of them, ms: from the first on, from the middle on",
            _pair(parked["pages_ms"]),
        ),
        ("show one of them, ms", number(parked["one_ms"])),
        (f"export {parked['exported']:,} of them, s", number(parked["export_s"])),
        ("`put` of one event while pages are listed, p99 ms", number(parked["put_ms"])),
    )
    return Table("A long backlog", ("", ""), rows)


def _pair(values: list[float]) -> str:
    return ", ".join(map(number, values))


def _child(part: str, path: Path, events: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benches.backlog", part, str(path), str(events)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _settings(path: Path) -> OutboxSettings:
    return OutboxSettings(path=path, max_bytes=2 * STORED_BYTES, max_events=1_000_000)


def _opened(path: Path) -> Outbox:
    return Outbox(_settings(path), clock=SYSTEM_CLOCK)


def _put(outbox: Outbox, first: int, events: int, pictures: Pictures, profile_id: int = 1) -> None:
    jpegs = pictures.of(first)
    for start in range(first, first + events, GROUP):
        numbers = range(start, min(start + GROUP, first + events))
        outbox.put([new_event(number_, jpegs, wanted_by=(profile_id,)) for number_ in numbers])


def fill(path: Path, events: int) -> dict[str, Any]:
    """Store a gigabyte."""
    outbox = _opened(path)
    outbox.profile_id("bench")
    _put(outbox, 1, events, Pictures())
    stored = sum(file.stat().st_size for file in path.parent.rglob("*") if file.is_file())
    return {"stored_gb": stored / 1e9}


def open_cold(path: Path, events: int) -> dict[str, Any]:
    """Open it and count what waits."""
    began_s = time.perf_counter()
    outbox = _opened(path)
    waiting = outbox.waiting(1).events
    opened_s = time.perf_counter() - began_s
    assert waiting > events
    assert outbox.take(1) is not None
    return {"open_s": opened_s, "first_ms": (time.perf_counter() - began_s - opened_s) * 1e3}


def wait(path: Path, events: int) -> dict[str, Any]:
    """Memory with so many that wait, in the process that put them and in the next one."""
    outbox = _opened(path)
    outbox.profile_id("bench")
    for start in range(0, IDLE_EVENTS, GROUP):
        _put(outbox, start + 1, GROUP, PLATE_ONLY)
        while (delivery := outbox.take(1)) is not None:
            outbox.done(delivery)
    idle_mib = resident_mib()
    _put(outbox, IDLE_EVENTS + 1, events, PLATE_ONLY)
    put_mib = resident_mib() - idle_mib
    assert outbox.waiting(1).events == events
    outbox.close()
    del outbox
    opened = _child("opened", path, events)
    return {"events": events, "put_mib": put_mib, "opened_mib": opened["mib"]}


def opened(path: Path, events: int) -> dict[str, Any]:
    """Memory of a process that opens them."""
    idle = _opened(path.with_name("idle"))
    idle.profile_id("bench")
    _put(idle, 1, IDLE_EVENTS, PLATE_ONLY)
    idle.close()
    idle_mib = resident_mib()
    outbox = _opened(path)
    assert outbox.waiting(1).events == events
    return {"mib": resident_mib() - idle_mib}


def park(path: Path, events: int) -> dict[str, Any]:
    """Put while parked ones are listed; then list, show and export them as the shell does while an engine runs."""
    outbox = _opened(path)
    exported = min(EXPORTED_EVENTS, events // 2)
    for profile_id, count in ((1, events - exported), (2, exported)):
        outbox.profile_id(f"bench {profile_id}")
        _put(outbox, profile_id * 1_000_000, count, PLATE_ONLY, profile_id)
        while (delivery := outbox.take(profile_id)) is not None:
            outbox.park(delivery, why="HTTP 400", words="no such camera")
    outbox.flush()
    first = outbox.parking.page(limit=1)[0].seq
    half = (events - exported) // 2
    middle = outbox.parking.page(1, after=(1, first + half), limit=1)[0].seq
    puts = []
    for number_ in range(200):
        outbox.parking.page(after=(1, middle), limit=PAGE)
        began_s = time.perf_counter()
        outbox.put([new_event(5_000_000 + number_, PLATE_ONLY.of(1))])
        puts.append((time.perf_counter() - began_s) * 1e3)
    outbox.close()
    engine = Engine(
        device=DEVICE, profiles=[], frame_format=FrameFormat.JPEG, outbox=_settings(path)
    )
    with engine.running(live=False):
        asked = engine_on(path)
        assert asked is not None

        def page(after: int) -> object:
            return asked.ask("GET", path_of("parked"), profile="bench 1", after=after, limit=PAGE)

        def one() -> object:
            whole = path_of("parked", "export")
            return list(asked.lines("GET", whole, profile="bench 1", seq=middle))

        pages = [_ms(lambda after=after: page(after)) for after in (0, middle)]
        one_ms = _ms(one)
        to = path.with_name("exported")
        words = ["parked", "export", str(path), "--profile", "bench 2", "--to", str(to)]
        began_s = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cammra_edge", *words], check=True, stdout=sys.stderr)
        export_s = time.perf_counter() - began_s
    assert len(list(to.glob("*.json"))) == exported
    return {
        "events": events,
        "exported": exported,
        "pages_ms": pages,
        "page_ms": max(pages),
        "one_ms": one_ms,
        "export_s": export_s,
        "put_ms": sorted(puts)[-2],
    }


def _ms(work: Callable[[], object], times: int = 21) -> float:
    """The median of some calls."""
    took = []
    for _ in range(times):
        began_s = time.perf_counter()
        assert work()
        took.append((time.perf_counter() - began_s) * 1e3)
    return statistics.median(took)


PARTS = {"fill": fill, "open": open_cold, "wait": wait, "opened": opened, "park": park}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))), flush=True)
    os._exit(0)  # nothing is closed: as a crash leaves it
