"""Networks that lose, delay, cut and forget, between a camera in a namespace of its own and a receiver here."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.message import Attempt, Body
from cammra_edge.outbox import Outbox
from cammra_edge.profile import HttpPost, Timeouts
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import TryLater
from tests.fakes import a_life, new_event
from tests.faults.finding import Finding
from tests.faults.rig import WAIT_S, Book, delivering, profile_to
from tests.faults.road import CAMERA, OURS, road
from tests.servers import Scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cammra_edge.delivery import DeliveryWorker, ProfileStatus

QUICK = Timeouts(connect_s=2.0, write_s=2.0, answer_s=2.0, total_s=6.0)
MOST_CONNECT_S = 5.0
SLACK_S = 1.0
SMALL, LARGE = bytes(300), bytes(60_000)
OTHER_CAMERA = f"{CAMERA}2"


class Slow(NamedTuple):
    """A link, and the events that go over it one after the other."""

    sizes_bytes: tuple[int, ...]
    loss: float = 0.0
    delay_s: float = 0.0
    bytes_per_s: float = math.inf


SLOW: Mapping[str, Slow] = {
    "20 % loss each way": Slow((50_000,) * 20, loss=0.2),
    "256 kbit/s": Slow((300_000, 300_000, 1_200_000), bytes_per_s=32_000),
    "a round trip of 2 s": Slow((50_000,) * 4, delay_s=1.0),
    "256 kbit/s and a round trip of 2 s": Slow((50_000,) * 3, delay_s=1.0, bytes_per_s=32_000),
}


@contextlib.contextmanager
def a_receiver() -> Iterator[tuple[Book, Scripted]]:
    """One of ours at this end of the road."""
    book = Book()
    with Scripted(book.script, host=OURS) as server:
        yield book, server


def an_outbox(folder: Path) -> Outbox:
    """An empty one."""
    return Outbox(OutboxSettings(path=folder / "o"), clock=SYSTEM_CLOCK)


def wait_for(condition: Callable[[], object]) -> bool:
    """Until it holds; False when it never did."""
    give_up_s = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(0.01)
    return True


def black_hole(_: Path) -> Finding:
    """A host that answers no SYN costs five seconds with the settings from the start."""
    with road() as way:
        way.up = False

        def tried() -> tuple[object, float]:
            sink = open_sink(HttpPost(f"http://{OURS}:9/"), clock=SYSTEM_CLOCK)
            began_s = time.monotonic()
            outcome = sink.send(Body(content=LARGE), Attempt(event_id="e" * 32, packet=1))
            return outcome, time.monotonic() - began_s

        outcome, took_s = way.at_camera(tried)
    return Finding(
        "a host that answers no SYN",
        f"given up after {took_s:.1f} s: {getattr(outcome, 'why', outcome)}",
        held=isinstance(outcome, TryLater) and took_s < MOST_CONNECT_S + SLACK_S,
    )


def packets_too_large(folder: Path) -> Finding:
    """Full packets vanish without a word, as where a tunnel's MTU is not told."""
    outbox = an_outbox(folder)
    with road() as way, a_receiver() as (book, server):
        way.largest = 1000

        def work() -> tuple[str, int]:
            profile = profile_to(server.port, "far", host=OURS, timeouts=QUICK)
            with delivering(outbox, profile) as (worker,):
                outbox.put([new_event(1, image=LARGE)])
                wait_for(lambda: worker.status().retried)
                why = worker.status().why
                outbox.put([new_event(2, image=SMALL)])
                wait_for(lambda: book.at_s)
                passed = len(book.at_s)
                way.largest = 1500
                worker.wait_until_idle(WAIT_S)
            return why, passed

        why, passed = way.at_camera(work)
    outbox.close()
    return Finding(
        "a road that drops packets over 1000 bytes without a word",
        f"says `{why}`; {passed} small event passed meanwhile, {len(book.at_s)} of 2 after it was mended",
        held="MTU" in why and passed == 1 and len(book.at_s) == 2,
    )


def dies_under_large_ones(folder: Path) -> Finding:
    """Every connection is dead after 30 kB: what is larger cannot pass, and must not be in the way."""
    outbox = an_outbox(folder)
    with road() as way, a_receiver() as (book, server):
        way.connection_bytes = 30_000

        def work() -> ProfileStatus:
            timeouts = Timeouts(connect_s=1.0, write_s=0.5, answer_s=0.5, total_s=1.0)
            profile = profile_to(server.port, "far", host=OURS, timeouts=timeouts)
            with delivering(outbox, profile, draw=lambda: 0.0) as (worker,):
                outbox.put([new_event(1, image=LARGE), new_event(1, 2, image=SMALL)])
                vehicle_no = 1
                while not worker.status().parked and vehicle_no < 200:
                    vehicle_no += 1
                    outbox.put([new_event(vehicle_no, image=SMALL)])
                    wait_for(lambda: len(book.at_s) >= vehicle_no - 1)  # noqa: B023 - asked at once
                worker.wait_until_idle(WAIT_S)
                return worker.status()

        status = way.at_camera(work)
        small = len(book.at_s)
    (parked,) = outbox.parking.listed(outbox.profile_id("far")) if status.parked else (None,)
    outbox.close()
    return Finding(
        "a connection that always dies after 30 kB",
        f"{small} small events passed; the large one was parked: {parked and parked.why}",
        held=status.parked == 1 and not status.queue_events and small > 2 and book.in_order(),
    )


