"""Receivers that hang, trickle, refuse and lie; receivers far away; receivers that come back."""

from __future__ import annotations

import contextlib
import socket
import statistics
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.model import Body, Event, EventKind, Message
from cammra_edge.outbox import Outbox
from cammra_edge.profile import HttpPost, Profile, Timeouts
from cammra_edge.sinks import open_sink
from tests.fakes import a_life, new_event
from tests.faults.finding import Finding
from tests.servers import LOOPBACK, Scripted, answer, read_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Script = Callable[[socket.socket, int, Scripted], None]
    Verdict = Callable[[Mapping[str, Any]], bool]

PICTURE = bytes(range(256)) * 80
QUICK = Timeouts(connect_s=1.0, write_s=1.0, answer_s=1.0, total_s=1.5)
WAIT_S = 60.0
PACE_S = 0.02
LEAST_RATE = 0.9
MOST_P99 = 1.5
A_TURN_OF_THE_SCHEDULER_MS = 20.0


def render(event: Event, images: Mapping[str, bytes], packet: int) -> Message:
    """A body as big as that of a real event, beginning with what a test looks for."""
    head = f"{packet} {event.vehicle_no} {event.ordinal}\n".encode()
    return Body(content=head + b"".join(images.values()), content_type="application/octet-stream")


@dataclass
class Book:
    """A receiver that takes everything and writes down when."""

    came: list[tuple[int, int, int]] = field(default_factory=list)
    at_s: dict[int, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, connection: socket.socket, _: int, __: Scripted) -> None:
        while request := read_request(connection):
            numbers = request.partition(b"\r\n\r\n")[2].split(b"\n", 1)[0].split()
            packet, vehicle_no, ordinal = (int(number) for number in numbers)
            with self.lock:
                self.came.append((packet, vehicle_no, ordinal))
                self.at_s.setdefault(packet, time.monotonic())
            connection.sendall(answer())

    def in_order(self) -> bool:
        """Per vehicle, did the events first come in their order?"""
        last: dict[int, int] = {}
        for _, vehicle_no, ordinal in self.came:
            if ordinal < last.get(vehicle_no, 0):
                return False
            last[vehicle_no] = ordinal
        return True


def profile_to(port: int, name: str, **settings: Any) -> Profile:  # noqa: ANN401 - any field
    """A profile that sends to a port of this machine."""
    way = HttpPost(f"http://{LOOPBACK}:{port}/", timeouts=QUICK)
    return Profile(name, way, events=set(EventKind), **settings)


@contextlib.contextmanager
def delivering(outbox: Outbox, *profiles: Profile) -> Iterator[list[DeliveryWorker]]:
    """Workers with real sinks, from start to stop."""
    workers = [
        DeliveryWorker(
            profile_id,
            profile,
            outbox,
            open_sink(profile),
            render,
            more_sinks=lambda profile=profile: open_sink(profile),  # type: ignore[misc]
        )
        for profile_id, profile in enumerate(profiles, start=1)
    ]
    for worker in workers:
        worker.start()
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()


# -- behaviours ------------------------------------------------------------------------------------


def _never_answers(connection: socket.socket, _: int, server: Scripted) -> None:
    server.received.append(read_request(connection))
    connection.recv(1)


def _never_reads(connection: socket.socket, _: int, server: Scripted) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while not server._closing:
        time.sleep(0.02)


def _trickles(connection: socket.socket, _: int, __: Scripted) -> None:
    read_request(connection)
    for byte in answer():
        connection.sendall(bytes([byte]))
        time.sleep(1.0)


def _closes_after_the_headers(connection: socket.socket, _: int, __: Scripted) -> None:
    received = b""
    while b"\r\n\r\n" not in received and (piece := connection.recv(65536)):
        received += piece


def _resets(connection: socket.socket, _: int, __: Scripted) -> None:
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _endless_body(connection: socket.socket, _: int, __: Scripted) -> None:
    while read_request(connection):
        connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)


def _answers(status: str, *headers: str) -> Script:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        while request := read_request(connection):
            server.received.append(request)
            connection.sendall(answer(status, b"", *headers))

    return script


def _garbage(connection: socket.socket, _: int, __: Scripted) -> None:
    while read_request(connection):
        connection.sendall(b"\x16\x03\x01 what?\r\n\r\n")


def _keeps_trying(status: Mapping[str, Any]) -> bool:
    return bool(status["state"] == "retrying" and status["retried"] and not status["parked"])


