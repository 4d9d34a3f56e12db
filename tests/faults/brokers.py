"""A broker between the camera and its consumer: killed, full, unheard, forbidding; and consumers that err."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from cammra_edge import Mqtt, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.message import Message, Publications
from cammra_edge.model import Event, EventKind
from cammra_edge.outbox import Outbox
from cammra_edge.profile import Caller, Presence, Timeouts
from cammra_edge.sinks import ways_out
from cammra_edge.sinks.mqtt import MqttSink
from tests.engines import Broker
from tests.fakes import a_life
from tests.faults.finding import Finding
from tests.faults.rig import WAIT_S
from tests.paho_consumers import BY, PahoConsumer, says_ok
from tests.servers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERIAL: Final = "FAULTS-1"
STATE: Final = f"cammra/v1/site/{SERIAL}/state"
QUICK: Final = Timeouts(connect_s=2.0, write_s=2.0, answer_s=1.0, total_s=4.0)
BETWEEN_KILLS_S: Final = 1.0
AWAY_S: Final = 0.3
_LATE_S: Final = 1.5


def render(event: Event, images: Mapping[str, bytes], packet: int) -> Message:
    """A small event on the topic that a camera's has."""
    del images
    return Publications(
        topic=f"cammra/v1/site/{SERIAL}/event/{event.kind.value}",
        content=f"{packet} {event.vehicle_no} {event.ordinal}".encode(),
        content_type="text/plain",
        properties=(("ce_id", event.event_id),),
    )


@contextlib.contextmanager
def publishing(outbox: Outbox, port: int, *, reply: bool) -> Iterator[DeliveryWorker]:
    """A worker that publishes what the outbox holds, from start to stop."""
    way = Mqtt(
        f"mqtt://127.0.0.1:{port}",
        ack="reply" if reply else "",
        reply_by=BY if reply else "",
        timeouts=QUICK,
    )
    profile = Profile("hub", way, events=set(EventKind))
    opened = ways_out(way, clock=SYSTEM_CLOCK, caller=Caller(serial=SERIAL, key="hub"))
    worker = DeliveryWorker(profile, outbox, opened(), render, clock=SYSTEM_CLOCK)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextlib.contextmanager
def an_outbox(folder: Path) -> Iterator[Outbox]:
    outbox = Outbox(OutboxSettings(path=folder / "outbox"), clock=SYSTEM_CLOCK)
    try:
        yield outbox
    finally:
        outbox.close()


class Load:
    """Vehicles that pass all the time, until told to stop."""

    def __init__(self, outbox: Outbox) -> None:
        self.said: list[str] = []
        self._outbox = outbox
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        vehicle_no = 0
        while not self._stopping.wait(0.02):
            vehicle_no += 1
            self.said += passing(self._outbox, vehicle_no)


def passing(outbox: Outbox, vehicle_no: int) -> list[str]:
    """A vehicle says its four events; their ids."""
    life = a_life(vehicle_no)
    outbox.put(life)
    return [one.event.event_id for one in life]


def killed(folder: Path, *, kills: int, reply: bool) -> Finding:
    """`kill -9` of the broker under load, each time with messages in memory for a consumer that is just away."""
    with (
        Broker(folder) as broker,
        PahoConsumer(broker.port) as consumer,
        an_outbox(folder) as outbox,
        publishing(outbox, broker.port, reply=reply) as worker,
    ):
        with Load(outbox) as load:
            for _ in range(kills):
                time.sleep(BETWEEN_KILLS_S)
                consumer.go_away()
                time.sleep(AWAY_S)
                broker.kill()
                broker.start()
                consumer.come_back()
        worker.resume()
        is_done = worker.wait_until_idle(WAIT_S)
        time.sleep(1)  # what the broker still holds for its consumer
        lost = set(load.said) - consumer.ids
        repeats = len(consumer.came) - len(consumer.ids)
        delivered = worker.status().delivered
    mode = "reply" if reply else "plain"
    allowed = "" if reply else ", as plain mode leaves open"
    return Finding(
        f"a broker killed {kills} times under load, {mode} mode",
        f"{delivered} of {len(load.said)} delivered, {len(lost)} lost{allowed}, {repeats} repeats",
        held=is_done and delivered == len(load.said) and bool(lost) is not reply,
    )


