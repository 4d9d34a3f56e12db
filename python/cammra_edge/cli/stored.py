"""Finds the outbox that a command is about, of a config script or by its path, and reaches it.

Where an engine runs on it, the engine does it, over its local socket. Else this process opens the outbox: only to
read where the command only shows, and nothing is written then, not even a lock.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.audit import NAME, AuditLog
from cammra_edge.cli.asking import engine_on
from cammra_edge.cli.reached import Asked, Opened, Reached
from cammra_edge.cli.script import load_script
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.config.saved import page_folder_beside, settings_in_force
from cammra_edge.errors import OutboxError
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.folder import found_at
from cammra_edge.outbox.lock import holder_of

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from cammra_edge.config import Settings

_ALL_BYTES, _ALL_EVENTS, _ALL_DAYS = 1 << 40, 10_000_000, 3650.0
_ALL_S = _ALL_DAYS * 86_400


@dataclass(frozen=True, slots=True)
class Stored:
    """An outbox: its own settings, and all of them where a script (and its page) gives them."""

    settings: OutboxSettings
    script: Settings | None = None

    @contextmanager
    def reached(self, *, write: bool = False) -> Iterator[Reached]:
        """The outbox, through the engine that runs on it, or opened by this process.

        Args:
            write: The command changes something. Otherwise the outbox is opened to read, and nothing is written.

        Raises:
            OutboxError: There is none, it is not ours, or a process has it that does not answer.
        """
        path = self.settings.path
        engine = engine_on(path)
        if engine is not None:
            with closing(engine):
                yield Asked(engine)
            return
        try:
            there = not found_at(path).empty
        except OSError as error:
            raise OutboxError(f"{path}: {error.strerror}") from error
        if not there:
            raise OutboxError(f"{path}: there is no outbox")
        holder = holder_of(path)
        if holder is not None:
            name = f"process {holder}" if holder else "another process"
            raise OutboxError(f"{path} is held by {name}, which has no socket for other commands")
        with closing(Outbox(self.settings, clock=SYSTEM_CLOCK, read_only=not write)) as outbox:
            yield Opened(outbox, self.script, audit_beside(path))


def audit_beside(outbox: Path) -> AuditLog:
    """The audit log of the page that this outbox has, or will have."""
    return AuditLog(page_folder_beside(outbox) / NAME, SYSTEM_CLOCK)


def add_where(parser: ArgumentParser) -> None:
    """The argument that says which outbox."""
    parser.add_argument(
        "where",
        metavar="CONFIG.py|OUTBOX",
        type=Path,
        help="a config script, or an outbox by its path",
    )


def how_many(text: str) -> int:
    """How many, as an option says it.

    Raises:
        ArgumentTypeError: That is no number of things.
    """
    if text.isascii() and text.isdigit() and int(text):
        return int(text)
    raise ArgumentTypeError(f"{text!r}: want a whole number from 1 on")


def stored_at(where: Path) -> Stored:
    """The outbox of a config script, or the one at this path.

    Raises:
        ScriptError: The script cannot be used.
    """
    if where.suffix == ".py":
        settings = settings_in_force(load_script(where).engine.settings)
        return Stored(settings.outbox, settings)
    # Its own bounds are not known here: none is kept, so that nothing is dropped.
    return Stored(
        OutboxSettings(
            path=where,
            max_bytes=_ALL_BYTES,
            max_events=_ALL_EVENTS,
            max_age_s=_ALL_S,
            history_days=_ALL_DAYS,
            history_bytes=_ALL_BYTES,
        )
    )
