"""Who changed what, and when: names of fields, never their values."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from cammra_edge.web.files import PRIVATE_FILE, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cammra_edge.clock import Clock

MAX_BYTES = 256 << 10
KEPT_FIELDS = 40


class AuditLog:
    """A file of JSON lines that begins anew at `MAX_BYTES`; the previous one is kept."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Write to this path; the first line makes the file."""
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()

    def note(self, who: str, what: str, fields: Iterable[str] = ()) -> None:
        """Add a line; what was done is done, even when the disk refuses the line."""
        names = list(fields)[:KEPT_FIELDS]
        entry = {"at": self._clock.utc_ns() // 10**6, "who": who, "what": what, "fields": names}
        line = (json.dumps(entry) + "\n").encode()
        with self._lock:
            try:
                private_folder(self._path.parent)
                if self._path.exists() and self._path.stat().st_size + len(line) > MAX_BYTES:
                    self._path.replace(self._path.with_suffix(".1.jsonl"))
                handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
                try:
                    os.write(handle, line)
                finally:
                    os.close(handle)
            except OSError:
                return

    def entries(self, limit: int = 200) -> list[dict[str, Any]]:
        """The newest entries, newest first; torn lines are left out."""
        lines: list[bytes] = []
        for path in (self._path.with_suffix(".1.jsonl"), self._path):
            if path.exists():
                lines.extend(path.read_bytes().splitlines())
        entries: list[dict[str, Any]] = []
        for line in reversed(lines[-limit:]):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                entries.append(entry)
        return entries
