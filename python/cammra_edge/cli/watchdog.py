"""Feeds the service manager's watchdog as long as every loop shows that it lives.

Every half of the watchdog's time each loop is asked for a sign, and the watchdog fed if all have answered since they
were asked before. A loop that has not is told once, and looked at each second until it has, or until the service
manager starts us anew. A camera that is away is no reason: whoever waits for it answers all the same.

`step` is one look and needs no thread, so tests drive it. Held by `tests/cli/test_watchdog.py`.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cammra_edge.cli.notify import ALIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cammra_edge.cli.notify import Notifier
    from cammra_edge.pulse import Pulse

_log = logging.getLogger(__name__)

_AGAIN_S: Final = 1.0


class Watchdog:
    """See the module.

    Args:
        notifier: Whom to feed.
        pulses: The loops, by name.
        status: What is told with it.
    """

    def __init__(
        self, notifier: Notifier, pulses: Mapping[str, Pulse], status: Callable[[], str]
    ) -> None:
        self._notifier = notifier
        self._pulses = pulses
        self._status = status
        self._missed: list[str] = []

    def step(self) -> float:
        """Look once, and feed if all is well; returns in how many seconds to look again."""
        missed = [name for name, pulse in self._pulses.items() if pulse.is_missed]
        if missed != self._missed:
            if missed:
                names = ",".join(missed)
                _log.error("no sign of life, the watchdog is not fed loops=%s", names)
            else:
                _log.warning("all loops live again, the watchdog is fed")
        self._missed = missed
        half_s = self._notifier.watchdog_s / 2
        if missed:
            return min(_AGAIN_S, half_s)
        self._notifier.tell(ALIVE, self._status())
        for pulse in self._pulses.values():
            pulse.ask()
        return half_s

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Step from time to time, on a thread of its own, until the block ends; nothing where nobody watches."""
        if not self._notifier.watchdog_s:
            yield
            return
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(self.step()):
                pass

        thread = threading.Thread(target=look, name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
