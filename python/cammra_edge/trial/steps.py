"""The steps of a Test, each as it begins and as it ends.

The connection is first made by hand, so that a person sees which step fails and how long each takes; then
the event goes through the very payload and sink that a delivery uses. Invariants, held by
`tests/trial/test_trial.py`: every step that begins also ends; `done` comes last, whatever happened; no
step's text holds a password.
"""

from __future__ import annotations

import base64
import ftplib
import secrets
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import CammraError
from cammra_edge.model import Attempt, Body, Files
from cammra_edge.payload.render import render
from cammra_edge.profile import Ftp, HttpPost, Templated
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


def trial(  # noqa: PLR0913 - what a Test needs, by name
    profile: Profile,
    *,
    profile_id: int,
    device: Device,
    network_mode: str = "https",
    plate: str = "AXIS1234",
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Step]:
    """Try a profile out.

    Args:
        profile: Saved or not.
        profile_id: Its number.
        device: The camera.
        network_mode: What a URL without a scheme means.
        plate: What the test event reports.
        clock: Where time limits are read.

    Yields:
        Each step as it begins and as it has ended, `done` at last.
    """
    yield from _Probe(profile, profile_id, device, network_mode, clock).run(plate)


class _Probe:
    """One run."""

    def __init__(
        self, profile: Profile, profile_id: int, device: Device, network_mode: str, clock: Clock
    ) -> None:
        self._profile = profile
        self._profile_id = profile_id
        self._device = device
        self._network_mode = network_mode
        self._clock = clock
        protocol = profile.protocol
        self._way = protocol.transport() if isinstance(protocol, Templated) else protocol
        is_http = isinstance(self._way, HttpPost)
        self._endpoint = self._way.endpoint(network_mode) if is_http else self._way.endpoint()  # type: ignore[call-arg] # only HTTP's takes the mode
        self._deadline = Deadline(clock, self._way.timeouts.total_s)
        self._detail = ""
        self._ended: Step | None = None

    def run(self, plate: str) -> Iterator[Step]:
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
        for name in ("dns", "tcp", "tls"):
            if name == "tls" and self._endpoint.scheme not in _SECURE:
                continue
            yield from self._step(name)
            reached = self._ended is not None and self._ended.state == "ok"
            if not reached:
                break
        if reached:
            uploads = isinstance(message, Files)
            yield from self._uploaded(message) if uploads else self._sent(message, event)
        shown = next(iter(images.values()), b"")
        content = (
            message.content
            if isinstance(message, Body)
            else b"".join(one.content for one in message.files)
        )
        yield Step(
            "done",
            "ok",
            sent=base64.b64encode(content).decode() if reached else "",
            picture=base64.b64encode(shown).decode(),
        )

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
        """Where the first connection goes: to the proxy, where there is one."""
        proxy = self._way.proxy_endpoint() if isinstance(self._way, HttpPost) else None
        return proxy or self._endpoint

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
        if isinstance(self._way, Ftp) and endpoint.scheme == "ftps":
            return self._shown_by_ftp(self._way, trust)
        sock = dial(endpoint.host, endpoint.port, self._deadline, limits)
        with trust.start(sock, endpoint.host, self._deadline, limits.connect_s) as secure:
            return secure.version() or "", secure.getpeercert(binary_form=True) or b""

    def _shown_by_ftp(self, way: Ftp, trust: tls.Trust) -> tuple[str, bytes]:
        # FTP's modules are loaded for FTP only.
        from cammra_edge.sinks.ftp_control import FtpConversation  # noqa: PLC0415 - as above

        conversation = FtpConversation(way, trust, self._deadline)
        try:
            conversation.open(self._endpoint)
            return conversation.shown()
        except ftplib.Error as error:
            said = failures.printable(str(error))
            raise FailedStep(
                f"the server offers no TLS, it says {said!r}", "Use ftp:// or ftps-implicit://."
            ) from error
        finally:
            conversation.close()

    # ---- sending -----------------------------------------------------------------------------------

    def _sent(self, message: Message, event: Event) -> Iterator[Step]:
        """Through the real sink; its one outcome is told as signing in, sending and answer."""
        yield Step("send", "running")
        began_ns = self._clock.mono_ns()
        sink = open_sink(self._profile, network_mode=self._network_mode, clock=self._clock)
        try:
            outcome = sink.send(message, Attempt(event_id=event.event_id, packet=0, test=True))
        finally:
            sink.close()
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        yield from self._told(outcome, message, took_ms)

    def _told(self, outcome: Outcome, message: Message, took_ms: float) -> Iterator[Step]:
        size = f"{len(message.content)} bytes" if isinstance(message, Body) else ""
        way = self._way
        if isinstance(outcome, Misconfigured):
            yield Step("send", "ok", took_ms, size)
            name = "auth" if outcome.why.startswith("status 40") else "answer"
            yield Step(name, "failed", took_ms, outcome.why, REMEDIES[name])
            return
        if isinstance(way, HttpPost) and (way.user or way.auth_header):
            how = f"as {way.user}" if way.user else "by Auth-Header"
            yield Step("auth", "ok", 0.0, how)
        yield Step("send", "ok", took_ms, size)
        match outcome:
            case Delivered(note=note):
                yield Step("answer", "ok", took_ms, note)
            case TryLater(why=why) | GiveUp(why=why):
                yield Step("answer", "failed", took_ms, why, REMEDIES["answer"])

    def _uploaded(self, message: Message) -> Iterator[Step]:
        """Each command of an upload by itself, over the conversation that the sink uses; nothing stays behind."""
        way = self._way
        if not isinstance(way, Ftp) or not isinstance(message, Files) or not message.files:
            yield Step(
                "upload", "skipped", detail="This profile sends nothing: no image, and no sidecar."
            )
            return
        # FTP's modules are loaded for FTP only.
        from cammra_edge.sinks.uploads import UploadSink  # noqa: PLC0415 - as above
        from cammra_edge.trial.upload import Upload  # noqa: PLC0415 - as above

        sink = open_sink(self._profile, clock=self._clock)
        if not isinstance(sink, UploadSink):
            raise TypeError(type(sink))
        upload = Upload(sink, way, self._deadline, message.files[-1])
        try:
            for step, action in upload.steps().items():
                yield Step(step, "running")
                with self._timed(step):
                    self._detail = upload.run(action)
                if self._ended is not None:
                    yield self._ended
                    if self._ended.state == "failed":
                        return
        finally:
            upload.close()


def _about(der: bytes) -> str:
    """A certificate in words: for whom, by whom, until when, and its fingerprint."""
    said = certificate.read(der)
    dates = (
        f"good from {said.not_before} to {said.not_after}" if said.not_after else "dates unknown"
    )
    who = f"certificate of {said.subject or '?'}, signed by {said.issuer or '?'}"
    return f"{who}, {dates}, SHA-256 {tls.fingerprint(der)}"
