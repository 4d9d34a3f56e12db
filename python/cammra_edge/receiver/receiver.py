"""The receiver itself: its servers, and one list of what arrived.

Invariants, held by `tests/receiver/test_receiver.py`:

1. Success is answered only after the event is in the list (and on disk, where there is a folder).
2. While it is to refuse, it reads every request to its end and keeps nothing.
3. While it is away there is no listening socket and no open connection; it comes back on the same ports.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.receiver.arrival import Arrival
from cammra_edge.receiver.extension import event_id_of
from cammra_edge.receiver.folder import Folder
from cammra_edge.receiver.lines import TcpServer
from cammra_edge.receiver.parcel import Parcel, from_ftp, from_http, from_tcp
from cammra_edge.receiver.published import Result, parcel_of
from cammra_edge.receiver.sequence import Sequence
from cammra_edge.receiver.uploads import FtpServer
from cammra_edge.receiver.web import HttpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.receiver.arrival import Picture
    from cammra_edge.receiver.published import Published

Address = tuple[str, int]

_Server = HttpServer | TcpServer | FtpServer
_SERVERS: tuple[type[_Server], ...] = (HttpServer, TcpServer, FtpServer)

_POLL_S = 0.05
_JSON = {"Content-Type": "application/json"}
_TAKEN = b'{"Result": true}'
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer instead of success.

    Args:
        status: HTTP status; over TCP any answer but success resets the connection.
        headers: Such as `Retry-After`.
        body: Of the answer.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Receiver:
    """Takes events.

    Args:
        http: Address to listen on for HTTP, port 0 for any; `None` for no HTTP.
        tcp: The same for TCP.
        ftp: The same for FTP.
        folder: Where to keep JSON and pictures; `None` keeps them in memory only.
        on_arrival: Called with each event, repeats included, on the connection's thread.
        on_fault: Called with the peer, and what it sent that is no event.
        tcp_answer: What to answer each object over TCP, as an acknowledgement.
        keep: How many of the latest events are kept in memory, with their pictures.
        clock: Where the time of arrival comes from.

    Raises:
        OSError: An address cannot be listened on, or the folder cannot be made.
    """

    def __init__(  # noqa: PLR0913 - independent switches, all by name
        self,
        *,
        http: Address | None = ("127.0.0.1", 0),
        tcp: Address | None = None,
        ftp: Address | None = None,
        folder: Path | None = None,
        on_arrival: Callable[[Arrival], object] | None = None,
        on_fault: Callable[[str, str], object] | None = None,
        tcp_answer: bytes = b"",
        keep: int = 10_000,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._addresses = (http, tcp, ftp)
        self._folder = Folder(folder) if folder is not None else None
        self._on_arrival = on_arrival
        self._on_fault = on_fault
        self._tcp_answer = tcp_answer
        self._clock = clock
        self._changed = threading.Condition()
        self._arrivals: deque[Arrival] = deque(maxlen=keep)
        self._faults: deque[str] = deque(maxlen=keep)
        self._sequence = Sequence()
        self._count = 0
        self._refused = 0
        self._plan: deque[Answer] = deque()
        self._standing: Answer | None = None
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []
        self.come_back()

    # ---- what arrived ------------------------------------------------------------------------

    @property
    def arrivals(self) -> list[Arrival]:
        """Everything that arrived, repeats included, in order."""
        with self._changed:
            return list(self._arrivals)

    @property
    def events(self) -> list[Arrival]:
        """Every event once, in the order in which they first arrived."""
        return [arrival for arrival in self.arrivals if not arrival.repeat]

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with what arrived, each with the number of its event."""
        problems = [
            f"#{arrival.number} {why}" for arrival in self.arrivals for why in arrival.problems
        ]
        with self._changed:
            return [*problems, *self._faults]

    @property
    def missing_packets(self) -> int:
        """Packet numbers missing between the first and the last of each profile."""
        with self._changed:
            return sum(self._sequence.missing_packets().values())

    @property
    def refused(self) -> int:
        """Requests that were answered with something else than success."""
        with self._changed:
            return self._refused

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds; it is checked whenever something arrives."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_s)

    # ---- where it listens ----------------------------------------------------------------------

    @property
    def http_url(self) -> str:
        """Where to POST to."""
        return f"http://{self._listening(0)}/events"

    @property
    def tcp_address(self) -> str:
        """Where to connect to, as `host:port`."""
        return self._listening(1)

    @property
    def ftp_url(self) -> str:
        """Where to upload to."""
        return f"ftp://{self._listening(2)}"

    def _listening(self, which: int) -> str:
        address = self._addresses[which]
        if address is None:
            raise LookupError("the receiver was not told to listen there")
        host, port = address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    # ---- misbehaving ---------------------------------------------------------------------------

    def answer(self, answer: Answer, *, times: int | None = None) -> None:
        """Answer this instead of success: so many times, or until `behave`."""
        with self._changed:
            if times is None:
                self._standing = answer
            else:
                self._plan.extend([answer] * times)

    def behave(self) -> None:
        """Answer with success again."""
        with self._changed:
            self._plan.clear()
            self._standing = None

    def go_away(self) -> None:
        """Stop listening, and break every connection."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
            server.hang_up()
        for thread in self._threads:
            thread.join()
        self._servers.clear()
        self._threads.clear()

    def come_back(self) -> None:
        """Listen on the same ports again."""
        if self._servers:
            return
        bound: list[Address | None] = []
        try:
            for address, server_of in zip(self._addresses, _SERVERS, strict=True):
                if address is not None:
                    self._servers.append(server_of(address, self))
                bound.append(None if address is None else _bound(self._servers[-1]))
        except OSError:
            for server in self._servers:
                server.server_close()
            self._servers.clear()
            raise
        self._addresses = (bound[0], bound[1], bound[2])
        for server in self._servers:
            thread = threading.Thread(
                target=server.serve_forever, args=(_POLL_S,), name="receiver", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End for good."""
        self.go_away()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the servers' side ---------------------------------------------------------------------

    def take_post(
        self, peer: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One HTTP request."""
        refusal = self._refusal()
        if refusal is not None:
            return refusal.status, refusal.headers, refusal.body
        parcel = from_http(headers.get("content-type", ""), content)
        if not self._take(peer, parcel, headers):
            return HTTPStatus.INSUFFICIENT_STORAGE, _JSON, b'{"Result": false}'
        return HTTPStatus.OK, _JSON, _TAKEN

    def take_object(self, peer: str, content: bytes) -> bytes | None:
        """One object over TCP."""
        if self._refusal() is not None or not self._take(peer, from_tcp(content), {}):
            return None
        return self._tcp_answer

    def take_upload(self, peer: str, path: str, jpeg: bytes, sidecar: bytes) -> bool:
        """One picture by FTP."""
        return self._refusal() is None and self._take(peer, from_ftp(path, jpeg, sidecar), {})

    def take_message(
        self, peer: str, event: Published, pictures: list[Picture]
    ) -> tuple[Result, str]:
        """One event over MQTT, with its pictures."""
        refusal = self._refusal()
        if refusal is not None:
            is_later = (
                refusal.status in _LATER or refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            )
            result = Result.RETRY if is_later else Result.REFUSE
            return result, f"told to answer {refusal.status}"
        parcel = parcel_of(event, pictures)
        said = {
            "x-event-id": event.event_id,
            "x-attempt": event.properties.get("attempt", ""),
        }
        if not self._take(peer, parcel, said):
            return Result.RETRY, "it cannot be kept now"
        return Result.OK, ""

    def take_fault(self, peer: str, why: str) -> None:
        """Something that is no event."""
        with self._changed:
            self._faults.append(f"{peer} sent {why}")
            self._changed.notify_all()
        if self._on_fault is not None:
            self._on_fault(peer, why)

    def _refusal(self) -> Answer | None:
        with self._changed:
            refusal = self._plan.popleft() if self._plan else self._standing
            self._refused += refusal is not None
            self._changed.notify_all()
            return refusal

    def _take(self, peer: str, parcel: Parcel, headers: Mapping[str, str]) -> bool:
        """Add it to the list; False when the folder cannot keep it."""
        # One at a time, so that arrival numbers, order checks and files agree.
        with self._changed:
            arrival = Arrival(
                number=self._count + 1,
                way=parcel.way,
                peer=peer,
                at_utc_ns=self._clock.utc_ns(),
                raw=parcel.raw,
                body=parcel.body,
                pictures=parcel.pictures,
                event_id=headers.get("x-event-id", "") or event_id_of(parcel.body),
                attempt=headers.get("x-attempt", ""),
                problems=parcel.problems,
            )
            if self._folder is not None:
                try:
                    self._folder.keep(arrival)
                except OSError as error:
                    self._faults.append(
                        f"{peer} sent an event that could not be kept: {error.strerror}"
                    )
                    return False
            repeat, wrong = self._sequence.take(arrival) if parcel.body else (False, [])
            arrival = replace(arrival, repeat=repeat, problems=(*arrival.problems, *wrong))
            self._count += 1
            self._arrivals.append(arrival)
            self._changed.notify_all()
        if self._on_arrival is not None:
            self._on_arrival(arrival)
        return True


def _bound(server: _Server) -> Address:
    host, port = server.server_address[:2]
    return (host.decode() if isinstance(host, bytes | bytearray) else str(host), int(port))
