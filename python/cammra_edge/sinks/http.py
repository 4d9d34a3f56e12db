"""A rendered body to one receiver by HTTP, over a kept connection.

Invariants, held by `tests/sinks/test_http.py`, `test_http_answers.py` and `test_http_hostile.py`:

1. `send` never raises for what a network or receiver did, and returns within the profile's total time.
2. The body goes out whole, with `Content-Length`, never chunked, never `Expect`; each repeat has the same
   bytes.
3. It is delivered only if a 2xx answers this very request, and the request's last byte is out.
4. At most 64 kB of an answer are kept, and at most as much is unpacked. Redirects are followed only where that is set,
   and then within the same host.
5. A kept connection that the receiver has closed meanwhile costs one immediate repeat and no outcome.
6. Nothing is taken from the environment: no proxy, no `.netrc`, no `SSLKEYLOGFILE`.
7. What `exchange` shows has no secret: no password, no proof, nor its own header (`tests/sinks/test_exchange.py`).
"""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cammra_edge.errors import ConfigError
from cammra_edge.framing import HttpAnswer
from cammra_edge.message import Body
from cammra_edge.sinks import failures, redirect
from cammra_edge.sinks.base import GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.challenge import Credentials
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.exchange import HIDDEN, NO_EXCHANGE, Exchange, Veil, without_query
from cammra_edge.sinks.http_connection import NoHttpError
from cammra_edge.sinks.http_dial import Dialler, ProxyError
from cammra_edge.sinks.http_verdict import OK, REFUSED, holds, refusal, verdict
from cammra_edge.sinks.line import Line
from cammra_edge.sinks.tls import PinMismatchError
from cammra_edge.sinks.whys import Why, unusable, why_of
from cammra_edge.sinks.words import unpacked

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.message import Attempt, Message
    from cammra_edge.profile import HttpPost
    from cammra_edge.sinks.base import Outcome
    from cammra_edge.sinks.http_connection import Connection

_LINGER_S: Final = 2.0
"""How long the body of a refusal is waited for, where its end will be told."""
_WORDS_S: Final = 0.25
"""The same where its end will not be told."""
_REST_S: Final = 0.25
"""How long the rest of a success's body may keep the next event waiting."""
_IDLE_NS: Final = 55_000_000_000
_MOST_POSTS: Final = 3
_REQUEST_TIMEOUT: Final = 408
_USUAL_PORTS: Final = {"http": 80, "https": 443}


