"""`kill -9` at random moments of a replay into three receivers, seeded."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

from cammra_edge.receiver import Receiver
from tests.end_to_end.playing import finished, start
from tests.faults.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

KILLS_PER_OUTBOX = 20
EARLIEST_S, LATEST_S = 0.3, 3.0
WAYS = ("HTTP multipart", "HTTP JSON", "TCP")
TCP_ANSWER = "OK"
"""Without one, an event is delivered once the receiver's kernel has it, and its program may read the next one first."""


def script_for(path: Path, receivers: list[Receiver], outbox: Path) -> Path:
    """Three profiles, one per receiver, each with every event and a picture where the recording has any."""
    one, two, three = receivers
    every = "events={'new', 'reliable', 'update', 'lost'}"
    path.write_text(
        "from pathlib import Path\n"
        "from cammra_edge import Device, Engine, HttpPost, OutboxSettings, Profile, Tcp\n"
        "engine = Engine(\n"
        "    device=Device(serial='B8A44F960ACE', time_zone='Europe/Berlin'),\n"
        "    profiles=[\n"
        f"        Profile('one', HttpPost({one.http_url!r}), device_id='A', {every}, window=4),\n"
        f"        Profile('two', HttpPost({two.http_url!r}, multipart=False), device_id='B', {every}),\n"
        f"        Profile('three', Tcp({three.tcp_address!r}, ack={TCP_ANSWER!r}), device_id='C', {every}),\n"
        "    ],\n"
        f"    outbox=OutboxSettings(path=Path({str(outbox)!r})))\n"
    )
    return path


def three_receivers(stack: ExitStack) -> list[Receiver]:
    """Two for HTTP, one for TCP."""
    address = ("127.0.0.1", 0)
    return [
        stack.enter_context(Receiver(http=address)),
        stack.enter_context(Receiver(http=address)),
        stack.enter_context(
            Receiver(http=None, tcp=address, tcp_answer=TCP_ANSWER.encode("ascii"))
        ),
    ]


def kill_sweep(folder: Path, recording: Path, *, kills: int, seed: int = 1) -> Finding:
    """Replay, kill, replay again on the same outbox …; at the end compare with a run left alone."""
    chance = random.Random(seed)  # noqa: S311 - seeded, to be repeatable
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "calm.py", receivers, folder / "calm")
        finished(replay(recording, script, folder, "max"))
        wanted = [{event.raw for event in one.events} for one in receivers]
    killed = lost = other = repeats = 0
    wrong: list[str] = []
    for round_no in range((kills + KILLS_PER_OUTBOX - 1) // KILLS_PER_OUTBOX):
        with ExitStack() as stack:
            receivers = three_receivers(stack)
            outbox = folder / f"round{round_no}"
            script = script_for(folder / f"round{round_no}.py", receivers, outbox)
            for _ in range(min(KILLS_PER_OUTBOX, kills - killed)):
                while not _killed(replay(recording, script, folder, "4"), chance):
                    pass  # it was done before
                killed += 1
            finished(replay(recording, script, folder, "max"))
            for way, receiver, expected in zip(WAYS, receivers, wanted, strict=True):
                got = {event.raw for event in receiver.events}
                lost += len(expected - got)
                other += len(got - expected)
                repeats += len(receiver.arrivals) - len(receiver.events)
                wrong += [f"{way}: {problem}" for problem in receiver.problems]
    total = sum(map(len, wanted))
    return Finding(
        f"kill -9 at {killed} random moments of a replay into three receivers",
        f"{lost} of {total} events lost, {other} with other bytes or another number, {len(wrong)} out of order,"
        f" {repeats} repeats{': ' * bool(wrong)}{'; '.join(wrong[:2])}",
        held=total > 0 and not lost and not other and not wrong,
    )


def _killed(process: subprocess.Popen[str], chance: random.Random) -> bool:
    """Kill it after a while; False when it had ended before."""
    try:
        process.wait(chance.uniform(EARLIEST_S, LATEST_S))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def replay(recording: Path, script: Path, folder: Path, speed: str) -> subprocess.Popen[str]:
    """The command line as a process."""
    return start("replay", str(recording), "--config", str(script), "--speed", speed, cwd=folder)
