"""A wall clock that starts in the past and jumps while a replay runs; `libfaketime` does it to the process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import Durability
from cammra_edge.outbox.log import Log
from cammra_edge.storing import Ledger
from tests.end_to_end.playing import WAIT_S, finished
from tests.faults.finding import CannotBeProvokedError, Finding, need
from tests.faults.kills import replay, script_for, three_receivers

if TYPE_CHECKING:
    from cammra_edge.receiver import Receiver

LIBRARY = "libfaketimeMT.so.1"
DAY_S = 86_400
FIRST, SECOND, LAST = "-20500d", "+1d", "-1d"
"""Offsets from the real time: about 1970, tomorrow, yesterday."""
EVENTS_BETWEEN = 5


def jumping_clock(folder: Path, *, recording: Path) -> Finding:
    """One receiver is away at the first jump, so that retries wait across it; events expire after ten minutes."""
    library = _library()
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "calm.py", receivers, folder / "calm")
        finished(replay(recording, script, folder, "max"))
        wanted = [{event.raw for event in one.events} for one in receivers]
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        outbox = folder / "o"
        script = script_for(folder / "jumps.py", receivers, outbox)
        script.write_text(script.read_text().replace("device_id", "max_age_s=600.0, device_id"))
        offset = folder / "offset"
        offset.write_text(FIRST)
        receivers[0].go_away()
        process = stack.enter_context(_replay_by(library, offset, recording, script))
        _wait_for(receivers[1], EVENTS_BETWEEN)
        offset.write_text(SECOND)
        _wait_for(receivers[1], 2 * EVENTS_BETWEEN)
        receivers[0].come_back()
        offset.write_text(LAST)
        process.communicate(timeout=WAIT_S)
        got = [{event.raw for event in one.events} for one in receivers]
        wrong = [problem for one in receivers for problem in one.problems]
    lost = sum(len(expected - come) for expected, come in zip(wanted, got, strict=True))
    return Finding(
        "wall clock in 1970, then a day ahead, then a day behind, in a replay into three receivers",
        f"{lost} of {sum(map(len, wanted))} events lost or expired, {len(wrong)} out of order",
        held=process.returncode == 0 and got == wanted and not wrong and _was_behind(outbox),
    )


def _wait_for(receiver: Receiver, events: int) -> None:
    if not receiver.wait_for(lambda: len(receiver.events) >= events, WAIT_S):
        raise RuntimeError(f"{len(receiver.events)} of {events} events came in {WAIT_S} s")


def _was_behind(outbox: Path) -> bool:
    """Did the process really live by the last offset? It notes the time with every group."""
    log = Log(
        outbox, max_bytes=0, durability=Durability.PROCESS, clock=SYSTEM_CLOCK, read_only=True
    )
    log.open()
    ledger = Ledger(0)
    for part in log.replay():
        ledger.replay(part.segment, part.digests)
    saved_ns = ledger.state()["saved_utc_ns"]
    log.close()
    return isinstance(saved_ns, int) and time.time() - saved_ns / 1e9 > DAY_S / 2


def _library() -> Path:
    need("faketime")
    for folder in (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")):
        for found in folder.glob(f"**/{LIBRARY}"):
            return found
    raise CannotBeProvokedError(f"needs {LIBRARY}")


def _replay_by(library: Path, offset: Path, recording: Path, script: Path) -> subprocess.Popen[str]:
    words = ["replay", str(recording), "--config", str(script), "--speed", "2"]
    return subprocess.Popen(
        [sys.executable, "-m", "cammra_edge", *words],
        cwd=script.parent,
        env={
            **os.environ,
            "TZ": "UTC",
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
