"""Disks that are full, read-only, gone or others, for real: said at once, and gone on when they are back."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.log import DamagedError, Log, StorageError
from cammra_edge.outbox.mark import Mark
from tests.outbox.logs import (
    SEGMENT_BYTES,
    content_at,
    fill_disk,
    fill_segment,
    log_at,
    mounted,
    opened,
    put,
    replayed,
)

if TYPE_CHECKING:
    from pathlib import Path

DISK_BYTES = 4 << 20
SOON_S = 20.0


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return opened(tmp_path / "o")


def put_until_refused(log: Log, *, settlements: bool = False) -> list[tuple[int, int, int]]:
    """Write until the disk refuses; where all the rest lies."""
    places: list[tuple[int, int, int]] = []
    try:
        while len(places) < 1_000:
            places.append(put(log, bytes(20_000), settlements=settlements))
    except StorageError:
        return places
    pytest.fail("the disk took everything")


def test_a_full_disk_has_a_spare_file_and_room_for_settlements(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs", f"size={DISK_BYTES}") as disk:
        log = opened(disk / "o")
        first = put(log, b"first")
        fill_disk(disk / "hog")
        places = put_until_refused(log)
        assert log.trouble.endswith("no space left on the disk")
        assert {place[0] for place in places} == {1, 2}  # the open one and the spare one
        assert put(log, b"delivered", settlements=True, flush=False)[0] == 2
        assert len(put_until_refused(log, settlements=True)) > 0
        log.retire(1)
        more = put(log, b"more")
        assert more[0] == 3
        assert log.trouble == ""
        with pytest.raises(DamagedError):
            content_at(log, first)
        (disk / "hog").unlink()
        fill_segment(log)
        assert (disk / "o" / "spare.log").stat().st_size == SEGMENT_BYTES
        assert content_at(log, more) == b"more"
        log.close()


def test_a_disk_without_inodes_is_a_full_one(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs", "nr_inodes=6") as disk:
        log = opened(disk / "o")  # the root, the folder, its lock
        put_until_refused(log)
        assert log.trouble.endswith("no space left on the disk")
        log.retire(1)
        assert content_at(log, put(log, b"goes on")) == b"goes on"
        log.close()


def test_a_disk_that_is_full_at_start_is_taken_up_later(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "tmpfs", "nr_inodes=2") as disk:
        (disk / "hog").touch()
        log = log_at(disk / "o")
        with pytest.raises(StorageError, match=r"cannot open .*: no space left on the disk"):
            log.open()
        with pytest.raises(StorageError):
            log.heal()
        with pytest.raises(StorageError):
            put(log, b"x")
        subprocess.run(["mount", "-o", "remount,nr_inodes=20", str(disk)], check=True)
        log.heal()
        assert replayed(log) == []
        assert content_at(log, put(log, b"x")) == b"x"
        assert log.trouble == ""
        log.close()


def test_a_disk_that_comes_late_brings_what_lies_on_it(tmp_path: Path) -> None:
    log = opened(tmp_path / "disk" / "o")
    place = put(log, b"of yesterday")
    log.keep_mark(Mark(seq=5))
    log.close()
    (tmp_path / "disk").rename(tmp_path / "away")
    (tmp_path / "disk").write_text("where the folder should be is a file")
    late = log_at(tmp_path / "disk" / "o")
    with pytest.raises(StorageError, match="cannot open"):
        late.open()
    assert late.store_id != log.store_id
    (tmp_path / "disk").unlink()
    (tmp_path / "away").rename(tmp_path / "disk")
    late.heal()
    assert late.store_id == log.store_id
    assert late.mark.seq == 5
    assert [part.segment for part in replayed(late)] == [1]
    assert content_at(late, place) == b"of yesterday"
    assert replayed(late) == []
    assert put(late, b"x")[0] == 1


def test_a_read_only_disk_is_read_and_written_again_later(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        log = opened(disk / "o")
        place = put(log, b"first")
        log.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        log = opened(disk / "o")
        assert content_at(log, place) == b"first"
        with pytest.raises(OutboxError):
            log_at(disk / "o").open()
        with pytest.raises(StorageError, match="the disk is read-only"):
            put(log, b"x" * 300_000)
        with pytest.raises(StorageError):
            put(log, b"x")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        log.heal()
        second = put(log, b"second")
        assert [content_at(log, where) for where in (place, second)] == [b"first", b"second"]
        log.close()


def test_a_folder_removed_is_noticed_at_the_next_write_and_made_anew(
    log: Log, tmp_path: Path
) -> None:
    places = fill_segment(log)
    shutil.rmtree(tmp_path / "o")
    with pytest.raises(StorageError):
        put(log, b"x")
    assert log.trouble == f"{tmp_path / 'o'} is no longer the folder that was opened"
    assert log.lost() == (1, 2)
    assert content_at(log, places[0]) == bytes(
        10_000
    )  # a file that is held open is read all the same
    log.heal()
    assert log.trouble
    assert log.lost() == (1, 2)
    anew = put(log, content_at(log, places[0]))
    assert anew[0] == 3
    assert log.trouble == ""
    log.forget(1)
    log.forget(2)
    assert log.numbers() == (3,)
    assert log.look()
    log.close()
    again = opened(tmp_path / "o")
    assert again.store_id == log.store_id
    assert content_at(again, anew) == bytes(10_000)


def test_one_segment_removed_is_noticed(log: Log, tmp_path: Path) -> None:
    places = fill_segment(log)
    (tmp_path / "o" / "events-0000000001.log").unlink()
    assert not log.look()
    assert log.trouble == "events-0000000001.log: it is not there"
    assert log.lost() == (1,)
    assert content_at(log, places[0]) == bytes(10_000)
    log.heal()
    assert put(log, b"x")[0] == 2
    (tmp_path / "o" / "events-0000000002.log").unlink()
    with pytest.raises(StorageError):
        put(log, b"y")
    assert log.lost() == (1, 2)
    log.heal()
    assert put(log, b"y")[0] == 3


def test_a_lock_file_removed_is_made_anew_and_nothing_is_lost(log: Log, tmp_path: Path) -> None:
    place = put(log, b"x")
    (tmp_path / "o" / "lock").unlink()
    assert not log.look()
    log.heal()
    assert log.lost() == ()
    assert log.look()
    assert content_at(log, place) == b"x"
    assert put(log, b"y")[0] == 2
    with pytest.raises(OutboxError):
        log_at(tmp_path / "o").open()


def test_the_watch_tells_of_it_without_a_write(log: Log, tmp_path: Path) -> None:
    put(log, b"x")
    told = threading.Event()
    log.watch(told.set)
    for _ in range(2):
        (tmp_path / "o").rename(tmp_path / "away")
        assert told.wait(SOON_S)
        told.clear()
        assert not log.look()
        log.heal()
        put(log, b"anew")
        told.clear()
        shutil.rmtree(tmp_path / "away")
    log.close()


def test_a_folder_covered_by_a_mount_is_noticed_and_taken_up_again_uncovered(
    log: Log, tmp_path: Path
) -> None:
    first = put(log, b"below")
    with mounted(tmp_path / "o"):
        with pytest.raises(StorageError):
            put(log, b"x")
        log.heal()
        assert log.lost() == (1,)
        second = put(log, b"above")
        assert content_at(log, second) == b"above"
        assert content_at(log, first) == b"below"
        assert (tmp_path / "o").stat().st_mode & 0o777 == 0o700
    with pytest.raises(StorageError):
        put(log, b"x")
    log.heal()
    assert log.lost() == (2,)
    assert content_at(log, first) == b"below"
    assert put(log, b"below again")[0] == 3
    assert log.set_aside == ()
    log.close()


def test_a_card_of_another_store_goes_aside_and_ours_goes_on(log: Log, tmp_path: Path) -> None:
    other = opened(tmp_path / "other")
    fill_segment(other)
    other.keep_mark(Mark(seq=99, packets={1: 99}))
    other.close()
    log.keep_mark(Mark(seq=1))
    place = put(log, b"ours")
    (tmp_path / "o").rename(tmp_path / "away")
    (tmp_path / "other").rename(tmp_path / "o")
    with pytest.raises(StorageError):
        put(log, b"x")
    store_id = log.store_id
    log.heal()
    assert log.store_id == store_id
    assert log.set_aside == (
        "events-0000000001.log was moved to set-aside/1: it is of another store",
        "events-0000000002.log was moved to set-aside/1: it is of another store",
    )
    anew = put(log, content_at(log, place))
    assert anew[0] == 3
    log.keep_mark(Mark(seq=2))
    log.close()
    again = opened(tmp_path / "o")
    assert (again.store_id, again.mark.seq, again.numbers()) == (store_id, 2, (3,))


def test_an_earlier_copy_of_our_own_card_goes_aside(log: Log, tmp_path: Path) -> None:
    put(log, b"one")
    shutil.copytree(tmp_path / "o", tmp_path / "copy")
    fill_segment(log)
    log.retire(1)
    place = put(log, b"two")
    (tmp_path / "o").rename(tmp_path / "away")
    (tmp_path / "copy").rename(tmp_path / "o")
    log.look()
    log.heal()
    assert log.set_aside == (
        "events-0000000001.log was moved to set-aside/1: it is of an earlier state of this store",
    )
    assert content_at(log, place) == b"two"
    assert log.lost() == (2,)


def test_the_same_card_back_in_another_slot_is_ours_again(log: Log, tmp_path: Path) -> None:
    places = fill_segment(log)
    shutil.copytree(tmp_path / "o", tmp_path / "copy")
    shutil.rmtree(tmp_path / "o")
    (tmp_path / "copy").rename(tmp_path / "o")
    with pytest.raises(StorageError):
        put(log, b"x")
    log.heal()
    assert log.lost() == ()
    assert log.set_aside == ()
    assert content_at(log, places[0]) == bytes(10_000)
    assert put(log, b"x")[0] == 3
    log.close()
    assert opened(tmp_path / "o").numbers() == (1, 2, 3)


def test_what_is_put_in_its_place_and_is_not_ours_is_left_alone(log: Log, tmp_path: Path) -> None:
    put(log, b"x")
    (tmp_path / "o").rename(tmp_path / "away")
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "letter.txt").write_text("Dear")
    with pytest.raises(StorageError):
        put(log, b"x")
    with pytest.raises(OutboxError, match="this is not an outbox of cammra_edge"):
        log.heal()
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["letter.txt"]
    (tmp_path / "o" / "letter.txt").unlink()
    log.heal()
    assert put(log, b"x")[0] == 2


def test_too_many_open_files_are_survived(log: Log) -> None:
    places = [place for _ in range(5) for place in fill_segment(log)]
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    hogs: list[int] = []
    try:
        open_all_that_may(hogs)
        log._shelf.drop_handle(1)
        open_all_that_may(hogs)
        assert content_at(log, places[0]) == bytes(10_000)  # lets another file go
        assert "too many files are open in this process" in refusal_without_files(log, hogs)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for hog in hogs:
            os.close(hog)
    assert content_at(log, places[0]) == bytes(10_000)
    assert put(log, b"x")[0] == log.numbers()[-1]


def open_all_that_may(hogs: list[int]) -> None:
    """Open files until this process may open no more."""
    with contextlib.suppress(OSError):
        while True:
            hogs.append(os.open("/dev/null", os.O_RDONLY))


def refusal_without_files(log: Log, hogs: list[int]) -> str:
    """What a reader is told when no file may be opened; what other tests left behind may still be closing."""
    for _ in range(10):
        log._shelf.clear()
        open_all_that_may(hogs)
        try:
            log.raw(1, 0, 8)
        except StorageError as error:
            return str(error)
    return "nothing"
