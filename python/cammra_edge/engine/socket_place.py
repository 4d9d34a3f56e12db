"""Where the local socket of an engine lies, and how it is reached: a UNIX socket for the outbox's owner alone.

In the run directory where there is one (`$RUNTIME_DIRECTORY` of a service, `$XDG_RUNTIME_DIR` of a person), named
after the outbox's path; else in the outbox's folder. A socket in the run directory leaves a file in that folder that
holds its path, so that a shell with another environment finds it.

Held by `tests/engine/test_local_socket.py`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import stat
import struct
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.outbox.folder import SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_DIRECTORIES = ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR")
_BACKLOG = 16
_LONGEST_PATH = 107
PRIVATE = 0o600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_CREDENTIALS = struct.Struct("3i")
_CONNECT_S = 5.0


def in_folder(outbox: Path) -> Path:
    """The place in the outbox's folder: of the socket, or of the file that says where it is."""
    return outbox / SOCKET


def in_run_directory(outbox: Path) -> Path | None:
    """The socket's place in this process's run directory; `None` where there is none, or others may write to it."""
    for name in RUN_DIRECTORIES:
        folder = os.environ.get(name, "").partition(":")[0]
        if folder and _is_private(folder):
            return _named_after(outbox, Path(folder))
    return None


def _is_private(folder: str) -> bool:
    try:
        status = os.stat(folder)  # noqa: PTH116 - one call tells all three
    except OSError:
        return False
    ours = status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
    return stat.S_ISDIR(status.st_mode) and ours


def _named_after(outbox: Path, folder: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(os.path.realpath(outbox))).hexdigest()[:16]
    return folder / f"cammra-edge-{digest}.socket"


def places(outbox: Path) -> Iterator[Path]:
    """Where an engine on this outbox may be listening, likeliest first."""
    near = in_folder(outbox)
    if _is_socket(near):
        yield near
    with suppress(OSError, ValueError):
        told = Path(near.read_text(encoding="utf-8").rstrip("\n"))
        # Whoever owns the outbox does not send root to any socket he likes.
        if told.name == _named_after(outbox, told).name and _is_socket(told):
            yield told
    there = in_run_directory(outbox)
    if there is not None:
        yield there
    with suppress(OSError):
        yield _named_after(outbox, Path(f"/run/user/{outbox.stat().st_uid}"))


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False


def connected(path: Path, owners: frozenset[int]) -> socket.socket | None:
    """A connection to the engine that listens there; `None` where none does, or whoever does is none of these users."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(_CONNECT_S)
        with _short(path) as name:
            link.connect(name)
        pid, uid = _peer(link)
    except OSError:
        link.close()
        return None
    if uid not in owners or not _lives(pid):
        link.close()
        return None
    return link


def listening(path: Path) -> socket.socket:
    """A listener at this place; what a killed process left there is replaced.

    Raises:
        OSError: The file system has no sockets, or something else is there.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as name:
            try:
                listener.bind(name)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or not _is_stale(path):
                    raise
                path.unlink()
                listener.bind(name)
        # Nobody can connect before `listen`: there is no moment at which others may.
        path.chmod(PRIVATE)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _is_stale(path: Path) -> bool:
    """Whether a socket is there that nobody listens on; a fork of a killed process does not listen either."""
    if not _is_socket(path):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link, _short(path) as name:
        link.setblocking(False)  # noqa: FBT003 - the standard library's own
        try:
            link.connect(name)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return not _lives(_peer(link)[0])


def peer_uid(link: socket.socket) -> int:
    """The user at the other end."""
    return _peer(link)[1]


def _peer(link: socket.socket) -> tuple[int, int]:
    """Process and user at the other end: who connected, or who called `listen`."""
    size = _CREDENTIALS.size
    found = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return pid, uid


def _lives(pid: int) -> bool:
    """Whether this process is there; one of another container has no number here, and is believed to be."""
    try:
        os.kill(pid, 0) if pid > 0 else None
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for this place that fits the kernel's 107 bytes for a socket."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
