"""What it costs to store and forward: CPU time per event of 53 kB, pictures ready, beside C and Go.

Ours: a real outbox that flushes, its worker, the rendering, the POST. The floors keep each body in a file of its own,
flush file and folder, post it on a kept connection and remove the file; their body is ready. All send to one receiver,
which is a process of its own; counted is the CPU time of the sending process, in the kernel too. The ways take turns.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benches.disk import SCRATCH
from benches.floor import CurlFloor, FloorError, GoFloor
from benches.listener import Listener
from benches.method import Way, quartiles
from benches.report import Result, ways_table
from benches.stored import Pictures, body_bytes, new_event, worker_of
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cammra_edge.outbox import NewEvent

EVENTS = 40
"""Of one sample."""

CURL = "libcurl + file + fsync of file and folder, in C"
GO = "net/http + file + fsync of file and folder, in Go"
ONE, TENS = "cammra_edge, one after the other", "cammra_edge, in tens"


def run(*, quick: bool) -> Result:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name, Listener() as listener:
        folder = Path(name)
        ours = Forwarding(folder, listener.url)
        ways = {**_floors(folder, listener.url), ONE: ours.one_by_one, TENS: ours.in_tens}
        measured = _compare(ways, rounds=5 if quick else 31)
        ours.close()
    note = "The floors' files have no bound, no order and no numbers, and are kept for no second profile."
    title = "Store and forward, CPU time per event of 53 kB"
    result = Result(tables=[ways_table(title, measured, reference="libcurl", note=note)])
    by_name = {way.name: way.ratio for way in measured}
    result.bars |= {"forward": by_name[ONE], "forward_tens": by_name[TENS]}
    return result


def _floors(folder: Path, url: str) -> dict[str, Callable[[], float]]:
    size = body_bytes(new_event(1, Pictures().of(1)))
    curl, body = CurlFloor(url), bytes(size)
    place = os.open(folder, os.O_RDONLY)

    def in_c() -> float:
        began_ns = time.process_time_ns()
        for number in range(EVENTS):
            curl.forward(place, f"c-{number}", body)
        return (time.process_time_ns() - began_ns) / EVENTS / 1000

    floors = {CURL: in_c}
    try:
        go = GoFloor(url, folder, size)
    except FloorError:
        return floors
    return {**floors, GO: lambda: go.forward(EVENTS) / EVENTS / 1000}


class Forwarding:
    """Ours: put, and wait until the receiver has it."""

    def __init__(self, folder: Path, url: str) -> None:
        self._outbox = Outbox(OutboxSettings(path=folder / "outbox"), clock=SYSTEM_CLOCK)
        self._worker = worker_of(self._outbox, url)
        self._pictures = Pictures()
        self._next = 0
        self._sent = threading.Semaphore(0)
        self._worker.start()
        sink = self._worker._sink  # noqa: SLF001 - to hear of each event that was sent
        send = sink.send

        def sent(*arguments: object) -> object:
            outcome = send(*arguments)  # type: ignore[arg-type]
            self._sent.release()
            return outcome

        sink.send = sent  # type: ignore[method-assign,assignment]

    def close(self) -> None:
        self._worker.stop()
        self._outbox.close()

    def one_by_one(self) -> float:
        return self._forward(1)

    def in_tens(self) -> float:
        return self._forward(10)

    def _forward(self, group: int) -> float:
        batches = [self._batch(group) for _ in range(EVENTS // group)]
        began_ns = time.process_time_ns()
        for batch in batches:
            self._outbox.put(batch)
            for _ in batch:
                self._sent.acquire()
        return (time.process_time_ns() - began_ns) / EVENTS / 1000

    def _batch(self, group: int) -> list[NewEvent]:
        self._next += group
        numbers = range(self._next - group, self._next)
        return [new_event(number, self._pictures.of(number)) for number in numbers]


def _compare(ways: Mapping[str, Callable[[], float]], rounds: int) -> Sequence[Way]:
    """As `method.compare`, of ways that tell their CPU time themselves."""
    draw = random.Random(1)  # noqa: S311 - an order, not a secret
    times: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for name in order:
        ways[name]()
    for _ in range(rounds):
        draw.shuffle(order)
        for name in order:
            times[name].append(ways[name]())
    return [_way(name, us, times[CURL]) for name, us in times.items()]


def _way(name: str, us: Sequence[float], floor_us: Sequence[float]) -> Way:
    low, middle, high = quartiles([mine / floor for mine, floor in zip(us, floor_us, strict=True)])
    return Way(
        name=name,
        us=statistics.median(us),
        best_us=min(us),
        ratio=middle,
        low=low,
        high=high,
    )
