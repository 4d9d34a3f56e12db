"""`cammra-edge outbox check|give`: is an outbox whole; and a removed profile's backlog given to another."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.reached import key_of
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.outbox.check import check_folder
from cammra_edge.phrases import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from cammra_edge.cli.stored import Stored
    from cammra_edge.cli.terminal import Terminal


_FROM_AND_TO = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "what",
        choices=["check", "give"],
        help="check: read everything, believe nothing, change nothing;"
        " give: hand all that waits or is parked for the profile FROM to the profile TO",
    )
    add_where(parser)
    parser.add_argument(
        "profiles", nargs="*", metavar="FROM TO", help="for `give`: two profiles, by key or name"
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Check one outbox, or move a backlog inside it."""
    stored = stored_at(args.where)
    if args.what == "give":
        if len(args.profiles) != _FROM_AND_TO:
            raise UsageError("`outbox give` wants two profiles: whose backlog, and who gets it")
        return _give(stored, *args.profiles, terminal=terminal)
    return _check(stored.settings.path, terminal)


def _give(stored: Stored, giver: str, taker: str, *, terminal: Terminal) -> Exit:
    with stored.reached(write=True) as store:
        profiles = store.status()[1]
        from_key, to_key = key_of(profiles, "FROM", giver), key_of(profiles, "TO", taker)
        moved = store.give(from_key, to_key)
    terminal.line(f"{moved} deliveries moved from {shown(giver)} to {shown(taker)}")
    terminal.data({"from": from_key, "to": to_key, "moved": moved})
    return Exit.OK


def _check(path: Path, terminal: Terminal) -> Exit:
    report = check_folder(path, clock=SYSTEM_CLOCK)
    terminal.line(
        f"{path}: {counted(report.events, 'event')}, {counted(report.images, 'image')},"
        f" {report.size_bytes / (1 << 20):.1f} MiB;"
        f" {report.waiting} deliveries wait, {report.parked} are parked"
    )
    for finding in report.findings:
        terminal.line(terminal.styled(f"  {finding}", Style.BAD))
    if report.sound:
        terminal.line(terminal.styled("it is whole", Style.GOOD))
    else:
        terminal.line("what cannot be read is passed over; all else is delivered")
    terminal.data({"path": str(path), "sound": report.sound, **asdict(report)})
    return Exit.OK if report.sound else Exit.OUTBOX
