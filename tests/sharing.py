"""What tests share when several processes run them (`pytest -n 3`): set-ups that are made once, ports, and the work.

Each process ("worker") runs its tests one after another, so what a test asks of its own process stays its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
"""What tests fetch and build once; it outlives them."""
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""This process's number, from 0."""


@contextlib.contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """Nobody else is inside it for the same thing, in this process or another."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def long_ones_first(items: list[pytest.Item]) -> None:
    """Begin with them, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def scheduler(config: pytest.Config, log: object) -> object:
    """Hands tests out in the order of the collection, those of one `scope` to one worker."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - whoever runs one process needs no pytest-xdist

    class ByScope(LoadScopeScheduling):  # type: ignore[misc] # pyproject.toml says why it has no types
        def _split_scope(self, nodeid: str) -> str:
            return scope(nodeid)

    config.option.loadscopereorder = False
    return ByScope(config, log)


def scope(test_id: str) -> str:
    """A test by itself; its whole file where that makes something once for all of its tests."""
    path = test_id.partition("::")[0]
    return path if _makes_something_once(path) else test_id


@cache
def _makes_something_once(path: str) -> bool:
    return 'scope="module"' in (ROOT / path).read_text(encoding="utf-8")