class HttpSink:
    """One way out to one HTTP receiver. Used by one thread at a time."""

    def __init__(
        self,
        protocol: HttpPost,
        *,
        clock: Clock,
        deny_local: bool = False,
        moves_left: int = redirect.MOST_MOVES,
        line: Line | None = None,
    ) -> None:
        self._protocol = protocol
        self._moves_left = moves_left if protocol.follow_redirects else 0
        self._clock = clock
        self._line = line or Line()
        self.endpoint = protocol.endpoint()
        self._deny_local = deny_local
        self._dialler = Dialler(protocol, self.endpoint, deny_local=deny_local)
        self._credentials = Credentials(
            auth=protocol.auth, user=protocol.user, password=protocol.password
        )
        self._connection: Connection | None = None
        self._answered_mono_ns = 0
        self._rest_comes = True
        self._origin = f"http://{self.endpoint.unzoned.address}" if self._dialler.absolute else ""
        self._head = self._head_of_every_request()
        self._shown_head = self._head_of_every_request(hidden=True)
        self._veil = self._veil_of_secrets()
        # Of the last try, for `exchange`: plain members, as each costs on every event.
        self._sent: tuple[str, str] | None = None
        self._proof: str | None = ""
        self._answer: HttpAnswer | None = None
        self._elsewhere: HttpSink | None = None

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Post the body, and return what the answer means."""
        if not isinstance(message, Body):
            return GiveUp(Why.NO_FILES_BY_HTTP())
        deadline = Deadline(self._clock, self._protocol.timeouts.total_s, self._line)
        target = message.target or self.endpoint.target
        head = (
            f"{message.method} {self._origin}{target} HTTP/1.1{self._head}{_about(message)}"
            f"Idempotency-Key: {attempt.event_id}-{attempt.packet}\r\n"
            f"X-Event-Id: {attempt.event_id}\r\n"
            f"X-Attempt: {attempt.number}\r\n"
        )
        if attempt.test:
            head += "X-Test: 1\r\n"
        self._sent = (head, message.target)
        self._answer = self._elsewhere = None
        try:
            answer = self._answered(head, message, target, deadline)
        except (ConfigError, OSError) as error:
            return self._failure(error)
        moved = self._followed(answer, message, attempt, deadline)
        return moved or verdict(
            answer, self._protocol, sent_bytes=len(message.content), clock=self._clock
        )

    def exchange(self) -> Exchange:
        """The head of the last request, and the beginning of its answer: where the receiver had moved to, if it had."""
        if self._elsewhere is not None:
            return self._elsewhere.exchange()
        if self._sent is None:
            return NO_EXCHANGE
        sent, target = self._sent
        first, _, about = sent.partition(self._head)
        method = first.partition(" ")[0]
        target = target or without_query(self.endpoint.target)
        scheme, _, proof = (self._proof or "").partition(" ")
        proven = f"Authorization: {scheme} {HIDDEN}\r\n" if scheme else ""
        head = f"{method} {self._origin}{target} HTTP/1.1{self._shown_head}{about}{proven}\r\n"
        came = b""
        if (answer := self._answer) is not None:
            body = unpacked(answer.body, answer.value("content-encoding"))
            came = self._veil.answer(answer.head, body, proof)
        return Exchange(head=head.encode("latin-1"), answer=came)

    def break_off(self) -> None:
        """End a try under way; from any thread."""
        self._line.cut()

    def close(self) -> None:
        """Let go of the kept connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _failure(self, error: ConfigError | OSError) -> Outcome:
        """What it means that no answer came."""
        match error:
            case ConfigError():
                return Misconfigured(unusable(error))
            case ProxyError(status=status) if status in REFUSED:
                return Misconfigured(refusal(status, self._protocol), status=status)
            case ProxyError():
                return TryLater(why_of(error), broke=True)
            case NoHttpError():
                why = Why.AT(where=self.endpoint.address, why=why_of(error))
                return TryLater(why, broke=True)
            case _:
                return failures.outcome(error, self._protocol.proxy_endpoint() or self.endpoint)

    def _followed(
        self, answer: HttpAnswer, message: Body, attempt: Attempt, deadline: Deadline
    ) -> Outcome | None:
        """Post again to where the receiver has moved; `None` where it has not, or nobody should follow."""
        if answer.status not in redirect.MOVED or not self._moves_left:
            return None
        location, left_s = answer.value("location"), deadline.left_s()
        protocol = redirect.protocol_there(self._protocol, self.endpoint, location, left_s=left_s)
        if protocol is None:
            return None
        there = HttpSink(
            protocol,
            clock=self._clock,
            deny_local=self._deny_local,
            moves_left=self._moves_left - 1,
            line=self._line,
        )
        self._elsewhere = there
        try:
            return there.send(replace(message, target=""), attempt)
        finally:
            there.close()

    # ---- one exchange -------------------------------------------------------------------------

    def _answered(self, head: str, message: Body, target: str, deadline: Deadline) -> HttpAnswer:
        """Post, and answer a challenge: one repeat, or two when only the nonce had grown old."""
        posts = 0
        while True:
            proof = self._credentials.header(message.method, target, message.content)
            # One byte a character: what a challenge said goes back as it came.
            whole = f"{head}Authorization: {proof}\r\n\r\n" if proof else f"{head}\r\n"
            self._proof = proof
            answer = self._believed(whole.encode("latin-1"), message.content, deadline)
            posts += 1
            if answer.status not in REFUSED:
                if info := answer.value("authentication-info"):
                    self._credentials.next_nonce(info)
                return answer
            can_prove = self._credentials.learn(answer.values("www-authenticate"))
            if not can_prove or posts == _MOST_POSTS or (posts > 1 and not self._credentials.stale):
                return answer

    def _believed(self, head: bytes, content: bytes, deadline: Deadline) -> HttpAnswer:
        """Post once more where the certificate is not trusted: the receiver may be replacing it just now."""
        try:
            return self._posted(head, content, deadline)
        except (ssl.SSLCertVerificationError, PinMismatchError):
            return self._posted(head, content, deadline)

    def _posted(self, head: bytes, content: bytes, deadline: Deadline) -> HttpAnswer:
        """Post once; a kept connection that turns out to be over is replaced at once."""
        kept = self._kept(deadline)
        if kept is not None:
            try:
                answer = self._exchanged(kept, head, content, deadline)
            except OSError as error:
                if kept.heard or isinstance(error, TimeoutError):
                    raise
            else:
                # It may have been said of the silence before, not of this request.
                if answer.status != _REQUEST_TIMEOUT:
                    return answer
                self.close()
        self._connection = self._dialler.connect(deadline)
        return self._exchanged(self._connection, head, content, deadline)

    def _kept(self, deadline: Deadline) -> Connection | None:
        """The connection of before, where it can take another request."""
        kept = self._connection
        if kept is None:
            return None
        idle_ns = self._clock.mono_ns() - self._answered_mono_ns
        good = idle_ns < _IDLE_NS and kept.can_go_on(deadline, _REST_S if self._rest_comes else 0.0)
        self._rest_comes = kept.rest_came
        if good:
            return kept
        self.close()
        return None

    def _exchanged(
        self, connection: Connection, head: bytes, content: bytes, deadline: Deadline
    ) -> HttpAnswer:
        answer = self._answer = HttpAnswer()
        try:
            connection.exchange(head, content, deadline, answer)
            self._read_what_teaches(connection, answer, deadline)
        except BaseException:
            self.close()
            raise
        self._answered_mono_ns = self._clock.mono_ns()
        if connection.refused or not (answer.reusable or answer.body_pending):
            self.close()
        return answer

    def _read_what_teaches(
        self, connection: Connection, answer: HttpAnswer, deadline: Deadline
    ) -> None:
        """Read of the body what the outcome, or a person, can learn from; of a plain success nothing is waited for."""
        if answer.whole:
            return
        wanted = self._protocol.success_body
        if answer.status not in OK:
            linger_s = _LINGER_S if answer.body_pending else _WORDS_S
            connection.read_body(answer, deadline.sooner(linger_s))
        elif wanted:
            connection.read_body(answer, deadline, lambda: holds(answer.body, wanted))
        else:
            connection.take_what_came(answer)

    def _head_of_every_request(self, *, hidden: bool = False) -> str:
        """What does not differ; `hidden`: without its secrets."""
        endpoint = self.endpoint.unzoned
        usual = _USUAL_PORTS[endpoint.scheme]
        address = endpoint.address
        host = address.removesuffix(f":{usual}") if endpoint.port == usual else address
        extra = self._protocol.extra_header()
        value = HIDDEN if hidden or extra is None else extra[1]
        proof = self._dialler.proof if self._dialler.absolute else ""
        if hidden and proof:
            proof = f"{proof.partition(':')[0]}: {HIDDEN}\r\n"
        return (
            f"\r\nHost: {host}\r\n"
            "Accept: */*\r\n"
            "Accept-Encoding: identity\r\n"
            "User-Agent: cammra-edge\r\n"
            + (f"{extra[0]}: {value}\r\n" if extra is not None else "")
            + proof
        )

    def _veil_of_secrets(self) -> Veil:
        protocol = self._protocol
        _, header = protocol.extra_header() or ("", "")
        proxy_proof = self._dialler.proof.strip()
        secrets = (protocol.password, protocol.proxy_password, header, proxy_proof)
        # Of `Bearer abc` and the like, the second word too.
        return Veil((*secrets, *(one.rpartition(" ")[2] for one in (header, proxy_proof))))


def _about(message: Body) -> str:
    """The headers about the content; a GET has none."""
    if message.method == "GET":
        return ""
    return (
        f"Content-Type: {message.content_type or 'application/octet-stream'}\r\n"
        f"Content-Length: {len(message.content)}\r\n"
    )
