"""Commands leave alone what is not theirs: whatever lies at the path, not one byte of it changes.

Compared are content, times, modes and names of all that lies there, before and after.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zlib
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.config.saved import page_folder_beside
from cammra_edge.receiver import Answer, Receiver
from tests.cli.scripts import write_recording, write_script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Said = pytest.CaptureFixture[str]

SHOWING = (
    ["status"],
    ["status", "--metrics"],
    ["parked", "list"],
    ["parked", "show", "--seq", "1"],
    ["parked", "export"],
    ["events"],
    ["search"],
    ["outbox", "check"],
)
NOTED = {("parked", "show"), ("parked", "export")}
"""Those of them that hand events out, and have a line in the audit log beside the outbox."""
CHANGING = (
    ["parked", "retry"],
    ["parked", "discard", "--all"],
    ["outbox", "give"],
    ["erase", "--all", "--yes"],
)
NOT_OURS = "this is not an outbox of cammra_edge"
NONE = "there is no outbox"


def words(command: list[str], where: Path, to: Path) -> list[str]:
    """The command about this path; `export` writes elsewhere."""
    head = 1 if command[0] in {"status", "events", "search", "erase"} else 2
    more = ["--to", str(to)] if command[1:] == ["export"] else []
    more += ["gate", "barrier"] if command[1:] == ["give"] else []
    return [*command[:head], str(where), *command[head:], *more]


def traces(where: Path) -> dict[str, tuple[object, ...]]:
    """All that can be seen of a path and what is in it."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted([where, *where.rglob("*")], key=str):
        try:
            status = path.lstat()
        except OSError:
            continue
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (
            status.st_ino,
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            content,
        )
    return found


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with two parked deliveries and two delivered ones."""
    folder = tmp_path_factory.mktemp("stored")
    recording = write_recording(folder / "r", vehicles=1)
    with Receiver() as receiver:
        receiver.answer(Answer(413), times=2)
        script = write_script(folder / "camera.py", receiver.http_url, outbox=folder / "outbox")
        replay = ["replay", str(recording), "--config", str(script), "--speed", "max"]
        assert main(replay) == Exit.UNDELIVERED
    return folder / "outbox"


def a_text_file(where: Path, _: Path) -> None:
    where.write_text("my notes\n")


def a_file_that_nobody_may_write(where: Path, _: Path) -> None:
    where.write_bytes(os.urandom(8192))
    where.chmod(0o444)


def another_programs_database(where: Path, _: Path) -> None:
    with sqlite3.connect(where) as database:
        database.execute("create table events (seq integer)")
        database.execute("insert into events values (1)")
    database.close()


def an_empty_file(where: Path, _: Path) -> None:
    where.touch()


def a_folder(where: Path, _: Path) -> None:
    where.mkdir(mode=0o755)
    (where / "photo.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    (where / "lock").write_text("mine")


def an_empty_folder(where: Path, _: Path) -> None:
    where.mkdir(mode=0o755)


def nothing(_: Path, __: Path) -> None:
    pass


def a_link_to_nothing(where: Path, _: Path) -> None:
    where.symlink_to(where.with_name("elsewhere"))


def a_link_to_a_file(where: Path, _: Path) -> None:
    notes = where.with_name("notes.txt")
    notes.write_text("my notes\n")
    where.symlink_to(notes)


def a_link_to_itself(where: Path, _: Path) -> None:
    where.symlink_to(where)


def a_link_to_a_device(where: Path, _: Path) -> None:
    where.symlink_to(os.devnull)


def a_pipe(where: Path, _: Path) -> None:
    os.mkfifo(where)


def a_folder_that_nobody_may_enter(where: Path, _: Path) -> None:
    where.mkdir(mode=0)


def a_folder_full_of_other_things(where: Path, _: Path) -> None:
    (where / "deeper" / "set-aside").mkdir(parents=True)
    (where / "events.log").write_text("my own log\n")
    (where / "events-0000000001.log").write_text("another program's log\n")
    (where / "mark").write_text("here")
    (where / "socket").symlink_to("nowhere")
    os.mkfifo(where / "spare.log")


def a_segment_alone(where: Path, stored: Path) -> None:
    shutil.copy2(next(stored.glob("events-*.log")), where)


def a_store_of_a_newer_version(where: Path, stored: Path) -> None:
    shutil.copytree(stored, where)
    for segment in where.glob("events-*.log"):
        content = bytearray(segment.read_bytes())
        length = int.from_bytes(content[8:12], "little")
        payload = content[16 : 16 + length]
        payload[:2] = (int.from_bytes(payload[:2], "little") + 1).to_bytes(2, "little")
        seed = zlib.crc32(bytes(32) + content[4:5] + content[8:12])
        content[12:16] = zlib.crc32(payload, seed).to_bytes(4, "little")
        content[16 : 16 + length] = payload
        segment.write_bytes(content)


PLACES: dict[Callable[[Path, Path], None], str] = {
    a_text_file: NOT_OURS,
    a_file_that_nobody_may_write: NOT_OURS,
    another_programs_database: NOT_OURS,
    an_empty_file: NOT_OURS,
    a_folder: NOT_OURS,
    an_empty_folder: NONE,
    nothing: NONE,
    a_link_to_nothing: "this is a link to nothing",
    a_link_to_a_file: NOT_OURS,
    a_link_to_itself: "",
    a_link_to_a_device: NOT_OURS,
    a_pipe: NOT_OURS,
    a_folder_that_nobody_may_enter: NONE if os.geteuid() == 0 else "this user may not",
    a_folder_full_of_other_things: NOT_OURS,
    a_segment_alone: NOT_OURS,
    a_store_of_a_newer_version: "a newer cammra_edge wrote this outbox",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("command", [*SHOWING, *CHANGING], ids=" ".join)
def test_what_is_not_ours_is_told_and_left_alone(
    command: list[str],
    place: Callable[[Path, Path], None],
    tmp_path: Path,
    stored: Path,
    capsys: Said,
) -> None:
    where = tmp_path / "there" / "outbox"
    where.parent.mkdir()
    place(where, stored)
    before = traces(where.parent)
    assert main(words(command, where, tmp_path / "to")) == Exit.OUTBOX
    (line,) = capsys.readouterr().err.splitlines()
    assert str(where) in line
    assert PLACES[place] in line
    assert traces(where.parent) == before
    assert not (tmp_path / "to").exists()


def still(_: Path) -> AbstractContextManager[object]:
    return nullcontext()


def running(stored: Path) -> AbstractContextManager[object]:
    script = write_script(stored.parent / "running.py", "http://127.0.0.1:9/", outbox=stored)
    return load_script(script).engine.running(live=False)


@pytest.mark.parametrize("engine", [still, running])
@pytest.mark.parametrize("command", SHOWING, ids=" ".join)
def test_looking_at_an_outbox_of_ours_changes_nothing(
    command: list[str],
    engine: Callable[[Path], AbstractContextManager[object]],
    tmp_path: Path,
    stored: Path,
    capsys: Said,
) -> None:
    where = tmp_path / "there" / "outbox"
    where.parent.mkdir()
    shutil.copytree(stored, where)
    (row, *_) = parked_of(where, capsys)
    seq = str(row["seq"])
    asked = [seq if word == "1" else word for word in words(command, where, tmp_path / "to")]
    with engine(where):
        before = traces(where)
        assert main(asked) == Exit.OK
        assert traces(where) == before  # beside it, the audit log may have its line
    assert capsys.readouterr().out


def parked_of(where: Path, capsys: Said) -> list[dict[str, object]]:
    assert main(["parked", "list", str(where), "--json"]) == Exit.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("command", SHOWING, ids=" ".join)
def test_an_outbox_that_may_only_be_read_is_read(
    command: list[str], tmp_path: Path, stored: Path, capsys: Said
) -> None:
    where = tmp_path / "there" / "outbox"
    where.parent.mkdir()
    shutil.copytree(stored, where)
    (row, *_) = parked_of(where, capsys)
    asked = words(command, where, tmp_path / "to")
    asked = [str(row["seq"]) if word == "1" else word for word in asked]
    for path in (*where.rglob("*"), where, where.parent):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = traces(where.parent)
    try:
        assert main(asked) == Exit.OK
        after = traces(where.parent)
        if tuple(command[:2]) in NOTED:  # by root, who may write all the same
            page = str(page_folder_beside(where))
            after = {path: seen for path, seen in after.items() if not path.startswith(page)}
            del before[str(where.parent)], after[str(where.parent)]
        assert after == before
    finally:
        for path in (where.parent, where):
            path.chmod(0o755)
