"""A copy of an outbox, taken beside the engine that runs on it, and what makes of a copy an outbox of its own.

The mark is copied first and the segments in order, so that the copy is what a crash in that moment would have left:
frames verify by themselves, and what was settled since is sent again. A segment that was given back meanwhile makes it
begin anew. The files that come next (spare, fresh) are not taken: they hold nothing.
Held by `tests/outbox/test_copying.py`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cammra_edge.config import Durability
from cammra_edge.errors import OutboxError
from cammra_edge.files import PRIVATE_FILE
from cammra_edge.outbox.census import Doubt
from cammra_edge.outbox.check import check_folder
from cammra_edge.outbox.folder import MARK, REDO, found_at
from cammra_edge.outbox.intake import STEPS
from cammra_edge.outbox.log import Log, StorageError
from cammra_edge.outbox.mark import MarkFile
from cammra_edge.outbox.recovery import Found
from cammra_edge.outbox.segment import is_file
from cammra_edge.outbox.tallies import Tallies
from cammra_edge.storing import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cammra_edge.clock import Clock

TRIES = 4
_PIECE_BYTES = 1 << 20


def copy_outbox(path: Path, target: Path, *, clock: Clock) -> Sequence[str]:
    """Copy the outbox at `path` into a new folder; returns what is wrong with it, a sentence each.

    Raises:
        OutboxError: There is none, or it changes faster than it can be copied.
        OSError: The disk does not let us.
    """
    for left in reversed(range(TRIES)):
        files = _files_of(path)
        target.mkdir(mode=0o700)
        if not files:  # nothing was stored yet
            return ()
        try:
            for file in files:
                _copy(file, target / file.name)
        except FileNotFoundError:
            if left:
                _remove(target)
                continue
            raise OutboxError(f"{path}: it changes faster than it can be copied") from None
        findings = check_folder(target, clock=clock).findings
        if not findings or not left:
            return findings
        _remove(target)
    raise AssertionError("the last try returns")


def _files_of(path: Path) -> list[Path]:
    found = found_at(path)
    if not found.exists:
        raise OutboxError(f"{path}: there is no outbox")
    if not found.segments:
        return []
    mark = path / MARK
    segments = sorted((segment.number, segment.path) for segment in found.segments)
    # What an erasure was about to write comes last: never older than the segments that it is written to again.
    return [
        *([mark] if mark.is_file() else []),
        *(place for _, place in segments),
        *([path / REDO] if is_file(path / REDO) else []),
    ]


def _copy(source: Path, target: Path) -> None:
    handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with (
        os.fdopen(handle, "rb", buffering=0) as file,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as out,
    ):
        while piece := file.read(_PIECE_BYTES):
            out.write(piece)


def _remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def begin_elsewhere(path: Path, *, clock: Clock) -> None:
    """Let a copy number vehicles and packets well behind what it knows: its original may have given more since.

    Raises:
        OutboxError: It cannot be read, or a newer version wrote it.
    """
    log = Log(path, max_bytes=0, durability=Durability.PROCESS, clock=clock, read_only=True)
    try:
        log.open()
    except StorageError as error:
        raise OutboxError(str(error)) from error
    try:
        ledger, found = Ledger(1), Found()
        for part in log.replay():
            found.add(part, ledger)
        tallies = Tallies()
        tallies.add(ledger.state())
        tallies.raise_packets(log.mark.packets)
        tallies.raise_packets(ledger.packets)
        _, step = STEPS[Doubt.MISSING]
        car_id = max(ledger.highest[2], log.mark.car_id)
        packets = {profile: packet + step for profile, packet in tallies.packets().items()}
        mark = log.mark._replace(car_id=car_id + step, packets=packets)
        store_id = next((one.store_id for one in found_at(path).segments if one.store_id), b"")
        last_begun = log.last_begun
    finally:
        log.close()
    if store_id:
        file = MarkFile(path / MARK)
        file.write(store_id, last_begun, mark)
        file.close()
