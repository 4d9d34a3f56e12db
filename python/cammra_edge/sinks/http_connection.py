"""One connection to an HTTP receiver: requests go out, answers come in, and it says when it is of no more use.

Python's own sockets; the answer is read by Rust (`HttpAnswer`). What decides is the receiver's status, and it counts
for the very request that it answers:

1. While a body is being sent, the receiver is listened to (RFC 9112, 9.6). A refusal ends the sending; an early success
   counts once the last byte is out.
2. Bytes behind an answer, or before a request, belong to nobody: such a connection is not used again.
3. Nothing is waited for that teaches nothing: the rest of a success's body is read before the next request.

Held by `tests/sinks/test_http_answers.py` and `test_http_hostile.py`.
"""

from __future__ import annotations

import contextlib
import select
import ssl
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.deadline import stalled
from cammra_edge.sinks.unacknowledged import hint, unacknowledged_bytes
from cammra_edge.sinks.whys import Why, why_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cammra_edge.framing import HttpAnswer
    from cammra_edge.profile import Timeouts
    from cammra_edge.sinks.deadline import Deadline

FIRST_REFUSAL: Final = 300
_PIECE_BYTES: Final = 64 << 10
_ANSWER_BYTES: Final = 16 << 10
"""Taken in at once. Where 64 kB are freed, the allocator tidies up all that is small as well."""
_MS_PER_S: Final = 1000
_LOOK_MS: Final = 50
_LINGER_S: Final = 2.0
"""How long the rest of a refusal's head may take."""
_TLS_ALERT: Final = b"\x15\x03"
_NOTHING_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BrokenOffError(ConnectionError):
    """The receiver ended the connection before it had answered."""


class NoHttpError(OSError):
    """What came back is no HTTP."""


