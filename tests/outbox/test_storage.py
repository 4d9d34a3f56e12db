"""A disk that refuses: the outbox goes on in memory, says so, and moves everything over when it may."""

from __future__ import annotations

import errno
import gc
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped, Outbox
from tests.fakes import JPEG, FakeClock, a_life, fall_ill, new_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.outbox.conftest import Bench


def fill_up() -> Callable[[], None]:
    return fall_ill(errno.ENOSPC)


def make_read_only() -> Callable[[], None]:
    return fall_ill(errno.EROFS)


ILLNESSES = pytest.mark.parametrize("sicken", [fill_up, make_read_only])


def take_all(outbox: Outbox, profile_id: int = 1) -> list[tuple[int, int, str, int]]:
    taken = []
    while (delivery := outbox.take(profile_id)) is not None:
        event = delivery.event
        taken.append((delivery.packet, event.vehicle_no, event.kind.value, len(delivery.images)))
        outbox.done(delivery)
    return taken


@ILLNESSES
def test_events_wait_in_memory_and_move_to_disk_when_it_is_back(
    bench: Bench, sicken: Callable[[], Callable[[], None]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    bench.outbox.put(a_life(1, image=JPEG))
    heal = sicken()
    for vehicle_no in range(2, 12):
        bench.outbox.put(a_life(vehicle_no, image=JPEG * 9))
    status = bench.outbox.status()
    assert status.durable is False
    assert status.not_yet_durable > 0
    assert bench.outbox.waiting(1).events == 44
    first = bench.outbox.take(1)
    assert first is not None
    assert first.event.vehicle_no == 1
    bench.outbox.postpone(first, due_mono_ns=0)
    heal()
    bench.clock.advance(1.1)
    bench.outbox.tick()
    assert bench.outbox.status().durable is True
    assert bench.outbox.status().not_yet_durable == 0
    taken = take_all(bench.crash())
    assert [packet for packet, *_ in taken] == list(range(1, 45))
    assert all(images == 1 for *_, images in taken)
    assert [record.getMessage().split(" why")[0] for record in caplog.records] == [
        "outbox cannot write, keeping events in memory",
        "outbox writes again",
    ]


@ILLNESSES
def test_what_memory_delivered_is_not_sent_again_and_is_known(
    bench: Bench, sicken: Callable[[], Callable[[], None]]
) -> None:
    bench.outbox.put(a_life(1))
    heal = sicken()
    lives = [a_life(vehicle_no, image=JPEG * 30) for vehicle_no in range(2, 8)]
    for life in lives:
        bench.outbox.put(life)
    assert len(take_all(bench.outbox)) == 28
    heal()
    bench.clock.advance(1.1)
    bench.outbox.tick()
    outbox = bench.crash()
    assert take_all(outbox) == []
    for life in lives:
        outbox.put(life)
    assert take_all(outbox) == []
    assert outbox.tally(1).delivered == 28


@ILLNESSES
def test_a_lost_in_memory_closes_a_vehicle_on_disk_and_shares_its_picture(
    bench: Bench, sicken: Callable[[], Callable[[], None]]
) -> None:
    bench.outbox.put([new_event(1, image=JPEG, image_key="shot")])
    assert len(take_all(bench.outbox)) == 1
    bench.outbox.flush()
    heal = sicken()
    bench.outbox.put([new_event(5, image=JPEG * 200)])
    bench.outbox.put([new_event(1, 2, kind=EventKind.LOST, image_key="shot")])
    assert bench.outbox.status().not_yet_durable >= 1
    heal()
    bench.clock.advance(1.1)
    bench.outbox.tick()
    outbox = bench.crash()
    assert [left.event.vehicle_no for left in outbox.open_vehicles()] == [5]
    assert take_all(outbox) == [(2, 5, "new", 1), (3, 1, "lost", 1)]


def test_memory_is_bounded_and_what_goes_is_counted(bench: Bench) -> None:
    bench.settings = replace(bench.settings, memory_bytes=1 << 20)
    bench.reopen()
    heal = make_read_only()
    for vehicle_no in range(1, 101):
        bench.outbox.put([new_event(vehicle_no, image=bytes(50_000), kind=EventKind.LOST)])
        assert bench.outbox.status().bytes <= 1 << 20
    dropped = bench.outbox.tally(1).dropped
    assert dropped[Dropped.IMAGE.value] >= 79
    assert len(take_all(bench.outbox)) == 100 - dropped.get(Dropped.OVERFLOW.value, 0)
    heal()


def test_what_a_failing_disk_did_not_take_is_not_counted_as_dropped(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_events=20)
    outbox = bench.reopen()
    outbox.put([new_event(n) for n in range(1, 21)])
    heal = fall_ill(errno.EIO)
    outbox.put([new_event(21)])  # would make room, and then the disk does not take it
    assert outbox.status().durable is False
    assert outbox.tally(1).dropped == {}
    assert outbox.waiting(1).events == 21
    heal()


def test_parking_and_retries_in_memory_move_over_as_well(bench: Bench) -> None:
    heal = make_read_only()
    bench.outbox.put([new_event(1), new_event(2)])
    refused, tried = bench.outbox.take(1), bench.outbox.take(1)
    assert refused is not None
    assert tried is not None
    bench.outbox.park(refused, why="HTTP 400")
    bench.outbox.postpone(tried, due_mono_ns=0)
    bench.outbox.flush()
    assert [row.why for row in bench.outbox.parking.listed()] == ["HTTP 400"]
    heal()
    bench.clock.advance(1.1)
    bench.outbox.tick()
    outbox = bench.crash()
    assert [row.why for row in outbox.parking.listed()] == ["HTTP 400"]
    again = outbox.take(1)
    assert again is not None
    assert (again.packet, again.attempts) == (2, 1)


def test_a_disk_that_comes_later_is_taken_up_with_its_backlog(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    settings = OutboxSettings(path=folder / "o")
    clock = FakeClock()
    outbox = Outbox(settings, clock=clock)
    outbox.put([new_event(1), new_event(2)])
    outbox.close()
    folder.rename(tmp_path / "away")
    folder.write_text("where the folder should be is a file")
    outbox = Outbox(settings, clock=clock)
    assert outbox.status().durable is False
    outbox.put([new_event(3, car_id=outbox.car_id("run-1", 3))])
    folder.unlink()
    (tmp_path / "away").rename(folder)
    clock.advance(1.1)
    outbox.tick()
    assert outbox.status().durable is True
    taken = take_all(outbox)
    assert [vehicle for _, vehicle, *_ in taken] == [1, 2, 3]
    assert len({packet for packet, *_ in taken}) == 3
    outbox.close()
    outbox = Outbox(settings, clock=clock)
    assert take_all(outbox) == []
    assert outbox.tally(1).delivered == 3
    outbox.close()


def test_writes_that_fail_with_an_io_error_are_survived(tmp_path: Path) -> None:
    """A file size limit makes write(2) fail for real, as a failing device does."""
    code = """
import resource, signal, sys
from pathlib import Path
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import FakeClock, new_event
clock = FakeClock()
outbox = Outbox(OutboxSettings(path=Path(sys.argv[1])), clock=clock)
outbox.put([new_event(1)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
for vehicle_no in range(2, 12):
    outbox.put([new_event(vehicle_no, image=bytes(30_000))])
    clock.advance(1.5)
print(outbox.status().durable, outbox.status().trouble)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
clock.advance(1.5)
outbox.tick()
print(outbox.status().durable, outbox.waiting(1).events)
outbox.close()
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "o")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    ill, well = told.stdout.splitlines()
    assert ill.startswith("False cannot write segment")
    assert well == "True 11"
    outbox = Outbox(OutboxSettings(path=tmp_path / "o"), clock=FakeClock())
    taken = take_all(outbox)
    assert [packet for packet, *_ in taken] == list(range(1, 12))
    assert [images for *_, images in taken] == [0] + [1] * 10
    outbox.close()


@ILLNESSES
def test_closing_tries_a_disk_that_is_back_once_more(
    bench: Bench, sicken: Callable[[], Callable[[], None]]
) -> None:
    heal = sicken()
    bench.outbox.put([new_event(n, image=bytes(50_000)) for n in (1, 2)])
    assert bench.outbox.status().durable is False
    heal()
    assert len(take_all(bench.reopen())) == 2


def test_what_goes_down_with_memory_is_said(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    make_read_only()
    bench.outbox.put(a_life(1))
    bench.outbox.close()
    assert "outbox closed while the disk is ill events_lost=4" in caplog.text
    assert take_all(bench.open()) == []


@ILLNESSES
def test_a_closed_outbox_holds_no_file_of_a_disk_that_was_ill(
    bench: Bench, sicken: Callable[[], Callable[[], None]]
) -> None:
    """Or the disk could not be taken off, until Python clears circles away."""
    bench.outbox.put([new_event(1)])
    gc.collect()
    gc.disable()
    try:
        heal = sicken()
        bench.outbox.put([new_event(2)])
        heal()
        bench.outbox.close()
        held = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
    finally:
        gc.enable()
    assert [name for name in held if name.startswith(str(bench.path))] == []
