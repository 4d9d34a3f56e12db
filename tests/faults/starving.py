"""An engine that runs out of descriptors or threads, and gets them back.

`python -m tests.faults.starving WHAT PATH HTTP TCP` tells vehicles before, while and after it is without, and prints
what it saw as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge import Engine
from tests.faults.camera import PATIENT_S, VEHICLES, settings_of, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DESCRIPTORS = 32
STARVED_S = 2.0


@contextlib.contextmanager
def without_descriptors() -> Iterator[None]:
    """None is left."""
    taken: list[int] = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    try:
        yield
    finally:
        for number in taken:
            os.close(number)


@contextlib.contextmanager
def without_threads() -> Iterator[None]:
    """None can be started: a control group allows no more."""
    over = threading.Event()
    taken: list[threading.Thread] = []
    with contextlib.suppress(RuntimeError):
        while True:
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            taken.append(thread)
    try:
        yield
    finally:
        over.set()
        for thread in taken:
            thread.join()


WITHOUT: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "descriptors": without_descriptors,
    "threads": without_threads,
}


def held() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def main(what: str, path: str, http: str, tcp: str) -> None:
    """Before, while, after."""
    if what == "descriptors":
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    settings = settings_of(path, http, tcp)
    engine = Engine(settings, stream_id="starving")
    with engine.running(live=False):
        tell(engine, 1)
        engine.drain(PATIENT_S)
        before = held()
        with WITHOUT[what]():
            tell(engine, 1 + VEHICLES)
            changed = replace(settings.profiles[0], window=2)
            engine.apply(replace(settings, profiles=[changed, settings.profiles[1]]))
            time.sleep(STARVED_S)
        tell(engine, 1 + 2 * VEHICLES)
        seen = {
            "drained": engine.drain(PATIENT_S),
            "told": sum(engine.status().events.values()),
            "before": before,
            "after": held(),
        }
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
