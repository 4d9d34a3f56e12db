"""What this process has open, so that a test sees what was left open."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path


def open_files() -> Counter[str]:
    """What is open, by what it is: numbers are given anew all the time.

    What others had open may be closed meanwhile, so a test asks what there is more of: `not open_files() - before`.
    """
    found: Counter[str] = Counter()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of this listing
            found[str(link.readlink())] += 1
    return found
