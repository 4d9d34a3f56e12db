"""Receivers far away, and receivers that come back."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import a_life, new_event
from tests.faults.finding import Finding
from tests.faults.rig import PICTURE, WAIT_S, Book, delivering, profile_to
from tests.faults.taker import taking
from tests.servers import LOOPBACK, Scripted

if TYPE_CHECKING:
    from pathlib import Path

LEAST_PER_S = 20.0
MOST_AFTER_S = 1.0


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
    outbox = Outbox(OutboxSettings(path=folder / "o"), clock=SYSTEM_CLOCK)
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
        held=len(book.at_s) == events and book.in_order() and rate >= LEAST_PER_S,
    )


def back_again(folder: Path, *, vehicles: int) -> Finding:
    """The receiver is away while ten minutes' events come; it returns, and then something happens."""
    book = Book()
    outbox = Outbox(OutboxSettings(path=folder / "o"), clock=SYSTEM_CLOCK)
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = int(listener.getsockname()[1])
    with delivering(outbox, profile_to(port, "vms", order="live_first")) as (worker,):
        for vehicle_no in range(1, vehicles + 1):
            outbox.put(a_life(vehicle_no))
        while worker.status().retried < 2:
            time.sleep(0.01)
        with taking(book, port=port):
            while not book.at_s:
                time.sleep(0.001)
            back_s = min(book.at_s.values())
            outbox.put([new_event(10**6)])
            drained = worker.wait_until_idle(WAIT_S * 5)
        status = worker.status()
    outbox.close()
    events = 4 * vehicles
    now_s = book.at_s.get(events + 1, back_s + WAIT_S)
    before = sum(at_s < now_s for at_s in book.at_s.values())
    return Finding(
        f"a receiver away while {events} events come, then back, `live_first`",
        f"{status.retried} tries meanwhile; what happened then arrived {(now_s - back_s) * 1e3:.0f} ms after the"
        f" reconnect, behind {before} old ones; {len(book.at_s)} of {events + 1} arrived, order per vehicle kept",
        held=drained
        and now_s - back_s < MOST_AFTER_S
        and len(book.at_s) == events + 1
        and book.in_order(),
    )
