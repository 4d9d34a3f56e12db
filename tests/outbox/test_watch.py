"""The watch: tells of what may have gone, at once, and sleeps otherwise."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox import kernel
from cammra_edge.outbox.lock import ProcessLock
from cammra_edge.outbox.watch import Watch
from tests.descriptors import open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOON_S = 20.0
QUIET_S = 0.3


class Told:
    """How often something was told."""

    def __init__(self) -> None:
        self._again = threading.Semaphore(0)

    def tell(self) -> None:
        self._again.release()

    def within(self, seconds: float) -> bool:
        """Is it told within this time? What was told with it counts as one."""
        if not self._again.acquire(timeout=seconds):
            return False
        while self._again.acquire(timeout=QUIET_S):
            pass
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "above" / "o"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def lock(folder: Path) -> Iterator[ProcessLock]:
    lock = ProcessLock(folder)
    yield lock
    lock.release()


@pytest.fixture
def told(folder: Path, lock: ProcessLock) -> Iterator[Told]:
    told = Told()
    watch = Watch(folder, lock, told.tell)
    yield told
    watch.close()
    watch.close()


def test_a_file_removed_is_told(told: Told, folder: Path) -> None:
    (folder / "events-0000000001.log").touch()
    (folder / "events-0000000001.log").write_bytes(b"x")
    assert not told.within(QUIET_S)
    (folder / "events-0000000001.log").unlink()
    assert told.within(SOON_S)


def test_a_folder_removed_is_told(told: Told, folder: Path) -> None:
    (folder / "lock").unlink()
    folder.rmdir()
    assert told.within(SOON_S)


def test_a_folder_moved_is_told_however_far_above(told: Told, folder: Path) -> None:
    folder.rename(folder.with_name("away"))
    assert told.within(SOON_S)
    folder.parent.rename(folder.parent.with_name("far away"))
    assert told.within(SOON_S)


def test_a_mount_over_it_is_told(told: Told, folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)
    try:
        assert told.within(SOON_S)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert told.within(SOON_S)


def test_a_lock_dropped_by_a_close_is_taken_again_and_not_told(
    told: Told, folder: Path, lock: ProcessLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = threading.Event()
    renew = lock.renew

    def renew_and_say() -> bool:
        renewed.set()
        return renew()

    monkeypatch.setattr(lock, "renew", renew_and_say)
    (folder / "lock").read_bytes()
    assert renewed.wait(SOON_S)
    assert not told.within(QUIET_S)
    monkeypatch.setattr(lock, "renew", lambda: False)
    (folder / "lock").read_bytes()
    assert told.within(SOON_S)


def test_nothing_is_told_of_what_goes_on_elsewhere(told: Told, folder: Path) -> None:
    (folder.parent / "beside").touch()
    (folder.parent / "beside").unlink()
    (folder.parent / "beside").mkdir()
    (folder.parent / "beside").rmdir()
    assert not told.within(QUIET_S)


@pytest.mark.alone  # the kernel wakes it for every mount there is
def test_it_sleeps_while_nothing_happens(folder: Path, lock: ProcessLock) -> None:
    told = Told()
    watch = Watch(folder, lock, told.tell)
    assert not told.within(QUIET_S)
    before = wakes_of(watch._thread)
    assert not told.within(2.0)
    assert wakes_of(watch._thread) == before
    watch.close()


def wakes_of(thread: threading.Thread) -> list[str]:
    """How often the kernel let this thread run, and let others run instead."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii")
    return [line for line in status.splitlines() if "ctxt_switches" in line]


def test_without_inotify_mounts_are_told_all_the_same(
    folder: Path, lock: ProcessLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_library", None)
    told = Told()
    watch = Watch(folder, lock, told.tell)
    (folder / "lock").unlink()
    assert not told.within(QUIET_S)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)
    try:
        assert told.within(SOON_S)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    watch.close()


def test_mounts_elsewhere_are_nothing_to_tell(told: Told, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(elsewhere)], check=True)
    subprocess.run(["umount", str(elsewhere)], check=True)
    assert not told.within(QUIET_S)


def test_it_ends_when_it_is_closed(folder: Path, lock: ProcessLock) -> None:
    watch = Watch(folder, lock, Told().tell)
    thread = watch._thread
    watch.close()
    thread.join(SOON_S)
    assert not thread.is_alive()


def refuse(error: Exception) -> Callable[..., object]:
    def refused(*_: object) -> object:
        raise error

    return refused


@pytest.mark.parametrize(
    "failure",
    [
        (os, "pipe", OSError(errno.EMFILE, "too many")),
        (threading.Thread, "start", RuntimeError("no threads left")),
    ],
    ids=["descriptors", "threads"],
)
def test_what_cannot_watch_keeps_no_descriptors(
    folder: Path,
    lock: ProcessLock,
    monkeypatch: pytest.MonkeyPatch,
    failure: tuple[object, str, Exception],
) -> None:
    what, name, error = failure
    monkeypatch.setattr(what, name, refuse(error))
    before = open_files()
    with pytest.raises(type(error)):
        Watch(folder, lock, lambda: None)
    assert not open_files() - before  # those of earlier watches may still be closing
