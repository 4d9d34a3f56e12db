"""`make fleet`: many cameras, one broker, consumers and a database, killed in turn; writes docs/ref/fleet.md.

`CAMERAS`, `ENGINES`, `MINUTES`, `RATE` (events of a camera in a second), `SPREAD`, `DRAIN` and `PROCESSES` scale it.
Nine tenths of the cameras without frames and all engines wait for the consumers' reply; one tenth is in plain mode.
`python -m tests.fleet BROKER …` looks at these brokers alone (`others.BROKERS`), and writes nothing.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.engines import RECIPES, ROOT, Broker, Database, database
from tests.fleet.clients import Plan
from tests.fleet.machine import TooSmallError, busy_s, room_for
from tests.fleet.others import BROKERS, found_out
from tests.fleet.running import BY, STILL_HELD_S, Fleet, Job, Ran, run
from tests.fleet.table import Load, Outcome, allowed_attempts_per_s, most_attempts_per_s, page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Tell = Callable[[str], None]

BROKER_KILLS, CONSUMER_KILLS = 5, 2
PAGE = ROOT / "docs" / "ref" / "fleet.md"


def number_of(name: str, usual: float) -> float:
    """A setting of the run, from the environment."""
    return float(os.environ.get(name, usual))


def mosquitto_settings(folder: Path) -> list[str]:
    """Those of the recipe, but for where it listens and keeps its data."""
    recipe = (RECIPES / "mosquitto" / "mosquitto.conf").read_text()
    lines = [
        line for line in recipe.splitlines() if re.match(r"(?!listener|persistence_loc)\w", line)
    ]
    return [*lines, f"persistence_location {folder}/"]


def trouble(fleet: Fleet, seconds: float, tell: Tell) -> None:
    """The kills, evenly over the time."""
    kills = sorted(
        [(n / (BROKER_KILLS + 1), -1) for n in range(1, BROKER_KILLS + 1)]
        + [((n - 0.5) / (CONSUMER_KILLS + 1) + 0.1, n % 2) for n in range(1, CONSUMER_KILLS + 1)]
    )
    began_s = time.monotonic()
    for part, which in kills:
        time.sleep(max(0.0, began_s + part * seconds - time.monotonic()))
        if which < 0:
            tell("kill the broker")
            fleet.restart_broker()
        else:
            tell(f"kill consumer {which}")
            fleet.restart_consumer(which)


def jobs(port: int, folder: Path, cameras: int, processes: int) -> list[Job]:
    """What each process is to do."""
    engines = int(number_of("ENGINES", 50))
    common: dict[str, Any] = {
        "port": port,
        "seconds": 60 * number_of("MINUTES", 10),
        "rate_per_s": number_of("RATE", 0.04),
        "spread_s": number_of("SPREAD", 60),
        "drain_per_s": number_of("DRAIN", 2),
    }

    def job(module: str, mode: str, first: int, count: int) -> Job:
        file = str(folder / f"{mode}-{first}")
        reply = "" if mode == "plain" else BY
        plan = Plan(first=first, cameras=count, reply=reply, file=file, **common)
        return Job(module, mode, plan)

    plain = cameras // 10
    waiting = cameras - plain
    share = -(-waiting // processes)
    found = [
        job("clients", "reply", first, min(share, waiting - first))
        for first in range(0, waiting, share)
    ]
    if plain:
        found.append(job("clients", "plain", waiting, plain))
    if engines:
        found.append(job("engines", "engines", 0, engines))
    return found


def outcome_of(mode: str, ran: Ran, store: Database) -> Outcome:
    """What one mode came to; ids are compared one by one."""
    told: Counter[str] = Counter()
    attempts: Counter[int] = Counter()
    for _, one in ran:
        told.update({name: one[name] for name in ("said", "delivered", "waiting", "parked")})
        attempts.update({int(bin_no): count for bin_no, count in one.get("attempts", {}).items()})
    stored = {event_id for (event_id,) in store.rows("SELECT event_id FROM event")}
    delivered = [one for job, _ in ran for one in Path(job.plan.file).read_text().split()]
    if len(delivered) != told["delivered"]:
        raise RuntimeError(f"{mode}: {told['delivered']} delivered, {len(delivered)} ids of them")
    return Outcome(
        mode=mode,
        cameras=sum(job.plan.cameras for job, _ in ran),
        said=told["said"],
        delivered=told["delivered"],
        waiting=told["waiting"],
        parked=told["parked"],
        lost=sum(event_id not in stored for event_id in delivered),
        attempts=attempts,
        most_of_backlog_in_10_s=max(one.get("most_of_backlog_in_10_s", 0) for _, one in ran),
        allowed_of_backlog_in_10_s=int(10 * ran[0][0].plan.drain_per_s) + 1,
        took_ms=[ms for _, one in ran for ms in one["took_ms"]],
    )


def provoked(tell: Tell) -> tuple[list[Outcome], Plan, dict[str, float], int]:
    """The fleet; its outcomes, one of its plans, processors' seconds and bytes of memory that it took."""
    cameras, processes = int(number_of("CAMERAS", 9_950)), int(number_of("PROCESSES", 8))
    with (
        tempfile.TemporaryDirectory() as name,
        room_for(cameras, processes),
        database() as store,
    ):
        folder = Path(name)
        store.run(RECIPES / "postgresql" / "schema.sql")
        with Broker(folder, mosquitto_settings(folder)) as broker:
            fleet = Fleet(broker, store, folder)
            fleet.consume()
            time.sleep(3)
            tell("cameras start")
            todo = jobs(broker.port, folder, cameras, processes)
            plan = todo[0].plan
            ran = run(todo, lambda: trouble(fleet, plan.seconds, tell), tell)
            time.sleep(STILL_HELD_S)
            fleet.close()
        by_mode: dict[str, Ran] = {}
        for job, told in ran:
            by_mode.setdefault(job.mode, []).append((job, told))
        outcomes = [outcome_of(mode, found, store) for mode, found in by_mode.items()]
    fleet.cpu_s["cameras"] = sum(told["cpu_s"] for _, told in ran)
    return outcomes, plan, fleet.cpu_s, sum(told["memory_bytes"] for _, told in ran)


def main(words: Sequence[str]) -> int:
    """Run it, write the page; 1 where something is not as it has to be."""
    began_s, before = time.monotonic(), busy_s()

    def tell(said: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began_s:6.1f} s  {said}\n")

    if words:
        findings, wrong = found_out(words, tell)
        for finding in findings:
            sys.stdout.write(f"{finding}\n")
    else:
        try:
            outcomes, plan, cpu_s, memory_bytes = provoked(tell)
        except TooSmallError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        after = busy_s()
        findings, wrong = found_out(tuple(BROKERS), tell)
        cores = len(os.sched_getaffinity(0))
        load = Load(
            machine=f"{cores} cores shared with other work, {platform.machine()}, Linux {platform.release()}",
            minutes=(time.monotonic() - began_s) / 60,
            busy=(after[0] - before[0]) / (after[1] - before[1]),
            cpu_s=cpu_s,
            memory_bytes=memory_bytes,
        )
        written = page(outcomes, findings, plan, load)
        PAGE.write_text(written)
        sys.stdout.write(written)
        wrong += [why for outcome in outcomes for why in outcome.wrong()]
        most = most_attempts_per_s(outcomes)
        if most > (allowed := allowed_attempts_per_s(outcomes, plan.spread_s)):
            wrong.append(f"{most:g} attempts to connect a second, {allowed:g} are allowed")
    for why in wrong:
        sys.stderr.write(f"wrong: {why}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
