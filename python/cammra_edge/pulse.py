"""A loop's sign of life: asked for from outside, given by the loop wherever it comes by.

Nobody wakes for it while nobody asks. Held by `tests/cli/test_watchdog.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _nobody() -> None:
    pass


class Pulse:
    """One loop's. The loop calls `beat` and `rest`, whoever watches it everything else; each from any thread.

    Args:
        wake: Lets a loop that sleeps come by.
    """

    def __init__(self, wake: Callable[[], None] = _nobody) -> None:
        self._wake = wake
        self._is_asked = False
        self._rests = False

    def beat(self) -> None:
        """The loop comes by."""
        self._is_asked = False
        self._rests = False

    def rest(self) -> None:
        """The loop waits for somebody else's code, until it beats again: that it does not come by says nothing."""
        self._rests = True

    def ask(self) -> None:
        """Ask for a sign."""
        if not self._rests:
            self._is_asked = True
            self._wake()

    @property
    def is_missed(self) -> bool:
        """A sign was asked for and has not come yet, though the loop does not rest."""
        return self._is_asked and not self._rests
