"""What the lines about receivers share: bodies, profiles, workers, and a receiver that writes down what came."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.message import Body, Message
from cammra_edge.model import Event, EventKind
from cammra_edge.profile import HttpPost, Profile, Timeouts
from cammra_edge.retry import draw_evenly
from cammra_edge.sinks import open_sink
from tests.servers import LOOPBACK, Scripted, answer, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping

    from cammra_edge.outbox import Outbox

PICTURE = bytes(range(256)) * 80
QUICK = Timeouts(connect_s=1.0, write_s=1.0, answer_s=1.0, total_s=1.5)
WAIT_S = 60.0


def render(event: Event, images: Mapping[str, bytes], packet: int) -> Message:
    """A body as big as that of a real event, beginning with what a test looks for."""
    head = f"{packet} {event.vehicle_no} {event.ordinal}\n".encode()
    return Body(content=head + b"".join(images.values()), content_type="application/octet-stream")


def numbers_of(request: bytes) -> tuple[int, int, int]:
    """Packet, vehicle and ordinal of such a body."""
    packet, vehicle_no, ordinal = request.partition(b"\r\n\r\n")[2].split(b"\n", 1)[0].split()
    return int(packet), int(vehicle_no), int(ordinal)


@dataclass
class Book:
    """What came to a receiver, and when (monotonic seconds, the same in every process)."""

    came: list[tuple[int, int, int]] = field(default_factory=list)
    at_s: dict[int, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, packet: int, vehicle_no: int, ordinal: int, at_s: float) -> None:
        """One more."""
        with self.lock:
            self.came.append((packet, vehicle_no, ordinal))
            self.at_s.setdefault(packet, at_s)

    @property
    def repeats(self) -> int:
        """Events that came more than once."""
        return len(self.came) - len(self.at_s)

    def script(self, connection: socket.socket, _: int, __: Scripted) -> None:
        """Take everything that comes on a connection."""
        while request := read_request(connection):
            self.write(*numbers_of(request), time.monotonic())
            connection.sendall(answer())

    def in_order(self) -> bool:
        """Per vehicle, did the events first come in their order?"""
        last: dict[int, int] = {}
        seen: set[int] = set()
        for packet, vehicle_no, ordinal in self.came:
            if packet in seen:
                continue
            seen.add(packet)
            if ordinal < last.get(vehicle_no, 0):
                return False
            last[vehicle_no] = ordinal
        return True


def profile_to(
    port: int,
    name: str,
    *,
    host: str = LOOPBACK,
    timeouts: Timeouts = QUICK,
    **settings: Any,  # noqa: ANN401 - any field
) -> Profile:
    """A profile that sends to a port, of this machine where no other is named."""
    way = HttpPost(f"http://{host}:{port}/", timeouts=timeouts)
    return Profile(name, way, events=set(EventKind), **settings)


@contextlib.contextmanager
def delivering(
    outbox: Outbox, *profiles: Profile, draw: Callable[[], float] = draw_evenly
) -> Iterator[list[DeliveryWorker]]:
    """Workers with real sinks, from start to stop."""
    workers = [
        DeliveryWorker(
            profile,
            outbox,
            open_sink(profile.protocol, clock=SYSTEM_CLOCK),
            render,
            more_sinks=lambda profile=profile: open_sink(profile.protocol, clock=SYSTEM_CLOCK),  # type: ignore[misc]
            clock=SYSTEM_CLOCK,
            draw=draw,
        )
        for profile in profiles
    ]
    for worker in workers:
        worker.start()
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()
