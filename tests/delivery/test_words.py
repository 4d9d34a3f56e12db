"""The receiver's own words go where a person looks for them, and never into a log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, TryLater
from tests.fakes import new_event

if TYPE_CHECKING:
    import pytest

    from tests.delivery.conftest import Rig

WORDS = "Image file missing for 1AB1234"


def test_they_stand_in_the_journal_and_beside_what_is_parked(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rig.outbox.put([new_event(1), new_event(2)])
    rig.sink.answers = [
        GiveUp(quoted("status 400"), words=WORDS),
        TryLater(quoted("status 503"), words="later"),
        Delivered(quoted("status 200"), words="thanks"),
    ]
    rig.run(seconds=600)
    assert [entry.words for entry in rig.worker.journal.tries()] == [WORDS, "later", "thanks"]
    assert [row.words for row in rig.outbox.parking.listed()] == [WORDS]
    rig.outbox.parking.retry()
    assert WORDS not in caplog.text


def test_they_are_gone_once_the_delivery_waits_again(rig: Rig) -> None:
    rig.outbox.put([new_event(1)])
    rig.sink.answers = [GiveUp(quoted("status 400"), words=WORDS), GiveUp(quoted("status 400"))]
    rig.run()
    rig.outbox.parking.retry()
    rig.run()
    assert [row.words for row in rig.outbox.parking.listed()] == [""]
