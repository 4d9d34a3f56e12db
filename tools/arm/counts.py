"""Instructions, counted one by one under emulation: a witness without noise, where no time can be measured.

`icount.c` is a plugin for qemu. What one call of a job costs is the difference between many and few calls of it, so
that starting Python, reading the frame and the first call's set-up are not in it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from benches.bars import limit_of

from tools.arm import frame, record
from tools.arm.root import Root
from tools.arm.steps import StopError, run, step
from tools.arm.targets import AARCH64, Target
from tools.arm.toolchain import REPOSITORY, Toolchain
from tools.arm.wheel import libturbojpeg

MAX_RATIO = 1.10
"""Instructions of the package over those of plain C, both on the same emulated core: more stops the recipe."""
MORE = 0.05
"""So does a ratio that is so much above the one on record."""

WITHOUT_NEON = {"JSIMD_FORCENONE": "1"}  # libjpeg-turbo, simd/arm/*/jsimd.c
MIN_SAVING = 1.6
"""Instructions without NEON over with, for a vehicle crop of libjpeg-turbo's. Without vector code it is 1.0."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that is counted, and how often: small ones more often, since Python's own start varies a little."""

    name: str
    frame_format: str
    few: int
    many: int
    bar: str = ""
    """Key of its bar, which holds where the encoder of our own has vector instructions."""

    def limit(self, target: Target) -> float:
        """The most that ours should cost, by plain C."""
        return limit_of(self.bar) if self.bar and target == AARCH64 else MAX_RATIO

    def __str__(self) -> str:
        return f"{self.name} from {self.frame_format}"


VEHICLE = Job("vehicle", "rgb", 2, 8)
"""Of RGB, since NV12 has an encoder of our own."""
JOBS = (
    Job("vehicle", "nv12", 2, 8, "aarch64_vehicle"),
    VEHICLE,
    Job("plate", "nv12", 10, 90, "aarch64_plate"),
    Job("plate", "rgb", 10, 90),
    Job("full", "nv12", 1, 3),
    Job("event", "nv12", 2, 8, "aarch64_event"),
    Job("event", "rgb", 2, 8),
)


def plugin(chain: Toolchain) -> Path:
    """The counting plugin, built with the machine's C compiler."""
    source = Path(__file__).parent / "icount.c"
    built = chain.cache / "icount.so"
    if not built.exists() or built.stat().st_mtime_ns < source.stat().st_mtime_ns:
        run(
            [
                "cc",
                "-O2",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fPIC",
                "-shared",
                "-o",
                str(built),
                str(source),
            ]
        )
    return built


def count(root: Root, command: list[str], environment: dict[str, str]) -> int:
    """Instructions that an emulated program executes from its first to its last.

    Raises:
        StopError: The program failed.
    """
    out = root.chain.cache / f"icount-{root.target.name}"
    out.unlink(missing_ok=True)
    run(
        [*root.emulate(), "-plugin", f"{plugin(root.chain)},out={out}", *command],
        cwd=REPOSITORY,
        env={
            **root.environment(),
            **root.python_environment(),
            "PYTHONHASHSEED": "0",
            **environment,
        },
    )
    return int(out.read_text())


def per_call(
    root: Root, command: list[str], job: Job, environment: dict[str, str] | None = None
) -> float:
    """Instructions of one call."""
    picture = frame.written(root.chain.cache)[job.frame_format]
    whole = [*command, job.name, job.frame_format, str(picture)]
    few = count(root, [*whole, str(job.few)], environment or {})
    many = count(root, [*whole, str(job.many)], environment or {})
    return (many - few) / (job.many - job.few)


def ours(root: Root) -> list[str]:
    """The command that does a job through the package."""
    return [*root.python_command(), "-m", "tools.arm.jobs"]


def floor(root: Root) -> list[str]:
    """The command that does a job in plain C, compiled for the target."""
    chain, target = root.chain, root.target
    archive = libturbojpeg(chain, target)
    built = chain.cache / f"floor-{target.name}"
    run(
        [
            *(
                str(chain.tools / "python-zig"),
                "cc",
                "-target",
                f"{target.zig}.2.17",
                "-O3",
                "-fno-sanitize=all",
            ),
            *(f"-mcpu={target.core.replace('-', '_')}", "-o", str(built)),
            *("-I", str(REPOSITORY / "benches/floor"), "-I", str(archive.parents[1] / "include")),
            *(str(Path(__file__).parent / "floor.c"), str(archive)),
        ],
        env=chain.environment(target),
    )
    return [str(built)]


def prove_neon(root: Root) -> None:
    """Stop unless the installed wheel encodes with NEON: a name could lie, a count cannot.

    Raises:
        StopError: It does not.
    """
    with step(f"NEON on {root.target.name}"):
        name = root.says("from cammra_edge import imaging; print(imaging.simd_name())")
        if name != "neon":
            raise StopError(f"libjpeg-turbo uses {name!r} on {root.target.core}, want 'neon'")
        with_neon = per_call(root, ours(root), VEHICLE)
        without = per_call(root, ours(root), VEHICLE, WITHOUT_NEON)
        sys.stdout.write(
            f"{root.target.name}: {VEHICLE}: {with_neon / 1e6:.2f} M instructions with NEON, "
            f"{without / 1e6:.2f} M without, {without / with_neon:.2f} x\n"
        )
        if without < MIN_SAVING * with_neon:
            raise StopError(f"NEON saves {without / with_neon:.2f} x, want at least {MIN_SAVING}")


def compare(root: Root, *, quick: bool = False) -> None:
    """Count jobs of ours and of the floor, beside their bars; stop where one costs too much by it, or more than before.

    A quick run counts what has a bar; a whole one counts everything and is put on record.

    Raises:
        StopError: Names the jobs that cost too much.
    """
    with step(f"instructions on {root.target.name}"):
        in_c = floor(root)
        before = record.recorded().get(root.target.name, {})
        counted, too_much = {}, []
        sys.stdout.write(
            f"| job on {root.target.core} | C floor | cammra_edge | ratio | bar | |\n"
            "|---|--:|--:|--:|--:|---|\n"
        )
        for job in (job for job in JOBS if job.bar or not quick):
            least, spent = (round(per_call(root, way, job)) for way in (in_c, ours(root)))
            counted[str(job)] = both = record.Counted(least, spent)
            bar = job.limit(root.target)
            sys.stdout.write(
                f"| {job} | {least / 1e6:.3f} M | {spent / 1e6:.3f} M | {both.ratio:.3f} "
                f"| ≤ {bar:.2f} | {'met' if both.ratio <= bar else '**missed**'} |\n"
            )
            sys.stdout.flush()
            most = most_of(before.get(str(job)))
            if both.ratio > most:
                too_much.append(f"{job}: {both.ratio:.3f}, want at most {most:.3f}")
        if too_much:
            raise StopError(f"too many instructions by the C floor: {'; '.join(too_much)}")
        if not quick:
            record.put(root.target, counted)


def most_of(before: record.Counted | None) -> float:
    """The ratio above which the recipe stops."""
    return min(MAX_RATIO, before.ratio * (1 + MORE)) if before else MAX_RATIO
