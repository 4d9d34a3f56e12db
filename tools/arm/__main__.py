"""Builds, checks and tests ARM wheels: `python3 -m tools.arm [aarch64] [armv7] [--quick] [--build-only]`.

The cache is `target/arm`, or `CAMMRA_ARM_DIR`. The wheels stay in its folder `wheels`.
"""

import argparse
import os
import sys
from pathlib import Path

from tools.arm import counts, root, toolchain, wheel
from tools.arm.steps import StopError, run_shown, step
from tools.arm.targets import TARGETS, Target
from tools.arm.toolchain import REPOSITORY

QUICK_TESTS = ("tests/native", "tests/payload", "tests/house/test_frames_without_numpy.py")
TEST_TIMEOUT_S = 1200  # emulated Python is 10 to 15 times slower


def pytest(place: root.Root, tests: list[str]) -> None:
    """Run the tests marked for ARM on the ARM Python."""
    with step(f"Python tests on {place.target.name}"):
        run_shown(
            [
                *(
                    str(place.python),
                    "-m",
                    "pytest",
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-m",
                    "arm",
                ),
                *("-o", f"timeout={TEST_TIMEOUT_S}", *tests),
            ],
            cwd=REPOSITORY,
            env=place.environment(),
        )


def one(cache: Path, target: Target, *, quick: bool, build_only: bool, tests: list[str]) -> None:
    """Everything for one target."""
    chain = toolchain.prepare(cache, target)
    built = wheel.build(chain, target)
    wheel.check(chain, target, built)
    if build_only:
        return
    place = root.prepare(chain, target)
    with step(f"install on {target.name}"):
        root.install(place, built, extras="page,draw,sftp" if target.has_numpy else "page")
    counts.prove_neon(place)
    if quick:
        crates = ("cammra-jpeg",)
        wheel.rust_tests(chain, target, place.emulate(), place.environment(), crates=crates)
    else:
        wheel.rust_tests(chain, target, place.emulate(), place.environment())
    counts.compare(place, quick=quick)
    pytest(place, tests or (list(QUICK_TESTS) if quick else []))


def target_named(name: str) -> Target:
    """The target that a user means.

    Raises:
        ArgumentTypeError: There is none of that name.
    """
    if name not in TARGETS:
        raise argparse.ArgumentTypeError(f"want one of {', '.join(TARGETS)}, not {name!r}")
    return TARGETS[name]


def main() -> int:
    """Run it; exit code 1 with the reason when something is wrong."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.arm", description=__doc__)
    parser.add_argument(
        "targets", nargs="*", type=target_named, help="aarch64, armv7; default: both"
    )
    parser.add_argument("--quick", action="store_true", help="a small part of the tests")
    parser.add_argument("--build-only", action="store_true", help="build and check, test nothing")
    parser.add_argument("--tests", nargs="*", default=[], help="these Python tests only")
    asked = parser.parse_args()
    cache = Path(os.environ.get("CAMMRA_ARM_DIR") or REPOSITORY / "target/arm").resolve()
    cache.mkdir(parents=True, exist_ok=True)
    try:
        for target in asked.targets or TARGETS.values():
            with step(f"all of {target.name}"):
                one(
                    cache, target, quick=asked.quick, build_only=asked.build_only, tests=asked.tests
                )
    except StopError as stop:
        sys.stderr.write(f"arm: {stop}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
