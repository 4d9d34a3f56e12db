"""The steps of a Test, each as it begins and as it ends.

The connection is first made by hand, so that a person sees which step fails and how long each takes; then
the event goes through the very payload and sink that a delivery uses. Invariants, held by
`tests/probe/test_probe.py`: every step that begins also ends; `done` comes last, whatever happened; no
step's text holds a password.
"""

from __future__ import annotations

import base64
import ftplib
import secrets
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import CammraError
from cammra_edge.model import Attempt, Body, Files
from cammra_edge.payload import render
from cammra_edge.probe import certificate, picture
from cammra_edge.profile import Ftp, HttpPost, Templated
from cammra_edge.sinks import open_sink, tls, weather
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.dial import dial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.clock import Clock
    from cammra_edge.model import Device, Event, Message
    from cammra_edge.profile import Endpoint, Profile
    from cammra_edge.sinks.base import Outcome

_NS_PER_MS = 1_000_000
_SECURE = ("https", "tls", "ftps", "ftps-implicit")
_REMEDIES = {
    "dns": "Check how the server's name is written, and the DNS server in the camera's network settings.",
    "tcp": "Check address and port, that the receiver runs, and that no firewall stands between.",
    "tls": "If the certificate shown is the receiver's own, pin its fingerprint; else check whom you reach.",
    "auth": "Check user, password and Auth-Header; they belong to the receiver, not to the camera.",
    "login": "Check user and password of the FTP account.",
    "folder": "Give the FTP account the right to make folders, or make the folder by hand.",
    "upload": "Check the right to write, the space left, and whether passive mode gets through the firewall.",
    "rename": "Give the FTP account the right to rename; files appear under their name only when complete.",
    "delete": "The test file stays on the server; the account may not delete. Events arrive all the same.",
    "answer": "The receiver was reached and did not take the event: look into its own log.",
    "send": "Look at what the step says, and try again.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as it begins (`running`) or has ended.

    Args:
        name: dns, tcp, tls, auth, login, folder, upload, rename, delete, send, answer, and at the end done.
        state: running, ok, failed or skipped.
        took_ms: How long it took.
        detail: What was found.
        remedy: What to do about a failure.
        sent: With `done`: the exact bytes that were sent, in base64.
        picture: With `done`: the picture that was sent, in base64.
    """

    name: str
    state: str
    took_ms: float = 0.0
    detail: str = ""
    remedy: str = ""
    sent: str = field(default="", repr=False)
    picture: str = field(default="", repr=False)


class _Failed(Exception):  # noqa: N818 - not an error: it carries a step's end to where the steps are told
    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


def probe(  # noqa: PLR0913 - what a Test needs, by name
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
            by_hand = isinstance(message, Files) and self._endpoint.scheme != "sftp"
            yield from self._ftp(message) if by_hand else self._sent(message, event)
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
        except _Failed as failed:
            state, self._detail, remedy = "failed", failed.detail, failed.remedy or _REMEDIES[name]
        except (OSError, EOFError, ftplib.Error, CammraError) as error:
            state, remedy = "failed", _REMEDIES[name]
            self._detail = self._words(error)
        took_ms = (self._clock.mono_ns() - began_ns) / _NS_PER_MS
        self._ended = Step(name, state, took_ms, self._detail, remedy)

    def _words(self, error: Exception) -> str:
        if isinstance(error, CammraError):
            return str(error)
        if isinstance(error, ftplib.Error):
            return f"the server says {weather.printable(str(error))!r}"
        if isinstance(error, EOFError):
            return "the server closed the connection"
        return weather.outcome(error, self._reached()).why

    def _reached(self) -> Endpoint:
        """Where the first connection goes: to the proxy, where there is one."""
        proxy = self._way.proxy_endpoint() if isinstance(self._way, HttpPost) else None
        return proxy or self._endpoint

    def _resolve(self) -> None:
        reached = self._reached()
        found = socket.getaddrinfo(reached.host, reached.port, type=socket.SOCK_STREAM)
        self._detail = f"{reached.host}: " + ", ".join(
            dict.fromkeys(str(entry[4][0]) for entry in found)
        )

    def _connect(self) -> None:
        limits = self._way.timeouts
        reached = self._reached()
        try:
            sock = dial(
                reached.host,
                reached.port,
                self._deadline,
                connect_s=limits.connect_s,
                unacknowledged_s=limits.write_s,
            )
        except OSError as error:
            raise _Failed(
                f"tried {self._endpoint}: {weather.outcome(error, reached).why}"
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
            with self._handshake(trust) as believed:
                self._detail = (
                    f"{believed.version()}; {_about(believed.getpeercert(binary_form=True) or b'')}"
                )
        except ssl.SSLError as error:
            why = weather.outcome(error, self._endpoint).why
            try:
                with self._handshake(tls.Trust(tls.ANY)) as shown:
                    about = _about(shown.getpeercert(binary_form=True) or b"")
            except OSError:
                raise _Failed(why) from error
            raise _Failed(f"{why}; {about}") from error

    def _handshake(self, trust: tls.Trust) -> ssl.SSLSocket:
        limits, endpoint = self._way.timeouts, self._endpoint
        sock = dial(
            endpoint.host,
            endpoint.port,
            self._deadline,
            connect_s=limits.connect_s,
            unacknowledged_s=limits.write_s,
        )
        if endpoint.scheme == "ftps":
            greeting = sock.recv(1024)
            sock.sendall(b"AUTH TLS\r\n")
            if not greeting.startswith(b"220") or not sock.recv(1024).startswith(b"234"):
                sock.close()
                raise _Failed(
                    "the server offers no TLS (AUTH TLS refused)", "Use ftp:// or ftps-implicit://."
                )
        return trust.start(sock, endpoint.host, self._deadline, limits.connect_s)

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
            yield Step(name, "failed", took_ms, outcome.why, _REMEDIES[name])
            return
        if isinstance(way, HttpPost) and (way.user or way.auth_header):
            how = f"as {way.user}" if way.user else "by Auth-Header"
            yield Step("auth", "ok", 0.0, how)
        yield Step("send", "ok", took_ms, size)
        match outcome:
            case Delivered(note=note):
                yield Step("answer", "ok", took_ms, note)
            case TryLater(why=why) | GiveUp(why=why):
                yield Step("answer", "failed", took_ms, why, _REMEDIES["answer"])

    def _ftp(self, message: Message) -> Iterator[Step]:
        """Each command of an upload by itself, over the conversation that the sink uses; nothing stays behind."""
        way = self._way
        if not isinstance(way, Ftp) or not isinstance(message, Files) or not message.files:
            yield Step(
                "upload", "skipped", detail="This profile sends nothing: no image, and no sidecar."
            )
            return
        # FTP's modules are loaded for FTP only.
        from cammra_edge.probe.upload import Upload  # noqa: PLC0415 - as above

        upload = Upload(way, self._endpoint, self._deadline, message.files[-1])
        try:
            for step, action in upload.steps().items():
                yield Step(step, "running")
                with self._timed(step):
                    self._detail = action()
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
