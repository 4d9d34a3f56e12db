"""Whatever a receiver sends, and whenever it closes: delivered is only what the receiver accepted."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost, Timeouts
from cammra_edge.sinks.base import Delivered
from cammra_edge.sinks.http import HttpSink
from tests.budget import examples
from tests.servers import LOOPBACK, SLACK_S, Scripted, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

LIMITS = Timeouts(connect_s=0.3, write_s=0.3, answer_s=0.3, total_s=0.3)
WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
STATUS = st.sampled_from([200, 201, 204, 302, 401, 408, 413, 500, 503])
BODIES: dict[str, Callable[[bytes], bytes]] = {
    "counted": lambda body: b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
    "chunked": lambda body: (
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    ),
    "too short a length": lambda body: b"Content-Length: %d\r\n\r\n%s" % (len(body) - 1, body),
    "too long a length": lambda body: b"Content-Length: %d\r\n\r\n%s" % (len(body) + 9, body),
    "both": lambda body: b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n" + body,
    "neither": lambda body: b"\r\n" + body,
}
BEHIND = st.sampled_from(
    [b"", b"", b"\r\n", WELL, WELL[:20], b"HTTP/1.1 100 C\r\n\r\n" + WELL, b"x"]
)
BEFORE = st.sampled_from([b"", b"", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.0 103 H\r\nA: b\r\n\r\n"])


@dataclass(frozen=True)
class Turn:
    """What the receiver does with one request."""

    status: int
    before: bytes
    body: str
    behind: bytes
    closes: bool
    cut: int
    """So many bytes of the answer are not sent."""

    @property
    def sent(self) -> bytes:
        head = b"HTTP/1.1 %d X\r\n" % self.status
        text = self.before + head + BODIES[self.body](b"{}") + self.behind
        return text[: len(text) - self.cut]


TURNS = st.builds(
    Turn, STATUS, BEFORE, st.sampled_from(list(BODIES)), BEHIND, st.booleans(),
    st.sampled_from([0, 0, 0, 1, 5, 25]),
)  # fmt: skip


@dataclass
class Receiver:
    """Does as its turns say, and notes which events it has accepted."""

    turns: list[Turn]
    accepted: set[str] = field(default_factory=set)
    came: int = 0

    def __call__(self, connection: socket.socket, _: int, __: Scripted) -> None:
        while request := read_request(connection):
            turn = self.turns[self.came % len(self.turns)]
            self.came += 1
            name = re.search(rb"X-Event-Id: (\w+)", request)
            if name and turn.status // 100 == 2:
                self.accepted.add(name[1].decode())
            connection.sendall(turn.sent)
            if turn.closes or turn.cut:
                return


@settings(max_examples=examples(300))
@given(st.lists(TURNS, min_size=1, max_size=4))
def test_delivered_is_what_the_receiver_accepted(turns: list[Turn]) -> None:
    receiver = Receiver(turns)
    with Scripted(receiver) as server:
        protocol = HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=LIMITS)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        for number in range(6):
            began = time.monotonic()
            outcome = sink.send(Body(content=b"{}"), Attempt(event_id=f"e{number}", packet=number))
            assert time.monotonic() - began < LIMITS.total_s + SLACK_S
            if isinstance(outcome, Delivered):
                assert f"e{number}" in receiver.accepted
        sink.close()
