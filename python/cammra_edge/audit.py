"""Who changed what, or looked for it, and when: names of fields, never values; for a plate, a mark."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from cammra_edge.files import PRIVATE_FILE, private_folder, write_whole
from cammra_edge.plates import list_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cammra_edge.clock import Clock

MAX_BYTES = 256 << 10
KEPT_FIELDS = 40
_KEY_BYTES = 32


class AuditLog:
    """Two files of JSON lines, each of which begins anew at `MAX_BYTES`; the previous one is kept.

    What was looked for has a file of its own: searches are many, and must not push out what was changed.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        """Write to this path and beside it; the first line makes a file."""
        self._path = path
        self._lookups = path.with_name("lookups.jsonl")
        self._clock = clock
        self._lock = threading.Lock()
        self._key = b""

    def note(self, who: str, what: str, fields: Iterable[str] = ()) -> None:
        """Add a line; what was done is done, even when the disk refuses the line."""
        self._add(self._path, who, what, fields)

    def note_lookup(self, who: str, what: str, fields: Iterable[str] = ()) -> None:
        """The same for a search."""
        self._add(self._lookups, who, what, fields)

    def _add(self, path: Path, who: str, what: str, fields: Iterable[str]) -> None:
        names = list(fields)[:KEPT_FIELDS]
        entry = {"at": self._clock.utc_ns() // 10**6, "who": who, "what": what, "fields": names}
        line = (json.dumps(entry) + "\n").encode()
        with self._lock:
            try:
                private_folder(path.parent)
                if path.exists() and path.stat().st_size + len(line) > MAX_BYTES:
                    path.replace(path.with_suffix(".1.jsonl"))
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
                try:
                    os.write(handle, line)
                finally:
                    os.close(handle)
            except OSError:
                return

    def mark(self, plate: str) -> str:
        """What stands for a plate here: the same for equal plates, and telling nothing without this camera's key."""
        with self._lock:
            self._key = self._key or self._stored_key()
        text = list_key(plate, pattern=True).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=6).hexdigest()

    def _stored_key(self) -> bytes:
        path = self._path.with_name("plates.key")
        try:
            key = path.read_bytes()
        except OSError:
            key = b""
        if len(key) != _KEY_BYTES:
            key = secrets.token_bytes(_KEY_BYTES)
            with suppress(OSError):  # as long as the disk refuses, marks are those of this run
                write_whole(path, key)
        return key

    def entries(self, limit: int = 200) -> list[dict[str, Any]]:
        """The newest entries, newest first; torn lines are left out."""
        entries = [*_newest(self._path, limit), *_newest(self._lookups, limit)]
        return sorted(entries, key=itemgetter("at"), reverse=True)[:limit]


def _newest(path: Path, limit: int) -> list[dict[str, Any]]:
    lines: list[bytes] = []
    for part in (path.with_suffix(".1.jsonl"), path):
        with suppress(OSError):
            lines.extend(part.read_bytes().splitlines())
    entries: list[dict[str, Any]] = []
    for line in reversed(lines[-limit:]):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and isinstance(entry.get("at"), int):
            entries.append(entry)
    return entries
