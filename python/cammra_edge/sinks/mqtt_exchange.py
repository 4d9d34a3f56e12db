"""What one connection to a broker has said, and what it waits for: MQTT without a socket, a thread or a clock.

Bytes go in as they come and out by `take_out`; times are arguments.
Invariants, held by `tests/sinks/test_mqtt_exchange.py`:

1. A message is acknowledged only by a PUBACK with its number that comes after its last byte went out, and once.
2. A reply counts only for a key that is waited for, and only from the one who is named.
3. Whatever the broker sends ends in an answer to somebody, in nothing, or in the end of the exchange; then everything
   that waits is told.
4. While nothing flows there is one ping in each keep-alive, and a broker that does not answer it is gone.
5. What is said of the camera itself (`mqtt_presence`) goes before what waits, and within the broker's limits.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from cammra_edge.framing import (
    MqttDecoder,
    mqtt_disconnect,
    mqtt_ping,
    mqtt_puback,
    mqtt_publish,
    mqtt_subscribe,
)
from cammra_edge.sinks.mqtt_limits import Limits
from cammra_edge.sinks.mqtt_reasons import TAKEN_OVER
from cammra_edge.sinks.mqtt_reply import reply_of
from cammra_edge.sinks.words import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.framing import MqttPacket
    from cammra_edge.sinks.mqtt_opening import Opening

LARGEST_IN_BYTES: Final = 64 << 10
"""Of what a broker may send us: answers, and replies of a few hundred bytes."""
_REPLIES_AT_ONCE: Final = 32
_LAST_PACKET_ID: Final = 65_535
_NS_PER_S: Final = 1_000_000_000
_PING_AFTER: Final = 0.75
"""Of the keep-alive: early enough for a slow link."""
_PROTOCOL_ERROR: Final = 0x82
_NO_AUTHENTICATION: Final = 0x8C
_REFUSED: Final = 0x80
_MQTT_5: Final = 5
SUCCESSES: Final = frozenset({0x00, 0x10})
"""What a PUBACK may say of a message that was taken; 0x10: by nobody."""

EndedBy = Literal["connack", "will", "suback", "disconnect", "fault", "silence", "network", "us"]


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
        self._settled: threading.Lock | None = None

    def settle(self, answer: Answer | Ended) -> None:
        """Tell whoever waits."""
        if self.answer is None:
            self.answer = answer
            if self._settled is not None:
                self._settled.release()

    def wait(self, timeout_s: float) -> Answer | Ended | None:
        """The answer, which another thread reads; `None` when none came in that time. For one thread."""
        settled = threading.Lock()
        settled.acquire()
        self._settled = settled
        # Only now, as `settle` says the answer first and then looks who waits.
        if self.answer is None:
            settled.acquire(timeout=timeout_s)
        return self.answer


class MqttExchange:
    """See the module. Called by one thread at a time."""

    def __init__(self, opening: Opening, now_mono_ns: int) -> None:
        self.limits = Limits()
        self.is_open = False
        self.ended: Ended | None = None
        self.told_anybody = False
        """Somebody waited when it ended, and knows why."""
        self.is_due_anew = False
        """It may be due sooner than it was; set back by whoever looks when that is."""
        self._opening = opening
        self._own = opening.own
        # Plain members, as each event asks for both.
        self._own_waiting = () if self._own is None else self._own.waiting
        self._own_flying = {} if self._own is None else self._own.flying
        self._decoder = MqttDecoder(LARGEST_IN_BYTES, level=opening.level)
        self._keep_alive_s = opening.keep_alive_s
        self._pending: dict[int, Ticket] = {}
        self._replies: dict[str, Ticket] = {}
        self._packet_id = 0
        self._out: list[bytes] = []
        self._said_mono_ns = now_mono_ns
        self._answer_due_mono_ns: int | None = now_mono_ns + round(opening.answer_s * _NS_PER_S)
        self._say(
            opening.connect(
                receive_maximum=_REPLIES_AT_ONCE,
                largest_bytes=LARGEST_IN_BYTES,
                will=None if self._own is None else self._own.will(now_mono_ns),
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
        return len(self._pending) + len(self._own_flying) >= self.limits.receive_maximum

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
        packet_id = self._next_packet_id()
        packet = mqtt_publish(
            topic,
            payload,
            level=self._opening.level,
            packet_id=packet_id,
            retain=False,
            expiry_s=expiry_s,
            content_type=content_type,
            response_topic=self._opening.reply_topic if reply_key else "",
            correlation_data=reply_key.encode(),
            user_properties=user_properties,
        )
        return Ticket(packet_id), packet

    def _next_packet_id(self) -> int:
        while True:
            self._packet_id = self._packet_id % _LAST_PACKET_ID + 1
            if self._packet_id not in self._pending and self._packet_id not in self._own_flying:
                return self._packet_id

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
        """The end as we say it, with what is said of the camera before it; from now on everything is over."""
        last = b"" if self._own is None or not self.is_open else self._own.goodbye()
        self.end(Ended("us", reason))
        return last + mqtt_disconnect(reason, level=self._opening.level)

    # ---- time --------------------------------------------------------------------------------------

    def due_mono_ns(self) -> int | None:
        """When `tick` has something to do, if nothing comes before; `None` for never."""
        due_ns = self._alive_due_mono_ns()
        own_ns = self._own.due_mono_ns() if self._own is not None and self.is_open else None
        if own_ns is None or due_ns is None:
            return own_ns if due_ns is None else due_ns
        return min(own_ns, due_ns)

    def _alive_due_mono_ns(self) -> int | None:
        if self._answer_due_mono_ns is not None or not self._keep_alive_s:
            return self._answer_due_mono_ns
        return self._said_mono_ns + round(self._keep_alive_s * _PING_AFTER * _NS_PER_S)

    def prepare(self, now_mono_ns: int) -> None:
        """Before `tick`, without the lock: ask for what it is going to say."""
        if self._own is not None and self.is_open:
            self._own.prepare(now_mono_ns)

    def tick(self, now_mono_ns: int) -> None:
        """Ping, say what is due of the camera, or give the broker up."""
        if self.ended is not None:
            return
        if self._own is not None and self.is_open:
            if not self._own.tick(now_mono_ns):
                self.end(Ended("silence"))
                return
            self._say_own(now_mono_ns)
        due_ns = self._alive_due_mono_ns()
        if due_ns is None or now_mono_ns < due_ns:
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
        if self._own is not None:
            broke = ended.by in {"disconnect", "network"} and ended.reason != TAKEN_OVER
            self._own.ended(by_broker=broke)
        waiting = (*self._pending.values(), *self._replies.values())
        self.told_anybody = bool(waiting)
        for ticket in waiting:
            ticket.settle(ended)
        self._pending.clear()
        self._replies.clear()

    def _say(self, packet: bytes, now_mono_ns: int) -> None:
        self._out.append(packet)
        self._said_mono_ns = now_mono_ns
        self.is_due_anew = True

    def _say_own(self, now_mono_ns: int) -> None:
        if self._own is not None and self._own_waiting:
            room = self.limits.receive_maximum - len(self._pending) - len(self._own_flying)
            for packet in self._own.packets(room, self._next_packet_id, now_mono_ns):
                self._say(packet, now_mono_ns)

    def _refuse(self, reason: int) -> None:
        if self._opening.level == _MQTT_5:  # before, it would be an end in order, without a will
            self._out.append(mqtt_disconnect(reason, level=self._opening.level))
        self.end(Ended("fault", reason))

    def _take(self, packet: MqttPacket, now_mono_ns: int) -> None:
        match packet.kind, self.is_open:
            case "puback", True:
                self._take_puback(packet, now_mono_ns)
            case "publish", True:
                self._take_message(packet, now_mono_ns)
            case "pingresp", True:
                self._answer_due_mono_ns = None
                self.is_due_anew = True
            case "connack", False if not self._packet_id:
                self._take_connack(packet, now_mono_ns)
            case "suback", False if self._packet_id:
                self._take_suback(packet, now_mono_ns)
            case "disconnect", _:
                self.end(Ended("disconnect", packet.reason, _words_of(packet)))
            case "auth", _:
                self._refuse(_NO_AUTHENTICATION)
            case _:
                self._refuse(_PROTOCOL_ERROR)

    def _take_connack(self, packet: MqttPacket, now_mono_ns: int) -> None:
        if packet.reason:
            was_will = self._own is not None and self._own.was_will(packet.reason)
            by: EndedBy = "will" if was_will else "connack"
            self.end(Ended(by, packet.reason, _words_of(packet)))
            return
        if packet.session_present:
            self._refuse(_PROTOCOL_ERROR)  # with a clean start there is none
            return
        self.limits = Limits.told_in(packet)
        told = packet.number("server_keep_alive")
        if told is not None:
            self._keep_alive_s = told
        if not self._opening.reply_topic:
            self._open(now_mono_ns)
            return
        self._packet_id = 1
        filters = [(self._opening.reply_topic, True)]
        self._say(
            mqtt_subscribe(1, filters, level=self._opening.level, retained=False), now_mono_ns
        )

    def _take_suback(self, packet: MqttPacket, now_mono_ns: int) -> None:
        if packet.packet_id != self._packet_id or len(packet.reasons) != 1:
            self._refuse(_PROTOCOL_ERROR)
        elif packet.reasons[0] >= _REFUSED:
            self.end(Ended("suback", packet.reasons[0], _words_of(packet)))
        else:
            self._open(now_mono_ns)

    def _open(self, now_mono_ns: int) -> None:
        self.is_open = True
        self._answer_due_mono_ns = None
        if self._own is not None:
            self._own.opened(now_mono_ns, self.limits, self._keep_alive_s)
            self._say_own(now_mono_ns)

    def _take_puback(self, packet: MqttPacket, now_mono_ns: int) -> None:
        if self._own is not None and packet.packet_id in self._own_flying:
            if _is_answer(packet.reason):
                self._own.acknowledged(packet.packet_id, packet.reason)
                self._say_own(now_mono_ns)
            else:
                self._refuse(_PROTOCOL_ERROR)
            return
        ticket = self._pending.get(packet.packet_id)
        if ticket is None:
            return  # late, or for the second time: it tells of nothing that is waited for
        if not ticket.is_out or not _is_answer(packet.reason):
            self._refuse(_PROTOCOL_ERROR)
            return
        del self._pending[packet.packet_id]
        words = _words_of(packet)
        ticket.settle(Answer(packet.reason, words) if packet.reason or words else _TAKEN)
        if self._own_waiting:  # there is room again
            self._say_own(now_mono_ns)

    def _take_message(self, packet: MqttPacket, now_mono_ns: int) -> None:
        if packet.qos:
            self._say(mqtt_puback(packet.packet_id, level=self._opening.level), now_mono_ns)
        if packet.topic != self._opening.reply_topic:
            return
        key, result, words = reply_of(packet, self._opening.reply_by)
        ticket = self._replies.pop(key, None) if key else None
        if ticket is not None:
            ticket.settle(Answer(words=words, result=result))


def _is_answer(reason: int) -> bool:
    """Is this a reason that a PUBACK may have?"""
    return reason in SUCCESSES or reason >= _REFUSED


def _words_of(packet: MqttPacket) -> str:
    text = packet.text("reason_string")
    return readable(text.encode()) if text else ""
