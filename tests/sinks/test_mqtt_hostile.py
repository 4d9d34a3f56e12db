"""The MQTT sink against brokers that say no, nonsense, or nothing: what each means; nothing counts by chance."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Picture, Publications
from cammra_edge.profile import Caller, Mqtt, Timeouts
from cammra_edge.sinks import open_sink, ways_out
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater, begin
from cammra_edge.sinks.mqtt import MqttSink
from tests.brokers import (
    CONNECT,
    DISCONNECT,
    GOOD_CONNACK,
    PINGREQ,
    PUBLISH,
    Client,
    ScriptedBroker,
    Seen,
    puback,
)
from tests.servers import LOOPBACK, PATIENT, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.sinks.base import Outcome, Sink

ATTEMPT = Attempt(event_id="e" * 32, packet=7, number=2)
EVENT = Publications(topic="a/event/new", content=b"{}", content_type="application/json")
PICTURE = Picture(kind="vehicle", topic="a/image/e/vehicle", content=b"j" * 900)
PICTURED = Publications(
    topic="a/event/new", content=b"{}", content_type="application/json", pictures=(PICTURE,)
)
CALLER = Caller(serial="ACCC8E9BB16D", key="k")
HASTY = Timeouts(connect_s=2, write_s=1, answer_s=0.5, total_s=3)


def sink_for(port: int, *, timeouts: Timeouts = PATIENT, **settings: object) -> Sink:
    way = Mqtt(f"mqtt://{LOOPBACK}:{port}", timeouts=timeouts, **settings)  # type: ignore[arg-type] # the tests' own
    return open_sink(way, clock=SYSTEM_CLOCK, caller=CALLER)


def acknowledged(reason: int | None = None) -> Callable[[Client, Seen], bool]:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            client.send(puback(packet.packet_id, reason))
        return packet.kind == PUBLISH

    return answer


def outcome_of(
    answer: Callable[[Client, Seen], bool | None],
    *,
    connack: tuple[bytes, ...] = (GOOD_CONNACK,),
    what: Publications = EVENT,
    timeouts: Timeouts = PATIENT,
    **settings: object,
) -> Outcome:
    with ScriptedBroker(answer, connack) as broker:
        sink = sink_for(broker.port, timeouts=timeouts, **settings)
        try:
            return sink.send(what, ATTEMPT)
        finally:
            sink.close()


@pytest.mark.parametrize("reason", [None, 0])
def test_delivered_is_what_the_broker_acknowledges(reason: int | None) -> None:
    assert isinstance(outcome_of(acknowledged(reason)), Delivered)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (0x10, TryLater),
        *((reason, TryLater) for reason in (0x80, 0x83, 0x88, 0x89, 0x91, 0x97, 0x99, 0x9F, 0xFF)),
        *((reason, Misconfigured) for reason in (0x84, 0x86, 0x87, 0x8A, 0x8C, 0x90)),
        (0x95, GiveUp),
        *((reason, TryLater) for reason in (0x01, 0x04, 0x11, 0x7F)),
    ],
)
def test_every_reason_of_a_puback_means_something(reason: int, kind: type[Outcome]) -> None:
    outcome = outcome_of(acknowledged(reason))
    assert type(outcome) is kind
    assert not isinstance(outcome, Delivered)
    assert outcome.why


def test_a_number_that_nobody_knows_is_told() -> None:
    outcome = outcome_of(acknowledged(0x97))
    assert isinstance(outcome, TryLater)
    assert "0x97" in outcome.why


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        *((reason, Misconfigured) for reason in (0x84, 0x86, 0x87, 0x8A, 0x8C, 0x90)),
        *((reason, TryLater) for reason in (0x80, 0x88, 0x89, 0x97, 0x9D, 0x9F, 0xFF, 0x01)),
    ],
)
def test_every_reason_of_a_connack_means_something(reason: int, kind: type[Outcome]) -> None:
    connack = bytes([0x20, 3, 0, reason, 0])
    assert type(outcome_of(acknowledged(), connack=(connack,))) is kind


def test_a_broker_of_3_1_1_is_named() -> None:
    outcome = outcome_of(acknowledged(), connack=(bytes.fromhex("20 02 00 01"),))
    assert isinstance(outcome, Misconfigured)
    assert "knows no MQTT 5" in outcome.why


def test_where_it_is_asked_for_3_1_1_is_spoken() -> None:
    with ScriptedBroker(acknowledged(), (bytes.fromhex("20 02 00 00"),)) as broker:
        sink = sink_for(broker.port, version="3.1.1")
        assert isinstance(sink.send(EVENT, ATTEMPT), Delivered)
        sink.close()
        assert broker.of_kind(CONNECT)[0].body[:7] == b"\x00\x04MQTT\x04"
        assert broker.of_kind(PUBLISH)[0].body == b"\x00\x0ba/event/new\x00\x01{}"


def test_unheard_may_be_accepted() -> None:
    outcome = outcome_of(acknowledged(0x10), accept_unheard=True)
    assert isinstance(outcome, Delivered)
    assert "nobody subscribes" in outcome.note


def test_who_is_not_heard_calls_for_a_person_and_pictures_alone_hold_nothing_up() -> None:
    outcome = outcome_of(acknowledged(0x10))
    assert isinstance(outcome, TryLater)
    assert outcome.unheard
    pictures = [0x10]

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            reason = pictures[-1] if packet.topic == PICTURE.topic else 0
            client.send(puback(packet.packet_id, reason))
        return packet.kind == PUBLISH

    with ScriptedBroker(answer) as broker:
        sink = sink_for(broker.port)
        said = [sink.send(what, ATTEMPT) for what in (PICTURED, EVENT)]
        pictures.append(0)
        said += [sink.send(what, ATTEMPT) for what in (PICTURED, EVENT)]
        sink.close()
        silent = sink_for(broker.port, accept_unheard=True)
        pictures.append(0x10)
        said.append(silent.send(PICTURED, ATTEMPT))
        silent.close()
    told = [one.unheard for one in said if isinstance(one, Delivered)]
    assert told == [True, True, False, False, False]


def test_pictures_go_first_and_their_event_lists_them() -> None:
    with ScriptedBroker(acknowledged(0)) as broker:
        sink = sink_for(broker.port)
        assert isinstance(sink.send(PICTURED, ATTEMPT), Delivered)
        sink.close()
        picture, event = broker.of_kind(PUBLISH)
    assert (picture.topic, event.topic) == (PICTURE.topic, EVENT.topic)
    assert picture.body.endswith(PICTURE.content)
    assert b'"kind":"vehicle","bytes":900,"sha256":"' in event.body
    assert b"\x00\x07attempt\x00\x012" in event.body
    assert not (picture.first | event.first) & 1, "nothing is kept"


def test_a_picture_that_fails_holds_its_event_back() -> None:
    with ScriptedBroker(acknowledged(0x97)) as broker:
        sink = sink_for(broker.port)
        assert isinstance(sink.send(PICTURED, ATTEMPT), TryLater)
        sink.close()
        assert [packet.topic for packet in broker.of_kind(PUBLISH)] == [PICTURE.topic]


def test_what_is_larger_than_the_broker_takes_is_never_sent() -> None:
    connack = bytes.fromhex("20 08 00 00 05 27 00000200")
    with ScriptedBroker(acknowledged(0), (connack,)) as broker:
        sink = sink_for(broker.port)
        outcome = sink.send(PICTURED, ATTEMPT)
        assert isinstance(outcome, Delivered)
        assert "without 1 picture " in outcome.note
        large = Publications(topic="t", content=b"x" * 600, content_type="")
        assert isinstance(sink.send(large, ATTEMPT), GiveUp)
        sink.close()
        (event,) = broker.of_kind(PUBLISH)
    assert b'"images_too_large' not in event.body
    assert b'images_too_large\x00\x20[{"kind":"vehicle","bytes":900}]' in event.body


def test_our_own_limit_holds_where_the_broker_names_none() -> None:
    large = Publications(topic="t", content=b"x" * 2000, content_type="")
    assert isinstance(outcome_of(acknowledged(0), what=large, max_message_bytes=1024), GiveUp)


def test_a_late_puback_counts_for_no_other_message() -> None:
    asked: list[tuple[Client, Seen]] = []

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            asked.append((client, packet))
            first_client, first = asked[0]
            if client is not first_client:
                # Numbers begin anew on a new connection: this is the second message's number, too.
                assert first.packet_id == packet.packet_id
                first_client.send(puback(first.packet_id))
        return packet.kind == PUBLISH

    with ScriptedBroker(answer) as broker:
        sink = sink_for(broker.port, timeouts=HASTY)
        assert isinstance(sink, MqttSink)
        for sent in (1, 2):
            sink.begin()
            wait_until(lambda: sink.is_connected, "the connection")
            outcome = sink.send(EVENT, ATTEMPT)
            assert isinstance(outcome, TryLater)
            assert outcome.broke
            assert len(asked) == sent
        sink.close()
    (one, _), (other, _) = asked
    assert one is not other


def test_doubled_and_foreign_pubacks_count_for_nothing() -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            number = packet.packet_id
            client.send(puback(number + 1) + puback(number) * 2 + puback(number + 2))
        return packet.kind == PUBLISH

    with ScriptedBroker(answer) as broker:
        sink = sink_for(broker.port)
        for _ in range(5):
            assert isinstance(sink.send(EVENT, ATTEMPT), Delivered)
        sink.close()
        assert broker.connections == 1


def test_cut_after_the_message_it_is_tried_again() -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            client.sock.close()
        return True

    outcome = outcome_of(answer)
    assert isinstance(outcome, TryLater)
    assert outcome.broke


def test_no_more_is_in_flight_than_the_broker_takes() -> None:
    most, flying, lock = 0, 0, threading.Lock()
    waiting: list[tuple[Client, Seen]] = []

    def answer(client: Client, packet: Seen) -> bool:
        nonlocal most, flying
        if packet.kind != PUBLISH:
            return False
        with lock:
            flying += 1
            most = max(most, flying)
            waiting.append((client, packet))
        timer = threading.Timer(0.02, acknowledge)
        timer.daemon = True
        timer.start()
        return True

    def acknowledge() -> None:
        nonlocal flying
        with lock:
            client, packet = waiting.pop(0)
            flying -= 1
        client.send(puback(packet.packet_id))

    connack = bytes.fromhex("20 06 00 00 03 21 0001")
    outcomes: list[Outcome] = []
    with ScriptedBroker(answer, (connack,)) as broker:
        opened = ways_out(
            Mqtt(f"mqtt://{LOOPBACK}:{broker.port}", timeouts=PATIENT),
            clock=SYSTEM_CLOCK,
            caller=CALLER,
        )
        sinks = [opened() for _ in range(4)]
        threads = [
            threading.Thread(target=lambda one=one: outcomes.append(one.send(EVENT, ATTEMPT)))
            for one in sinks
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in sinks:
            one.close()
        assert broker.connections == 1
    assert most == 1
    assert [type(outcome) for outcome in outcomes] == [Delivered] * 4


def test_a_stranger_who_takes_our_place_is_a_fault_that_names_it_and_is_not_thrown_out() -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            client.send(bytes.fromhex("e0 01 8e"))
        return packet.kind == PUBLISH

    with ScriptedBroker(answer) as broker:
        sink = sink_for(broker.port)
        outcome = sink.send(EVENT, ATTEMPT)
        assert isinstance(outcome, Misconfigured)
        assert "ACCC8E9BB16D" in outcome.why
        sink.close()
        assert broker.connections == 1


def test_a_server_that_answers_no_ping_is_left() -> None:
    def answer(_: Client, packet: Seen) -> bool:
        return packet.kind == PINGREQ

    connack = bytes.fromhex("20 06 00 00 03 13 0001")
    with ScriptedBroker(answer, (connack,)) as broker:
        way = Mqtt(f"mqtt://{LOOPBACK}:{broker.port}", timeouts=HASTY)
        sink = open_sink(way, clock=SYSTEM_CLOCK, caller=CALLER)
        begin(sink)
        wait_until(lambda: broker.connections >= 2, "a second connection")
        assert broker.of_kind(PINGREQ)
        sink.close()


def test_the_end_is_said() -> None:
    with ScriptedBroker(acknowledged()) as broker:
        sink = sink_for(broker.port)
        sink.send(EVENT, ATTEMPT)
        sink.close()
        wait_until(lambda: bool(broker.of_kind(DISCONNECT)), "a DISCONNECT")
        assert broker.of_kind(DISCONNECT)[0].body == b""


def test_nothing_but_publications_is_published() -> None:
    with ScriptedBroker(acknowledged()) as broker:
        sink = sink_for(broker.port)
        assert isinstance(sink.send(Body(content=b"x"), ATTEMPT), GiveUp)
        sink.close()


def test_nobody_there_is_tried_later() -> None:
    sink = sink_for(9, timeouts=HASTY)
    outcome = sink.send(EVENT, ATTEMPT)
    sink.close()
    assert isinstance(outcome, TryLater)
    assert outcome.broke
