"""Building the wheel for one target, and refusing one that a camera could not load or that lacks NEON."""

import os
import re
import shutil
import sys
from pathlib import Path

from tools.arm import debian
from tools.arm.steps import StopError, run, run_shown, step
from tools.arm.targets import PYTHON_VERSION, Target
from tools.arm.toolchain import REPOSITORY, Toolchain


def build(chain: Toolchain, target: Target) -> Path:
    """Build the abi3 wheel into the cache's `wheels` folder.

    libjpeg-turbo's own build stops where it would leave out its SIMD code (`require-simd` in Cargo.toml).

    Raises:
        StopError: The build failed; the message ends with what the compiler said.
    """
    out = chain.cache / "wheels" / target.name
    shutil.rmtree(out, ignore_errors=True)
    with step(f"build the wheel for {target.name}"):
        run(
            [
                *(str(chain.tools / "maturin"), "build", "--release", "--locked", "--zig"),
                *("--target", target.rust, "--compatibility", "manylinux2014"),
                *("--interpreter", f"python{PYTHON_VERSION}", "--out", str(out)),
            ],
            cwd=REPOSITORY,
            env=chain.environment(target),
            log=chain.cache / f"build-{target.name}.log",
        )
    return debian.only(out, "*.whl")


def check(chain: Toolchain, target: Target, wheel: Path) -> None:
    """Look into the wheel: tag, glibc floor, libraries it needs, vector code.

    Raises:
        StopError: What is wrong, of all things found.
    """
    with step(f"check {wheel.name}"):
        python = str(chain.tools / "python")
        archive = str(libturbojpeg(chain, target))
        run_shown(
            [python, "-m", "tools.arm.check_wheel", target.name, str(wheel), archive],
            cwd=REPOSITORY,
        )


def libturbojpeg(chain: Toolchain, target: Target) -> Path:
    """The static library that went into the wheel: the newest that cargo has."""
    found = list(
        (chain.target_dir / target.rust / "release/build").glob(
            "turbojpeg-sys-*/out/lib/libturbojpeg.a"
        )
    )
    if not found:
        raise StopError(f"no libturbojpeg.a of {target.name} in {chain.target_dir}")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def rust_tests(
    chain: Toolchain,
    target: Target,
    emulate: list[str],
    environment: dict[str, str],
    *,
    crates: tuple[str, ...] = ("cammra-core", "cammra-jpeg"),
) -> None:
    """Build these crates' own tests for the target, and run them under emulation.

    Raises:
        StopError: A test failed, or none ran.
    """
    log = chain.cache / f"rust-tests-{target.name}.log"
    with step(f"Rust tests on {target.name}"):
        run(
            [
                *(
                    str(chain.tools / "cargo-zigbuild"),
                    "test",
                    "--release",
                    "--locked",
                ),
                *(f"--package={crate}" for crate in crates),
                *("--lib", "--tests", "--target", chain.glibc_target(target)),
            ],
            cwd=REPOSITORY,
            env={
                **chain.environment(target),
                **environment,
                target.runner_variable: " ".join(emulate),
                "RUST_TEST_THREADS": str(os.cpu_count() or 1),
            },
            log=log,
        )
        passed = sum(
            map(int, re.findall(r"^test result: ok\. (\d+) passed", log.read_text(), re.MULTILINE))
        )
        if not passed:
            raise StopError(f"no Rust test ran: {log}")
        sys.stdout.write(f"{target.name}: {passed} Rust tests passed\n")