def flapping(folder: Path, *, flaps: int, up_s: float, down_s: float) -> Finding:
    """The link comes and goes while events come."""
    outbox = an_outbox(folder)
    count = 0
    with road() as way, a_receiver() as (book, server):

        def work() -> None:
            nonlocal count
            profile = profile_to(server.port, "far", host=OURS, timeouts=QUICK)
            with delivering(outbox, profile) as (worker,):
                for _ in range(flaps):
                    for up, lasts_s in ((True, up_s), (False, down_s)):
                        way.up = up
                        until_s = time.monotonic() + lasts_s
                        while time.monotonic() < until_s:
                            count += 1
                            outbox.put(a_life(count, image=LARGE[:20_000]))
                            time.sleep(min(0.3, lasts_s / 2))
                way.up = True
                worker.wait_until_idle(WAIT_S)

        way.at_camera(work)
    outbox.close()
    return Finding(
        f"a link that is up for {up_s:g} s and down for {down_s:g} s, {flaps} times",
        f"{len(book.at_s)} of {4 * count} events arrived, {book.repeats} repeats, order per vehicle kept",
        held=len(book.at_s) == 4 * count and book.repeats <= flaps and book.in_order(),
    )


def forgotten(folder: Path, *, after_s: float, silence_s: float) -> Finding:
    """A NAT forgets connections that were silent for long."""
    outbox = an_outbox(folder)
    with road() as way, a_receiver() as (book, server):
        way.idle_s = after_s

        def work() -> ProfileStatus:
            profile = profile_to(server.port, "far", host=OURS, timeouts=QUICK)
            with delivering(outbox, profile) as (worker,):
                for vehicle_no in (1, 2):
                    outbox.put([new_event(vehicle_no, image=SMALL)])
                    worker.wait_until_idle(WAIT_S)
                    time.sleep(silence_s if vehicle_no == 1 else 0)
                return worker.status()

        status = way.at_camera(work)
        connections = server.connections
    outbox.close()
    return Finding(
        f"a NAT that forgets connections after {after_s:g} s, and a silence of {silence_s:g} s",
        f"{len(book.at_s)} of 2 events arrived over {connections} connection, {status.retried} retries",
        held=len(book.at_s) == 2 and connections == 1 and not status.retried,
    )


def link_down_at_boot(folder: Path) -> Finding:
    """No link, no address and no route when the first events come; another address later."""
    outbox = an_outbox(folder)
    with road(connected=False) as way, a_receiver() as (book, server):

        def settled(worker: DeliveryWorker, arrived: int) -> bool:
            return worker.wait_until_idle(WAIT_S) and len(book.at_s) == arrived

        def work() -> tuple[str, list[bool]]:
            profile = profile_to(server.port, "far", host=OURS, timeouts=QUICK)
            with delivering(outbox, profile) as (worker,):
                outbox.put(a_life(1, image=LARGE))
                wait_for(lambda: worker.status().retried)
                why = worker.status().why
                way.connect()
                seen = [settled(worker, 4)]
                # As after DHCP: the kept connection has an address that is nobody's any more.
                way.ip("addr", "del", f"{CAMERA}/24", "dev", "road")
                way.ip("addr", "add", f"{OTHER_CAMERA}/24", "dev", "road")
                outbox.put(a_life(2, image=LARGE))
                seen.append(settled(worker, 8))
                way.ip("link", "set", "road", "down")
                outbox.put(a_life(3, image=LARGE))
                wait_for(lambda: "no route" in worker.status().why)
                way.ip("link", "set", "road", "up")
                way.ip("addr", "replace", f"{OTHER_CAMERA}/24", "dev", "road")
                seen.append(settled(worker, 12))
            return why, seen

        why, seen = way.at_camera(work)
    outbox.close()
    return Finding(
        "no link at start, then another address, then the link down and up",
        f"says `{why}`; {len(book.at_s)} of 12 events arrived, {book.repeats} repeats, order per vehicle kept",
        held="no route" in why and seen == [True] * 3 and book.repeats <= 1 and book.in_order(),
    )


def slow_but_healthy(folder: Path, shows: str) -> Finding:
    """A link that carries everything, only slowly: nothing is tried twice, with the settings from the start."""
    link = SLOW[shows]
    outbox = an_outbox(folder)
    for vehicle_no, size_bytes in enumerate(link.sizes_bytes, 1):
        outbox.put([new_event(vehicle_no, image=bytes(size_bytes))])
    with road() as way, a_receiver() as (book, server):
        way.loss, way.delay_s, way.bytes_per_s = link.loss, link.delay_s, link.bytes_per_s

        def work() -> tuple[ProfileStatus, float]:
            profile = profile_to(server.port, "far", host=OURS, timeouts=Timeouts())
            began_s = time.monotonic()
            with delivering(outbox, profile) as (worker,):
                worker.wait_until_idle(4 * WAIT_S)
                return worker.status(), time.monotonic() - began_s

        status, took_s = way.at_camera(work)
    outbox.close()
    count = len(link.sizes_bytes)
    return Finding(
        f"a slow but healthy link: {shows}",
        f"{len(book.at_s)} of {count} events ({sum(link.sizes_bytes) // 1000} kB) in {took_s:.0f} s,"
        f" {status.retried} time-outs, {book.repeats} repeats",
        held=len(book.at_s) == count and not status.retried and not book.repeats,
    )
