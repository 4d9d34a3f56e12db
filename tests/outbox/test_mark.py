"""The mark: what was noted is read, a torn slot leaves the other, and it costs next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox.mark import SLOT_BYTES, Mark, MarkFile
from tests.fakes import new_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outbox.conftest import Bench

STORE = bytes(range(16))
FIRST = Mark(seq=7, image_no=9, car_id=3, closed=True, packets={1: 7, 9: 1 << 40})
SECOND = Mark(seq=8, image_no=11, car_id=4, packets={1: 8})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = MarkFile(tmp_path / "mark")
    file.write(STORE, 1, FIRST)
    file.write(STORE, 2, SECOND)
    file.write_profiles(STORE, {"barrier": 1, "Büro]": 2})
    file.close()
    return tmp_path / "mark"


def test_what_was_noted_is_read(path: Path) -> None:
    read = MarkFile(path)
    assert (read.store_id, read.segment, read.mark) == (STORE, 2, SECOND)
    assert read.profiles == {"barrier": 1, "Büro]": 2}
    assert MarkFile(path.with_name("none")).mark == Mark()


def test_the_next_one_goes_over_the_older(path: Path) -> None:
    third = Mark(seq=9)
    file = MarkFile(path)
    file.write(STORE, 3, third)
    file.close()
    assert MarkFile(path).mark == third
    tear(path, SLOT_BYTES)  # the third, in the slot of the first
    assert MarkFile(path).mark == SECOND


def tear(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at + 30] ^= 1
    path.write_bytes(content)


def test_a_torn_slot_leaves_the_other(path: Path) -> None:
    tear(path, 0)
    read = MarkFile(path)
    assert (read.store_id, read.segment, read.mark) == (STORE, 1, FIRST)
    tear(path, SLOT_BYTES)
    read = MarkFile(path)
    assert read.mark == Mark()
    assert read.store_id == STORE  # as the profiles tell
    assert read.profiles == {"barrier": 1, "Büro]": 2}


@pytest.mark.parametrize("length", [0, 3, 60, 2_047, 2_048, 4_097, 4_110])
def test_a_file_cut_short_is_read_as_far_as_it_is_whole(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    read = MarkFile(path)
    assert read.mark in (Mark(), FIRST, SECOND)
    assert read.profiles == {}


def test_garbage_is_no_mark(tmp_path: Path) -> None:
    (tmp_path / "mark").write_bytes(b"CMk1" + b"\xff" * 6_000)
    read = MarkFile(tmp_path / "mark")
    assert (read.store_id, read.mark, read.profiles) == (b"", Mark(), {})


def test_more_profiles_than_fit_leave_the_oldest_out(tmp_path: Path) -> None:
    file = MarkFile(tmp_path / "mark")
    file.write(STORE, 1, Mark(seq=1, packets={number: number for number in range(1, 1_001)}))
    file.close()
    packets = MarkFile(tmp_path / "mark").mark.packets
    assert max(packets) == 1_000
    assert len(packets) > 100


def test_what_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    file = MarkFile(tmp_path / "no folder" / "mark")
    file.write(STORE, 1, FIRST)
    file.write_profiles(STORE, {"a": 1})
    assert file.mark == FIRST
    nowhere = MarkFile(None)
    nowhere.write(STORE, 1, FIRST)
    assert nowhere.mark == FIRST


def test_an_outbox_notes_its_mark_with_a_segment_and_at_its_end(bench: Bench) -> None:
    bench.outbox.put([new_event(1)])
    first = MarkFile(bench.path / "mark").mark
    bench.outbox.put([new_event(2)])
    # Each write of another file costs a block of the file system's journal.
    assert MarkFile(bench.path / "mark").mark == first
    bench.outbox.close()
    assert MarkFile(bench.path / "mark").mark.seq == 2
