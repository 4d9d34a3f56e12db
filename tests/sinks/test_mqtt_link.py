"""Whoever waits for an answer reads, and the session's thread only while nobody does: nothing is missed in between."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.profile import Endpoint
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.mqtt_exchange import Answer, Ended, MqttExchange, Ticket
from cammra_edge.sinks.mqtt_link import Link, Overdue
from cammra_edge.sinks.mqtt_opening import Opening
from tests.brokers import GOOD_CONNACK, PUBLISH, Client, Seen, message, puback
from tests.certificates import issue
from tests.servers import PATIENT, SLACK_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.profile import Timeouts

DISCONNECT = bytes.fromhex("e0 01 8e")
TAKEN_OVER = Ended("disconnect", 0x8E)
PONG = b"\xd0\x00"
OPENING = Opening(level=5, client_id="c", keep_alive_s=0, answer_s=SLACK_S)


class Rig:
    """A link that is open, the broker's end of it, and a thread that listens as the session's does."""

    def __init__(
        self,
        *,
        timeouts: Timeouts = PATIENT,
        connack: bytes = GOOD_CONNACK,
        ends: Callable[[], tuple[socket.socket, socket.socket]] = socket.socketpair,
        opening: Opening = OPENING,
    ) -> None:
        ours, self.theirs = ends()
        self.broker = Client(self.theirs)
        self.exchange = MqttExchange(opening, 0)
        self.exchange.take_out()
        self.exchange.received(connack, 0)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.sock = ours
        self.link = Link(
            ours,
            self.exchange,
            lock=self.lock,
            changed=self.changed,
            clock=SYSTEM_CLOCK,
            limits=timeouts,
            endpoint=Endpoint(scheme="mqtt", host="broker", port=1),
        )
        self.woken = 0
        self.answers: dict[str, object] = {}
        self._senders: list[threading.Thread] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.give_up(Ended("us"))
        self.over()
        self.theirs.close()

    def over(self) -> None:
        """Wait until the listener has found out that it is over, and everybody knows."""
        for thread in (self._listener, *self._senders):
            thread.join(SLACK_S)
            assert not thread.is_alive()

    def send(self, name: str, content: bytes = b"") -> Ticket:
        """Send a message from a thread of its own; its ticket."""
        with self.lock:
            ticket, packet = self.exchange.message(name, content)

        def send() -> None:
            deadline = Deadline(SYSTEM_CLOCK, 3 * SLACK_S)
            self.answers[name] = self.link.answer_to(ticket, packet, deadline)

        thread = threading.Thread(target=send, daemon=True)
        self._senders.append(thread)
        thread.start()
        return ticket

    def sent(self, name: str) -> Ticket:
        """Send it, and wait until the broker has it."""
        ticket = self.send(name)
        packet = self.broker.next()
        assert packet is not None
        assert packet.topic == name
        return ticket

    def reads(self, ticket: Ticket) -> bool:
        """Is it read for this one's sake, and the listener out of the way?"""
        with self.lock:
            return self.link._reader is ticket

    def answer(self, name: str) -> object:
        """What became of a message."""
        wait_until(lambda: name in self.answers, f"the answer to {name}")
        return self.answers[name]

    def _listen(self) -> None:
        with contextlib.closing(self.link):
            while self.exchange.ended is None:
                self.link.listen(self.exchange.due_mono_ns())
                self.woken += 1


def test_an_answer_that_a_sender_waits_for_wakes_nobody_else() -> None:
    with Rig() as rig:
        for number in range(20):
            ticket = rig.sent(f"{number}")
            rig.broker.send(puback(ticket.packet_id))
            assert rig.answer(f"{number}") == Answer()
        assert rig.woken == 0
        rig.broker.send(PONG)
        wait_until(lambda: rig.woken == 1, "the listener, for what nobody waits for")


def test_who_reads_reads_for_the_others_and_leaves_what_comes_later_to_the_listener() -> None:
    with Rig() as rig:
        first, second, third = (rig.sent(name) for name in ("first", "second", "third"))
        rig.broker.send(puback(second.packet_id))
        assert rig.answer("second") == Answer()
        assert rig.woken == 0
        rig.broker.send(puback(first.packet_id))
        assert rig.answer("first") == Answer()
        rig.broker.send(puback(third.packet_id))
        assert rig.answer("third") == Answer()
        assert rig.link.answer(third, Deadline(SYSTEM_CLOCK, SLACK_S)) == Answer()


