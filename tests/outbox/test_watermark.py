from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox.watermark import SLOT_BYTES, Mark, Watermark

if TYPE_CHECKING:
    from pathlib import Path


def marks(path: Path, count: int) -> None:
    file = Watermark(path)
    for turn in range(1, count + 1):
        file.write(Mark(turn=turn, seq=turn * 10, car_id=3, packets={1: turn, 2: 7}))
    file.close()


def test_the_last_mark_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    marks(path, 5)
    assert Watermark(path).mark == Mark(turn=5, seq=50, car_id=3, packets={1: 5, 2: 7})


def test_a_torn_write_leaves_the_mark_before(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    marks(path, 5)
    with path.open("r+b") as file:
        file.seek(SLOT_BYTES + 20)  # turn 5 is odd: the second slot
        file.write(b"\0" * 30)
    assert Watermark(path).mark.turn == 4


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"zz", b"00000000 []", b"\xff" * 5000])
def test_a_file_of_anything_else_is_no_mark(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mark"
    path.write_bytes(content)
    assert Watermark(path).mark == Mark()


def test_a_place_that_cannot_be_written_is_survived(tmp_path: Path) -> None:
    file = Watermark(tmp_path / "no" / "such" / "folder")
    file.write(Mark(turn=1, seq=4))
    assert file.mark.seq == 4
