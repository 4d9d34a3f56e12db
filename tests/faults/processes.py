"""Processes that are starved, stopped, told to end and killed for their memory."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.receiver import Receiver
from cammra_edge.sinks import half_closed
from tests.end_to_end.playing import WAIT_S, finished
from tests.faults.behaviours import BEHAVIOURS
from tests.faults.finding import CannotBeProvokedError, Finding
from tests.faults.hungry import FED, HUNGRY
from tests.faults.kills import replay, script_for, three_receivers
from tests.faults.unload import unloaded
from tests.servers import Scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_S = 240.0
MOST_TASKS = 40
HUNGRY_BYTES = 96 << 20
SPARE_MIB = "24"
ANSWER_S = 20.0
ADDRESS = ("127.0.0.1", 0)


@contextlib.contextmanager
def control_group(kind: str, setting: str, value: int) -> Iterator[Path]:
    """A control group with a limit; a process joins it by writing its number to `cgroup.procs`."""
    group = Path(f"/sys/fs/cgroup/{kind}/cammra{os.getpid()}")
    try:
        group.mkdir()
        (group / setting).write_text(str(value))
    except OSError as error:
        raise CannotBeProvokedError(f"needs control groups of {kind}: {error}") from error
    try:
        yield group
    finally:
        group.rmdir()


def module(*words: str, group: Path | None = None) -> subprocess.Popen[str]:
    """A module of ours as a process, in a control group where one is given."""

    def join() -> None:
        if group is not None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    return subprocess.Popen(
        [sys.executable, "-m", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=join,  # noqa: PLW1509 - nobody else starts threads here
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def starved(folder: Path, what: str) -> Finding:
    """An engine without descriptors or threads for a while; a profile's settings change meanwhile."""
    with ExitStack() as stack:
        http = stack.enter_context(Receiver(http=ADDRESS))
        tcp = stack.enter_context(Receiver(http=None, tcp=ADDRESS))
        group = None
        if what == "threads":
            group = stack.enter_context(control_group("pids", "pids.max", MOST_TASKS))
        # By name, since the resolver wants a thread of its own.
        url = http.http_url.replace("127.0.0.1", "localhost")
        words = (what, str(folder / "o"), url, tcp.tcp_address)
        with module("tests.faults.starving", *words, group=group) as process:
            out, err = ended(process)
        seen = json.loads(out) if out else {}
        arrived = [len(receiver.events) for receiver in (http, tcp)]
        problems = (
            http.problems
        )  # over TCP each event has a connection, and each connection a thread
    if not seen:
        return Finding(f"no more {what}", f"exit {process.returncode}: {err[-300:]}", held=False)
    before, after = seen["before"], seen["after"]
    return Finding(
        f"no more {what} for a while, and a profile's settings that change meanwhile",
        f"{arrived[0]} and {arrived[1]} of {seen['told']} events arrived, {len(problems)} out of order;"
        f" {after[0] - before[0]} descriptors and {after[1] - before[1]} threads more than before",
        held=process.returncode == 0
        and seen["drained"]
        and arrived == [seen["told"]] * 2
        and not problems
        # The profile has a window of two now; the connections that TCP keeps half-closed go by themselves.
        and after[0] <= before[0] + 1 + half_closed.MOST
        and after[1] <= before[1] + 1,
    )


