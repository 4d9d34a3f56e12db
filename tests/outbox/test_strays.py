"""What bears a name of ours and is none of ours is neither written to, nor waited for, nor a hindrance."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import EventKind
from cammra_edge.outbox.folder import Folder
from tests.fakes import new_event
from tests.outbox.conftest import Bench
from tests.outbox.logs import SEGMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRECIOUS = b"precious" * (SEGMENT_BYTES // 8)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "precious").write_bytes(PRECIOUS)


def link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "precious")


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent.parent / "nothing")


STRAYS = [pipe, folder, link, link_to_nothing]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """With the shortest segments, so that some are begun."""
    made = Bench(tmp_path, max_bytes=64 * SEGMENT_BYTES)
    yield made
    made.outbox.close()


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_bytes(PRECIOUS)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("name", ["mark", "spare.log", "fresh.log"])
@pytest.mark.parametrize("stray", STRAYS)
def test_something_else_under_the_name_of_a_file_is_no_hindrance(
    bench: Bench, precious: Path, name: str, stray: Callable[[Path], None]
) -> None:
    bench.outbox.put([new_event(1)])
    bench.outbox.close()
    (bench.path / name).unlink(missing_ok=True)
    stray(bench.path / name)
    outbox = bench.open()
    for n in range(2, 40):
        outbox.put([new_event(n, image=bytes(50_000), kind=EventKind.LOST)])
        assert outbox.status().trouble == ""
    assert bench.reopen().waiting(1).events == 39
    assert precious.read_bytes() == PRECIOUS
    assert precious.stat().st_mode & 0o777 == 0o644
    assert not (precious.parent / "nothing").exists()


def test_erasing_what_was_set_aside_follows_no_link(bench: Bench, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "1").mkdir(parents=True)
    (elsewhere / "1" / "precious").write_bytes(PRECIOUS)
    (bench.path / "set-aside").symlink_to(elsewhere)
    bench.outbox.history.erase(everything=True)
    assert (elsewhere / "1" / "precious").read_bytes() == PRECIOUS


def test_strays_among_what_was_set_aside_do_not_keep_it_from_being_erased(bench: Bench) -> None:
    aside = bench.path / "set-aside"
    (aside / "1" / "folder").mkdir(parents=True)
    os.mkfifo(aside / "1" / "pipe")
    (aside / "1" / "events-0000000001.log").write_bytes(b"1AB0001")
    (aside / "2").write_bytes(b"a file")
    (aside / "\u00b2").mkdir()
    bench.outbox.history.erase(everything=True)
    assert not (aside / "1" / "events-0000000001.log").exists()
    assert (aside / "2").read_bytes() == b"a file"


@pytest.mark.parametrize("stray", [*STRAYS, Path.touch])
def test_what_is_moved_aside_finds_a_place(
    tmp_path: Path, precious: Path, stray: Callable[[Path], None]
) -> None:
    path = tmp_path / "o"
    held = Folder(path)
    stray(path / "set-aside")
    first = held.move_aside(())
    (path / "set-aside" / "2").touch()
    assert (first, held.move_aside(())) == ("set-aside/1", "set-aside/3")
    assert precious.read_bytes() == PRECIOUS
    held.close()
