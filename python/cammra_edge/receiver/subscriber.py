"""A consumer of MQTT 5: takes events and pictures from a broker, and answers cameras in reply mode.

Events come by a shared subscription, so that several consumers share them; pictures come to each, since nobody knows
who gets their event. Invariants, held by `tests/receiver/test_subscriber.py`:

1. `ok` is answered, and the message acknowledged, only after the receiver has taken the event with all its pictures.
2. An answer goes only to a topic of this prefix that ends in `/reply`.
3. Nothing that comes over the network ends the thread: a connection that breaks is made anew, at growing intervals.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from cammra_edge.errors import ConfigError
from cammra_edge.framing import (
    MqttDecoder,
    mqtt_connect,
    mqtt_disconnect,
    mqtt_ping,
    mqtt_puback,
    mqtt_publish,
    mqtt_subscribe,
)
from cammra_edge.profile import Endpoint, Timeouts, Tls
from cammra_edge.profile.protocols.mqtt import PREFIX
from cammra_edge.receiver.cameras import Cameras
from cammra_edge.receiver.published import (
    NotHereError,
    Pictures,
    Published,
    Result,
    UnreadableError,
)
from cammra_edge.retry import NS_PER_S, Redial, draw_evenly
from cammra_edge.sinks import failures
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.tls import Trust

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.framing import MqttPacket
    from cammra_edge.receiver.arrival import Picture

_KEEP_ALIVE_S: Final = 20
_AT_ONCE: Final = 50
_LARGEST_BYTES: Final = 32 << 20
_PIECE_BYTES: Final = 1 << 18
_REFUSED: Final = 0x80
_LONGEST_WHY: Final = 200
_OF_CAMERAS: Final = ("state", "health")
_CAMERAS_ID: Final = 2


class MqttApp(Protocol):
    """What stands behind it."""

    def take_message(
        self, peer: str, event: Published, pictures: list[Picture]
    ) -> tuple[Result, str]:
        """Keep one event; returns what to answer, and why."""
        ...

    def take_fault(self, peer: str, why: str) -> None:
        """Something arrived that is no event."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Where events are, and who takes them.

    Args:
        endpoint: The broker: scheme `mqtt` or `mqtts`.
        by: The name that profiles wait for; consumers of one name share the events.
        prefix: What all topics begin with.
        user: Who signs in; empty for nobody.
        password: With what.
        tls: Which certificate to trust.
    """

    endpoint: Endpoint
    by: str
    prefix: str = PREFIX
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = field(default_factory=Tls)

    @property
    def filters(self) -> list[tuple[str, bool]]:
        """What to subscribe to, all with QoS 1."""
        return [
            (f"$share/{self.by}/{self.prefix}/+/+/event/+", True),
            (f"{self.prefix}/+/+/image/+/+", True),
        ]

    @property
    def filters_of_cameras(self) -> list[tuple[str, bool]]:
        """The same of what cameras say of themselves."""
        return [(f"{self.prefix}/+/+/{kind}", True) for kind in _OF_CAMERAS]


class RefusedError(OSError):
    """The broker takes no such connection or subscription, or ends it."""


class Subscriber:
    """One consumer, with a thread of its own from `start` to `close`.

    Args:
        subscription: Of what.
        app: Takes what comes.
        tell: Called with what there is to say about the connection, once for each change.
        clock: Where the time comes from.
        draw: Evenly distributed numbers in `[0, 1)`, for the waits.
    """

    def __init__(
        self,
        subscription: Subscription,
        app: MqttApp,
        *,
        tell: Callable[[str], object],
        clock: Clock,
        draw: Callable[[], float] = draw_evenly,
    ) -> None:
        self._to = subscription
        self._app = app
        self._tell = tell
        self._clock = clock
        self._redial = Redial(draw)
        self._limits = Timeouts()
        self._trust = Trust(subscription.tls)
        self._pictures = Pictures()
        self._cameras = Cameras(tell)
        self._id = f"listen-{secrets.token_hex(4)}"
        self._said = ""
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)

    def start(self) -> None:
        """Connect, and take what comes."""
        self._thread.start()

    def close(self) -> None:
        """End; what is being taken is answered first."""
        self._stopping.set()
        sock = self._socket
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RD)
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._connected()
            except ConfigError as error:
                self._say(str(error))
            except OSError as error:
                is_ours = isinstance(error, RefusedError)
                outcome = failures.outcome(error, self._to.endpoint)
                self._say(str(error) if is_ours else str(outcome.why))
            now_ns = self._clock.mono_ns()
            self._stopping.wait((self._redial.broke(now_ns) - now_ns) / NS_PER_S)

    def _say(self, words: str) -> None:
        if words != self._said and not self._stopping.is_set():
            self._said = words
            self._tell(words)

    def _connected(self) -> None:
        """Serve one connection to its end.

        Raises:
            OSError: Why it ended, or did not come about.
        """
        endpoint, deadline = self._to.endpoint, Deadline(self._clock, self._limits.total_s)
        # Whoever has a shell on this machine says where to, and may mean the machine itself.
        sock = dial(endpoint.host, endpoint.port, deadline, self._limits, deny_local=False)
        if endpoint.scheme == "mqtts":
            sock = self._trust.start(sock, endpoint.host, deadline, self._limits.connect_s)
        self._socket = sock
        with sock:
            sock.settimeout(_KEEP_ALIVE_S / 2)
            sock.sendall(self._hello())
            self._serve(sock, MqttDecoder(_LARGEST_BYTES, level=5))

    def _hello(self) -> bytes:
        return mqtt_connect(
            self._id,
            level=5,
            keep_alive_s=_KEEP_ALIVE_S,
            clean_start=True,
            session_expiry_s=0,
            receive_maximum=_AT_ONCE,
            largest_bytes=_LARGEST_BYTES,
            user=self._to.user or None,
            password=self._to.password.encode() if self._to.password else None,
            will=None,
        )

    def _serve(self, sock: socket.socket, decoder: MqttDecoder) -> None:
        silent = 0
        while True:
            self._cameras.tick(self._clock.mono_ns())
            try:
                content = sock.recv(_PIECE_BYTES)
            except TimeoutError:
                silent += 1
                if silent > 2:  # noqa: PLR2004 - a ping and its answer
                    raise
                sock.sendall(mqtt_ping())
                continue
            if not content:
                if self._stopping.is_set():
                    with suppress(OSError):
                        sock.sendall(mqtt_disconnect())
                    return
                raise RefusedError(f"{self._to.endpoint} closed the connection")
            silent = 0
            decoder.feed(content)
            while (packet := decoder.next()) is not None:
                answer = self._taken(packet)
                if answer:
                    sock.sendall(answer)
            if decoder.fault:
                sock.sendall(mqtt_disconnect(decoder.fault))
                raise RefusedError(f"{self._to.endpoint} sends what is no MQTT")

    def _taken(self, packet: MqttPacket) -> bytes:
        """What to say to one packet."""
        match packet.kind:
            case "connack":
                self._accepted(packet, packet.reason)
                of_cameras = mqtt_subscribe(_CAMERAS_ID, self._to.filters_of_cameras)
                return mqtt_subscribe(1, self._to.filters, retained=False) + of_cameras
            case "suback" if packet.packet_id == _CAMERAS_ID:
                return b""  # events come all the same where these are not allowed
            case "suback":
                self._accepted(packet, max(packet.reasons, default=0))
                self._redial.came_up(self._clock.mono_ns())
                self._say(f"subscribed at {self._to.endpoint.address}")
                return b""
            case "disconnect" | "auth":
                self._accepted(packet, packet.reason or _REFUSED)
                return b""
            case "publish":
                answer = self._answer(packet)
                return answer + mqtt_puback(packet.packet_id) if packet.qos else answer
            case _:
                return b""

    def _accepted(self, packet: MqttPacket, reason: int) -> None:
        if reason >= _REFUSED:
            words = packet.text("reason_string")
            why = f"{self._to.endpoint} answers {packet.kind} with reason 0x{reason:02x}"
            raise RefusedError(f"{why}: {words}" if words else why)

    def _answer(self, packet: MqttPacket) -> bytes:
        """Take what was published; what to tell its camera."""
        match packet.topic.removeprefix(f"{self._to.prefix}/").split("/"):
            case [_, _, "image", _, _]:
                self._pictures.put(packet.topic, packet.payload)
                return b""
            case [site, device, ("state" | "health") as kind]:
                self._cameras.take(site, device, kind, packet.payload, self._clock.mono_ns())
                return b""
            case [_, _, "event", _]:
                result, why = self._event(packet)
                return self._reply(packet, result, why)
            case _:
                return b""

    def _event(self, packet: MqttPacket) -> tuple[Result, str]:
        event = Published(
            topic=packet.topic,
            content=packet.payload,
            content_type=packet.text("content_type"),
            properties=dict(packet.user_properties),
        )
        peer = self._to.endpoint.address
        try:
            pictures = self._pictures.of(event)
            result, why = self._app.take_message(peer, event, pictures)
        except NotHereError as error:
            return Result.RETRY, str(error)
        except UnreadableError as error:
            self._app.take_fault(peer, f"no event: {error}")
            return Result.REFUSE, str(error)
        if result is not Result.RETRY:
            self._pictures.forget(event)
        return result, why

    def _reply(self, packet: MqttPacket, result: Result, why: str) -> bytes:
        topic, key = packet.text("response_topic"), packet.data("correlation_data")
        if not (key and topic.startswith(f"{self._to.prefix}/") and topic.endswith("/reply")):
            return b""
        told = {
            "key": key.decode(errors="replace"),
            "by": self._to.by,
            "result": result.value,
            "why": why[:_LONGEST_WHY],
        }
        try:
            return mqtt_publish(
                topic,
                json.dumps(told).encode(),
                level=5,
                packet_id=0,
                retain=False,
                expiry_s=None,
                content_type="application/json",
                response_topic="",
                correlation_data=key,
                user_properties=[],
            )
        except ValueError:  # a topic with a wildcard, or too long
            return b""
