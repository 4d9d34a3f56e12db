"""Who did what, from where and when: names of fields, never values; for a plate, a mark.

The page writes it, and so do the commands that look into an outbox by themselves. A mark is made with a key of this
camera: equal plates have the same, so that "was this plate looked for?" can be answered by whoever types the plate, and
no plate can be read from it, so that an erased one leaves no copy. When everything is erased, the key is too: what the
log has said until then is about no plate that anybody could name any more.

Held by `tests/web/test_audit.py`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import threading
from contextlib import suppress
from enum import StrEnum
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from cammra_edge.files import PRIVATE_FILE, private_folder
from cammra_edge.plates import list_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cammra_edge.clock import Clock

MAX_BYTES = 256 << 10
MAX_LOOKUP_BYTES = 1 << 20
KEPT_FIELDS = 40
NAME = "audit.jsonl"
_KEY_BYTES = 32
_MARK_BYTES = 8


class Deed(StrEnum):
    """What sort of thing was done."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    PEOPLE = "people"
    CHANGE = "change"
    TEST = "test"
    PARKED = "parked"
    SEARCH = "search"
    EXPORT = "export"
    ERASURE = "erasure"


class Outcome(StrEnum):
    """What became of it."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Who(NamedTuple):
    """Who did it, and from where: a person, a token, or the user of the machine at its shell."""

    name: str
    origin: str


def at_the_shell() -> Who:
    """The user whom this process runs for."""
    return Who("shell", f"uid {os.geteuid()}")


class AuditLog:
    """Files of JSON lines, each of which begins anew when it is full; the previous one is kept.

    What there may be many of has files of its own, and must not push out what was changed: refusals, searches, exports,
    tests, what becomes of parked events, signing in and out.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        """Write to this path and beside it; the first line makes a file."""
        self._path = path
        self._lookups = path.with_name("lookups.jsonl")
        self._exports = path.with_name("exports.jsonl")
        self._work = path.with_name("work.jsonl")
        self._visits = path.with_name("visits.jsonl")
        self._refusals = path.with_name("refusals.jsonl")
        self._clock = clock
        self._lock = threading.Lock()
        self._key_of_run = secrets.token_bytes(_KEY_BYTES)

    def note(  # noqa: PLR0913 - the members of a line, by name
        self,
        who: Who,
        deed: Deed,
        what: str,
        *,
        fields: Iterable[str] = (),
        plate: str = "",
        outcome: Outcome = Outcome.DONE,
    ) -> None:
        """Add a line; what was done is done, even when the disk refuses the line.

        Args:
            who: Who did it.
            deed: What sort of thing it was.
            what: The same in words.
            fields: Names of what was given or changed.
            plate: The plate, or pattern of plates, that it was about; only its mark is kept.
            outcome: What became of it.
        """
        entry = {
            "at": self._clock.utc_ns() // 10**6,
            "who": who.name,
            "from": who.origin,
            "kind": deed,
            "what": what,
            "fields": list(fields)[:KEPT_FIELDS],
            "plate": self.mark(plate) if plate else "",
            "outcome": outcome,
        }
        path, most = self._path, MAX_BYTES
        if outcome is Outcome.REFUSED:
            path = self._refusals
        elif deed is Deed.SEARCH:
            path, most = self._lookups, MAX_LOOKUP_BYTES
        elif deed is Deed.EXPORT:
            path = self._exports
        elif deed in {Deed.TEST, Deed.PARKED}:
            path = self._work
        elif deed in {Deed.SIGN_IN, Deed.SIGN_OUT}:
            path = self._visits
        with self._lock, suppress(OSError):
            self._add(path, (json.dumps(entry) + "\n").encode(), most)

    def _add(self, path: Path, line: bytes, most_bytes: int) -> None:
        _make_folder(path.parent)
        with suppress(FileNotFoundError):
            if path.lstat().st_size + len(line) > most_bytes:
                path.replace(path.with_suffix(".1.jsonl"))
        handle = _opened(path)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line  # a power cut has torn the line before
            os.write(handle, line)
        finally:
            os.close(handle)

    def mark(self, plate: str) -> str:
        """What stands for a plate here: the same for equal plates, and telling nothing without this camera's key."""
        with self._lock:
            key = self._stored_key()
        text = list_key(plate, pattern=True).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=key, digest_size=_MARK_BYTES).hexdigest()

    def forget_key(self) -> None:
        """Overwrite the key: what the marks until now stand for cannot be found out by anybody any more."""
        with self._lock, suppress(OSError):
            self._key_of_run = secrets.token_bytes(_KEY_BYTES)
            path = self._key_path
            handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_nlink == 1:
                    os.write(handle, secrets.token_bytes(_KEY_BYTES))
                    os.fsync(handle)
            finally:
                os.close(handle)
            path.unlink()

    @property
    def _key_path(self) -> Path:
        return self._path.with_name("plates.key")

    def _stored_key(self) -> bytes:
        path = self._key_path
        try:
            key = path.read_bytes()
        except OSError:
            key = b""
        if len(key) != _KEY_BYTES:
            key = self._key_of_run
            with suppress(OSError):  # as long as the disk refuses, marks are those of this run
                _make_folder(path.parent)
                path.unlink(missing_ok=True)
                handle = _opened(path)
                try:
                    os.write(handle, key)
                    os.fsync(handle)
                finally:
                    os.close(handle)
                self._key_of_run = secrets.token_bytes(_KEY_BYTES)
        return key

    def entries(
        self, limit: int = 200, *, kind: str = "", who: str = "", plate: str = ""
    ) -> list[dict[str, Any]]:
        """The newest entries, newest first; torn lines are left out.

        Args:
            limit: How many at most.
            kind: Only of this sort.
            who: Only of those whose name, or place, has this text in it.
            plate: Only about this plate, in any spelling, or this very pattern.
        """
        mark = self.mark(plate) if plate else ""
        text = who.casefold()
        paths = (
            self._path, self._lookups, self._exports, self._work, self._visits, self._refusals,
        )  # fmt: skip
        files = (_newest(path) for path in paths)
        found = (
            entry
            for entry in merge(*files, key=itemgetter("at"), reverse=True)
            if kind in {"", entry["kind"]}
            and text in f"{entry['who']} {entry['from']}".casefold()
            and mark in {"", entry["plate"]}
        )
        return list(islice(found, limit))


