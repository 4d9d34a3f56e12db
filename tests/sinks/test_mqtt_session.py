"""One session, many threads: whoever reads, nothing that is due comes late, and nobody waits for ever."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Mqtt
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.profile import Presence
from cammra_edge.sinks import mqtt_presence
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.mqtt_exchange import Answer, Ended, Ticket
from cammra_edge.sinks.mqtt_link import Link, Overdue
from cammra_edge.sinks.mqtt_opening import Opening
from cammra_edge.sinks.mqtt_presence import Announcer
from cammra_edge.sinks.mqtt_session import MqttSession
from tests.brokers import (
    GOOD_CONNACK,
    PINGREQ,
    PUBLISH,
    SUBSCRIBE,
    Client,
    ScriptedBroker,
    Seen,
    puback,
)
from tests.servers import LOOPBACK, PATIENT, SLACK_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PONG = b"\xd0\x00"
TAKEN_OVER = bytes.fromhex("e0 01 8e")


@contextlib.contextmanager
def session_to(broker: ScriptedBroker, **opening: Any) -> Iterator[MqttSession]:  # noqa: ANN401 - of an Opening
    fields = {"level": 5, "client_id": "c", "keep_alive_s": 0, "answer_s": SLACK_S, **opening}
    way = Mqtt(f"mqtt://{LOOPBACK}:{broker.port}", timeouts=PATIENT)
    session = MqttSession(way, Opening(**fields), clock=SYSTEM_CLOCK)
    try:
        yield session
    finally:
        session.close()


class Senders:
    """Threads that send over one session, and what became of each of their messages."""

    def __init__(self, session: MqttSession) -> None:
        link = session.link(Deadline(SYSTEM_CLOCK, SLACK_S))
        assert isinstance(link, Link)
        self.link = link
        self.session = session
        self.answers: list[object] = []
        self._threads: list[threading.Thread] = []

    def send(self, *, messages: int = 1, within_s: float = 3 * SLACK_S) -> None:
        """So many, one after the other."""

        def send() -> None:
            for _ in range(messages):
                with self.session.lock:
                    ticket, packet = self.link.exchange.message("event", b"x")
                deadline = Deadline(SYSTEM_CLOCK, within_s)
                self.answers.append(self.link.answer_to(ticket, packet, deadline))

        self._run(send)

    def wait_for(self, ticket: Ticket) -> None:
        """Wait for a reply."""
        deadline = Deadline(SYSTEM_CLOCK, 3 * SLACK_S)
        self._run(lambda: self.answers.append(self.link.answer(ticket, deadline)))

    def join(self) -> None:
        for thread in self._threads:
            thread.join(2 * SLACK_S)
            assert not thread.is_alive()

    def _run(self, job: Callable[[], None]) -> None:
        thread = threading.Thread(target=job, daemon=True)
        self._threads.append(thread)
        thread.start()


def acknowledging(client: Client, packet: Seen) -> bool:
    if packet.kind == PUBLISH:
        client.send(puback(packet.packet_id))
    return packet.kind == PUBLISH


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_several_senders_over_a_narrow_connection_all_come_to_their_turn(at_once: int) -> None:
    connack = bytes.fromhex("20 06 00 00 03 21") + at_once.to_bytes(2)
    with ScriptedBroker(acknowledging, (connack,)) as broker, session_to(broker) as session:
        senders = Senders(session)
        for _ in range(6):
            senders.send(messages=50)
        senders.join()
        assert senders.answers == [Answer()] * 300
        assert broker.connections == 1


def test_with_a_ping_answered_to_who_reads_the_next_one_goes_in_time() -> None:
    asked = threading.Event()

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PINGREQ and not asked.is_set():
            asked.set()
            client.send(PONG)
            return True
        return packet.kind == PUBLISH  # which is left without an answer

    with (
        ScriptedBroker(answer) as broker,
        session_to(broker, keep_alive_s=1, answer_s=20 * SLACK_S) as session,
    ):
        senders = Senders(session)
        senders.send()
        wait_until(lambda: len(broker.of_kind(PINGREQ)) >= 3, "the next pings")
        session.break_off()
        senders.join()


def test_an_answer_that_is_due_sooner_by_what_a_sender_reads_is_missed_in_time() -> None:
    held: list[tuple[Client, Seen]] = []

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            held.append((client, packet))
        return packet.kind == PUBLISH

    presence = Presence(state_topic="state", documents={"document": b"{}"})
    own = Announcer(presence, level=5, answer_s=20 * SLACK_S)
    connack = bytes.fromhex("20 06 00 00 03 21 0001")
    with (
        ScriptedBroker(answer, (connack,)) as broker,
        session_to(broker, own=own, reply_topic="r", reply_by="db") as session,
    ):
        senders = Senders(session)
        with session.lock:
            ticket = senders.link.exchange.reply_to("k")
        senders.wait_for(ticket)
        wait_until(lambda: senders.link._reader is ticket and len(held) == 1, "who reads")
        own._answer_ns = 0
        client, state = held[0]
        client.send(puback(state.packet_id))
        senders.join()
        assert senders.answers == [Ended("silence")]


def test_health_goes_out_in_time_however_long_a_sender_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_presence, "HEALTH_S", 0.1)
    held: list[tuple[Client, Seen]] = []

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH and packet.topic == "event":
            held.append((client, packet))
            return True
        return acknowledging(client, packet)

    presence = Presence(health_topic="health", health=lambda: b"{}")
    own = Announcer(presence, level=5, answer_s=SLACK_S)
    with ScriptedBroker(answer) as broker, session_to(broker, own=own) as session:
        senders = Senders(session)
        for _ in range(3):
            senders.send()
        wait_until(lambda: len(held) == 3, "all of them")
        before = len(broker.of_kind(PUBLISH))
        wait_until(lambda: len(broker.of_kind(PUBLISH)) >= before + 5, "health")
        for client, packet in held:
            client.send(puback(packet.packet_id))
        senders.join()
        assert senders.answers == [Answer()] * 3


@pytest.mark.parametrize("reading", [0, 1, 3])
@pytest.mark.parametrize("narrow", [False, True])
def test_breaking_off_ends_who_reads_who_waits_and_who_has_no_turn(
    reading: int, *, narrow: bool
) -> None:
    connack = bytes.fromhex("20 06 00 00 03 21 0001") if narrow else GOOD_CONNACK
    out = min(reading, 1) if narrow else reading
    with (
        ScriptedBroker(lambda _, packet: packet.kind == PUBLISH, (connack,)) as broker,
        session_to(broker) as session,
    ):
        senders = Senders(session)
        for _ in range(reading):
            senders.send()
        wait_until(lambda: len(broker.of_kind(PUBLISH)) == out, "what can go out")
        began = time.monotonic()
        threading.Thread(target=session.break_off).start()
        senders.join()
        assert time.monotonic() - began < SLACK_S
        assert senders.answers == [Ended("network")] * reading
        assert session._thread is not None
        session._thread.join(SLACK_S)
        assert not session._thread.is_alive()


@pytest.mark.parametrize("reading", [0, 1, 3])
def test_closing_while_senders_wait_ends_them(reading: int) -> None:
    with ScriptedBroker(lambda _, packet: packet.kind == PUBLISH) as broker:
        with session_to(broker) as session:
            senders = Senders(session)
            for _ in range(reading):
                senders.send()
            wait_until(lambda: len(broker.of_kind(PUBLISH)) == reading, "all of them")
        senders.join()
        assert senders.answers == [Ended("us")] * reading
        assert session._thread is not None
        session._thread.join(SLACK_S)
        assert not session._thread.is_alive()


def test_who_gives_up_a_reply_leaves_reading_for_those_who_wait_longer() -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            # Only once the one who read has gone.
            wait_until(lambda: bool(senders.answers), "who gives up")
            client.send(puback(packet.packet_id))
        return packet.kind == PUBLISH

    with (
        ScriptedBroker(answer) as broker,
        session_to(broker, reply_topic="r", reply_by="db") as session,
    ):
        senders = Senders(session)
        with session.lock:
            ticket = senders.link.exchange.reply_to("k")
        hasty = threading.Thread(
            target=lambda: senders.answers.append(
                senders.link.answer(ticket, Deadline(SYSTEM_CLOCK, 0.3))
            )
        )
        hasty.start()
        wait_until(lambda: senders.link._reader is ticket or bool(senders.answers), "who reads")
        senders.send()
        hasty.join(SLACK_S)
        senders.join()
        assert [type(one) for one in senders.answers] == [Overdue, Answer]
        assert broker.of_kind(SUBSCRIBE)


def test_another_client_in_our_place_ends_who_reads_and_who_has_no_turn() -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            wait_until(lambda: senders.link._wait_for_turn == 3, "the others")
            client.send(TAKEN_OVER)
        return packet.kind == PUBLISH

    connack = bytes.fromhex("20 06 00 00 03 21 0001")
    with ScriptedBroker(answer, (connack,)) as broker, session_to(broker) as session:
        senders = Senders(session)
        for _ in range(4):
            senders.send()
        senders.join()
        assert senders.answers == [Ended("disconnect", 0x8E)] * 4
        wait_until(lambda: session._link is None, "the end")
        assert broker.connections == 1, "nobody dials unasked"
