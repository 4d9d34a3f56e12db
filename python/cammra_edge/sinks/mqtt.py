"""Events and their pictures to a broker, each with an answer of its own; one connection for all of a profile's threads.

Invariants, held by `tests/sinks/test_mqtt.py`, `test_mqtt_hostile.py` and `test_mqtt_replies.py`:

1. `send` never raises for what a network, a broker or a consumer did, and returns within the profile's total time.
2. Delivered is what the broker has acknowledged with 0x00, pictures and event; with `ack="reply"` what the named
   consumer says it has committed.
3. A picture is acknowledged before its event is sent. Any failure repeats all of them.
4. What is larger than the broker takes is never sent.
5. An answer that does not come ends the connection: what comes late could be taken for another message's.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from cammra_edge.message import Publications
from cammra_edge.profile.caller import level_of
from cammra_edge.sinks.base import NOTHING, Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.exchange import Exchange, Veil
from cammra_edge.sinks.mqtt_exchange import SUCCESSES, Answer, Ended
from cammra_edge.sinks.mqtt_link import Link, Overdue
from cammra_edge.sinks.mqtt_opening import Opening
from cammra_edge.sinks.mqtt_presence import Announcer
from cammra_edge.sinks.mqtt_reasons import TOO_LARGE, UNHEARD, numbered
from cammra_edge.sinks.mqtt_session import MqttSession
from cammra_edge.sinks.mqtt_whys import MqttWhy, why_refused
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.message import Attempt, Message, Picture
    from cammra_edge.phrases import Said
    from cammra_edge.profile import Caller, Mqtt
    from cammra_edge.sinks.base import Outcome
    from cammra_edge.sinks.mqtt_exchange import Ticket
    from cammra_edge.sinks.mqtt_limits import Limits

_NS_PER_S: Final = 1_000_000_000
_MOST_EXPIRY_S: Final = 0xFFFF_FFFF
LARGEST_PACKET_BYTES: Final = 268_435_460
"""What MQTT itself can tell the length of."""
_DELIVERED: Final = Delivered(MqttWhy.BROKER_HAS_IT())
"""Said of each event, as long as the broker has no words of its own."""


class MqttSink:
    """One way out over a session that others may share. Used by one thread at a time."""

    def __init__(
        self, way: Mqtt, session: MqttSession, *, clock: Clock, own: Announcer | None = None
    ) -> None:
        self._way = way
        self._own = own
        self._session = session
        self._clock = clock
        self.endpoint = way.endpoint()
        self._closed = False
        self._veil = Veil((way.password, way.proxy_password))
        # Of the last try, for `exchange`: plain members, as each costs on every event.
        self._sent: tuple[str, list[tuple[str, str]]] | None = None
        self._answer: Answer | None = None
        self._reply: Answer | None = None
        self.client_id = session.client_id

    @property
    def presence_trouble(self) -> Said:
        """Why what the connection says of the camera itself does not arrive; empty where it does."""
        return NOTHING if self._own is None else self._own.trouble

    @property
    def is_connected(self) -> bool:
        """Is the connection there, so that a message could go at once?"""
        return self._session.is_connected

    def limits(self) -> Limits | None:
        """What the broker said when we signed in; `None` before it did."""
        return self._session.told_limits

    def begin(self) -> None:
        """Connect, and stay connected while nothing is sent."""
        self._session.begin()

    def connect_now(self) -> None:
        """Wait for no turn with the next connection: a person asks for it."""
        self._session.connect_now()

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Publish the pictures, then the event."""
        if not isinstance(message, Publications):
            return GiveUp(MqttWhy.NOT_FOR_MQTT())
        self._sent = self._answer = self._reply = None
        deadline = Deadline(self._clock, self._way.timeouts.total_s)
        link = self._session.link(deadline)
        if not isinstance(link, Link):
            return link
        if not link.exchange.limits.at_least_once:
            return Misconfigured(self._at(MqttWhy.NO_QOS_1()))
        try:
            return self._published(link, message, attempt, deadline)
        except ValueError:
            return GiveUp(MqttWhy.NOT_FOR_MQTT())  # a text that no packet can hold

    def break_off(self) -> None:
        """End a try under way, with all others over this session; from any thread."""
        self._session.break_off()

    def exchange(self) -> Exchange:
        """What went out before the content, and what came back, in words: packets are no text."""
        head = answer = ""
        if self._sent is not None:
            topic, properties = self._sent
            head = "\n".join([f"PUBLISH {topic}", *map(": ".join, properties), "", ""])
        if self._answer is not None:
            answer = f"PUBACK {numbered(self._answer.reason)} {self._answer.words}\n"
        if self._reply is not None:
            answer += f"{self._way.reply_by}: {self._reply.result} {self._reply.words}\n"
        came = self._veil.answer(b"", answer.encode(errors="replace"))
        return Exchange(head=head.encode(errors="replace"), answer=came)

    def close(self) -> None:
        """End the session, where nobody else uses it."""
        if not self._closed:
            self._closed = True
            self._session.release()

    def _published(
        self, link: Link, message: Publications, attempt: Attempt, deadline: Deadline
    ) -> Outcome:
        limit = self._limit(link)
        sent: list[Picture] = []
        left_out: list[Picture] = []
        unheard = False
        for picture in message.pictures:
            with self._session.lock:
                ticket, packet = link.exchange.message(
                    picture.topic,
                    picture.content,
                    content_type="image/jpeg",
                    expiry_s=self._expiry_s(message),
                )
            if len(packet) > limit:
                left_out.append(picture)
                continue
            answer = self._acknowledged(link, ticket, packet, deadline)
            if not isinstance(answer, Answer):
                return answer
            if answer.reason == TOO_LARGE:
                left_out.append(picture)
                continue
            if refusal := self._refusal(answer, picture.topic):
                return refusal
            sent.append(picture)
            unheard |= answer.reason == UNHEARD and not self._way.accept_unheard
        properties = _properties(message, sent, left_out, attempt)
        self._sent = (message.topic, properties)
        outcome = self._event(link, message, properties, attempt, deadline)
        if sent:
            self._session.unheard_pictures = unheard
        return self._noted(outcome, left_out=len(left_out))

    def _event(  # noqa: PLR0911 - one for each answer
        self,
        link: Link,
        message: Publications,
        properties: list[tuple[str, str]],
        attempt: Attempt,
        deadline: Deadline,
    ) -> Outcome:
        limit = self._limit(link)
        key = f"{attempt.event_id}-{attempt.packet}" if self._way.ack == "reply" else ""
        with self._session.lock:
            ticket, packet = link.exchange.message(
                message.topic,
                message.content,
                content_type=message.content_type,
                expiry_s=self._expiry_s(message),
                user_properties=properties,
                reply_key=key,
            )
            if len(packet) > limit:
                why = MqttWhy.LARGER_THAN_TAKEN(size=f"{len(packet):,}", limit=f"{limit:,}")
                return GiveUp(self._at(why))
            replied = link.exchange.reply_to(key) if key else None
        try:
            answer = self._acknowledged(link, ticket, packet, deadline)
            if not isinstance(answer, Answer):
                return answer
            if refusal := self._refusal(answer, message.topic):
                return refusal
            unheard = answer.reason == UNHEARD
            if unheard and not self._way.accept_unheard:
                why = MqttWhy.NOBODY_SUBSCRIBES(topic=message.topic)
                return TryLater(self._at(why), unheard=True)
            if replied is not None:
                return self._replied(link, replied, deadline)
            if unheard:
                return Delivered(MqttWhy.BROKER_HAS_IT_UNHEARD(), words=answer.words)
            if answer.words:
                return Delivered(MqttWhy.BROKER_HAS_IT(), words=answer.words)
            return _DELIVERED
        finally:
            if key:
                with self._session.lock:
                    link.exchange.forget(key)

    def _acknowledged(
        self, link: Link, ticket: Ticket, packet: bytes, deadline: Deadline
    ) -> Answer | Outcome:
        """Send one message and wait for its PUBACK."""
        answer = link.answer_to(ticket, packet, deadline)
        match answer:
            case Answer():
                self._answer = answer
                return answer
            case Ended():
                return self._session.outcome_of(link, answer)
            case Overdue() if not ticket.is_out:
                return TryLater(self._at(Why.TRY_IS_OVER()))
            case Overdue(wait_s):
                link.give_up(Ended("silence"))
                why = MqttWhy.NO_PUBACK_WITHIN(wait_s=round(wait_s))
                return TryLater(self._at(why), broke=True)

    def _refusal(self, answer: Answer, topic: str) -> Outcome | None:
        """What a PUBACK means that is no success."""
        if answer.reason in SUCCESSES:
            return None
        if answer.reason == TOO_LARGE:
            return GiveUp(self._at(MqttWhy.TOO_LARGE_FOR_IT()), words=answer.words)
        why, misconfigured = why_refused(answer.reason)
        if misconfigured:
            at = Why.AT(where=f"{self.endpoint.address} {topic}", why=why)
            return Misconfigured(at, words=answer.words)
        return TryLater(self._at(why), words=answer.words)

    def _replied(self, link: Link, ticket: Ticket, deadline: Deadline) -> Outcome:
        """Wait for what the consumer says."""
        by = self._way.reply_by
        answer = link.answer(ticket, deadline)
        if isinstance(answer, Overdue):
            why = MqttWhy.NO_REPLY_WITHIN(by=by, wait_s=round(answer.wait_s))
            return TryLater(self._at(why))
        if isinstance(answer, Ended):
            return self._session.outcome_of(link, answer)
        self._reply = answer
        match answer.result:
            case "ok":
                return Delivered(MqttWhy.CONSUMER_HAS_IT(by=by), words=answer.words)
            case "refuse":
                return GiveUp(self._at(MqttWhy.CONSUMER_REFUSES(by=by)), words=answer.words)
            case _:
                return TryLater(self._at(MqttWhy.CONSUMER_SAYS_LATER(by=by)), words=answer.words)

    def _noted(self, outcome: Outcome, *, left_out: int) -> Outcome:
        """What is less than usual about a delivery."""
        if not isinstance(outcome, Delivered) or self._way.ack == "reply":
            return outcome
        if (
            self._session.unheard_pictures
        ):  # also where this event had none: an alarm must not come and go
            return Delivered(MqttWhy.PICTURES_UNHEARD(), unheard=True)
        if left_out:
            return Delivered(MqttWhy.BROKER_HAS_IT_WITHOUT_PICTURES(n=left_out))
        return outcome

    def _limit(self, link: Link) -> int:
        """The largest packet that the broker takes."""
        told = link.exchange.limits.largest_bytes
        return told or self._way.max_message_bytes or LARGEST_PACKET_BYTES

    def _expiry_s(self, message: Publications) -> int | None:
        if message.expires_utc_ns is None:
            return None
        left_s = (message.expires_utc_ns - self._clock.utc_ns()) // _NS_PER_S
        return min(max(1, left_s), _MOST_EXPIRY_S)

    def _at(self, why: Said) -> Said:
        return Why.AT(where=self.endpoint.address, why=why)


