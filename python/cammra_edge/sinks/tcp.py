"""A rendered body over TCP: a connection per event, or one kept connection.

Invariants, held by `tests/sinks/test_tcp.py`:

1. `send` never raises for what a network or receiver did, and returns within the profile's total time.
2. An event counts as delivered only when the peer's kernel has acknowledged every byte, or when the
   application has answered with the text that `ack` asks for.
3. One connection per event carries the body and nothing else; a kept one adds only what `framing` says.
4. After a failure the connection is never used again, so a repeat starts on a clean one.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import ssl
import struct
import time
from typing import TYPE_CHECKING, Final

from cammra_edge.errors import ConfigError
from cammra_edge.message import Body
from cammra_edge.profile import Framing
from cammra_edge.sinks import failures
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline, stalled
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.exchange import Exchange, Veil
from cammra_edge.sinks.half_closed import HalfClosed
from cammra_edge.sinks.line import Line
from cammra_edge.sinks.tls import Trust
from cammra_edge.sinks.unacknowledged import hint, is_over, unacknowledged_bytes
from cammra_edge.sinks.whys import Why, unusable

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.message import Attempt, Message
    from cammra_edge.profile import Tcp
    from cammra_edge.sinks.base import Outcome

_LARGEST_ACK_BYTES = 64 << 10
_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.02
_TERMINATORS: Final = {
    Framing.NONE: b"",
    Framing.NEWLINE: b"\n",
    Framing.NUL: b"\0",
    Framing.LENGTH: b"",
}
_LARGEST_LENGTH = 0xFFFF_FFFF


class TcpSink:
    """One way out to one TCP receiver. Used by one thread at a time."""

    def __init__(self, protocol: Tcp, *, clock: Clock, deny_local: bool = False) -> None:
        self._protocol = protocol
        self._deny_local = deny_local
        self._framing = protocol.framing
        self._clock = clock
        self._line = Line()
        self._trust = Trust(protocol.tls)
        self._kept: socket.socket | None = None
        self._half_closed = HalfClosed(clock)
        self._seen = bytearray()
        self.endpoint = protocol.endpoint()

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Write the body; returns whether the receiver has it."""
        del attempt  # a TCP receiver knows repeats by the body
        if not isinstance(message, Body):
            return GiveUp(Why.NO_FILES_OVER_TCP())
        if len(message.content) > _LARGEST_LENGTH:
            return GiveUp(Why.TOO_LONG_FOR_PREFIX())
        deadline = Deadline(self._clock, self._protocol.timeouts.total_s, self._line)
        self._seen = bytearray()
        try:
            return self._sent(message.content, deadline)
        except ConfigError as error:
            return Misconfigured(unusable(error))
        except OSError as error:
            return failures.outcome(error, self.endpoint)

    def exchange(self) -> Exchange:
        """What the application answered, where it was asked to."""
        return Exchange(answer=Veil().answer(b"", self._seen))

    def break_off(self) -> None:
        """End a try under way; from any thread."""
        self._line.cut()

    def close(self) -> None:
        """Let go of a kept connection."""
        if isinstance(self._kept, ssl.SSLSocket):
            _finish_tls(self._kept)
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        self._half_closed.close()

    def _sent(self, content: bytes, deadline: Deadline) -> Outcome:
        reused = self._reusable()
        if reused is not None:
            try:
                return self._delivered_over(reused, content, deadline)
            except OSError as error:
                # The receiver closed between two events: send at once on a new connection.
                if isinstance(error, TimeoutError):
                    raise
        return self._delivered_over(self._connected(deadline), content, deadline)

    def _reusable(self) -> socket.socket | None:
        """The kept connection, unless its other end has closed it."""
        kept, self._kept = self._kept, None
        if kept is None:
            return None
        poll = select.poll()
        poll.register(kept, select.POLLIN | select.POLLHUP | select.POLLERR)
        if poll.poll(0) and not _drained(kept):
            kept.close()
            return None
        return kept

    def _connected(self, deadline: Deadline) -> socket.socket:
        limits = self._protocol.timeouts
        host, port = self.endpoint.host, self.endpoint.port
        sock = dial(host, port, deadline, limits, deny_local=self._deny_local)
        if self.endpoint.scheme == "tls":
            return self._trust.start(sock, host, deadline, limits.connect_s)
        return sock

    def _delivered_over(self, sock: socket.socket, content: bytes, deadline: Deadline) -> Outcome:
        """Write and wait for the acknowledgement; keeps the connection only after success."""
        persistent, ack = self._protocol.persistent, self._protocol.ack
        secure = isinstance(sock, ssl.SSLSocket)
        try:
            with deadline.sending(len(content)):
                self._write(sock, content, deadline)
                finished = not persistent and not secure and _finish(sock)
                self._wait_for_kernel(sock, deadline, finished=finished)
            outcome = self._acknowledged(sock, deadline)
            if persistent and isinstance(outcome, Delivered):
                self._kept = sock
                return outcome
            if isinstance(sock, ssl.SSLSocket):
                # Only now: nothing can be read after it, and it must not meet a full buffer.
                _finish_tls(sock)
        except TimeoutError as error:
            words = hint(sock) or str(error)
            sock.close()
            raise TimeoutError(words) from None
        except BaseException:
            sock.close()
            raise
        if persistent or ack:
            sock.close()
        else:
            self._half_closed.add(sock)
        return outcome

    def _write(self, sock: socket.socket, content: bytes, deadline: Deadline) -> None:
        prefix = struct.pack(">I", len(content)) if self._framing is Framing.LENGTH else b""
        pieces = [
            memoryview(piece) for piece in (prefix, content, _TERMINATORS[self._framing]) if piece
        ]
        write_s = self._protocol.timeouts.write_s
        total = sum(map(len, pieces))
        while pieces:
            wait_s = deadline.wait_s(write_s)
            sock.settimeout(wait_s)
            try:
                taken = (
                    sock.send(pieces[0])
                    if isinstance(sock, ssl.SSLSocket)
                    else sock.sendmsg(pieces)
                )
            except TimeoutError:
                raise stalled(total - sum(map(len, pieces)), total, wait_s) from None
            while pieces and taken >= len(pieces[0]):
                taken -= len(pieces.pop(0))
            if pieces:
                pieces[0] = pieces[0][taken:]

    def _wait_for_kernel(self, sock: socket.socket, deadline: Deadline, *, finished: bool) -> None:
        """Until the peer's kernel has acknowledged every byte.

        The kernel tells how many bytes are not acknowledged yet, but has no event for "none left", so it is polled
        at growing intervals that start at 0.2 ms.

        Raises:
            OSError: The connection broke before.
        """
        # Our FIN counts as one byte; a receiver that has every byte may answer it with a reset.
        ours = 1 if finished else 0
        pause_s = _FIRST_PAUSE_S
        write_s = self._protocol.timeouts.write_s
        wait = deadline.sooner(write_s)
        before = math.inf
        while True:
            # Read before the count: the count is final only when the connection was over before it.
            broken = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            closed = is_over(sock)
            left = unacknowledged_bytes(sock)
            if left <= ours:
                return
            if broken:
                raise OSError(broken, Why.BROKE_BEFORE_ACKNOWLEDGED())
            if closed:
                raise ConnectionResetError(Why.BROKEN_OFF_WITH(left=left))
            if left < before:
                before, wait = left, deadline.sooner(write_s)
            wait.wait_s()
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _acknowledged(self, sock: socket.socket, deadline: Deadline) -> Outcome:
        """Wait for the application's answer, where `ack` asks for one."""
        wanted = self._protocol.ack.encode()
        if not wanted:
            return Delivered(Why.KERNEL_HAS_IT())
        seen = self._seen
        while wanted not in seen:
            wait_s = deadline.wait_s(self._protocol.timeouts.answer_s)
            sock.settimeout(wait_s)
            try:
                received = sock.recv(4096)
            except TimeoutError:
                raise TimeoutError(Why.NO_ACKNOWLEDGEMENT_WITHIN(wait_s=round(wait_s))) from None
            seen += received
            if not received or len(seen) > _LARGEST_ACK_BYTES:
                return TryLater(Why.AT(where=self.endpoint.address, why=Why.NO_ACKNOWLEDGEMENT()))
        return Delivered(Why.APPLICATION_HAS_IT())


def _finish(sock: socket.socket) -> bool:
    """Shut the writing side; False where the receiver has hung up already."""
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


def _finish_tls(sock: ssl.SSLSocket) -> None:
    """Send TLS's closing message: without it, a receiver that reads to the end takes the event for cut off."""
    with contextlib.suppress(OSError, ValueError):  # the receiver may have hung up already
        sock.settimeout(0)
        with contextlib.suppress(ssl.SSLWantReadError):  # sent; the answer is not waited for
            sock.unwrap()
        sock.shutdown(socket.SHUT_WR)


def _drained(sock: socket.socket) -> bool:
    """Discard what the receiver sent since the last event; False when it has closed."""
    sock.settimeout(0)
    try:
        while True:
            if not sock.recv(4096):
                return False
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
