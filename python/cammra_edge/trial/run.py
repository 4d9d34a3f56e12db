"""One Test of one profile, each step as it begins and as it ends.

The connection is first made step by step, so that a person sees which step fails and how long each takes. Then the
event goes through the same payload and sink as a delivery.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Generic, TypeVar

from cammra_edge.errors import CammraError
from cammra_edge.message import Attempt, Body
from cammra_edge.payload.render import render
from cammra_edge.profile import Transport
from cammra_edge.sinks import failures, open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.names import resolved
from cammra_edge.trial import picture
from cammra_edge.trial.step import FailedStep, Step, remedy_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator, Iterator, Mapping

    from cammra_edge.clock import Clock
    from cammra_edge.message import Message
    from cammra_edge.model import Device, Event
    from cammra_edge.profile import Endpoint, Profile
    from cammra_edge.sinks.base import Outcome, Sink

_NS_PER_MS = 1_000_000
_Way = TypeVar("_Way", bound=Transport)


class Trial(Generic[_Way]):
    """One Test; transports with other steps have a class of their own.

    Args:
        way: How the profile's messages travel.
        profile: Saved or not.
        profile_id: The profile's number.
        device: The camera.
        clock: Where time limits are read.
        deny_local: Send nothing to this machine itself or its link.
    """

    def __init__(  # noqa: PLR0913 - what a Test goes by, by name
        self,
        way: _Way,
        profile: Profile,
        *,
        profile_id: int,
        device: Device,
        clock: Clock,
        deny_local: bool = False,
    ) -> None:
        self._way = way
        self._deny_local = deny_local
        self._profile = profile
        self._profile_id = profile_id
        self._device = device
        self._clock = clock
        self._endpoint = way.endpoint()
        self._deadline = Deadline(clock, way.timeouts.total_s)

    def run(self, plate: str) -> Iterator[Step]:
        """Run all steps with an event that reports this plate."""
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
        reached = yield from self._taken(self._reaching())
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

    def _taken(self, steps: Mapping[str, Callable[[], str]]) -> Generator[Step, None, bool]:
        """Run steps up to the first that fails; returns whether all went well."""
        for name, action in steps.items():
            yield Step(name, "running")
            ended = self._ended(name, action)
            yield ended
            if ended.state == "failed":
                return False
        return True

    def _ended(self, name: str, action: Callable[[], str]) -> Step:
        """Run one step, whose action returns what it found or raises what went wrong."""
        began_ns = self._clock.mono_ns()
        state, remedy, words = "ok", "", ""
        try:
            detail = action()
        except FailedStep as failed:
            state, words = "failed", failed.words
            detail, remedy = failed.detail, failed.remedy
        except (OSError, EOFError, CammraError) as error:
            state, detail = "failed", self._words(error)
        if state == "failed":
            remedy = remedy or remedy_of(name, detail)
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        return Step(name, state, took_ms, detail, remedy, words)

    # ---- reaching it -----------------------------------------------------------------------------

    def _reaching(self) -> dict[str, Callable[[], str]]:
        """The steps before the event is sent; none if it goes over no network."""
        return {"dns": self._resolve, "tcp": self._connect} if self._endpoint.host else {}

    def _words(self, error: Exception) -> str:
        if isinstance(error, CammraError):
            return str(error)
        if isinstance(error, EOFError):
            return "the server closed the connection"
        return failures.outcome(error, self._reached()).why

    def _reached(self) -> Endpoint:
        """Where the first connection goes."""
        return self._endpoint

    def _resolve(self) -> str:
        reached = self._reached()
        found = resolved(reached.host, reached.port, self._deadline.wait_s())
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        return f"{reached.host}: {', '.join(addresses)}"

    def _connect(self) -> str:
        reached = self._reached()
        try:
            sock = self._dialled(reached)
        except OSError as error:
            way = "" if reached is self._endpoint else " through the proxy"
            why = f"tried {self._endpoint}{way}: {failures.outcome(error, reached).why}"
            raise FailedStep(why) from error
        with sock:
            own = sock.getsockname()[0]
        through = " through the proxy" if reached is not self._endpoint else ""
        return f"{self._endpoint}, from {own}{through}"

    def _dialled(self, endpoint: Endpoint) -> socket.socket:
        limits, deny_local = self._way.timeouts, self._deny_local
        return dial(endpoint.host, endpoint.port, self._deadline, limits, deny_local=deny_local)

    # ---- sending -----------------------------------------------------------------------------------

    def _sent(self, message: Message, event: Event) -> Iterator[Step]:
        """Send through the real sink; its one outcome becomes the steps of signing in, sending and the answer."""
        yield Step("send", "running")
        began_ns = self._clock.mono_ns()
        sink = self._sink()
        try:
            outcome = sink.send(message, Attempt(event_id=event.event_id, packet=0, test=True))
        finally:
            sink.close()
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        yield from self._sending_steps(outcome, message, took_ms)

    def _sink(self) -> Sink:
        return open_sink(self._way, clock=self._clock, deny_local=self._deny_local)

    def _sending_steps(self, outcome: Outcome, message: Message, took_ms: float) -> Iterator[Step]:
        size = f"{len(message.content)} bytes" if isinstance(message, Body) else ""
        if isinstance(outcome, Misconfigured):
            yield Step("send", "ok", took_ms, size)
            name = "auth" if outcome.status else "answer"
            yield self._failed(name, took_ms, outcome)
            return
        if how := self._signed_in():
            yield Step("auth", "ok", 0.0, how)
        yield Step("send", "ok", took_ms, size)
        match outcome:
            case Delivered(note=note):
                yield Step("answer", "ok", took_ms, note, words=outcome.words)
            case TryLater() | GiveUp():
                yield self._failed("answer", took_ms, outcome)

    def _signed_in(self) -> str:
        """How we signed in; empty if the transport has no way of doing so."""
        return ""

    def _failed(
        self, name: str, took_ms: float, outcome: TryLater | GiveUp | Misconfigured
    ) -> Step:
        over_tls = self._endpoint.scheme == "https"
        remedy = remedy_of(name, outcome.why, outcome.status, over_tls=over_tls)
        return Step(name, "failed", took_ms, outcome.why, remedy, outcome.words)
