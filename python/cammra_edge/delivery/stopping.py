"""How all that sends is stopped: together, with one grace for the tries under way.

A try that outlasts it is broken off, and not settled: the next start makes it again, under the same event id and
packet. So nothing waits for a receiver that is away, and nothing is lost by it. Held by
`tests/delivery/test_stopping.py` and `tests/cli/test_stops.py`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.sinks.deadline import Deadline

_log = logging.getLogger(__name__)

GRACE_S: Final = 2.0
_BROKEN_OFF_S: Final = 0.5
"""How long a thread may need to see that its try was broken off. One that asks for a name sees it later."""


class Sending(Protocol):
    """Something that sends on threads of its own."""

    def end(self) -> None:
        """Begin nothing more, without waiting."""
        ...

    def join(self, until: Deadline | None = None) -> bool:
        """Wait for the end of the threads; whether they have ended."""
        ...

    def break_off(self) -> None:
        """Let no try under way count, and end it as far as that is possible."""
        ...


def stop_all(sending: Sequence[Sending], until: Deadline) -> None:
    """Stop all of these; tries under way may take until then."""
    for one in sending:
        one.end()
    late = [one for one in sending if not one.join(until)]
    for one in late:
        one.break_off()
    soon = until.anew(_BROKEN_OFF_S)
    for one in late:
        one.join(soon)
    if late:
        _log.info(
            "broke off tries of %d profiles: they are made again at the next start", len(late)
        )