def test_who_gives_up_while_he_reads_leaves_reading_to_the_listener() -> None:
    with Rig(timeouts=replace(PATIENT, answer_s=0.05)) as rig:
        rig.sent("a")
        assert rig.answer("a") == Overdue(0.05)
        rig.broker.send(DISCONNECT)
        rig.over()
        assert rig.exchange.ended == TAKEN_OVER


def test_a_reply_is_read_by_who_waits_for_it() -> None:
    opening = replace(OPENING, reply_topic="r", reply_by="db")
    suback = bytes.fromhex("90 04 0001 00 01")
    with Rig(opening=opening, connack=GOOD_CONNACK + suback) as rig:
        ticket = rig.exchange.reply_to("k")
        answers: list[object] = []
        deadline = Deadline(SYSTEM_CLOCK, SLACK_S)
        waiting = threading.Thread(
            target=lambda: answers.append(rig.link.answer(ticket, deadline)), daemon=True
        )
        waiting.start()
        wait_until(lambda: rig.reads(ticket), "who waits")
        rig.broker.send(message("r", b'{"key": "k", "by": "db", "result": "ok"}'))
        waiting.join(SLACK_S)
        assert answers == [Answer(result="ok")]
        assert rig.woken == 0


def connected_ends() -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection by TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    return ours, theirs


def test_what_has_come_is_acknowledged_at_once_where_a_reply_is_missing_and_only_there() -> None:
    quick = socket.IPPROTO_TCP, socket.TCP_QUICKACK
    with Rig(ends=connected_ends) as rig:
        rig.sock.setsockopt(*quick, 0)
        sent = rig.sent("a")
        rig.broker.send(puback(sent.packet_id))
        assert rig.answer("a") == Answer()
        assert rig.link.answer(sent, Deadline(SYSTEM_CLOCK, SLACK_S)) == Answer()
        assert not rig.sock.getsockopt(*quick)
        missing = rig.exchange.reply_to("k")
        assert rig.link.answer(missing, Deadline(SYSTEM_CLOCK, 0)) == Overdue(0)
        assert rig.sock.getsockopt(*quick)


@pytest.mark.parametrize("senders", [0, 1, 3])
def test_another_client_in_our_place_is_noticed_at_once_whoever_reads(senders: int) -> None:
    with Rig() as rig:
        for number in range(senders):
            rig.sent(f"{number}")
        rig.broker.send(DISCONNECT)  # and the connection stays open
        rig.over()
        assert rig.exchange.ended == TAKEN_OVER
        assert list(rig.answers.values()) == [TAKEN_OVER] * senders
        assert rig.sock.fileno() == -1
        with rig.lock:
            ticket, packet = rig.exchange.message("late", b"")
        late = rig.link.answer_to(ticket, packet, Deadline(SYSTEM_CLOCK, SLACK_S))
        assert late == TAKEN_OVER


@pytest.mark.parametrize("senders", [0, 1, 3])
def test_whoever_ends_it_wakes_whoever_reads(senders: int) -> None:
    with Rig() as rig:
        for number in range(senders):
            rig.sent(f"{number}")
        rig.link.give_up(Ended("silence"))
        rig.over()
        assert list(rig.answers.values()) == [Ended("silence")] * senders


def test_a_broken_connection_is_told_to_all() -> None:
    with Rig() as rig:
        rig.sent("first")
        rig.sent("second")
        rig.theirs.shutdown(socket.SHUT_RDWR)
        rig.over()
        assert rig.answers == {"first": Ended("network"), "second": Ended("network")}


def test_while_a_message_waits_for_room_somebody_reads_what_the_broker_says_of_it() -> None:
    with Rig() as rig:
        rig.send("a", bytes(16 << 20))
        wait_until(lambda: rig.link._writing.locked() and rig.link._reader is None, "a full link")
        rig.broker.send(DISCONNECT)
        assert rig.answer("a") == TAKEN_OVER


def test_who_waits_to_write_leaves_reading_to_others() -> None:
    with Rig() as rig:
        with rig.link._writing:
            ticket = rig.send("a")
            wait_until(lambda: ticket.packet_id in rig.exchange._pending, "the sender")
            rig.broker.send(PONG)
            wait_until(lambda: rig.woken == 1, "the listener")
        packet = rig.broker.next()
        assert packet is not None
        rig.broker.send(puback(ticket.packet_id))
        assert rig.answer("a") == Answer()


