"""One row of `make soak`: what is done, and what was measured beside its bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """`shows` is one sentence with the numbers; `held` says whether they are within the bar."""

    shows: str
    held: bool


@dataclass(frozen=True, slots=True)
class Soak:
    """One row.

    Args:
        name: Chosen by a word of it.
        bar: What must hold, in words.
        measure: Does it, in a folder of its own. Raises `CannotBeProvokedError` where the machine lacks something.
    """

    name: str
    bar: str
    measure: Callable[[Path], Measured]
