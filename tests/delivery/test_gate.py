from __future__ import annotations

import pytest

from cammra_edge.delivery.gate import HOPELESS_TRIES, PARKED_IN_A_ROW, Gate, GateState
from cammra_edge.phrases import quoted
from cammra_edge.retry import NS_PER_S
from cammra_edge.sinks.base import TryLater
from tests.fakes import no_jitter

HALF_A_SECOND_NS = NS_PER_S // 2


def fail(
    gate: Gate, seq: int, now_ns: int, *, probe: bool = False, after_s: float | None = None
) -> int:
    return gate.try_later(
        seq, 1, TryLater(quoted("away"), after_s), probe=probe, now_mono_ns=now_ns
    )


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
    parked = [
        gate.given_up(why=quoted("HTTP 404"), now_mono_ns=0) for _ in range(PARKED_IN_A_ROW + 3)
    ]
    assert parked == [True] * PARKED_IN_A_ROW + [False] * 3
    assert gate.state is GateState.PAUSED


def test_one_that_was_away_alone_frees_nobody_else() -> None:
    gate = Gate(no_jitter)
    fail(gate, 1, 0)
    assert not gate.delivered(2, now_mono_ns=0)
    fail(gate, 1, 0)
    fail(gate, 2, 0)
    assert gate.delivered(3, now_mono_ns=0)


@pytest.mark.parametrize(
    ("outcome", "hopeless"),
    [
        (TryLater(quoted("broken off")), True),
        (TryLater(quoted("status 500"), status=500), True),
        (TryLater(quoted("status 429"), status=429), False),
        (TryLater(quoted("status 503"), status=503), False),
        (TryLater(quoted("full"), after_s=60.0), False),
    ],
)
def test_one_that_others_pass_ten_times_is_hopeless_unless_the_receiver_is_busy(
    outcome: TryLater, *, hopeless: bool
) -> None:
    gate = Gate(no_jitter)
    for n in range(HOPELESS_TRIES):
        gate.try_later(1, n + 1, outcome, probe=False, now_mono_ns=0)
        assert not gate.is_hopeless(1)
        gate.delivered(100 + n, now_mono_ns=0)
    gate.try_later(1, HOPELESS_TRIES + 1, outcome, probe=False, now_mono_ns=0)
    assert gate.is_hopeless(1) is hopeless


def test_one_that_failed_alone_for_long_is_not_hopeless() -> None:
    """Nobody passed it: the receiver may have been away."""
    gate = Gate(no_jitter)
    for n in range(5 * HOPELESS_TRIES):
        fail(gate, 1, 0)
        assert not gate.is_hopeless(1)
        if n % HOPELESS_TRIES == 1:
            gate.delivered(1, now_mono_ns=0)
    gate.delivered(2, now_mono_ns=0)
    fail(gate, 1, 0)
    assert not gate.is_hopeless(1)


def test_that_nobody_gets_it_is_known_until_somebody_does_or_a_person_resumes() -> None:
    gate = Gate(no_jitter)
    for mended in (
        lambda: gate.delivered(2, now_mono_ns=0),
        gate.resume,
    ):
        gate.try_later(
            1, 1, TryLater(quoted("nobody subscribes"), unheard=True), probe=False, now_mono_ns=0
        )
        fail(gate, 1, 0)
        assert gate.unheard == "nobody subscribes", "a failure that tells nothing of it"
        mended()
        assert not gate.unheard
    gate.delivered(3, now_mono_ns=0, unheard="nobody subscribes to the pictures")
    assert gate.unheard
    assert gate.state is GateState.OPEN
