"""A whole fleet that loses one receiver does not come back at once."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.delivery.gate import Gate, GateState
from cammra_edge.message import Files, NamedFile
from cammra_edge.phrases import quoted
from cammra_edge.profile import Ftp, HttpPost, Mqtt, Tcp
from cammra_edge.retry import NS_PER_S, SETTLED_NS, Redial
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import TryLater
from tests.delivery.conftest import Rig
from tests.fakes import JPEG, FakeSink, a_life, new_event, no_jitter, render_text
from tests.servers import LOOPBACK, free_port
from tests.sinks.test_http import ATTEMPT, BODY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.delivery.journal import Journal
    from cammra_edge.message import Message
    from cammra_edge.profile import Transport

CAMERAS = 10_000
BIN_S = 10
AWAY = TryLater(quoted("away"), broke=True)


def minutes(*spans: tuple[float, float]) -> Callable[[int], bool]:
    """A receiver that is up within these spans of minutes."""
    return lambda now_ns: any(begin <= now_ns / 60 / NS_PER_S < end for begin, end in spans)


def flapping(now_ns: int) -> bool:
    """Up for the first 3 s of each half minute: nobody stays connected for long."""
    return now_ns % (30 * NS_PER_S) < 3 * NS_PER_S


def attempts_by_bin(is_up: Callable[[int], bool], *, spread_s: float, end_s: int) -> Counter[int]:
    """Let ten thousand gates try, and lose whoever is connected the moment the receiver goes down."""
    chance = random.Random(16)  # noqa: S311 - a simulation
    gates = [Gate(chance.random, spread_s) for _ in range(CAMERAS)]
    waiting: list[tuple[int, int]] = []
    for number, gate in enumerate(gates):
        gate.begin(0)
        heapq.heappush(waiting, (gate.due_mono_ns, number))
    attempts: Counter[int] = Counter()
    up: set[int] = set()
    for now_ns in range(0, end_s * NS_PER_S, NS_PER_S):
        if up and not is_up(now_ns):
            for number in sorted(up):
                gates[number].try_later(number, 1, AWAY, probe=False, now_mono_ns=now_ns)
                heapq.heappush(waiting, (gates[number].due_mono_ns, number))
            up.clear()
        while waiting and waiting[0][0] <= now_ns:
            _, number = heapq.heappop(waiting)
            attempts[now_ns // NS_PER_S // BIN_S] += 1
            gate = gates[number]
            if is_up(now_ns):
                gate.delivered(number, now_mono_ns=now_ns)
                up.add(number)
            else:
                gate.try_later(number, 1, AWAY, probe=True, now_mono_ns=now_ns)
                heapq.heappush(waiting, (gate.due_mono_ns, number))
    return attempts


@pytest.mark.parametrize(
    ("is_up", "spread_s"),
    [
        (minutes((0, 99)), 60),
        (minutes(), 60),
        (minutes((0, 2), (2.5, 4), (6, 99)), 60),
        (flapping, 60),
        (flapping, 20),
    ],
    ids=["up", "down", "restarted", "flapping", "flapping and quick"],
)
def test_ten_thousand_never_try_more_often_than_their_spread_says(
    is_up: Callable[[int], bool], spread_s: int
) -> None:
    attempts = attempts_by_bin(is_up, spread_s=spread_s, end_s=420)
    assert attempts.total() >= CAMERAS, "each has tried"
    most = 1.5 * CAMERAS / spread_s * BIN_S
    assert max(attempts.values()) <= most, attempts


def test_without_a_spread_they_would() -> None:
    """The bound above is none that backoff keeps by itself."""
    chance = random.Random(16)  # noqa: S311 - a simulation
    first = Counter(Redial(chance.random).broke(0) // NS_PER_S // BIN_S for _ in range(CAMERAS))
    assert max(first.values()) > 1.5 * CAMERAS / 60 * BIN_S


def test_each_stretch_has_one_try() -> None:
    chance = random.Random(7)  # noqa: S311 - a simulation
    redial = Redial(chance.random, 60.0)
    now_ns = redial.start(0)
    for stretch in range(50):
        assert 60 * stretch * NS_PER_S <= now_ns <= 60 * (stretch + 1) * NS_PER_S
        now_ns = redial.broke(now_ns)


def test_stretches_grow_with_the_backoff_where_that_is_longer() -> None:
    redial = Redial(no_jitter, 1.0)
    tries = [redial.start(0)]
    for _ in range(8):
        tries.append(redial.broke(tries[-1]))
    gaps = [(after - before) // NS_PER_S for before, after in pairwise(tries)]
    assert gaps == [1, 1, 2, 4, 8, 16, 32, 60]


def test_a_connection_that_lasted_under_ten_seconds_does_not_end_the_backoff() -> None:
    redial = Redial(no_jitter)
    waits_ns = []
    now_ns = 0
    for _ in range(4):
        redial.came_up(now_ns)
        redial.came_up(now_ns + SETTLED_NS // 2)  # it is there still
        now_ns += SETTLED_NS - 1
        waits_ns.append(redial.broke(now_ns) - now_ns)
    assert [wait_ns / NS_PER_S for wait_ns in waits_ns] == [0.5, 1, 2, 4]
    redial.came_up(now_ns)
    now_ns += SETTLED_NS
    assert redial.broke(now_ns) - now_ns == NS_PER_S // 2


def test_what_a_busy_receiver_asks_for_comes_before_the_stretch() -> None:
    redial = Redial(lambda: 0.5, 60.0)
    assert redial.broke(0, after_ns=100 * NS_PER_S) == 130 * NS_PER_S
    assert Redial(lambda: 0.0).broke(0, after_ns=7 * NS_PER_S) == 7 * NS_PER_S


def test_the_first_event_waits_for_its_turn_and_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path, spread_s=60.0)
    rig.outbox.put(a_life(1))
    assert rig.run(59.9) == 0
    status = rig.worker.status()
    assert (status.state, status.alarm) == ("retrying", False)
    assert status.why == (
        "its first try lies at random within 60 s, so that not all cameras connect at once"
    )
    assert status.next_try_s == pytest.approx(0.1)
    assert rig.run(0.2) == 4
    assert rig.worker.status().state == "idle"
    rig.outbox.close()


def test_a_break_waits_for_its_turn_and_a_person_need_not(tmp_path: Path) -> None:
    rig = Rig(tmp_path, spread_s=60.0)
    rig.outbox.put([new_event(1)])
    assert rig.run(60) == 1
    rig.outbox.put([new_event(2)])
    rig.sink.answers = [AWAY]
    assert rig.run(59.9) == 1
    rig.worker.resume()
    assert rig.run() == 1
    rig.outbox.close()


def test_other_settings_are_tried_at_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path, spread_s=60.0)
    successor = DeliveryWorker(
        rig.worker.profile,
        rig.outbox,
        rig.sink,
        render_text,
        clock=rig.clock,
        journal=rig.worker.journal,
    )
    rig.outbox.put([new_event(1)])
    assert successor.step()
    rig.outbox.close()


class LastingSink(FakeSink):
    """One whose connection lasts; counts how often it is to come at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.presence_trouble = ""

    def begin(self) -> None:
        pass

    def connect_now(self) -> None:
        self.asked += 1


