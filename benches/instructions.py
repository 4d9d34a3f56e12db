"""The second witness: instructions of each hot path, counted by callgrind, free of noise.

    python -m benches.instructions            compare with benches/instructions.json; fails above 5 %
    python -m benches.instructions --record   rewrite it

Counts of the same binary and interpreter agree to some ten-thousandths, on an idle machine and on a busy one. They hold
for the versions in the file: another Python or another processor family counts differently.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benches import scene
from benches.floor import FloorError, built

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
RECORD = HERE / "instructions.json"
LAYOUTS = (37, 101)
MORE = 0.05
"""How much more than recorded a path may cost."""


class CountError(Exception):
    """Why the paths cannot be counted."""


def counted(layout: int = 0) -> dict[str, float]:
    """Instructions of one call of each path.

    Args:
        layout: Number of extra environment variables, which move Python's objects in memory.

    Raises:
        CountError: valgrind or a C compiler is missing, or a path failed.
        FloorError: The floor cannot be built.
    """
    valgrind, compiler = shutil.which("valgrind"), shutil.which("cc")
    if valgrind is None or compiler is None:
        raise CountError("want valgrind and a C compiler: apt-get install valgrind gcc")
    with tempfile.TemporaryDirectory(prefix="cammra-count-") as name:
        folder = Path(name)
        _write_frames(folder)
        source = HERE / "floor" / "count.c"
        compiled = subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", str(folder / "count.so"), str(source)],
            capture_output=True,
            text=True,
            check=False,
        )
        if compiled.returncode:
            raise CountError(f"cc failed: {compiled.stderr[-500:]}")
        shutil.copy(built("image"), folder / "image.so")
        command = [
            valgrind,
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={folder / 'callgrind.out'}",
            sys.executable,
            "-m",
            "benches.counted",
            name,
        ]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        environment |= {f"CAMMRA_LAYOUT_{number}": "x" for number in range(layout)}
        run = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=HERE.parent, env=environment
        )
        counts = _parts(folder)
        if run.returncode or not counts:
            raise CountError(f"counting failed: {run.stderr[-1500:]}")
        return counts


def _write_frames(folder: Path) -> None:
    photo = scene.photo(drawn=True)
    (folder / "nv12").write_bytes(photo.nv12.tobytes())
    (folder / "photograph").write_bytes(scene.drawn_photograph().tobytes())
    (folder / "rgb").write_bytes(photo.rgb.tobytes())
    (folder / "jpeg").write_bytes(photo.jpeg)
    (folder / "rows").write_bytes(scene.with_restart_rows(photo.rgb))


def _parts(folder: Path) -> dict[str, float]:
    counts: dict[str, float] = {}
    numbered = (path for path in folder.glob("callgrind.out.*") if path.suffix[1:].isdigit())
    for path in sorted(numbered, key=lambda path: int(path.suffix[1:])):
        text = path.read_text(errors="replace")
        name = re.search(r"^desc: Trigger: Client Request: (.+)/(\d+)$", text, re.MULTILINE)
        totals = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if name and totals:
            counts[name[1]] = int(totals[1]) / int(name[2])
    return counts


def versions() -> dict[str, str]:
    """The versions that the counts hold for."""
    major, minor, _ = platform.python_version_tuple()
    return {
        "machine": platform.machine(),
        "python": f"{major}.{minor}",
        "libc": platform.libc_ver()[1],
    }


def recorded() -> tuple[dict[str, str], dict[str, float]]:
    """The recorded versions and counts."""
    plain = json.loads(RECORD.read_text())
    return plain["versions"], plain["instructions"]


def worse(now: Mapping[str, float], before: Mapping[str, float]) -> list[str]:
    """A sentence for each path that costs too much more than recorded, or is not on record."""
    sentences = [
        f"{name}: {now[name]:,.0f} instructions, {now[name] / before[name] - 1:+.1%} to {before[name]:,.0f}"
        for name in now
        if name in before and now[name] > before[name] * (1 + MORE)
    ]
    return sentences + [f"{name}: not on record" for name in now.keys() ^ before.keys()]


def counted_against(before: Mapping[str, float]) -> dict[str, float]:
    """Instructions of one call of each path; if one costs too much more than `before`, the least of several layouts.

    Python caches attributes in a table indexed by addresses: where two names of a path share a place, each look-up
    costs hundreds of instructions. That happens in one layout and not in the next; a dearer path is dearer in all.

    Raises:
        CountError, FloorError: As `counted`.
    """
    now = counted()
    for layout in LAYOUTS:
        if not worse(now, before):
            break
        again = counted(layout)
        now = {name: min(count, again[name]) for name, count in now.items()}
    return now


def table(now: Mapping[str, float], before: Mapping[str, float]) -> str:
    """The counts as a table, for people."""
    lines = ["| path | instructions | recorded | change |", "|---|--:|--:|--:|"]
    for name, count in now.items():
        was = before.get(name)
        change = f"{count / was - 1:+.1%}" if was else ""
        lines.append(f"| {name} | {count:,.0f} | {was or 0:,.0f} | {change} |")
    return "\n".join(lines)


def main() -> int:
    """As the module says."""
    parser = argparse.ArgumentParser(prog="python -m benches.instructions", description=__doc__)
    parser.add_argument("--record", action="store_true", help="rewrite the recorded counts")
    arguments = parser.parse_args()
    record_of, before = recorded()
    try:
        now = counted() if arguments.record else counted_against(before)
    except (CountError, FloorError) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.record:
        record = {
            "versions": versions(),
            "instructions": {name: round(count) for name, count in now.items()},
        }
        RECORD.write_text(json.dumps(record, indent=2) + "\n")
        print(table(now, {}))
        return 0
    print(table(now, before))
    if record_of != versions():
        print(f"recorded for {record_of}, counted on {versions()}: not comparable", file=sys.stderr)
        return 0
    dearer = worse(now, before)
    print("\n".join(dearer) or "no path costs more than 5 % over its record")
    return bool(dearer)


if __name__ == "__main__":
    sys.exit(main())
