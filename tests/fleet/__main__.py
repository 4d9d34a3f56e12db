"""`make fleet`: many cameras, one broker, consumers and a database, killed in turn; writes docs/ref/fleet.md.

`CAMERAS`, `ENGINES`, `MINUTES`, `RATE` (events of a camera in a second), `SPREAD`, `DRAIN` and `PROCESSES` scale it.
Nine tenths of the cameras without frames and all engines wait for the consumers' reply; one tenth is in plain mode.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.engines import RECIPES, ROOT, Broker, Database, database
from tests.fleet.clients import Plan
from tests.fleet.table import (
    AWAY_S,
    Outcome,
    allowed_attempts_per_s,
    most_attempts_per_s,
    page,
)
from tests.recipes.test_consumers import built

if TYPE_CHECKING:
    from collections.abc import Callable

BY = "collectors"
BROKER_KILLS, CONSUMER_KILLS = 5, 2
PAGE = ROOT / "docs" / "ref" / "fleet.md"


@dataclass
class Fleet:
    """What runs."""

    broker: Broker
    store: Database
    folder: Path
    consumers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def consume(self) -> None:
        """One consumer of each kind."""
        script = str(RECIPES / "consumer" / "consumer.py")
        to = ["--broker", self.broker.address, "--database", self.store.url]
        go = ["-broker", f"mqtt://{self.broker.address}", "-database", self.store.url]
        self.start([sys.executable, script, *to, "--by", BY, "--id", "python-1"])
        self.start([str(built()), *go, "-by", BY, "-id", "go-1"])

    def start(self, command: list[str]) -> None:
        with (self.folder / "consumers.log").open("ab") as log:
            self.consumers.append(subprocess.Popen(command, stdout=log, stderr=log))

    def restart_consumer(self, number: int) -> None:
        """Kill one as a crash does it, and start it again."""
        consumer = self.consumers[number]
        consumer.kill()
        consumer.wait()
        self.start([str(word) for word in consumer.args])  # type: ignore[union-attr] # a list, as we started it
        self.consumers[number] = self.consumers.pop()

    def restart_broker(self) -> None:
        """Kill it with all that it holds in memory; it is away for a while."""
        self.broker.kill()
        time.sleep(AWAY_S)
        self.broker.start()

    def close(self) -> None:
        for consumer in self.consumers:
            consumer.kill()
            consumer.wait()


def number_of(name: str, usual: float) -> float:
    """A setting of the run, from the environment."""
    return float(os.environ.get(name, usual))


def started(module: str, plan: Plan) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, json.dumps(asdict(plan))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def trouble(fleet: Fleet, seconds: float, tell: Callable[[str], None]) -> None:
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


def plans(port: int, folder: Path) -> list[tuple[str, str, Plan]]:
    """Module, mode and plan of each process."""
    cameras, engines = int(number_of("CAMERAS", 9_950)), int(number_of("ENGINES", 50))
    processes = int(number_of("PROCESSES", 4))
    common: dict[str, Any] = {
        "port": port,
        "seconds": 60 * number_of("MINUTES", 10),
        "rate_per_s": number_of("RATE", 0.04),
        "spread_s": number_of("SPREAD", 60),
        "drain_per_s": number_of("DRAIN", 2),
    }
    plain = cameras // 10
    share = -(-(cameras - plain) // processes)
    found = []
    for first in range(0, cameras - plain, share):
        count = min(share, cameras - plain - first)
        file = str(folder / f"said-{first}")
        found.append(
            ("clients", "reply", Plan(first=first, cameras=count, reply=BY, file=file, **common))
        )
    if plain:
        file = str(folder / "said-plain")
        plan = Plan(first=cameras - plain, cameras=plain, reply="", file=file, **common)
        found.append(("clients", "plain", plan))
    if engines:
        plan = Plan(first=0, cameras=engines, reply=BY, file="", **common)
        found.append(("engines", "engines", plan))
    return found


def outcome_of(mode: str, ran: list[tuple[Plan, dict[str, Any]]], store: Database) -> Outcome:
    """What one mode came to; ids are compared one by one, those of engines counted."""
    told: Counter[str] = Counter()
    attempts: Counter[int] = Counter()
    for _, one in ran:
        told.update({name: one[name] for name in ("said", "delivered", "waiting", "parked")})
        attempts.update({int(bin_no): count for bin_no, count in one.get("attempts", {}).items()})
    if mode == "engines":
        query = "SELECT count(*) FROM event WHERE device LIKE 'ENGINE%%'"
        lost = told["delivered"] - store.number(query)
    else:
        stored = {str(one) for (one,) in store.rows("SELECT event_id FROM event")}
        lost = sum(
            event_id not in stored
            for plan, _ in ran
            for event_id in Path(plan.file).with_suffix(".delivered").read_text().split()
        )
    cameras = sum(plan.cameras for plan, _ in ran)
    return Outcome(
        mode=mode,
        cameras=cameras,
        said=told["said"],
        delivered=told["delivered"],
        waiting=told["waiting"],
        parked=told["parked"],
        lost=lost,
        attempts=attempts,
        most_of_backlog_in_10_s=max(one.get("most_of_backlog_in_10_s", 0) for _, one in ran),
        allowed_of_backlog_in_10_s=int(10 * ran[0][0].drain_per_s) + 1,
        p50_ms=max(one.get("p50_ms", 0.0) for _, one in ran),
        p99_ms=max(one.get("p99_ms", 0.0) for _, one in ran),
    )


def main() -> int:
    """Run it, write the page; 1 where something is not as it has to be."""
    began_s = time.monotonic()

    def tell(words: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began_s:6.1f} s  {words}\n")

    with tempfile.TemporaryDirectory() as name, database() as store:
        folder = Path(name)
        store.run(RECIPES / "postgresql" / "schema.sql")
        settings = ("allow_anonymous true", "max_queued_messages 0", "max_connections -1")
        with Broker(folder, settings) as broker:
            fleet = Fleet(broker, store, folder)
            fleet.consume()
            time.sleep(3)
            tell("cameras start")
            todo = plans(broker.port, folder)
            running = [
                (mode, plan, started(f"tests.fleet.{module}", plan)) for module, mode, plan in todo
            ]
            seconds = todo[0][2].seconds
            kills = threading.Thread(target=trouble, args=(fleet, seconds, tell), daemon=True)
            kills.start()
            ran: dict[str, list[tuple[Plan, dict[str, Any]]]] = {}
            for mode, plan, process in running:
                out, _ = process.communicate()
                ran.setdefault(mode, []).append((plan, json.loads(out)))
                tell(f"{mode}: {out[:200].strip()}")
            kills.join()
            time.sleep(5)  # plain mode: what the broker still holds
            fleet.close()
        outcomes = [outcome_of(mode, found, store) for mode, found in ran.items()]
    minutes = (time.monotonic() - began_s) / 60
    cores = len(os.sched_getaffinity(0))
    machine = (
        f"{cores} cores shared with other work, {platform.machine()}, Linux {platform.release()}"
    )
    written = page(outcomes, todo[0][2], machine=machine, minutes=minutes)
    PAGE.write_text(written)
    sys.stdout.write(written)
    wrong = [why for outcome in outcomes for why in outcome.wrong()]
    most = most_attempts_per_s(outcomes)
    if most > (allowed := allowed_attempts_per_s(outcomes, todo[0][2].spread_s)):
        wrong.append(f"{most:g} attempts to connect a second, {allowed:g} are allowed")
    for why in wrong:
        sys.stderr.write(f"wrong: {why}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
