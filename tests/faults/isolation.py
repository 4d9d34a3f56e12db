"""One receiver misbehaves: it is dealt with, and the other two profiles notice nothing.

The run with the fault and the same run without it happen at the same time, each on a core of its own, and change
cores from turn to turn. So whatever else keeps the machine busy, or the disk, falls on both. Its receivers are
processes of their own. `python -m tests.faults.isolation CORE PATH EVENTS [NAME]` is one such run: it says
`ready`, waits for a line, and prints what it saw as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import ProfileStatus
from cammra_edge.outbox import Outbox
from tests.fakes import a_life
from tests.faults.behaviours import BEHAVIOURS
from tests.faults.finding import Finding
from tests.faults.rig import PICTURE, WAIT_S, Book, delivering, profile_to
from tests.faults.taker import started, taking
from tests.servers import Scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACE_S = 0.04
"""Far from what a core can do: with queues that are full anyway nobody sees who holds up whom."""
WARM_UP = 10
LEAST_RATE, MOST_RATE = 0.9, 1.1
MOST_P99 = 1.5


@dataclass(frozen=True)
class Run:
    """What the two good receivers got, and what the first profile says of itself."""

    arrived: int
    in_order: bool
    per_s: float
    late_ms: list[float]
    status: ProfileStatus


def dealt_with(folder: Path, name: str, *, events: int) -> Finding:
    """The policy alone, with receivers on threads: no figure here would mean anything."""
    seen = run(folder / "o", events, name, apart=False)
    behaviour = BEHAVIOURS[name]
    return Finding(
        f"a receiver {name}",
        f"{_policy(name, seen.status)}; the other two got {seen.arrived} of {2 * events}",
        held=behaviour.verdict(seen.status) and seen.arrived == 2 * events and seen.in_order,
    )


def undisturbed(folder: Path, name: str, *, events: int, turns: int, more_turns: int) -> Finding:
    """The others' rate and p99, with and without the fault.

    Where the first turns miss the promise, more are run, and all of them count.
    """
    pairs: list[tuple[Run, Run]] = []
    finding = None
    for turn in range(turns + more_turns):
        pairs.append(_side_by_side(folder, name, events, turn))
        if turn + 1 in {turns, turns + more_turns}:
            finding = _judged(name, pairs, events)
            if finding.held:
                return finding
    assert finding is not None
    return finding


def _judged(name: str, pairs: list[tuple[Run, Run]], events: int) -> Finding:
    verdict = BEHAVIOURS[name].verdict
    arrived = sum(stormy.arrived for _, stormy in pairs)
    rate = statistics.median(stormy.per_s / calm.per_s for calm, stormy in pairs)
    calm_ms, stormy_ms = (
        statistics.quantiles([late for run in runs for late in run.late_ms], n=100)[98]
        for runs in zip(*pairs, strict=True)
    )
    return Finding(
        f"a receiver {name}",
        f"{_policy(name, pairs[-1][1].status)}; the other two got {arrived} of {2 * events * len(pairs)}, at"
        f" {rate:.2f} of the rate and {stormy_ms / calm_ms:.2f} of the p99 ({calm_ms:.0f} ms) without the fault,"
        f" {len(pairs)} turns",
        held=all(verdict(stormy.status) and stormy.in_order for _, stormy in pairs)
        and arrived == 2 * events * len(pairs)
        and LEAST_RATE <= rate <= MOST_RATE
        and stormy_ms <= MOST_P99 * calm_ms,
    )


def _policy(name: str, status: ProfileStatus) -> str:
    retried, parked, kept = status.retried, status.parked, status.queue_events
    return f"{BEHAVIOURS[name].policy} ({retried} retries, {parked} parked, {kept} kept)"


def _side_by_side(folder: Path, name: str, events: int, turn: int) -> tuple[Run, Run]:
    """A run without the fault and one with it, at the same time."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    if turn % 2:
        cores.reverse()
    with contextlib.ExitStack() as stack:
        arms = [
            stack.enter_context(_arm(core, folder / f"{kind}{turn}", events, *words))
            for core, kind, words in zip((cores[0], cores[-1]), "cs", ((), (name,)), strict=True)
        ]
        for arm in arms:
            assert arm.stdout is not None
            assert arm.stdout.readline() == "ready\n"
        for arm in arms:
            assert arm.stdin is not None
            arm.stdin.write("go\n")
            arm.stdin.flush()
        calm, stormy = (_run_from(arm.communicate()[0]) for arm in arms)
    return calm, stormy


