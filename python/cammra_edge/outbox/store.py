"""Where events are: in the log, in the ledger, and in memory. The rooms of the outbox share one of these.

The ledger says where a record or a picture lies; `payload` and `picture` fetch it, from memory or from the log. They
may wait for the disk, so nobody calls them with the outbox's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.log import DamagedError
from cammra_edge.outbox.overviews import Overviews
from cammra_edge.outbox.recent import Recent
from cammra_edge.outbox.records import picture_from
from cammra_edge.outbox.unsaved import Unsaved
from cammra_edge.storing import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.outbox.log import Log

_EVENT_KINDS = (4, 7)
_IMAGE_KIND = 3
_MOVED_AT_MOST = 3


class Store:
    """See the module."""

    def __init__(self, log: Log, known_events: int) -> None:
        self.log = log
        self.known_events = known_events
        self.ledger = Ledger(known_events)
        self.recent = Recent()
        self.unsaved = Unsaved()
        self.overviews = Overviews(log)

    def payload(self, seq: int) -> bytes | None:
        """An event's record; `None` when it is gone.

        Raises:
            DamagedError: It is not what was written, or was erased.
            StorageError: The disk does not let us.
        """
        return self._fetched(lambda: self._payload(seq))

    def _payload(self, seq: int) -> bytes | None:
        place = self.ledger.place(seq)
        if place is None or not place[0]:
            return self.unsaved.payloads.get(seq)
        return self._read(place, _EVENT_KINDS)

    def picture(self, no: int) -> bytes | None:
        """A JPEG, by its number; `None` when it is gone. Raises as `payload`."""
        return self._fetched(lambda: self._picture(no))

    def _picture(self, no: int) -> bytes | None:
        place = self.ledger.image(no)
        if place is None or not place[0]:
            return self.unsaved.pictures.get(no, ("", None))[1]
        return picture_from(self._read(place, (_IMAGE_KIND,)))[1]

    def _read(self, place: tuple[int, int, int], kinds: tuple[int, ...]) -> bytes:
        kind, payload = self.log.read(*place)
        if kind not in kinds:
            raise DamagedError(f"a frame of kind {kind} lies where one of {kinds} was written")
        return payload

    @staticmethod
    def _fetched(fetch: Callable[[], bytes | None]) -> bytes | None:
        """Look again where it is: it may have been moved between looking and reading."""
        for _ in range(_MOVED_AT_MOST - 1):
            try:
                return fetch()
            except DamagedError:
                continue
        return fetch()
