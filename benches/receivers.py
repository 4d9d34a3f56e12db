"""What a second and a third receiver of the same event cost.

Engines with one, two and three HTTP profiles take turns; each event is said once, encoded once and stored once, then
rendered and sent to each. Counted is the CPU time of the process per event, by that of the engine with one profile.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benches import scene
from benches.disk import SCRATCH
from benches.event import DEVICE
from benches.listener import Listener
from benches.method import quartiles
from benches.report import Result, Table, number
from cammra_edge import (
    Engine,
    FrameFormat,
    HttpPost,
    OutboxSettings,
    Profile,
    TrackingSettings,
)

COUNTS = (1, 2, 3)
EVENTS = 40
DRAIN_S = 60.0


def run(*, quick: bool) -> Result:
    frame = scene.photo().frame(FrameFormat.NV12_FULL)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    times: dict[int, list[float]] = {count: [] for count in COUNTS}
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name, ExitStack() as stack:
        courses = {count: Course(stack, Path(name) / str(count), count, frame) for count in COUNTS}
        draw, order = random.Random(1), list(COUNTS)  # noqa: S311 - an order, not a secret
        for _ in range(3 if quick else 25):
            draw.shuffle(order)
            for count in order:
                times[count].append(courses[count].us_per_event())
    more = {
        count: [
            (us - one) / one / (count - 1) for us, one in zip(times[count], times[1], strict=True)
        ]
        for count in COUNTS[1:]
    }
    rows = [("1", number(statistics.median(times[1])), "", "")]
    rows += [
        (
            f"{count}",
            number(statistics.median(times[count])),
            f"{statistics.median(shares):.3f}",
            "{:.3f} to {:.3f}".format(*quartiles(shares)[::2]),
        )
        for count, shares in more.items()
    ]
    columns = ("receivers", "CPU µs per event", "each further one, by one event", "quartiles")
    return Result(
        tables=[Table("More receivers of the same event", columns, tuple(rows))],
        bars={f"receiver_{count}": statistics.median(shares) for count, shares in more.items()},
    )


class Course:
    """An engine that runs, and its receivers."""

    def __init__(self, stack: ExitStack, folder: Path, count: int, frame: scene.Frame) -> None:
        listeners = [stack.enter_context(Listener()) for _ in range(count)]
        profiles = [
            Profile(
                f"bench {place}",
                HttpPost(listener.url),
                device_id="GATE-1",
                events={"new"},
                two_images=True,
            )
            for place, listener in enumerate(listeners, start=1)
        ]
        self._engine = Engine(
            device=DEVICE,
            profiles=profiles,
            frame_format=FrameFormat.NV12_FULL,
            outbox=OutboxSettings(path=folder / "outbox"),
            # All of them stand in one place: each is to be a vehicle of its own.
            tracking=TrackingSettings(lost_after_s=2.0, relink=False),
        )
        folder.mkdir()
        stack.enter_context(self._engine.running(live=False))
        self._frame = frame
        self._next = 0
        self.us_per_event()  # connections are open, caches are warm

    def us_per_event(self) -> float:
        """CPU time of so many events, from the frame until every receiver has them."""
        began_ns = time.process_time_ns()
        for _ in range(EVENTS):
            self._next += 1
            self._engine.wait_for_room()
            reads = [scene.a_read(1000 + self._next)]
            self._engine.observe(self._frame, reads, scene.at_frame(self._next))
        assert self._engine.drain(DRAIN_S)
        assert self._engine.status().tracker["vehicles"] == self._next
        return (time.process_time_ns() - began_ns) / EVENTS / 1000
