"""The whole catalogue: `make faults`, or `python -m tests.faults [WORD …]` for the faults with such a word.

Prints a line per fault as it is done. A run of the whole catalogue writes its lines into the table of
`docs/ref/faults.md`; one of a part writes nothing. Exit 1 when a promise did not hold.
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import (
    backlog,
    brokers,
    clocks,
    damage,
    disks,
    isolation,
    kills,
    lossy,
    network,
    power,
    processes,
    rates,
    receivers,
    resolving,
    starts,
    writes,
)
from tests.faults.behaviours import BEHAVIOURS
from tests.faults.finding import CannotBeProvokedError, Finding
from tests.recordings import recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "ref" / "faults.md"
BEGIN, END = "<!-- written by `make faults`: begin -->", "<!-- end -->"


def suite_holds(
    fault: str, shows: str, *selection: str, nightly: bool = False
) -> Callable[[Path], Finding]:
    """A fault whose provocation is a test file: run it, and say what it covers."""

    def provoke(_: Path) -> Finding:
        environment = {**os.environ, **({"CAMMRA_NIGHTLY": "1"} if nightly else {})}
        command = [sys.executable, "-m", "pytest", "-q", "--timeout", "3600", *selection]
        done = subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True, env=environment
        )
        last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-200:]
        return Finding(fault, f"{shows} ({last.strip('= ')})", held=done.returncode == 0)

    return provoke


def catalogue() -> dict[str, Callable[[Path], Finding]]:
    """Every fault at full length, by a short name."""
    short = recordings() / "motorway-short"
    faults: dict[str, Callable[[Path], Finding]] = {
        "kill": partial(kills.kill_sweep, recording=short, kills=200),
        "writes": partial(writes.killed_at_writes, steps=(1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)),
        "power": partial(power.power_cuts, cycles=20),
        "power behind the answer": partial(power.cut_behind_the_answer, cycles=10),
        "process without descriptors": partial(processes.starved, what="descriptors"),
        "process without threads": partial(processes.starved, what="threads"),
        "process without memory": partial(processes.out_of_memory, by_kernel=False),
        "process killed for memory": partial(processes.out_of_memory, by_kernel=True),
        "process in 64 MiB": partial(processes.little_memory, events=10_000, limit_bytes=64 << 20),
        "process stopped": partial(processes.stopped, stopped_s=60.0),
        "process told to end": partial(processes.told_to_end, recording=short, twice=False),
        "process told to end twice": partial(processes.told_to_end, recording=short, twice=True),
        "power in recovery": partial(power.cut_in_recovery, cycles=10),
        "power lying flush": power.lying_flush,
        "full": disks.full_disk,
        "inodes": disks.no_more_files,
        "rights": disks.of_another_user,
        "hangs": partial(disks.storage_that_hangs, hangs_s=5.0),
        "full-replay": partial(disks.full_in_a_replay, recording=recordings() / "toll-lane"),
        "read-only": disks.read_only_disk,
        "failing": partial(writes.failing_writes, steps=(5, 10, 20, 40)),
        "io-error": suite_holds(
            "writes that fail with an I/O error, then heal",
            "events wait in memory and move to disk, none lost",
            "tests/outbox/test_storage.py",
        ),
        "damage bits": partial(
            damage.everywhere, what="a bit flipped", harm=damage.flip_a_bit, most=1, times=1000
        ),
        "damage pages": partial(
            damage.everywhere,
            what="4 KiB of a file overwritten",
            harm=damage.overwrite_a_page,
            most=damage.EVENTS_ON_A_PAGE,
            times=100,
        ),
        "damage killed in recovery": partial(damage.killed_in_recovery, kills=50, vehicles=750),
        "damage torn": partial(damage.torn_writes, times=200),
        **{
            f"damage files: {what}": partial(damage.files_mixed_up, what=what)
            for what in damage.HARMS
        },
        "folder gone": suite_holds(
            "the outbox's folder removed, moved, replaced or covered under the running engine",
            "said at once, what waits is written anew, numbers go on",
            "tests/outbox/test_replaced.py",
            "tests/outbox/test_healing.py",
        ),
        "folder lock": suite_holds(
            "a second process, and a child that outlives its parent",
            "the second is refused by name, the child keeps nobody out",
            "tests/outbox/test_lock.py",
        ),
        "folder private": suite_holds(
            "a folder that others could read, and one that is not ours",
            "nobody but the owner gets in; what is not ours is refused, not a byte of it changed",
            "tests/outbox/test_folder.py",
        ),
        "show": suite_holds(
            "commands that show, on whatever lies at the path",
            "not one byte changed, a sentence and its exit code",
            "tests/cli/test_nothing_changes.py",
        ),
        "shell": suite_holds(
            "a running engine, looked at from a shell",
            "answers its owner without a token",
            "tests/cli/test_running_engine.py",
        ),
        "swapped": suite_holds(
            "profiles swapped, renamed, removed and back, with a backlog",
            "each backlog goes where its key goes",
            "tests/engine/test_keys.py",
        ),
        "parked": suite_holds(
            "many parked deliveries",
            "listed page by page while events are put",
            "tests/outbox/test_parking.py",
        ),
        "start": partial(starts.cold_start, size_bytes=1000 << 20),
        "remembered": suite_holds(
            "what was delivered, after a restart",
            "found again, by plate, time and state, with its pictures",
            "tests/outbox/test_history.py",
            "tests/outbox/test_keeping.py",
        ),
        "clock-jumps": partial(clocks.jumping_clock, recording=short),
        "clock": suite_holds(
            "wall clock jumps by a day, or starts in 1970",
            "no timer, backoff or expiry misfires",
            "tests/outbox/test_outbox.py",
            "tests/delivery/test_worker.py",
            "-k",
            "wall_clock or switched_off",
        ),
        "model": suite_holds(
            "outbox and delivery beside a simple model, with crashes, 10,000 steps",
            "nothing lost, nothing renumbered, order per vehicle kept",
            "tests/property/test_outbox.py",
            nightly=True,
        ),
        "away": partial(receivers.back_again, vehicles=1_500),
        "far": partial(receivers.far_away, events=400),
        "lossy": partial(lossy.far_and_lossy, events=400),
        "backlog": partial(backlog.long_backlog, events=100_000),
        "network black hole": network.black_hole,
        "network packets": network.packets_too_large,
        "network dies": network.dies_under_large_ones,
        "network flapping": partial(network.flapping, flaps=12, up_s=2.0, down_s=3.0),
        "network forgotten": partial(network.forgotten, after_s=30.0, silence_s=40.0),
        "network boot": network.link_down_at_boot,
        **{
            f"network slow {shows}": partial(network.slow_but_healthy, shows=shows)
            for shows in network.SLOW
        },
    }
    for reply in (True, False):
        mode = "reply" if reply else "plain"
        faults[f"broker killed {mode}"] = partial(brokers.killed, kills=20, reply=reply)
        faults[f"broker full {mode}"] = partial(brokers.full_queue, reply=reply)
    faults["broker unheard"] = brokers.unheard
    faults["broker forbids"] = brokers.forbidden
    faults["broker quiet"] = partial(brokers.quiet, seconds=120.0)
    for name in brokers.CONSUMERS:
        faults[f"broker consumer {name}"] = partial(brokers.consumer_that, name=name)
    for name in resolving.CASES:
        faults[f"name server {name}"] = partial(resolving.name_server, name=name)
    for name in BEHAVIOURS:
        faults[f"receiver {name}"] = partial(
            isolation.undisturbed, name=name, events=200, turns=4, more_turns=8
        )
    for size_bytes, group in ((30_000, 1), (30_000, 8), (200_000, 1), (200_000, 8)):
        faults[f"enqueue {size_bytes} {group}"] = partial(
            rates.enqueue_rate,
            size_bytes=size_bytes,
            group=group,
            turns=9,
            events=160,
            must=(size_bytes, group) == (30_000, 1),
        )
    return faults


def main(words: Sequence[str]) -> int:
    """Provoke, tell, write."""
    # What our own logger says on the way belongs to each fault, not to the list of them.
    logging.getLogger("cammra_edge").addHandler(logging.NullHandler())
    lines: list[str] = []
    verdicts: Counter[str] = Counter()
    for name, provoke in catalogue().items():
        if words and not any(word in name for word in words):
            continue
        folder = Path(tempfile.mkdtemp(prefix="cammra-faults-"))
        began_s = time.monotonic()
        try:
            finding = provoke(folder)
            verdict = "held" if finding.held else "BROKEN"
        except CannotBeProvokedError as reason:
            finding, verdict = Finding(name, str(reason), held=True), "not provoked"
        except Exception as error:  # noqa: BLE001 - one line must not end a run of half an hour
            finding, verdict = (
                Finding(name, f"{type(error).__name__}: {error}", held=False),
                "BROKEN",
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        verdicts[verdict] += 1
        took_s = time.monotonic() - began_s
        sys.stdout.write(f"{verdict:12} {finding.fault}: {finding.shows} [{took_s:.0f} s]\n")
        sys.stdout.flush()
        lines.append(f"| {finding.fault} | {verdict} | {finding.shows} |")
    if not words:
        write_page(lines)
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    sys.stdout.write(f"{len(lines)} faults: {told}\n")
    return 1 if verdicts["BROKEN"] else 0


def write_page(lines: Sequence[str]) -> None:
    """Put the lines of a whole run between the page's markers, in place of those of the run before."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    machine = (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, load {os.getloadavg()[2]:.0f}."
    )
    table = "\n".join(["| fault | promise | what was seen |", "|---|---|---|", *lines])
    PAGE.write_text(f"{head}{BEGIN}\n{machine}\n\n{table}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
