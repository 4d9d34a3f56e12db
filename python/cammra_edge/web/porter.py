"""Who is let in at the page's port, and who makes room when it is full.

A stranger costs a file descriptor and a moment of the processor, and deliveries need both. So connections are few,
those of one neighbourhood (`brake.neighbourhood`) fewer, arrivals are bounded in time, and whoever has shown a session,
a token or a known device stays. Held by `tests/web/test_porter.py`.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.web.brake import neighbourhood
from cammra_edge.web.patience import HEADERS_S

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterable

    from cammra_edge.web.patience import ImpatientProtocol

_log = logging.getLogger(__name__)

MAX_CONNECTIONS = 64
MAX_STRANGERS_OF_ONE = 8
LEAST_CONNECTIONS = 4
RESERVED_FILES = 64
"""Descriptors that the page leaves to sinks, outbox and recogniser."""
BURST = 16
PAUSE_S = 0.05
"""After a burst of arrivals the port rests so long: at most 320 arrivals a second cost anything at all."""
NO_FILE_S = 1.0
MOMENT_S = 0.25
"""How long whoever has arrived may take to ask something, before he counts as idle."""


@dataclass(eq=False, slots=True)
class Guest:
    """One connection: from where, and how to end it.

    `known`: it has shown a session, a token or a known device. `busy` says whether a request is being answered, or may
    be on its way still.
    """

    client: tuple[str, int]
    end: Callable[[], object] = lambda: None
    busy: Callable[[], bool] = lambda: False
    known: bool = False
    home: str = field(init=False)

    def __post_init__(self) -> None:
        self.home = neighbourhood(self.client[0])


class Porter:
    """Decides who may be there; knows nothing of sockets."""

    def __init__(self, most: int = MAX_CONNECTIONS) -> None:
        """Let in this many."""
        self.most = most
        self._guests: dict[Guest, None] = {}  # in the order of their arrival

    def __len__(self) -> int:
        return len(self._guests)

    def admit(self, guest: Guest) -> bool:
        """Let a stranger in, and whoever has to make room out; False when nobody has to."""
        strangers = [other for other in self._guests if not other.known]
        neighbours = [other for other in strangers if other.home == guest.home]
        if len(neighbours) >= MAX_STRANGERS_OF_ONE:
            self._dismiss(neighbours)
        elif len(self._guests) >= self.most:
            if not strangers:
                return False
            counts: dict[str, int] = {}
            for other in strangers:
                counts[other.home] = counts.get(other.home, 0) + 1
            crowd = max(counts.values())
            self._dismiss(other for other in strangers if counts[other.home] == crowd)
        self._guests[guest] = None
        return True

    def _dismiss(self, strangers: Iterable[Guest]) -> None:
        """End the oldest of them, if possible one that is not being answered."""
        among = list(strangers)
        guest = next((one for one in among if not one.busy()), among[0])
        self.left(guest)
        guest.end()

    def left(self, guest: Guest) -> None:
        """The connection has ended."""
        self._guests.pop(guest, None)

    def meet(self, client: tuple[str, int]) -> None:
        """Whoever is connected from there has shown who he is."""
        for guest in self._guests:
            guest.known = guest.known or guest.client == client


def room() -> int:
    """How many connections the page may have, by the descriptors that this process may still open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        open_now = sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        open_now = 0
    spare = soft - open_now - RESERVED_FILES
    return max(LEAST_CONNECTIONS, min(MAX_CONNECTIONS, spare // 2))


class Gate:
    """Accepts connections in the page's event loop, as far as the porter lets them in."""

    def __init__(
        self,
        listener: socket.socket,
        porter: Porter,
        protocol: Callable[[], ImpatientProtocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        """Stand at a listening socket, which does not block."""
        self._listener = listener
        self._porter = porter
        self._protocol = protocol
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._greetings: set[asyncio.Task[None]] = set()
        self._rest: asyncio.TimerHandle | None = None
        self._out_of_files = False

    def open(self) -> None:
        """Accept from now on."""
        self._rest = None
        self._loop.add_reader(self._listener, self._arrivals)

    def close(self) -> None:
        """Accept nobody any more."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listener)
        for greeting in self._greetings:
            greeting.cancel()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._rest = self._loop.call_later(seconds, self.open)

    def _arrivals(self) -> None:
        for _ in range(BURST):
            try:
                link, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if not self._out_of_files:
                    _log.warning("the page accepts nobody for now why=%s", error)
                self._out_of_files = True
                self._pause(NO_FILE_S)
                return
            self._out_of_files = False
            self._arrived(link, Guest((str(address[0]), int(address[1]))))
        self._pause(PAUSE_S)

    def _arrived(self, link: socket.socket, guest: Guest) -> None:
        if not self._porter.admit(guest):
            link.close()
            return
        link.settimeout(0)
        greeting = self._loop.create_task(self._greet(link, guest))
        arrived_s = self._loop.time()
        guest.end = greeting.cancel
        guest.busy = lambda: self._loop.time() - arrived_s < MOMENT_S
        self._greetings.add(greeting)

        def greeted(task: asyncio.Task[None]) -> None:
            self._greetings.discard(task)
            if task.cancelled() or task.exception() is not None:  # also before it began
                self._porter.left(guest)
                link.close()

        greeting.add_done_callback(greeted)

    async def _greet(self, link: socket.socket, guest: Guest) -> None:
        """Give the connection to the server.

        Raises:
            OSError: It speaks no TLS, a wrong one, or none in time.
        """
        protocol = self._protocol()
        protocol.ended = lambda: self._porter.left(guest)
        handshake_s = HEADERS_S if self._tls else None
        await self._loop.connect_accepted_socket(
            lambda: protocol, link, ssl=self._tls, ssl_handshake_timeout=handshake_s
        )
        arrives = guest.busy
        guest.end = protocol.hang_up
        guest.busy = lambda: protocol.is_answering() or arrives()
