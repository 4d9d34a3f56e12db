"""How everything here is measured.

Ways of doing one job run in one process on one pinned core: every round calls each of them once, in random order.
The ratio to the reference way is taken *within each round*; reported is the median over the rounds, with its
quartiles. So a machine that changes its speed between rounds changes no ratio. Time is the process's CPU time: other
programs on the machine do not count.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SAMPLE_NS = 4_000_000
"""Rough duration of one sample: a short job is called several times for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The measurements of one way of doing a job.

    Args:
        name: What it is.
        us: Median CPU time of one call, in microseconds.
        best_us: Of the fastest round.
        ratio: Median over the rounds of its time divided by the reference's in the same round.
        low: First quartile of that ratio.
        high: Third quartile of that ratio.
    """

    name: str
    us: float
    best_us: float
    ratio: float = 1.0
    low: float = 1.0
    high: float = 1.0


def pin() -> int | None:
    """Stay on one core, the last we may use; `None` where the system gives no choice."""
    try:
        core = max(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
    except (AttributeError, OSError):
        return None
    return core


def compare(
    ways: Mapping[str, Callable[[], object]], *, reference: str, rounds: int, seed: int = 1
) -> list[Way]:
    """Compare ways of doing one job; the first call of each does not count."""
    calls = {name: _calls(way) for name, way in ways.items()}
    draw = random.Random(seed)  # noqa: S311 - an order, not a secret
    times: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            draw.shuffle(order)
            for name in order:
                times[name].append(_sample_us(ways[name], calls[name]))
            gc.collect()
    finally:
        gc.enable()
    return [_way(name, times[name], times[reference]) for name in ways]


def cost(job: Callable[[], object], *, rounds: int) -> Way:
    """Measure one way on its own."""
    return compare({"": job}, reference="", rounds=rounds)[0]


def _calls(way: Callable[[], object]) -> int:
    way()
    started = time.process_time_ns()
    way()
    took = max(time.process_time_ns() - started, 200)
    return max(1, min(SAMPLE_NS // took, 20_000))


def _sample_us(way: Callable[[], object], calls: int) -> float:
    started = time.process_time_ns()
    for _ in range(calls):
        way()
    return (time.process_time_ns() - started) / calls / 1000


def _way(name: str, times: Sequence[float], reference: Sequence[float]) -> Way:
    ratios = [mine / other for mine, other in zip(times, reference, strict=True)]
    low, middle, high = quartiles(ratios)
    return Way(
        name=name,
        us=statistics.median(times),
        best_us=min(times),
        ratio=middle,
        low=low,
        high=high,
    )


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile."""
    if len(values) == 1:
        return (values[0],) * 3
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
