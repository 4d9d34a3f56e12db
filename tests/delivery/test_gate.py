from __future__ import annotations

from cammra_edge.delivery.gate import PARKED_IN_A_ROW, Gate, GateState
from cammra_edge.retry import NS_PER_S
from tests.fakes import no_jitter

HALF_A_SECOND_NS = NS_PER_S // 2


def fail(
    gate: Gate, seq: int, now_ns: int, *, probe: bool = False, after_s: float | None = None
) -> int:
    return gate.try_later(seq, 1, probe=probe, why="away", after_s=after_s, now_mono_ns=now_ns)


def test_deliveries_that_fail_together_count_as_one_failure() -> None:
    gate = Gate(no_jitter)
    assert [gate.started() for _ in range(8)] == [False] * 8
    assert [fail(gate, seq, 0) for seq in range(8)] == [HALF_A_SECOND_NS] * 8
    assert not gate.admits(HALF_A_SECOND_NS - 1)
    assert gate.admits(HALF_A_SECOND_NS)
    assert gate.started()
    fail(gate, 1, HALF_A_SECOND_NS, probe=True)
    gate.ended(probe=True)
    assert not gate.admits(3 * HALF_A_SECOND_NS - 1)  # a second after the second failure
    assert gate.admits(3 * HALF_A_SECOND_NS)


def test_one_that_fails_late_does_not_end_the_probe() -> None:
    gate = Gate(no_jitter)
    fail(gate, 1, 0)
    assert gate.started()
    fail(gate, 2, HALF_A_SECOND_NS)
    gate.ended(probe=False)
    assert not gate.admits(100 * NS_PER_S)
    gate.ended(probe=True)
    assert gate.admits(100 * NS_PER_S)


def test_the_longest_retry_after_of_those_that_failed_together_is_kept() -> None:
    gate = Gate(no_jitter)
    for seq, after_s in enumerate((None, 30.0, 5.0)):
        fail(gate, seq, 0, after_s=after_s)
    assert not gate.admits(30 * NS_PER_S - 1)
    assert gate.admits(30 * NS_PER_S)


def test_what_flies_when_five_were_refused_is_kept() -> None:
    gate = Gate(no_jitter)
    parked = [gate.given_up(why="HTTP 404", now_mono_ns=0) for _ in range(PARKED_IN_A_ROW + 3)]
    assert parked == [True] * PARKED_IN_A_ROW + [False] * 3
    assert gate.state is GateState.PAUSED


def test_one_that_was_away_alone_frees_nobody_else() -> None:
    gate = Gate(no_jitter)
    fail(gate, 1, 0)
    assert not gate.delivered()
    fail(gate, 1, 0)
    fail(gate, 2, 0)
    assert gate.delivered()