def full_queue(folder: Path, *, reply: bool, vehicles: int = 10) -> Finding:
    """A consumer is away, and the broker keeps five messages for it and drops the rest in silence."""
    settings = ("allow_anonymous true", "max_queued_messages 5")
    with (
        Broker(folder, settings) as broker,
        PahoConsumer(broker.port) as consumer,
        an_outbox(folder) as outbox,
        publishing(outbox, broker.port, reply=reply) as worker,
    ):
        consumer.go_away()
        said = [one for n in range(1, vehicles + 1) for one in passing(outbox, n)]
        if reply:
            wait_until(lambda: worker.status().state == "retrying", "a reply that does not come")
        else:
            worker.wait_until_idle(WAIT_S)
        consumer.come_back()
        worker.resume()
        is_done = worker.wait_until_idle(WAIT_S)
        time.sleep(1)
        lost = set(said) - consumer.ids
    mode = "reply" if reply else "plain"
    allowed = "" if reply else ", which the broker had acknowledged"
    return Finding(
        f"a broker that keeps five messages for a consumer that is away, {mode} mode",
        f"{len(lost)} of {len(said)} lost{allowed}",
        held=is_done and bool(lost) is not reply,
    )


def unheard(folder: Path) -> Finding:
    """Nobody subscribes, then somebody does."""
    with (
        Broker(folder) as broker,
        an_outbox(folder) as outbox,
        publishing(outbox, broker.port, reply=False) as worker,
    ):
        said = passing(outbox, 1)
        wait_until(lambda: worker.status().state == "retrying", "0x10")
        why = str(worker.status().why)
        with PahoConsumer(broker.port) as consumer:
            is_done = worker.wait_until_idle(WAIT_S)
            wait_until(lambda: consumer.ids == set(said), "all events")
    return Finding(
        "a broker where nobody subscribes, and then somebody does",
        f"keeps everything and says `{why.partition(': ')[2] or why}`; then {len(said)} of {len(said)} arrive",
        held=is_done and consumer.came == said,
    )


def quiet(folder: Path, *, seconds: float) -> Finding:
    """A camera that has nothing to send: it stays, and its connection's thread sleeps between what it says."""
    says = Presence(
        state_topic=STATE,
        online=b"{}",
        offline=b"{}",
        health_topic=f"cammra/v1/site/{SERIAL}/health",
        health=lambda: b"{}",
    )
    caller = Caller(serial=SERIAL, key="hub", presence=says)
    with Broker(folder) as broker:
        way = Mqtt(f"mqtt://127.0.0.1:{broker.port}", timeouts=QUICK)
        sink = ways_out(way, clock=SYSTEM_CLOCK, caller=caller)()
        assert isinstance(sink, MqttSink)
        sink.begin()
        wait_until(lambda: sink.is_connected, "the connection")
        (thread,) = [one for one in threading.enumerate() if one.name == "mqtt"]
        time.sleep(1.0)
        before = wakes_of(thread)
        time.sleep(seconds)
        wakes = wakes_of(thread) - before
        stayed = sink.is_connected
        sink.close()
    # A ping each 15 s and health each 54 s at the soonest; one wake to say it, one for the answer.
    most = 2 * math.ceil(seconds / 15) + 2 * math.ceil(seconds / 54)
    return Finding(
        f"a camera without an event for {seconds:g} s",
        f"{'stays' if stayed else 'does not stay'} connected; its thread wakes {wakes} times",
        held=stayed and wakes <= most,
    )


