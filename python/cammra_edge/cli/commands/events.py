"""`cammra-edge events`: the latest events of an outbox, and with `--follow` those that come."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.found_line import event_line
from cammra_edge.cli.stored import add_where, how_many, stored_at
from cammra_edge.errors import OutboxError
from cammra_edge.search import found_events

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from cammra_edge.cli.reached import Reached
    from cammra_edge.cli.terminal import Terminal

SHOWN = 20
LOOK_S = 0.5


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument(
        "--limit",
        type=how_many,
        default=SHOWN,
        metavar="N",
        help=f"the latest so many (default {SHOWN})",
    )
    parser.add_argument("--follow", action="store_true", help="then each as it comes, until Ctrl-C")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Show events, oldest first."""
    with stored_at(args.where).reached() as memory:
        for event in _events(memory, args.limit, follow=args.follow):
            terminal.line(event_line(terminal, event))
            terminal.data(event)
        if args.follow:
            more = " any more" if memory.running else ""
            terminal.note(f"no engine runs on this outbox{more}: nothing more comes")
    return Exit.OK


def _events(memory: Reached, most: int, *, follow: bool) -> Iterator[dict[str, Any]]:
    latest = list(found_events(memory.search, {}, most))
    pause = threading.Event()
    seq = 0
    while True:
        yield from reversed(latest)
        seq = latest[0]["seq"] if latest else seq
        if not follow or not memory.running:
            return
        pause.wait(LOOK_S)
        try:
            latest = _after(memory, seq)
        except OutboxError:
            return


def _after(memory: Reached, seq: int) -> list[dict[str, Any]]:
    """Events since this one, newest first."""
    fresh: list[dict[str, Any]] = []
    for event in found_events(memory.search, {}):
        if event["seq"] <= seq:
            break
        fresh.append(event)
    return fresh
