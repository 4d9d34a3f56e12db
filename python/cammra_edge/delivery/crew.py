"""The threads of one worker, of which the system may not give as many as are wanted.

Those that came about go on without the rest, which are started when there is something to do and the system has
threads again. Held by `tests/delivery/test_crew.py`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cammra_edge.sinks.base import Sink
    from cammra_edge.sinks.deadline import Deadline


class Crew:
    """One thread for each sink; called under the worker's lock, but for `join`.

    Args:
        name: What the threads are called.
        work: What each of them does with its sink; closes it in the end.
    """

    def __init__(self, name: str, work: Callable[[Sink], None]) -> None:
        self._name = name
        self._work = work
        self._threads: list[threading.Thread] = []
        self._without: list[Sink] = []
        self._sinks: list[Sink] = []

    def start(self, sinks: Iterable[Sink]) -> bool:
        """Start a thread for each of these sinks, as far as the system gives them; whether it gave all."""
        self._sinks = list(sinks)
        self._without += self._sinks
        return self.fill()

    def fill(self) -> bool:
        """Start those that are missing; whether none is missing now."""
        while self._without:
            thread = threading.Thread(
                target=self._work,
                args=(self._without[0],),
                name=f"{self._name}.{len(self._threads)}",
                daemon=True,
            )
            try:
                thread.start()
            except RuntimeError:
                return False
            self._threads.append(thread)
            del self._without[0]
        return True

    def join(self, until: Deadline | None = None) -> bool:
        """Wait for the end of all, at most so long; closes the sinks that no thread took. Whether all have ended."""
        while self._without:
            self._without.pop().close()
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until.left_s()))
        if not self.ended:
            return False
        self._threads.clear()
        return True

    def break_off(self) -> None:
        """End the tries that are under way."""
        for sink in self._sinks:
            sink.break_off()

    @property
    def begun(self) -> bool:
        """Was it started?"""
        return bool(self._threads or self._without)

    @property
    def ended(self) -> bool:
        """Has every thread ended?"""
        return not any(thread.is_alive() for thread in self._threads)
