"""What runs in a fleet: broker, consumers, database, and the processes with its cameras; what is killed of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tests.engines import RECIPES, ROOT, Broker, Database
from tests.fleet.machine import cpu_s, cpu_with_children_s
from tests.recipes.test_consumers import built

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fleet.clients import Plan

BY = "collectors"
AWAY_S = 5.0
"""For how long a broker is away that was killed."""
STILL_HELD_S = 5.0
"""What a consumer gets after the last camera is done: what the broker still holds in plain mode."""


@dataclass(frozen=True)
class Job:
    """One process of cameras: what it runs, and what it told in the end."""

    module: str
    mode: str
    plan: Plan


Ran = list[tuple[Job, dict[str, Any]]]


@dataclass
class Fleet:
    """A broker with consumers, between cameras and a database."""

    broker: Broker
    store: Database
    folder: Path
    consumers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    cpu_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """What has ended took of the processors, by part."""

    def consume(self) -> None:
        """One consumer of each kind."""
        script = str(RECIPES / "consumer" / "consumer.py")
        to = ["--broker", self.broker.address, "--database", self.store.url]
        go = ["-broker", f"mqtt://{self.broker.address}", "-database", self.store.url]
        self.consumers.append(
            self._started([sys.executable, script, *to, "--by", BY, "--id", "python-1"])
        )
        self.consumers.append(self._started([str(built()), *go, "-by", BY, "-id", "go-1"]))

    def restart_consumer(self, number: int) -> None:
        """Kill one as a crash does it, and start it again."""
        consumer = self.consumers[number]
        self._end_consumer(consumer)
        self.consumers[number] = self._started([str(word) for word in consumer.args])  # type: ignore[union-attr] # a list, as we started it

    def restart_broker(self) -> None:
        """Kill it with all that it holds in memory; it is away for a while."""
        self._end_broker()
        time.sleep(AWAY_S)
        self.broker.start()

    def close(self) -> None:
        """End consumers and broker, and count what they and the database took."""
        for consumer in self.consumers:
            self._end_consumer(consumer)
        self._end_broker()
        self.cpu_s["database"] += cpu_with_children_s(self.store.pid)

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "consumers.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _end_consumer(self, consumer: subprocess.Popen[bytes]) -> None:
        if consumer.poll() is not None:
            raise RuntimeError(f"a consumer ended with {consumer.returncode}: {consumer.args!r}")
        self.cpu_s["consumers"] += cpu_s(consumer.pid)
        consumer.kill()
        consumer.wait()

    def _end_broker(self) -> None:
        assert self.broker.process is not None
        self.cpu_s["broker"] += cpu_s(self.broker.process.pid)
        self.broker.kill()


def started(job: Job) -> subprocess.Popen[str]:
    """A process of cameras."""
    command = [sys.executable, "-m", f"tests.fleet.{job.module}", json.dumps(asdict(job.plan))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def run(jobs: list[Job], meanwhile: Callable[[], None], tell: Callable[[str], None]) -> Ran:
    """Start all, do something meanwhile, wait for what they tell."""
    running = [(job, started(job)) for job in jobs]
    try:
        meanwhile()
        ran: Ran = []
        for job, process in running:
            out, _ = process.communicate()
            if process.returncode:
                raise RuntimeError(f"cameras in {job.mode} mode ended with {process.returncode}")
            ran.append((job, json.loads(out)))
            tell(f"{job.mode}: {out[:90].strip()} …")
        return ran
    finally:
        for _, process in running:
            process.kill()
            process.wait()
