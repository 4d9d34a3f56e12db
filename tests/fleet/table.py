"""What a run of the fleet came to, and the page about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.fleet.clients import Plan

AWAY_S = 5.0
"""For how long the broker is away."""
BIN_S = 10
NAMES = {
    "reply": "cameras without frames, reply mode",
    "plain": "cameras without frames, plain mode",
    "engines": "real engines with pictures, reply mode",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One mode's figures; `lost` are events that were said to be delivered and are not in the database."""

    mode: str
    cameras: int
    said: int
    delivered: int
    waiting: int
    parked: int
    lost: int
    attempts: Mapping[int, int]
    """To connect, by the number of their ten seconds."""
    most_of_backlog_in_10_s: int
    allowed_of_backlog_in_10_s: int
    p50_ms: float
    p99_ms: float

    def wrong(self) -> Iterator[str]:
        """What is not as it has to be."""
        if self.mode != "plain" and self.lost:
            yield f"{self.mode}: {self.lost} lost"
        if not self.said:
            yield f"{self.mode}: nothing was said"
        if self.waiting or self.parked or self.delivered != self.said:
            yield f"{self.mode}: of {self.said} {self.delivered} delivered, {self.waiting} wait, {self.parked} parked"
        if self.most_of_backlog_in_10_s > self.allowed_of_backlog_in_10_s:
            yield f"{self.mode}: {self.most_of_backlog_in_10_s} of a backlog in 10 s"


def most_attempts_per_s(outcomes: Sequence[Outcome]) -> float:
    """Of all that were counted, in the worst ten seconds."""
    attempts = sum((Counter(outcome.attempts) for outcome in outcomes), Counter[int]())
    return max(attempts.values(), default=0) / BIN_S


def allowed_attempts_per_s(outcomes: Sequence[Outcome], spread_s: float) -> float:
    """Of those cameras whose attempts are counted."""
    return 1.5 * sum(one.cameras for one in outcomes if one.attempts) / spread_s


def page(outcomes: Sequence[Outcome], plan: Plan, *, machine: str, minutes: float) -> str:
    """docs/ref/fleet.md."""
    cameras = sum(outcome.cameras for outcome in outcomes)
    rows = "\n".join(
        f"| {NAMES[one.mode]} | {one.cameras:,} | {one.said:,} | {one.delivered:,} | {one.lost:,}"
        f" | {max(one.attempts.values(), default=0) / BIN_S:g}"
        f" | {_of(one.most_of_backlog_in_10_s, one.allowed_of_backlog_in_10_s)}"
        f" | {_ms(one.p50_ms)} | {_ms(one.p99_ms)} |"
        for one in outcomes
    )
    load = (
        f"{cameras:,} cameras into one Mosquitto and one PostgreSQL for {plan.seconds / 60:g} minutes, each saying"
        f" {plan.rate_per_s:g} events a second ({cameras * plan.rate_per_s:.0f} in all),"
        f" `spread_s={plan.spread_s:g}`, `drain_per_s={plan.drain_per_s:g}`."
    )
    return f"""# A fleet, provoked

Written by `make fleet`; do not edit. {load}
The broker was killed five times (`kill -9`, {AWAY_S:g} s away), and each of the two consumers once. The whole run took
{minutes:.0f} minutes on {machine}.

Cameras without frames have the real delivery worker, gate, session and backoff over an outbox in memory; engines have
all of it, on disk, and send pictures. `CAMERAS=`, `ENGINES=`, `MINUTES=`, `RATE=`, `SPREAD=`, `DRAIN=` and
`PROCESSES=` scale the run.

| who | cameras | events said | delivered | lost | connects a second | of one backlog in 10 s | p50 | p99 |
|---|---|---|---|---|---|---|---|---|
{rows}

* **Lost** are events of which the camera was told "delivered", and which are not in the database: every id is looked
  up; those of engines are counted. In reply mode it has to be 0. In plain mode it is what the broker had acknowledged
  and held in memory for a consumer when it was killed, as [delivery.md](delivery.md) says.
* **Connects a second** are attempts of cameras without frames, in the worst ten seconds: together
  {most_attempts_per_s(outcomes):g}, where {allowed_attempts_per_s(outcomes, plan.spread_s):g} are allowed
  (1.5 * cameras / `spread_s`).
* **A backlog** is what is older than 10 s; it goes at `drain_per_s`.
* **p50, p99**: of one try, from the first byte to the consumer's answer; in plain mode to the broker's.
"""


def _of(seen: float, allowed: float) -> str:
    return f"{seen:g} of {allowed:g}" if allowed else ""


def _ms(took_ms: float) -> str:
    return f"{took_ms:.0f} ms" if took_ms else ""
