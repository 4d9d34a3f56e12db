"""What each segment holds, in numbers: looked at once, at start together with everything else.

Held by `tests/outbox/test_overviews.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.outbox.segment import DamagedError, StorageError
from cammra_edge.storing import log_overview

if TYPE_CHECKING:
    from cammra_edge.outbox.log import Log


class Overview(NamedTuple):
    """A segment's events; what was erased does not count, but in the times when they were stored.

    Args:
        events: How many there are, also those of which only the text is left.
        oldest_stored_ns: Running time when the oldest was stored.
        newest_stored_ns: The same of the newest.
        oldest_utc_ns: The earliest time of an event.
        oldest_picture_utc_ns: The earliest time of an event with a picture.
    """

    events: int
    oldest_stored_ns: int
    newest_stored_ns: int
    oldest_utc_ns: int | None
    oldest_picture_utc_ns: int | None


class Overviews:
    """See the module. From any thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: dict[int, Overview] = {}

    def note(self, segment: int, digests: bytes) -> None:
        """A segment was read for something else."""
        self._known[segment] = Overview(*log_overview(digests))

    def of(self, segment: int) -> Overview | None:
        """What a segment holds now; `None` where it cannot be read."""
        known = self._known.get(segment)
        if known is None or self._log.is_open(segment):
            try:
                known = Overview(*log_overview(self._log.digests(segment)))
            except (DamagedError, StorageError):
                return None
            self._known[segment] = known
        return known

    def forget(self, segment: int) -> None:
        """The segment is gone."""
        self._known.pop(segment, None)

    def clear(self) -> None:
        """Some of what the segments hold was erased."""
        self._known.clear()
