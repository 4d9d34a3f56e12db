"""Files broken in every way we know: the outbox opens, keeps what is whole, and says what is not."""

# ruff: noqa: S311 - chance is seeded here, to be repeatable

from __future__ import annotations

import random
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox
from tests.fakes import FakeClock, a_life, crash, new_event

if TYPE_CHECKING:
    from pathlib import Path

VEHICLES = 30
EVENTS = VEHICLES * 4
EVENTS_ON_A_PAGE = 9  # records of this size, about 430 bytes


def picture(vehicle_no: int) -> bytes:
    return random.Random(vehicle_no).randbytes(3000 + 400 * vehicle_no)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Two outboxes with a life of every vehicle: the log folded into the file, and not."""
    folders = {}
    for fold in (True, False):
        folder = folders[fold] = tmp_path_factory.mktemp(f"filled-{fold}")
        outbox = Outbox(OutboxSettings(path=folder / "o.sqlite3"), clock=FakeClock())
        for vehicle_no in range(1, VEHICLES + 1):
            outbox.put(a_life(vehicle_no, image=picture(vehicle_no), image_key=f"v{vehicle_no}"))
        if fold:
            outbox.close()
        else:
            crash_without_folding(outbox, folder)
    return folders


def a_copy(filled: dict[bool, Path], folder: Path, *, fold: bool) -> OutboxSettings:
    shutil.copytree(filled[fold], folder, dirs_exist_ok=True)
    return OutboxSettings(path=folder / "o.sqlite3", durability="process")


def crash_without_folding(outbox: Outbox, folder: Path) -> None:
    """Closing the connection would fold the log in: copy the files as a killed process leaves them."""
    copy = folder / "copy"
    copy.mkdir()
    for name in ("o.sqlite3", "o.sqlite3-wal", "o.sqlite3.mark"):
        shutil.copy(folder / name, copy / name)
    crash(outbox)
    for file in copy.iterdir():
        shutil.copy(file, folder / file.name)
    shutil.rmtree(copy)


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


def check_it_goes_on(outbox: Outbox) -> None:
    """A fresh event gets a packet that nobody had."""
    outbox.put([new_event(1000)])
    taken = take_all(outbox)
    assert list(taken) == [EVENTS + 1]
    assert taken[EVENTS + 1][0] == 1000


@pytest.mark.parametrize("seed", range(100))
def test_a_page_overwritten_anywhere_costs_only_what_lay_there(
    filled: dict[bool, Path], tmp_path: Path, seed: int
) -> None:
    settings = a_copy(filled, tmp_path, fold=True)
    chance = random.Random(seed)
    with settings.path.open("r+b") as file:
        pages = settings.path.stat().st_size // 4096
        at = chance.randrange(pages) * 4096
        file.seek(at)
        file.write(chance.choice([bytes(4096), chance.randbytes(4096)]))
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    lost = EVENTS - len(taken)
    bare = sum(not whole for *_, whole in taken.values())
    # What does not lie on that page is whole and comes out.
    assert lost <= EVENTS_ON_A_PAGE
    assert bare <= 4 * 5
    if lost:
        assert outbox.status().lost_events or outbox.tally(1).dropped
    check_it_goes_on(outbox)
    outbox.close()


@pytest.mark.parametrize("seed", range(30))
def test_a_bit_flipped_in_the_log_loses_no_whole_event(
    filled: dict[bool, Path], tmp_path: Path, seed: int
) -> None:
    settings = a_copy(filled, tmp_path, fold=False)
    wal = settings.path.with_name("o.sqlite3-wal")
    content = bytearray(wal.read_bytes())
    chance = random.Random(seed)
    content[chance.randrange(32, len(content))] ^= 1 << chance.randrange(8)
    wal.write_bytes(content)
    outbox = Outbox(settings, clock=FakeClock())
    taken = take_all(outbox)
    assert len(taken) >= EVENTS - EVENTS_ON_A_PAGE
    if len(taken) < EVENTS:
        assert outbox.status().lost_events or outbox.tally(1).dropped
    check_it_goes_on(outbox)
    outbox.close()


def test_a_log_cut_short_is_noticed_and_numbers_are_not_given_again(
    filled: dict[bool, Path], tmp_path: Path
) -> None:
    settings = a_copy(filled, tmp_path, fold=False)
    wal = settings.path.with_name("o.sqlite3-wal")
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size // 2)
    outbox = Outbox(settings, clock=FakeClock())
    status = outbox.status()
    assert status.lost_events > 0
    assert "events early" in status.damage
    taken = take_all(outbox)
    assert len(taken) == EVENTS - status.lost_events
    check_it_goes_on(outbox)
    outbox.close()


@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("left", [0, 1, 100, 4096, 5000, 0.5])
def test_a_file_cut_short_opens(
    filled: dict[bool, Path],
    tmp_path: Path,
    left: float,
    fold: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    settings = a_copy(filled, tmp_path, fold=fold)
    size = settings.path.stat().st_size
    with settings.path.open("r+b") as file:
        file.truncate(int(size * left) if isinstance(left, float) else left)
    outbox = Outbox(settings, clock=FakeClock())
    assert outbox.status().damage or not fold  # a whole log makes up for a short file
    taken = take_all(outbox)
    assert len(taken) + outbox.status().lost_events >= EVENTS - EVENTS_ON_A_PAGE
    check_it_goes_on(outbox)
    outbox.close()


def test_another_programs_database_is_set_aside_unharmed(tmp_path: Path) -> None:
    path = tmp_path / "o.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("create table theirs (word text)")
        db.execute("insert into theirs values ('keep')")
    db.close()
    outbox = Outbox(OutboxSettings(path=path), clock=FakeClock())
    assert outbox.status().set_aside == "o.sqlite3.damaged-1"
    outbox.put([new_event(1)])
    outbox.close()
    db = sqlite3.connect(tmp_path / "o.sqlite3.damaged-1")
    assert db.execute("select word from theirs").fetchone() == ("keep",)
    db.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 400, b"\0" * 8192, b"SQLite"])
def test_a_file_of_something_else_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "o.sqlite3"
    path.write_bytes(content)
    outbox = Outbox(OutboxSettings(path=path), clock=FakeClock())
    assert (tmp_path / "o.sqlite3.damaged-1").read_bytes() == content
    outbox.put([new_event(1)])
    assert len(take_all(outbox)) == 1
    outbox.close()


def test_no_more_than_three_broken_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "o.sqlite3"
    for number in range(5):
        path.write_bytes(b"broken %d" % number * 999)
        Outbox(OutboxSettings(path=path), clock=FakeClock()).close()
    kept = sorted(file.name for file in tmp_path.glob("*.damaged-*"))
    assert kept == [f"o.sqlite3.damaged-{number}" for number in (1, 2, 3)]
    assert (tmp_path / kept[-1]).read_bytes().startswith(b"broken 4")


def test_a_file_that_breaks_while_in_use_is_mended_on_the_way(tmp_path: Path) -> None:
    settings = OutboxSettings(path=tmp_path / "o.sqlite3")
    clock = FakeClock()
    outbox = Outbox(settings, clock=clock)
    for vehicle_no in range(1, VEHICLES + 1):
        outbox.put(a_life(vehicle_no, image=picture(vehicle_no), image_key=f"v{vehicle_no}"))
    outbox.close()
    outbox = Outbox(settings, clock=clock)
    pages = settings.path.stat().st_size // 4096
    with settings.path.open("r+b") as file:
        for page in range(1, pages, 7):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    before = take_all(outbox)
    clock.advance(5)
    outbox.put([new_event(900, kind=EventKind.LOST)])
    after = take_all(outbox)
    assert EVENTS + 1 in after
    assert not before.keys() & {EVENTS + 1}
    assert outbox.status().durable
    outbox.close()


def test_parked_deliveries_survive_a_rebuild(tmp_path: Path) -> None:
    settings = OutboxSettings(path=tmp_path / "o.sqlite3")
    outbox = Outbox(settings, clock=FakeClock())
    outbox.put(a_life(1))
    refused = outbox.take(1)
    assert refused is not None
    outbox.park(refused, why="HTTP 400")
    outbox.close()
    with settings.path.open("r+b") as file:
        file.write(b"no header any more")
    outbox = Outbox(settings, clock=FakeClock())
    assert [row.why for row in outbox.parking.listed()] == ["HTTP 400"]
    assert list(take_all(outbox)) == [2, 3, 4]
    outbox.close()
