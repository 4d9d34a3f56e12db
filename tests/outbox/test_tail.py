"""The end of the log: one flush a group, and a flush that failed is not believed."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import Durability
from cammra_edge.outbox import segment
from cammra_edge.outbox.log import Log, Purpose, StorageError
from cammra_edge.outbox.segment import make
from tests.fakes import new_event
from tests.outbox.conftest import Bench
from tests.outbox.logs import SEGMENT_BYTES, content_at, group_for, opened, put

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return opened(tmp_path / "o")


def test_a_flush_that_failed_is_not_believed(
    log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good = put(log, b"good")
    with monkeypatch.context() as ill:
        ill.setattr(os, "fdatasync", failing)
        with pytest.raises(StorageError, match=r"cannot write segment 1: the disk fails"):
            put(log, b"lost")
    assert log.trouble == "cannot write segment 1: the disk fails (input/output error)"
    log.heal()
    assert log.trouble
    again = put(log, b"again")
    assert again[0] == 2
    assert log.trouble == ""
    assert log.directory(1) is not None
    log.close()
    third = opened(tmp_path / "o")
    assert content_at(third, good) == b"good"
    assert content_at(third, again) == b"again"
    assert len(third.digests(1)) < len(third.digests(2)) + 10


def test_a_segment_that_is_given_back_saves_allocating_the_next(
    log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[Path] = []

    def counted(path: Path, size_bytes: int) -> segment.Handle:
        made.append(path)
        return make(path, size_bytes)

    monkeypatch.setattr(segment, "make", counted)
    begun = []
    for turn in range(5):
        log.close_segment(Purpose.EVENTS)
        place = log.place(1000)
        log.write(group_for(log, place, b"x"))
        if turn > 1:
            log.retire(place.segment - 1)
        log.have_spare()
        begun.append(len(made))
        assert (tmp_path / "o" / "spare.log").stat().st_size == SEGMENT_BYTES
    assert begun == [2, 3, 3, 3, 3]


def failing(_: int) -> None:
    raise OSError(5, "Input/output error")


def test_a_process_is_safe_without_a_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdatasync", failing)
    log = opened(tmp_path / "o", durability=Durability.PROCESS)
    place = put(log, b"x")
    log.close()
    assert content_at(opened(tmp_path / "o", durability=Durability.PROCESS), place) == b"x"


def test_one_flush_a_group_one_more_a_segment_and_none_for_settlements(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushes: list[str] = []
    monkeypatch.setattr(os, "fdatasync", lambda _: flushes.append("data"))
    monkeypatch.setattr(os, "fsync", lambda _: flushes.append("folder"))
    put(log, b"first")
    assert flushes == ["data", "folder"]
    put(log, b"second")
    put(log, b"settled", flush=False)
    assert flushes == ["data", "folder", "data"]
    log.close_segment(Purpose.EVENTS)
    put(log, b"settled", flush=False)
    assert flushes[3:] == ["data"]  # no file has its name before what is in it is safe
    put(log, b"third")
    assert flushes[4:] == ["data", "folder"]


def test_a_write_that_fails_in_the_middle_is_written_again_elsewhere(log: Log) -> None:
    """A limit on the length of files makes write(2) fail for real, as a failing device does."""
    first = put(log, b"first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(StorageError, match="files may not be that long here"):
            put(log, bytes(30_000))
        with pytest.raises(StorageError):
            put(log, bytes(30_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    second = put(log, bytes(30_000))
    assert second[0] > first[0]
    assert content_at(log, first) == b"first"
    assert content_at(log, second) == bytes(30_000)


def test_a_place_of_before_the_failure_is_refused(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(log, b"first")
    late = group_for(log, log.place(100), b"late")
    with monkeypatch.context() as ill:
        ill.setattr(os, "fdatasync", failing)
        with pytest.raises(StorageError):
            put(log, b"lost")
    with pytest.raises(StorageError, match="its place was given up"):
        log.write(late)


def test_what_is_longer_than_a_segment_gets_one_of_its_own_length(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_bytes=64 * SEGMENT_BYTES)
    bench.outbox.put([new_event(1, image=bytes(20 << 20))])
    longest = max(file.stat().st_size for file in bench.path.iterdir())
    bench.outbox.close()
    assert 20 << 20 < longest < 21 << 20


def test_files_held_for_readers_make_way_where_descriptors_are_few(log: Log) -> None:
    """The log's own readers must not keep it from writing, for ever, where a process may have few files open."""
    places = []
    for n in range(12):
        log.close_segment(Purpose.EVENTS)
        places.append(put(log, bytes([n]) * 100))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    blockers = []
    try:
        with contextlib.suppress(OSError):
            while True:
                blockers.append(os.dup(0))
        log.close_segment(Purpose.EVENTS)
        places.append(put(log, bytes([12]) * 100))
    finally:
        for fd in blockers:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [content_at(log, place)[0] for place in places] == list(range(13))
