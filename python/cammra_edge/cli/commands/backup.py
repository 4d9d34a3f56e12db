"""`cammra-edge backup`: what page and outbox keep, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.audit import Deed, at_the_shell
from cammra_edge.backup import back_up
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.passphrase import NEW, passphrase
from cammra_edge.cli.stored import add_where, audit_beside, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.saved import page_folder_beside

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="a new file; none is replaced")
    parser.add_argument(
        "--secrets",
        action="store_true",
        help="with passwords and the page's certificate; all is locked with a passphrase, asked for"
        " or in CAMMRA_PASSPHRASE",
    )
    parser.add_argument(
        "--events", action="store_true", help="with the outbox: events, pictures, numbers"
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Write the file, and say what is in it."""
    outbox = stored_at(args.where).settings.path
    word = passphrase(NEW) if args.secrets else None
    made = back_up(outbox, args.file, passphrase=word, with_events=args.events, clock=SYSTEM_CLOCK)
    holds = ["settings"]
    holds += ["people and tokens"] * made.has_access + [
        "the page's certificate"
    ] * made.has_certificate
    holds += ["secrets"] * args.secrets
    holds += [f"the outbox, {made.outbox_bytes / (1 << 20):.1f} MiB"] * args.events
    terminal.line(f"{args.file}: {', '.join(holds)}")
    if made.left_out:
        names = ", ".join(map(shown, made.left_out))
        terminal.line(f"  without --secrets, left out: {names}")
    for finding in made.findings:
        terminal.line(terminal.styled(f"  the outbox: {shown(finding)}", Style.NOTICE))
    terminal.data(
        {
            "file": str(args.file),
            "access": made.has_access,
            "certificate": made.has_certificate,
            "secrets": args.secrets,
            "left_out": list(made.left_out),
            "outbox_bytes": made.outbox_bytes,
            "findings": list(made.findings),
        }
    )
    if page_folder_beside(outbox).is_dir():
        with_what = " with secrets" * args.secrets + " with events" * args.events
        audit_beside(outbox).note(at_the_shell(), Deed.EXPORT, f"backup written{with_what}")
    return Exit.OK
