"""Real engines in one process: `python -m tests.fleet.engines PLAN`, as `clients`, but with all that an engine has.

Each has an outbox of its own on disk, and pictures go with Reliable and Lost.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from pathlib import Path

from cammra_edge import (
    Device,
    Engine,
    FrameFormat,
    FrameTime,
    Mqtt,
    OutboxSettings,
    PlateRead,
    Profile,
    Settings,
)
from cammra_edge.model import EventKind
from tests.fleet.clients import LATE_S, Plan
from tests.fleet.machine import taken
from tests.servers import LOOPBACK

WIDTH, HEIGHT, STEPS = 320, 180, 6
FRAME = memoryview(bytes([128]) * (WIDTH * HEIGHT)).cast("B", (HEIGHT, WIDTH))


def settings_of(plan: Plan, number: int, folder: Path) -> Settings:
    """One profile that wants every event."""
    way = Mqtt(
        f"mqtt://{LOOPBACK}:{plan.port}",
        site="fleet",
        ack="reply" if plan.reply else "",
        reply_by=plan.reply,
    )
    return Settings(
        profiles=[
            Profile(
                "hub",
                way,
                events=set(EventKind),
                spread_s=plan.spread_s,
                drain_per_s=plan.drain_per_s,
            )
        ],
        device=Device(serial=f"ENGINE{number:03d}"),
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=folder / str(number), max_bytes=32 << 20, history_days=0),
    )


def passes(engine: Engine, track: int) -> None:
    """One vehicle says all that it has to say."""
    began_ns = time.monotonic_ns()
    for step in range(STEPS):
        ns = began_ns + 40 * step * 1_000_000
        read = PlateRead(
            track=track,
            text=f"1AB{track:04}",
            confidence=0.9,
            vehicle=(100.0, 50.0 + 4 * step, 80.0, 60.0),
            plate=(120.0, 90.0 + 4 * step, 30.0, 8.0),
        )
        engine.observe(FRAME, [read], FrameTime(ns, 1_790_000_000_000_000_000 + ns))
    engine.finish()


def main(plan: Plan) -> None:
    """As `clients.main`."""
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        engines = [
            Engine(settings_of(plan, n, Path(folder)), stream_id=f"fleet-{n}")
            for n in range(plan.cameras)
        ]
        for engine in engines:
            engine.start(live=False)
        events_a_vehicle = 3
        gap_s = events_a_vehicle / plan.rate_per_s / max(1, plan.cameras)
        end_s = time.monotonic() + plan.seconds
        track = 0
        while time.monotonic() < end_s:
            track += 1
            passes(engines[track % len(engines)], track)
            time.sleep(gap_s)
        for engine in engines:
            engine.drain(LATE_S)
        stands = [profile for engine in engines for profile in engine.status().profiles]
        tries = [one for engine in engines for one in engine.operator.journal()["hub"]]
        done = [one for one in tries if one.outcome == "delivered"]
        told = {
            "said": sum(one.put for one in stands),
            "delivered": sum(one.delivered for one in stands),
            "waiting": sum(one.queue_events for one in stands),
            "parked": sum(one.parked for one in stands),
            "took_ms": [round(one.took_ns / 1e6, 2) for one in done],
            **taken(),
        }
        Path(plan.file).write_text("\n".join(one.event_id for one in done), encoding="ascii")
        for engine in engines:
            engine.stop()
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])))
