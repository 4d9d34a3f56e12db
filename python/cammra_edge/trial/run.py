"""One Test of one profile, each step as it begins and as it ends.

The connection is first made by hand, so that a person sees which step fails and how long each takes; then
the event goes through the very payload and sink that a delivery uses.
"""

from __future__ import annotations

import base64
import secrets
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from cammra_edge.errors import CammraError
from cammra_edge.model import Attempt, Body
from cammra_edge.payload.render import render
from cammra_edge.profile import Transport
from cammra_edge.sinks import failures, open_sink, tls
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.dial import dial, resolved
from cammra_edge.trial import certificate, picture
from cammra_edge.trial.step import REMEDIES, FailedStep, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.clock import Clock
    from cammra_edge.model import Device, Event, Message
    from cammra_edge.profile import Endpoint, Profile
    from cammra_edge.sinks.base import Outcome

_NS_PER_MS = 1_000_000
_SECURE = ("https", "tls", "ftps", "ftps-implicit")
_Way = TypeVar("_Way", bound=Transport)


class Trial(Generic[_Way]):
    """One Test; a transport whose steps are others overrides them.

    Args:
        way: How the profile's messages travel.
        profile: Saved or not.
        profile_id: Its number.
        device: The camera.
        clock: Where time limits are read.
    """

    def __init__(
        self, way: _Way, profile: Profile, *, profile_id: int, device: Device, clock: Clock
    ) -> None:
        self._way = way
        self._profile = profile
        self._profile_id = profile_id
        self._device = device
        self._clock = clock
        self._endpoint = way.endpoint()
        self._deadline = Deadline(clock, way.timeouts.total_s)
        self._detail = ""
        self._ended: Step | None = None

    def run(self, plate: str) -> Iterator[Step]:
        """Take the steps with an event that reports this plate."""
        event, images = picture.event(self._profile, plate, self._clock.utc_ns())
        message = render(
            event,
            images,
            profile=self._profile,
            profile_id=self._profile_id,
            device=self._device,
            packet=0,
            boundary_key=secrets.token_bytes(16),
        )
        reached = True
        for name in self._reaching():
            yield from self._step(name)
            reached = self._ended is not None and self._ended.state == "ok"
            if not reached:
                break
        if reached:
            yield from self._sent(message, event)
        content = (
            message.content
            if isinstance(message, Body)
            else b"".join(file.content for file in message.files)
        )
        yield Step(
            "done",
            "ok",
            sent=base64.b64encode(content).decode() if reached else "",
            picture=base64.b64encode(next(iter(images.values()), b"")).decode(),
        )

    def _reaching(self) -> tuple[str, ...]:
        """The steps before the event is sent; none where it goes over no network."""
        if not self._endpoint.host:
            return ()
        return ("dns", "tcp", "tls") if self._endpoint.scheme in _SECURE else ("dns", "tcp")

    # ---- reaching it -----------------------------------------------------------------------------

    def _step(self, name: str) -> Iterator[Step]:
        """Run one of the first steps."""
        yield Step(name, "running")
        with self._timed(name):
            {"dns": self._resolve, "tcp": self._connect, "tls": self._secure}[name]()
        if self._ended is not None:
            yield self._ended

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Measure a step, and turn what goes wrong in it into its end."""
        began_ns = self._clock.mono_ns()
        self._detail = ""
        state, remedy = "ok", ""
        try:
            yield
        except FailedStep as failed:
            state, self._detail, remedy = "failed", failed.detail, failed.remedy or REMEDIES[name]
        except (OSError, EOFError, CammraError) as error:
            state, remedy = "failed", REMEDIES[name]
            self._detail = self._words(error)
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        self._ended = Step(name, state, took_ms, self._detail, remedy)

    def _words(self, error: Exception) -> str:
        if isinstance(error, CammraError):
            return str(error)
        if isinstance(error, EOFError):
            return "the server closed the connection"
        return failures.outcome(error, self._reached()).why

    def _reached(self) -> Endpoint:
        """Where the first connection goes."""
        return self._endpoint

    def _resolve(self) -> None:
        reached = self._reached()
        found = resolved(reached.host, reached.port, self._deadline.wait_s())
        self._detail = f"{reached.host}: " + ", ".join(
            dict.fromkeys(str(entry[4][0]) for entry in found)
        )

    def _connect(self) -> None:
        limits = self._way.timeouts
        reached = self._reached()
        try:
            sock = dial(reached.host, reached.port, self._deadline, limits)
        except OSError as error:
            raise FailedStep(
                f"tried {self._endpoint}: {failures.outcome(error, reached).why}"
            ) from error
        with sock:
            own = sock.getsockname()[0]
        self._detail = f"{self._endpoint}, from {own}" + (
            " through the proxy" if reached is not self._endpoint else ""
        )

    def _secure(self) -> None:
        """Begin TLS as the profile trusts; where it does not, show the certificate all the same."""
        if self._reached() is not self._endpoint:
            self._detail = "looked at by the step that sends, as a proxy stands between"
            return
        trust = tls.Trust(self._way.tls)
        trust.context()
        try:
            version, der = self._shown(trust)
        except ssl.SSLError as error:
            why = failures.outcome(error, self._endpoint).why
            try:
                _, der = self._shown(tls.Trust(tls.ANY))
            except OSError:
                raise FailedStep(why) from error
            raise FailedStep(f"{why}; {_about(der)}") from error
        self._detail = f"{version}; {_about(der)}"

    def _shown(self, trust: tls.Trust) -> tuple[str, bytes]:
        """Version of TLS and the certificate, once the receiver is believed."""
        limits, endpoint = self._way.timeouts, self._endpoint
        sock = dial(endpoint.host, endpoint.port, self._deadline, limits)
        with trust.start(sock, endpoint.host, self._deadline, limits.connect_s) as secure:
            return secure.version() or "", secure.getpeercert(binary_form=True) or b""

    # ---- sending -----------------------------------------------------------------------------------

    def _sent(self, message: Message, event: Event) -> Iterator[Step]:
        """Through the real sink; its one outcome is told as signing in, sending and answer."""
        yield Step("send", "running")
        began_ns = self._clock.mono_ns()
        sink = open_sink(self._way, clock=self._clock)
        try:
            outcome = sink.send(message, Attempt(event_id=event.event_id, packet=0, test=True))
        finally:
            sink.close()
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        yield from self._told(outcome, message, took_ms)

    def _told(self, outcome: Outcome, message: Message, took_ms: float) -> Iterator[Step]:
        size = f"{len(message.content)} bytes" if isinstance(message, Body) else ""
        if isinstance(outcome, Misconfigured):
            yield Step("send", "ok", took_ms, size)
            name = "auth" if outcome.why.startswith("status 40") else "answer"
            yield Step(name, "failed", took_ms, outcome.why, REMEDIES[name])
            return
        if how := self._signed_in():
            yield Step("auth", "ok", 0.0, how)
        yield Step("send", "ok", took_ms, size)
        match outcome:
            case Delivered(note=note):
                yield Step("answer", "ok", took_ms, note)
            case TryLater(why=why) | GiveUp(why=why):
                yield Step("answer", "failed", took_ms, why, REMEDIES["answer"])

    def _signed_in(self) -> str:
        """How the receiver knows us, where the transport has its own way of signing in."""
        return ""


def _about(der: bytes) -> str:
    """A certificate in words: for whom, by whom, until when, and its fingerprint."""
    said = certificate.read(der)
    dates = (
        f"good from {said.not_before} to {said.not_after}" if said.not_after else "dates unknown"
    )
    who = f"certificate of {said.subject or '?'}, signed by {said.issuer or '?'}"
    return f"{who}, {dates}, SHA-256 {tls.fingerprint(der)}"
