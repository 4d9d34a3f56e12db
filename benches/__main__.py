"""Runs the parts, each in its own process; shows and stores the results.

python -m benches                every part, minutes; writes benches/README.md and docs/bench.svg
python -m benches --quick        fewer rounds, under a minute; shows only
python -m benches event split    these parts only; shows only
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from tools.arm.record import recorded as counted_on_arm

from benches.bars import bars_table
from benches.instructions import recorded
from benches.method import pin
from benches.plot import svg
from benches.report import Result, Table, middle

HERE = Path(__file__).resolve().parent
PAGE = HERE / "README.md"
PLOT = HERE.parent / "docs" / "bench.svg"
SIMD = HERE.parent / "target" / "bench" / "pillow-simd"
"""Where `make bench` builds pillow-simd, if it can."""

ALLOCATIONS = HERE.parent / "rust" / "cammra-core" / "tests" / "allocations.rs"
"""The test that counts them with an allocator of its own."""

WHOLE = "whole event of a photograph, observe to the receiver's last byte"
ARM_JOBS = ("vehicle", "plate", "event")
SAME_BYTES = HERE.parent / "tests" / "native" / "test_imaging_encoders.py"
"""The test that our encoder writes libjpeg-turbo's bytes, so that nothing of a picture's quality can differ."""

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PEERS = (
    "Pillow",
    "opencv-python-headless",
    "simplejpeg",
    "PyTurboJPEG",
    "httpx",
    "urllib3",
    "numpy",
)


@dataclass(frozen=True)
class Part:
    """One part: a module with `run(*, quick, …) -> Result`.

    The memory layout of a process shifts the ratio of two nearly equal ways by some hundredths for as long as it runs.
    Such parts run in several processes, and the middle one is reported.
    """

    module: str
    options: dict[str, Any] = field(default_factory=dict)
    pinned: bool = True
    simd: bool = False
    processes: int = 1


PARTS = {
    "event": Part("event", processes=7),
    "imaging": Part("imaging", processes=3),
    "photographs": Part("photographs", processes=3),
    "kernels": Part("kernels", processes=3),
    "decode": Part("decode", processes=3),
    "event-simd": Part("event", {"simd": True}, simd=True),
    "payload": Part("payload"),
    "send": Part("send"),
    "calling-thread": Part("calling_thread"),
    "split": Part("split", pinned=False),
    "path-rgb": Part("path", {"source": "rgb"}, pinned=False),
    "path-nv12": Part("path", {"source": "nv12"}, pinned=False),
    "path-mjpeg": Part("path", {"source": "mjpeg"}, pinned=False),
    "whole": Part("whole", pinned=False),
    "recordings": Part("replay", pinned=False),
    "thrift": Part("thrift", pinned=False),
    "store": Part("store", pinned=False),
    "enqueue": Part("enqueue", pinned=False),
    "forward": Part("forward", pinned=False),
    "receivers": Part("receivers", pinned=False),
    "backlog": Part("backlog", pinned=False),
    "search": Part("search", pinned=False),
    "vehicles": Part("vehicles", pinned=False),
}


def main() -> int:
    """As the module says."""
    arguments = _arguments()
    if arguments.part:
        return _one(arguments.part, quick=arguments.quick, to=arguments.to)
    names = arguments.parts or list(PARTS)
    found = Result()
    for name in names:
        count = 1 if arguments.quick else PARTS[name].processes
        results = []
        while len(results) < count:
            result = _in_own_process(name, quick=arguments.quick)
            if result is None:
                return 1
            results.append(result)
        result = middle(results)
        for table in result.tables:
            print(table.markdown(), end="\n\n", flush=True)
        found.tables += result.tables
        found.bars |= result.bars
        found.plots += result.plots
    _conclude(found.bars)
    bars = bars_table(found.bars, whole=not arguments.parts)
    print(bars.markdown())
    if not arguments.parts and not arguments.quick:
        _write(found, bars)
        print(f"\nwritten to {PAGE} and {PLOT}")
    return 0


def _conclude(bars: dict[str, float | str]) -> None:
    """What takes two parts to say."""
    quiet, event = bars.get("observe_quiet_us"), bars.get("event_cpu_us")
    if isinstance(quiet, float) and isinstance(event, float):
        bars["observe_share"] = quiet / event
    bars["whole_instructions_k"] = recorded()[1][WHOLE] / 1000
    bars["store_instructions_k"] = recorded()[1]["outbox: put, take, done"] / 1000
    on_arm = counted_on_arm()["aarch64"]
    bars |= {f"aarch64_{job}": on_arm[f"{job} from nv12"].ratio for job in ARM_JOBS}
    if SAME_BYTES.exists():
        bars["quality"] = f"the same bytes: held by `{SAME_BYTES.relative_to(HERE.parent)}`"
    if ALLOCATIONS.exists():
        bars["observe_allocations"] = f"held by `{ALLOCATIONS.relative_to(HERE.parent)}`"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", choices=[[], *PARTS], metavar="part", help=", ".join(PARTS)
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_own_process(name: str, *, quick: bool) -> Result | None:
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "result.json"
        command = [sys.executable, "-m", "benches", "--part", name, "--to", str(to)]
        began = time.monotonic()
        environment = dict(os.environ)
        if PARTS[name].simd:
            environment["PYTHONPATH"] = str(
                SIMD
            )  # it owns the name PIL, so it has a process of its own
        done = subprocess.run(
            [*command, *(["--quick"] if quick else [])], check=False, env=environment
        )
        if done.returncode:
            print(f"{name} failed with {done.returncode}", file=sys.stderr)
            return None
        print(f"## {name} ({time.monotonic() - began:.0f} s)\n", flush=True)
        return Result.from_json(to.read_text())


def _one(name: str, *, quick: bool, to: Path) -> int:
    part = PARTS[name]
    if part.pinned:
        pin()
    result: Result = importlib.import_module(f"benches.{part.module}").run(
        quick=quick, **part.options
    )
    to.write_text(result.to_json())
    return 0


def _write(found: Result, bars: Table) -> None:
    tables = "\n\n".join(table.markdown() for table in (bars, *found.tables))
    block = f"{BEGIN}\n\n{_machine()}\n\n{tables}\n\n{END}"
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + block + after)
    PLOT.write_text(svg(found.plots))


def _machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    versions = ", ".join(f"{name} {_version(name)}" for name in PEERS if _version(name))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {cpu}, {os.cpu_count()} cores, load {load}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {versions}."
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