def _parks_five_and_pauses(status: Mapping[str, Any]) -> bool:
    five, kept = status["parked"] == 5, status["queue_events"] > 0
    return bool(status["state"] == "paused" and five and kept)


def _pauses_and_keeps_all(status: Mapping[str, Any]) -> bool:
    return status["state"] == "paused" and not status["parked"] and bool(status["alarm"])


_BEHAVIOURS: dict[str, tuple[Script, Verdict, str]] = {
    "never answers": (_never_answers, _keeps_trying, "retries, keeps everything"),
    "never reads": (_never_reads, _keeps_trying, "retries, keeps everything"),
    "trickles a byte a second": (_trickles, _keeps_trying, "retries, keeps everything"),
    "closes after the headers": (_closes_after_the_headers, _keeps_trying, "retries"),
    "resets": (_resets, _keeps_trying, "retries, keeps everything"),
    "answers garbage": (_garbage, _keeps_trying, "retries, keeps everything"),
    "answers 500 with an endless body": (_endless_body, _keeps_trying, "retries"),
    "answers 500": (_answers("500 Oh"), _keeps_trying, "retries, keeps everything"),
    "answers 503, Retry-After: 30": (
        _answers("503 Busy", "Retry-After: 30"),
        lambda status: _keeps_trying(status) and status["retried"] == 1,
        "waits as long as it was asked to",
    ),
    "answers 429, Retry-After: 30": (
        _answers("429 Slow down", "Retry-After: 30"),
        lambda status: _keeps_trying(status) and status["retried"] == 1,
        "waits as long as it was asked to",
    ),
    "answers 413": (
        _answers("413 Big"),
        _parks_five_and_pauses,
        "parks five, pauses, keeps the rest",
    ),
    "answers 401": (
        _answers("401 No", 'WWW-Authenticate: Basic realm="x"'),
        _pauses_and_keeps_all,
        "pauses with an alarm, keeps everything",
    ),
    "answers 301": (
        _answers("301 Moved", "Location: http://127.0.0.1:1/"),
        _parks_five_and_pauses,
        "follows nothing, parks five, pauses",
    ),
}
BEHAVIOURS = tuple(_BEHAVIOURS)


def hostile(folder: Path, name: str, *, events: int, rounds: int = 1) -> Finding:
    """One receiver behaves so, the two others well: it is dealt with, they notice nothing.

    With several rounds the others' rate and p99 are held to the promise, too: medians of the rounds, each
    beside a calm run right before it.
    """
    script, verdict, policy = _BEHAVIOURS[name]
    pairs = [
        (
            _paced(folder / f"calm{turn}.sqlite3", None, events),
            _paced(folder / f"stormy{turn}.sqlite3", script, events, verdict),
        )
        for turn in range(rounds)
    ]
    status = pairs[-1][1].status
    arrived = sum(stormy.arrived for _, stormy in pairs)
    rate = statistics.median(stormy.per_s / calm.per_s for calm, stormy in pairs)
    p99 = statistics.median(stormy.p99_ms / calm.p99_ms for calm, stormy in pairs)
    calm_ms = statistics.median(calm.p99_ms for calm, _ in pairs)
    more_ms = statistics.median(stormy.p99_ms - calm.p99_ms for calm, stormy in pairs)
    undisturbed = rounds == 1 or (
        rate >= LEAST_RATE and (p99 <= MOST_P99 or more_ms <= A_TURN_OF_THE_SCHEDULER_MS)
    )
    return Finding(
        f"a receiver {name}",
        f"{policy} ({status['retried']} retries, {status['parked']} parked, {status['queue_events']} kept);"
        f" the other two got {arrived} of {2 * events * rounds}, at {rate:.2f} of the rate and {p99:.2f} of the p99"
        f" ({calm_ms:.0f} ms) without the fault",
        held=verdict(status)
        and arrived == 2 * events * rounds
        and all(stormy.in_order for _, stormy in pairs)
        and undisturbed,
    )


@dataclass(frozen=True)
class _Run:
    arrived: int
    in_order: bool
    per_s: float
    p99_ms: float
    status: Mapping[str, Any]


