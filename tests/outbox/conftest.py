from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import FakeClock, crash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Bench:
    """An outbox that a test can close, kill and open again."""

    def __init__(self, folder: Path, **settings: Any) -> None:  # noqa: ANN401 - any setting
        self.path = folder / "outbox"
        self.clock = FakeClock()
        self.settings = OutboxSettings(path=self.path, **settings)
        self.outbox = Outbox(self.settings, clock=self.clock)

    def reopen(self) -> Outbox:
        self.outbox.close()
        return self.open()

    def open(self) -> Outbox:
        self.clock = self.clock.restarted()
        self.outbox = Outbox(self.settings, clock=self.clock)
        return self.outbox

    def crash(self) -> Outbox:
        """Kill and open again."""
        crash(self.outbox)
        return self.open()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    mock.patch.stopall()
    made.outbox.close()
