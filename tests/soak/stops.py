"""How long `cammra-edge run` takes to stop, in every state that it may be told to in, by every signal."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.soak.measured import Measured, Soak
from tests.stop_states import STATES, frozen
from tests.stopping import run_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.stop_states import State

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LONGEST_S: Final = 3.0
RECOGNITION_S: Final = 0.7
DISK_S: Final = 10.0


def stops(
    folder: Path, state: Callable[[Path], AbstractContextManager[State]], longest_s: float
) -> Measured:
    """Each signal once, in a folder of its own."""
    codes: set[int] = set()
    slowest_s = 0.0
    for number in SIGNALS:
        place = folder / number.name
        place.mkdir()
        with (
            state(place) as at,
            run_of(at.script, "--no-socket", page=at.page, number=number) as run,
        ):
            at.reached(run)
            stopped = run.stopped_by(number)
        codes.add(stopped.code)
        slowest_s = max(slowest_s, stopped.took_s)
    return Measured(
        f"ended with {', '.join(map(str, codes))} after {slowest_s:.1f} s at most",
        held=codes == {0} and slowest_s <= longest_s,
    )


def _row(name: str) -> Soak:
    one_recognition = RECOGNITION_S if name == "recogniser in a call" else 0.0
    longest_s = LONGEST_S + one_recognition
    return Soak(
        f"stop, {name}",
        f"{longest_s:g} s, exit 0",
        partial(stops, state=STATES[name], longest_s=longest_s),
    )


SOAKS: Final = (
    *map(_row, STATES),
    Soak(
        "stop, disk frozen",
        f"{DISK_S:g} s and as long as any other, exit 0",
        partial(stops, state=frozen, longest_s=DISK_S + LONGEST_S),
    ),
)
