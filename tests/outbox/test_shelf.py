"""The shelf: few files are open, and none is closed under a reader."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from cammra_edge.outbox import shelf
from cammra_edge.outbox.log import DamagedError, Log, StorageError
from tests.outbox.logs import content_at, fill_segment, opened, put


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return opened(tmp_path / "o")


def files_open(folder: Path) -> list[str]:
    """Segments that this process has open."""
    names = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except OSError:
            continue  # the descriptor of this listing
        if target.parent == folder and target.name.startswith("events-"):
            names.append(target.name)
    return sorted(set(names))


def test_the_files_that_were_not_read_for_longest_are_closed(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "HANDLES_KEPT", 3)
    places = [place for _ in range(6) for place in fill_segment(log)]
    for place in places:
        content_at(log, place)
    content_at(log, places[0])
    last = log.numbers()[-1]
    assert files_open(tmp_path / "o") == [
        "events-0000000001.log",
        f"events-{last - 1:010}.log",
        f"events-{last:010}.log",
    ]
    log.close()
    assert files_open(tmp_path / "o") == []


def test_a_file_that_is_gone_from_its_folder_stays_open_until_it_is_forgotten(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "HANDLES_KEPT", 2)
    first = put(log, b"first")
    (tmp_path / "o" / "events-0000000001.log").unlink()
    log.look()
    log.heal()
    for _ in range(3):
        for place in fill_segment(log):
            content_at(log, place)
    assert content_at(log, first) == b"first"
    log.forget(1)
    with pytest.raises(DamagedError, match="segment 1 is not there"):
        content_at(log, first)
    assert "events-0000000001.log (deleted)" not in files_open(tmp_path / "o")


def test_a_reader_keeps_its_file_while_others_come_and_go(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "HANDLES_KEPT", 1)
    places = [place for _ in range(3) for place in fill_segment(log, b"content" * 1_000)]
    wrong: list[Exception] = []

    def read() -> None:
        try:
            for _ in range(20):
                for place in places:
                    assert content_at(log, place) == b"content" * 1_000
        except (AssertionError, OSError, ValueError) as error:
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_file_that_fails_is_opened_again_once(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    place = put(log, b"x")
    read = os.pread
    failures = [1]

    def failing(fd: int, length: int, at: int) -> bytes:
        if failures and failures.pop():
            raise OSError(5, "Input/output error")
        return read(fd, length, at)

    monkeypatch.setattr(os, "pread", failing)
    assert content_at(log, place) == b"x"
    failures.extend([1, 1])
    with pytest.raises(StorageError, match="cannot read segment 1: the disk fails"):
        content_at(log, place)
    assert content_at(log, place) == b"x"
    assert log.since_ns == 0


def test_a_file_that_got_another_number_is_the_same_where_nobody_holds_it(
    log: Log, tmp_path: Path
) -> None:
    """As on FAT, which numbers a file anew each time that it is met again."""
    places = fill_segment(log)
    file = tmp_path / "o" / "events-0000000001.log"
    other = tmp_path / "o" / "copy"

    def renumber() -> None:
        shutil.copyfile(file, other)
        other.rename(file)

    log._shelf.let_go()
    renumber()
    assert log.look()
    assert content_at(log, places[0]) == bytes(10_000)
    renumber()  # it is held now, and a file that is held keeps its number: this is another one
    assert not log.look()
    assert log.lost() == (1,)


def test_a_file_of_another_store_is_not_ours_whoever_holds_it(log: Log, tmp_path: Path) -> None:
    fill_segment(log)
    fill_segment(other := opened(tmp_path / "other"))
    other.close()
    log._shelf.let_go()
    (tmp_path / "other" / "events-0000000001.log").rename(tmp_path / "o" / "events-0000000001.log")
    assert not log.look()
    assert log.lost() == (1,)
