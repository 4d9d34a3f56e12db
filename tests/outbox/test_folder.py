"""What is at the path: made private, taken up, or refused without a change."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.folder import Folder, found_at
from cammra_edge.outbox.mark import Mark
from cammra_edge.storing import LogGroup
from tests.descriptors import open_files
from tests.outbox.logs import SEGMENT_BYTES, fill_segment, log_at, opened, put

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_OURS = "this is not an outbox of cammra_edge"


def text_file(path: Path) -> None:
    path.write_text("my notes\n")


def read_only_file(path: Path) -> None:
    path.write_text("mine\n")
    path.chmod(0o444)


def empty_file(path: Path) -> None:
    path.touch()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def other_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("create table t (x)")
    database.commit()
    database.close()


def old_outbox(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript(f"pragma application_id = {0x43454F58}; create table events (x);")
    database.close()


def other_folder(path: Path) -> None:
    path.mkdir()
    (path / "letter.txt").write_text("Dear")


def folder_with_a_log_of_others(path: Path) -> None:
    path.mkdir()
    (path / "events-0000000001.log").write_text("12:00 started\n" * 9_000)


def folder_with_another_lock(path: Path) -> None:
    path.mkdir()
    (path / "lock").write_text("4711\n")


def folder_with_another_mark(path: Path) -> None:
    path.mkdir()
    (path / "mark").write_text("x" * 5_000)
    (path / "more").touch()


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def link_to_a_file(path: Path) -> None:
    path.with_name("file").write_text("mine")
    path.symlink_to(path.with_name("file"))


def newer_version(path: Path) -> None:
    log = opened(path)
    put(log, b"x")
    log.close()
    file = path / "events-0000000001.log"
    file.write_bytes(_of_format_2(log.store_id) + file.read_bytes()[64:])


def _of_format_2(store_id: bytes) -> bytes:
    """A header as a later version may write it."""
    group = LogGroup(store_id, 1, 0)
    group.header(0, SEGMENT_BYTES)
    header = bytearray(b"".join(group.buffers()))
    at = header.index(store_id) - 3
    assert header[at : at + 2] == b"\1\0"
    header[at] = 2
    return bytes(header)


REFUSED: list[tuple[Callable[[Path], None], str]] = [
    (text_file, NOT_OURS),
    (read_only_file, NOT_OURS),
    (empty_file, NOT_OURS),
    (pipe, NOT_OURS),
    (other_database, NOT_OURS),
    (old_outbox, "this is an outbox of cammra_edge before 0.1; deliver what is in it with that"),
    (other_folder, NOT_OURS),
    (folder_with_a_log_of_others, NOT_OURS),
    (folder_with_another_lock, NOT_OURS),
    (folder_with_another_mark, NOT_OURS),
    (link_to_nothing, "this is a link to nothing"),
    (link_to_a_file, NOT_OURS),
]


def seen(folder: Path) -> list[tuple[str, int, int, str]]:
    """Names, modes, times and contents of all that is there."""
    return [
        (
            str(path),
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    ]


@pytest.mark.parametrize(("lay_down", "sentence"), REFUSED)
@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_not_ours_is_refused_without_a_change(
    tmp_path: Path, lay_down: Callable[[Path], None], sentence: str, *, read_only: bool
) -> None:
    path = tmp_path / "outbox"
    lay_down(path)
    before = seen(tmp_path)
    with pytest.raises(OutboxError) as refused:
        log_at(path, read_only=read_only).open()
    assert str(refused.value).startswith(f"{path}: {sentence}")
    assert seen(tmp_path) == before


def test_a_folder_that_holds_nothing_is_taken(tmp_path: Path) -> None:
    (tmp_path / "o").mkdir(mode=0o755)
    (tmp_path / "o" / "lost+found").mkdir()
    log = opened(tmp_path / "o")
    assert log.began_empty
    put(log, b"x")
    log.close()
    (tmp_path / "o" / "notes.txt").write_text("of the user, and left alone")
    assert not opened(tmp_path / "o").began_empty
    assert (tmp_path / "o" / "notes.txt").exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_nobody_but_the_owner_gets_in_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        log = opened(tmp_path / "o")
        fill_segment(log)
        log.keep_mark(Mark(seq=1))
        log.close()
    finally:
        os.umask(before)
    assert modes(tmp_path / "o") == {
        "o": 0o700,
        "lock": 0o600,
        "mark": 0o600,
        "spare.log": 0o600,
        "events-0000000001.log": 0o600,
        "events-0000000002.log": 0o600,
    }


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.iterdir())}


def test_an_outbox_that_others_could_read_is_tightened(tmp_path: Path) -> None:
    log = opened(tmp_path / "o")
    put(log, b"x")
    log.close()
    for path in (tmp_path / "o").iterdir():
        path.chmod(0o644)
    (tmp_path / "o").chmod(0o755)
    (tmp_path / "o" / "notes.txt").touch(mode=0o644)
    opened(tmp_path / "o")
    assert modes(tmp_path / "o") == {
        "o": 0o700,
        "lock": 0o600,
        "spare.log": 0o600,
        "events-0000000001.log": 0o600,
        "notes.txt": 0o644,
    }


def test_a_folder_moved_or_replaced_is_not_in_place(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "o")
    assert folder.in_place
    (tmp_path / "o").rename(tmp_path / "away")
    assert not folder.in_place
    (tmp_path / "o").mkdir()
    assert not folder.in_place
    (tmp_path / "o").rmdir()
    (tmp_path / "away").rename(tmp_path / "o")
    assert folder.in_place
    (tmp_path / "o" / "lock").unlink()
    assert not folder.in_place
    folder.close()


def test_what_is_damaged_all_over_is_ours_all_the_same_and_goes_aside(tmp_path: Path) -> None:
    log = opened(tmp_path / "o")
    for _ in range(3):
        put(log, b"x" * 5_000)
    log.close()
    with (tmp_path / "o" / "events-0000000001.log").open("r+b") as file:
        file.write(bytes(4_096))
    assert len(found_at(tmp_path / "o").segments) == 1
    again = opened(tmp_path / "o")
    assert not again.began_empty
    assert again.numbers() == ()
    assert again.set_aside == (
        "events-0000000001.log was moved to set-aside/1: nothing tells whose it is",
    )


def test_a_header_is_not_needed_while_the_mark_tells_whose_it_is(tmp_path: Path) -> None:
    log = opened(tmp_path / "o")
    put(log, b"x" * 5_000)
    log.keep_mark(Mark(seq=1))
    log.close()
    with (tmp_path / "o" / "events-0000000001.log").open("r+b") as file:
        file.write(bytes(50))
    again = opened(tmp_path / "o")
    assert again.numbers() == (1,)
    assert len(again.digests(1)) > 0


def test_a_disk_that_refuses_in_the_middle_leaves_nothing_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries again every second must find the lock free."""

    def refuses(_: Folder) -> None:
        raise OSError(errno.EIO, "Input/output error")

    Folder(tmp_path / "o").close()
    before = open_files()
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "_tighten", refuses)
        with pytest.raises(OSError, match="Input/output"):
            Folder(tmp_path / "o")
    assert not open_files() - before
    Folder(tmp_path / "o").close()


def test_a_relative_path_means_the_folder_that_it_meant_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine may be part of a program that changes its working directory."""
    monkeypatch.chdir(tmp_path)
    log = opened(Path("o"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    put(log, b"x" * 5_000)
    assert log.look()
    log.close()
    assert os.listdir(tmp_path / "elsewhere") == []  # noqa: PTH208 - names only
    assert opened(tmp_path / "o").numbers() == (1,)
