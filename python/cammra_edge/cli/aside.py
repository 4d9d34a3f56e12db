"""Says what arrives on a thread of its own, so that whoever sent it is answered whatever the terminal does.

A pipe that nobody reads, a terminal that is held (Ctrl-S) or slow: receivers go on. What has not been said when `MOST`
wait is counted and left out. Held by `tests/cli/test_any_terminal.py`.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.cli.terminal import Terminal

MOST: Final = 10_000
_PATIENCE_S: Final = 2.0


class Aside:
    """Runs what is put, in order, until it is left.

    Args:
        on_broken: Called when nobody reads any more.
        patience_s: How long leaving waits for what is still to be said.
    """

    def __init__(self, on_broken: Callable[[], object], *, patience_s: float = _PATIENCE_S) -> None:
        self._on_broken = on_broken
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._left: deque[Callable[[], None]] = deque()
        self._ending = False
        self.unsaid = 0
        self.broken: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="aside", daemon=True)

    def put(self, say: Callable[[], None]) -> None:
        """Say this when its turn comes; returns at once."""
        with self._changed:
            if len(self._left) < MOST:
                self._left.append(say)
                self._changed.notify()
            else:
                self.unsaid += 1

    def settle(self, terminal: Terminal) -> None:
        """After leaving: tell what could not be said.

        Raises:
            OSError: Nobody reads any more, or nothing can be written.
        """
        if self.broken is not None:
            raise self.broken
        terminal.is_stuck = self._thread.is_alive()
        left = self.unsaid + len(self._left)
        if left:
            terminal.note(f"{left} lines were not shown, as nobody read them")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(self._patience_s)

    def _work(self) -> None:
        while (say := self._next()) is not None:
            try:
                say()
            except OSError as error:
                self.broken = error
                self._on_broken()
                return

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._left or self._ending)
            return self._left.popleft() if self._left else None
