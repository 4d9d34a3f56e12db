"""What is at `settings.path`: nothing yet, an outbox of ours, or something that is not ours and is left alone.

`found_at` looks and changes nothing; `Folder` makes or takes up what was found, for this process and this user only.
Held by `tests/outbox/test_folder.py`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox import lock
from cammra_edge.outbox.lock import ProcessLock
from cammra_edge.outbox.mark import MarkFile
from cammra_edge.outbox.segment import (
    FORMAT,
    Handle,
    Segment,
    found_segment,
    has_frames,
    is_blank,
    is_file,
    key_of,
    make_private,
    may_be_segment,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SPARE = "spare.log"
FRESH = "fresh.log"
MARK = "mark"
SOCKET = "socket"
ANNOUNCED = "announced"
"""Notes what brokers keep of this camera (`engine.presence`)."""
REDO = "redo"
SET_ASIDE = "set-aside"
SETS_KEPT = 3
_OURS = frozenset({lock.NAME, SPARE, FRESH, MARK, SOCKET, SET_ASIDE, ANNOUNCED, REDO})
_BEFORE_THE_FIRST = frozenset({lock.NAME, FRESH, SOCKET})
_ANYWHERE = frozenset({"lost+found"})  # in the root of every ext4 disk
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_ZEROS_BYTES = 1 << 20
_SQLITE = b"SQLite format 3\0"
_SQLITE_APPLICATION = slice(68, 72)
_BEFORE_0_1 = b"CEOX"  # the application id of the database that was an outbox then


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is at a path, looked at and not touched.

    Args:
        path: Where.
        exists: There is a folder.
        empty: There is nothing of an outbox in it yet.
        segments: What calls itself a segment there, whosever it is.
        mark: The mark beside them.
        used_number: The highest number of a segment that the spare file ever was.
    """

    path: Path
    exists: bool
    empty: bool
    segments: tuple[Segment, ...]
    mark: MarkFile
    used_number: int = 0


