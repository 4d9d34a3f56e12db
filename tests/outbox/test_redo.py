"""An erasure that dies at any call leaves whole frames: nothing is told as damage, no id is forgotten."""

from __future__ import annotations

import os
import shutil
import struct
from random import Random
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.framing import crc32
from cammra_edge.outbox import redo
from cammra_edge.outbox.check import check_folder
from cammra_edge.outbox.copying import copy_outbox
from cammra_edge.outbox.folder import Folder
from cammra_edge.outbox.log import Purpose
from cammra_edge.outbox.redo import Redo
from tests.fakes import crash
from tests.outbox.conftest import Bench
from tests.outbox.test_erasing import deliver_all, is_anywhere, plates, said
from tests.property.crashing import DiedError, Mortal
from tests.property.power import Disk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

STORE = bytes(range(16))
FRAMES = ((56, 64, b"an erased one"), (120, 16, b""), (4096, 24, b"t" * 24))
EIGHTHS = 8


def erases_until(bench: Bench, dies_at: int, part: int, disk: Disk | None = None) -> bool:
    """Erase one of three; True: it died."""
    mortal = Mortal(dies_at, part, disk)
    try:
        with mortal.living():
            bench.outbox.history.erase(plate="ERASEME2")
    except DiedError:
        crash(bench.outbox)
        mortal.bury()
        return True
    return False


def three_at(folder: Path, *, is_open: bool) -> Bench:
    bench = Bench(folder)
    bench.outbox.put([said(1, "KEEPME1"), said(2, "ERASEME2"), said(3, "KEEPME3")])
    deliver_all(bench)
    if not is_open:
        bench.outbox._store.log.close_segment(Purpose.EVENTS)
    return bench


def assert_nothing_tells_of_it(bench: Bench) -> None:
    status = bench.open().status()
    assert (status.lost_events, status.set_aside) == (0, "")
    assert bench.outbox.knows(said(2, "").event.event_id)
    assert plates(bench) in (["KEEPME3", "KEEPME1"], ["KEEPME3", "ERASEME2", "KEEPME1"])
    assert is_anywhere(bench.path, "ERASEME2") is ("ERASEME2" in plates(bench))
    assert not (bench.path / "redo").exists()
    bench.outbox.close()
    assert check_folder(bench.path, clock=bench.clock).sound


