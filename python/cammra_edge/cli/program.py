"""The program: finds the command, runs it, turns what goes wrong into one line and an exit code.

A command is a module under `commands` with `add_arguments(parser)` and `run(args, terminal) -> Exit`;
it is imported only when it is asked for, so that the rest costs it nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import sys
from typing import TYPE_CHECKING, NamedTuple, Never, TextIO

from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.logs import log_to_stderr
from cammra_edge.cli.stopping import end_at_once, end_soon, stoppable, was_asked
from cammra_edge.cli.terminal import Terminal, spell_out
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import BackupError, CammraError, ConfigError, OutboxError, RecordingError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(NamedTuple):
    """One command: what people type, where it lives, and what it does in one line."""

    name: str
    module: str
    does: str

    @property
    def log_level(self) -> int:
        """What is logged unasked: a service's log is read later, by whoever asks what was wrong at night."""
        return logging.WARNING if self.name == _SERVICE else logging.ERROR

    def ends_by_stop(self, args: argparse.Namespace) -> bool:
        """Whether being stopped is its ordered end: of what runs until then, not of what was to end by itself."""
        return self.name in _UNTIL_STOPPED and not getattr(args, "once", False)


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
    Command("journal", "journal", "show the latest tries of a running engine, and their bytes"),
    Command(
        "template",
        "template",
        "list or show the shipped templates, or fill one with an event and show what comes out",
    ),
    Command("code", "code", "show a code that sets a new password on the running engine's page"),
    Command(
        "outbox",
        "outbox",
        "check whether an outbox is whole, or give a removed profile's backlog to another",
    ),
    Command("backup", "backup", "write settings, people and tokens to one file; events too"),
    Command("restore", "restore", "take up what a backup holds, on this machine or another"),
    Command("import", "importing", "make a recording of a video or pictures and a tracker's table"),
)
_ROOM = "cammra_edge.cli.commands"
_SERVICE = "run"
_UNTIL_STOPPED = frozenset({"run", "listen", "demo"})


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the words as every other error is said."""

    def error(self, message: str) -> Never:
        """End with one line, or with `--json` one object; people see the usage first."""
        as_json = "--json" in sys.argv[1:]
        if not as_json:
            self.print_usage(sys.stderr)
        _terminal(as_json=as_json).error(f"{self.prog}: {message}", Exit.USAGE.name.lower())
        raise SystemExit(Exit.USAGE)


class _Version(argparse.Action):
    """Looks the version up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - as said

        print(f"cammra-edge {version('cammra-edge')}")  # noqa: T201 - its whole result
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, _nowhere(number))
        spell_out(getattr(sys, name))
    words = sys.argv[1:] if argv is None else list(argv)
    code = int(Exit.INTERRUPTED)
    try:
        code = _main(words)
    finally:
        _let_go()
        if was_asked():
            end_soon(code)
    return code


def _main(words: Sequence[str]) -> int:
    ordered = Exit.INTERRUPTED
    with stoppable(SYSTEM_CLOCK):
        try:
            parsed = _parsed(words)
            if isinstance(parsed, Exit):
                return parsed
            command, args = parsed
            ordered = Exit.OK if command.ends_by_stop(args) else Exit.INTERRUPTED
            terminal = _terminal(as_json=args.json)
            code = _run(command, args, terminal)
            if terminal.is_stuck:
                end_at_once(code)
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):
                sys.stderr.write("stopped\n")
                sys.stderr.flush()
            return ordered
        return code


def _parsed(words: Sequence[str]) -> tuple[Command, argparse.Namespace] | Exit:
    parser = _Parser(
        prog="cammra-edge",
        description="Pushes what an ANPR camera reads to whoever asked for it.",
        epilog="Exit codes: 0 done · 1 failed · 2 usage · 3 config · 4 input · 5 outbox · 6 undelivered · 7 wrong"
        " · 130 stopped.",
    )
    parser.add_argument("--verbose", action="store_true", help="log what goes on to standard error")
    parser.add_argument("--version", action=_Version, nargs=0, help="say the version, and end")
    try:
        chosen = _add_commands(parser, words)
    except ImportError as error:
        # Of the command that is asked for: even its options are not known then.
        _terminal(as_json="--json" in words).error(_plain(error), Exit.FAILED.name.lower())
        return Exit.FAILED
    args = parser.parse_args(words)
    if chosen is None:
        parser.print_help()
        return Exit.USAGE
    log_to_stderr(logging.INFO if args.verbose else chosen.log_level)
    return chosen, args


def _terminal(*, as_json: bool) -> Terminal:
    return Terminal(sys.stdout, sys.stderr, as_json=as_json, clock=SYSTEM_CLOCK)


def _nowhere(number: int) -> TextIO:
    """A stream that takes all and keeps nothing, under the number of the one that was closed."""
    found = os.open(os.devnull, os.O_WRONLY)
    if found != number:
        os.dup2(found, number)
        os.close(found)
    return open(number, "w", encoding="utf-8", closefd=False)


def _let_go() -> None:
    """Leave nothing for Python to write at its end, where nobody reads any more or the disk is full."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):  # a test's stream has no number
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
        if not terminal.is_stuck:
            sys.stdout.flush()
    except BrokenPipeError:
        return Exit.OK  # whoever read our output has all that was wanted
    except (CammraError, OSError, ImportError) as error:
        found = next(code for kind, code in _CODES if isinstance(error, kind))
        config = error if isinstance(error, ConfigError) else error.__cause__
        fields = config.errors if isinstance(config, ConfigError) else ()
        with contextlib.suppress(OSError):
            terminal.error(_plain(error), found.name.lower(), fields)
        return found
    return code


_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (UsageError, Exit.USAGE),
    (RecordingError, Exit.INPUT),
    (BackupError, Exit.INPUT),
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