def _properties(
    message: Publications, sent: list[Picture], left_out: list[Picture], attempt: Attempt
) -> list[tuple[str, str]]:
    """What is said beside the event: its own, the try, and which pictures went before it."""
    properties = [*message.properties, ("attempt", str(attempt.number))]
    if attempt.test:
        properties.append(("test", "1"))
    if sent:
        properties.append(("images", _json([_listed(one) for one in sent])))
    if left_out:
        too_large = [{"kind": one.kind, "bytes": len(one.content)} for one in left_out]
        properties.append(("images_too_large", _json(too_large)))
    return properties


def _listed(picture: Picture) -> dict[str, object]:
    return {
        "kind": picture.kind,
        "bytes": len(picture.content),
        "sha256": hashlib.sha256(picture.content).hexdigest(),
        "topic": picture.topic,
    }


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def shared_session(
    way: Mqtt, caller: Caller, *, clock: Clock, deny_local: bool
) -> Callable[[], MqttSink]:
    """What opens sinks over one session, which ends with the last of them."""
    device = level_of(caller.serial)
    level = 5 if way.version == "5" else 4
    opening = Opening(
        level=level,
        client_id=client_id(device, caller),
        user=way.user,
        password=way.password,
        keep_alive_s=way.keep_alive_s,
        answer_s=way.timeouts.answer_s,
        reply_topic=f"{way.prefix}/{way.site}/{device}/reply" if way.ack == "reply" else "",
        reply_by=way.reply_by,
        own=_announcer(way, caller, level),
    )
    session = MqttSession(
        way, opening, clock=clock, deny_local=deny_local, spread_s=caller.spread_s
    )

    def opened() -> MqttSink:
        session.use()
        return MqttSink(way, session, clock=clock, own=opening.own)

    return opened


def _announcer(way: Mqtt, caller: Caller, level: int) -> Announcer | None:
    if caller.presence is None or caller.test:
        return None
    return Announcer(
        caller.presence,
        level=level,
        answer_s=way.timeouts.answer_s,
        largest_bytes=way.max_message_bytes or 0,
    )


def client_id(device: str, caller: Caller) -> str:
    """Our name at the broker: the camera's, and which of its profiles; that of a Test throws nobody out."""
    profile = hashlib.sha256(caller.key.encode()).hexdigest()[:8]
    return f"{device}-{profile}-test" if caller.test else f"{device}-{profile}"