def test_the_socket_is_closed_only_when_nobody_reads_any_more() -> None:
    # With a ping that is long due, the listener looks without end.
    with Rig(opening=replace(OPENING, keep_alive_s=1)) as rig:
        may_go_on, polling = threading.Event(), threading.Event()

        class Slow:
            def poll(self, _: float) -> list[tuple[int, int]]:
                polling.set()
                may_go_on.wait(SLACK_S)
                return []

        rig.link._answers = Slow()  # type: ignore[assignment] # one that takes its time
        rig.sent("a")
        polling.wait(SLACK_S)
        rig.link.give_up(Ended("silence"))
        assert rig.broker.next() is None, "it is shut"
        wait_until(lambda: vars(rig.changed)["_waiters"], "the listener, who wants to close it")
        assert rig.sock.fileno() != -1
        may_go_on.set()
        assert rig.answer("a") == Ended("silence")
        rig.over()
        assert rig.sock.fileno() == -1


def test_closing_waits_for_nobody_who_stops_reading_of_himself() -> None:
    rig = Rig(timeouts=replace(PATIENT, answer_s=0.05))
    may_go_on, polling = threading.Event(), threading.Event()

    class Slow:
        def poll(self, _: float) -> list[tuple[int, int]]:
            polling.set()
            may_go_on.wait(SLACK_S)
            return []

    rig.link._answers = Slow()  # type: ignore[assignment] # one that takes its time
    rig.send("a")
    polling.wait(SLACK_S)
    closing = threading.Thread(target=rig.link.close, daemon=True)
    closing.start()
    wait_until(lambda: vars(rig.changed)["_waiters"], "who wants to close it")
    may_go_on.set()
    closing.join(SLACK_S)
    assert not closing.is_alive()
    assert rig.answer("a") == Ended("network")
    rig.theirs.close()


def test_a_flood_holds_nobody_beyond_his_time() -> None:
    with Rig(timeouts=replace(PATIENT, answer_s=0.05)) as rig:
        rig.sent("a")
        stop = threading.Event()

        def flood() -> None:
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    rig.theirs.sendall(PONG * 8192)

        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        assert rig.answer("a") == Overdue(0.05)
        stop.set()
        rig.link.give_up(Ended("silence"))
        flooding.join(SLACK_S)


class Tls:
    """Both ends of a connection by TLS; the broker's writes records as a test says."""

    def __init__(self, folder: Path) -> None:
        server = issue()
        self._pem = server.write(folder / "server.pem")
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    def ends(self) -> tuple[socket.socket, socket.socket]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pem)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.load_verify_locations(self._pem)
        ours, theirs = socket.socketpair()
        self._theirs = theirs
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        found: list[socket.socket] = []
        wrapping = threading.Thread(
            target=lambda: found.append(trusting.wrap_socket(ours, server_hostname="localhost"))
        )
        wrapping.start()
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                theirs.sendall(self._outgoing.read())
                self._incoming.write(theirs.recv(65536))
        theirs.sendall(self._outgoing.read())
        wrapping.join()
        return found[0], theirs

    def send(self, *records: bytes) -> None:
        """Each in a record of its own, all at once."""
        for record in records:
            self._tls.write(record)
        self._theirs.sendall(self._outgoing.read())

    def wait_for(self, count: int) -> list[Seen]:
        """The next packets."""
        client = Client(self._theirs)
        client.sock = self  # type: ignore[assignment] # which only receives
        packets = [client.next() for _ in range(count)]
        return [packet for packet in packets if packet is not None]

    def recv(self, size: int) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._incoming.write(self._theirs.recv(size))


@pytest.mark.parametrize("filler", [b"", PONG * 8188], ids=["short", "as long as can be"])
def test_what_tls_has_unpacked_is_not_left_lying(tmp_path: Path, filler: bytes) -> None:
    tls = Tls(tmp_path)
    with Rig(ends=tls.ends) as rig:
        first = rig.send("first")
        assert [packet.kind for packet in tls.wait_for(1)] == [PUBLISH]
        second, third = rig.send("second"), rig.send("third")
        tls.wait_for(2)
        tls.send(
            filler + puback(second.packet_id),
            filler + puback(first.packet_id) + puback(third.packet_id),
        )
        for name in ("first", "second", "third"):
            assert rig.answer(name) == Answer()
        tls.send(filler + DISCONNECT)
        rig.over()
        assert rig.exchange.ended == TAKEN_OVER
