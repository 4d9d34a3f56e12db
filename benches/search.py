"""Searching what the outbox remembers: 100,000 events, by a plate, by a pattern, one letter off; and beside `observe`.

Each question is asked for plates that are there and for one that is not, which looks at every event; reported is the
slower of both. What it does to `observe` is measured with frames of ten vehicles that have nothing to say, once
with nobody searching and once with a thread that asks without end, in turns.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benches import scene
from benches.disk import SCRATCH
from benches.event import DEVICE
from benches.method import percentile
from benches.report import Result, Table, number
from benches.stored import new_event
from cammra_edge import Engine, FrameFormat, OutboxSettings, TrackingSettings
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.outbox import EventQuery, Outbox

EVENTS = 100_000
GROUP = 500
FRAMES = 2_000
LETTERS = "ABCEHJKLMNPRSTUVXYZ"
HISTORY_BYTES = 1 << 30


def run(*, quick: bool) -> Result:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    events, rounds = (EVENTS // 10, 3) if quick else (EVENTS, 11)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        command = [sys.executable, "-m", "benches.search", folder, str(events), str(rounds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    rows = [
        (name, number(asked["there"]), number(asked["nowhere"]))
        for name, asked in found["questions"].items()
    ]
    title = f"Search in {events:,} events, the newest 50 found, ms"
    besides = Table(
        "`observe` while a thread searches, µs",
        ("", "p50", "p99", "p99 of waking up, ms"),
        tuple((name, *(number(value) for value in values)) for name, values in found["observe"]),
        "Waking up: how late the calling thread goes on after a sleep of 1 ms, which is how a frame comes.",
    )
    result = Result(
        tables=[Table(title, ("", "plate is there", "it is not"), tuple(rows)), besides]
    )
    for name, key in (("exact", "exact"), ("wildcard", "wildcard"), ("one letter off", "one_off")):
        result.bars[f"search_{key}_ms"] = max(found["questions"][name].values())
    result.bars["search_observe"] = found["by_quiet"]
    return result


def plate_of(number_: int) -> str:
    """A Czech plate, the same for the same number."""
    draw = random.Random(number_)  # noqa: S311 - not a secret
    return (
        f"{draw.randint(1, 9)}{draw.choice(LETTERS)}{draw.randint(0, 9)}{draw.randint(0, 9999):04}"
    )


def questions(events: int) -> dict[str, tuple[list[EventQuery], list[EventQuery]]]:
    """For each kind: those with an answer, and those without."""
    there = [plate_of(number_) for number_ in range(0, events, events // 9)]
    nowhere = "QQQ0QQQ"  # no plate of ours has a Q
    return {
        "exact": ([EventQuery(plate=plate) for plate in there], [EventQuery(plate=nowhere)]),
        "wildcard": (
            [EventQuery(plate=f"{plate[:2]}*{plate[-2]}?") for plate in there],
            [EventQuery(plate="*Q?Q*")],
        ),
        "one letter off": (
            [EventQuery(plate=f"{plate[:-1]}Q", one_off=True) for plate in there],
            [EventQuery(plate=nowhere, one_off=True)],
        ),
        "any, the newest": ([EventQuery()], [EventQuery(min_confidence=0.99)]),
    }


def measure(folder: Path, events: int, rounds: int) -> dict[str, Any]:
    settings = OutboxSettings(
        path=folder / "outbox", history_bytes=HISTORY_BYTES, max_events=2 * events
    )
    _fill(settings, events)
    engine = Engine(
        device=DEVICE,
        profiles=[],
        frame_format=FrameFormat.NV12_FULL,
        outbox=settings,
        tracking=TrackingSettings(lost_after_s=2.0),
    )
    asked = questions(events)
    with engine.running(live=False):
        took = {
            name: {
                "there": statistics.median(_ms(engine, query) for query in there for _ in range(3)),
                "nowhere": statistics.median(_ms(engine, nowhere[0]) for _ in range(rounds)),
            }
            for name, (there, nowhere) in asked.items()
        }
        every = [query for pair in asked.values() for part in pair for query in part]
        quiet, busy = _observed(engine, every, rounds)
    return {
        "questions": took,
        "observe": [("nobody searches", quiet[0]), ("a thread searches", busy[0])],
        "by_quiet": statistics.median(b / q for q, b in zip(quiet[1], busy[1], strict=True)),
    }


def _fill(settings: OutboxSettings, events: int) -> None:
    outbox = Outbox(settings, clock=SYSTEM_CLOCK)
    for first in range(0, events, GROUP):
        outbox.put(
            [
                new_event(number_, (), wanted_by=(), plate=plate_of(number_))
                for number_ in range(first, first + GROUP)
            ]
        )
    outbox.close()


def _ms(engine: Engine, query: EventQuery) -> float:
    began_s = time.perf_counter()
    engine.search(query)
    return (time.perf_counter() - began_s) * 1e3


def _observed(
    engine: Engine, queries: list[EventQuery], rounds: int
) -> tuple[tuple[list[float], list[float]], tuple[list[float], list[float]]]:
    """For quiet and busy: p50, p99 and p99 of waking up over all rounds, and the p99 of each round."""
    frame = scene.photo().frame(FrameFormat.NV12_FULL)
    reads = scene.ten_reads()
    at = iter(range(10_000_000))
    for _ in range(200):
        engine.observe(frame, reads, scene.at_frame(next(at)))
    calls: tuple[list[float], list[float]] = ([], [])
    late: tuple[list[float], list[float]] = ([], [])
    worst: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for busy in (False, True):
            stop = threading.Event()
            asking = threading.Thread(target=_ask, args=(engine, queries, stop))
            if busy:
                asking.start()
            took: list[float] = []
            for _ in range(FRAMES):
                began_ns = time.perf_counter_ns()
                time.sleep(0.001)
                awake_ns = time.perf_counter_ns()
                engine.observe(frame, reads, scene.at_frame(next(at)))
                took.append((time.perf_counter_ns() - awake_ns) / 1e3)
                late[busy].append((awake_ns - began_ns) / 1e6 - 1.0)
            stop.set()
            if busy:
                asking.join()
            calls[busy].extend(took)
            worst[busy].append(percentile(took, 0.99))
    sums = [
        [percentile(calls[n], 0.5), percentile(calls[n], 0.99), percentile(late[n], 0.99)]
        for n in (0, 1)
    ]
    return (sums[0], worst[0]), (sums[1], worst[1])


def _ask(engine: Engine, queries: list[EventQuery], stop: threading.Event) -> None:
    while not stop.is_set():
        for query in queries:
            engine.search(query)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))), flush=True)
    os._exit(0)
