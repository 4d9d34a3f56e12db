"""A segment's file: made with its whole length, written whatever the kernel takes, read over what the disk has lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox import kernel, segment
from cammra_edge.outbox.segment import Handle, Purpose, found_segment, make, name_of, write_all
from tests.outbox.logs import SEGMENT_BYTES, content_at, log_at, mounted, opened, put, replayed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BLOCKS_OF_BYTES = 512


def test_a_new_file_has_its_whole_length_and_room_for_it(tmp_path: Path) -> None:
    make(tmp_path / "new", 1 << 20)
    status = (tmp_path / "new").stat()
    assert status.st_size == 1 << 20
    assert status.st_blocks * BLOCKS_OF_BYTES >= 1 << 20
    assert status.st_mode & 0o777 == 0o600


def test_where_the_file_system_cannot_reserve_the_file_grows_as_it_is_written(
    tmp_path: Path,
) -> None:
    with mounted(tmp_path / "disk", "ramfs") as disk:
        handle = make(disk / "new", 1 << 20)
        assert not kernel.reserve(handle.fd, 2 << 20)
        assert (disk / "new").stat().st_size == 1 << 20
        assert (disk / "new").stat().st_blocks == 0
        log = opened(disk / "o")
        place = put(log, b"x" * 1_000)
        log.close()
        assert content_at(opened(disk / "o"), place) == b"x" * 1_000


def test_without_the_c_library_nothing_is_reserved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_library", None)
    make(tmp_path / "new", 1 << 20)
    assert (tmp_path / "new").stat().st_size == 1 << 20


def test_what_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs", "size=1m") as disk:
        with pytest.raises(OSError, match="No space left"):
            make(disk / "new", 2 << 20)
        assert list(disk.iterdir()) == []


def test_a_write_goes_on_until_all_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [bytes([n % 256]) * 3 for n in range(2_000)]  # more than the kernel takes at once
    handle = make(tmp_path / "new", 1 << 16)
    assert write_all(handle.fd, many, 100, 6_000) == 6_100
    assert (tmp_path / "new").read_bytes()[100:6_100] == b"".join(many)
    write = os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda fd, buffers, at: write(fd, buffers[0][:2], at))
    monkeypatch.setattr(os, "pwrite", lambda fd, content, at: write(fd, content[:5], at))
    assert write_all(handle.fd, [b"hello ", b"world", b"!"], 7, 12) == 19
    assert (tmp_path / "new").read_bytes()[7:19] == b"hello world!"
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)
    with pytest.raises(OSError, match="Input/output error"):
        write_all(handle.fd, [b"hello"], 7, 5)


def test_a_file_closes_when_nobody_holds_it(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    handle = Handle(tmp_path / "f")
    reader, fd = handle, handle.fd
    del handle
    assert os.pread(reader.fd, 1, 0) == b"x"
    del reader
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    with pytest.raises(FileNotFoundError):
        Handle(tmp_path / "none")


def test_names_sort_as_their_numbers_and_are_read_back(tmp_path: Path) -> None:
    names = [name_of(number, Purpose.TEXT) for number in (9, 10, 1 << 31)]
    assert names == ["text-0000000009.log", "text-0000000010.log", "text-2147483648.log"]
    for name, number in zip(names, (9, 10, 1 << 31), strict=True):
        (tmp_path / name).write_bytes(b"no header")
        found = found_segment(tmp_path / name)
        assert found is not None
        assert (found.number, found.purpose, found.store_id) == (number, Purpose.TEXT, b"")
    (tmp_path / "events-copy.log").write_bytes(b"no header")
    assert found_segment(tmp_path / "events-copy.log") is None


def test_blocks_that_the_disk_cannot_read_are_read_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened(tmp_path / "o")
    places = [put(log, bytes([n]) * 3_000) for n in range(1, 60)]
    log.close()
    bad = 40_960
    read, read_into = os.pread, os.preadv

    def failing(fd: int, length: int, at: int) -> bytes:
        if at <= bad < at + length:
            raise OSError(5, "Input/output error")
        return read(fd, length, at)

    def failing_into(fd: int, buffers: Sequence[memoryview], at: int) -> int:
        failing(fd, len(buffers[0]), at)
        return read_into(fd, buffers, at)

    monkeypatch.setattr(os, "pread", failing)
    monkeypatch.setattr(os, "preadv", failing_into)
    again = log_at(tmp_path / "o")
    again.open()
    (part,) = replayed(again)
    ((start, end),) = part.broken
    assert start <= bad < end
    assert end - start < 4 * 4_096
    assert content_at(again, places[-1])[0] == 59
    again.close()
    monkeypatch.setattr(os, "preadv", lambda *_: failing(0, 1, bad))
    third = log_at(tmp_path / "o")
    third.open()
    assert replayed(third) == []
    assert third.trouble == "cannot read segment 1: the disk fails (input/output error)"
    monkeypatch.undo()
    assert len(replayed(third)) == 1


def test_what_a_segment_keeps_free_depends_on_its_length() -> None:
    assert segment.spare_of(8 << 20) == 64 << 10
    assert segment.spare_of(SEGMENT_BYTES) == 32 << 10
    assert segment.size_for(1_000, SEGMENT_BYTES) == SEGMENT_BYTES
    assert segment.size_for(SEGMENT_BYTES, SEGMENT_BYTES) == 320 << 10
    for group_bytes in range(1_000, 2 << 20, 10_007):
        size = segment.size_for(group_bytes, SEGMENT_BYTES)
        assert size - segment.spare_of(size) > group_bytes + segment.HEADER_BYTES
