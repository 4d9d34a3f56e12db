"""What a run of the fleet came to, and the page about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fleet.clients import BIN_S
from tests.fleet.running import AWAY_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.fleet.clients import Plan
    from tests.fleet.others import Finding

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
    took_ms: Sequence[float]
    """How long each try took that delivered something, of the last of each camera."""

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


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a run took of the machine.

    Args:
        machine: Which one.
        minutes: From start to end.
        busy: Which part of its processors' time went, to whatever.
        cpu_s: By part of the fleet.
        memory_bytes: Of all processes with cameras.
    """

    machine: str
    minutes: float
    busy: float
    cpu_s: Mapping[str, float]
    memory_bytes: int


def most_attempts_per_s(outcomes: Sequence[Outcome]) -> float:
    """Of all that were counted, in the worst ten seconds."""
    attempts = sum((Counter(outcome.attempts) for outcome in outcomes), Counter[int]())
    return max(attempts.values(), default=0) / BIN_S


def allowed_attempts_per_s(outcomes: Sequence[Outcome], spread_s: float) -> float:
    """Of those cameras whose attempts are counted."""
    return 1.5 * sum(one.cameras for one in outcomes if one.attempts) / spread_s


def page(outcomes: Sequence[Outcome], others: Sequence[Finding], plan: Plan, load: Load) -> str:
    """docs/ref/fleet.md."""
    cameras = sum(outcome.cameras for outcome in outcomes)
    events = sum(outcome.said for outcome in outcomes)
    rows = "\n".join(
        f"| {NAMES[one.mode]} | {one.cameras:,} | {one.said:,} | {one.delivered:,} | {one.lost:,}"
        f" | {max(one.attempts.values()) / BIN_S if one.attempts else ''}"
        f" | {_of(one.most_of_backlog_in_10_s, one.allowed_of_backlog_in_10_s)}"
        f" | {_ms(one.took_ms, 0.5)} | {_ms(one.took_ms, 0.99)} |"
        for one in outcomes
    )
    took = ", ".join(f"{part} {1e3 * used_s / events:.1f}" for part, used_s in load.cpu_s.items())
    said = (
        f"{cameras:,} cameras into one Mosquitto and one PostgreSQL for {plan.seconds / 60:g} minutes, each saying"
        f" {plan.rate_per_s:g} events a second ({cameras * plan.rate_per_s:.0f} in all),"
        f" `spread_s={plan.spread_s:g}`, `drain_per_s={plan.drain_per_s:g}`."
    )
    return f"""# A fleet, provoked

Written by `make fleet`; do not edit. {said}
The broker was killed five times (`kill -9`, {AWAY_S:g} s away), and each of the two consumers once. All of it took
{load.minutes:.0f} minutes on {load.machine}.

Cameras without frames have the real delivery worker, gate, session and backoff over an outbox in memory; engines have
all of it, on disk, and send pictures. `CAMERAS=`, `ENGINES=`, `MINUTES=`, `RATE=`, `SPREAD=`, `DRAIN=` and
`PROCESSES=` scale the run.

| who | cameras | events said | delivered | lost | connects a second | of one backlog in 10 s | p50 | p99 |
|---|---|---|---|---|---|---|---|---|
{rows}

* **Lost** are events of which the camera was told "delivered", and which are not in the database: every id is looked
  up. In reply mode it has to be 0. In plain mode it is what the broker had acknowledged and held in memory for a
  consumer when it was killed, as [delivery.md](delivery.md) says.
* **Connects a second** are attempts of cameras without frames, in the worst ten seconds: together
  {most_attempts_per_s(outcomes):g}, where {allowed_attempts_per_s(outcomes, plan.spread_s):g} are allowed
  (1.5 * cameras / `spread_s`).
* **A backlog** is what is older than 10 s; it goes at `drain_per_s`.
* **p50, p99**: of one try, from the first byte to the consumer's answer; in plain mode to the broker's.
* **What it takes**: the machine's processors were busy for {load.busy:.0%} of the time; milliseconds of a processor
  an event, pings and connects included: {took}. The processes with cameras took
  {load.memory_bytes / cameras / 1024:.0f} kB a camera.
{_others(others)}"""


def _row(one: Finding) -> str:
    return (
        f"| {one.broker} | {one.read:,} of {one.published:,} | {'; '.join(one.wrong) or 'held'}"
        f" | {one.lost} of {one.said:,} lost | {one.left} of {one.acknowledged} |"
    )


def _of(seen: float, allowed: float) -> str:
    return f"{seen:g} of {allowed:g}" if seen else ""


def _ms(took_ms: Sequence[float], part: float) -> str:
    if not took_ms:
        return ""
    return f"{sorted(took_ms)[int(len(took_ms) * part)]:.0f} ms"


def _others(findings: Sequence[Finding]) -> str:
    """The part of the page about brokers beside the fleet's."""
    if not findings:
        return ""
    rows = "\n".join(_row(one) for one in findings)
    return f"""
## Other engines

Each broker with a real engine, all four events of each vehicle, pictures with them, and three readers that are not
ours: paho, gmqtt and `mosquitto_sub`. *Held* means: order per vehicle, pictures before their event, no plate in a
topic, nothing retained but state, health and discovery. Then the consumers of [the recipes](../recipes/README.md) with
cameras in reply mode, and the broker killed once. And messages that the broker acknowledged for a subscriber that was
away: how many of them are left after `kill -9`.

| broker | read by all three | what they read | reply mode, killed once | left of what it acknowledged |
|---|---|---|---|---|
{rows}
"""
