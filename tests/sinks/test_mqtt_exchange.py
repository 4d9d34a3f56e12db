"""What a connection to a broker waits for, without a socket: nothing is delivered without its own PUBACK or reply."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.sinks.mqtt_exchange import Answer, Ended, MqttExchange, Ticket
from cammra_edge.sinks.mqtt_opening import Opening
from tests.brokers import GOOD_CONNACK, message, puback

NS = 1_000_000_000
REPLY = "cammra/v1/site/camera/reply"
SUBACK = bytes.fromhex("90 04 0001 00 01")


def exchange(*, reply: bool = False, keep_alive_s: int = 20) -> MqttExchange:
    opening = Opening(
        level=5,
        client_id="c",
        keep_alive_s=keep_alive_s,
        answer_s=5,
        reply_topic=REPLY if reply else "",
        reply_by="db" if reply else "",
    )
    return MqttExchange(opening, 0)


def opened(connack: bytes = GOOD_CONNACK, *, reply: bool = False) -> MqttExchange:
    one = exchange(reply=reply)
    one.received(connack, 0)
    if reply:
        one.received(SUBACK, 0)
    assert one.is_open
    one.take_out()
    return one


def sent(one: MqttExchange, key: str = "") -> Ticket:
    ticket, _ = one.message("t", b"x", reply_key=key)
    one.sending(ticket, 0)
    ticket.is_out = True
    return ticket


def test_connect_is_what_goes_first() -> None:
    (packet,) = exchange().take_out()
    assert packet.startswith(b"\x10")
    assert b"\x00\x04MQTT\x05\x02\x00\x14" in packet


def test_a_puback_is_for_one_message_and_counts_once() -> None:
    one = opened()
    first, second = sent(one), sent(one)
    one.received(puback(second.packet_id, 0x10) + puback(second.packet_id, 0) + puback(77), 0)
    assert second.answer == Answer(0x10)
    assert first.answer is None
    assert one.ended is None
    one.received(puback(first.packet_id), 0)
    assert first.answer == Answer(0)


def test_a_puback_before_the_last_byte_is_out_is_no_answer() -> None:
    one = opened()
    ticket, _ = one.message("t", b"x")
    one.sending(ticket, 0)
    one.received(puback(ticket.packet_id), 0)
    assert ticket.answer == Ended("fault", 0x82)


@pytest.mark.parametrize("reason", [*range(0x01, 0x10), *range(0x11, 0x80)])
def test_a_reason_that_no_puback_has_delivers_nothing(reason: int) -> None:
    one = opened()
    ticket = sent(one)
    one.received(puback(ticket.packet_id, reason), 0)
    assert ticket.answer == Ended("fault", 0x82)


def test_numbers_go_round_and_pass_over_those_that_wait() -> None:
    one = opened()
    waiting = sent(one)
    numbers = set()
    for _ in range(65_534):
        ticket = sent(one)
        numbers.add(ticket.packet_id)
        one.received(puback(ticket.packet_id), 0)
    assert len(numbers) == 65_534
    assert waiting.packet_id not in numbers
    assert sent(one).packet_id == 2


def test_the_servers_limits_hold() -> None:
    one = opened(bytes.fromhex("20 10 00 00 0d 21 0001 27 00000400 13 0008 25 00"))
    assert (one.limits.receive_maximum, one.limits.largest_bytes) == (1, 1024)
    assert not one.is_full
    sent(one)
    assert one.is_full
    assert one.due_mono_ns() == 6 * NS, "the server's keep-alive"


def test_a_quiet_hour_has_one_ping_in_each_keep_alive_and_no_other_wake_up() -> None:
    one = opened()
    wakes, now = 0, 0
    while (due := one.due_mono_ns()) is not None and due < 3600 * NS:
        now = due
        one.tick(now)
        assert one.take_out() == [b"\xc0\x00"]
        one.received(b"\xd0\x00", now + NS // 10)
        wakes += 2
    assert one.is_open
    assert wakes == 2 * (3600 // 15 - 1)


def test_a_server_that_answers_no_ping_is_gone() -> None:
    one = opened()
    ticket = sent(one)
    one.tick(15 * NS)
    assert one.take_out() == [b"\xc0\x00"]
    one.tick(19 * NS)
    assert one.ended is None
    one.tick(20 * NS)
    assert one.ended == ticket.answer == Ended("silence")


def test_without_an_answer_to_connect_it_is_over() -> None:
    one = exchange()
    one.tick(5 * NS)
    assert one.ended == Ended("silence")


@pytest.mark.parametrize(
    ("packets", "ended"),
    [
        (bytes.fromhex("20 03 00 87 00"), Ended("connack", 0x87)),
        (bytes.fromhex("20 02 00 01"), Ended("connack", 0x84)),
        (bytes.fromhex("20 03 01 00 00"), Ended("fault", 0x82)),
        (bytes.fromhex("d0 00"), Ended("fault", 0x82)),
        (GOOD_CONNACK + GOOD_CONNACK, Ended("fault", 0x82)),
        (GOOD_CONNACK + SUBACK, Ended("fault", 0x82)),
        (GOOD_CONNACK + bytes.fromhex("f0 00"), Ended("fault", 0x8C)),
        (GOOD_CONNACK + bytes.fromhex("e0 01 8e"), Ended("disconnect", 0x8E)),
        (GOOD_CONNACK + b"\x00", Ended("fault", 0x81)),
    ],
)
def test_what_ends_it(packets: bytes, ended: Ended) -> None:
    one = exchange()
    one.received(packets, 0)
    assert one.ended == ended
    assert not one.is_open


def reply(key: str, by: str = "db", result: str = "ok", why: str = "") -> bytes:
    return json.dumps({"key": key, "by": by, "result": result, "why": why}).encode()


def test_a_reply_of_the_one_who_is_named_counts() -> None:
    one = opened(reply=True)
    ticket = one.reply_to("e-1")
    one.received(
        message(REPLY, reply("e-1", result="refuse", why="no\nroom"), correlation=b"e-1"), 0
    )
    assert ticket.answer == Answer(words="no room", result="refuse")


@pytest.mark.parametrize(
    ("topic", "payload", "correlation"),
    [
        (REPLY, reply("e-1", by="other"), b"e-1"),
        (REPLY, reply("e-2"), b"e-2"),
        (REPLY, reply("e-1"), b"e-2"),
        (REPLY, reply("e-1", result="yes"), b"e-1"),
        ("another/topic", reply("e-1"), b"e-1"),
        (REPLY, b"", b"e-1"),
        (REPLY, b"\xff", b"e-1"),
        (REPLY, b"[" * 9_000, b"e-1"),
        (REPLY, b'{"key": 1, "by": "db", "result": "ok"}', b""),
        (REPLY, b'{"key": "e-1", "by": "db", "result": ["ok"]}', b""),
    ],
)
def test_any_other_message_counts_for_nothing(
    topic: str, payload: bytes, correlation: bytes
) -> None:
    one = opened(reply=True)
    ticket = one.reply_to("e-1")
    one.received(message(topic, payload, correlation=correlation), 0)
    assert ticket.answer is None
    assert one.ended is None


def test_without_a_subscription_to_replies_it_never_opens() -> None:
    one = exchange(reply=True)
    one.received(GOOD_CONNACK + bytes.fromhex("90 04 0001 00 87"), 0)
    assert one.ended == Ended("suback", 0x87)


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_noise_delivers_nothing_and_always_ends(noise: list[bytes], data: st.DataObject) -> None:
    one = opened(reply=True)
    tickets = [sent(one) for _ in range(3)]
    replied = one.reply_to("e-1")
    good = {ticket.packet_id for ticket in tickets}
    for piece in noise:
        one.received(piece, 0)
        one.take_out()
    for ticket in tickets:
        answer = ticket.answer
        if isinstance(answer, Answer):
            # Only its own PUBACK can have been in the noise.
            assert bytes([0x40]) in b"".join(noise)
            assert ticket.packet_id in good
    assert not isinstance(replied.answer, Answer)
    mine = data.draw(st.sampled_from(tickets))
    if one.ended is None and mine.answer is None and not noise:
        one.received(puback(mine.packet_id), 0)
        assert mine.answer == Answer(0)
