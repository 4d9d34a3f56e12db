"""The lock: one process at a time, and no child of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.lock import ProcessLock, holder_of
from tests.fakes import new_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.outbox.conftest import Bench

HOLD = """
import sys, time
from pathlib import Path
from cammra_edge.outbox.lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""
HOLD_AND_FORK = """
import ctypes, os, sys, time
from pathlib import Path
from cammra_edge.outbox.lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
child = ctypes.CDLL(None).fork()  # as a library does it, which no hook of Python sees
if child == 0:
    time.sleep(60)
print(child, flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def running(code: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the first line that it says; killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_another_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with running(HOLD, tmp_path) as (process, _):
        assert holder_of(tmp_path) == process.pid
        with pytest.raises(OutboxError, match=f"held by process {process.pid}: one engine"):
            ProcessLock(tmp_path)
    assert holder_of(tmp_path) is None
    ProcessLock(tmp_path).release()


def test_a_child_that_outlives_the_engine_does_not_keep_the_lock(tmp_path: Path) -> None:
    with running(HOLD_AND_FORK, tmp_path) as (process, child):
        with pytest.raises(OutboxError):
            ProcessLock(tmp_path)
        process.kill()
        process.wait()
        try:
            os.kill(int(child), 0)  # is alive
            ProcessLock(tmp_path).release()
        finally:
            os.kill(int(child), 9)


def test_a_child_may_close_what_it_inherited(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path)
    child = os.fork()
    if child == 0:
        lock.release()
        os._exit(0)
    os.waitpid(child, 0)
    assert refused_elsewhere(tmp_path)
    lock.release()
    assert not refused_elsewhere(tmp_path)


def test_a_child_is_refused_while_its_parent_holds_it(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path)
    child = os.fork()
    if child == 0:
        try:
            ProcessLock(tmp_path)
        except OutboxError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    lock.release()


def refused_elsewhere(folder: Path) -> bool:
    with running(HOLD, folder) as (_, line):
        return line != "held"


def test_a_second_one_of_this_process_is_refused_and_costs_the_first_nothing(
    tmp_path: Path,
) -> None:
    lock = ProcessLock(tmp_path)
    with pytest.raises(OutboxError, match=f"held by process {os.getpid()}"):
        ProcessLock(tmp_path)
    assert holder_of(tmp_path) == os.getpid()
    assert refused_elsewhere(tmp_path)
    lock.release()
    lock.release()
    ProcessLock(tmp_path).release()


def test_what_a_close_elsewhere_dropped_is_taken_again(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path)
    (tmp_path / "lock").read_bytes()
    assert not refused_elsewhere(tmp_path)
    assert lock.renew()
    assert refused_elsewhere(tmp_path)
    (tmp_path / "lock").read_bytes()
    with running(HOLD, tmp_path):
        assert not lock.renew()
    assert lock.in_place
    (tmp_path / "lock").unlink()
    assert not lock.in_place
    lock.release()


def test_one_that_was_released_is_not_taken_again(tmp_path: Path) -> None:
    """A watch may still be about to ask for it while the outbox closes."""
    lock = ProcessLock(tmp_path)
    lock.release()
    assert not lock.renew()
    ProcessLock(tmp_path).release()


def test_without_a_lock_file_nobody_holds_it(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_whoever_comes_late_does_not_open_a_closed_outbox_again(bench: Bench) -> None:
    bench.outbox.put([new_event(1)])
    late, delivery = bench.outbox, bench.outbox.take(1)
    assert delivery is not None
    late.close()
    late.done(delivery)
    for _ in range(3):
        bench.clock.advance(5.0)
        late.tick()
    assert bench.open().waiting(1).events == 1
