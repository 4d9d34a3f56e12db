"""NEON at run time: the name that libjpeg-turbo gives, and the instructions that it saves.

A name could lie; a count cannot. The same pictures are encoded twice under emulation, once with libjpeg-turbo's vector
code switched off by its own variable, and every instruction is counted (`icount.c`).
"""

import sys
from pathlib import Path

from tools.arm.root import Root
from tools.arm.steps import StopError, output_of, run, step
from tools.arm.toolchain import REPOSITORY, Toolchain

MIN_SAVING = 1.6
"""Instructions without NEON over with; measured 2.3 on aarch64. A wheel without vector code shows 1.0."""
FEW, MANY = 2, 6

WITHOUT_NEON = {"JSIMD_FORCENONE": "1"}  # libjpeg-turbo, simd/arm/*/jsimd.c


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
        env={**root.environment(), **environment},
    )
    return int(out.read_text())


def per_call(root: Root, command: list[str], environment: dict[str, str]) -> float:
    """Instructions of one call of a program that takes the number of its calls as its last argument."""
    few = count(root, [*command, str(FEW)], environment)
    many = count(root, [*command, str(MANY)], environment)
    return (many - few) / (MANY - FEW)


def prove(root: Root) -> None:
    """Stop unless the installed wheel encodes with NEON.

    Raises:
        StopError: It does not.
    """
    with step(f"NEON on {root.target.name}"):
        say = "from cammra_edge import imaging; print(imaging.simd_name())"
        name = output_of([str(root.python), "-c", say], env=root.environment()).strip()
        if name != "neon":
            raise StopError(f"libjpeg-turbo uses {name!r} on {root.target.core}, want 'neon'")
        encode = [*root.python_command(), "-m", "tools.arm.encode"]
        stable = {**root.python_environment(), "PYTHONHASHSEED": "0"}
        with_neon = per_call(root, encode, stable)
        without = per_call(root, encode, {**stable, **WITHOUT_NEON})
        sys.stdout.write(
            f"{root.target.name}: 640x400 NV12 to JPEG, instructions: {with_neon / 1e6:.2f} M with NEON, "
            f"{without / 1e6:.2f} M without, {without / with_neon:.2f} x\n"
        )
        if without < MIN_SAVING * with_neon:
            raise StopError(f"NEON saves {without / with_neon:.2f} x, want at least {MIN_SAVING}")
