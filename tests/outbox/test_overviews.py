"""What segments hold in numbers is looked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.log import Log
from tests.fakes import JPEG, FakeClock, new_event

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 64 * 256 * 1024
EVENTS = 600
"""Enough for a handful of the smallest segments."""


@pytest.fixture
def settings(tmp_path: Path) -> OutboxSettings:
    return OutboxSettings(path=tmp_path / "o", max_bytes=SMALL, durability="process")


def fill(settings: OutboxSettings) -> int:
    """Returns how many segments there are."""
    outbox = Outbox(settings, clock=FakeClock())
    for begin in range(0, EVENTS, 50):
        outbox.put([new_event(no, image=JPEG) for no in range(begin + 1, begin + 51)])
    segments = len(outbox._store.log.numbers())
    outbox.close()
    return segments


def test_a_start_and_a_status_read_no_directory_again(
    settings: OutboxSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fill(settings) > 2
    read: list[int] = []
    digests = Log.digests

    def counted(log: Log, segment: int) -> bytes:
        if not log.is_open(segment):  # what is open is in memory
            read.append(segment)
        return digests(log, segment)

    monkeypatch.setattr(Log, "digests", counted)
    outbox = Outbox(settings, clock=FakeClock())
    assert outbox.history.status().events == EVENTS
    assert read == []
    outbox.close()


def test_what_was_erased_is_counted_no_more(settings: OutboxSettings) -> None:
    fill(settings)
    outbox = Outbox(settings, clock=FakeClock())
    assert outbox.history.status().events == EVENTS
    outbox.put([new_event(EVENTS + 1)])
    assert outbox.history.status().events == EVENTS + 1
    outbox.history.erase(everything=True, undelivered=True)
    assert outbox.history.status().events == 0
    outbox.close()
