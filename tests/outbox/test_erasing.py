"""Forgetting on demand: nothing of what was erased is left in any file, and nothing else is harmed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.model import EventKind, Plate
from cammra_edge.outbox import EventQuery, NewEvent, writing_over
from cammra_edge.outbox.check import check_folder
from cammra_edge.outbox.erasing import WAITING_TOGETHER
from cammra_edge.outbox.log import Log, Purpose, StorageError
from cammra_edge.outbox.overwriting import Overwriting
from tests.fakes import NS, fall_ill, new_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outbox.conftest import Bench

BEGAN = 1_760_000_000 * NS


def jpeg(mark: str) -> bytes:
    return b"\xff\xd8" + mark.encode() * 400 + b"\xff\xd9"


def said(vehicle_no: int, plate: str) -> NewEvent:
    new = new_event(vehicle_no, image=jpeg(f"picture-of-{plate}"), kind=EventKind.LOST)
    at = BEGAN + vehicle_no * NS
    return replace(new, event=replace(new.event, plate=Plate(text=plate), at_utc_ns=at))


def is_anywhere(folder: Path, text: str) -> bool:
    found = [file for file in folder.rglob("*") if file.is_file()]
    needles = (text.encode(), text.lower().encode())
    return any(needle in file.read_bytes() for file in found for needle in needles)


def deliver_all(bench: Bench) -> list[int]:
    seen = []
    while (delivery := bench.outbox.take(1)) is not None:
        seen.append(delivery.event.vehicle_no)
        bench.outbox.done(delivery)
    bench.outbox.flush()
    return seen


def plates(bench: Bench) -> list[str]:
    return [found.event.plate.text for found in bench.outbox.history.search(EventQuery()).events]


def test_a_plate_is_gone_from_every_file_and_its_numbers_stay(bench: Bench) -> None:
    first = said(1, "ERASEME1")
    bench.outbox.put([first, said(2, "KEEPME22")])
    assert deliver_all(bench) == [1, 2]
    bench.outbox.put([said(3, "ERASEME1")])
    assert deliver_all(bench) == [3]
    assert is_anywhere(bench.path, "ERASEME1")
    erased = bench.outbox.history.erase(plate="eraseme-1")
    assert (erased.events, erased.pictures, erased.waiting) == (2, 2, ())
    assert not is_anywhere(bench.path, "ERASEME1")
    assert plates(bench) == ["KEEPME22"]
    bench.reopen()
    assert plates(bench) == ["KEEPME22"]
    assert not is_anywhere(bench.path, "ERASEME1")
    assert bench.outbox.knows(first.event.event_id)
    bench.outbox.put([first, said(4, "KEEPME44")])
    (delivery,) = [bench.outbox.take(1)]
    assert delivery is not None
    assert (delivery.event.vehicle_no, delivery.packet) == (4, 4)
    bench.outbox.close()
    report = check_folder(bench.path, clock=bench.clock)
    assert report.sound, report.findings


def test_what_waits_is_named_and_kept_until_it_is_meant_too(bench: Bench) -> None:
    bench.outbox.profile_id("gate")
    bench.outbox.put([said(1, "WAITS1"), said(2, "PARKED2"), said(3, "GONE3")])
    parked = bench.outbox.take(1)
    assert parked is not None
    bench.outbox.park(parked, why="HTTP 400", words="no such plate: WAITS1")
    flying = bench.outbox.take(1)
    assert flying is not None
    erased = bench.outbox.history.erase(everything=True)
    assert (erased.events, erased.waiting) == (0, (("gate", 3),))
    erased = bench.outbox.history.erase(everything=True, undelivered=True)
    assert (erased.events, erased.waiting) == (2, (("gate", 1),))  # one is being sent just now
    assert not is_anywhere(bench.path, "WAITS1")
    assert not is_anywhere(bench.path, "GONE3")
    bench.outbox.done(flying)
    assert deliver_all(bench) == []
    assert bench.outbox.tally(1).dropped == {"erased by hand": 2}
    assert bench.outbox.parking.listed() == []
    bench.reopen()
    assert deliver_all(bench) == []
    assert plates(bench) == ["PARKED2"]


def test_of_many_that_wait_each_is_counted_once(bench: Bench) -> None:
    """They are looked at a few at a time, so that their receivers wait for no erasure."""
    bench.outbox.profile_id("gate")
    many = 2 * WAITING_TOGETHER + 10
    bench.outbox.put([said(n, f"WAITS{n}") for n in range(1, many + 1)])
    flying = [bench.outbox.take(1) for _ in range(3)]
    erased = bench.outbox.history.erase(everything=True)
    assert (erased.events, erased.waiting) == (0, (("gate", many),))
    erased = bench.outbox.history.erase(everything=True, undelivered=True)
    assert (erased.events, erased.waiting) == (many - 3, (("gate", 3),))
    assert bench.outbox.tally(1).dropped == {"erased by hand": many - 3}
    assert bench.outbox.take(1) is None
    assert {one.seq for one in flying if one is not None} == erased.kept


def test_a_time_before_which_all_goes(bench: Bench) -> None:
    bench.outbox.put([said(n, f"BEFORE{n}") for n in range(1, 6)])
    deliver_all(bench)
    assert bench.outbox.history.erase(before_utc_ns=BEGAN + 4 * NS).events == 3
    assert plates(bench) == ["BEFORE5", "BEFORE4"]


def test_a_picture_that_somebody_waits_for_stays(bench: Bench) -> None:
    shared = jpeg("shared")
    first = new_event(1, image=shared, image_key="shot")
    bench.outbox.put([replace(first, event=replace(first.event, plate=Plate(text="OLD1")))])
    deliver_all(bench)
    last = new_event(1, 2, kind=EventKind.LOST, image_key="shot")
    bench.outbox.put([replace(last, event=replace(last.event, plate=Plate(text="NEW1")))])
    assert bench.outbox.history.erase(plate="OLD1").pictures == 0
    delivery = bench.reopen().take(1)
    assert delivery is not None
    assert delivery.images == {"shot": shared}


@pytest.mark.parametrize("cut_at", range(4))
def test_an_erasure_that_was_cut_off_is_finished_at_the_next_start(
    bench: Bench, cut_at: int
) -> None:
    bench.outbox.put([said(n, "CUTOFF") for n in range(1, 4)] + [said(9, "OTHER")])
    deliver_all(bench)
    written = 0
    log = bench.outbox._store.log
    overwrite = type(log).overwrite

    def dies(_log: object, segment: int, frames: list[tuple[int, bytes]]) -> None:
        nonlocal written
        overwrite(log, segment, frames[:cut_at])
        raise StorageError("the power went")

    with (
        mock.patch.object(type(log), "overwrite", dies),
        pytest.raises(OutboxError, match="the power went"),
    ):
        bench.outbox.history.erase(plate="CUTOFF")
    bench.crash()
    assert plates(bench) == ["OTHER"]
    assert not is_anywhere(bench.path, "CUTOFF")


def test_a_record_that_an_erasure_left_torn_is_told_of_once(bench: Bench) -> None:
    bench.outbox.put([said(1, "KEEPME1"), said(2, "TORNONE"), said(3, "KEEPME3")])
    deliver_all(bench)
    overwrite = Log.overwrite

    def tears(log: Log, segment: int, frames: list[tuple[int, bytes]]) -> None:
        overwrite(log, segment, [(offset, frame[:24]) for offset, frame in frames])
        raise StorageError("the power went")

    with (
        mock.patch.object(Log, "overwrite", tears),
        mock.patch.object(Overwriting, "_erase_pictures", return_value=0),  # so it is the record
        pytest.raises(OutboxError, match="the power went"),
    ):
        bench.outbox.history.erase(plate="TORNONE")
    assert bench.crash().status().lost_events == 1
    assert not is_anywhere(bench.path, "TORNONE")
    for opened in (bench.crash, bench.reopen):
        assert opened().status().lost_events == 0
        assert plates(bench) == ["KEEPME3", "KEEPME1"]


def test_a_disk_that_refuses_is_said(bench: Bench) -> None:
    bench.outbox.put([said(1, "AA1")])
    deliver_all(bench)
    heal = fall_ill()
    bench.outbox.put([said(2, "AA2")])
    with pytest.raises(OutboxError, match="does not take it now"):
        bench.outbox.history.erase(plate="AA1")
    heal()


def test_exactly_one_thing_is_to_be_said(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="exactly one"):
        bench.outbox.history.erase()
    with pytest.raises(ConfigError, match="exactly one"):
        bench.outbox.history.erase(plate="A1", everything=True)


def test_twenty_erasures_in_a_row_cost_no_file_and_no_memory(bench: Bench) -> None:
    """Each of them lies in the segment that is written to, which stays open."""
    bench.outbox.put([said(n, f"KEEPME{n}") for n in range(1, 11)])
    deliver_all(bench)
    before = bench.outbox.history.status()
    for number in range(11, 31):
        bench.outbox.put([said(number, f"ERASEME{number}")])
        deliver_all(bench)
        assert bench.outbox.history.erase(plate=f"ERASEME{number}").events == 1
        assert not is_anywhere(bench.path, f"ERASEME{number}")
    assert bench.outbox.history.status() == before
    bench.outbox.put([said(31, "KEEPME31")])
    deliver_all(bench)
    kept = [f"KEEPME{number}" for number in (31, *range(10, 0, -1))]
    assert plates(bench) == kept
    for opened in (bench.crash, bench.reopen):
        assert opened().status().lost_events == 0
        assert plates(bench) == kept
        assert bench.outbox.knows(said(20, "").event.event_id)
    bench.outbox._store.log.close_segment(Purpose.EVENTS)
    assert not is_anywhere(bench.path, "ERASEME20")
    bench.crash()
    assert plates(bench) == kept
    bench.outbox.close()
    report = check_folder(bench.path, clock=bench.clock)
    assert report.sound, report.findings


def test_a_disk_that_failed_over_an_open_segment_is_not_believed(bench: Bench) -> None:
    """What is written next goes elsewhere."""
    bench.outbox.put([said(1, "ERASEME1"), said(2, "KEEPME2")])
    deliver_all(bench)
    with (
        mock.patch.object(writing_over, "write_all", side_effect=OSError(5, "it fails")),
        pytest.raises(OutboxError, match="the disk fails"),
    ):
        bench.outbox.history.erase(plate="ERASEME1")
    assert not bench.outbox._store.log.is_open(1)
    bench.clock.advance(2)
    bench.outbox.tick()
    bench.outbox.put([said(3, "KEEPME3")])
    deliver_all(bench)
    assert not is_anywhere(bench.path, "ERASEME1")
    assert plates(bench) == ["KEEPME3", "KEEPME2"]
