"""An engine as a process, which tells vehicles as it is told to: `python -m tests.faults.camera PATH HTTP TCP`.

For each line of its input some vehicles say all they have to say; when everything has arrived, it prints how many
events that were so far, and how many tries were in vain.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cammra_edge import (
    Engine,
    FrameFormat,
    FrameTime,
    HttpPost,
    OutboxSettings,
    PlateRead,
    Profile,
    Settings,
    Tcp,
    Timeouts,
)
from cammra_edge.model import EventKind

WIDTH, HEIGHT = 640, 360
FRAME = memoryview(bytes([128]) * (WIDTH * HEIGHT)).cast("B", (HEIGHT, WIDTH))
VEHICLES, STEPS = 4, 6
PATIENT_S = 90.0
TIMEOUTS = Timeouts(connect_s=2.0, write_s=2.0, answer_s=2.0, total_s=5.0)


def settings_of(path: str, http: str, tcp: str) -> Settings:
    """Two profiles that want every event."""
    return Settings(
        profiles=[
            Profile("http", HttpPost(http, timeouts=TIMEOUTS), events=set(EventKind)),
            Profile("tcp", Tcp(tcp, timeouts=TIMEOUTS), events=set(EventKind)),
        ],
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=Path(path)),
    )


def tell(engine: Engine, first: int) -> None:
    """Some vehicles, one after the other, with a picture each."""
    for track in range(first, first + VEHICLES):
        for step in range(STEPS):
            ns = (track * 10_000 + 40 * step) * 1_000_000
            read = PlateRead(
                track=track,
                text=f"1AB{track:04}",
                confidence=0.9,
                vehicle=(200.0, 100.0 + 8 * step, 160.0, 120.0),
                plate=(240.0, 180.0 + 8 * step, 60.0, 16.0),
            )
            engine.observe(FRAME, [read], FrameTime(ns, 1_700_000_000_000_000_000 + ns))
    engine.finish()


def main(path: str, http: str, tcp: str) -> None:
    """Until its input ends."""
    engine = Engine(settings_of(path, http, tcp), stream_id="camera")
    with engine.running(live=False):
        for times, _ in enumerate(sys.stdin):
            tell(engine, 1 + times * VEHICLES)
            assert engine.drain(PATIENT_S)
            retried = sum(profile.retried for profile in engine.status().profiles)
            sys.stdout.write(f"{sum(engine.status().events.values())} {retried}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