class Connection:
    """See the module. Used by one thread at a time."""

    def __init__(self, sock: socket.socket, limits: Timeouts) -> None:
        """Take over a connected socket, which is closed with this.

        Args:
            sock: Plain, or with TLS already begun.
            limits: How long to wait for what.
        """
        self.heard = False
        """Something came in answer to the last request."""
        self.rest_came = True
        """The last answer's body was there when the next request asked for it."""
        self.refused = False
        """The last request was refused before it was out: the connection is to be closed."""
        self._sock = sock
        self._limits = limits
        self._by_tls = isinstance(sock, ssl.SSLSocket)
        if not self._by_tls:
            sock.settimeout(0)  # whose waits are our own; TLS waits within a call
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._last: HttpAnswer | None = None

    def close(self) -> None:
        """Let go of it."""
        self._sock.close()

    def exchange(self, head: bytes, content: bytes, deadline: Deadline, answer: HttpAnswer) -> None:
        """Send a request and read the answer's head.

        Args:
            head: Request line and header fields, with the empty line.
            content: The body.
            deadline: Of the whole try.
            answer: Takes in what comes, also where this raises.

        Raises:
            BrokenOffError: The connection ended without an answer.
            NoHttpError: What answers speaks another protocol.
            TimeoutError: Says what was done until then.
            OSError: The network.
        """
        self._last = None
        self.heard = False
        try:
            if self._sent(head, content, answer, deadline):
                self._last = answer
            else:
                self.refused = True
                deadline = deadline.sooner(_LINGER_S)
            while not answer.head_whole:
                received = self._waited_for(answer, deadline)
                if not received:
                    if answer.status:
                        break
                    raise BrokenOffError(Why.BROKEN_OFF())
                self._take_in(answer, received)
        except TimeoutError as error:
            raise TimeoutError(hint(self._sock) or why_of(error)) from None

    def read_body(
        self, answer: HttpAnswer, deadline: Deadline, enough: Callable[[], bool] | None = None
    ) -> None:
        """Read on until the body's or the connection's end, the deadline, 64 kB, or until there is `enough`."""
        with contextlib.suppress(OSError):
            while not (answer.whole or answer.body_full or (enough is not None and enough())):
                received = self._received_within(deadline.wait_s())
                if not received:
                    return
                answer.feed(received)

    def take_what_came(self, answer: HttpAnswer) -> None:
        """Take in what has come of the body, without waiting for more."""
        with contextlib.suppress(OSError):
            while not answer.body_full and (received := self._received_now()):
                answer.feed(received)

    def can_go_on(self, deadline: Deadline, rest_s: float) -> bool:
        """Whether another request may go out: the last answer is whole, and nothing came unasked.

        Args:
            deadline: Of the whole try.
            rest_s: How long the rest of the last answer's body may keep it waiting.
        """
        last = self._last
        if last is not None:
            if last.body_pending:
                self.take_what_came(last)
            if last.body_pending and rest_s:
                self.read_body(last, deadline.sooner(rest_s))
            self.rest_came = not last.body_pending
            if not last.reusable:
                return False
        if not self._by_tls and not self._poll.poll(0):
            return True
        try:
            return (
                self._received_now() is None
            )  # under TLS something may have come that is no answer
        except OSError:
            return False

    # ---- sending ------------------------------------------------------------------------------

    def _sent(self, head: bytes, content: bytes, answer: HttpAnswer, deadline: Deadline) -> bool:
        """Send all of it; False when the receiver refuses it meanwhile."""
        total = len(head) + len(content)
        try:
            # One segment where there is room, and one record under TLS.
            if self._by_tls:
                self._sock.settimeout(0)
                rest = memoryview(head + content)
            else:
                try:
                    count = self._sock.sendmsg((head, content))
                except BlockingIOError:
                    count = 0
                if count == total:
                    return True
                rest = memoryview(head + content)[count:]
            with deadline.sending(total):
                self._send_rest(rest, total, answer, deadline)
                self._see_out(answer, deadline)
        except (BrokenOffError, NoHttpError, TimeoutError):
            raise
        except OSError:
            self.take_what_came(answer)
            if answer.status < FIRST_REFUSAL:
                raise
        return answer.status < FIRST_REFUSAL

    def _send_rest(
        self, rest: memoryview, total: int, answer: HttpAnswer, deadline: Deadline
    ) -> None:
        """Send on until all is out or the receiver has refused it, and listen whenever it takes nothing more."""
        listening = True
        while rest:
            if count := self._taken(rest):
                rest = rest[count:]
                continue
            if not self._comes(deadline, total - len(rest), total, listening=listening):
                continue
            received = self._received_now()
            if received:
                self._take_in(answer, received)
                if answer.status >= FIRST_REFUSAL:
                    return
            elif received is not None:
                if not answer.status:
                    raise BrokenOffError(Why.BROKEN_OFF())
                listening = False

    def _see_out(self, answer: HttpAnswer, deadline: Deadline) -> None:
        """Wait until the receiver's kernel has all of it, or an answer comes: only then a slow answer is one."""
        while not answer.status and unacknowledged_bytes(self._sock):
            if not self._poll.poll(_LOOK_MS):
                deadline.wait_s()
                continue
            received = self._received_now()
            if received:
                self._take_in(answer, received)
            elif received is not None:
                return

    def _taken(self, rest: memoryview) -> int:
        try:
            return self._sock.send(rest[:_PIECE_BYTES])
        except _NOTHING_NOW:
            return 0

    def _comes(self, deadline: Deadline, taken: int, total: int, *, listening: bool) -> bool:
        """Wait until more can be sent or something comes; whether something comes."""
        wait_s = deadline.wait_s(self._limits.write_s)
        self._poll.modify(self._sock, select.POLLOUT | (select.POLLIN if listening else 0))
        ready = self._poll.poll(wait_s * _MS_PER_S)
        self._poll.modify(self._sock, select.POLLIN)
        if not ready:
            raise stalled(taken, total, wait_s)
        return bool(ready[0][1] & select.POLLIN)

    # ---- receiving ----------------------------------------------------------------------------

    def _waited_for(self, answer: HttpAnswer, deadline: Deadline) -> bytes:
        """The next bytes; none when the connection is over."""
        wait_s = deadline.wait_s(self._limits.answer_s)
        try:
            return self._received_within(wait_s)
        except TimeoutError:
            if self.refused:
                return b""
            raise TimeoutError(Why.NO_ANSWER_WITHIN(wait_s=round(wait_s))) from None
        except OSError:
            if answer.status:
                return b""
            raise

    def _received_within(self, wait_s: float) -> bytes:
        """The next bytes; empty when the receiver has closed."""
        if self._by_tls:
            self._sock.settimeout(wait_s)
            return self._sock.recv(_ANSWER_BYTES)
        if self._poll.poll(wait_s * _MS_PER_S):
            return self._sock.recv(_ANSWER_BYTES)
        raise TimeoutError

    def _received_now(self) -> bytes | None:
        """What has come; nothing (`None`) when nothing has, empty when the receiver has closed."""
        if self._by_tls:
            self._sock.settimeout(0)
        try:
            return self._sock.recv(_ANSWER_BYTES)
        except _NOTHING_NOW:
            return None

    def _take_in(self, answer: HttpAnswer, received: bytes) -> None:
        self.heard = True
        answer.feed(received)
        if answer.garbage:
            by_tls = received.startswith(_TLS_ALERT)
            raise NoHttpError(Why.TLS_THERE() if by_tls else Why.NO_HTTP())
