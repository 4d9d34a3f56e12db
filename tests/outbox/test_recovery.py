"""A log broken in every way we know: the outbox opens, keeps what is whole, and says what is not."""

# ruff: noqa: S311 - chance is seeded here, to be repeatable

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from tests.fakes import FakeClock, a_life, crash, damage, new_event

if TYPE_CHECKING:
    from pathlib import Path

VEHICLES = 30
EVENTS = VEHICLES * 4
EVENTS_ON_A_PAGE = 4  # records of this size, with their heads, and one begun on each side
SMALL = 1 << 20
"""A bound that makes segments of 256 KiB, so that there are several."""


def picture(vehicle_no: int) -> bytes:
    return random.Random(vehicle_no).randbytes(3000 + 400 * vehicle_no)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with a life of every vehicle, as a killed process leaves it."""
    folder = tmp_path_factory.mktemp("filled")
    outbox = Outbox(OutboxSettings(path=folder / "o", max_bytes=SMALL), clock=FakeClock())
    for vehicle_no in range(1, VEHICLES + 1):
        outbox.put(a_life(vehicle_no, image=picture(vehicle_no), image_key=f"v{vehicle_no}"))
    crash(outbox)
    return folder / "o"


def a_copy(filled: Path, folder: Path) -> OutboxSettings:
    shutil.copytree(filled, folder / "o")
    return OutboxSettings(path=folder / "o", durability="process", max_bytes=SMALL)


def segments(settings: OutboxSettings) -> list[Path]:
    return sorted(settings.path.glob("events-*.log"))


def take_all(outbox: Outbox) -> dict[int, tuple[int, str, bool]]:
    """Deliver everything: packet to vehicle, kind, and whether its picture is whole."""
    taken: dict[int, tuple[int, str, bool]] = {}
    while (delivery := outbox.take(1)) is not None:
        vehicle_no = delivery.event.vehicle_no
        for data in delivery.images.values():
            assert data == picture(vehicle_no)
        assert delivery.packet not in taken
        taken[delivery.packet] = (vehicle_no, delivery.event.kind.value, bool(delivery.images))
        outbox.done(delivery)
    return taken


def check_it_goes_on(outbox: Outbox, *, exactly: bool = True) -> None:
    """A fresh event gets a packet that nobody had: the next one where the log's end is known."""
    outbox.put([new_event(1000)])
    taken = take_all(outbox)
    ((packet, (vehicle_no, *_)),) = taken.items()
    assert vehicle_no == 1000
    assert packet == EVENTS + 1 if exactly else packet > EVENTS + 1


def said(outbox: Outbox) -> int:
    """Events that are said to be lost or damaged."""
    return outbox.status().lost_events + sum(outbox.tally(1).dropped.values())


@pytest.mark.parametrize("size_bytes", [0, 1 << 18])
def test_an_outbox_that_lost_all_that_was_not_flushed_begins_anew(
    tmp_path: Path, size_bytes: int
) -> None:
    """The power went in the first minute, with durability "process"."""
    settings = OutboxSettings(path=tmp_path / "o")
    settings.path.mkdir()
    for name in ("events-0000000001.log", "spare.log", "mark"):
        (settings.path / name).write_bytes(bytes(size_bytes))
    (settings.path / "lock").touch()
    outbox = Outbox(settings, clock=FakeClock())
    outbox.put([new_event(1)])
    assert outbox.status().durable
    assert [vehicle_no for vehicle_no, *_ in take_all(outbox).values()] == [1]
    outbox.close()


