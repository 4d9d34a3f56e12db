"""MQTT's packets at the door: whatever a server sends, in whatever pieces, is a packet or a fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.framing import (
    MqttDecoder,
    MqttPacket,
    mqtt_connect,
    mqtt_disconnect,
    mqtt_ping,
    mqtt_puback,
    mqtt_publish,
    mqtt_subscribe,
)

LARGEST_BYTES = 1 << 16
CONNACK = b"\x20\x0b\x00\x00\x08\x21\x00\x14\x27\x00\x01\x00\x00"
PUBACK = b"\x40\x08\x12\x34\x97\x04\x1f\x00\x01!"
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)
TOPICS = TEXTS.filter(lambda text: "+" not in text and "#" not in text)


def told(packet: MqttPacket) -> tuple[object, ...]:
    return (
        packet.kind,
        packet.packet_id,
        packet.reason,
        packet.reasons,
        packet.topic,
        packet.payload,
        packet.user_properties,
    )


def read(*pieces: bytes, level: int = 5) -> tuple[list[tuple[object, ...]], int]:
    decoder = MqttDecoder(LARGEST_BYTES, level=level)
    packets = []
    for piece in pieces:
        decoder.feed(piece)
        while (packet := decoder.next()) is not None:
            packets.append(told(packet))
    return packets, decoder.fault


def published(  # noqa: PLR0913 - the fields of one packet, by name
    topic: str = "a",
    payload: bytes = b"!",
    *,
    packet_id: int = 7,
    expiry_s: int | None = None,
    content_type: str = "",
    response_topic: str = "",
    correlation_data: bytes = b"",
    user_properties: list[tuple[str, str]] | None = None,
) -> bytes:
    return mqtt_publish(
        topic,
        payload,
        level=5,
        packet_id=packet_id,
        retain=False,
        expiry_s=expiry_s,
        content_type=content_type,
        response_topic=response_topic,
        correlation_data=correlation_data,
        user_properties=user_properties or [],
    )


def test_a_connack_tells_the_limits_of_the_server() -> None:
    decoder = MqttDecoder(LARGEST_BYTES)
    decoder.feed(CONNACK)
    connack = decoder.next()
    assert connack is not None
    assert (connack.kind, connack.reason, connack.session_present) == ("connack", 0, False)
    assert connack.number("receive_maximum") == 20
    assert connack.number("maximum_packet_size") == 65_536
    assert connack.number("server_keep_alive") is None
    assert connack.text("reason_string") == ""
    assert decoder.next() is None
    assert decoder.fault == 0


@given(
    st.tuples(
        TOPICS,
        st.binary(max_size=300),
        TEXTS,
        st.binary(min_size=1, max_size=40),
        st.lists(st.tuples(TEXTS, TEXTS), max_size=4),
    ),
    st.data(),
)
def test_a_message_comes_as_it_was_sent_however_it_is_split(
    message_sent: tuple[str, bytes, str, bytes, list[tuple[str, str]]], data: st.DataObject
) -> None:
    topic, payload, content_type, correlation_data, pairs = message_sent
    sent = published(
        topic,
        payload,
        content_type=content_type,
        correlation_data=correlation_data,
        user_properties=pairs,
        expiry_s=9,
    )
    at = data.draw(st.integers(0, len(sent)))
    decoder = MqttDecoder(LARGEST_BYTES)
    decoder.feed(sent[:at])
    decoder.feed(sent[at:])
    message = decoder.next()
    assert message is not None
    assert (message.kind, message.qos, message.packet_id) == ("publish", 1, 7)
    assert (message.topic, message.payload) == (topic, payload)
    assert message.text("content_type") == content_type
    assert message.data("correlation_data") == correlation_data
    assert message.number("message_expiry_interval") == 9
    assert message.user_properties == pairs


@given(st.binary(max_size=200), st.data(), st.sampled_from((4, 5)))
def test_arbitrary_bytes_end_in_packets_or_a_fault(
    noise: bytes, data: st.DataObject, level: int
) -> None:
    at = data.draw(st.integers(0, len(noise)))
    assert read(noise[:at], noise[at:], level=level) == read(noise, level=level)
    assert read(*(noise[one : one + 1] for one in range(len(noise))), level=level) == read(
        noise, level=level
    )


@given(st.data())
def test_good_packets_with_a_byte_changed_are_read_or_refused(data: st.DataObject) -> None:
    good = CONNACK + PUBACK + published(user_properties=[("k", "v")])
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + data.draw(st.binary(max_size=3)) + good[at + 1 :]
    packets, fault = read(changed)
    assert fault in {0, 0x81, 0x82, 0x90, 0x94, 0x95}
    assert read(*(changed[one : one + 1] for one in range(len(changed)))) == (packets, fault)


def test_behind_a_fault_nothing_is_read() -> None:
    packets, fault = read(PUBACK + b"\x00" + PUBACK, PUBACK)
    assert (len(packets), fault) == (1, 0x81)


def test_a_packet_that_is_too_large_is_refused_before_it_comes() -> None:
    decoder = MqttDecoder(100)
    decoder.feed(b"\x30\xff\xff\xff\x7f")
    assert decoder.next() is None
    assert decoder.fault == 0x95


def test_what_is_sent_is_what_the_standard_has() -> None:
    assert mqtt_connect(
        "c",
        level=5,
        keep_alive_s=20,
        clean_start=True,
        session_expiry_s=0,
        receive_maximum=32,
        largest_bytes=65_536,
        user="u",
        password=b"p",
        will=("w", b"off", True),
    ) == bytes.fromhex(
        "10 25 0004 4d515454 05 ee 0014 08 21 0020 27 00010000"
        " 0001 63 00 0001 77 0003 6f6666 0001 75 0001 70"
    )
    assert published() == b"\x32\x07\x00\x01a\x00\x07\x00!"
    assert mqtt_puback(7) == b"\x40\x02\x00\x07"
    assert mqtt_puback(7, 0x83) == b"\x40\x03\x00\x07\x83"
    assert mqtt_subscribe(1, [("a/+", True)], retained=False) == b"\x82\x09\x00\x01\x00\x00\x03a/+!"
    assert mqtt_ping() == b"\xc0\x00"
    assert mqtt_disconnect() == b"\xe0\x00"
    assert mqtt_disconnect(0x82) == b"\xe0\x01\x82"


@pytest.mark.parametrize("topic", ["", "a/#", "a/+", "a\0", "x" * 65_536])
def test_a_topic_that_nobody_can_publish_to_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        published(topic)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        MqttDecoder(LARGEST_BYTES, level=3)
    with pytest.raises(ValueError, match="level"):
        mqtt_puback(7, level=6)