def found_at(path: Path) -> Found:
    """Look at what is there.

    Raises:
        OutboxError: It is not an outbox, or one of a newer version.
        OSError: The disk does not let us look.
    """
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except FileNotFoundError:
        if path.is_symlink():
            raise OutboxError(f"{path}: this is a link to nothing") from None
        return Found(path=path, exists=False, empty=True, segments=(), mark=MarkFile(path / MARK))
    except NotADirectoryError:
        if path.exists():
            raise _refusal_of_file(path) from None
        raise
    files = {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    segments = [
        segment
        for name in sorted(files)
        if may_be_segment(name) and (segment := found_segment(path / name)) is not None
    ]
    mark = MarkFile(path / MARK)
    spare = [
        segment
        for name in (SPARE, FRESH)
        if name in files and (segment := found_segment(path / name)) is not None
    ]
    names = {entry.name for entry in entries} - _ANYWHERE
    known = bool(mark.store_id) or any(
        segment.store_id or has_frames(segment.path) for segment in (*segments, *spare)
    )
    if not known and not (
        names - _blank_segments(path, files) <= _OURS and _is_empty(path / lock.NAME)
    ):
        raise OutboxError(f"{path}: this is not an outbox of cammra_edge")
    newest = max((segment.version for segment in segments), default=FORMAT)
    if newest > FORMAT:
        raise OutboxError(
            f"{path}: a newer cammra_edge wrote this outbox (format {newest}, this one reads {FORMAT})"
        )
    used_number = max((segment.number for segment in spare), default=0)
    # Who died while the first segment was made had stored nothing yet, however often that happened.
    is_empty = names <= _BEFORE_THE_FIRST and used_number <= 1
    return Found(
        path=path,
        exists=True,
        empty=is_empty,
        segments=tuple(segments),
        mark=mark,
        used_number=0 if is_empty else used_number,
    )


def _refusal_of_file(path: Path) -> OutboxError:
    head = b""
    with contextlib.suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(_SQLITE_APPLICATION.stop)
    if head.startswith(_SQLITE) and head[_SQLITE_APPLICATION] == _BEFORE_0_1:
        return OutboxError(
            f"{path}: this is an outbox of cammra_edge before 0.1; deliver what is in it with that version,"
            " then move it away"
        )
    return OutboxError(f"{path}: this is not an outbox of cammra_edge")


def _blank_segments(path: Path, names: Iterable[str]) -> set[str]:
    """Segments in which there is nothing at all: what a power cut leaves of those that were not flushed."""
    return {name for name in names if may_be_segment(name) and is_blank(path / name)}


def _is_empty(path: Path) -> bool:
    """Nothing, or a file without content: whoever else calls a file `lock` writes something into it."""
    try:
        return path.lstat().st_size == 0
    except OSError:
        return True


class Folder:
    """The folder, held by this process from construction until `close`.

    Makes it where there is none, and lets nobody but its owner in, whatever the umask. `key` tells it from others.

    Raises:
        OutboxError: Another process holds it.
        OSError: The disk does not let us.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        made = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        path.mkdir(exist_ok=True, mode=_FOLDER_MODE)
        if made:
            _tighten_folder(path)
            sync_folder(path.parent)
        self.lock = ProcessLock(path)
        self._fd = -1
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self.key = key_of(os.fstat(self._fd))
            self._tighten()
        except OSError:
            self.close()
            raise

    def _tighten(self) -> None:
        """Take the group's and the others' rights away, where the file system knows rights."""
        make_private(self._fd, _FOLDER_MODE)
        with os.scandir(self.path) as entries:
            for entry in entries:
                ours = entry.name in _OURS or may_be_segment(entry.name)
                if ours and not entry.is_symlink():
                    mode = _FOLDER_MODE if entry.is_dir() else _FILE_MODE
                    if stat.S_IMODE(entry.stat().st_mode) != mode:
                        with contextlib.suppress(OSError):
                            os.chmod(entry.path, mode)  # noqa: PTH101 - of an entry

    @property
    def is_there(self) -> bool:
        """Is what is at the path still the folder that we hold?"""
        try:
            return key_of(self.path.stat()) == self.key
        except OSError:
            return False

    @property
    def in_place(self) -> bool:
        """Is it still there, with our lock in it?"""
        return self.is_there and self.lock.in_place

    def sync(self) -> None:
        """Make the names in it safe.

        Raises:
            OSError: The disk does not let us.
        """
        os.fsync(self._fd)

    def move_aside(self, segments: Iterable[Segment]) -> str:
        """Move files out of the way, into a set of their own; returns the set's name.

        Raises:
            OSError: The disk does not let us.
        """
        aside = self.path / SET_ASIDE
        if not _is_folder(aside):
            with contextlib.suppress(FileNotFoundError):
                aside.rename(self.path / f"{SET_ASIDE}.{os.urandom(4).hex()}")
        aside.mkdir(exist_ok=True, mode=_FOLDER_MODE)
        _tighten_folder(aside)
        sets = _sets_in(aside)
        for old in sets[: max(0, len(sets) - SETS_KEPT + 1)]:
            _remove(old)
        number = int(sets[-1].name) + 1 if sets else 1
        while os.path.lexists(aside / str(number)):
            number += 1
        name = str(number)
        (aside / name).mkdir(mode=_FOLDER_MODE)
        _tighten_folder(aside / name)
        for segment in segments:
            segment.path.rename(aside / name / segment.path.name)
        self.sync()
        return f"{SET_ASIDE}/{name}"

    def erase_set_aside(self) -> int:
        """Overwrite what was moved aside, flush, and remove it; how many files that were.

        Raises:
            OSError: The disk does not let us.
        """
        sets = _sets_in(self.path / SET_ASIDE)
        files = [path for one in sets for path in one.iterdir() if is_file(path)]
        for path in files:
            _blank(path)
        for one in sets:
            _remove(one)
        return len(files)

    def blank_spare(self) -> None:
        """Overwrite the files that are used next, where they hold anything of what they were before.

        Raises:
            OSError: The disk does not let us.
        """
        for name in (SPARE, FRESH):
            with contextlib.suppress(FileNotFoundError):
                _blank(self.path / name)

    def close(self) -> None:
        """Let the next process in; harmless when closed already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self.lock.release()


def _tighten_folder(path: Path) -> None:
    with contextlib.suppress(OSError):  # as `make_private`
        path.chmod(_FOLDER_MODE)


def sync_folder(path: Path) -> None:
    """Make the names in a folder safe.

    Raises:
        OSError: The disk does not let us.
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _sets_in(aside: Path) -> list[Path]:
    """The sets that were moved aside, oldest first; a link is none."""
    if not _is_folder(aside):
        return []
    sets = (path for path in aside.iterdir() if _is_number(path) and _is_folder(path))
    return sorted(sets, key=lambda path: int(path.name))


def _is_number(path: Path) -> bool:
    return path.name.isascii() and path.name.isdigit()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(folder: Path) -> None:
    """The files of a set, and the set; what is no file was not moved there by an outbox, and stays."""
    for path in folder.iterdir():
        if is_file(path):
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _blank(path: Path) -> None:
    """Zeros for whatever a file holds; one that holds nothing else is not written."""
    if path.is_symlink():
        return  # what it leads to is not ours
    handle = Handle(path)
    length = os.fstat(handle.fd).st_size
    for at in range(0, length, _ZEROS_BYTES):
        zeros = bytes(min(_ZEROS_BYTES, length - at))
        if os.pread(handle.fd, len(zeros), at) != zeros:
            write_all(handle.fd, (zeros,), at, len(zeros))
    os.fdatasync(handle.fd)
