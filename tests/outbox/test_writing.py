"""What is written when an event is put or settled, what is flushed, and what is not written at all."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import Durability
from cammra_edge.errors import OutboxError
from cammra_edge.outbox import Outbox
from tests.fakes import JPEG, FakeClock, a_life, new_event
from tests.outbox.test_outbox import take_all

if TYPE_CHECKING:
    from tests.outbox.conftest import Bench


@pytest.mark.parametrize(
    ("durability", "flushes"), [(Durability.POWER, 1), (Durability.PROCESS, 0)]
)
def test_a_group_is_flushed_once_or_not_at_all_as_set(
    bench: Bench, durability: Durability, flushes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.settings = replace(bench.settings, durability=durability)
    bench.reopen().put([new_event(1)])
    flushed: list[int] = []
    monkeypatch.setattr(os, "fdatasync", flushed.append)
    monkeypatch.setattr(os, "fsync", flushed.append)
    bench.outbox.put([new_event(2, image=JPEG), new_event(3)])
    assert len(flushed) == flushes


def test_what_is_settled_is_written_without_a_flush_of_its_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.outbox.put([new_event(n) for n in range(1, 200)])
    flushed: list[int] = []
    monkeypatch.setattr(os, "fdatasync", flushed.append)
    assert len(take_all(bench.outbox)) == 199
    bench.clock.advance(1)
    bench.outbox.tick()
    assert flushed == []
    assert take_all(bench.crash()) == []


def test_an_event_that_cannot_be_stored_uses_up_no_number(bench: Bench) -> None:
    """The encoder then puts the events of its group one by one."""
    good, bad = new_event(1, image=JPEG), new_event(2, image=JPEG)
    bad = replace(bad, event=replace(bad.event, roi_id=-1))
    for batch in ([good, bad], [bad]):
        with pytest.raises(OverflowError):
            bench.outbox.put(batch)
    assert bench.outbox.tally(1).put == 0
    bench.outbox.put([good])
    assert take_all(bench.outbox) == [(1, 1, "new")]
    assert bench.outbox.tally(1).put == 1


def test_a_plate_of_any_text_comes_out_as_it_went_in(bench: Bench) -> None:
    new = new_event(1, image=JPEG)
    plate = replace(new.event.plate, text='T\xd6L "\u4eac\r\n\0\ud800')
    new = replace(new, event=replace(new.event, plate=plate))
    bench.outbox.put([new])
    delivery = bench.crash().take(1)
    assert delivery is not None
    assert delivery.event == new.event


def test_opened_to_look_nothing_is_written_and_nothing_changes(bench: Bench) -> None:
    bench.outbox.put(a_life(1, image=JPEG))
    refused = bench.outbox.take(1)
    assert refused is not None
    bench.outbox.park(refused, why="HTTP 400")
    bench.outbox.close()
    before = {file: file.read_bytes() for file in bench.path.iterdir() if file.is_file()}
    looking = Outbox(bench.settings, clock=FakeClock(), read_only=True)
    assert looking.status().events == 4
    assert [row.why for row in looking.parking.listed()] == ["HTTP 400"]
    with pytest.raises(OutboxError):
        looking.parking.retry()
    looking.flush()
    looking.tick()
    looking.close()
    assert {file: file.read_bytes() for file in bench.path.iterdir() if file.is_file()} == before
    bench.open()
