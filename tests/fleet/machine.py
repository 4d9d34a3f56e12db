"""What a run of the fleet asks of the machine: limits, raised where we may, and the time that each part takes of it."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS_A_CAMERA = 2
OTHER_THREADS, OTHER_FILES, OTHER_MAPS = 4_096, 1_024, 4_096
MAPS_A_THREAD = 2
"""Its stack, and the page that guards it."""
KERNEL = Path("/proc/sys")


class TooSmallError(Exception):
    """The machine has no room for so many cameras, and we may not make it; says what a person can."""


@contextlib.contextmanager
def room_for(cameras: int, processes: int) -> Iterator[None]:
    """Limits that so many cameras need; those of the whole machine are put back in the end.

    Raises:
        TooSmallError: One of them stays too low.
    """
    threads = THREADS_A_CAMERA * cameras + OTHER_THREADS + tasks()
    maps = MAPS_A_THREAD * THREADS_A_CAMERA * -(-cameras // processes) + OTHER_MAPS
    with contextlib.ExitStack() as changed:
        problems = [
            changed.enter_context(kernel_at_least(name, least))
            for name, least in (
                ("kernel/pid_max", threads),
                ("kernel/threads-max", threads),
                ("vm/max_map_count", maps),
            )
        ]
        problems.append(files_at_least(cameras + OTHER_FILES))
        if wrong := [problem for problem in problems if problem]:
            raise TooSmallError(f"no room for {cameras:,} cameras: {'; '.join(wrong)}")
        yield


@contextlib.contextmanager
def kernel_at_least(name: str, least: int) -> Iterator[str]:
    """A number of the kernel's that is at least so high meanwhile; gives what is wrong where it cannot be."""
    path = KERNEL / name
    before = path.read_text()
    if int(before) >= least:
        yield ""
        return
    try:
        path.write_text(str(least))
    except OSError as error:
        yield f"{path} is {int(before)}, {least} are needed, and we may not raise it ({error.strerror})"
        return
    try:
        yield ""
    finally:
        path.write_text(before)


def files_at_least(least: int) -> str:
    """So many descriptors for us and for what we start; what is wrong where that cannot be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= least:
        return ""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, max(hard, least)))
    except (OSError, ValueError):
        return (
            f"a process may have {hard} descriptors, {least} are needed: ulimit -n {least}, as root"
        )
    return ""


def tasks() -> int:
    """Threads of the whole machine, now."""
    return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])


def taken() -> dict[str, float]:
    """What this process took of the machine, as each with cameras tells it in the end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": used.ru_utime + used.ru_stime, "memory_bytes": used.ru_maxrss << 10}


def cpu_s(pid: int) -> float:
    """What a process has used, with the children that it has waited for."""
    return sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def cpu_with_children_s(pid: int) -> float:
    """The same, with the children that are still there."""
    total_s = cpu_s(pid)
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile, and its parent has waited for it
            child = int(path.name)
            if int(_stat(child)[1]) == pid:
                total_s += cpu_s(child)
    return total_s


def busy_s() -> tuple[float, float]:
    """What all processors together were busy, and what they could have been, since the machine started."""
    ticks = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK"), sum(ticks) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """From the state on, which is the first field after the name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