@pytest.mark.parametrize(
    ("is_open", "part"), [(True, 0), (True, 3), (True, EIGHTHS), (False, EIGHTHS // 2)]
)
def test_it_may_die_at_any_call_and_any_part_of_a_write(
    tmp_path: Path, part: int, *, is_open: bool
) -> None:
    died, at = True, 0
    while died:
        at += 1
        bench = three_at(tmp_path / str(at), is_open=is_open)
        died = erases_until(bench, at, part)
        if not died:
            bench.outbox.close()
        report = check_folder(bench.path, clock=bench.clock)
        assert report.sound, report.findings
        assert_nothing_tells_of_it(bench)
    assert at > 10  # it was not over at once


def test_a_copy_of_what_it_left_is_put_in_order_as_well(tmp_path: Path) -> None:
    bench = three_at(tmp_path / "dead", is_open=True)
    copied = Bench(tmp_path / "copied")
    copied.outbox.close()
    shutil.rmtree(copied.path)
    calls = next(at for at in range(1, 99) if tears(tmp_path / str(at), at))
    assert erases_until(bench, calls, EIGHTHS // 2)
    assert copy_outbox(bench.path, copied.path, clock=bench.clock) == ()
    assert_nothing_tells_of_it(copied)


def tears(folder: Path, dies_at: int) -> bool:
    """Does it leave a torn frame to die at this call?"""
    bench = three_at(folder, is_open=True)
    assert erases_until(bench, dies_at, EIGHTHS // 2)
    (bench.path / "redo").unlink(missing_ok=True)
    return not check_folder(bench.path, clock=bench.clock).sound


@pytest.mark.parametrize("seed", range(2))
def test_the_power_may_go_at_any_call(tmp_path: Path, seed: int) -> None:
    died, at = True, 0
    while died:
        at += 1
        disk = Disk(tmp_path / str(at) / "outbox")
        with Mortal(disk=disk).living():
            bench = three_at(tmp_path / str(at), is_open=True)
            bench.outbox.flush()
        disk.look()
        died = erases_until(bench, at, at % (EIGHTHS + 1), disk)
        if not died:
            crash(bench.outbox)
        disk.cut(Random(f"{seed} {at}"))  # noqa: S311 - not a secret
        disk.close()
        assert_nothing_tells_of_it(bench)


def test_the_start_after_it_may_die_too(tmp_path: Path) -> None:
    died, at = True, 0
    while died:
        at += 1
        bench = three_at(tmp_path / str(at), is_open=True)
        assert erases_until(bench, 6, EIGHTHS // 2)
        mortal = Mortal(at, EIGHTHS // 2)
        died = False
        try:
            with mortal.living():
                bench.open()
            bench.outbox.close()
        except DiedError:
            mortal.bury()
            died = True
        assert_nothing_tells_of_it(bench)


def refuses(_folder: Folder, _store_id: bytes, _redo: Redo) -> None:
    raise OSError(28, "no space left on the disk")


def test_a_disk_that_is_too_full_for_it_is_erased_all_the_same(tmp_path: Path) -> None:
    bench = three_at(tmp_path, is_open=True)
    with mock.patch.object(redo, "keep", refuses):
        assert bench.outbox.history.erase(plate="ERASEME2").events == 1
    assert not is_anywhere(bench.path, "ERASEME2")
    bench.outbox.close()
    assert_nothing_tells_of_it(bench)


def test_a_disk_that_does_not_let_it_go_is_said_and_the_next_start_does(tmp_path: Path) -> None:
    bench = three_at(tmp_path, is_open=True)
    with (
        mock.patch.object(redo, "let_go", side_effect=OSError(5, "it fails")),
        pytest.raises(OutboxError, match="the disk fails"),
    ):
        bench.outbox.history.erase(plate="ERASEME2")
    assert (bench.path / "redo").exists()
    crash(bench.outbox)
    assert_nothing_tells_of_it(bench)


def test_what_stands_under_its_name_may_be_somebody_elses(tmp_path: Path) -> None:
    """A link is not followed, a pipe not waited for."""
    letters = tmp_path / "letters"
    letters.write_bytes(b"dear")
    makes: list[Callable[[Path], object]] = [
        lambda at: at.symlink_to(letters),
        os.mkfifo,
        lambda at: at.mkdir(),
    ]
    for number, make in enumerate(makes):
        bench = three_at(tmp_path / str(number), is_open=True)
        make(bench.path / "redo")
        assert bench.outbox.history.erase(plate="ERASEME2").events == 1
        bench.reopen()
        assert plates(bench) == ["KEEPME3", "KEEPME1"]
        bench.outbox.close()
    assert letters.read_bytes() == b"dear"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "o")


def test_what_is_kept_is_read_back_also_behind_something_longer(folder: Folder) -> None:
    for frames in (FRAMES, FRAMES[:1], ()):
        redo.keep(folder, STORE, Redo(7, frames))
        assert redo.kept_in(folder.path, STORE) == Redo(7, frames)
    assert b"ttt" not in (folder.path / "redo").read_bytes()
    assert redo.kept_in(folder.path, bytes(16)) is None
    redo.let_go(folder)
    assert redo.kept_in(folder.path, STORE) is None
    redo.let_go(folder)


def test_what_adjoins_is_one_place() -> None:
    assert Redo(7, FRAMES).places == ((56, 136), (4096, 4120))


def test_of_what_is_cut_off_or_changed_nothing_is_believed(folder: Folder) -> None:
    redo.keep(folder, STORE, Redo(7, FRAMES))
    path = folder.path / "redo"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert redo.kept_in(folder.path, STORE) is None
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert redo.kept_in(folder.path, STORE) is None


@pytest.mark.parametrize(
    "frames",
    [
        [(1 << 40, 8, b"x")],
        [(0, 1 << 62, b"x")],
        [(56, 4, b"longer")],
    ],
)
def test_a_place_that_is_none_is_left_alone(
    tmp_path: Path, frames: Sequence[tuple[int, int, bytes]]
) -> None:
    bench = three_at(tmp_path, is_open=True)
    store_id = bench.outbox._store.log.store_id
    bench.outbox.close()
    held = Folder(bench.path)
    redo.keep(held, store_id, Redo(1, tuple(frames)))
    held.close()
    assert_nothing_tells_of_it(bench)


def test_a_length_that_lies_under_a_sound_checksum_is_not_believed(folder: Folder) -> None:
    redo.keep(folder, STORE, Redo(7, FRAMES[2:]))
    path = folder.path / "redo"
    content = bytearray(path.read_bytes())
    struct.pack_into("<Q", content, 40 + 16, 1 << 60)
    content[4:8] = crc32(bytes(content[8:]), 0).to_bytes(4, "little")
    path.write_bytes(content)
    assert redo.kept_in(folder.path, STORE) is None


def test_an_erasure_whose_disk_fails_goes_on_where_it_stopped(tmp_path: Path) -> None:
    bench = three_at(tmp_path, is_open=True)
    with (
        mock.patch.object(redo, "write_all", side_effect=OSError(5, "it fails")),
        mock.patch("cammra_edge.outbox.writing_over.write_all", side_effect=OSError(5, "it fails")),
        pytest.raises(OutboxError, match="the disk fails"),
    ):
        bench.outbox.history.erase(plate="ERASEME2")
    bench.clock.advance(2)
    bench.outbox.tick()
    bench.outbox.put([said(4, "KEEPME4")])
    deliver_all(bench)
    bench.clock.advance(2)
    bench.outbox.tick()
    assert plates(bench) == ["KEEPME4", "KEEPME3", "KEEPME1"]
    assert not is_anywhere(bench.path, "ERASEME2")
