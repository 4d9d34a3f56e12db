"""One profile's worker in place of another, without waiting for a receiver that hangs.

The old worker takes no further delivery, and the new one starts at once. A try that is under way ends by itself,
after its total time-out at the latest; until then nobody else gets an event of its vehicle, so order holds, and
each try is settled once (`tests/engine/test_handover.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.delivery import DeliveryWorker


class Handover:
    """See the module. `replace` is called by one thread at a time."""

    def __init__(self) -> None:
        self._retired: list[DeliveryWorker] = []

    def replace(self, old: DeliveryWorker | None, new: DeliveryWorker | None) -> None:
        """Retire one and start the other."""
        self._retired = [worker for worker in self._retired if not worker.ended]
        if old is not None:
            old.retire()
            self._retired.append(old)
        if new is not None:
            new.start()

    @property
    def retired(self) -> tuple[DeliveryWorker, ...]:
        """Those whose try may still be under way."""
        return tuple(self._retired)
