"""What goes when the outbox, or one profile's queue, is full.

In this order, oldest first, until there is room again (and a twentieth more, at most 500 events, so that a full
outbox does not search at every event, nor hold up its users for long when it does):

1. what is parked beyond a tenth of the bound (of the outbox's: one profile's counts what waits),
2. Updates that a later Update of the same vehicle has overtaken,
3. images of Updates, 4. images of the others (only where bytes are short),
5. Updates, 6. the other events, 7. what else is parked.

An event that was tried, or is in flight, is neither changed nor dropped. Each loss is counted by reason.
The ledger keeps this order (`Ledger.make_room`); here are the bounds. Held by `tests/outbox/test_bounds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may wait. `None` is no limit."""

    max_bytes: int | None = None
    max_events: int | None = None

    def exceeded(self, size_bytes: int, events: int) -> bool:
        """Is it too much?"""
        return (self.max_bytes is not None and size_bytes > self.max_bytes) or (
            self.max_events is not None and events > self.max_events
        )
