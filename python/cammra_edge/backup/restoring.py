"""Takes up a backup: all of it is read and checked before anything is changed, and nothing is, where anything fails.

Invariants, held by `tests/backup/test_restore.py`:

1. No engine runs on the outbox, and none can begin meanwhile: the outbox's own lock is held.
2. An outbox that holds anything is not replaced.
3. What a file says leads to no path, no command and no receiver: names are of a fixed set, and secrets go where they
   were given for, as at every start (`config.drafting`).
4. What was restored numbers vehicles and packets well behind what the backup knows of.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.backup.content import PageContent, content_from
from cammra_edge.backup.form import OUTBOX, opened
from cammra_edge.config.drafting import fitting_draft
from cammra_edge.config.saved import CURRENT, page_folder_beside, version_in
from cammra_edge.errors import BackupError
from cammra_edge.files import private_folder, write_whole
from cammra_edge.outbox.check import check_folder
from cammra_edge.outbox.copying import begin_elsewhere
from cammra_edge.outbox.folder import found_at, sync_folder
from cammra_edge.outbox.lock import NAME, ProcessLock
from cammra_edge.web.access_file import NAME as ACCESS_FILE
from cammra_edge.web.certificate import NAME as CERTIFICATE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cammra_edge.backup.form import Reader
    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was taken up.

    Args:
        made_utc_s: When the backup was made.
        fields: Names of the settings that it holds.
        left_out: Names of the secrets that it does not hold, to be given anew.
        misfits: Names of settings that do not fit the script, and are left aside until they do.
        has_access: People and tokens.
        has_certificate: The page's certificate.
        waiting: How many events wait or are parked in its outbox; `None`: the outbox was not taken up.
        findings: What is wrong with the outbox, a sentence each.
    """

    made_utc_s: int
    fields: tuple[str, ...]
    left_out: tuple[str, ...]
    misfits: tuple[str, ...]
    has_access: bool
    has_certificate: bool
    waiting: int | None = None
    findings: Sequence[str] = ()


def restore(  # noqa: PLR0913 - each says one thing of the machine that takes it up
    file: Path,
    outbox: Path,
    *,
    script: Settings | None,
    passphrase: Callable[[], str],
    with_events: bool,
    who: str,
    clock: Clock,
) -> Restored:
    """Take up a backup in place of what the page beside this outbox keeps.

    Args:
        file: The backup.
        outbox: Where this machine's outbox is, or will be; the page's folder is beside it.
        script: The script's settings, by which it is told what does not fit; `None`: nobody knows.
        passphrase: Asks for it, where the file is locked.
        with_events: The outbox too, where the file holds one.
        who: For the history of the settings.
        clock: Where the time comes from.

    Raises:
        BackupError: The file cannot be used, or there is an outbox already.
        OutboxError: An engine runs on the outbox.
        OSError: The disk refused.
    """
    outbox.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_held(outbox))
        place = outbox.resolve()  # a link stays one, and its disk the outbox's
        aside = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=".restore.", dir=place.parent))
        )
        reader = stack.enter_context(opened(file))
        word = passphrase() if reader.head.lock is not None else None
        small, copied = _parts(reader, word, aside, with_events=with_events)
        content = content_from(small, aside)
        waiting: int | None = None
        findings: Sequence[str] = ()
        if copied is not None:
            if not found_at(outbox).empty:
                raise BackupError(
                    f"{outbox}: there is an outbox already; move it away, or leave the backup's out (--no-events)"
                )
            if not found_at(copied).segments:
                raise BackupError(f"{file}: its outbox is broken")
            report = check_folder(copied, clock=clock)
            begin_elsewhere(copied, clock=clock)
            waiting, findings = report.events, report.findings
        misfits = _misfits(script, content)
        with ExitStack() as undo:
            _take_up(content, page_folder_beside(outbox), Save(who, clock), undo)
            if copied is not None:
                _move_in(copied, place)
            undo.pop_all()
        _give_to_owner(place)
        _give_to_owner(page_folder_beside(outbox))
    return Restored(
        made_utc_s=reader.head.made_utc_s,
        fields=tuple(content.settings.saved),
        left_out=content.left_out,
        misfits=misfits,
        has_access=bool(content.access),
        has_certificate=bool(content.certificate),
        waiting=waiting,
        findings=findings,
    )


