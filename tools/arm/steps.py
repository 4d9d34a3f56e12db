"""Running programs, one step after another, with the time that each took."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

TAIL_LINES = 60
PAUSES_S = (2, 15)
"""How long to wait before trying again to fetch something; the try after the last of them is the last."""

Got = TypeVar("Got")


class StopError(Exception):
    """The recipe cannot go on; the message says why, and what to do."""


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> None:
    """Run a program to its end, quietly: what it said goes to `log`, and is shown when it fails.

    Args:
        command: Program and arguments; no shell.
        cwd: Where to run it.
        env: Variables laid over ours.
        log: Where to keep its output.

    Raises:
        StopError: It ended with anything but 0.
    """
    done = subprocess.run(  # noqa: S603  # fixed programs, no shell
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if log:
        log.write_text(done.stdout)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-TAIL_LINES:])
        raise StopError(f"{tail}\n{' '.join(command)}: exit code {done.returncode}")


def patiently(get: Callable[[], Got]) -> Got:
    """Get something from a network, again when it fails: mirrors and registries do.

    Raises:
        StopError: The last try failed as well.
    """
    for pause_s in PAUSES_S:
        try:
            return get()
        except StopError as stop:
            sys.stdout.write(f"{stop}\narm: trying again in {pause_s} s\n")
            sys.stdout.flush()
            time.sleep(pause_s)
    return get()


def fetch(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a program that gets things from a network, `patiently`."""
    patiently(lambda: run(command, cwd=cwd, env=env))


def run_shown(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a program whose output is the point: tests.

    Raises:
        StopError: It ended with anything but 0.
    """
    sys.stdout.flush()
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, check=False)  # noqa: S603  # as above
    if done.returncode:
        raise StopError(f"{' '.join(command)}: exit code {done.returncode}")


def output_of(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> str:
    """What a program writes to its standard output.

    Raises:
        StopError: It ended with anything but 0.
    """
    done = subprocess.run(  # noqa: S603  # as above
        command,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise StopError(f"{done.stderr}\n{' '.join(command)}: exit code {done.returncode}")
    return done.stdout


@contextmanager
def step(title: str) -> Iterator[None]:
    """Name what is going on, and how long it took."""
    started = time.monotonic()
    sys.stdout.write(f"arm: {title}\n")
    sys.stdout.flush()
    yield
    sys.stdout.write(f"arm: {title}: done in {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()
