"""How long it remembers: bounds of days and bytes hold, text outlives pictures, and what waits outlives all."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind, Plate
from cammra_edge.outbox import EventQuery, NewEvent, segment
from cammra_edge.outbox.segment import make
from tests.fakes import NS, crash, new_event

if TYPE_CHECKING:
    import pytest

    from tests.outbox.conftest import Bench

MIB = 1 << 20
PICTURE = bytes(range(256)) * 160  # 40 kB


def said(vehicle_no: int) -> NewEvent:
    new = new_event(vehicle_no, image=PICTURE, kind=EventKind.LOST)
    return replace(new, event=replace(new.event, plate=Plate(text=f"K{vehicle_no:05}")))


def deliver_all(bench: Bench) -> list[int]:
    seen = []
    while (delivery := bench.outbox.take(1)) is not None:
        assert len(delivery.images) == 1
        seen.append(delivery.event.vehicle_no)
        bench.outbox.done(delivery)
    return seen


def bounded(bench: Bench, **settings: float) -> None:
    bench.path = bench.path.with_name("small")
    bench.settings = replace(bench.settings, path=bench.path, max_bytes=4 * MIB, **settings)  # type: ignore[arg-type]
    bench.reopen()


def size_bytes(bench: Bench) -> int:
    return sum(file.stat().st_size for file in bench.path.glob("*.log"))


def remembered(bench: Bench) -> list[int]:
    found: list[int] = []
    cursor = ""
    while True:
        page = bench.outbox.history.search(EventQuery(limit=1000, cursor=cursor))
        found += [one.event.vehicle_no for one in page.events]
        cursor = page.cursor
        if not cursor:
            return found


def test_pictures_go_before_text_and_the_files_stay_within_bounds(bench: Bench) -> None:
    bounded(bench, history_bytes=2 * MIB)
    for vehicle_no in range(1, 401):
        bench.outbox.put([said(vehicle_no)])
        deliver_all(bench)
        assert size_bytes(bench) <= 4 * MIB
    assert remembered(bench) == list(range(400, 0, -1))
    status = bench.outbox.history.status()
    assert status.bound == "bytes"
    assert status.oldest_text_utc_ns is not None
    (newest,) = bench.outbox.history.search(EventQuery(plate="K00400")).events
    (oldest,) = bench.outbox.history.search(EventQuery(plate="K00001")).events
    assert bench.outbox.history.image(newest.seq, newest.image_keys[0]) == PICTURE
    assert oldest.image_keys == ()
    assert [state.value for state in oldest.states] == ["delivered"]
    before = remembered(bench)
    bench.reopen()
    assert remembered(bench) == before
    bench.outbox.put([said(n) for n in range(1, 401)])
    assert deliver_all(bench) == []  # all of them are known


def test_a_turn_over_allocates_nothing_once_the_bounds_are_reached(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(bench, history_bytes=2 * MIB)
    made: list[Path] = []

    def counted(path: Path, size_bytes: int) -> segment.Handle:
        made.append(path)
        return make(path, size_bytes)

    monkeypatch.setattr(segment, "make", counted)
    begun = []
    for vehicle_no in range(1, 301):
        bench.outbox.put([said(vehicle_no)])
        deliver_all(bench)
        assert (bench.path / "spare.log").stat().st_size == 256 << 10
        begun.append(len(made))
    assert begun[150] == begun[299]


def test_text_goes_too_when_only_text_is_left(bench: Bench) -> None:
    bounded(bench, history_bytes=2 * MIB)  # of which ids take half
    for begin in range(1, 8001, 100):
        bench.outbox.put([replace(said(n), images={}) for n in range(begin, begin + 100)])
        while (delivery := bench.outbox.take(1)) is not None:
            bench.outbox.done(delivery)
    found = remembered(bench)
    assert found == list(range(8000, 8000 - len(found), -1))
    assert 500 < len(found) < 8000
    assert size_bytes(bench) <= 3 * MIB


def test_what_waits_outlives_what_is_remembered(bench: Bench) -> None:
    bounded(bench, history_bytes=1 * MIB)
    bench.outbox.put([said(1)])
    kept = bench.outbox.take(1)
    assert kept is not None
    bench.outbox.park(kept, why="HTTP 400")
    for vehicle_no in range(2, 301):
        bench.outbox.put([said(vehicle_no)])
        deliver_all(bench)
    assert size_bytes(bench) <= 3 * MIB
    crash(bench.outbox)
    bench.open()
    (parked,) = bench.outbox.parking.listed()
    shown = bench.outbox.parking.show(1, parked.seq)
    assert shown is not None
    assert list(shown.images.values()) == [PICTURE]


def test_after_so_many_days_nothing_is_left(bench: Bench) -> None:
    bounded(bench, history_days=7)
    bench.outbox.put([said(n) for n in range(1, 40)])
    deliver_all(bench)
    bench.clock.advance(6 * 86_400)
    bench.outbox.tick()
    bench.outbox.put([said(50)])
    deliver_all(bench)
    assert len(remembered(bench)) == 40
    bench.clock.advance(1.1 * 86_400)
    bench.outbox.tick()
    assert remembered(bench) == [50]
    assert bench.outbox.history.status().bound == "days"
    bench.outbox.put([said(1), said(51)])
    assert deliver_all(bench) == [51]  # the id of the first is known for longer


def test_days_switched_off_count_at_the_next_start(bench: Bench) -> None:
    bounded(bench, history_days=7)
    bench.outbox.put([said(1)])
    deliver_all(bench)
    bench.outbox.put([said(2)])
    bench.outbox.close()
    bench.clock.now_utc_ns += 8 * 86_400 * NS
    bench.open()
    assert remembered(bench) == [2]  # it waits
    bench.outbox.close()
    files = b"".join(file.read_bytes() for file in bench.path.glob("*.log"))
    assert b"K00001" not in files or b"k00001" not in files
    bench.open()
    assert deliver_all(bench) == [2]


def test_switched_off_nothing_is_remembered_but_ids(bench: Bench) -> None:
    bounded(bench, history_days=0)
    for vehicle_no in range(1, 201):
        bench.outbox.put([said(vehicle_no)])
        deliver_all(bench)
    assert size_bytes(bench) <= 2 * MIB
    assert remembered(bench) == []
    bench.reopen()
    bench.outbox.put([said(n) for n in range(1, 201)])
    assert deliver_all(bench) == []


def test_what_was_erased_is_known_when_its_segment_is_used_again(bench: Bench) -> None:
    bounded(bench, history_bytes=2 * MIB)
    bench.outbox.put([said(1)])
    deliver_all(bench)
    bench.outbox.history.erase(everything=True)
    for vehicle_no in range(2, 101):
        bench.outbox.put([said(vehicle_no)])
        deliver_all(bench)
    assert not (bench.path / "events-0000000001.log").exists()
    bench.reopen()
    bench.outbox.put([said(1)])
    assert deliver_all(bench) == []


def test_a_segment_that_cannot_be_read_now_is_not_given_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits in it would go with it."""
    bounded(bench, history_bytes=0)
    bench.outbox.put([new_event(1000, image=PICTURE, kind=EventKind.LOST, wanted_by=(2,))])
    with monkeypatch.context() as ill:
        ill.setattr(os, "pread", refuse)
        for vehicle_no in range(1, 201):
            bench.outbox.put([said(vehicle_no)])
            deliver_all(bench)
            bench.clock.advance(1.1)
    for _ in range(3):
        bench.clock.advance(1.1)
        bench.outbox.tick()
    for vehicle_no in range(201, 401):
        bench.outbox.put([said(vehicle_no)])
        deliver_all(bench)
    assert size_bytes(bench) <= 4 * MIB
    bench.reopen()
    waiting = bench.outbox.take(2)
    assert waiting is not None
    assert (waiting.event.vehicle_no, len(waiting.images)) == (1000, 1)


PREAD = os.pread


def refuse(handle: int, count: int, at: int) -> bytes:
    """A disk that reads nothing; the kernel's own files are on none."""
    if Path(f"/proc/self/fd/{handle}").readlink().is_relative_to("/proc"):
        return PREAD(handle, count, at)
    raise OSError(errno.EIO, os.strerror(errno.EIO))
