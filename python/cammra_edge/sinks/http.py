"""HTTP POST of a rendered body to one receiver, over a kept connection.

Invariants, held by `tests/sinks/test_http.py` and `test_http_hostile.py`:

1. `send` never raises for what a network or receiver did, and returns within the profile's total time.
2. The body goes out whole, with `Content-Length`, never chunked, never `Expect`; each repeat has the same
   bytes.
3. At most 64 kB of an answer are read, none of it is decoded. Redirects are followed only where that is set, and then
   within the same host.
4. A kept connection that the receiver has closed meanwhile costs one immediate repeat and no outcome.
5. Nothing is taken from the environment: no proxy, no `.netrc`.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpcore

from cammra_edge.errors import ConfigError
from cammra_edge.model import Body
from cammra_edge.sinks import challenge, failures, redirect
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.http_stream import Network
from cammra_edge.sinks.tls import PinMismatchError

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.model import Attempt, Message
    from cammra_edge.profile import HttpPost
    from cammra_edge.sinks.base import Outcome

LARGEST_ANSWER_BYTES: Final = 64 << 10
_LINGER_S = 2.0
_IDLE_S = 55.0
_MOST_RETRY_AFTER_S = 3600.0
_NS_PER_S = 1_000_000_000
_MOST_POSTS = 3
_OK = range(200, 300)
_REDIRECTS = range(300, 400)
_REFUSED = {401, 407}
_BUSY = {408, 425, 429}
_SERVER_FAULTS = range(500, 600)
_WORDS = {
    400: "the receiver cannot read it",
    403: "the receiver forbids it",
    404: "there is nothing at that path",
    405: "that path takes no POST",
    411: "the receiver wants a length",
    413: "too large for the receiver",
    415: "the receiver does not take that type of body",
    422: "the receiver finds it invalid",
}
_RECEIVER_BROKE_OFF = (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: names of headers in lower case, at most 64 kB of body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.headers if key == name]

    def value(self, name: str) -> str:
        """The first value of a header, or an empty text."""
        return next(iter(self.values(name)), "")


class HttpSink:
    """One way out to one HTTP receiver. Used by one thread at a time."""

    def __init__(
        self,
        protocol: HttpPost,
        *,
        clock: Clock,
        moves_left: int = redirect.MOST_MOVES,
    ) -> None:
        self._protocol = protocol
        self._moves_left = moves_left if protocol.follow_redirects else 0
        self._clock = clock
        self.endpoint = protocol.endpoint()
        self._network = Network(protocol.tls, protocol.timeouts)
        self._credentials = challenge.Credentials(
            auth=protocol.auth, user=protocol.user, password=protocol.password
        )
        self._pool: httpcore.ConnectionPool | None = None
        self._fixed_headers = [
            (name.encode(), value.encode()) for name, value in self._headers_of_every_request()
        ]
        self._url = httpcore.URL(
            scheme=self.endpoint.scheme,
            host=self.endpoint.host,
            port=self.endpoint.port,
            target=self.endpoint.target,
        )

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Post the body, and return what the answer means."""
        if not isinstance(message, Body):
            return GiveUp("files cannot be sent by HTTP POST")
        deadline = Deadline(self._clock, self._protocol.timeouts.total_s)
        headers = [
            ("Content-Type", message.content_type or "application/octet-stream"),
            ("Content-Length", str(len(message.content))),
            ("Idempotency-Key", f"{attempt.event_id}-{attempt.packet}"),
            ("X-Event-Id", attempt.event_id),
            ("X-Attempt", str(attempt.number)),
        ]
        if attempt.test:
            headers.append(("X-Test", "1"))
        try:
            answer = self._answered(message.content, headers, deadline)
        except ConfigError as error:
            return Misconfigured(str(error))
        except httpcore.ProxyError as error:
            return self._proxy_trouble(str(error))
        except httpcore.LocalProtocolError as error:
            return GiveUp(f"the request cannot be sent: {failures.printable(str(error))}")
        except (
            OSError,
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
        ) as error:
            return self._from_error(error)
        moved = self._followed(answer, message, attempt, deadline)
        return moved or self._judged(answer, len(message.content))

    def close(self) -> None:
        """Let go of kept connections."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _followed(
        self, answer: Answer, message: Message, attempt: Attempt, deadline: Deadline
    ) -> Outcome | None:
        """Post again to where the receiver has moved; `None` where it has not, or nobody should follow."""
        if answer.status not in redirect.MOVED or not self._moves_left:
            return None
        location, left_s = answer.value("location"), deadline.left_s()
        protocol = redirect.protocol_there(self._protocol, self.endpoint, location, left_s=left_s)
        if protocol is None:
            return None
        there = HttpSink(protocol, clock=self._clock, moves_left=self._moves_left - 1)
        try:
            return there.send(message, attempt)
        finally:
            there.close()

    # ---- one exchange -------------------------------------------------------------------------

    def _answered(
        self, content: bytes, headers: list[tuple[str, str]], deadline: Deadline
    ) -> Answer:
        """Post, and answer a challenge: one repeat, or two when only the nonce had grown old."""
        posts = 0
        while True:
            proof = self._credentials.header("POST", self.endpoint.target, content)
            answer = self._believed(
                [*headers, ("Authorization", proof)] if proof else headers, content, deadline
            )
            posts += 1
            if answer.status not in _REFUSED:
                if info := answer.value("authentication-info"):
                    self._credentials.next_nonce(info)
                return answer
            self._credentials.learn(answer.values("www-authenticate"))
            if posts == _MOST_POSTS or (posts > 1 and not self._credentials.stale):
                return answer

    def _believed(
        self, headers: list[tuple[str, str]], content: bytes, deadline: Deadline
    ) -> Answer:
        """Post once more where the certificate is not trusted: the receiver may be replacing it just now."""
        try:
            return self._posted(headers, content, deadline)
        except (ssl.SSLCertVerificationError, PinMismatchError):
            return self._posted(headers, content, deadline)

    def _posted(self, headers: list[tuple[str, str]], content: bytes, deadline: Deadline) -> Answer:
        """Post once; a kept connection that turns out to be closed is replaced at once."""
        dials = self._network.dials
        self._network.received_bytes = 0
        try:
            return self._clean_exchange(headers, content, deadline)
        except _RECEIVER_BROKE_OFF:
            if self._network.dials > dials or self._network.received_bytes:
                raise
        return self._clean_exchange(headers, content, deadline)

    def _clean_exchange(
        self, headers: list[tuple[str, str]], content: bytes, deadline: Deadline
    ) -> Answer:
        """Drop the pool after any failure: a broken tunnel would stay in it and block every later try."""
        try:
            return self._exchange(headers, content, deadline)
        except BaseException:
            self.close()
            raise

    def _exchange(
        self, headers: list[tuple[str, str]], content: bytes, deadline: Deadline
    ) -> Answer:
        self._network.deadline = deadline
        limits = self._protocol.timeouts
        request = httpcore.Request(
            b"POST",
            self._url,
            headers=[
                *self._fixed_headers,
                *((name.encode(), value.encode()) for name, value in headers),
            ],
            content=content,
            extensions={
                "timeout": {
                    "pool": limits.connect_s,
                    "write": limits.write_s,
                    "read": limits.answer_s,
                },
            },
        )
        response = self._opened_pool().handle_request(request)
        # The status acknowledges; the body is read only so that the connection can be kept, so wait for it briefly.
        if response.status in _OK and not self._protocol.success_body:
            self._network.deadline = deadline.sooner(_LINGER_S)
        body = bytearray()
        try:
            for chunk in response.iter_stream():
                body += chunk
                if len(body) > LARGEST_ANSWER_BYTES:
                    break
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError):
            if response.status in _OK and self._protocol.success_body:
                raise
        finally:
            with contextlib.suppress(httpcore.NetworkError, httpcore.TimeoutException, OSError):
                response.close()
        return Answer(
            status=response.status,
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in response.headers
            ),
            body=bytes(body[:LARGEST_ANSWER_BYTES]),
        )

    def _opened_pool(self) -> httpcore.ConnectionPool:
        if self._pool is None:
            proxy = self._protocol.proxy_endpoint()
            user = self._protocol.proxy_user
            by_tls = "https" in {self.endpoint.scheme, proxy and proxy.scheme}
            self._pool = httpcore.ConnectionPool(
                # Loading all certificates takes longer than a hundred events: only where TLS is used.
                ssl_context=self._network.trust.context() if by_tls else None,
                proxy=None
                if proxy is None
                else httpcore.Proxy(
                    httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
                    auth=(user, self._protocol.proxy_password) if user else None,
                ),
                max_connections=1,
                keepalive_expiry=_IDLE_S,
                network_backend=self._network,
            )
        return self._pool

    def _headers_of_every_request(self) -> list[tuple[str, str]]:
        usual = {"http": 80, "https": 443}[self.endpoint.scheme]
        bare = self.endpoint.address.removesuffix(f":{usual}")
        headers = [
            ("Host", bare if self.endpoint.port == usual else self.endpoint.address),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "cammra-edge"),
        ]
        extra = self._protocol.extra_header()
        return [*headers, extra] if extra is not None else headers

    # ---- what it means ------------------------------------------------------------------------

    def _judged(self, answer: Answer, sent_bytes: int) -> Outcome:
        status = answer.status
        if status in _OK:
            return self._matched(answer)
        if status in _REFUSED:
            return Misconfigured(self._refusal(status))
        if status in _BUSY or status in _SERVER_FAULTS:
            return TryLater(
                f"status {status}: the receiver is busy or failing", self._retry_after(answer)
            )
        if status in _REDIRECTS:
            target = failures.printable(answer.value("location").partition("?")[0])
            return GiveUp(
                f"status {status}: the receiver has moved to {target or '?'}: not followed"
            )
        return GiveUp(
            f"status {status}: {_WORDS.get(status, 'the receiver refuses it')} ({sent_bytes} bytes)"
        )

    def _matched(self, answer: Answer) -> Outcome:
        wanted = self._protocol.success_body
        if wanted and not holds(answer.body, wanted):
            return TryLater(f"status {answer.status}, but the answer does not contain what it must")
        if (
            not wanted
            and answer.value("content-type").lower().startswith("text/html")
            and b"<form" in answer.body
        ):
            return Delivered(
                f"status {answer.status}, with a web form: is a login page in the way?"
            )
        return Delivered(f"status {answer.status}")

    def _refusal(self, status: int) -> str:
        if status == max(_REFUSED):
            return f"status {status}: the proxy refuses the user or password"
        if not self._protocol.user and not self._protocol.auth_header:
            return f"status {status}: the receiver asks for a user and password, and the profile has none"
        return f"status {status}: the receiver refuses the user, password or Auth-Header"

    def _retry_after(self, answer: Answer) -> float | None:
        value = answer.value("retry-after").strip()
        if re.fullmatch(r"[0-9]{1,9}", value):
            return min(max(float(value), 1.0), _MOST_RETRY_AFTER_S)
        until_s = _seconds_of(value)
        if until_s is None:
            return None
        # By the receiver's clock, where the answer has it: ours may have started in 1970.
        now_s = _seconds_of(answer.value("date")) or self._clock.utc_ns() / _NS_PER_S
        return min(max(until_s - now_s, 1.0), _MOST_RETRY_AFTER_S)

    def _proxy_trouble(self, answer: str) -> Outcome:
        if answer.startswith("407"):
            return Misconfigured(self._refusal(max(_REFUSED)))
        return TryLater(f"the proxy answers {failures.printable(answer)}")

    def _from_error(self, error: Exception) -> Outcome:
        proxy = self._protocol.proxy_endpoint()
        if isinstance(error, httpcore.RemoteProtocolError) and error.__cause__ is None:
            return TryLater(f"{self.endpoint.address}: {failures.printable(str(error))}")
        return failures.outcome(error, proxy or self.endpoint)


def _seconds_of(date: str) -> float | None:
    """A header's date in seconds since 1970; `None` where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def holds(body: bytes, wanted: str) -> bool:
    """Whether an answer holds what `success_body` asks for: each member of a JSON object, or a text anywhere."""
    try:
        members = json.loads(wanted)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        return wanted.encode() in body
    try:
        answered = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answered, dict) and all(
        key in answered and answered[key] == value for key, value in members.items()
    )
