"""One Test of one profile, each step as it begins and as it ends.

The connection is first made step by step, so that a person sees which step fails and how long each takes. Then the
event goes through the same payload and sink as a delivery.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Generic, TypeVar

from cammra_edge.errors import CammraError, ConfigError
from cammra_edge.message import Attempt, Body, contents
from cammra_edge.payload.render import render
from cammra_edge.phrases import quoted
from cammra_edge.profile import Caller, Transport
from cammra_edge.sinks import failures, open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.names import resolved
from cammra_edge.sinks.whys import UploadWhy, unusable
from cammra_edge.trial import picture
from cammra_edge.trial.found import Found
from cammra_edge.trial.remedies import remedy_of
from cammra_edge.trial.step import NOTHING, FailedStep, Step

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator, Iterator, Mapping

    from cammra_edge.clock import Clock
    from cammra_edge.message import Message
    from cammra_edge.model import Device
    from cammra_edge.phrases import Said
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
        """Run all steps with an event that reports this plate, and with its picture."""
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
        yield from self.tell(message, event.event_id, next(iter(images.values()), b""))

    def tell(self, message: Message, event_id: str, shown: bytes = b"") -> Iterator[Step]:
        """Run all steps with this message; `shown` is the picture that it has."""
        reached = yield from self._taken(self._reaching())
        if reached:
            yield from self._sent(message, event_id)
        content = b"".join(contents(message))
        yield Step(
            "done",
            "ok",
            sent=base64.b64encode(content).decode() if reached else "",
            picture=base64.b64encode(shown).decode(),
        )

    def _taken(self, steps: Mapping[str, Callable[[], Said]]) -> Generator[Step, None, bool]:
        """Run steps up to the first that fails; returns whether all went well."""
        for name, action in steps.items():
            yield Step(name, "running")
            ended = self._ended(name, action)
            yield ended
            if ended.state == "failed":
                return False
        return True

    def _ended(self, name: str, action: Callable[[], Said]) -> Step:
        """Run one step, whose action returns what it found or raises what went wrong."""
        began_ns = self._clock.mono_ns()
        state, remedy, words = "ok", NOTHING, ""
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

    def _reaching(self) -> dict[str, Callable[[], Said]]:
        """The steps before the event is sent; none if it goes over no network."""
        return {"dns": self._resolve, "tcp": self._connect} if self._endpoint.host else {}

    def _words(self, error: Exception) -> Said:
        if isinstance(error, CammraError):
            return unusable(error) if isinstance(error, ConfigError) else quoted(str(error))
        if isinstance(error, EOFError):
            return UploadWhy.SERVER_HUNG_UP()
        return failures.outcome(error, self._reached()).why

    def _reached(self) -> Endpoint:
        """Where the first connection goes."""
        return self._endpoint

    def _resolve(self) -> Said:
        reached = self._reached()
        found = resolved(reached.host, reached.port, self._deadline.wait_s())
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        return Found.ADDRESSES(host=reached.host, addresses=", ".join(addresses))

    def _connect(self) -> Said:
        reached = self._reached()
        try:
            sock = self._dialled(reached)
        except OSError as error:
            why = failures.outcome(error, reached).why
            tried = Found.TRIED if reached is self._endpoint else Found.TRIED_BY_PROXY
            raise FailedStep(tried(endpoint=str(self._endpoint), why=why)) from error
        with sock:
            own = sock.getsockname()[0]
        connected = Found.CONNECTED if reached is self._endpoint else Found.CONNECTED_BY_PROXY
        return connected(endpoint=str(self._endpoint), own=own)

    def _dialled(self, endpoint: Endpoint) -> socket.socket:
        limits, deny_local = self._way.timeouts, self._deny_local
        return dial(endpoint.host, endpoint.port, self._deadline, limits, deny_local=deny_local)

    # ---- sending -----------------------------------------------------------------------------------

    def _sent(self, message: Message, event_id: str) -> Iterator[Step]:
        """Send through the real sink; its one outcome becomes the steps of signing in, sending and the answer."""
        yield Step("send", "running")
        began_ns = self._clock.mono_ns()
        sink = self._sink()
        try:
            outcome = sink.send(message, Attempt(event_id=event_id, packet=0, test=True))
        finally:
            sink.close()
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        yield from self._sending_steps(outcome, message, took_ms)

    def _sink(self) -> Sink:
        caller = Caller(serial=self._device.serial, key=self._profile.key, test=True)
        return open_sink(self._way, clock=self._clock, deny_local=self._deny_local, caller=caller)

    def _sending_steps(self, outcome: Outcome, message: Message, took_ms: float) -> Iterator[Step]:
        size = Found.BYTES(count=len(message.content)) if isinstance(message, Body) else NOTHING
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

    def _signed_in(self) -> Said:
        """How we signed in; empty if the transport has no way of doing so."""
        return NOTHING

    def _failed(
        self, name: str, took_ms: float, outcome: TryLater | GiveUp | Misconfigured
    ) -> Step:
        over_tls = self._endpoint.scheme == "https"
        remedy = remedy_of(name, outcome.why, outcome.status, over_tls=over_tls)
        return Step(name, "failed", took_ms, outcome.why, remedy, outcome.words)
