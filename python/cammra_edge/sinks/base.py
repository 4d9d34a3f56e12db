"""The outcomes of a try, and what every sink promises.

A sink never raises for what a network or a receiver did: it returns one of these, and `delivery` matches them in
one place. `why` is one plain sentence for a person, without secrets and plates.

`words` are the receiver's own, where it sent any: at most 200 characters on one line. They are for people who may
change settings and never for a log, as a receiver may repeat the plate in them.
`status` is the HTTP status of a refusal, 0 without one.
`broke` says of a failure that no connection came about, or that it was lost: it was no answer to this message.
`unheard` says that the receiver is there, and nobody who would get anything from it: that calls for a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from cammra_edge.phrases import Said, quoted

if TYPE_CHECKING:
    from cammra_edge.message import Attempt, Message
    from cammra_edge.sinks.exchange import Exchange


NOTHING: Final = quoted("")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it, as far as its protocol can tell."""

    note: Said = NOTHING
    words: str = field(default="", compare=False)
    unheard: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not now: network, time-out, busy, 5xx. `after_s` is what the receiver asks for (`Retry-After`)."""

    why: Said
    after_s: float | None = None
    words: str = field(default="", compare=False)
    status: int = field(default=0, compare=False)
    broke: bool = field(default=False, compare=False)
    unheard: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The receiver will never take this message as it is: park it, and send the next."""

    why: Said
    words: str = field(default="", compare=False)
    status: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """The profile's settings are refused (credentials, certificate): pause it, raise an alarm, keep everything."""

    why: Said
    words: str = field(default="", compare=False)
    status: int = field(default=0, compare=False)


Outcome = Delivered | TryLater | GiveUp | Misconfigured


class Sink(Protocol):
    """One way out to one receiver; may keep a connection or session between messages. Used by one thread at a time."""

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Deliver the message; returns within the profile's total time."""
        ...

    def exchange(self) -> Exchange:
        """What the last try sent ahead of the message, and what came back, for people: without a secret."""
        ...

    def break_off(self) -> None:
        """End a try under way, and begin none; from any thread. What it returns then means nothing."""
        ...

    def close(self) -> None:
        """Close what is kept."""
        ...


@runtime_checkable
class Lasting(Protocol):
    """A sink whose connection lasts while nothing is sent."""

    @property
    def presence_trouble(self) -> str:
        """Why what the connection says of the camera itself does not arrive; empty where it does."""
        ...

    def begin(self) -> None:
        """Connect, and stay connected until `close`."""
        ...

    def connect_now(self) -> None:
        """Wait for no turn with the next connection: a person asks for it."""
        ...


def begin(sink: Sink) -> None:
    """Let a sink connect whose connection lasts."""
    if isinstance(sink, Lasting):
        sink.begin()


def presence_trouble(sink: Sink) -> str:
    """Why what it says of the camera itself does not arrive; empty where it does, or says nothing of it."""
    return sink.presence_trouble if isinstance(sink, Lasting) else ""


def connect_now(sink: Sink) -> None:
    """Let it connect without waiting for its turn."""
    if isinstance(sink, Lasting):
        sink.connect_now()