def wakes_of(thread: threading.Thread) -> int:
    """How often it has gone to sleep so far."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii")
    (line,) = [one for one in status.splitlines() if one.startswith("voluntary_ctxt_switches")]
    return int(line.partition(":")[2])


def forbidden(folder: Path) -> Finding:
    """The right to publish is withdrawn, and given back."""
    acl = folder / "acl"
    may = "topic readwrite #\n"
    acl.write_text(may)
    settings = ("allow_anonymous true", f"acl_file {acl}")
    with (
        Broker(folder, settings) as broker,
        PahoConsumer(broker.port) as consumer,
        an_outbox(folder) as outbox,
        publishing(outbox, broker.port, reply=False) as worker,
    ):
        said = passing(outbox, 1)
        worker.wait_until_idle(WAIT_S)
        acl.write_text("topic read #\n")
        broker.signal(signal.SIGHUP)
        give_up_s, vehicle_no = time.monotonic() + WAIT_S, 1
        while worker.status().state != "paused" and time.monotonic() < give_up_s:
            vehicle_no += 1
            said += passing(outbox, vehicle_no)
            time.sleep(0.2)
        status = worker.status()
        acl.write_text(may)
        broker.signal(signal.SIGHUP)
        time.sleep(0.5)
        worker.resume()
        is_done = worker.wait_until_idle(WAIT_S)
        wait_until(lambda: consumer.ids >= set(said), "all events")
    return Finding(
        "a broker that forbids the topic for a while",
        f"pauses with an alarm, keeps everything; {len(said)} of {len(said)} arrive once it is allowed",
        held=is_done and status.alarm and status.state == "paused",
    )


def _retries(key: str, time_no: int) -> list[dict[str, str]]:
    return [{"key": key, "by": BY, "result": "retry" if time_no == 1 else "ok", "why": "busy"}]


def _refuses(key: str, time_no: int) -> list[dict[str, str]]:
    del time_no
    return [{"key": key, "by": BY, "result": "refuse", "why": "no such gate"}]


def _late(key: str, time_no: int) -> list[dict[str, str]]:
    if time_no == 1:
        time.sleep(_LATE_S)
    return says_ok(key, time_no)


def _twice(key: str, time_no: int) -> list[dict[str, str]]:
    return says_ok(key, time_no) * 2


def _for_another(key: str, time_no: int) -> list[dict[str, str]]:
    """Answers that count for nothing: of somebody else, and to something else; the right one the second time."""
    wrong = [
        {"key": key, "by": "somebody", "result": "ok", "why": ""},
        {"key": f"{key}0", "by": BY, "result": "ok", "why": ""},
    ]
    return wrong if time_no == 1 else says_ok(key, time_no)


CONSUMERS: Final = {
    "says retry": (_retries, 2),
    "refuses": (_refuses, 1),
    "answers late": (_late, 2),
    "answers twice": (_twice, 1),
    "answers for another": (_for_another, 2),
}
"""What each says, and how often it is sent an event at least."""


def consumer_that(folder: Path, *, name: str) -> Finding:
    """A consumer in reply mode that errs; delivered is only what it says ok to."""
    answers, least = CONSUMERS[name]
    with (
        Broker(folder) as broker,
        PahoConsumer(broker.port, answers) as consumer,
        an_outbox(folder) as outbox,
        publishing(outbox, broker.port, reply=True) as worker,
    ):
        said = passing(outbox, 1)
        is_done = worker.wait_until_idle(WAIT_S)
        status = worker.status()
    times = min((consumer.came.count(one) for one in said), default=0)
    refused = name == "refuses"
    expected = (0, len(said)) if refused else (len(said), 0)
    return Finding(
        f"a consumer that {name}",
        f"{status.delivered} of {len(said)} delivered, {status.parked_now} parked, each sent at least {times} times",
        held=is_done and (status.delivered, status.parked_now) == expected and times >= least,
    )
