"""The log: written in order, read by place, replayed at start, healed when the disk is back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.log import DamagedError, Log, Purpose
from cammra_edge.outbox.mark import Mark
from tests.outbox.logs import (
    SEGMENT_BYTES,
    content_at,
    fill_segment,
    group_for,
    log_at,
    opened,
    put,
    replayed,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return opened(tmp_path / "o")


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_what_was_written_is_read_by_its_place(log: Log) -> None:
    places = [put(log, bytes([n]) * n) for n in range(1, 40)]
    assert [content_at(log, place) for place in places] == [bytes([n]) * n for n in range(1, 40)]
    assert log.numbers() == (1,)


def test_a_start_finds_everything_and_writes_on_in_the_open_segment(
    log: Log, tmp_path: Path
) -> None:
    log.close()
    first = opened(tmp_path / "o")
    places = [put(first, bytes([n]) * 100) for n in range(1, 9)]
    first.close()
    again = log_at(tmp_path / "o")
    again.open()
    assert again.store_id == first.store_id
    (part,) = replayed(again)
    assert (part.segment, part.purpose, part.scanned) == (1, Purpose.EVENTS, True)
    assert (part.broken, part.cut_short) == ((), 0)
    assert part.digests == again.digests(1)
    places.append(put(again, b"more"))
    assert places[-1][0] == 1
    assert [content_at(again, place)[:1] for place in places] == [
        *map(bytes, zip(range(1, 9))),
        b"m",
    ]


def test_a_full_segment_ends_with_a_directory_of_all_that_is_in_it(
    log: Log, tmp_path: Path
) -> None:
    fill_segment(log)
    digests = log.digests(1)
    assert log.directory(1) is not None
    assert log.directory(2) is None
    log.close()
    again = log_at(tmp_path / "o")
    again.open()
    parts = replayed(again)
    assert [(part.segment, part.scanned) for part in parts] == [(1, False), (2, True)]
    assert parts[0].digests == digests


def test_the_two_purposes_count_their_segments_together(log: Log) -> None:
    assert [
        put(log, b"e")[0],
        put(log, b"t", Purpose.TEXT)[0],
        put(log, b"e")[0],
        put(log, b"t", Purpose.TEXT)[0],
    ] == [1, 2, 1, 2]
    assert log.numbers(Purpose.TEXT) == (2,)
    fill_segment(log)
    assert log.numbers() == (1, 2, 3)


def test_what_is_longer_than_a_segment_gets_one_of_its_own_length(log: Log) -> None:
    put(log, b"short")
    place = put(log, bytes(700_000))
    assert place[0] == 2
    assert log.bytes_of(2) == 768 << 10
    assert len(content_at(log, place)) == 700_000
    log.close_segment(Purpose.EVENTS)
    log.retire(2)
    assert put(log, b"next")[0] == 3


def test_a_group_that_outgrew_its_estimate_does_not_fit_and_is_built_anew(log: Log) -> None:
    put(log, bytes(100_000))
    place = log.place(100)
    group = group_for(log, place, bytes(200_000))
    assert not log.fits(group)
    place = log.place(group.size + len(group.digests()))
    assert place.offset == 0
    group = group_for(log, place, bytes(200_000))
    assert log.fits(group)
    log.write(group)
    place = log.place(100)
    group = group_for(log, place, bytes(400_000))
    assert not log.fits(group)


def test_the_end_of_a_segment_is_kept_for_settlements(log: Log) -> None:
    fill_segment(log)
    put(log, bytes(190_000))
    assert log.place(40_000).offset == 0
    assert log.place(20_000, settlements=True)[0] == 2


def test_numbers_are_never_given_twice(log: Log, tmp_path: Path) -> None:
    fill_segment(log)
    fill_segment(log)
    log.keep_mark(Mark(seq=9))
    log.close_segment(Purpose.EVENTS)
    for number in log.numbers():
        log.retire(number)
    log.close()
    highest = 3
    assert names(tmp_path / "o") == ["lock", "mark", "spare.log"]
    again = opened(tmp_path / "o")
    assert again.store_id == log.store_id
    assert put(again, b"x")[0] == highest + 1
    again.close_segment(Purpose.EVENTS)
    again.retire(highest + 1)
    again.close()
    (tmp_path / "o" / "mark").unlink()
    third = opened(tmp_path / "o")
    assert put(third, b"x")[0] == highest + 2  # as the header of the spare file tells


def test_a_file_used_again_shows_nothing_of_its_former_life(log: Log, tmp_path: Path) -> None:
    fill_segment(log, b"former" * 1_000)
    log.retire(1)
    inode = (tmp_path / "o" / "spare.log").stat().st_ino
    log.close_segment(Purpose.EVENTS)
    place = put(log, b"later")
    assert (tmp_path / "o" / "events-0000000003.log").stat().st_ino == inode
    log.close()
    again = log_at(tmp_path / "o")
    again.open()
    last = replayed(again)[-1]
    assert last.segment == 3
    assert len(last.digests) < 200
    assert last.broken == ()
    assert content_at(again, place) == b"later"
    with pytest.raises(DamagedError, match="segment 1 is not there"):
        again.read(1, 0, 64)


def test_a_damaged_frame_is_said_to_be_and_its_neighbours_are_read(
    log: Log, tmp_path: Path
) -> None:
    places = [put(log, bytes([n]) * 5_000) for n in (1, 2, 3)]
    log.close()
    file = tmp_path / "o" / "events-0000000001.log"
    with file.open("r+b") as opened_file:
        opened_file.seek(places[1][1] + 100)
        opened_file.write(b"!")
    again = log_at(tmp_path / "o")
    again.open()
    (part,) = replayed(again)
    assert part.broken == ((places[1][1], places[2][1]),)
    assert content_at(again, places[0])[0] == 1
    assert content_at(again, places[2])[0] == 3
    with pytest.raises(DamagedError, match="segment 1 is damaged at"):
        content_at(again, places[1])
    assert put(again, b"behind")[1] > places[2][1]


def test_a_broken_directory_and_a_broken_header_are_read_over(log: Log, tmp_path: Path) -> None:
    places = fill_segment(log)
    digests = log.digests(1)
    found = log.directory(1)
    assert found is not None
    log.close()
    file = tmp_path / "o" / "events-0000000001.log"
    whole = file.read_bytes()
    for harm in (found[0] + 20, SEGMENT_BYTES - 5, 20):
        file.write_bytes(whole[:harm] + b"\xff" + whole[harm + 1 :])
        again = log_at(tmp_path / "o")
        again.open()
        first, _ = replayed(again)
        assert first.scanned
        assert first.digests == digests
        assert content_at(again, places[3]) == bytes(10_000)
        again.close()


def test_half_a_copy_is_read_as_far_as_it_goes_and_not_written_on(log: Log, tmp_path: Path) -> None:
    places = [put(log, bytes([n]) * 5_000) for n in (1, 2, 3)]
    log.close()
    os.truncate(tmp_path / "o" / "events-0000000001.log", places[2][1] + 40)
    again = log_at(tmp_path / "o")
    again.open()
    (part,) = replayed(again)
    assert part.cut_short == SEGMENT_BYTES - places[2][1] - 40
    assert content_at(again, places[1])[0] == 2
    with pytest.raises(DamagedError, match="ends before"):
        content_at(again, places[2])
    assert put(again, b"next")[0] == 2


def test_two_of_one_number_and_those_of_another_store_go_aside_and_are_counted(
    tmp_path: Path,
) -> None:
    ours, theirs = opened(tmp_path / "o"), opened(tmp_path / "other")
    fill_segment(ours)
    fill_segment(theirs)
    fill_segment(theirs)
    ours.keep_mark(Mark(seq=1))
    ours.close()
    theirs.close()
    folder = tmp_path / "o"
    (tmp_path / "other" / "events-0000000003.log").rename(folder / "events-0000000009.log")
    copy = (folder / "events-0000000001.log").read_bytes()
    (folder / "events-0000000001 (copy).log").write_bytes(copy)
    again = opened(folder)
    assert again.store_id == ours.store_id
    assert again.numbers() == (1, 2)
    assert again.set_aside == (
        "events-0000000001 (copy).log was moved to set-aside/1: segment 1 is there twice",
        "events-0000000009.log was moved to set-aside/1: it is of another store",
    )
    assert names(folder / "set-aside" / "1") == [
        "events-0000000001 (copy).log",
        "events-0000000009.log",
    ]
    again.close()
    again = opened(folder)
    assert again.set_aside == ()
    assert again.erase_set_aside() == 2
    assert names(folder / "set-aside") == []


def test_of_two_the_whole_one_counts(log: Log, tmp_path: Path) -> None:
    places = fill_segment(log)
    log.close()
    file = tmp_path / "o" / "events-0000000001.log"
    (tmp_path / "o" / "events-0000000001.bak.log").write_bytes(file.read_bytes())
    os.truncate(file, 70_000)
    again = opened(tmp_path / "o")
    assert len(again.set_aside) == 1
    assert content_at(again, places[-2]) == bytes(10_000)


def test_three_sets_are_kept_aside(tmp_path: Path) -> None:
    opened(tmp_path / "o").close()
    for turn in range(5):
        other = opened(tmp_path / f"other-{turn}")
        put(other, b"x")
        other.close()
        ours = opened(tmp_path / "o")
        put(ours, b"x")
        ours.keep_mark(Mark())
        ours.close()
        (tmp_path / f"other-{turn}" / "events-0000000001.log").rename(
            tmp_path / "o" / "events-0000009999.log"
        )
        opened(tmp_path / "o").close()
    assert names(tmp_path / "o" / "set-aside") == ["3", "4", "5"]


def test_a_second_log_of_this_process_or_of_another_is_refused(log: Log, tmp_path: Path) -> None:
    second = log_at(tmp_path / "o")
    with pytest.raises(OutboxError, match=f"held by process {os.getpid()}: one engine at a time"):
        second.open()
    put(log, b"still ours")
    log.close()
    second.open()


def test_read_only_reads_and_changes_nothing(log: Log, tmp_path: Path) -> None:
    place = put(log, b"seen")
    log.close()
    folder = tmp_path / "o"
    (folder / "lock").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    reader = log_at(folder, read_only=True)
    reader.open()
    assert len(replayed(reader)) == 1
    assert content_at(reader, place) == b"seen"
    reader.keep_mark(Mark(seq=7))
    reader.close()
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    with pytest.raises(OutboxError, match="there is no outbox"):
        log_at(tmp_path / "none", read_only=True).open()
    assert not (tmp_path / "none").exists()


def test_it_is_known_since_when_the_disk_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened(tmp_path / "o")
    seen: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda _: seen.append(log.since_ns))
    assert log.since_ns == 0
    put(log, b"x")
    assert seen[0] > 0
    assert log.since_ns == 0
