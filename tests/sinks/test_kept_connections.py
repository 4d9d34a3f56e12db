"""Servers that nobody here wrote, each asked for 100 events over a kept connection that they end when they like.

None is lost, and none comes twice but where its answer was not seen.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost
from cammra_edge.sinks.base import Delivered, TryLater
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.http_connection import Connection
from cammra_edge.sinks.http_dial import Dialler
from tests.kept_servers import NAMES, SHORT_S, Server
from tests.servers import LOOPBACK, PATIENT, SLACK_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cammra_edge.framing import HttpAnswer
    from cammra_edge.sinks.deadline import Deadline

BODY = Body(content=os.urandom(50_000), content_type="application/octet-stream")
LONG_S = 600
"""No event keeps a connection waiting for so long."""
RACES = 2


class Sender:
    """An `HttpSink` that is watched: how often it dialled, and which events' answers it did not see."""

    def __init__(self, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dialled = 0
        self.unseen: Counter[str] = Counter()
        self.races_left = 0
        """How many more connections are to be over just after they were found good."""
        self._event = ""
        self._sink = HttpSink(
            HttpPost(f"http://{LOOPBACK}:{port}/index.php", timeouts=PATIENT), clock=SYSTEM_CLOCK
        )
        connect, exchange, can_go_on = Dialler.connect, Connection.exchange, Connection.can_go_on

        def counted(dialler: Dialler, deadline: Deadline) -> Connection:
            connection = connect(dialler, deadline)
            self.dialled += 1
            return connection

        def watched(
            connection: Connection,
            head: bytes,
            content: bytes,
            deadline: Deadline,
            answer: HttpAnswer,
        ) -> None:
            self.unseen[self._event] += 1
            exchange(connection, head, content, deadline, answer)
            self.unseen[self._event] -= answer.status == 200

        def just_in_time(connection: Connection, deadline: Deadline, rest_s: float) -> bool:
            good = can_go_on(connection, deadline, rest_s)
            if good and self.races_left:
                self.races_left -= 1
                readable, _, _ = select.select([connection._sock], [], [], SLACK_S)
                assert readable, "the server never ended the idle connection"
            return good

        monkeypatch.setattr(Dialler, "connect", counted)
        monkeypatch.setattr(Connection, "exchange", watched)
        monkeypatch.setattr(Connection, "can_go_on", just_in_time)

    def deliver(self, numbers: range, before: Callable[[int], object] = lambda _: None) -> None:
        """Send these events, each until it is delivered."""
        for number in numbers:
            before(number)
            self._event = f"event-{number}"
            attempt, give_up = 1, time.monotonic() + SLACK_S
            while not isinstance(outcome := self._sent(number, attempt), Delivered):
                assert isinstance(outcome, TryLater), outcome
                assert time.monotonic() < give_up, outcome
                attempt += 1
                time.sleep(0.01)  # the server is being started again

    def close(self) -> None:
        self._sink.close()

    def _sent(self, number: int, attempt: int) -> object:
        return self._sink.send(BODY, Attempt(event_id=self._event, packet=number, number=attempt))


@pytest.fixture
def sender_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Sender]]:
    with contextlib.ExitStack() as stack:

        def made(port: int) -> Sender:
            sender = Sender(port, monkeypatch)
            stack.callback(sender.close)
            return sender

        yield made


@pytest.mark.timeout(400)  # Go compiles its standard library first
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_and_nothing_repeated_without_need(
    name: str, tmp_path: Path, sender_of: Callable[[int], Sender]
) -> None:
    server = Server(name, tmp_path, len(BODY.content))
    sender = sender_of(server.port)
    keeps = name != "php"  # PHP's own server answers `Connection: close`
    stopping, stopped = threading.Event(), threading.Event()

    def hold_back(number: int) -> None:
        if number == 60:  # the events from here on come while it stops
            assert stopping.wait(SLACK_S)
        if number == 75:
            assert stopped.wait(SLACK_S)

    with server.receiver_behind(), ThreadPoolExecutor(1) as pool:
        with server.running(LONG_S):
            sender.deliver(range(40))
            assert sender.dialled == (1 if keeps else 40)
            assert sender.unseen.total() == 0
            during = pool.submit(sender.deliver, range(40, 90), hold_back)
            wait_until(lambda: len(server.taken()) >= 60, "60 events")
            stopping.set()
        stopped.set()
        with server.running(SHORT_S.get(name, 0.25)):
            during.result(SLACK_S)
            assert sender.dialled > 1
            sender.races_left = RACES if keeps else 0
            before = sender.unseen.total()
            sender.deliver(range(90, 100))
            assert sender.races_left == 0
            assert sender.unseen.total() - before == (RACES if keeps else 0)
    taken = Counter(server.taken())
    assert set(taken) == {f"event-{number}" for number in range(100)}
    assert {event for event, times in taken.items() if times > 1 + sender.unseen[event]} == set()
    assert all(taken[f"event-{number}"] == 1 for number in range(90, 100)), "an idle end loses none"