def ended(process: subprocess.Popen[str], longest_s: float = LONGEST_S) -> tuple[str, str]:
    """What it said, after its own end or ours for it."""
    try:
        return process.communicate(timeout=longest_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()


def out_of_memory(folder: Path, *, by_kernel: bool) -> Finding:
    """The address space is full, or the kernel kills for the memory of a control group."""
    path = folder / "o"
    with ExitStack() as stack:
        group = None
        if by_kernel:
            group = stack.enter_context(
                control_group("memory", "memory.limit_in_bytes", HUNGRY_BYTES)
            )
        words = (str(path), "0" if by_kernel else SPARE_MIB)
        with module("tests.faults.hungry", *words, group=group) as process:
            out, _ = ended(process)
    said = {int(line) for line in out.split()}
    seen, damaged = unloaded(path)
    fed = set(range(HUNGRY + 1, HUNGRY + FED + 1))
    how = {-signal.SIGKILL: "killed", -signal.SIGABRT: "aborted", 0: "went on"}
    return Finding(
        "memory that runs out: "
        + ("the kernel kills" if by_kernel else "the address space is full"),
        f"{how.get(process.returncode, process.returncode)} after {len(said)} events;"
        f" {len(said - seen)} of them lost, {damaged} damaged",
        held=bool(said)
        and not said - seen
        and not damaged
        and process.returncode in ({-signal.SIGKILL} if by_kernel else how)
        and (process.returncode != 0 or fed <= said),
    )


def little_memory(folder: Path, *, events: int, limit_bytes: int) -> Finding:
    """Stored, started again and delivered within a control group of so many bytes."""
    path = folder / "o"
    with control_group("memory", "memory.limit_in_bytes", limit_bytes) as group:
        with module("tests.faults.enqueue", str(path), "process", str(events), group=group) as one:
            stored = len(ended(one)[0].split())
        with module("tests.faults.unload", str(path), group=group) as two:
            out, _ = ended(two)
    delivered, damaged = map(int, out.split() or ("0", "0"))
    return Finding(
        f"{events} events waiting in {limit_bytes >> 20} MiB of memory",
        f"{stored} stored, {delivered} delivered after a new start, {damaged} damaged, nobody killed",
        held=(one.returncode, two.returncode) == (0, 0)
        and stored == delivered == events
        and not damaged,
    )


def stopped(folder: Path, *, stopped_s: float) -> Finding:
    """A process that stands still while its receivers are started again; then it goes on."""
    with ExitStack() as stack:
        http = stack.enter_context(Receiver(http=ADDRESS))
        tcp = stack.enter_context(Receiver(http=None, tcp=ADDRESS))
        words = (str(folder / "o"), http.http_url, tcp.tcp_address)
        process = stack.enter_context(module("tests.faults.camera", *words))
        assert process.stdin is not None
        assert process.stdout is not None

        def told() -> list[int]:
            process.stdin.write("tell\n")  # type: ignore[union-attr] # it is a pipe
            process.stdin.flush()  # type: ignore[union-attr]
            return [int(word) for word in process.stdout.readline().split()]  # type: ignore[union-attr]

        told()
        process.send_signal(signal.SIGSTOP)
        http.go_away()
        tcp.go_away()
        http.come_back()
        tcp.come_back()
        time.sleep(stopped_s)
        process.send_signal(signal.SIGCONT)
        count, retried = told()
        ended(process)
        arrived = [len(receiver.events) for receiver in (http, tcp)]
        problems = http.problems
    return Finding(
        f"stopped for {stopped_s:g} s while its receivers are started again",
        f"{arrived[0]} and {arrived[1]} of {count} events arrived, {retried} retries, {len(problems)} out of order",
        held=arrived == [count] * 2 and not retried and not problems and not process.returncode,
    )


def told_to_end(folder: Path, recording: Path, *, twice: bool) -> Finding:
    """SIGTERM in the middle of a replay, while a receiver does not answer; then the replay again."""
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        script = script_for(folder / "calm.py", receivers, folder / "calm")
        finished(replay(recording, script, folder, "max"))
        wanted = [{event.raw for event in one.events} for one in receivers]
    with ExitStack() as stack:
        receivers = three_receivers(stack)
        hanging = stack.enter_context(Scripted(BEHAVIOURS["never answers"].script))
        script = script_for(folder / "ends.py", receivers, folder / "o")
        whole = script.read_text()
        script.write_text(
            whole.replace(
                f"HttpPost({receivers[0].http_url!r})",
                f"HttpPost('http://127.0.0.1:{hanging.port}/', timeouts=Timeouts(answer_s={ANSWER_S}))",
            ).replace("import Device", "import Timeouts, Device")
        )
        process = stack.enter_context(replay(recording, script, folder, "4"))
        hanging.wait_received(1)
        receivers[1].wait_for(lambda: len(receivers[1].events) >= 3, WAIT_S)
        process.send_signal(signal.SIGTERM)
        began_s = time.monotonic()
        if twice:
            time.sleep(1.0)
            process.send_signal(signal.SIGTERM)
        ended(process)
        took_s = time.monotonic() - began_s
        script.write_text(whole)
        finished(replay(recording, script, folder, "max"))
        got = [{event.raw for event in one.events} for one in receivers]
        problems = receivers[0].problems + receivers[1].problems
    lost = sum(len(expected - come) for expected, come in zip(wanted, got, strict=True))
    return Finding(
        f"SIGTERM{', twice,' if twice else ''} while a receiver does not answer",
        f"ended with {process.returncode} after {took_s:.1f} s; after a new start {lost} of"
        f" {sum(map(len, wanted))} events lost, {len(problems)} out of order",
        held=process.returncode == Exit.INTERRUPTED
        and (took_s < ANSWER_S or not twice)
        and got == wanted
        and not problems,
    )
