"""Searching what the outbox remembers: 100,000 events, by a plate, by a pattern, one letter off; and beside `observe`.

Each question is asked for plates that are there and for one that is not, which looks at every event; reported is the
slower of both. What it does to `observe` is measured while the recorded motorway goes through the engine at full speed,
in turns with nobody searching and with somebody who types on the page: a question, answered in JSON, every tenth of a
second.
"""

from __future__ import annotations

import itertools
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
from typing import TYPE_CHECKING, Any

from benches import scene
from benches.disk import SCRATCH
from benches.event import DEVICE
from benches.method import percentile
from benches.report import Result, Table, number
from benches.stored import new_event
from cammra_edge import Engine, FrameFormat, OutboxSettings
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.outbox import EventQuery, Outbox
from cammra_edge.recording import Recording
from cammra_edge.search import search_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.recording.reader import RecordedFrame

EVENTS = 100_000
GROUP = 500
ROUND_S = 1.5
TYPED_S = 0.1
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
        "`observe` while somebody searches, µs",
        ("", "calls", "p50", "p99", "p99.9"),
        tuple((name, *(number(value) for value in values)) for name, values in found["observe"]),
        "The recorded motorway at full speed. The other one types ten characters a second, and each asks.",
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
    engine = Engine(device=DEVICE, profiles=[], frame_format=FrameFormat.JPEG, outbox=settings)
    asked = questions(events)
    with engine.running(live=False):
        took = {
            name: {
                "there": statistics.median(_ms(engine, query) for query in there for _ in range(3)),
                "nowhere": statistics.median(_ms(engine, nowhere[0]) for _ in range(rounds)),
            }
            for name, (there, nowhere) in asked.items()
        }
        recordings = scene.recordings()
        if recordings is None:
            why = "no recordings: CAMMRA_RECORDINGS names their folder"
            return {"questions": took, "observe": [], "by_quiet": why}
        quiet, busy = _observed(engine, Recording.open(recordings / "motorway"), rounds)
    return {
        "questions": took,
        "observe": [("nobody searches", _summed(quiet)), ("somebody types", _summed(busy))],
        "by_quiet": statistics.median(
            percentile(b, 0.99) / percentile(q, 0.99) for q, b in zip(quiet, busy, strict=True)
        ),
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
    engine: Engine, recording: Recording, rounds: int
) -> tuple[list[list[float]], list[list[float]]]:
    """Microseconds of each call, by round: with nobody searching, and with somebody who types."""
    frames = recording.frames(loops=None)
    rounds_of: tuple[list[list[float]], list[list[float]]] = ([], [])
    for _ in range(rounds):
        for busy in (False, True):
            stop = threading.Event()
            typing = threading.Thread(target=_type, args=(engine, stop))
            if busy:
                typing.start()
            rounds_of[busy].append(_calls_us(engine, frames))
            stop.set()
            if busy:
                typing.join()
    return rounds_of


def _calls_us(engine: Engine, frames: Iterator[RecordedFrame]) -> list[float]:
    calls_us = []
    until_s = time.perf_counter() + ROUND_S
    for frame in frames:
        engine.wait_for_room()
        began_ns = time.perf_counter_ns()
        engine.observe(frame.jpeg, frame.reads, frame.at)
        calls_us.append((time.perf_counter_ns() - began_ns) / 1e3)
        if time.perf_counter() > until_s:
            break
    return calls_us


def _type(engine: Engine, stop: threading.Event) -> None:
    """One plate after the other, by its characters; every other one may be a letter off."""
    for number_ in itertools.count():
        plate = plate_of(number_)
        for length in range(1, len(plate) + 1):
            if stop.wait(TYPED_S):
                return
            whole = length == len(plate)
            words = {
                "plate": plate[:length] + "*" * (not whole),
                "one_off": whole and bool(number_ % 2),
            }
            json.dumps(search_answer(engine.search, words, "UTC"))


def _summed(rounds_us: list[list[float]]) -> list[float]:
    calls_us = [call for one in rounds_us for call in one]
    return [len(calls_us), *(percentile(calls_us, share) for share in (0.5, 0.99, 0.999))]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))), flush=True)
    os._exit(0)