def _newest(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a file and the one before it, newest first."""
    for part in (path, path.with_suffix(".1.jsonl")):
        lines: list[bytes] = []
        with suppress(OSError):
            lines = part.read_bytes().splitlines()
        for line in reversed(lines):
            entry = _entry_in(line)
            if entry is not None:
                yield entry


def _entry_in(line: bytes) -> dict[str, Any] | None:
    """An entry of a line; of a line as it was before there were people, the name is the whole of it."""
    try:
        plain = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match plain:
        case {"at": int(at), "who": str(who), "what": str(what), "fields": list(fields)}:
            rest = {name: plain.get(name) for name in ("from", "kind", "plate", "outcome")}
            texts = {name: text if isinstance(text, str) else "" for name, text in rest.items()}
            names = [name for name in fields if isinstance(name, str)]
            return {"at": at, "who": who, "what": what, "fields": names, **texts}
    return None


def _make_folder(path: Path) -> None:
    """The folder of the log; where it is new, its owner is that of what it is in.

    Raises:
        OSError: It leads elsewhere, and not by its owner's will: root's shell writes to no place that others choose.
    """
    is_new = not os.path.lexists(path)
    if not is_new and path.lstat().st_uid != path.stat().st_uid:
        raise PermissionError(errno.EPERM, "another user's folder", str(path))
    private_folder(path)
    if is_new:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            _give_to_owner(handle, path.parent)
        finally:
            os.close(handle)


def _opened(path: Path) -> int:
    """A file to read and append to: no link is followed, and what is new is its folder's owner's.

    Raises:
        OSError: The disk refused, or something else lies there.
    """
    how = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW
    try:
        handle = os.open(path, how | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        return os.open(path, how)
    try:
        _give_to_owner(handle, path.parent)
    except OSError:
        os.close(handle)
        raise
    return handle


def _give_to_owner(handle: int, folder: Path) -> None:
    """What root's shell has made belongs to whoever owns the folder, so that the engine goes on writing to it."""
    owner, made = folder.stat(), os.fstat(handle)
    if made.st_uid != owner.st_uid and os.geteuid() == 0:
        os.fchown(handle, owner.st_uid, owner.st_gid)
