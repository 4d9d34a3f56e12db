"""Events at a camera's pace, in a process of its own: `python paced.py FRAME OUTBOX URL EVENTS`.

Uses nothing but names that 0.1.0 has, too, so that both are fed the same. Prints CPU time and bytes written per event.
"""

from __future__ import annotations

import inspect
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile

WIDTH, HEIGHT = 1920, 1080
VEHICLE, PLATE = (560, 360, 640, 400), (800, 640, 160, 48)
RATE_PER_S, WARM = 20, 20
FRAME_NS = 1_000_000_000 // RATE_PER_S
DRAIN_S = 60.0


def main() -> None:
    """As the module says."""
    frame_path, outbox, url, events = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        sys.argv[3],
        int(sys.argv[4]),
    )
    frame = memoryview(frame_path.read_bytes()).cast("B", (HEIGHT * 3 // 2, WIDTH))
    profile = Profile("bench", HttpPost(url), device_id="GATE-1", events={"new"}, two_images=True)
    # What 0.1.0 did not do, neither does: remember events that nobody wanted.
    forgets = "history_days" in inspect.signature(OutboxSettings).parameters
    kept: dict[str, Any] = {"history_days": 0} if forgets else {}
    engine = Engine(
        profiles=[profile],
        frame_format=FrameFormat.NV12_FULL,
        outbox=OutboxSettings(path=outbox, **kept),
    )
    pause = threading.Event()
    with engine.running(live=False):
        spent_ns = written = began_ns = 0
        for number in range(WARM + events):
            if number == WARM:
                engine.drain(DRAIN_S)
                spent_ns, written = time.process_time_ns(), written_bytes()
                began_ns = time.monotonic_ns() - number * FRAME_NS
            if number >= WARM:
                pause.wait(max(0, began_ns + number * FRAME_NS - time.monotonic_ns()) / 1e9)
            # Far apart in time and with a plate of its own: each is a vehicle of its own.
            at = FrameTime(
                number * 20_000_000_000, 1_763_800_000_000_000_000 + number * 20_000_000_000
            )
            engine.observe(frame, [a_read(number)], at)
        engine.drain(DRAIN_S)
        spent_ns, written = time.process_time_ns() - spent_ns, written_bytes() - written
    print(json.dumps({"cpu_us": spent_ns / events / 1000, "written": written / events}))


def a_read(track: int) -> PlateRead:
    """One read of a new vehicle in the middle of the frame."""
    return PlateRead(
        track=track,
        text=f"{track % 10}AB{track * 7919 % 10_000:04d}",
        confidence=0.9,
        vehicle=VEHICLE,
        plate=PLATE,
        country="CZE",
    )


def written_bytes() -> int:
    """Bytes that this process has written to the disk so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


if __name__ == "__main__":
    main()