@contextmanager
def _held(outbox: Path) -> Iterator[None]:
    """Hold the outbox, so that no engine begins; a folder that was not there goes again."""
    made = not found_at(outbox).exists  # in somebody else's folder nothing is locked
    if made:
        outbox.mkdir(mode=0o700)
    lock = ProcessLock(outbox)
    try:
        yield
    finally:
        lock.release()
        if made:
            with suppress(OSError):
                if {one.name for one in outbox.iterdir()} == {NAME}:
                    (outbox / NAME).unlink()
                    outbox.rmdir()


def _parts(
    reader: Reader, passphrase: str | None, aside: Path, *, with_events: bool
) -> tuple[dict[str, bytes], Path | None]:
    """The small parts by name, and a folder with the outbox's files, if there are any and they are wanted."""
    small: dict[str, bytes] = {}
    folder = aside / "outbox"
    for name, pieces in reader.parts(passphrase):
        if not name.startswith(OUTBOX):
            small[name] = b"".join(pieces)
        elif with_events:
            folder.mkdir(mode=0o700, exist_ok=True)
            path = folder / name.removeprefix(OUTBOX)
            path.touch(mode=0o600, exist_ok=False)
            with path.open("wb") as out:
                out.writelines(pieces)
    return small, folder if folder.exists() else None


def _misfits(script: Settings | None, content: PageContent) -> tuple[str, ...]:
    if script is None:
        return ()
    _, wrong = fitting_draft(script, content.settings.saved, content.settings.ways)
    return tuple(dict.fromkeys(wrong))


class Save(NamedTuple):
    """Who saves, and by which clock."""

    who: str
    clock: Clock


def _take_up(content: PageContent, folder: Path, save: Save, undo: ExitStack) -> None:
    """Write the page's files; `undo` gives each back what it was."""
    versions = private_folder(private_folder(private_folder(folder) / "settings") / "versions")
    numbers = [int(path.stem) for path in versions.glob("*.json") if path.stem.isdecimal()]
    current = version_in(folder / CURRENT)
    before = current.saved if current else {}
    version = replace(
        content.settings,
        number=max([0, *numbers, current.number if current else 0]) + 1,
        at_utc_ms=save.clock.utc_ns() // 10**6,
        who=save.who,
        changed=tuple(sorted(_differing(before, content.settings.saved))),
    )
    plain = json.dumps(version.plain(), ensure_ascii=False, indent=1).encode()
    files = {
        versions / f"{version.number:08d}.json": plain,
        folder / ACCESS_FILE: content.access,
        folder / CERTIFICATE_FILE: content.certificate,
        folder / CURRENT: plain,
    }
    for path, new in files.items():
        if new:
            undo.callback(_put_back, path, path.read_bytes() if path.is_file() else None)
            write_whole(path, new)


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    return (name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _put_back(path: Path, content: bytes | None) -> None:
    with suppress(OSError):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            write_whole(path, content)


def _move_in(copied: Path, outbox: Path) -> None:
    """Give the checked copy the outbox's name; the empty folder with our lock in it goes."""
    sync_folder(copied)
    old = copied.with_name("before")
    try:
        outbox.rename(old)
    except OSError as error:
        if error.errno in {errno.EBUSY, errno.EXDEV}:
            raise BackupError(
                f"{outbox}: this is a disk of its own, which cannot be replaced; let the outbox be a folder on it"
            ) from error
        raise
    try:
        copied.rename(outbox)
    except OSError:
        old.rename(outbox)
        raise
    sync_folder(outbox.parent)


def _give_to_owner(folder: Path) -> None:
    """What root has written belongs to whom the folder belongs where it lies, as the engine is to read it."""
    owner = folder.parent.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
