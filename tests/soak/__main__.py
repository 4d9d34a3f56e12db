"""What is measured by the wall clock: `make soak`, or `python -m tests.soak [WORD …]` for the rows with such a word.

Minutes, and not in CI: a machine that others use as well may be slower than any bar. Prints a line per row; exit 1
when one is not held.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.finding import CannotBeProvokedError
from tests.soak import stops, streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.soak.measured import Soak

SOAKS: tuple[Soak, ...] = (*stops.SOAKS, *streams.SOAKS)


def main(words: Sequence[str]) -> int:
    """Measure and tell."""
    missed = 0
    for soak in SOAKS:
        if words and not any(word in soak.name for word in words):
            continue
        verdict, shows, took_s = _measured(soak)
        missed += verdict == "MISSED"
        sys.stdout.write(f"{verdict:12} {soak.name} ({soak.bar}): {shows} [{took_s:.0f} s]\n")
        sys.stdout.flush()
    return 1 if missed else 0


def _measured(soak: Soak) -> tuple[str, str, float]:
    folder = Path(tempfile.mkdtemp(prefix="cammra-soak-"))
    began_s = time.monotonic()
    try:
        measured = soak.measure(folder)
        verdict, shows = ("held" if measured.held else "MISSED"), measured.shows
    except CannotBeProvokedError as reason:
        verdict, shows = "not measured", str(reason)
    except Exception as error:  # noqa: BLE001 - one row must not end the others
        verdict, shows = "MISSED", f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return verdict, shows, time.monotonic() - began_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
