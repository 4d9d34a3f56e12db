"""One profile's worker in place of another, without waiting for a receiver that hangs.

The old worker's try under way is waited for, so that it is settled once; then the new one starts. That
happens beside the caller, who waits only `PATIENCE_S` for it: whoever mends the address of a receiver that
never answers must not wait for its time-out (`tests/engine/test_handover.py`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.delivery import DeliveryWorker

PATIENCE_S = 0.25


class Handover:
    """See the module. `replace` and `finish` are called by one thread at a time."""

    def __init__(self) -> None:
        self._under_way: dict[int, threading.Thread] = {}
        self._wanted: dict[int, DeliveryWorker | None] = {}

    def replace(
        self, profile_id: int, old: DeliveryWorker | None, new: DeliveryWorker | None
    ) -> None:
        """Stop one, then start the other, unless that has been replaced as well before it could start."""
        self._wanted[profile_id] = new
        before = self._under_way.get(profile_id)

        def change() -> None:
            if before is not None:
                before.join()
            if old is not None:
                old.stop()
            if new is not None and self._wanted[profile_id] is new:
                new.start()

        thread = threading.Thread(target=change, name=f"handover-{profile_id}", daemon=True)
        self._under_way[profile_id] = thread
        thread.start()
        thread.join(PATIENCE_S)

    def finish(self) -> None:
        """Wait until every handover has happened."""
        for thread in self._under_way.values():
            thread.join()
        self._under_way.clear()
