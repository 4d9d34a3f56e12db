"""Makes a backup, also while an engine runs.

The page replaces its files whole, and the outbox is copied as a crash would leave it. Held by `tests/backup`.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.backup.content import content_of, parts_of
from cammra_edge.backup.form import OUTBOX, written
from cammra_edge.config.saved import page_folder_beside
from cammra_edge.outbox.copying import copy_outbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cammra_edge.backup.form import PartsWriter
    from cammra_edge.clock import Clock

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What a backup holds.

    Args:
        left_out: Names of the secrets that are not in it.
        has_access: People and tokens are in it.
        has_certificate: The page's certificate is in it.
        outbox_bytes: Of the outbox's files in it.
        findings: What is wrong with the outbox that was copied, a sentence each.
    """

    left_out: tuple[str, ...]
    has_access: bool
    has_certificate: bool
    outbox_bytes: int = 0
    findings: Sequence[str] = ()


def back_up(
    outbox: Path, file: Path, *, passphrase: str | None, with_events: bool, clock: Clock
) -> BackedUp:
    """Write what the page beside this outbox keeps, and the outbox if asked to, into a new file.

    Args:
        outbox: The outbox's path; the page's folder is beside it.
        file: It must not exist.
        passphrase: Locks the file; without one, it holds no secret.
        with_events: The outbox's events, pictures and numbers, too.
        clock: Where the time comes from.

    Raises:
        BackupError: There is such a file, or a file of the page is broken.
        OutboxError: There is no outbox, or it cannot be read.
        OSError: The disk refused; nothing is there.
    """
    content = content_of(page_folder_beside(outbox), with_secrets=passphrase is not None)
    findings: Sequence[str] = ()
    outbox_bytes = 0
    with written(file, clock.utc_ns() // 10**9, passphrase) as parts:
        for name, plain in parts_of(content):
            parts.add(name, len(plain), [plain])
        if with_events:
            with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as aside:
                copied = Path(aside) / "outbox"
                findings = copy_outbox(outbox, copied, clock=clock)
                outbox_bytes = _add_outbox(copied, parts)
    return BackedUp(
        left_out=content.left_out,
        has_access=bool(content.access),
        has_certificate=bool(content.certificate),
        outbox_bytes=outbox_bytes,
        findings=findings,
    )


def _add_outbox(folder: Path, parts: PartsWriter) -> int:
    size_bytes = 0
    for path in sorted(folder.iterdir()):
        length = path.stat().st_size
        parts.add(OUTBOX + path.name, length, _pieces(path))
        size_bytes += length
    return size_bytes


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
