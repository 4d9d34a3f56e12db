from __future__ import annotations

import math

import pytest

from cammra_edge.retry import NS_PER_S, Backoff, retry_after_ns


def test_the_longest_wait_doubles_up_to_the_cap() -> None:
    backoff = Backoff(base_s=0.5, cap_s=60.0)
    ceilings = [backoff.ceiling_s(failures) for failures in (0, 1, 2, 3, 7, 8, 9, 10_000)]
    assert ceilings == [0.5, 0.5, 1.0, 2.0, 32.0, 60.0, 60.0, 60.0]


def test_the_wait_is_drawn_from_all_of_it_but_never_zero() -> None:
    backoff = Backoff(base_s=1.0, cap_s=8.0, floor_s=0.05)
    assert backoff.wait_ns(4, lambda: 0.0) == round(0.05 * NS_PER_S)
    assert backoff.wait_ns(4, lambda: 0.5) == round((0.05 + 7.95 / 2) * NS_PER_S)
    assert backoff.wait_ns(4, lambda: 1.0) == 8 * NS_PER_S


@pytest.mark.parametrize(
    ("asked_s", "kept_s"), [(0, 1), (-5, 1), (30, 30), (1e9, 3600), (math.inf, 3600), (math.nan, 1)]
)
def test_a_receivers_own_wish_is_kept_within_reason(asked_s: float, kept_s: float) -> None:
    assert retry_after_ns(asked_s) == kept_s * NS_PER_S
