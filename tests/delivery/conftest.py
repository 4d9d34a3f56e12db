from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.delivery import DeliveryWorker
from cammra_edge.outbox import Outbox
from tests.fakes import FakeClock, FakeSink, no_jitter, profile, render_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Rig:
    """An outbox, one worker and a sink that answers as told, on a clock that a test moves."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(OutboxSettings(path=folder / "outbox"), clock=self.clock)
        self.sink = FakeSink()
        self.worker = self.worker_with(**settings)

    def worker_with(self, **settings: object) -> DeliveryWorker:
        self.worker = DeliveryWorker(
            profile(**{"key": "gate", **settings}),  # type: ignore[arg-type]
            self.outbox,
            self.sink,
            render_text,
            clock=self.clock,
            draw=no_jitter,
        )
        return self.worker

    def run(self, seconds: float = 0.0) -> int:
        """Step as long as there is something to do within so many seconds; returns the tries made."""
        end_ns = self.clock.now_mono_ns + round(seconds * 1e9)
        tries = 0
        while True:
            while self.worker.step():
                tries += 1
            due_ns = self.worker._due_mono_ns()
            if due_ns is None or due_ns > end_ns:
                self.clock.advance((end_ns - self.clock.now_mono_ns) / 1e9)
                return tries
            self.clock.advance(max(due_ns - self.clock.now_mono_ns, 1) / 1e9)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.outbox.close()
