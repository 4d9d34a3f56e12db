"""One socket to a broker: several threads write whole packets to it, and whoever waits for an answer reads.

A sender reads for everybody while he waits, so that an event costs no change of threads. While none of them does, the
session's thread listens, and sleeps until something comes.
Invariants, held by `tests/sinks/test_mqtt_link.py`, `test_mqtt_session.py` and `test_mqtt_hostile.py`:

1. One thread reads at a time. What comes while a sender reads wakes no other thread, unless the exchange is due sooner
   by it: the session's thread sleeps until then.
2. A message that has to wait, for others that write or for room, is written while somebody else reads.
3. Whatever ends the exchange also shuts the socket, which wakes whoever reads: everybody is told at once.
4. The socket is closed once nobody reads or writes any more.
5. Nothing that has come stays unacknowledged by the kernel while a reply is waited for.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cammra_edge.errors import ConfigError
from cammra_edge.retry import NS_PER_S
from cammra_edge.sinks import failures
from cammra_edge.sinks.base import Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline, stalled
from cammra_edge.sinks.http_dial import ProxyError
from cammra_edge.sinks.mqtt_exchange import Ended, Ticket
from cammra_edge.sinks.whys import Why, unusable, why_of

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.profile import Endpoint, Timeouts
    from cammra_edge.sinks.mqtt_exchange import Answer, MqttExchange

Failure = TryLater | Misconfigured
_NOTHING_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_RECEIVED_BYTES: Final = 16 << 10
"""Taken in at once: all that a record of TLS can hold, as what is left of one wakes nobody."""
_MS_PER_S: Final = 1000
_ASKS_FOR_PROOF: Final = 407
_GOODBYE_S: Final = 0.5
_LISTENER: Final = Ticket()
"""Stands for the session's thread, which waits for no answer."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """No answer came within so many seconds."""

    wait_s: float


