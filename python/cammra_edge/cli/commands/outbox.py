"""`cammra-edge outbox check`: is an outbox whole?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style
from cammra_edge.outbox.check import check_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "what", choices=["check"], help="check: read everything, believe nothing, change nothing"
    )
    add_where(parser)


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Check one outbox."""
    path = stored_at(args.where).settings.path
    report = check_file(path)
    terminal.line(
        f"{path}: {report.events} events, {report.images} images, {report.size_bytes / (1 << 20):.1f} MiB;"
        f" {report.waiting} deliveries wait, {report.parked} are parked"
    )
    for finding in report.findings:
        terminal.line(terminal.styled(f"  {finding}", Style.BAD))
    if report.sound:
        terminal.line(terminal.styled("it is whole", Style.GOOD))
    else:
        terminal.line("opening it mends what can be mended, and sets the rest aside")
    terminal.data({"path": str(path), "sound": report.sound, **asdict(report)})
    return Exit.OK if report.sound else Exit.OUTBOX
