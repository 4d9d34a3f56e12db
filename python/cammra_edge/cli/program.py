"""The program: finds the command, runs it, turns what goes wrong into one line and an exit code.

A command is a module under `commands` with `add_arguments(parser)` and `run(args, terminal) -> Exit`;
it is imported only when it is asked for, so that the rest costs it nothing.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NamedTuple, Never

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.terminal import Terminal
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import CammraError, OutboxError, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


class Command(NamedTuple):
    """One command: what people type, where it lives, and what it does in one line."""

    name: str
    module: str
    does: str


COMMANDS = (
    Command("run", "run", "run a config script: its engine, and the source it names"),
    Command(
        "replay", "replay", "play a recorded stream through a config's profiles, or to a receiver"
    ),
    Command(
        "listen",
        "listen",
        "be a receiver: show events live, keep them, say what is wrong with them",
    ),
    Command(
        "demo",
        "demo",
        "draw a traffic scene, push its events to a receiver of our own, show what arrives",
    ),
    Command(
        "check",
        "check",
        "validate a config script, and say in plain words what it would send where",
    ),
    Command(
        "test", "testing", "try profiles out, step by step, with an event that is marked as a test"
    ),
    Command("status", "status", "show how an outbox and its profiles stand"),
    Command("events", "events", "show the latest events, and those that come"),
    Command(
        "search", "search", "find remembered events by plate, time and more; write them to files"
    ),
    Command("erase", "erase", "overwrite remembered events and their pictures for good"),
    Command(
        "parked",
        "parked",
        "list, show, retry, discard or export what no receiver will take as it is",
    ),
    Command(
        "template",
        "template",
        "list or show the shipped templates, or fill one with an event and show what comes out",
    ),
    Command("code", "code", "show a code that sets a new password on the running engine's page"),
    Command("outbox", "outbox", "check whether an outbox is whole"),
    Command("import", "importing", "make a recording of a video or pictures and a tracker's table"),
)
_ROOM = "cammra_edge.cli.commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="cammra-edge",
        description="Pushes what an ANPR camera reads to whoever asked for it.",
        epilog="Exit codes: 0 done · 1 failed · 2 usage · 3 config · 4 input · 5 outbox · 6 undelivered · 7 wrong"
        " · 130 stopped.",
    )
    parser.add_argument("--verbose", action="store_true", help="log what goes on to standard error")
    try:
        chosen = _add_commands(parser, words)
    except ImportError as error:
        # Of the command that is asked for: even its options are not known then.
        Terminal(sys.stdout, sys.stderr, as_json=False, clock=SYSTEM_CLOCK).error(_plain(error))
        return Exit.FAILED
    args = parser.parse_args(words)
    if chosen is None:
        parser.print_help()
        return Exit.USAGE
    terminal = Terminal(sys.stdout, sys.stderr, as_json=args.json, clock=SYSTEM_CLOCK)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if args.verbose else logging.ERROR,
        format="%(levelname)s %(name)s %(message)s",
    )
    signal.signal(signal.SIGTERM, _stop)
    return _run(chosen, args, terminal)


def _add_commands(parser: argparse.ArgumentParser, words: Sequence[str]) -> Command | None:
    places = parser.add_subparsers(metavar="COMMAND", title="commands")
    asked = next((word for word in words if not word.startswith("-")), None)
    chosen: Command | None = None
    for command in COMMANDS:
        sub = places.add_parser(
            command.name, help=command.does, description=f"{command.does}.".capitalize()
        )
        sub.add_argument(
            "--json", action="store_true", help="JSON for machines instead of text for people"
        )
        if command.name == asked:
            importlib.import_module(f"{_ROOM}.{command.module}").add_arguments(sub)
            chosen = command
    return chosen


def _run(command: Command, args: argparse.Namespace, terminal: Terminal) -> int:
    try:
        module = importlib.import_module(f"{_ROOM}.{command.module}")
        code = int(module.run(args, terminal))
        sys.stdout.flush()
    except KeyboardInterrupt:
        terminal.note("stopped")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain about that at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except (CammraError, OSError, ImportError) as error:
        terminal.error(_plain(error))
        return next(code for kind, code in _CODES if isinstance(error, kind))
    return code


_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (RecordingError, Exit.INPUT),
    (OutboxError, Exit.OUTBOX),
    (CammraError, Exit.CONFIG),
    (Exception, Exit.FAILED),
)


def _plain(error: Exception) -> str:
    if isinstance(error, ImportError) and error.name in ("PIL", "numpy"):
        return f"{error.name} is not installed: this command draws; pip install 'cammra-edge[draw]'"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}"
    return str(error)


def _stop(_number: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt
