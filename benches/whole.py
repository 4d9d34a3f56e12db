"""One whole event, from `observe` to the receiver's last byte, by what it costs in CPU time.

* Beside C: the floor makes the body, it is kept in a file of its own, file and folder are flushed, libcurl posts it.
  Both take turns, one event after the other, to one receiver.
* Beside 0.1.0 (commit f972f2e), which is fetched from the repository's own history and built into a virtual environment
  of its own under `target/bench`: at 20 events a second, a camera's pace, where nothing shares a commit. The two take
  turns, too.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from benches import scene
from benches.disk import SCRATCH
from benches.floor import CurlFloor, EventFloor
from benches.listener import Listener
from benches.method import quartiles
from benches.path import delivering
from benches.report import Result, Table, number

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
THEN = "f972f2e59d73e9828265e159299d8ddb046278a4"
"""What is called 0.1.0 here."""

HOME = ROOT / "target" / "bench" / "0.1.0"
EVENTS = 20
"""Of one sample."""

DRAIN_S = 60.0
RATE_PER_S = 20


class ThenError(Exception):
    """Why 0.1.0 cannot be built."""


def run(*, quick: bool) -> Result:
    result = Result()
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        result.bars["whole_by_floor"] = _beside_c(result, Path(folder), 5 if quick else 31)
    try:
        python = python_then()
    except ThenError as error:
        result.bars["whole_by_then"] = str(error)
        return result
    result.bars["whole_by_then"] = _beside_then(
        result, python, 1 if quick else 5, 3 if quick else 20
    )
    return result


def _scratch() -> Path:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    return SCRATCH


def _beside_c(result: Result, folder: Path, rounds: int) -> float:
    photo = scene.photo()
    frames = iter(range(1_000_000))
    # What C does not do, neither does the engine: remember a vehicle's other events, which nobody wants.
    with (
        Listener() as listener,
        delivering("nv12", folder, listener.url, remembers=False) as engine,
    ):

        def ours() -> None:
            for _ in range(EVENTS):
                frame = next(frames)
                engine.observe(photo.nv12, [scene.a_read(frame)], scene.at_frame(frame))
                engine.drain(DRAIN_S)

        floor = EventFloor(photo.nv12, scene.VEHICLE, scene.PLATE, bytes(2_000))
        curl, place = CurlFloor(listener.url), os.open(folder, os.O_RDONLY)
        body = bytes(floor.event())

        def in_c() -> None:
            for event in range(EVENTS):
                floor.event()
                curl.forward(place, f"c-{event}", body)

        ways: dict[str, Callable[[], None]] = {
            "C: the floor, libcurl + file + fsync": in_c,
            "cammra_edge": ours,
        }
        times = _turns(ways, rounds)
        os.close(place)
    c_us, ours_us = times.values()
    low, middle, high = quartiles([mine / c for mine, c in zip(ours_us, c_us, strict=True)])
    rows = [(name, number(statistics.median(us)), number(min(us))) for name, us in times.items()]
    note = f"Ours by C: {middle:.2f} ({low:.2f} to {high:.2f}). One event after the other: no commit is shared."
    result.tables.append(
        Table("A whole event, CPU time", ("way", "µs", "best µs"), tuple(rows), note)
    )
    return middle


def _turns(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    draw = random.Random(1)  # noqa: S311 - an order, not a secret
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name in draw.sample(list(ways), len(ways)):
            began_ns = time.process_time_ns()
            ways[name]()
            times[name].append((time.process_time_ns() - began_ns) / EVENTS / 1000)
    return times


def _beside_then(result: Result, python: Path, rounds: int, seconds: int) -> float:
    with tempfile.TemporaryDirectory(dir=_scratch()) as name:
        frame = Path(name) / "nv12"
        frame.write_bytes(scene.photo().nv12.tobytes())
        programs = {"cammra_edge": Path(sys.executable), "0.1.0": python}
        found: dict[str, list[dict[str, float]]] = {who: [] for who in programs}
        for _ in range(rounds):
            for who, program in programs.items():
                with Listener() as listener, tempfile.TemporaryDirectory(dir=name) as outbox:
                    found[who].append(_paced(program, frame, Path(outbox), listener.url, seconds))
    ratios = [
        now["cpu_us"] / then["cpu_us"]
        for now, then in zip(found["cammra_edge"], found["0.1.0"], strict=True)
    ]
    rows = tuple(
        (
            who,
            number(statistics.median(run["cpu_us"] for run in runs)),
            f"{statistics.median(run['written'] for run in runs):,.0f}",
        )
        for who, runs in found.items()
    )
    note = f"0.1.0 is commit {THEN[:7]}, built beside. Ours by it: {statistics.median(ratios):.2f}."
    columns = ("way", "CPU µs per event", "bytes written per event")
    result.tables.append(Table("At 20 events a second", columns, rows, note))
    return statistics.median(ratios)


def _paced(python: Path, frame: Path, folder: Path, url: str, seconds: int) -> dict[str, float]:
    script = Path(__file__).with_name("paced.py")
    words = [str(frame), str(folder / "outbox"), url, str(seconds * RATE_PER_S)]
    ran = subprocess.run(
        [str(python), "-P", str(script), *words], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ThenError(f"{script.name} failed: {ran.stderr[-500:]}")
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def python_then() -> Path:
    """The interpreter of the environment that has 0.1.0; made on first use, in minutes.

    Raises:
        ThenError: The commit is not in this clone, or it does not build.
    """
    python = HOME / "venv" / "bin" / "python"
    ready = HOME / "ready"
    if ready.exists():
        return python
    git = shutil.which("git")
    if git is None:
        raise ThenError("want git, to fetch 0.1.0 from the history")
    shutil.rmtree(HOME, ignore_errors=True)
    source = HOME / "source"
    source.mkdir(parents=True)
    archive = HOME / "source.tar"
    _run([git, "-C", str(ROOT), "archive", "-o", str(archive), THEN], "0.1.0 is not in this clone")
    shutil.unpack_archive(archive, source, filter="data")
    venv.create(HOME / "venv", with_pip=True)
    _run([str(python), "-m", "pip", "install", "--quiet", str(source)], "0.1.0 does not build")
    shutil.rmtree(source)
    ready.touch()
    return python


def _run(command: list[str], otherwise: str) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ThenError(f"{otherwise}: {ran.stderr.strip()[-200:]}")
