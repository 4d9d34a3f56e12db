"""`ack="reply"`: an event is delivered when the named consumer has said so, and by no other answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from tests.brokers import PUBLISH, Client, ScriptedBroker, Seen, message, puback
from tests.servers import PATIENT
from tests.sinks.test_mqtt_hostile import ATTEMPT, EVENT, HASTY, acknowledged, outcome_of, sink_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.sinks.base import Outcome

KEY = f"{'e' * 32}-7"


def replying(
    result: str, *, by: str = "db", key: str = KEY, before: bool = False
) -> Callable[[Client, Seen], bool]:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind != PUBLISH:
            return False
        body = json.dumps({"key": key, "by": by, "result": result, "why": "because"}).encode()
        reply = message("cammra/v1/site/ACCC8E9BB16D/reply", body, correlation=key.encode())
        if before:
            client.send(reply + puback(packet.packet_id))
        else:
            client.send(puback(packet.packet_id) + reply)
        return True

    return answer


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (replying("ok"), Delivered),
        (replying("ok", before=True), Delivered),
        (replying("retry"), TryLater),
        (replying("refuse"), GiveUp),
        (replying("ok", by="another"), TryLater),
        (replying("ok", key="another"), TryLater),
        (acknowledged(0), TryLater),
        (acknowledged(0x10), TryLater),
        (acknowledged(0x87), Misconfigured),
    ],
)
def test_with_ack_reply_only_the_named_consumer_delivers(
    answer: Callable[[Client, Seen], bool], kind: type[Outcome]
) -> None:
    # Only where no reply comes is there a wait to be short: other answers may take the time that they need.
    timeouts = HASTY if kind is TryLater else PATIENT
    assert type(outcome_of(answer, timeouts=timeouts, ack="reply", reply_by="db")) is kind


def test_a_refusal_is_told_in_the_consumers_words() -> None:
    outcome = outcome_of(replying("refuse"), ack="reply", reply_by="db")
    assert isinstance(outcome, GiveUp)
    assert outcome.words == "because"
    assert "db" in outcome.why


def test_a_reply_is_asked_for_with_its_key() -> None:
    with ScriptedBroker(replying("ok")) as broker:
        sink = sink_for(broker.port, ack="reply", reply_by="db")
        sink.send(EVENT, ATTEMPT)
        sink.close()
        (event,) = broker.of_kind(PUBLISH)
    assert b"\x08\x00\x21cammra/v1/site/ACCC8E9BB16D/reply" in event.body
    assert b"\x09\x00\x22" + KEY.encode() in event.body
