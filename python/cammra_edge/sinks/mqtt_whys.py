"""What a broker's answers mean, in words: one table of reason codes, and what each is for a message (MQTT 5, 2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cammra_edge.phrases import Phrase
from cammra_edge.sinks.mqtt_reasons import TAKEN_OVER, PresenceWhy, numbered
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from cammra_edge.phrases import Said
    from cammra_edge.sinks.mqtt_exchange import Ended


class MqttWhy(Phrase):
    """What a broker, or a consumer behind it, makes of us and our messages."""

    BROKER_HAS_IT = "the broker has it"
    BROKER_HAS_IT_UNHEARD = "the broker has it, and nobody subscribes to it"
    BROKER_HAS_IT_WITHOUT_PICTURES = (
        "the broker has it, without {n} pictures that are too large for it",
        "the broker has it, without 1 picture that is too large for it",
    )
    PICTURES_UNHEARD = "taken, but nobody subscribes to the pictures"
    CONSUMER_HAS_IT = "{by} has committed it"
    NOBODY_SUBSCRIBES = "nobody subscribes to {topic}"
    CONSUMER_SAYS_LATER = "{by} wants it again later"
    CONSUMER_REFUSES = "{by} refuses it"
    NO_REPLY_WITHIN = "the broker has it, and no reply of {by} came within {wait_s} s"
    NO_PUBACK_WITHIN = "all was sent, and the broker did not acknowledge it within {wait_s} s"
    LARGER_THAN_TAKEN = "{size} bytes are larger than the broker takes ({limit} bytes)"
    TOO_LARGE_FOR_IT = "the broker finds it too large (0x95)"
    NOT_FOR_MQTT = "this message cannot be published"
    NO_QOS_1 = "the broker acknowledges nothing (maximum QoS 0)"
    OLD_BROKER = "the broker knows no MQTT 5: version 3.1.1 would do, and hides refusals"
    BAD_USER = "the broker refuses the user or password (0x86)"
    NOT_AUTHORISED = "the broker does not allow it (0x87): look at its access list"
    TOPIC_REFUSED = "the broker refuses the topic (0x90)"
    BANNED = "the broker has banned this client (0x8A)"
    BAD_AUTHENTICATION = "the broker wants another way of signing in (0x8C)"
    CLIENT_TAKEN_OVER = (
        "another client signed in as {client}: has another camera this serial number?"
    )
    SUBSCRIPTION_REFUSED = "the broker refuses the subscription to replies ({reason})"
    REASON = "the broker answers with reason {reason}"
    ENDED_WITH = "the broker ended the connection with reason {reason}"
    SENT_NONSENSE = "what the broker sent is no MQTT ({reason})"
    NO_PONG = "the broker no longer answers"


MISCONFIGURED: Final = {
    0x84: MqttWhy.OLD_BROKER,
    0x86: MqttWhy.BAD_USER,
    0x87: MqttWhy.NOT_AUTHORISED,
    0x8A: MqttWhy.BANNED,
    0x8C: MqttWhy.BAD_AUTHENTICATION,
    0x90: MqttWhy.TOPIC_REFUSED,
}
"""Reasons that call for a person, whether of CONNACK, PUBACK or DISCONNECT."""


def why_refused(reason: int) -> tuple[Said, bool]:
    """What a reason code of a refusal means, and whether a person must mend it."""
    known = MISCONFIGURED.get(reason)
    if known is not None:
        return known(), True
    return MqttWhy.REASON(reason=numbered(reason)), False


def why_ended(  # noqa: PLR0911 - a table, one line for each end
    ended: Ended, client: str = ""
) -> tuple[Said, bool]:
    """What the end of a connection means, and whether a person must mend it."""
    reason = numbered(ended.reason)
    match ended.by:
        case "connack":
            return why_refused(ended.reason)
        case "will":
            return PresenceWhy.WILL_REFUSED(reason=reason), False
        case "suback":
            return MqttWhy.SUBSCRIPTION_REFUSED(reason=reason), True
        case "disconnect" if ended.reason == TAKEN_OVER:
            return MqttWhy.CLIENT_TAKEN_OVER(client=client), True
        case "disconnect" if ended.reason in MISCONFIGURED:
            return MISCONFIGURED[ended.reason](), True
        case "disconnect":
            return MqttWhy.ENDED_WITH(reason=reason), False
        case "fault":
            return MqttWhy.SENT_NONSENSE(reason=reason), False
        case "silence":
            return MqttWhy.NO_PONG(), False
        case _:
            return Why.BROKEN_OFF(), False
