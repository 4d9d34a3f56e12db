"""`cammra-edge erase`: events and pictures overwritten for good, by plate, by time, or all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import shown
from cammra_edge.outbox import EventState
from cammra_edge.outbox.found import MAX_FOUND
from cammra_edge.search import erased_in

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.reached import Reached
    from cammra_edge.cli.terminal import Terminal


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--plate", metavar="PLATE", help="of this plate; * is any text, ? one character"
    )
    what.add_argument("--before", metavar="TIME", help="before this time, as `search` takes it")
    what.add_argument("--all", action="store_true", help="everything")
    parser.add_argument(
        "--undelivered",
        action="store_true",
        help="also what waits for delivery or is parked: it will never be delivered",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Erase, after a question; what waits for delivery stays, unless told otherwise."""
    words: dict[str, Any] = {
        name: getattr(args, name) for name in ("plate", "before", "all", "undelivered")
    }
    with stored_at(args.where).reached(write=True) as memory:
        if not args.yes and not _sure(args, memory, terminal):
            raise UsageError("erasing is for good: say --yes")
        answer = memory.erase(words)
    terminal.line(f"{erased_in(answer)} are erased")
    for key, count in answer["waiting"].items():
        terminal.line(
            f"  {count} were kept: they wait for {shown(key)} or are parked; --undelivered erases them, too"
        )
    terminal.data(answer)
    return Exit.OK


def _sure(args: Namespace, memory: Reached, terminal: Terminal) -> bool:
    """Ask on a terminal, and say what still waits."""
    if not sys.stdin.isatty():
        return False
    # A date alone is its begin here, and its end for a search.
    is_date = args.before is not None and len(args.before) <= len("2026-11-26")
    until = f"{args.before}T00:00" if is_date else args.before
    waiting = sum(
        len(
            memory.search({"plate": args.plate, "to": until, "state": state, "limit": MAX_FOUND})[
                "events"
            ]
        )
        for state in (EventState.WAITING, EventState.PARKED)
    )
    if waiting:
        what = "are erased, too, and never delivered" if args.undelivered else "are kept"
        terminal.note(
            f"{waiting}{' or more' if waiting >= MAX_FOUND else ''} wait for delivery or are parked: they {what}"
        )
    terminal.note("Erase for good? Type yes:")
    return sys.stdin.readline().strip() == "yes"
