"""What a connection says of the camera itself, without a socket: when, within which limits, and after a refusal."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.profile import Presence
from cammra_edge.sinks.mqtt_exchange import Ended, MqttExchange
from cammra_edge.sinks.mqtt_opening import Opening
from cammra_edge.sinks.mqtt_presence import HEALTH_S, JITTER, MUTE_S, Announcer
from tests.brokers import CONNECT, GOOD_CONNACK, PUBLISH, Client, Seen, puback

if TYPE_CHECKING:
    from collections.abc import Callable

NS = 1_000_000_000
STATE, HEALTH, DOCUMENT = "p/s/d/state", "p/s/d/health", "homeassistant/device/d/config"
ONLINE, OFFLINE = b'{"online":true}', b'{"online":false}'
RETAINED, QOS_1 = 1, 2
NO_RETAIN = bytes.fromhex("20 05 00 00 02 25 00")
ONE_AT_ONCE = bytes.fromhex("20 06 00 00 03 21 0001")


def presence(health: Callable[[], bytes] = lambda: b"{}") -> Presence:
    return Presence(
        state_topic=STATE,
        online=ONLINE,
        offline=OFFLINE,
        health_topic=HEALTH,
        health=health,
        documents={DOCUMENT: b'{"device":{}}'},
    )


def announcer(what: Presence | None = None, *, level: int = 5, largest_bytes: int = 0) -> Announcer:
    draw = random.Random(7).random  # noqa: S311 - a test repeats it
    return Announcer(
        what or presence(), level=level, answer_s=5, largest_bytes=largest_bytes, draw=draw
    )


def connection(own: Announcer, now: int = 0, *, level: int = 5) -> MqttExchange:
    opening = Opening(level=level, client_id="c", keep_alive_s=20, answer_s=5, own=own)
    return MqttExchange(opening, now)


def said(one: MqttExchange) -> list[Seen]:
    """What it says, read by the few lines of the scripted broker."""
    client = Client.__new__(Client)
    client._received = b"".join(one.take_out())
    packets = []
    while (packet := client._whole()) is not None:
        packets.append(packet)
    return packets


def opened(own: Announcer, connack: bytes = GOOD_CONNACK, now: int = 0) -> MqttExchange:
    one = connection(own, now)
    one.take_out()
    one.received(connack, now)
    return one


def run_until(one: MqttExchange, end: int, *, answered: bool = True) -> list[tuple[int, Seen]]:
    """Let time pass; what is said, and when. Everything is acknowledged."""
    told, now = [], 0
    while (due := one.due_mono_ns()) is not None and due <= end and one.ended is None:
        now = max(now, due)
        one.prepare(now)
        one.tick(now)
        for packet in said(one):
            told.append((now, packet))
            if packet.kind == PUBLISH and packet.first & QOS_1 and answered:
                one.received(puback(packet.packet_id), now)
            elif packet.kind != PUBLISH:
                one.received(b"\xd0\x00", now)
    return told


def acknowledge(one: MqttExchange, packets: list[Seen], reason: int = 0, now: int = 0) -> None:
    for packet in packets:
        one.received(puback(packet.packet_id, reason), now)


def test_the_will_is_the_state_and_kept() -> None:
    (connect,) = said(connection(announcer()))
    assert connect.kind == CONNECT
    assert connect.body[7] == 0x02 | 0x04 | 0x08 | 0x20
    assert connect.body.endswith(
        b"\x00" + len(STATE).to_bytes(2) + STATE.encode() + len(OFFLINE).to_bytes(2) + OFFLINE
    )


def test_nothing_is_said_without_presence() -> None:
    one = MqttExchange(Opening(level=5, client_id="c", keep_alive_s=20, answer_s=5), 0)
    (connect,) = said(one)
    assert connect.body[7] == 0x02
    one.received(GOOD_CONNACK, 0)
    assert said(one) == []
    assert one.goodbye() == b"\xe0\x00"


def test_state_goes_first_then_what_is_kept_then_health() -> None:
    one = opened(announcer(presence(lambda: b'{"works":true}')))
    state, document = greeting = said(one)
    assert (state.topic, document.topic) == (STATE, DOCUMENT)
    acknowledge(one, greeting)
    ((at, health),) = run_until(one, 0)
    assert at == 0
    assert health.topic == HEALTH
    for packet in (*greeting, health):
        assert packet.first & QOS_1
        assert packet.first & RETAINED
    assert health.body.endswith(b'{"works":true}')
    assert b"\x02\x00\x00\x00\xc8" in health.body, "old figures expire"


def test_in_reply_mode_nothing_is_said_before_the_subscription() -> None:
    opening = Opening(
        level=5, client_id="c", keep_alive_s=20, answer_s=5, reply_topic="r", own=announcer()
    )
    one = MqttExchange(opening, 0)
    one.take_out()
    one.received(GOOD_CONNACK, 0)
    assert PUBLISH not in {packet.kind for packet in said(one)}
    one.received(bytes.fromhex("90 04 0001 00 01"), 0)
    assert [packet.topic for packet in said(one)] == [STATE, DOCUMENT]


def test_an_hour_without_traffic_has_pings_and_health_and_no_other_wake_up() -> None:
    one = opened(announcer())
    acknowledge(one, said(one))
    told = run_until(one, 3600 * NS)
    assert one.is_open
    pings = [at for at, packet in told if packet.kind != PUBLISH]
    health = [at for at, packet in told if packet.kind == PUBLISH and packet.topic == HEALTH]
    again = [at for at, packet in told if packet.kind == PUBLISH and packet.topic == STATE]
    assert len(pings) + len(health) + len(again) == len(told)
    waits = [later - sooner for sooner, later in pairwise(health)]
    least, most = HEALTH_S * (1 - JITTER), HEALTH_S * (1 + JITTER)
    assert all(least <= wait / NS <= most for wait in waits)
    assert max(waits) - min(waits) > NS, "not all cameras at once"
    assert 54 <= len(health) <= 67
    assert again == [health[1]], "once, when an earlier connection has surely ended"
    every = sorted({at for at, _ in told})
    assert max(b - a for a, b in pairwise(every)) <= 15 * NS


def test_health_keeps_its_time_over_a_reconnect() -> None:
    own = announcer()
    first = opened(own)
    acknowledge(first, said(first))
    run_until(first, 10 * NS)
    first.end(Ended("network"))
    second = opened(own, now=20 * NS)
    acknowledge(second, said(second), now=20 * NS)
    told = [at for at, packet in run_until(second, 120 * NS) if packet.kind == PUBLISH]
    assert 54 * NS <= told[0] <= 66 * NS


def test_no_more_is_in_flight_than_the_broker_takes() -> None:
    one = opened(announcer(), ONE_AT_ONCE)
    (state,) = said(one)
    assert state.topic == STATE
    assert one.is_full, "an event waits its turn"
    acknowledge(one, [state])
    (document,) = said(one)
    assert one.is_full
    acknowledge(one, [document])
    assert not one.is_full
    ticket, _ = one.message("t", b"x")
    one.sending(ticket, 0)
    ticket.is_out = True
    one.prepare(0)
    one.tick(0)
    assert said(one) == [], "health waits for the event's answer"
    one.received(puback(ticket.packet_id), 0)
    assert [packet.topic for packet in said(one)] == [HEALTH]


def test_numbers_are_nobody_elses() -> None:
    one = opened(announcer())
    own = {packet.packet_id for packet in said(one)}
    numbers = set()
    for _ in range(65_533):
        ticket, _ = one.message("t", b"x")
        one.sending(ticket, 0)
        numbers.add(ticket.packet_id)
    assert not own & numbers


@pytest.mark.parametrize("reason", [0x80, 0x83, 0x87, 0x90, 0x97])
def test_a_refusal_is_told_in_words_and_stops_nothing(reason: int) -> None:
    own = announcer()
    one = opened(own)
    acknowledge(one, said(one), reason)
    assert one.ended is None
    assert STATE in own.trouble
    assert f"0x{reason:02X}" in own.trouble
    ticket, _ = one.message("t", b"x")
    one.sending(ticket, 0)
    ticket.is_out = True
    one.received(puback(ticket.packet_id), 0)
    assert ticket.answer is not None
    again = opened(own)
    acknowledge(again, said(again))
    assert not own.trouble, "it is mended"


def test_what_is_taken_is_known() -> None:
    what = presence()
    one = opened(announcer(what))
    state, document = said(one)
    acknowledge(one, [state])
    assert not what.taken
    acknowledge(one, [document])
    assert what.taken == {DOCUMENT}


def test_a_broker_that_keeps_nothing_is_told_it_unkept() -> None:
    own = announcer()
    one = opened(own, NO_RETAIN)
    greeting = said(one)
    assert not any(packet.first & RETAINED for packet in greeting)
    acknowledge(one, greeting)
    assert "keeps nothing" in own.trouble
    assert one.ended is None


def refused(own: Announcer, reason: int) -> tuple[int, Ended | None]:
    """The flags of a CONNECT that is refused, and the end."""
    one = connection(own)
    (connect,) = said(one)
    one.received(bytes([0x20, 3, 0, reason, 0]), 0)
    return connect.body[7], one.ended


def test_a_will_that_may_not_be_kept_is_said_unkept() -> None:
    own = announcer()
    assert refused(own, 0x9A) == (0x2E, Ended("will", 0x9A))
    (connect,) = said(connection(own))
    assert connect.body[7] == 0x0E
    one = opened(own)
    acknowledge(one, said(one))
    assert one.is_open


def test_a_will_that_is_refused_is_left_out() -> None:
    own = announcer()
    assert refused(own, 0x87) == (0x2E, Ended("will", 0x87))
    assert "0x87" in own.trouble
    one = opened(own)
    greeting = said(one)
    assert greeting[0].topic == STATE, "while it can, it says so itself"
    acknowledge(one, greeting)
    assert "will" in own.trouble


def test_a_broker_that_refuses_us_anyway_is_no_matter_of_the_will() -> None:
    own = announcer()
    ends = [refused(own, 0x87) for _ in range(3)]
    assert ends == [
        (0x2E, Ended("will", 0x87)),
        (0x02, Ended("connack", 0x87)),
        (0x2E, Ended("connack", 0x87)),
    ]
    assert refused(own, 0x86)[1] == Ended("connack", 0x86)


def test_a_broker_that_ends_the_connection_over_it_is_left_alone_for_a_while() -> None:
    own = announcer()
    for _ in range(2):
        one = opened(own)
        assert said(one)
        one.received(bytes.fromhex("e0 01 87"), 0)
    one = opened(own)
    assert said(one) == []
    assert one.is_open
    assert "ends the connection" in own.trouble
    told = [
        (at, packet.topic)
        for at, packet in run_until(one, round((MUTE_S + 1) * NS))
        if packet.kind == PUBLISH
    ]
    assert told[:3] == [(MUTE_S * NS, topic) for topic in (STATE, DOCUMENT, HEALTH)]
    assert not own.trouble


def test_a_connection_that_is_taken_over_or_breaks_later_is_no_refusal() -> None:
    own = announcer()
    for _ in range(4):
        one = opened(own)
        assert said(one)
        one.received(bytes.fromhex("e0 01 8e"), 0)
    for _ in range(4):
        one = opened(own)
        acknowledge(one, said(one))
        one.end(Ended("network"))
    assert said(opened(own))


def test_a_broker_that_acknowledges_none_of_it_is_asked_for_nothing() -> None:
    own = announcer()
    for _ in range(2):
        one = opened(own)
        run_until(one, 60 * NS, answered=False)
        assert one.ended == Ended("silence")
    one = opened(own)
    greeting = said(one)
    assert [packet.topic for packet in greeting] == [STATE, DOCUMENT]
    assert not any(packet.first & QOS_1 for packet in greeting)
    run_until(one, 3600 * NS, answered=False)
    assert one.is_open
    assert "acknowledges neither" in own.trouble


def test_what_is_larger_than_the_broker_takes_is_not_sent() -> None:
    own = announcer(largest_bytes=40)
    one = opened(own)
    assert [packet.topic for packet in said(one)] == []
    assert "larger" in own.trouble
    assert one.ended is None


def test_health_that_cannot_be_told_ends_nothing() -> None:
    def broken() -> bytes:
        raise ZeroDivisionError

    one = opened(announcer(presence(broken)))
    acknowledge(one, said(one))
    told = run_until(one, 600 * NS)
    assert one.is_open
    assert {packet.topic for _, packet in told if packet.kind == PUBLISH} == {STATE}


def test_a_goodbye_says_offline_before_the_end() -> None:
    one = opened(announcer())
    one.take_out()
    last = one.goodbye()
    assert last.endswith(OFFLINE + b"\xe0\x00")
    assert last[0] == 0x30 | RETAINED, "no answer is waited for"
    assert STATE.encode() in last
    early = connection(announcer())
    assert early.goodbye() == b"\xe0\x00"


def test_3_1_1_says_the_same() -> None:
    own = announcer(level=4)
    one = connection(own, level=4)
    (connect,) = said(one)
    assert connect.body[:8] == b"\x00\x04MQTT\x04\x2e"
    assert connect.body.endswith(OFFLINE)
    one.received(bytes.fromhex("20 02 00 00"), 0)
    state, document = said(one)
    assert (state.topic, document.topic) == (STATE, DOCUMENT)
    assert state.first & RETAINED
    assert state.body.endswith(ONLINE)
    one.received(b"\x00", 0)
    assert one.take_out() == [], "a DISCONNECT would keep the will from being said"
    assert one.ended is not None


def test_a_connection_without_state_only_removes_what_was_kept() -> None:
    own = announcer(Presence(documents={DOCUMENT: b""}))
    one = connection(own)
    (connect,) = said(one)
    assert connect.body[7] == 0x02
    one.received(GOOD_CONNACK, 0)
    (document,) = said(one)
    assert document.first & RETAINED
    assert document.body.endswith(b"\x00")
    acknowledge(one, [document])
    assert [packet for _, packet in run_until(one, 600 * NS) if packet.kind == PUBLISH] == []
    assert one.goodbye() == b"\xe0\x00"


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(0, 200))
def test_noise_never_raises_and_answers_nothing(noise: list[bytes], seconds: int) -> None:
    own = announcer()
    one = opened(own, ONE_AT_ONCE)
    ticket, _ = one.message("t", b"x")
    for piece in noise:
        one.received(piece, 0)
        one.take_out()
    run_until(one, seconds * NS)
    assert ticket.answer is None, "it was never sent"
    again = opened(own, now=seconds * NS)
    assert again.is_open
