"""The form of a backup: two lines that say what it is, then parts, each behind a line with its name and length.

    cammra-edge backup 1
    {"made": 1764200000, "program": "0.1.0", "sealed": null}
    {"part": "settings", "bytes": 512}
    …
    {"end": 3, "sha256": "…"}

Where it is `sealed`, all behind the second line is (`sealed`). Nothing is compressed, so that a file is as large as
what it holds. A reader believes nothing: names are of a fixed set, lengths are bounded, and no part counts before the
last line has told that all of them are there. Held by `tests/backup/test_form.py`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

from cammra_edge.backup.sealed import Lock, SealedReader, SealedWriter
from cammra_edge.errors import BackupError
from cammra_edge.files import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from typing_extensions import Buffer

FORMAT: Final = 1
SETTINGS, ACCESS, CERTIFICATE = "settings", "access", "certificate"
OUTBOX = "outbox/"
_MAGIC = b"cammra-edge backup "
_OUTBOX_FILE = re.compile(r"outbox/(?:mark|(?:events|text)-[0-9]{10}\.log)", re.ASCII)
_MOST_BYTES = {SETTINGS: 32 << 20, ACCESS: 1 << 20, CERTIFICATE: 1 << 20}
_MOST_OUTBOX_BYTES = 1 << 40
MOST_PARTS = 100_000
_LINE_BYTES = 4096
_PIECE_BYTES = 1 << 20


class Sink(Protocol):
    """Takes bytes."""

    def write(self, content: Buffer) -> object:
        """Add these bytes."""
        ...


class PartsWriter:
    """Writes parts, and at their end how many there are."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self._count = 0

    def add(self, name: str, size_bytes: int, pieces: Iterable[bytes]) -> None:
        """One part, of exactly this length."""
        self._put(_line({"part": name, "bytes": size_bytes}))
        left = size_bytes
        for piece in pieces:
            left -= len(piece)
            self._put(piece)
        if left:
            raise BackupError(f"{name} changed while it was read")
        self._count += 1

    def end(self) -> None:
        """That was all."""
        self._out.write(_line({"end": self._count, "sha256": self._digest.hexdigest()}))

    def _put(self, content: bytes) -> None:
        self._digest.update(content)
        self._out.write(content)


@contextmanager
def written(path: Path, made_utc_s: int, passphrase: str | None) -> Iterator[PartsWriter]:
    """A new backup, under its name once the block has ended; only its owner may read it, and nothing is replaced.

    Raises:
        BackupError: Something has that name already.
        OSError: The disk refused; nothing is there.
    """
    if os.path.lexists(path):
        raise BackupError(f"{path}: there is something of that name already")
    lock = None if passphrase is None else Lock.new()
    cipher = None if lock is None or passphrase is None else lock.cipher(passphrase)
    head = _MAGIC + b"%d\n" % FORMAT + _line(
        {
            "made": made_utc_s,
            "program": version("cammra-edge"),
            "sealed": None if lock is None else lock.plain(),
        }
    )  # fmt: skip
    aside = path.with_name(path.name + ".part")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(head)
            sealed = None if cipher is None else SealedWriter(out, cipher, head)
            parts = PartsWriter(sealed or out)
            yield parts
            parts.end()
            if sealed is not None:
                sealed.finish()
            out.flush()
            os.fsync(out.fileno())
        _name(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _name(aside: Path, path: Path) -> None:
    """Give the file its name, unless something got it meanwhile."""
    try:
        path.hardlink_to(aside)
    except FileExistsError as error:
        raise BackupError(f"{path}: there is something of that name already") from error
    except OSError:  # a file system without links (FAT on a stick)
        if os.path.lexists(path):
            raise
        aside.rename(path)
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself.

    Args:
        made_utc_s: When it was made.
        program: The version that made it.
        lock: How it is locked; `None`: it is not.
        raw: The two lines.
    """

    made_utc_s: int
    program: str
    lock: Lock | None
    raw: bytes


class Reader:
    """An open backup: its `head`, then its parts, once."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the head.

        Raises:
            BackupError: It is no backup, or one of a newer version.
        """
        self._file = file
        self.head = _head_of(file)

    def parts(self, passphrase: str | None) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each part's name and content, which is to be read before the next; they count once the iterator has ended.

        Raises:
            BackupError: The passphrase is wrong or missing, or the file is not whole.
        """
        lock, stream = self.head.lock, self._file
        if lock is not None:
            if passphrase is None:
                raise BackupError("it is locked with a passphrase")
            sealed = SealedReader(self._file, lock.cipher(passphrase), self.head.raw)
            stream = io.BufferedReader(sealed, _PIECE_BYTES)
        digest, names = hashlib.sha256(), set[str]()
        while True:
            line = stream.readline(_LINE_BYTES)
            told = _told(line)
            match told:
                case {"end": int(count), "sha256": str(wanted)}:
                    if count != len(names) or wanted != digest.hexdigest() or stream.read(1):
                        raise BackupError("it was changed or cut off")
                    return
                case {"part": str(name), "bytes": int(size_bytes)} if (
                    name not in names
                    and len(names) < MOST_PARTS
                    and 0 <= size_bytes <= _most_bytes(name)
                ):
                    names.add(name)
                    digest.update(line)
                    content = _pieces(stream, size_bytes, digest.update)
                    yield name, content
                    for _ in content:  # what nobody wanted
                        pass
                case _:
                    raise BackupError(
                        "it was changed or cut off, or holds what this version does not know"
                    )


def _head_of(file: BinaryIO) -> Head:
    first = file.readline(len(_MAGIC) + 8)
    number = first.removeprefix(_MAGIC).removesuffix(b"\n")
    if number == first or not number.isdigit():
        raise BackupError("this is not a backup of cammra_edge")
    if int(number) > FORMAT:
        raise BackupError(
            f"a newer cammra_edge made this backup (format {int(number)}, this one reads {FORMAT})"
        )
    second = file.readline(_LINE_BYTES)
    match _told(second):
        case {"made": int(made_utc_s), "program": str(program), "sealed": sealed}:
            lock = None if sealed is None else Lock.from_plain(sealed)
            return Head(made_utc_s, program, lock, first + second)
    raise BackupError("this is not a backup of cammra_edge")


def _line(told: dict[str, object]) -> bytes:
    return json.dumps(told).encode("ascii") + b"\n"


def _told(line: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _most_bytes(name: str) -> int:
    """How long a part may be; less than nothing where there is none of that name."""
    if _OUTBOX_FILE.fullmatch(name):
        return _MOST_OUTBOX_BYTES
    return _MOST_BYTES.get(name, -1)


def _pieces(stream: BinaryIO, size_bytes: int, seen: Callable[[bytes], object]) -> Iterator[bytes]:
    left = size_bytes
    while left:
        piece = stream.read(min(left, _PIECE_BYTES))
        if not piece:
            raise BackupError("it was changed or cut off")
        seen(piece)
        left -= len(piece)
        yield piece


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """A backup to be read.

    Raises:
        BackupError: It is no backup, or cannot be used.
        OSError: The disk does not let us.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BackupError(f"{path}: this is not a backup of cammra_edge")
        try:
            yield Reader(file)
        except BackupError as error:
            if str(error).startswith(f"{path}: "):
                raise
            raise BackupError(f"{path}: {error}") from error
