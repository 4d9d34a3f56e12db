"""With a `spread_s` a session connects in its turn and at no other time, whoever wants to send meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Mqtt
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.sinks.base import TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.mqtt_exchange import Answer
from cammra_edge.sinks.mqtt_link import Link
from cammra_edge.sinks.mqtt_opening import Opening
from cammra_edge.sinks.mqtt_session import MqttSession
from tests.brokers import PUBLISH, Client, ScriptedBroker, Seen, puback
from tests.servers import LOOPBACK, SLACK_S, Scripted, wait_until

if TYPE_CHECKING:
    import socket

    from cammra_edge.sinks.mqtt_exchange import Ticket

ACCEPTED = b"\x20\x03\x00\x00\x00"
BUSY = b"\x20\x03\x00\x89\x00"


def session_to(server: Scripted, drawn: float) -> MqttSession:
    """A session whose turns come once in an hour."""
    return MqttSession(
        Mqtt(f"mqtt://{LOOPBACK}:{server.port}"),
        Opening(level=5, client_id="c", keep_alive_s=20, answer_s=SLACK_S),
        clock=SYSTEM_CLOCK,
        spread_s=3600.0,
        draw=lambda: drawn,
    )


@pytest.mark.parametrize("answer", [ACCEPTED, BUSY])
def test_a_message_that_waits_for_a_connection_wants_no_other_one_when_that_breaks(
    answer: bytes,
) -> None:
    waiting = threading.Event()

    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        waiting.wait(SLACK_S)
        connection.sendall(answer)

    with Scripted(script) as server:
        session = session_to(server, 0.0)  # the first turn comes at once, the next one in an hour
        deadline = Deadline(SYSTEM_CLOCK, SLACK_S)
        session.begin()
        wait_until(lambda: server.connections == 1, "the first connection")
        sender = threading.Thread(target=session.link, args=(deadline,))
        sender.start()
        wait_until(lambda: session._wanted, "a sender")
        waiting.set()
        sender.join()
        wait_until(lambda: session._tries == 1, "the break")
        with session.lock:
            assert not session._is_due()
        session.close()
        assert server.connections == 1


def test_a_person_need_not_wait_for_the_turn() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(ACCEPTED)
        connection.recv(1000)

    with Scripted(script) as server:
        session = session_to(server, 0.9)
        session.begin()
        waits = session.link(Deadline(SYSTEM_CLOCK, SLACK_S))
        assert isinstance(waits, TryLater)
        assert waits.after_s is not None
        assert waits.after_s > 3000
        session.connect_now()
        assert isinstance(session.link(Deadline(SYSTEM_CLOCK, SLACK_S)), Link)
        session.connect_now()  # it is there
        with session.lock:
            assert not session._is_due(), "what breaks now waits for its turn"
        session.close()
        assert server.connections == 1


def test_of_several_who_look_for_room_one_has_it() -> None:
    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            client.send(puback(packet.packet_id))
        return packet.kind == PUBLISH

    one_at_a_time = bytes.fromhex("20 06 00 00 03 21 0001")
    with ScriptedBroker(answer, (one_at_a_time,)) as broker:
        session = MqttSession(
            Mqtt(f"mqtt://{LOOPBACK}:{broker.port}"),
            Opening(level=5, client_id="c", keep_alive_s=20, answer_s=SLACK_S),
            clock=SYSTEM_CLOCK,
        )
        deadline = Deadline(SYSTEM_CLOCK, SLACK_S)
        link = session.link(deadline)
        assert isinstance(link, Link)
        tickets = [link.exchange.message("a", b"b") for _ in range(2)]
        answers: list[object] = []

        def send(ticket: Ticket, packet: bytes) -> None:
            answers.append(link.answer_to(ticket, packet, deadline))

        threads = [threading.Thread(target=send, args=one) for one in tickets]
        with link._writing:  # both have looked before the first one writes
            for thread in threads:
                thread.start()
            wait_until(lambda: link.exchange.is_full, "the first one")
        for thread in threads:
            thread.join()
        assert answers == [Answer(), Answer()]
        session.close()
        assert broker.connections == 1
