"""`cammra-edge search`: what an outbox remembers, by plate, time and more; also as files."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.found_line import event_line
from cammra_edge.cli.stored import add_where, how_many, stored_at
from cammra_edge.model import Direction, EventKind
from cammra_edge.outbox import EventState
from cammra_edge.phrases import counted
from cammra_edge.search import csv_lines, exported, found_events

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from cammra_edge.cli.terminal import Terminal

SHOWN = 50
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_WORDS = (
    "plate", "one_off", "from", "to", "direction", "region", "list", "kind", "min_confidence", "state",
    "profile",
)  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument(
        "--plate", metavar="PLATE", help="in any spelling; * is any text, ? one character"
    )
    parser.add_argument(
        "--one-off", action="store_true", help="also plates that are one character off, so marked"
    )
    parser.add_argument(
        "--from",
        metavar="TIME",
        help="at this time or later: 2026-11-26, 2026-11-26T10:14 (the camera's time), …T10:14+01:00",
    )
    parser.add_argument("--to", metavar="TIME", help="before this time; a date alone is its end")
    parser.add_argument("--direction", choices=[*map(str, Direction)])
    parser.add_argument("--region", type=int, metavar="N", help="region of interest")
    parser.add_argument("--list", metavar="NAME", help="the plate list that the plate stands on")
    parser.add_argument(
        "--kind", action="append", choices=[*map(str, EventKind)], help="may be given several times"
    )
    parser.add_argument(
        "--min-confidence", type=float, metavar="0..1", help="least confidence of the plate"
    )
    parser.add_argument("--state", choices=[*map(str, EventState)], help="what became of it")
    parser.add_argument(
        "--profile", metavar="KEY", help="what this profile was to have; with --state, for it alone"
    )
    parser.add_argument(
        "--limit",
        type=how_many,
        metavar="N",
        help=f"so many at most ({SHOWN} are shown, all are written)",
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--csv", type=Path, metavar="FILE", help="write a table instead")
    files.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="write events.csv, events.json and the pictures instead",
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Search, and show or write what is found."""
    words: dict[str, Any] = {name: getattr(args, name) for name in _WORDS}
    with stored_at(args.where).reached() as memory:
        if args.export is not None:
            ask = partial(memory.search, export="files")
            count = _export(args.export, exported(ask, memory.image, words, most=args.limit))
            return _say(terminal, f"{counted(count, 'file')} written to {args.export}", files=count)
        if args.csv is not None:
            _write(
                args.csv,
                csv_lines(found_events(partial(memory.search, export="csv"), words, args.limit)),
            )
            return _say(terminal, f"written to {args.csv}", file=str(args.csv))
        count = 0
        for event in found_events(memory.search, words, args.limit or SHOWN):
            count += 1
            terminal.line(event_line(terminal, event))
            terminal.data(event)
    if not count:
        terminal.line("nothing is found")
    if count == SHOWN and args.limit is None:
        terminal.note(f"the newest {SHOWN} are shown; --limit shows more")
    return Exit.OK


def _say(terminal: Terminal, text: str, **data: object) -> Exit:
    terminal.line(text)
    terminal.data(data)
    return Exit.OK


def _export(folder: Path, files: Iterable[tuple[str, Iterable[bytes]]]) -> int:
    count = 0
    for name, pieces in files:
        path = folder / name
        path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        _write(path, pieces)
        count += 1
    return count


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that only its owner may read: plates are personal data."""
    rest = iter(pieces)
    first = next(rest, b"")  # what cannot be asked costs no file that is there
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
    with os.fdopen(handle, "wb") as out:
        out.write(first)
        out.writelines(rest)
