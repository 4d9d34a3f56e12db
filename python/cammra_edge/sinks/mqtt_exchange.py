"""What one connection to a broker has said, and what it waits for: MQTT without a socket, a thread or a clock.

Bytes go in as they come and out by `take_out`; times are arguments.
Invariants, held by `tests/sinks/test_mqtt_exchange.py`:

1. A message is acknowledged only by a PUBACK with its number that comes after its last byte went out, and once.
2. A reply counts only for a key that is waited for, and only from the one who is named.
3. Whatever the broker sends ends in an answer to somebody, in nothing, or in the end of the exchange; then everything
   that waits is told.
4. While nothing flows there is one ping in each keep-alive, and a broker that does not answer it is gone.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from cammra_edge.framing import (
    MqttDecoder,
    mqtt_connect,
    mqtt_disconnect,
    mqtt_ping,
    mqtt_puback,
    mqtt_publish,
    mqtt_subscribe,
)
from cammra_edge.sinks.words import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.framing import MqttPacket

LARGEST_IN_BYTES: Final = 64 << 10
"""Of what a broker may send us: answers, and replies of a few hundred bytes."""
MOST_AT_ONCE: Final = 65_535
_REPLIES_AT_ONCE: Final = 32
_LAST_PACKET_ID: Final = 65_535
_NS_PER_S: Final = 1_000_000_000
_PING_AFTER: Final = 0.75
"""Of the keep-alive: early enough for a slow link."""
_PROTOCOL_ERROR: Final = 0x82
_NO_AUTHENTICATION: Final = 0x8C
_REFUSED: Final = 0x80
RESULTS: Final = ("ok", "retry", "refuse")
"""What a consumer may say of an event."""
SUCCESSES: Final = frozenset({0x00, 0x10})
"""What a PUBACK may say of a message that was taken; 0x10: by nobody."""

EndedBy = Literal["connack", "suback", "disconnect", "fault", "silence", "network", "us"]


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the exchange is over: who ended it, the reason code, and the broker's own words."""

    by: EndedBy
    reason: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message: the reason of its PUBACK, or of its reply what it says."""

    reason: int = 0
    words: str = ""
    result: str = ""


_TAKEN: Final = Answer()


class Ticket:
    """One message, or one reply, that is waited for; settled once."""

    __slots__ = ("_settled", "answer", "is_out", "packet_id")

    def __init__(self, packet_id: int = 0) -> None:
        self.packet_id = packet_id
        self.is_out = False
        self.answer: Answer | Ended | None = None
        self._settled = threading.Lock()
        self._settled.acquire()

    def settle(self, answer: Answer | Ended) -> None:
        """Tell whoever waits."""
        if self.answer is None:
            self.answer = answer
            self._settled.release()

    def wait(self, timeout_s: float) -> Answer | Ended | None:
        """The answer; `None` when none came in that time."""
        if self._settled.acquire(timeout=timeout_s):
            self._settled.release()
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the broker said with its CONNACK; 0 where it said nothing."""

    receive_maximum: int = MOST_AT_ONCE
    largest_bytes: int = 0
    keep_alive_s: int = 0
    at_least_once: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How the connection is to be opened.

    Args:
        level: 5, or 4 for MQTT 3.1.1.
        client_id: Of which the broker takes one at a time.
        user: Empty for none.
        password: As above.
        keep_alive_s: Longest silence.
        answer_s: How long the broker may take for an answer.
        reply_topic: Where replies come; empty for none.
        reply_by: Whose replies count.
    """

    level: int
    client_id: str
    user: str = ""
    password: str = field(default="", repr=False)
    keep_alive_s: int
    answer_s: float
    reply_topic: str = ""
    reply_by: str = ""


class MqttExchange:
    """See the module. Called by one thread at a time."""

    def __init__(self, opening: Opening, now_mono_ns: int) -> None:
        self.limits = Limits()
        self.is_open = False
        self.ended: Ended | None = None
        self.told_anybody = False
        """Somebody waited when it ended, and knows why."""
        self._opening = opening
        self._decoder = MqttDecoder(LARGEST_IN_BYTES, level=opening.level)
        self._keep_alive_s = opening.keep_alive_s
        self._pending: dict[int, Ticket] = {}
        self._replies: dict[str, Ticket] = {}
        self._packet_id = 0
        self._out: list[bytes] = []
        self._said_mono_ns = now_mono_ns
        self._answer_due_mono_ns: int | None = now_mono_ns + round(opening.answer_s * _NS_PER_S)
        self._say(
            mqtt_connect(
                opening.client_id,
                level=opening.level,
                keep_alive_s=opening.keep_alive_s,
                clean_start=True,
                session_expiry_s=0,
                receive_maximum=_REPLIES_AT_ONCE,
                largest_bytes=LARGEST_IN_BYTES,
                user=opening.user or None,
                password=opening.password.encode() if opening.password else None,
                will=None,
            ),
            now_mono_ns,
        )

    # ---- what we say -------------------------------------------------------------------------------

    @property
    def has_to_say(self) -> bool:
        """Is there something to be sent? Also to be asked by whoever has just written, without a lock."""
        return bool(self._out)

    def take_out(self) -> list[bytes]:
        """What is to be sent now, in order."""
        out, self._out = self._out, []
        return out

    @property
    def is_full(self) -> bool:
        """Does the broker take no further message before it has answered one?"""
        return len(self._pending) >= self.limits.receive_maximum

    def message(  # noqa: PLR0913 - the fields of a message, by name
        self,
        topic: str,
        payload: bytes,
        *,
        content_type: str = "",
        expiry_s: int | None = None,
        user_properties: Sequence[tuple[str, str]] = (),
        reply_key: str = "",
    ) -> tuple[Ticket, bytes]:
        """A message with QoS 1, and the ticket for its PUBACK; `is_out` is set when its last byte went out."""
        while True:
            self._packet_id = self._packet_id % _LAST_PACKET_ID + 1
            if self._packet_id not in self._pending:
                break
        packet = mqtt_publish(
            topic,
            payload,
            level=self._opening.level,
            packet_id=self._packet_id,
            retain=False,
            expiry_s=expiry_s,
            content_type=content_type,
            response_topic=self._opening.reply_topic if reply_key else "",
            correlation_data=reply_key.encode(),
            user_properties=user_properties,
        )
        return Ticket(self._packet_id), packet

    def sending(self, ticket: Ticket, now_mono_ns: int) -> None:
        """The message of this ticket goes out from now on."""
        self._pending[ticket.packet_id] = ticket
        self._said_mono_ns = now_mono_ns

    def reply_to(self, key: str) -> Ticket:
        """The ticket for the reply to a message with this key."""
        ticket = self._replies[key] = Ticket()
        return ticket

    def forget(self, key: str) -> None:
        """Wait for no reply to this one any more."""
        self._replies.pop(key, None)

    def goodbye(self, reason: int = 0) -> bytes:
        """The end as we say it; from now on everything is over."""
        self.end(Ended("us", reason))
        return mqtt_disconnect(reason, level=self._opening.level)

    # ---- time --------------------------------------------------------------------------------------

    def due_mono_ns(self) -> int | None:
        """When `tick` has something to do, if nothing comes before; `None` for never."""
        if self._answer_due_mono_ns is not None or not self._keep_alive_s:
            return self._answer_due_mono_ns
        return self._said_mono_ns + round(self._keep_alive_s * _PING_AFTER * _NS_PER_S)

    def tick(self, now_mono_ns: int) -> None:
        """Ping, or give the broker up."""
        due = self.due_mono_ns()
        if self.ended is not None or due is None or now_mono_ns < due:
            return
        if self._answer_due_mono_ns is not None:
            self.end(Ended("silence"))
            return
        self._say(mqtt_ping(), now_mono_ns)
        self._answer_due_mono_ns = now_mono_ns + round(self._opening.answer_s * _NS_PER_S)

    # ---- what the broker says ------------------------------------------------------------------------

    def received(self, content: bytes, now_mono_ns: int) -> None:
        """Take in what came."""
        self._decoder.feed(content)
        while self.ended is None:
            packet = self._decoder.next()
            if packet is None:
                if self._decoder.fault:
                    self._refuse(self._decoder.fault)
                return
            self._take(packet, now_mono_ns)

    def end(self, ended: Ended) -> None:
        """Everything that waits is told why."""
        if self.ended is not None:
            return
        self.ended = ended
        self.is_open = False
        waiting = (*self._pending.values(), *self._replies.values())
        self.told_anybody = bool(waiting)
        for ticket in waiting:
            ticket.settle(ended)
        self._pending.clear()
        self._replies.clear()

    def _say(self, packet: bytes, now_mono_ns: int) -> None:
        self._out.append(packet)
        self._said_mono_ns = now_mono_ns

    def _refuse(self, reason: int) -> None:
        self._out.append(mqtt_disconnect(reason, level=self._opening.level))
        self.end(Ended("fault", reason))

    def _take(self, packet: MqttPacket, now_mono_ns: int) -> None:
        match packet.kind, self.is_open:
            case "puback", True:
                self._take_puback(packet)
            case "publish", True:
                self._take_message(packet, now_mono_ns)
            case "pingresp", True:
                self._answer_due_mono_ns = None
            case "connack", False if not self._packet_id:
                self._take_connack(packet, now_mono_ns)
            case "suback", False if self._packet_id:
                self._take_suback(packet)
            case "disconnect", _:
                self.end(Ended("disconnect", packet.reason, _words_of(packet)))
            case "auth", _:
                self._refuse(_NO_AUTHENTICATION)
            case _:
                self._refuse(_PROTOCOL_ERROR)

    def _take_connack(self, packet: MqttPacket, now_mono_ns: int) -> None:
        if packet.reason:
            self.end(Ended("connack", packet.reason, _words_of(packet)))
            return
        if packet.session_present:
            self._refuse(_PROTOCOL_ERROR)  # with a clean start there is none
            return
        told = packet.number("server_keep_alive")
        self.limits = Limits(
            receive_maximum=packet.number("receive_maximum") or MOST_AT_ONCE,
            largest_bytes=packet.number("maximum_packet_size") or 0,
            keep_alive_s=told or 0,
            at_least_once=packet.number("maximum_qos") != 0,
        )
        if told is not None:
            self._keep_alive_s = told
        if not self._opening.reply_topic:
            self._open()
            return
        self._packet_id = 1
        filters = [(self._opening.reply_topic, True)]
        self._say(
            mqtt_subscribe(1, filters, level=self._opening.level, retained=False), now_mono_ns
        )

    def _take_suback(self, packet: MqttPacket) -> None:
        if packet.packet_id != self._packet_id or len(packet.reasons) != 1:
            self._refuse(_PROTOCOL_ERROR)
        elif packet.reasons[0] >= _REFUSED:
            self.end(Ended("suback", packet.reasons[0], _words_of(packet)))
        else:
            self._open()

    def _open(self) -> None:
        self.is_open = True
        self._answer_due_mono_ns = None

    def _take_puback(self, packet: MqttPacket) -> None:
        ticket = self._pending.get(packet.packet_id)
        if ticket is None:
            return  # late, or for the second time: it tells of nothing that is waited for
        if not ticket.is_out or not (packet.reason in SUCCESSES or packet.reason >= _REFUSED):
            self._refuse(_PROTOCOL_ERROR)
            return
        del self._pending[packet.packet_id]
        words = _words_of(packet)
        ticket.settle(Answer(packet.reason, words) if packet.reason or words else _TAKEN)

    def _take_message(self, packet: MqttPacket, now_mono_ns: int) -> None:
        if packet.qos:
            self._say(mqtt_puback(packet.packet_id, level=self._opening.level), now_mono_ns)
        if packet.topic != self._opening.reply_topic:
            return
        key, answer = _reply_of(packet, self._opening.reply_by)
        ticket = self._replies.pop(key, None)
        if ticket is not None:
            ticket.settle(answer)


def _reply_of(packet: MqttPacket, by: str) -> tuple[str, Answer]:
    """Key and answer of a reply; an empty key for what is none, or counts for nothing."""
    try:
        said = json.loads(packet.payload)
    except (ValueError, RecursionError):
        return "", Answer()
    if not isinstance(said, dict) or said.get("by") != by:
        return "", Answer()
    key, result, why = said.get("key"), said.get("result"), said.get("why", "")
    correlated = packet.data("correlation_data")
    if not isinstance(key, str) or result not in RESULTS:
        return "", Answer()
    if correlated and correlated != key.encode(errors="replace"):
        return "", Answer()
    words = readable(why.encode(errors="replace")) if isinstance(why, str) else ""
    return key, Answer(words=words, result=str(result))


def _words_of(packet: MqttPacket) -> str:
    text = packet.text("reason_string")
    return readable(text.encode()) if text else ""
