"""What other brokers do with a fleet's messages: whether foreign clients read it all, and what is left after a kill.

Each that is asked for has to be there: one that cannot be had here is wrong, not passed over.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from cammra_edge import Engine
from tests.engines import RECIPES, Broker, database
from tests.faults.brokers import an_outbox, passing, publishing
from tests.fleet.clients import Plan
from tests.fleet.engines import passes, settings_of
from tests.fleet.running import BY, STILL_HELD_S, Fleet, Job, run
from tests.java_brokers import Artemis, HiveMq
from tests.mqtt_readers import MAY_BE_RETAINED, READERS, complaints, events_of, retained
from tests.paho_consumers import PahoConsumer
from tests.servers import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.mqtt_readers import Read

    Tell = Callable[[str], None]

BROKERS: Final[dict[str, tuple[str, type[Broker]]]] = {
    "mosquitto": ("Mosquitto 2.0, as it comes", Broker),
    "artemis": ("Apache Artemis 2.40", Artemis),
    "hivemq": ("HiveMQ CE 2025.5, files", HiveMq),
}
VEHICLES: Final = 20
READ_S: Final = 60.0
CAMERAS: Final = 40
SAY_S: Final = 30.0
KILLED_AFTER_S: Final = 10.0
ACKNOWLEDGED_VEHICLES: Final = 50


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one broker did.

    Args:
        broker: Its name.
        published: Events of the real engine.
        read: Those of them that each of the readers has read.
        wrong: What was not as it has to be.
        said: Events in reply mode, around a kill.
        lost: Those of them that count as delivered, and are not in the database.
        acknowledged: Messages for a subscriber that was away.
        left: Those of them that it got after a kill.
    """

    broker: str
    published: int
    read: int
    wrong: tuple[str, ...]
    said: int
    lost: int
    acknowledged: int
    left: int


def found_out(names: Sequence[str], tell: Tell) -> tuple[list[Finding], list[str]]:
    """What these brokers do, and what of it is wrong."""
    findings: list[Finding] = []
    wrong: list[str] = []
    for name in names:
        title, kind = BROKERS[name]
        tell(f"{title}: read, killed, counted")
        try:
            finding = looked_at(title, kind, tell)
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            wrong.append(f"{title} cannot be had here: {missing}")
            continue
        findings.append(finding)
        wrong += [f"{title}: {why}" for why in finding.wrong]
        if finding.lost:
            wrong.append(f"{title}: {finding.lost} lost in reply mode")
    return findings, wrong


def looked_at(title: str, kind: type[Broker], tell: Tell) -> Finding:
    """One broker."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("read", "killed", "left"):
            (folder / part).mkdir()
        with kind(folder / "read") as broker:
            published, read, wrong = read_by_all(broker, folder)
        with kind(folder / "killed") as broker:
            said, lost, delivered = killed_once(broker, folder, tell)
        if said != delivered:
            wrong.append(f"of {said} events {delivered} were delivered")
        with kind(folder / "left") as broker:
            acknowledged, left = left_after_a_kill(broker, folder)
    return Finding(
        broker=title,
        published=published,
        read=read,
        wrong=tuple(wrong),
        said=said,
        lost=lost,
        acknowledged=acknowledged,
        left=left,
    )


def read_by_all(broker: Broker, folder: Path) -> tuple[int, int, list[str]]:
    """A real engine with pictures, read by all who are not ours: events said, those read by all, what is wrong."""
    plan = plan_for(broker, cameras=1, file=folder / "none", reply="")
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(kind(broker.port)) for kind in READERS]
        engine = Engine(settings_of(plan, 0, folder), stream_id="read")
        engine.start(live=False)
        for track in range(1, VEHICLES + 1):
            passes(engine, track)
        engine.drain(READ_S)
        published = engine.status().profiles[0].delivered
        engine.stop()
        for reader in readers:
            with contextlib.suppress(TimeoutError):  # what is missing is told below
                wait_until(partial(has_read, reader.read, published), "all events")
        plates = [f"1AB{track:04}" for track in range(1, VEHICLES + 1)]
        wrong = [
            f"{type(reader).__name__}: {why}"
            for reader in readers
            for why in complaints(reader.read, events=published, plates=plates)
        ]
        if not published:
            wrong.append("nothing was published")
        kept = [topic for topic in retained(broker.port) if not MAY_BE_RETAINED.fullmatch(topic)]
        wrong += [f"retained: {topic}" for topic in kept]
        ids = [{one.said["ce_id"] for one in events_of(reader.read)} for reader in readers]
    return published, len(set.intersection(*ids)), wrong


def has_read(read: Sequence[Read], events: int) -> bool:
    """Have so many events come?"""
    return len(events_of(read)) >= events


def killed_once(broker: Broker, folder: Path, tell: Tell) -> tuple[int, int, int]:
    """Cameras in reply mode, and a kill among them: events said, lost, delivered."""
    with database() as store:
        store.run(RECIPES / "postgresql" / "schema.sql")
        fleet = Fleet(broker, store, folder)
        fleet.consume()
        time.sleep(STILL_HELD_S)

        def kill() -> None:
            time.sleep(KILLED_AFTER_S)
            fleet.restart_broker()

        plan = plan_for(broker, cameras=CAMERAS, file=folder / "delivered", reply=BY)
        ((_, told),) = run([Job("clients", "reply", plan)], kill, tell)
        fleet.close()
        stored = {event_id for (event_id,) in store.rows("SELECT event_id FROM event")}
        delivered = Path(plan.file).read_text().split()
    lost = sum(event_id not in stored for event_id in delivered)
    return told["said"], lost, len(delivered)


def left_after_a_kill(broker: Broker, folder: Path) -> tuple[int, int]:
    """Messages for a subscriber that is away, acknowledged in plain mode; how many of them it gets after a kill."""
    with (
        PahoConsumer(broker.port) as consumer,
        an_outbox(folder) as outbox,
        publishing(outbox, broker.port, reply=False) as worker,
    ):
        consumer.go_away()
        for vehicle_no in range(1, ACKNOWLEDGED_VEHICLES + 1):
            passing(outbox, vehicle_no)
        worker.wait_until_idle(READ_S)
        acknowledged = worker.status().delivered
        broker.kill()
        broker.start()
        consumer.come_back()
        time.sleep(STILL_HELD_S)
        return acknowledged, len(consumer.ids)


def plan_for(broker: Broker, *, cameras: int, file: Path, reply: str) -> Plan:
    """Half an event a second from each, without a spread that would take minutes."""
    return Plan(
        port=broker.port,
        first=0,
        cameras=cameras,
        seconds=SAY_S,
        rate_per_s=0.5,
        spread_s=5.0,
        drain_per_s=5.0,
        reply=reply,
        file=str(file),
    )
