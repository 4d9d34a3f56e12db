"""`kill -9` at every call that changes the folder, and power cuts: what was written is there, and numbers go on."""

from __future__ import annotations

import fcntl
import itertools
import os
import signal
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.finding import journaled_disk, mount_loop, unmount
from tests.outbox.logs import content_at, opened, put
from tests.servers import require_program

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.outbox.log import Log

WRITER = """
import sys
from pathlib import Path
from cammra_edge.outbox.log import Purpose
from tests.outbox.logs import opened, put
log = opened(Path(sys.argv[1]))
first, count = int(sys.argv[2]), int(sys.argv[3])
for number in range(first, first + count):
    place = put(log, b"%09d" % number * 4_000)
    print("stored", number, *place, flush=True)
    numbers = log.numbers()
    if len(numbers) > 3:
        log.retire(numbers[0])
        print("retired", numbers[0], flush=True)
"""
COUNT = 40
CALLS = ("/^pwritev2?$", "fdatasync", "fsync", "rename", "fallocate")
GOING_DOWN = 0x8004587D
WITHOUT_FLUSH = struct.pack("I", 2)


def run_writer(folder: Path, first: int, *inject: str) -> subprocess.CompletedProcess[str]:
    python = [os.path.realpath(sys.executable), "-c", WRITER, str(folder), str(first), str(COUNT)]
    return subprocess.run(
        [*inject, *python],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


class Book:
    """What the writers said that they stored, and where."""

    def __init__(self) -> None:
        self.stored: dict[int, tuple[int, int, int]] = {}

    def note(self, lines: str) -> None:
        for word, *numbers in map(str.split, lines.splitlines()):
            if word == "stored":
                number, *place = map(int, numbers)
                self.stored[number] = (place[0], place[1], place[2])
            else:
                gone = int(numbers[0])
                self.stored = {
                    number: place for number, place in self.stored.items() if place[0] != gone
                }

    def lost(self, log: Log) -> list[int]:
        return [
            number
            for number, place in self.stored.items()
            if content_at(log, place) != b"%09d" % number * 4_000
        ]


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_any_call_loses_nothing_and_numbers_go_on(tmp_path: Path, call: str) -> None:
    strace = require_program("strace", apt="strace")
    book = Book()
    folder = tmp_path / "o"
    kills = highest = 0
    for first, step in zip(itertools.count(1, COUNT), (1, 2, 3, 5, 8, 9), strict=False):
        inject = f"inject={call}:signal=SIGKILL:when={step}"
        done = run_writer(
            folder,
            first,
            strace,
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            f"trace={call}",
            "-e",
            inject,
        )
        kills += done.returncode == -signal.SIGKILL
        book.note(done.stdout)
        with_log = opened(folder)
        assert book.lost(with_log) == []
        assert max(with_log.numbers(), default=0) >= highest
        highest = max(with_log.numbers(), default=0)
        with_log.close()
    assert kills > 0


def test_a_start_writes_nothing_into_what_it_reads(tmp_path: Path) -> None:
    run_writer(tmp_path / "o", 1)
    before = {path.name: path.read_bytes() for path in (tmp_path / "o").iterdir()}
    opened(tmp_path / "o").close()
    assert {path.name: path.read_bytes() for path in (tmp_path / "o").iterdir()} == before


def test_a_power_cut_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    with journaled_disk(tmp_path) as disk:
        stored: dict[int, tuple[int, int, int]] = {}
        for turn in range(4):
            log = opened(disk / "o")
            for number in range(turn * 100, turn * 100 + 17 + turn * 9):
                stored[number] = put(log, b"%09d" % number * 2_000)
            put(log, b"a settlement", flush=False)
            fd = os.open(disk, os.O_RDONLY)
            fcntl.ioctl(fd, GOING_DOWN, WITHOUT_FLUSH)
            os.close(fd)
            log.close()
            unmount(disk)
            mount_loop(tmp_path / "disk.img", disk)
            log = opened(disk / "o")
            for number, place in stored.items():
                assert content_at(log, place) == b"%09d" % number * 2_000
            log.close()
