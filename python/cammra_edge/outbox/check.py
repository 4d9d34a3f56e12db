"""Is an outbox whole? Reads everything, believes nothing, changes nothing (`cammra-edge outbox check`).

What each segment's frames say of themselves (their CRCs), whether what waits is there with its images, whether the
directories tell what the frames do, and how far the mark says that the log had come. Opening the outbox reads over
what this finds: damaged records are counted and passed over.
Held by `tests/outbox/test_check.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cammra_edge.config import Durability
from cammra_edge.errors import OutboxError
from cammra_edge.outbox.lock import holder_of
from cammra_edge.outbox.log import DamagedError, Log, StorageError
from cammra_edge.outbox.recovery import Found
from cammra_edge.outbox.segment import name_of
from cammra_edge.storing import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.outbox.log import Replayed

FINDINGS_SHOWN = 100
_MORE_LOOKS = 2
_KNOWN_EVENTS = 1_000_000
_WAITING, _PARKED = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found. `findings` holds one plain sentence per fault, none for a sound outbox."""

    events: int = 0
    images: int = 0
    waiting: int = 0
    parked: int = 0
    size_bytes: int = 0
    findings: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.findings


def check_folder(path: Path, *, clock: Clock) -> Report:
    """Check the outbox at `path`, also one that an engine writes to meanwhile.

    Raises:
        OutboxError: There is none, it is not ours, a newer version wrote it, or the disk does not let us look.
    """
    report = _looked_at(path, clock)
    for _ in range(_MORE_LOOKS):
        # What an engine gave back, or used again, while it was read, is no fault the next time.
        if report.sound or holder_of(path) is None:
            break
        report = _looked_at(path, clock)
    return report


def _looked_at(path: Path, clock: Clock) -> Report:
    log = Log(path, max_bytes=0, durability=Durability.PROCESS, clock=clock, read_only=True)
    try:
        log.open()
    except StorageError as error:
        raise OutboxError(str(error)) from error
    try:
        ledger = Ledger(_KNOWN_EVENTS)
        findings = list(islice(_faults(log, ledger), FINDINGS_SHOWN + 1))
        if len(findings) > FINDINGS_SHOWN:
            findings[FINDINGS_SHOWN:] = ["and perhaps more"]
        return _report(log, ledger, findings)
    finally:
        log.close()


def _report(log: Log, ledger: Ledger, findings: list[str]) -> Report:
    waiting = parked = 0
    for _, state, count, _ in ledger.totals():
        waiting += count if state == _WAITING else 0
        parked += count if state == _PARKED else 0
    images = {image[0] for seq in _live(ledger) for image in ledger.images(seq) if image[3]}
    return Report(
        events=ledger.held[1],
        images=len(images),
        waiting=waiting,
        parked=parked,
        size_bytes=sum(map(log.bytes_of, log.numbers())),
        findings=tuple(findings),
    )


def _live(ledger: Ledger) -> list[int]:
    """The events that are still needed, in order."""
    return sorted({seq for segment, *_ in ledger.segments() for seq in ledger.live_in(segment)})


def _faults(log: Log, ledger: Ledger) -> Iterator[str]:
    yield from log.set_aside
    found, redo = Found(), log.kept_redo()
    for part in log.replay():
        name = name_of(part.segment, part.purpose)
        healed = redo.places if redo is not None and redo.segment == part.segment else ()
        if part.cut_short:
            yield f"{name} is cut short: its last {part.cut_short} bytes are not there"
        unreadable = found.add(part, ledger)
        if unreadable:
            yield f"{name} says {unreadable} things that cannot be read"
        if part.scanned:
            yield from _damage(name, part.broken, healed)
        else:
            yield from _damage_told_of(log, name, part, healed)
    if log.trouble:
        yield log.trouble
    yield from found.end(log)
    for seq in _live(ledger):
        yield from _faults_of(log, ledger, seq)


def _damage(
    name: str, broken: Sequence[tuple[int, int]], healed: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """But for what the next start puts in order by itself."""
    for start, end in broken:
        if not any(begins <= start and end <= ends for begins, ends in healed):
            yield f"{name} is damaged from {start} to {end}"


def _damage_told_of(
    log: Log, name: str, part: Replayed, healed: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """What is broken in a closed segment, though its directory tells of it.

    There may be more in it than the directory tells: a write that failed, and was never believed.
    """
    try:
        found, _, broken = log.scan(part.segment)
    except (StorageError, DamagedError) as error:
        yield str(error)
        return
    if not found.startswith(part.digests):
        yield from _damage(name, broken, healed)


def _faults_of(log: Log, ledger: Ledger, seq: int) -> Iterator[str]:
    place = ledger.place(seq)
    if place is None or not _is_whole(log, place):
        yield f"event {seq} is damaged"
    wanted = 0
    for profile in {profile for profile, *_ in ledger.totals()}:
        delivery = ledger.delivery(seq, profile)
        if delivery is not None and delivery[3]:
            wanted |= delivery[4]
    for index, (no, segment, offset, length) in enumerate(ledger.images(seq)):
        if no and length and not _is_whole(log, (segment, offset, length)):
            yield f"image {no} of event {seq} is damaged"
        elif no and not length and wanted >> index & 1:
            yield f"event {seq} has lost image {no}"


def _is_whole(log: Log, place: tuple[int, int, int]) -> bool:
    try:
        log.read(*place)
    except (StorageError, DamagedError):
        return False
    return True