def test_damage_is_logged_once_and_never_by_who_only_looks(
    filled: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = a_copy(filled, tmp_path)
    with segments(settings)[0].open("r+b") as segment:
        segment.truncate(100_000)
    Outbox(settings, clock=FakeClock(), read_only=True).close()
    assert caplog.messages == []
    outbox = Outbox(settings, clock=FakeClock())
    status = outbox.status()
    assert caplog.messages == [
        f"outbox damaged events_lost={status.lost_events} why={status.damage!r}"
    ]
    outbox.close()


def test_what_does_not_belong_here_is_logged(
    filled: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = a_copy(filled, tmp_path)
    name = segments(settings)[0].name
    shutil.copy(settings.path / name, settings.path / "events-copy.log")
    outbox = Outbox(settings, clock=FakeClock())
    assert caplog.messages == [f"outbox set aside why={outbox.status().set_aside!r}"]
    assert outbox.status().set_aside.startswith("events-copy.log was moved to set-aside/1: ")
    outbox.close()


def test_there_are_several_segments(filled: Path) -> None:
    assert len(list(filled.glob("events-*.log"))) >= 2


@pytest.mark.parametrize("seed", range(100))
def test_a_page_overwritten_anywhere_costs_only_what_lay_there(
    filled: Path, tmp_path: Path, seed: int
) -> None:
    settings = a_copy(filled, tmp_path)
    chance = random.Random(seed)
    file = chance.choice(segments(settings))
    with file.open("r+b") as segment:
        segment.seek(chance.randrange(file.stat().st_size // 4096) * 4096)
        segment.write(chance.choice([bytes(4096), chance.randbytes(4096)]))
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    lost = EVENTS - len(taken)
    bare = sum(not whole for *_, whole in taken.values())
    # What does not lie on that page is whole and comes out.
    assert lost <= EVENTS_ON_A_PAGE
    assert bare <= 4 * 2
    assert said(outbox) >= lost
    check_it_goes_on(outbox)
    outbox.close()


@pytest.mark.parametrize("seed", range(100))
def test_a_flipped_bit_costs_one_event_or_one_picture(
    filled: Path, tmp_path: Path, seed: int
) -> None:
    settings = a_copy(filled, tmp_path)
    chance = random.Random(seed)
    file = chance.choice(segments(settings))
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    assert len(taken) >= EVENTS - 1
    assert sum(not whole for *_, whole in taken.values()) <= 4
    assert said(outbox) >= EVENTS - len(taken)
    check_it_goes_on(outbox)
    outbox.close()


@pytest.mark.parametrize("left", [0.0, 0.01, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("closed", [False, True])
def test_a_log_cut_short_is_noticed_and_numbers_are_not_given_again(
    filled: Path, tmp_path: Path, left: float, *, closed: bool
) -> None:
    settings = a_copy(filled, tmp_path)
    if closed:
        Outbox(settings, clock=FakeClock()).close()
    file = segments(settings)[-1]
    with file.open("r+b") as segment:
        segment.truncate(int(file.stat().st_size * left) // 4096 * 4096)
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    lost, said_lost = EVENTS - len(taken), outbox.status().lost_events
    # After a crash nothing tells where the log ended: the mark was noted with the segment's first group.
    assert said_lost == lost if closed or not lost else 0 < said_lost <= lost
    assert len(taken) >= EVENTS // 2
    if len(taken) < EVENTS:
        assert outbox.status().damage
    check_it_goes_on(outbox, exactly=closed or not lost)
    outbox.close()


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("which", [0, -1])
def test_a_missing_segment_costs_only_what_lay_in_it(
    filled: Path, tmp_path: Path, which: int, *, closed: bool
) -> None:
    settings = a_copy(filled, tmp_path)
    if closed:
        Outbox(settings, clock=FakeClock()).close()
    segments(settings)[which].unlink()
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    assert taken
    assert f"segment {2 if which else 1} is not there" in outbox.status().damage
    known = which != 0  # what came before the first segment may have been given back
    assert said(outbox) >= EVENTS - len(taken) or not (known and closed)
    assert said(outbox) or not known
    check_it_goes_on(outbox, exactly=closed or which == 0)
    outbox.close()


def test_a_crash_while_a_damaged_log_is_read_loses_nothing_more(
    filled: Path, tmp_path: Path
) -> None:
    """Reading over what is broken changes nothing, so it can be done again."""
    settings = a_copy(filled, tmp_path)
    with segments(settings)[0].open("r+b") as segment:
        segment.seek(100 * 1024)
        segment.write(b"\xff" * 4096)
    before = [file.read_bytes() for file in segments(settings)]
    for _ in range(3):
        outbox = Outbox(settings, clock=FakeClock())
        crash(outbox)
        assert [file.read_bytes() for file in segments(settings)] == before
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    assert len(taken) >= EVENTS - EVENTS_ON_A_PAGE
    assert said(outbox) == EVENTS - len(taken)
    outbox.close()


def test_records_that_break_while_in_use_are_passed_over(filled: Path, tmp_path: Path) -> None:
    settings = a_copy(filled, tmp_path)
    outbox = Outbox(settings, clock=FakeClock())
    for seq in range(5, EVENTS, 7):
        damage(outbox, outbox._store.ledger.place(seq))
    broken = len(range(5, EVENTS, 7))
    taken = take_all(outbox)
    assert len(taken) == EVENTS - broken
    assert said(outbox) == broken
    check_it_goes_on(outbox)
    assert outbox.status().durable
    outbox.close()


def test_parked_deliveries_survive_damage_elsewhere(filled: Path, tmp_path: Path) -> None:
    settings = a_copy(filled, tmp_path)
    outbox = Outbox(settings, clock=FakeClock())
    refused = outbox.take(1)
    assert refused is not None
    outbox.park(refused, why="HTTP 400")
    outbox.close()
    with segments(settings)[0].open("r+b") as segment:
        segment.seek(200 * 1024)
        segment.write(b"\xff" * 4096)
    outbox = Outbox(settings, clock=FakeClock())
    assert [row.why for row in outbox.parking.listed()] == ["HTTP 400"]
    assert 1 not in take_all(outbox)
    outbox.close()
