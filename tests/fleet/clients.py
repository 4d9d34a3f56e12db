"""Many cameras without frames in one process: `python -m tests.fleet.clients PLAN`, where the plan is JSON.

Each has the real delivery worker, gate, session and backoff, over an outbox in memory. At the end it prints, as JSON,
what it said and what became of it; the ids of those that count as delivered go to the plan's file.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import logging
import os
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cammra_edge import Mqtt, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.engine.keepalive import package_version
from cammra_edge.message import Message, Publications
from cammra_edge.model import Device, Event, EventKind
from cammra_edge.payload import presence
from cammra_edge.profile import Caller, Presence
from cammra_edge.sinks import ways_out
from tests.fakes import new_event
from tests.fleet.machine import taken
from tests.fleet.memory import MemoryOutbox
from tests.receiver.samples import body, encoded
from tests.servers import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.outbox import Outbox
    from cammra_edge.profile import PresenceWay

LATE_S = 240.0
"""How long the last events may take after the last was said."""
BIN_S = 10
"""Attempts to connect are counted in so many seconds."""
KINDS = tuple(EventKind)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one process is to do.

    Args:
        port: The broker's.
        first: Number of its first camera.
        cameras: How many.
        seconds: For how long they say something.
        rate_per_s: Events of each camera.
        spread_s: As the profile's.
        drain_per_s: As the profile's.
        reply: Whose answer counts; empty for plain mode.
        file: Where the ids of what was delivered go.
    """

    port: int
    first: int
    cameras: int
    seconds: float
    rate_per_s: float
    spread_s: float
    drain_per_s: float
    reply: str
    file: str


class Camera:
    """One camera without frames."""

    def __init__(self, number: int, plan: Plan, tried: Callable[[], None]) -> None:
        self.serial = f"FLEET{number:05d}"
        self._vehicles = 0
        self.outbox = MemoryOutbox(SYSTEM_CLOCK)
        way = Mqtt(
            f"mqtt://{LOOPBACK}:{plan.port}",
            site="fleet",
            images="none",
            ack="reply" if plan.reply else "",
            reply_by=plan.reply,
        )
        profile = Profile(
            "hub",
            way,
            events=set(EventKind),
            spread_s=plan.spread_s,
            drain_per_s=plan.drain_per_s,
        )
        caller = Caller(
            serial=self.serial,
            key="hub",
            spread_s=plan.spread_s,
            presence=self._presence(way.presence_way()),
        )
        opened = ways_out(way, clock=SYSTEM_CLOCK, caller=caller)
        sink = opened()
        dialler = cast("Any", sink)._session._dialler
        dialled = dialler.dialled

        def counted(deadline: object) -> object:
            tried()
            return dialled(deadline)

        dialler.dialled = counted
        self.worker = DeliveryWorker(
            profile, cast("Outbox", self.outbox), sink, self._render, clock=SYSTEM_CLOCK
        )

    def say(self) -> None:
        """The next event: four of each vehicle."""
        vehicle, place = divmod(self._vehicles, len(KINDS))
        self._vehicles += 1
        event = new_event(
            vehicle + 1, place + 1, kind=KINDS[place], stream_id=self.serial, car_id=vehicle + 1
        ).event
        self.outbox.put(event)

    def _presence(self, way: PresenceWay) -> Presence:
        """What it says of itself, as a camera does."""
        device, boot = Device(serial=self.serial), f"{self.serial}-1"
        return Presence(
            state_topic=presence.state_topic(way, device),
            online=presence.state(boot, online=True),
            offline=presence.state(boot, online=False),
            health_topic=presence.health_topic(way, device),
            health=lambda: presence.health(
                {
                    "boot": boot,
                    "version": package_version(),
                    "reasons": [],
                    "alarms": [],
                    "profiles": {"hub": {"queue_events": self.outbox.waiting(1).events}},
                }
            ),
        )

    def _render(self, event: Event, images: Mapping[str, bytes], packet: int) -> Message:
        del images
        plate = hashlib.sha256(f"{self.serial}{event.car_id}".encode()).hexdigest()[:7].upper()
        content = encoded(
            body(
                packetCounter=str(packet),
                carID=str(event.car_id),
                carState=event.kind.value,
                plateUTF8=plate,
                capture_timestamp=str(event.at_utc_ns // 1_000_000),
            )
        )
        return Publications(
            topic=f"cammra/v1/fleet/{self.serial}/event/{event.kind.value}",
            content=content,
            content_type="application/json",
            properties=(("ce_id", event.event_id),),
        )


def most_within(times_s: list[float], span_s: float) -> int:
    """The most within any such span."""
    most = begin = 0
    for end, at_s in enumerate(times_s):
        while at_s - times_s[begin] >= span_s:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def say(cameras: list[Camera], plan: Plan) -> int:
    """Events at random, as long as the plan says; how many."""
    chance = random.Random(plan.first)  # noqa: S311 - a simulation
    began_s = time.monotonic()
    due = [(began_s + chance.expovariate(plan.rate_per_s), n) for n in range(plan.cameras)]
    heapq.heapify(due)
    said = 0
    while due[0][0] < began_s + plan.seconds:
        at_s, number = due[0]
        time.sleep(max(0.0, at_s - time.monotonic()))
        cameras[number].say()
        said += 1
        heapq.heapreplace(due, (at_s + chance.expovariate(plan.rate_per_s), number))
    return said


def main(plan: Plan) -> None:
    """Say what is to be said, wait for what becomes of it, tell."""
    threading.stack_size(256 << 10)
    # Each thread that waits for the interpreter wakes after this time to ask for it. With the usual 5 ms the end of a
    # broker, of which all cameras of a process learn at once, has thousands of threads do nothing but ask.
    sys.setswitchinterval(5.0)
    logging.disable()
    attempts: Counter[int] = Counter()

    def tried() -> None:
        attempts[int(time.time()) // BIN_S] += 1

    cameras = [Camera(plan.first + n, plan, tried) for n in range(plan.cameras)]
    for camera in cameras:
        camera.worker.start()
    said = say(cameras, plan)
    give_up_s = time.monotonic() + LATE_S
    while time.monotonic() < give_up_s and any(one.outbox.waiting(1).events for one in cameras):
        time.sleep(1)
    tries = [one for camera in cameras for one in camera.worker.journal.tries()]
    told = {
        "said": said,
        "delivered": sum(len(camera.outbox.delivered) for camera in cameras),
        "waiting": sum(camera.outbox.waiting(1).events for camera in cameras),
        "parked": sum(camera.outbox.parked for camera in cameras),
        "attempts": attempts,
        "most_of_backlog_in_10_s": max(
            (most_within(camera.outbox.backlog_s, 10.0) for camera in cameras), default=0
        ),
        "took_ms": [round(one.took_ns / 1e6, 2) for one in tries if one.outcome == "delivered"],
        **taken(),
    }
    delivered = "\n".join(one for camera in cameras for one in camera.outbox.delivered)
    Path(plan.file).write_text(delivered, encoding="ascii")
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)  # thousands of threads, of which none has anything left to do


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])))
