"""`cammra-edge restore`: takes up a backup, on the machine that it was made on or another."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.audit import Deed, Outcome, at_the_shell
from cammra_edge.backup import restore
from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.passphrase import passphrase
from cammra_edge.cli.stored import add_where, audit_beside, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.saved import page_folder_beside
from cammra_edge.errors import CammraError
from cammra_edge.phrases import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.backup import Restored
    from cammra_edge.cli.terminal import Terminal


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="a backup")
    parser.add_argument(
        "--no-events", action="store_true", help="leave out the outbox that the backup holds"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Take it up after a question, and say what is to be given anew."""
    stored = stored_at(args.where)
    outbox = stored.settings.path
    if not args.yes and not _sure(terminal):
        raise UsageError("restoring replaces settings, people and tokens: say --yes")
    who, audit = at_the_shell(), audit_beside(outbox)
    try:
        told = restore(
            args.file,
            outbox,
            script=stored.script,
            passphrase=passphrase,
            with_events=not args.no_events,
            who=f"{who.name} from {who.origin}",
            clock=SYSTEM_CLOCK,
        )
    except (CammraError, OSError):
        if page_folder_beside(outbox).is_dir():
            audit.note(who, Deed.CHANGE, "restoring a backup", outcome=Outcome.FAILED)
        raise
    audit.note(who, Deed.CHANGE, "restored from a backup", fields=told.fields)
    _say(terminal, told)
    return Exit.OK


def _sure(terminal: Terminal) -> bool:
    if not sys.stdin.isatty():
        return False
    terminal.note("Replace settings, people and tokens by those of the backup? Type yes:")
    return sys.stdin.readline().strip() == "yes"


def _say(terminal: Terminal, told: Restored) -> None:
    made = datetime.fromtimestamp(min(max(told.made_utc_s, 0), 2**33), UTC)
    holds = [counted(len(told.fields), "setting")]
    holds += ["people and tokens"] * told.has_access + [
        "the page's certificate"
    ] * told.has_certificate
    holds += (
        [] if told.waiting is None else [f"the outbox ({counted(told.waiting, 'event')} waiting)"]
    )
    terminal.line(f"restored, as of {made:%Y-%m-%d %H:%M} UTC: {', '.join(holds)}")
    for names, what in (
        (told.left_out, "to be given anew, as the backup holds no secrets"),
        (told.misfits, "do not fit the script, and are left aside until they do"),
    ):
        if names:
            text = f"  {what}: {', '.join(map(shown, names))}"
            terminal.line(terminal.styled(text, Style.NOTICE))
    for finding in told.findings:
        terminal.line(terminal.styled(f"  the outbox: {shown(finding)}", Style.NOTICE))
    terminal.data(
        {
            "made": told.made_utc_s,
            "fields": list(told.fields),
            "left_out": list(told.left_out),
            "misfits": list(told.misfits),
            "access": told.has_access,
            "certificate": told.has_certificate,
            "waiting": told.waiting,
            "findings": list(told.findings),
        }
    )