@contextlib.contextmanager
def _arm(core: int, path: Path, events: int, *name: str) -> Iterator[subprocess.Popen[str]]:
    words = [str(core), str(path), str(events), *name]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.isolation", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # its log: a line of its own per fault would hide ours
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


# -- one run ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _receivers(books: list[Book], name: str | None, *, apart: bool) -> Iterator[list[int]]:
    """Ports of the first receiver, which behaves as named, and of the two good ones."""
    with contextlib.ExitStack() as stack:
        if apart:
            if name is None:
                port = stack.enter_context(taking(books[0]))
            else:
                _, port = stack.enter_context(started(["tests.faults.behaviours", name]))
            yield [port, *(stack.enter_context(taking(book)) for book in books[1:])]
        else:
            first = books[0].script if name is None else BEHAVIOURS[name].script
            scripts = [first, *(book.script for book in books[1:])]
            yield [stack.enter_context(Scripted(script)).port for script in scripts]


def run(
    path: Path,
    events: int,
    name: str | None,
    *,
    apart: bool,
    ready: Callable[[], object] = lambda: None,
) -> Run:
    """Three profiles and an event every 40 ms; the first receiver behaves as named, or well."""
    books = [Book(), Book(), Book()]
    outbox = Outbox(OutboxSettings(path=path), clock=SYSTEM_CLOCK)
    put_at_s: list[float] = []
    with _receivers(books, name, apart=apart) as ports:
        profiles = [profile_to(port, f"p{no}") for no, port in enumerate(ports)]
        with delivering(outbox, *profiles) as workers:
            ready()
            began_s = time.monotonic()
            for number in range(events):
                time.sleep(max(0.0, began_s + number * PACE_S - time.monotonic()))
                put_at_s.append(time.monotonic())
                life = a_life(number // 4 + 1, wanted_by=(1, 2, 3), image=PICTURE)
                outbox.put([life[number % 4]])
            for worker in workers[1:]:
                worker.wait_until_idle(WAIT_S)
            give_up_s = time.monotonic() + WAIT_S
            while name and not BEHAVIOURS[name].verdict(workers[0].status()):
                if time.monotonic() > give_up_s:
                    break
                time.sleep(0.05)
            status = workers[0].status()
    outbox.close()
    late_ms = [
        (at_s - put_at_s[packet - 1]) * 1e3
        for book in books[1:]
        for packet, at_s in book.at_s.items()
        if packet > WARM_UP
    ]
    last_s = max((at_s for book in books[1:] for at_s in book.at_s.values()), default=began_s)
    return Run(
        arrived=sum(len(book.at_s) for book in books[1:]),
        in_order=all(book.in_order() for book in books[1:]),
        per_s=events / (last_s - began_s + PACE_S),
        late_ms=late_ms,
        status=status,
    )


def _run_from(line: str) -> Run:
    plain = json.loads(line)
    return Run(**{**plain, "status": ProfileStatus(**plain["status"])})


def _ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main(words: list[str]) -> None:
    """One run on one core, before everything else that runs there as far as we may."""
    os.sched_setaffinity(0, {int(words[0])})
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    name = words[3] if len(words) > 3 else None
    seen = run(Path(words[1]), int(words[2]), name, apart=True, ready=_ready)
    sys.stdout.write(json.dumps(asdict(seen)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