def test_a_person_need_not_wait_for_a_sessions_turn_either(tmp_path: Path) -> None:
    rig = Rig(tmp_path, spread_s=60.0, protocol=Mqtt("mqtt://127.0.0.1:9"))
    first, second = LastingSink(), LastingSink()

    def worker(sink: LastingSink, journal: Journal | None) -> DeliveryWorker:
        return DeliveryWorker(
            rig.worker.profile, rig.outbox, sink, render_text, clock=rig.clock, journal=journal
        )

    before = worker(first, None)
    assert first.asked == 0, "at the start it waits"
    before.resume()
    assert first.asked == 1
    worker(second, before.journal)
    assert second.asked == 1
    rig.outbox.close()


def test_where_the_connection_lasts_its_session_alone_says_when(tmp_path: Path) -> None:
    """Otherwise an event would wait for the session's turn, and then for one of its own."""
    rig = Rig(tmp_path, spread_s=60.0, protocol=Mqtt("mqtt://127.0.0.1:9"))
    rig.sink.answers = [TryLater(quoted("its turn comes"), after_s=7.0, broke=True)]
    rig.outbox.put([new_event(1)])
    assert rig.run(6.9) == 1
    assert rig.run(0.2) == 1
    assert rig.sink.packets() == [1]
    rig.outbox.close()


def due_after(outcome: TryLater, *, passed: bool = False) -> float:
    gate = Gate(no_jitter, 60.0)
    gate.try_later(1, 1, outcome, probe=False, now_mono_ns=0)
    if passed:
        gate.delivered(2, now_mono_ns=0)
        gate.try_later(1, 2, outcome, probe=False, now_mono_ns=60 * NS_PER_S)
        return gate.due_mono_ns / NS_PER_S - 60
    return gate.due_mono_ns / NS_PER_S


def test_only_what_breaks_or_is_busy_is_spread() -> None:
    assert due_after(AWAY) == 60
    assert due_after(TryLater(quoted("HTTP 503"), status=503)) == 60
    assert due_after(TryLater(quoted("HTTP 429"), after_s=5.0, status=429)) == 65
    assert due_after(TryLater(quoted("HTTP 500"), status=500)) == 0.5
    assert due_after(AWAY, passed=True) == 0.5, "the fault is its own, and others need not wait"


def test_a_gate_without_a_spread_is_open_from_the_start() -> None:
    gate = Gate(no_jitter)
    gate.begin(5 * NS_PER_S)
    assert gate.state is GateState.OPEN
    assert gate.admits(0)


@pytest.mark.parametrize(
    ("protocol_at", "message"),
    [
        (lambda port: HttpPost(f"http://{LOOPBACK}:{port}/"), BODY),
        (lambda port: Tcp(f"{LOOPBACK}:{port}"), BODY),
        (
            lambda port: Ftp(f"ftp://{LOOPBACK}:{port}", "user", "secret"),
            Files(files=(NamedFile(path="a.jpg", content=JPEG),)),
        ),
    ],
    ids=["http", "tcp", "ftp"],
)
def test_every_way_out_says_that_no_connection_came_about(
    protocol_at: Callable[[int], Transport], message: Message
) -> None:
    sink = open_sink(protocol_at(free_port()), clock=SYSTEM_CLOCK)
    outcome = sink.send(message, ATTEMPT)
    assert isinstance(outcome, TryLater)
    assert outcome.broke
