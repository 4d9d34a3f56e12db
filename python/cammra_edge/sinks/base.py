"""The outcomes of a try, and what every sink promises.

A sink never raises for what a network or a receiver did: it returns one of these, and `delivery`
matches them in one place. `why` is one plain sentence for a person; it holds no secret and no plate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cammra_edge.model import Attempt, Message


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it, as far as its protocol can tell."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not now: network, time-out, busy, 5xx. `after_s` is the receiver's own wish (`Retry-After`)."""

    why: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This message will never be taken as it is: park it, go on with the next."""

    why: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """The profile's own settings are refused (credentials, certificate): pause it, alarm, keep everything."""

    why: str


Outcome = Delivered | TryLater | GiveUp | Misconfigured


class Sink(Protocol):
    """One way out to one receiver. Used by one thread at a time."""

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Take the message there; returns within the profile's total time."""
        ...

    def close(self) -> None:
        """Let go of kept connections."""
        ...