class Link:
    """One connection: its socket and what is said over it.

    Args:
        sock: Connected; closed with this.
        exchange: What is said over it.
        lock: Held around every call of the exchange.
        changed: Its condition; told when the broker has room again, and of the end.
        clock: Where the time comes from.
        limits: How long to wait for what.
        endpoint: The broker.
    """

    def __init__(  # noqa: PLR0913 - what it joins, by name
        self,
        sock: socket.socket,
        exchange: MqttExchange,
        *,
        lock: threading.RLock,
        changed: threading.Condition,
        clock: Clock,
        limits: Timeouts,
        endpoint: Endpoint,
    ) -> None:
        sock.settimeout(0)
        self.exchange = exchange
        self.failure: Failure | None = None
        """Why it broke, where the network said so."""
        self._sock = sock
        self._lock = lock
        self._changed = changed
        self._clock = clock
        self._limits = limits
        self._endpoint = endpoint
        self._writing = threading.Lock()
        """Held for whole packets."""
        self._io = threading.Lock()
        """Held for one call: TLS cannot be read and written at once."""
        self._wait_for_turn = 0
        """How many wait until the broker takes another message."""
        self._reader: Ticket | None = None
        """Whose answer is waited for by whoever reads."""
        self._file_no = sock.fileno()
        self._answers = select.poll()
        self._answers.register(self._file_no, select.POLLIN)
        # Another thread can take the socket out of this one, and put it back, while it is waited on.
        self._idle = select.epoll()
        self._idle.register(self._file_no, select.EPOLLIN)
        self._nudge = os.eventfd(0)
        """Wakes the listener, so that it looks again when the exchange is due."""
        self._idle.register(self._nudge, select.EPOLLIN)

    # ---- for those who send --------------------------------------------------------------------------

    def answer_to(
        self, ticket: Ticket, packet: bytes, deadline: Deadline
    ) -> Answer | Ended | Overdue:
        """Send a message once the broker has room for it, and wait for its PUBACK.

        Where that is overdue, `ticket.is_out` says whether the message was sent.
        """
        with self._lock:
            while self.exchange.is_full and self.exchange.ended is None:
                left_s = deadline.left_s()
                if left_s <= 0:
                    return Overdue(0.0)
                self._wait_for_turn += 1
                self._changed.wait(left_s)
                self._wait_for_turn -= 1
            if self.exchange.ended is not None:
                return self.exchange.ended
            # Counted with the look at whether there is room: of several who look, one has it.
            self.exchange.sending(ticket, self._clock.mono_ns())
            writes = self._writing.acquire(blocking=False)
            if writes:  # before the first byte, or its answer would wake the session's thread
                self._take_over(ticket)
        try:
            if not writes:
                self._writing.acquire()
            self._put_out(ticket, packet, deadline)
            return self._awaited(ticket, deadline)
        finally:
            self._hand_back(ticket)

    def answer(self, ticket: Ticket, deadline: Deadline) -> Answer | Ended | Overdue:
        """Wait for the reply to a message that is out."""
        if ticket.answer is None:
            self._confirm_at_once()
        try:
            return self._awaited(ticket, deadline)
        finally:
            self._hand_back(ticket)

    def give_up(self, why: Ended) -> None:
        """End a connection on which an answer is missing: what comes late must count for nothing else."""
        with self._lock:
            self.exchange.end(why)
        self._shut()

    # ---- for the session -----------------------------------------------------------------------------

    def listen(self, due_mono_ns: int | None) -> None:
        """Sleep until something comes while no sender reads, and take it in, or until the exchange is due."""
        with self._lock:
            if self.exchange.due_mono_ns() != due_mono_ns:
                return  # by what a sender has read meanwhile
            self.exchange.is_due_anew = False
        wait_s = None
        if due_mono_ns is not None:
            wait_s = max(0.0, (due_mono_ns - self._clock.mono_ns()) / NS_PER_S)
        came = [file_no for file_no, _ in self._idle.poll(wait_s, 1)]
        if self._nudge in came:
            os.eventfd_read(self._nudge)
        if self._file_no not in came:
            return
        with self._lock:
            if self._reader is not None:
                return  # a sender was quicker
            self._reader = _LISTENER
        try:
            self._receive()
        finally:
            with self._lock:
                self._reader = None

    def flush(self, deadline: Deadline | None = None) -> None:
        """Write what the exchange has to say; whoever writes now does it when he is done."""
        while self._writing.acquire(blocking=False):
            with self._lock:
                packets = self.exchange.take_out()
                if not packets:
                    # Under the lock: what is added from here on finds nobody writing.
                    self._writing.release()
                    return
            try:
                until = deadline or Deadline(self._clock, self._limits.write_s)
                self._write(b"".join(packets), until)
            except OSError as error:
                self._break(error)
                return
            finally:
                self._writing.release()

    def goodbye(self) -> None:
        """End it in order."""
        if self._writing.acquire(timeout=_GOODBYE_S):
            try:
                with self._lock:
                    packet = self.exchange.goodbye() if self.exchange.ended is None else b""
                with contextlib.suppress(OSError):
                    self._write(packet, Deadline(self._clock, _GOODBYE_S))
            finally:
                self._writing.release()
        self._shut()

    def close(self) -> None:
        """Close the socket, once whoever reads or writes has left it."""
        self.give_up(Ended("network"))  # or who stops reading of himself would not tell us
        with self._lock:
            while self._reader is not None:
                self._changed.wait()
            self._reader = _LISTENER  # for good
        with self._writing:
            self._sock.close()
            self._idle.close()
            os.close(self._nudge)

    # ---- whose turn it is to read --------------------------------------------------------------------

    def _take_over(self, ticket: Ticket) -> None:
        """Read from now on for this one's sake, where nobody else does; the lock is held."""
        if self._reader is None:
            self._idle.unregister(self._file_no)
            self._reader = ticket

    def _hand_back(self, ticket: Ticket) -> None:
        """Let the session's thread listen again, where this one was read for."""
        if self._reader is not ticket:
            return
        with self._lock:
            self._reader = None
            self._idle.register(self._file_no, select.EPOLLIN)
            if self.exchange.ended is not None:
                self._changed.notify_all()

    def _awaited(self, ticket: Ticket, deadline: Deadline) -> Answer | Ended | Overdue:
        left_s, wait_s = deadline.left_s(), self._limits.answer_s
        if wait_s > left_s:
            wait_s = max(0.0, left_s)
        if self._reader is None and ticket.answer is None:
            with self._lock:
                if self.exchange.ended is None:
                    self._take_over(ticket)
        if self._reader is not ticket:
            return ticket.wait(wait_s) or Overdue(wait_s)
        over_s = left_s - wait_s  # what the deadline has left by then
        while ticket.answer is None:
            if left_s <= over_s:
                return Overdue(wait_s)
            if self._answers.poll((left_s - over_s) * _MS_PER_S):
                self._receive(deadline)
            left_s = deadline.left_s()
        return ticket.answer

    # ---- the socket ----------------------------------------------------------------------------------

    def _receive(self, deadline: Deadline | None = None) -> None:
        """Take in what has come, and answer it."""
        exchange = self.exchange
        try:
            with self._io:
                content = self._sock.recv(_RECEIVED_BYTES)
        except _NOTHING_NOW:
            return
        except OSError as error:
            self._break(error)
            return
        with self._lock:
            if content:
                exchange.received(content, self._clock.mono_ns())
            else:
                exchange.end(Ended("network"))
            if self._wait_for_turn:
                self._changed.notify_all()
            if exchange.is_due_anew and self._reader is not _LISTENER:
                os.eventfd_write(self._nudge, 1)
        if exchange.has_to_say:
            self.flush(deadline)
        if exchange.ended is not None:
            self._shut()

    def _confirm_at_once(self) -> None:
        """Have the kernel acknowledge what has come.

        By itself it waits 40 ms for something of ours that the acknowledgement can go with; and a broker that leaves
        Nagle's algorithm on, as Mosquitto does, holds back the reply behind its PUBACK until then.
        """
        with contextlib.suppress(AttributeError, OSError):  # of Linux only, and of TCP only
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _put_out(self, ticket: Ticket, packet: bytes, deadline: Deadline) -> None:
        """Write a message, and let go of writing."""
        try:
            taken = self._taken(packet, ticket)
            if taken < len(packet):
                self._hand_back(ticket)
                with deadline.sending(len(packet)):
                    self._write(packet, deadline, ticket, taken)
        except OSError as error:
            self._break(error)
        finally:
            self._writing.release()
        if self.exchange.has_to_say:
            self.flush(deadline)

    def _write(
        self, packet: bytes, deadline: Deadline, ticket: Ticket | None = None, taken: int = 0
    ) -> None:
        """Write a packet from there on, and wait for room; `_writing` is held.

        Raises:
            OSError: The network, or it takes no more.
        """
        left = memoryview(packet)[taken:]
        while left:
            if taken := self._taken(left, ticket):
                left = left[taken:]
            else:
                self._wait_for_room(len(packet) - len(left), len(packet), deadline)

    def _taken(self, left: bytes | memoryview, ticket: Ticket | None) -> int:
        """How much of it goes out now."""
        try:
            with self._io:
                taken = self._sock.send(left)
                if ticket is not None and taken == len(left):
                    ticket.is_out = True  # before anybody can read its answer
        except _NOTHING_NOW:
            return 0
        return taken

    def _wait_for_room(self, taken: int, total: int, deadline: Deadline) -> None:
        wait_s = deadline.wait_s(self._limits.write_s)
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT)
        if not poll.poll(wait_s * _MS_PER_S):
            raise stalled(taken, total, wait_s)

    def _break(self, error: OSError) -> None:
        with self._lock:
            if self.exchange.ended is None:
                self.failure = failure_of(error, self._endpoint)
            self.exchange.end(Ended("network"))
        self._shut()

    def _shut(self) -> None:
        """Wake whoever reads or waits for room."""
        with contextlib.suppress(OSError):
            # Not that of TLS, which would go on in clear.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


def failure_of(error: ConfigError | OSError, endpoint: Endpoint) -> Failure:
    """What it means for a message that there is no connection, or none any more."""
    match error:
        case ConfigError():
            return Misconfigured(unusable(error))
        case ProxyError(status=status) if status == _ASKS_FOR_PROOF:
            return Misconfigured(Why.PROXY_REFUSES_USER(status=status), status=status)
        case ProxyError():
            return TryLater(why_of(error), broke=True)
        case _:
            return failures.outcome(error, endpoint)