def _paced(path: Path, script: Script | None, events: int, verdict: Verdict | None = None) -> _Run:
    """Three profiles and an event every 20 ms; the first receiver behaves as told."""
    books = [Book(), Book(), Book()]
    outbox = Outbox(OutboxSettings(path=path))
    put_at_s: list[float] = []
    with (
        Scripted(script or books[0].script) as first,
        Scripted(books[1].script) as second,
        Scripted(books[2].script) as third,
    ):
        ports = [first.port, second.port, third.port]
        profiles = [profile_to(port, f"p{no}") for no, port in enumerate(ports)]
        with delivering(outbox, *profiles) as workers:
            began_s = time.monotonic()
            for number in range(events):
                time.sleep(max(0.0, began_s + number * PACE_S - time.monotonic()))
                put_at_s.append(time.monotonic())
                ordinal = number % 4
                life = a_life(number // 4 + 1, wanted_by=(1, 2, 3), image=PICTURE)
                outbox.put([life[ordinal]])
            for worker in workers[1:]:
                worker.wait_until_idle(WAIT_S)
            give_up_s = time.monotonic() + WAIT_S
            while verdict and not verdict(workers[0].status()) and time.monotonic() < give_up_s:
                time.sleep(0.05)
            status = workers[0].status()
    outbox.close()
    late_ms = [
        (book.at_s[packet] - put_at_s[packet - 1]) * 1e3
        for book in books[1:]
        for packet in book.at_s
    ]
    return _Run(
        arrived=sum(len(book.at_s) for book in books[1:]),
        in_order=all(book.in_order() for book in books[1:]),
        per_s=events / (max(max(book.at_s.values()) for book in books[1:]) - put_at_s[0]),
        p99_ms=statistics.quantiles(late_ms, n=100)[98] if len(late_ms) > 1 else 0.0,
        status=status,
    )


# -- far away, and back again ----------------------------------------------------------------------


class SlowRoad:
    """A relay that holds every byte back for a while, in both directions."""

    def __init__(self, port: int, delay_s: float, *, host: str = LOOPBACK) -> None:
        self._target = (host, port)
        self._delay_s = delay_s

    def script(self, connection: socket.socket, _: int, __: Scripted) -> None:
        with socket.create_connection(self._target) as onward:
            back = threading.Thread(target=self._pump, args=(onward, connection), daemon=True)
            back.start()
            self._pump(connection, onward)
            back.join(5)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        held: deque[tuple[float, bytes]] = deque()
        source.settimeout(0.005)
        with contextlib.suppress(OSError):
            while True:
                try:
                    chunk = source.recv(65536)
                    if not chunk:
                        break
                    held.append((time.monotonic() + self._delay_s, chunk))
                except TimeoutError:
                    pass
                while held and held[0][0] <= time.monotonic():
                    target.sendall(held.popleft()[1])
            target.shutdown(socket.SHUT_WR)


def far_away(folder: Path, *, events: int) -> Finding:
    """A round trip of 200 ms must not cap the rate at five a second."""
    book = Book()
    outbox = Outbox(OutboxSettings(path=folder / "o.sqlite3"))
    for first in range(1, events // 4 + 1):
        outbox.put(a_life(first, image=PICTURE))
    with Scripted(book.script) as near, Scripted(SlowRoad(near.port, 0.1).script) as road:
        began_s = time.monotonic()
        with delivering(outbox, profile_to(road.port, "far", window=8)) as (worker,):
            worker.wait_until_idle(WAIT_S)
            took_s = time.monotonic() - began_s
    outbox.close()
    rate = events / took_s
    return Finding(
        "a round trip of 200 ms, eight deliveries in flight",
        f"{rate:.0f} events/s with a picture each, {len(book.at_s)} of {events}, order per vehicle kept",
        held=len(book.at_s) == events and book.in_order() and rate >= 20,
    )


def live_first(folder: Path, *, backlog: int) -> Finding:
    """The receiver comes back after an outage with a long backlog; then something happens."""
    book = Book()
    outbox = Outbox(OutboxSettings(path=folder / "o.sqlite3"))
    for first in range(1, backlog + 1, 100):
        outbox.put([new_event(n) for n in range(first, min(first + 100, backlog + 1))])
    with Scripted(book.script) as receiver:
        time.sleep(0.01)
        with delivering(outbox, profile_to(receiver.port, "vms", order="live_first")) as (worker,):
            while not book.at_s:
                time.sleep(0.001)
            put_at_s = time.monotonic()
            outbox.put([new_event(10**6)])
            drained = worker.wait_until_idle(WAIT_S * 5)
    outbox.close()
    took_s = book.at_s[backlog + 1] - put_at_s
    before = sum(at_s < book.at_s[backlog + 1] for at_s in book.at_s.values())
    return Finding(
        f"back after an outage with {backlog} events waiting, `live_first`",
        f"what happened then arrived after {took_s * 1e3:.0f} ms, behind {before} old ones;"
        f" all {len(book.at_s)} arrived",
        held=drained and took_s < 1.0 and len(book.at_s) == backlog + 1,
    )
