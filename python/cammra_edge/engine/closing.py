"""The end of a run, within bounds: tries get a moment, and a disk that does not answer keeps nobody.

Held by `tests/engine/test_closing.py`.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.sinks.deadline import Deadline

_log = logging.getLogger(__name__)

DISK_S: Final = 10.0
"""How long a disk may take for what is still to be written."""


def done_within(patience: Deadline, work: Callable[[], None]) -> bool:
    """Do it on a thread of its own, which is left alone where it takes longer; whether it was done."""
    failed: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits
            failed.append(error)

    thread = threading.Thread(target=do, name="closing", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no threads left
        work()
        return True
    thread.join(max(0.0, patience.left_s()))
    if thread.is_alive():
        return False
    if failed:
        raise failed[0]
    return True


def tell_stuck(events: int) -> None:
    """Say that a disk was not waited for any longer, and what that costs."""
    _log.error("the disk has not answered, leaving without it events_lost=%d", events)
